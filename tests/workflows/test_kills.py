"""SIGKILL at random moments: a run finishes, nothing is lost, nothing is made twice, nothing is left running."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import Json, RunningSystem, running_system, until
from tests.workflows.story import STATUS_CHANGES, GraphQLClient

pytestmark = pytest.mark.stories

PARTS = ("worker", "broker", "api", "serve group")
DELIVERABLES = (".mp4", ".vtt", ".srt", ".jpg", ".webp", ".json")
PARAGRAPHS = "\n\n".join(
    f"Chapter {number}. The traveller reaches the {place} before nightfall, tired and wet from the long road. "
    "Nobody is there to meet him, and so he walks on until the lamps are lit and the bells have stopped. "
    "He sits down on a stone, opens the map once more, and finds the name that he was told never to say aloud."
    for number, place in enumerate(("harbour", "forest", "desert", "city", "lake", "mountain", "village", "coast"), 1)
)


@pytest.fixture
def system(tmp_path: Path, backend: str) -> Iterator[RunningSystem]:
    """With pictures that take a while, one after another, so that kills meet work."""
    with running_system(tmp_path, backend, REELGATE_IMAGE_SIZE="1024x576", REELGATE_CONCURRENCY="1") as running:
        yield running
    assert running.orphans() == []


class PatientClient(GraphQLClient):
    """Repeats what a kill interrupted; a decision that had been made already is a conflict, and fine."""

    def mutate(self, name: str, selection: str, **arguments: object) -> Json:
        def attempt() -> Json | None:
            try:
                return super(PatientClient, self).mutate(name, selection, **arguments)
            except httpx.TransportError:
                return None
            except AssertionError as refused:
                if "CONFLICT" in str(refused):
                    return {"overtaken": True}
                raise

        return until(attempt, 60, name)

    def _script(self, script_id: str) -> Json:
        def attempt() -> Json | None:
            try:
                return super(PatientClient, self)._script(script_id)
            except (httpx.TransportError, ValueError):
                return None

        return until(attempt, 60, "an answer")

    def finished_video(self, video_id: str) -> Json | None:
        try:
            return super().finished_video(video_id)
        except (httpx.TransportError, ValueError):
            return None


class Killer(threading.Thread):
    """Kills one part after another at random moments, and starts the whole again where all of it died."""

    def __init__(self, system: RunningSystem, kills: int, seed: int) -> None:
        super().__init__()
        self.system = system
        self.kills = kills
        self.random = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.finished = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for number in range(self.kills):
                if self.finished.wait(self.random.uniform(0.1, 2.0)):
                    return
                part = PARTS[number % len(PARTS)]
                if self.system.kill(part):
                    self.done[part] += 1
                if part == "serve group":
                    self.system.start()
        except BaseException as error:
            self.error = error


def run_under_kills(system: RunningSystem, kills: int, seed: int) -> Counter[str]:
    """One run of the whole story while parts die; answers what was killed how often."""
    cursor = system.graphql("{ eventCursor }")["eventCursor"]
    client = PatientClient(system)
    killer = Killer(system, kills, seed)
    killer.start()
    script_id = client.mutate("createScript", "script { id }", content=PARAGRAPHS, idempotencyKey=f"kills-{seed}")[
        "script"
    ]["id"]
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    payload = client.mutate("createVideo", "video { id }", scriptId=script_id, idempotencyKey=f"kills-{seed}")
    video = until(lambda: client.finished_video(payload["video"]["id"]), 180, "the video")
    killer.finished.set()
    killer.join(120)
    if killer.error:
        raise killer.error
    until(system.healthy, 60, "health after the last kill")
    assert video["status"] == "APPROVED", video
    assert_nothing_lost_or_doubled(system, client, script_id, video, cursor)
    return killer.done


def assert_nothing_lost_or_doubled(
    system: RunningSystem, client: GraphQLClient, script_id: str, video: Json, cursor: str
) -> None:
    scenes = client.scenes(script_id)
    images = [image for scene in scenes for image in scene["images"]]
    assert len(images) == len(scenes), "each scene has exactly one image"
    expected = client.history(script_id)
    created = [change["subjectId"] for change in expected if change["previousStatus"] is None]
    assert sorted(created) == sorted(
        [script_id, video["id"], *(scene["id"] for scene in scenes), *(image["id"] for image in images)]
    )
    assert len(expected) == 2 * (1 + len(images) + 1) + 2 * len(scenes)
    replay = system.subscribe(STATUS_CHANGES, after=cursor, scriptId=script_id)
    assert [change["statusChanged"] for _ in expected if (change := replay.next())] == expected
    replay.close()
    media = system.data_dir / "storage"
    videos = system.graphql("{ videos(first: 100) { nodes { filePath } } }")["videos"]["nodes"]
    assert sorted(path.name for path in (media / "videos").iterdir()) == sorted(
        Path(video["filePath"]).with_suffix(ending).name for video in videos for ending in DELIVERABLES
    )
    files = [path for scene in scenes for path in (media / "images" / scene["id"]).glob("*.png")]
    assert len(files) == len(images)
    if "REDIS_URL" not in system.environment:  # else others may be writing there: what a kill left stays for a day
        until(lambda: not list((media / ".staging").iterdir()), 10, "an empty staging folder")


def test_a_run_finishes_whatever_is_killed(system: RunningSystem) -> None:
    assert run_under_kills(system, kills=4, seed=1).total() >= 3


@pytest.mark.parametrize("part", PARTS)
def test_work_goes_on_soon_after_a_kill(system: RunningSystem, part: str) -> None:
    """A kill in the middle of the images: the next image comes, and how long that took is printed."""
    client = PatientClient(system)
    script_id = client.create_script(PARAGRAPHS)
    client.approve_script(script_id)
    client.approve_scenes(script_id)
    until(lambda: any(scene["images"] for scene in client.scenes(script_id)), what="a first image")
    before = sum(len(scene["images"]) for scene in client.scenes(script_id))
    killed = time.monotonic()
    assert system.kill(part)
    if part == "serve group":
        system.start()
    until(lambda: sum(len(scene["images"]) for scene in client.scenes(script_id)) > before, 30, "another image")
    print(f"work went on {time.monotonic() - killed:.2f} s after the {part} was killed")
    assert len(client.pending_images(script_id)) == len(client.scenes(script_id))


@pytest.mark.slow
def test_twenty_kills_and_more(system: RunningSystem, tmp_path: Path) -> None:
    campaign = float(os.environ.get("REELGATE_CAMPAIGN", "1"))
    done: Counter[str] = Counter()
    seed = 100
    while done.total() < max(4, round(20 * campaign)):
        done += run_under_kills(system, kills=20, seed=seed)
        seed += 1
    print(f"killed: {dict(done)}")
