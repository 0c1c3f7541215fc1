"""A film of one's own pictures: nothing is made that would have to be paid for."""

from __future__ import annotations

import io
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image

from tests.running import RunningSystem, until
from tests.workflows.story import GraphQLClient

pytestmark = pytest.mark.stories

COLOURS = [(200, 30, 30), (30, 160, 30), (30, 30, 200)]


def a_photo(colour: tuple[int, int, int]) -> bytes:
    """Lying on its side, as cameras store them."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (90, 160), colour).save(buffer, "JPEG", exif=exif, quality=95)
    return buffer.getvalue()


def test_a_film_of_ones_own_pictures(system: RunningSystem, tmp_path: Path) -> None:
    client = GraphQLClient(system)
    script_id = client.create_script()
    scenes = client.approve_script(script_id)
    for scene, colour in zip(scenes, COLOURS, strict=True):
        number = scene["id"].removeprefix("scene_")
        files = {"image": ("photo.jpg", a_photo(colour), "image/jpeg")}
        answer = httpx.post(f"{system.url}/api/scenes/{number}/images", files=files, timeout=30)
        assert answer.status_code == 201, answer.text
        assert (answer.json()["width"], answer.json()["height"]) == (160, 90)
        image = client.mutate("approveImage", "image { prompt replaces { id } }", id=f"image_{answer.json()['id']}")
        assert image["image"] == {"prompt": "", "replaces": None}
    client.approve_scenes(script_id)
    video = client.create_video(script_id)

    jobs = system.graphql("{ jobs { nodes { kind } } }")["jobs"]["nodes"]
    assert sorted(job["kind"] for job in jobs) == ["COMPILE_VIDEO", "SEGMENT_SCRIPT"]
    created = [move for move in client.history(script_id) if move["subjectId"].startswith("image_")]
    assert [(move["previousStatus"], move["newStatus"], move["actor"]) for move in created] == [
        (None, "PENDING", "local"),
        ("PENDING", "APPROVED", "local"),
    ] * len(scenes)
    assert seen_colours(system, video["url"], tmp_path) == COLOURS
    staging = system.data_dir / "storage" / ".staging"
    until(lambda: not list(staging.iterdir()), what="an empty staging folder")


def seen_colours(system: RunningSystem, url: str, folder: Path) -> list[tuple[int, int, int]]:
    """The one of ours that each scene's middle frame is nearest to."""
    path = folder / "film.mp4"
    path.write_bytes(httpx.get(system.url + url).raise_for_status().content)
    with av.open(str(path)) as film:
        frames = [tuple(map(int, frame.to_ndarray(format="rgb24")[45, 80])) for frame in film.decode(video=0)]
    per_scene = len(frames) // len(COLOURS)
    middles = [frames[per_scene * place + per_scene // 2] for place in range(len(COLOURS))]
    return [min(COLOURS, key=lambda ours: sum(abs(a - b) for a, b in zip(ours, seen, strict=True))) for seen in middles]
