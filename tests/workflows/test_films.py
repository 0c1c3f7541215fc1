"""Films over the API, spoken by a paid provider: several at once, cancelled, and after a worker's death; and whether
what a film's manifest claims is what the database and the files say."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import av
import httpx
import psutil
import pytest
from PIL import Image

from tests.providers.double import Double
from tests.running import Json, RunningSystem, until
from tests.workflows.paid import a_double, entries, paid_system, rows
from tests.workflows.story import GraphQLClient

pytestmark = [pytest.mark.stories, pytest.mark.timeout(400)]

SPEECH = "/v1/audio/speech"
WIDE: Json = {"resolution": "P720", "fps": 24, "quality": "DRAFT", "motion": "KEN_BURNS", "transition": "CROSSFADE",
              "captions": "BOXED", "narration": "ON", "titleCard": True}  # fmt: skip
TALL: Json = {**WIDE, "aspect": "TALL", "motion": "HOLD", "transition": "FADE_BLACK", "captions": "BOLD"}
VIDEO = """
query($id: ID!) { video(id: $id) {
  id status error url captionsUrl subtitlesUrl posterUrl previewUrl manifestUrl sha256 byteSize durationSeconds
  compilation { id state attempt note progress { fraction step } }
} }"""


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    with a_double(tmp_path_factory.mktemp("double")) as running:
        yield running


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory, double: Double) -> Iterator[RunningSystem]:
    settings = {"REELGATE_SPEECH": "openai", "REELGATE_SCENE_SECONDS": ""}
    with paid_system(tmp_path_factory.mktemp("films"), "embedded", double, **settings) as running:
        yield running


@pytest.fixture
def script_id(system: RunningSystem) -> str:
    """One whose scenes have their images, with words that nobody has had spoken before."""
    client = GraphQLClient(system)
    script_id = client.create_script(f"Words of {time.time_ns()}.\n\nThe lamp was lit.\n\nA boat came home at last.")
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    return script_id


def asked(system: RunningSystem, script_id: str, render: Json) -> Json:
    return GraphQLClient(system).mutate("createVideo", "video { id } job { id }", scriptId=script_id, render=render)


def state(system: RunningSystem, video_id: str) -> Json:
    video: Json = system.graphql(VIDEO, id=video_id)["video"]
    return video


def finished(system: RunningSystem, video_id: str) -> Json:
    def there() -> Json | None:
        video = state(system, video_id)
        return video if video["status"] != "PENDING" else None

    video = until(there, 200, f"{video_id}")
    assert video["error"] is None
    return video


def spoken_words(double: Double, since: int) -> list[str]:
    requests = [request["body"]["input"] for request in double.requests if request["path"] == SPEECH]
    return sorted(requests[since:])


def scene_texts(system: RunningSystem, script_id: str) -> list[str]:
    found = rows(system, f"SELECT text FROM scene WHERE script_id = {number(script_id)} ORDER BY position")
    return [row["text"] for row in found]


def number(global_id: str) -> int:
    return int(global_id.rsplit("_", 1)[1])


def staged(system: RunningSystem) -> list[str]:
    return sorted(path.name for path in (system.data_dir / "storage" / ".staging").iterdir())


def test_two_films_at_once_share_their_words(system: RunningSystem, double: Double, script_id: str) -> None:
    before = len(entries(double, SPEECH))
    films = [asked(system, script_id, render)["video"]["id"] for render in (WIDE, TALL)]
    assert len(set(films)) == 2
    wide, tall = (finished(system, film) for film in films)
    texts = scene_texts(system, script_id)
    assert spoken_words(double, before) == sorted(" ".join(text.split()) for text in texts)
    for video, size in ((wide, (1280, 720)), (tall, (720, 1280))):
        check_files(system, video, size)
        check_manifest(system, video, script_id, texts)
    assert staged(system) == []


def check_files(system: RunningSystem, video: Json, size: tuple[int, int]) -> None:
    got = {name: httpx.get(system.url + video[name]) for name in video if name.lower().endswith("url")}
    assert {name: answer.status_code for name, answer in got.items()} == dict.fromkeys(got, 200)
    assert hashlib.sha256(got["url"].content).hexdigest() == video["sha256"]
    path = system.data_dir / "served.mp4"
    path.write_bytes(got["url"].content)
    with av.open(str(path)) as container:
        (picture,), (sound,) = container.streams.video, container.streams.audio
        assert (picture.width, picture.height) == size
        assert float((picture.duration or 0) * (picture.time_base or 0)) == pytest.approx(video["durationSeconds"])
        assert (sound.duration or 0) * (sound.time_base or 0) == (picture.duration or 0) * (picture.time_base or 0)
    for name in ("posterUrl", "previewUrl"):
        path.write_bytes(got[name].content)
        with Image.open(path) as still:
            assert still.width * size[1] == still.height * size[0]
    path.unlink()
    vtt, srt = got["captionsUrl"].text, got["subtitlesUrl"].text
    assert vtt.startswith("WEBVTT\n")
    assert vtt.count(" --> ") == srt.count(" --> ") >= 3
    assert "A boat came home" in " ".join(vtt.split())


def check_manifest(system: RunningSystem, video: Json, script_id: str, texts: list[str]) -> None:
    manifest: Json = httpx.get(system.url + video["manifestUrl"]).json()
    (row,) = rows(system, f"SELECT * FROM video WHERE id = {number(video['id'])}")
    (script,) = rows(system, f"SELECT * FROM script WHERE id = {number(script_id)}")
    assert manifest["video"]["id"] == row["id"]
    assert manifest["video"]["duration_seconds"] == pytest.approx(video["durationSeconds"])
    assert manifest["script"]["content_sha256"] == script["content_sha256"]
    assert manifest["render"] == json.loads(row["spec"])
    assert manifest["files"]["mp4"]["sha256"] == video["sha256"]
    for ending, file in manifest["files"].items():
        content = (system.data_dir / "storage" / file["file_path"]).read_bytes()
        assert (ending, hashlib.sha256(content).hexdigest(), len(content)) == (
            ending,
            file["sha256"],
            file["byte_size"],
        )
    assert set(manifest["files"]) == {"mp4", "vtt", "srt", "jpg", "webp"}
    assert [scene["text"] for scene in manifest["scenes"]] == texts
    last = 0
    for scene in manifest["scenes"]:
        check_scene(system, scene)
        assert scene["first_frame"] <= last + manifest["video"]["frames"]
        last = scene["first_frame"] + scene["frames"]
    assert last == manifest["video"]["frames"]
    assert manifest["made_by"]["ffmpeg"]


def check_scene(system: RunningSystem, scene: Json) -> None:
    image, speech = scene["image"], scene["speech"]
    (row,) = rows(system, f"SELECT * FROM image WHERE id = {image['id']}")
    stored = {name: row[name] for name in ("file_path", "sha256", "width", "height", "prompt")}
    assert {name: image[name] for name in stored} == stored
    for part in (image, speech):
        content = (system.data_dir / "storage" / part["file_path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == part["sha256"]
    assert hashlib.sha256(scene["text"].encode()).hexdigest() == scene["text_sha256"]
    assert speech["duration_seconds"] > 0
    for subject, claim, subject_id in (("scene", scene, scene["scene_id"]), ("image", image, image["id"])):
        (decision,) = rows(
            system,
            f"SELECT * FROM event WHERE subject = '{subject}' AND subject_id = {subject_id} AND new = 'approved'",
        )
        assert claim["approved"]["by"] == decision["actor"]
        assert claim["approved"]["at"]
    calls = rows(system, f"SELECT * FROM provider_call WHERE job_id = {row['job_id']}")
    assert image["model"] in {call["model"] for call in calls}
    assert image["cost"]["calls"] == len(calls)


def test_a_cancelled_film_leaves_nothing_and_can_be_asked_for_again(system: RunningSystem, script_id: str) -> None:
    film = asked(system, script_id, {**WIDE, "fps": 60})

    def rendering() -> bool:
        progress = state(system, film["video"]["id"])["compilation"]["progress"]
        return bool(progress["step"] == "rendering" and progress["fraction"] > 0.3)

    until(rendering, 120, "rendering")
    since = time.monotonic()
    GraphQLClient(system).mutate("cancelJob", "job { id }", id=film["job"]["id"])
    until(lambda: not makers(system), 10, "the end of the makers")
    assert time.monotonic() - since < 3  # the machine may be busy; the engine itself needs less than one
    until(lambda: staged(system) == [], 10, "an empty staging folder")
    assert state(system, film["video"]["id"])["status"] != "APPROVED"
    finished(system, asked(system, script_id, {**WIDE, "fps": 60})["video"]["id"])


def makers(system: RunningSystem) -> list[Any]:
    family = system.family()
    return [each for each in family["other"] + family["worker"] if "video.frames.maker" in cmd(each)]


def cmd(process: Any) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.mark.slow
def test_the_next_worker_goes_on_where_a_killed_one_was(system: RunningSystem, double: Double, script_id: str) -> None:
    before = len(entries(double, SPEECH))
    cache = system.data_dir / "storage" / "cache" / "segments"
    old = {path.name for path in cache.glob("*")}
    film = asked(system, script_id, {**WIDE, "fps": 50})["video"]["id"]

    def some() -> set[str]:
        return {path.name for path in cache.glob("*.mp4")} - old

    until(lambda: len(some()) >= 3, 120, "some finished segments")
    kept = {name: (cache / name).stat().st_ino for name in some()}
    assert system.kill("worker")
    video = finished(system, film)
    assert {name: (cache / name).stat().st_ino for name in kept} == kept  # used, not made again
    assert spoken_words(double, before) == sorted(" ".join(text.split()) for text in scene_texts(system, script_id))
    assert video["compilation"]["state"] == "SUCCEEDED"
    until(lambda: staged(system) == [], 30, "an empty staging folder")
