"""From a script to an MP4, by GraphQL with a live subscriber and by REST alone."""

from __future__ import annotations

import io
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image

from tests.running import SCRIPT, TINY, Json, RunningSystem, until
from tests.workflows.story import STATUS_CHANGES, GraphQLClient, moves

pytestmark = pytest.mark.stories

SCENE_SECONDS = float(TINY["REELGATE_SCENE_SECONDS"])
FPS = int(TINY["REELGATE_VIDEO_FPS"])


def assert_plays(system: RunningSystem, url: str, scenes: int, folder: Path) -> None:
    """Every frame decodes and the length is exact."""
    path = folder / "story.mp4"
    path.write_bytes(httpx.get(system.url + url).raise_for_status().content)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == scenes * SCENE_SECONDS * FPS
    assert {(frame.width, frame.height) for frame in frames} == {(160, 90)}


def test_a_script_becomes_a_video_and_a_subscriber_sees_every_change_once_and_in_order(
    system: RunningSystem, tmp_path: Path
) -> None:
    client = GraphQLClient(system)
    cursor = system.graphql("{ eventCursor }")["eventCursor"]
    subscriber = system.subscribe(STATUS_CHANGES, after=cursor)
    script_id = client.create_script(title="A night")
    scenes = client.approve_script(script_id)
    client.approve_scenes(script_id)
    client.approve_images(script_id)
    video = client.create_video(script_id)

    assert video["status"] == "APPROVED"
    assert video["durationSeconds"] == pytest.approx(len(scenes) * SCENE_SECONDS)
    assert video["filePath"] == f"videos/{video['id']}.mp4"
    assert_plays(system, video["url"], len(scenes), tmp_path)

    expected = client.history(script_id)
    seen = [change["statusChanged"] for _ in expected if (change := subscriber.next())]
    assert seen == expected
    subscriber.close()
    images = [image["id"] for scene in client.scenes(script_id) for image in scene["images"]]
    assert sorted(moves(expected), key=str) == sorted(
        [
            (script_id, None, "DRAFT"),
            (script_id, "DRAFT", "APPROVED"),
            *((scene["id"], None, "PENDING") for scene in scenes),
            *((scene["id"], "PENDING", "APPROVED") for scene in scenes),
            *((image, None, "PENDING") for image in images),
            *((image, "PENDING", "APPROVED") for image in images),
            (video["id"], None, "PENDING"),
            (video["id"], "PENDING", "APPROVED"),
        ],
        key=str,
    )
    assert len({change["id"] for change in seen}) == len(seen)


def rest_job_done(system: RunningSystem, path: str) -> Json | None:
    """The object, once the work that it last started has succeeded."""
    found: Json = system.rest("GET", path)
    assert found["job"]["state"] != "failed", found["job"]
    return found if found["job"]["state"] == "succeeded" else None


def test_a_script_becomes_a_video_by_rest_alone(system: RunningSystem, tmp_path: Path) -> None:
    script = system.rest("POST", "/api/scripts", {"title": "A night", "content": SCRIPT})
    assert script["status"] == "draft"
    assert system.rest("POST", f"/api/scripts/{script['id']}/approve")["status"] == "approved"
    until(lambda: rest_job_done(system, f"/api/scripts/{script['id']}"), what="the segmentation")
    scenes = system.rest("GET", f"/api/scripts/{script['id']}/scenes")
    assert [scene["order"] for scene in scenes] == list(range(1, len(scenes) + 1))
    for scene in scenes:
        system.rest("POST", f"/api/scenes/{scene['id']}/approve")

    def images_of(scene: Json) -> list[Json]:
        images: list[Json] = system.rest("GET", f"/api/scenes/{scene['id']}/images")
        return images

    for scene in scenes:
        first = until(lambda: images_of(scene), 60, "an image")[0]  # noqa: B023
        picture = httpx.get(system.url + first["url"]).raise_for_status()
        assert picture.headers["content-type"] == "image/png"
        assert Image.open(io.BytesIO(picture.content)).size == (128, 72)
        rejected = system.rest("POST", f"/api/images/{first['id']}/reject", {"feedback": "Make it brighter."})
        assert rejected["status"] == "rejected"
        second = until(lambda: images_of(scene)[1:], 60, "another image")[0]  # noqa: B023
        assert second["attempt"] == 2
        assert second["sha256"] != first["sha256"]
        assert system.rest("POST", f"/api/images/{second['id']}/approve")["status"] == "approved"

    video = system.rest("POST", f"/api/scripts/{script['id']}/create-video")
    assert video["status"] == "pending"
    path = f"/api/videos/{video['id']}"
    until(lambda: system.rest("GET", path)["status"] != "pending" and rest_job_done(system, path), 60, "the video")
    video = system.rest("GET", path)
    assert video["status"] == "approved"
    assert system.rest("GET", f"/api/scripts/{script['id']}/video") == video
    assert_plays(system, video["url"], len(scenes), tmp_path)


def test_a_subscriber_that_was_cut_off_gets_exactly_the_rest_after_a_restart(system: RunningSystem) -> None:
    client = GraphQLClient(system)
    cursor = system.graphql("{ eventCursor }")["eventCursor"]
    subscriber = system.subscribe(STATUS_CHANGES, after=cursor)
    script_id = client.create_script()
    client.approve_script(script_id)
    seen = [change["statusChanged"] for _ in range(3) if (change := subscriber.next())]
    subscriber.cut()

    client.approve_scenes(script_id)
    assert system.kill("serve group")
    system.start()
    client.approve_images(script_id)
    assert system.stop() == 0
    system.start()
    again = system.subscribe(STATUS_CHANGES, after=seen[-1]["cursor"])
    client.create_video(script_id)
    expected = client.history(script_id)
    while len(seen) < len(expected):
        change = again.next()
        assert change is not None
        seen.append(change["statusChanged"])
    assert seen == expected
    again.close()
