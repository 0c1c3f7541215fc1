"""Whole videos as people ask for them: with words, sound, a title, and all that comes with the MP4."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import os
import re
import struct
import time
import wave
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image as Picture

from app.music_checking import MusicEar
from domain.calls import CallBook
from domain.entities import Deliverable, Video
from domain.generation import SpeechRequest, SpokenClip, Voice
from domain.lifecycle import Entity, JobState
from domain.protocols import LOCAL
from domain.render_requests import RenderRequest, SceneRequest
from domain.rendering import Captions, Motion, Narration, RenderSpec, Transition
from jobs import captioning
from storage import models
from tests.jobs.studio import Studio
from tests.world import TINY
from workflow import arranging, reading, scenes
from workflow.music import add_music

pytestmark = pytest.mark.usefixtures("quick_sweeps")

LOOK = replace(
    TINY, width=160, height=90, fps=24, motion=Motion.KEN_BURNS, transition=Transition.CROSSFADE,
    transition_seconds=0.25, captions=Captions.BOXED, title_card=True, narration=Narration.ON, scene_seconds=None,
)  # fmt: skip
SPOKEN_SECONDS = 1.5


@pytest.fixture
def studio(small_studio: Studio) -> Studio:
    """One kind of database is enough."""
    return small_studio


@dataclass
class Humming:
    """A speech provider that hums for as long as told, whatever the words."""

    asked: list[str] = field(default_factory=list)
    natural: bool = True

    def voice(self, name: str | None) -> Voice:
        return Voice(name or "hum", hashlib.sha256((name or "hum").encode()).hexdigest(), natural=True)

    async def speak(self, request: SpeechRequest, book: CallBook) -> SpokenClip:
        self.asked.append(request.text)
        return SpokenClip(a_hum(SPOKEN_SECONDS))

    async def aclose(self) -> None:
        """Nothing is open."""


def a_hum(seconds: float) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        waves = (round(9000 * math.sin(place * 0.15)) for place in range(int(seconds * 16_000)))
        sound.writeframes(b"".join(struct.pack("<h", each) for each in waves))
    return buffer.getvalue()


async def made(studio: Studio, render: RenderSpec, speech: Humming, number: int = 2) -> Video:
    video, job = await studio.a_video_job(number, render=render)
    async with studio.worker(speech=speech):
        await studio.reaches(job, JobState.SUCCEEDED, seconds=60)
    assert studio.staged() == []
    return await reading.read_video(video.id)


def content(studio: Studio, video: Video, kind: Deliverable) -> bytes:
    return studio.context.media.path_of(video.files[kind].file_path).read_bytes()


def manifest_of(studio: Studio, video: Video) -> Any:
    return json.loads(content(studio, video, Deliverable.MANIFEST))


async def test_everything_at_once_and_what_comes_with_it(studio: Studio) -> None:
    speech = Humming()
    video = await made(studio, LOOK, speech)
    assert sorted(speech.asked) == ["Scene number 1 of the tale.", "Scene number 2 of the tale."]
    media = studio.context.media
    assert set(video.files) == set(Deliverable)
    for kind, file in video.files.items():
        assert file.file_path == f"videos/video_{video.id}.{kind.value}"
        stored = media.path_of(file.file_path).read_bytes()
        assert (hashlib.sha256(stored).hexdigest(), len(stored)) == (file.sha256, file.byte_size)
    for kind in (Deliverable.POSTER, Deliverable.PREVIEW):
        with Picture.open(BytesIO(content(studio, video, kind))) as picture:
            assert picture.width * 9 == picture.height * 16
    check_sound(media.path_of(video.file_path or ""))
    check_words(studio, video)


def check_sound(path: Path) -> None:
    with av.open(str(path)) as container:
        (picture,), (sound,) = container.streams.video, container.streams.audio
        assert sound.codec_context.name == "aac"
        assert (sound.duration or 0) * (sound.time_base or 0) == (picture.duration or 0) * (picture.time_base or 0)


def check_words(studio: Studio, video: Video) -> None:
    manifest = manifest_of(studio, video)
    first, second = manifest["scenes"]
    assert [scene["text"] for scene in (first, second)] == [
        "Scene number 1 of the tale.",
        "Scene number 2 of the tale.",
    ]
    assert first["first_frame"] > 24  # behind the title card
    assert second["first_frame"] + second["frames"] == manifest["video"]["frames"]
    assert second["first_frame"] == first["first_frame"] + first["frames"] - 6  # they share the transition
    assert first["speech"]["duration_seconds"] == pytest.approx(SPOKEN_SECONDS, abs=0.3)
    assert first["approved"]["by"] == first["image"]["approved"]["by"] == "local"
    assert (first["image"]["model"], first["image"]["prompt"]) == ("offline", "a fox")
    assert manifest["render"]["captions"] == "boxed"
    assert manifest["files"]["mp4"]["sha256"] == video.sha256
    assert set(manifest["files"]) == {"mp4", "vtt", "srt", "jpg", "webp"}
    assert manifest["made_by"]["ffmpeg"]
    for kind in (Deliverable.CAPTIONS, Deliverable.SUBTITLES):
        text = content(studio, video, kind).decode()
        assert len(re.findall(" --> ", text)) == 2
        assert "Scene number 2 of the tale." in " ".join(text.split())


async def test_the_same_again_is_not_spoken_or_rendered_again(studio: Studio) -> None:
    speech = Humming()
    first = await made(studio, LOOK, speech)
    asked = len(speech.asked)
    request = await studio.asked_again(first.script_id, render=LOOK)
    async with studio.worker(speech=speech):
        await studio.reaches(request, JobState.SUCCEEDED)
    second = await reading.read_video(request.subject_id)
    assert len(speech.asked) == asked
    assert (second.id, second.sha256) == (first.id + 1, first.sha256)


async def test_a_narration_is_not_cut_short_and_that_is_said(studio: Studio) -> None:
    render = replace(LOOK, title_card=False, transition=Transition.CUT, scene_seconds=0.5, captions=Captions.NONE)
    video = await made(studio, render, Humming(), 1)
    assert (video.duration_seconds or 0) > 1.2
    note = (await reading.latest_jobs(Entity.VIDEO, [video.id]))[video.id].note
    assert note is not None
    assert "longer than it was set to" in note


async def test_silence_is_said(studio: Studio) -> None:
    video, job = await studio.a_video_job(1, render=replace(TINY, narration=Narration.AUTO))
    async with studio.worker():
        done = await studio.reaches(job, JobState.SUCCEEDED)
    assert done.note is not None
    assert "no narration" in done.note
    assert manifest_of(studio, await reading.read_video(video.id))["notes"] == [done.note]


async def test_an_edit_after_it_was_asked_for_does_not_reach_into_it(studio: Studio) -> None:
    video, job = await studio.a_video_job(1)
    scene_id = video.pins[0].scene_id
    await scenes.update_scene(studio.context, scene_id=scene_id, text="Quite other words.", actor=LOCAL)
    async with studio.worker():
        await studio.reaches(job, JobState.SUCCEEDED)
    made_video = await reading.read_video(video.id)
    assert "Scene number 1 of the tale." in content(studio, made_video, Deliverable.CAPTIONS).decode()
    assert (await reading.stale_videos([made_video]))[video.id] is True


async def test_a_video_of_an_earlier_version_keeps_its_scenes_when_the_script_has_others_by_now(studio: Studio) -> None:
    video, job = await studio.a_video_job(3)
    await models.Video.filter(id=video.id).update(words=None, spec=None)
    first, second, third = (pin.scene_id for pin in video.pins)
    await arranging.reorder_scenes(
        studio.context, script_id=video.script_id, scene_ids=[third, first, second], actor=LOCAL
    )
    await arranging.split_scene(studio.context, scene_id=third, at=6, actor=LOCAL)
    async with studio.worker():
        await studio.reaches(job, JobState.SUCCEEDED)
    told = manifest_of(studio, await reading.read_video(video.id))["scenes"]
    assert [(each["scene_id"], each["order"], each["text"]) for each in told] == [
        (first, 1, "Scene number 1 of the tale."),
        (second, 2, "Scene number 2 of the tale."),
        (third, 3, "Scene"),
    ]


async def test_scenes_look_as_they_were_asked_to(studio: Studio) -> None:
    script = await studio.world.a_ready_script(2)
    first, second = (await reading.scenes_of_scripts([script.id]))[script.id]
    looks = (SceneRequest(first.id, 1.0), SceneRequest(second.id, 0.5, transition=Transition.FADE_BLACK))
    asked = RenderRequest(scenes=looks, transition_seconds=0.2)
    request = await studio.asked_again(script.id, asked=asked)
    async with studio.worker():
        await studio.reaches(request, JobState.SUCCEEDED)
    frames = [each["frames"] for each in manifest_of(studio, await reading.read_video(request.subject_id))["scenes"]]
    assert frames == [10, 5]


async def test_without_a_folder_for_drawn_captions_they_are_drawn_all_the_same(studio: Studio) -> None:
    (studio.context.media.folder / "cache").write_text("a file where the folder should be")
    video = await made(studio, replace(LOOK, title_card=False), Humming(), 1)
    assert content(studio, video, Deliverable.CAPTIONS).count(b" --> ") == 1


async def test_drawn_captions_are_kept_to_a_size_but_never_those_that_another_video_may_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioning, "KEPT_BYTES", 250)
    for name, age in (("older", 5.0), ("old", 4.0), ("used", 0.5), ("new", 0.0)):
        path = tmp_path / f"{name}.png"
        path.write_bytes(b"x" * 100)
        os.utime(path, (time.time() - age * 3600,) * 2)
    await captioning.forget_oldest(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"used", "new"}
    monkeypatch.setattr(captioning, "KEPT_BYTES", 50)
    await captioning.forget_oldest(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"used", "new"}


async def with_words(
    studio: Studio, title: str, text: str, *, render: RenderSpec, speech: Humming
) -> tuple[Video, Any]:
    """A video of one scene, and how its job ended."""
    video, job = await studio.a_video_job(1, render=render)
    row = await models.Video.get(id=video.id)
    assert row.words is not None
    scene = {**row.words["scenes"][0], "text": text}
    await models.Video.filter(id=video.id).update(words={"title": title, "scenes": [scene]})
    async with studio.worker(speech=speech):
        done = await studio.reaches(job, JobState.SUCCEEDED, seconds=60)
    return await reading.read_video(video.id), done


@pytest.mark.parametrize("narration", [Narration.ON, Narration.OFF])
async def test_what_the_title_card_has_shown_is_not_said_again(studio: Studio, narration: Narration) -> None:
    speech = Humming()
    video, _ = await with_words(
        studio, "A tale", "# A tale\n\nA fox slept.", render=replace(LOOK, narration=narration), speech=speech
    )
    assert speech.asked == (["A fox slept."] if narration is Narration.ON else [])
    captions = content(studio, video, Deliverable.CAPTIONS).decode()
    assert "A fox slept." in captions
    assert "tale" not in captions
    scene = manifest_of(studio, video)["scenes"][0]
    assert scene["text"] == "# A tale\n\nA fox slept."
    if narration is Narration.ON:
        assert scene["speech"]["text_sha256"] == hashlib.sha256(b"A fox slept.").hexdigest()


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("𐎠𐎼𐎹", "There is no font here for Old"),
        ("⠀", "The title has nothing that can be seen: the title card is left out."),
    ],
    ids=["without a font", "without ink"],
)
async def test_a_title_that_cannot_be_drawn_has_no_card(studio: Studio, title: str, said: str) -> None:
    speech = Humming()
    video, done = await with_words(studio, title, f"{title}\nA fox slept.", render=LOOK, speech=speech)
    manifest = manifest_of(studio, video)
    assert manifest["scenes"][0]["first_frame"] == 0
    assert said in manifest["notes"][0]
    assert "the title card is left out" in done.note
    assert speech.asked == [f"{title} A fox slept."]


async def test_an_approved_picture_that_is_damaged_is_said_of_its_scene_and_not_of_the_title(studio: Studio) -> None:
    video, job = await studio.a_video_job(2, render=LOOK)
    media, pin = studio.context.media, video.pins[0]
    path = media.path_of((await reading.read_image(pin.image_id)).file_path)
    path.write_bytes(path.read_bytes()[:-40])
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    await models.Image.filter(id=pin.image_id).update(sha256=sha256)
    pins = [[each.scene_id, each.image_id, sha256 if each == pin else each.sha256] for each in video.pins]
    await models.Video.filter(id=video.id).update(pins=pins)
    async with studio.worker(speech=Humming()):
        failed = await studio.reaches(job, JobState.FAILED)
    assert failed.failure is not None
    assert failed.failure.message.startswith("Scene 1: its picture cannot be used: it is a damaged or incomplete PNG")
    assert studio.staged() == []


async def test_music_that_is_gone_is_said(studio: Studio) -> None:
    script = await studio.world.a_ready_script(1)
    await models.Music.create(
        script_id=script.id, title="Gone", file_path="music/music_1.flac", sha256="0" * 64, duration_seconds=1.0,
        byte_size=1, created_at=studio.context.clock.now(),
    )  # fmt: skip
    request = await studio.asked_again(script.id, render=replace(TINY, music_id=1))
    async with studio.worker():
        failed = await studio.reaches(request, JobState.FAILED)
    assert failed.failure is not None
    assert "music/music_1.flac" in failed.failure.message
    assert studio.staged() == []


async def test_music_is_heard(studio: Studio) -> None:
    script = await studio.world.a_ready_script(1)
    context = replace(studio.context, music=MusicEar(None))

    async def pieces() -> Any:
        yield await asyncio.to_thread(a_hum, 2.0)

    music = await add_music(context, script_id=script.id, data=pieces(), title=["A hum"])
    assert music.duration_seconds == pytest.approx(2.0, abs=0.01)
    request = await studio.asked_again(script.id, render=replace(TINY, music_id=music.id, scene_seconds=1.0))
    async with studio.worker():
        await studio.reaches(request, JobState.SUCCEEDED)
    video = await reading.read_video(request.subject_id)
    with av.open(str(studio.context.media.path_of(video.file_path or ""))) as container:
        loudest = max(float(np.abs(frame.to_ndarray()).max()) for frame in container.decode(audio=0))
    assert loudest > 0.05
    assert manifest_of(studio, video)["music"]["title"] == "A hum"
