"""How a video is to be made, over REST."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.entities import Image
from domain.lifecycle import Entity
from storage import models
from tests.rest.making import an_approved_image, failed, problem, raw, taken_job
from tests.rest.test_music import sent
from workflow.context import Context


async def asked(client: httpx.AsyncClient, image: Image, render: Any, **headers: str) -> httpx.Response:
    path = f"/api/scripts/{image.script_id}/create-video"
    return await client.post(path, json={"render": render}, headers=headers)


async def test_everything_can_be_asked_for(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    music = raw(await sent(client, image.script_id))
    look = {"scene_id": image.scene_id, "seconds": 2.5, "motion": "hold", "transition": "cut"}
    render = {
        "aspect": "9:16",
        "resolution": "720p",
        "fps": 24,
        "quality": "draft",
        "motion": "hold",
        "transition": "fade_black",
        "transition_seconds": 1.5,
        "fill": "crop",
        "captions": "bold",
        "title_card": True,
        "narration": "off",
        "voice": "Joe",
        "music_id": music["id"],
        "scene_seconds": 3,
        "scenes": [look],
    }
    made = raw(await asked(client, image, render))["render"]
    assert (made.pop("width"), made.pop("height")) == (720, 1280)
    assert made == {name: value for name, value in render.items() if name != "resolution"}


@pytest.mark.parametrize(
    ("render", "size"),
    [
        ({"aspect": "9:16"}, (1080, 1920)),
        ({"aspect": "1:1"}, (1080, 1080)),
        ({"resolution": "2160p"}, (3840, 2160)),
        ({"aspect": "1:1", "resolution": "720p"}, (720, 720)),
        ({}, (1920, 1080)),
        (None, (1920, 1080)),
    ],
)
async def test_sizes(client: httpx.AsyncClient, context: Context, render: Any, size: tuple[int, int]) -> None:
    made = raw(await asked(client, await an_approved_image(context), render))["render"]
    assert (made["width"], made["height"]) == size


REFUSED = [
    ({"fps": 23}, "render.fps", "from 24 to 60"),
    ({"fps": 61}, "render.fps", "from 24 to 60"),
    ({"fps": "30"}, "render.fps", "whole number"),
    ({"fps": 29.97}, "render.fps", "whole number"),
    ({"aspect": "4:3"}, "render.aspect", "'16:9', '9:16' or '1:1'"),
    ({"motion": 3}, "render.motion", "'hold' or 'ken_burns'"),
    ({"transition_seconds": -0.1}, "render.transition_seconds", "from 0 to 5"),
    ({"scene_seconds": 0}, "render.scene_seconds", "from 0.5 to 600"),
    ({"scene_seconds": 1e99}, "render.scene_seconds", "from 0.5 to 600"),
    ({"scene_seconds": True}, "render.scene_seconds", "a number"),
    ({"title_card": "yes"}, "render.title_card", "true or false"),
    ({"music_id": 7}, "render.music_id", "not one of this script"),
    ({"music_id": 2**40}, "render.music_id", "not one of this script"),
    ({"voice": "a\x00b"}, "render.voice", "NUL"),
    ({"scenes": [{"scene_id": 99}]}, "render.scenes.0.scene_id", "not one of this script"),
    ({"scenes": [{"scene_id": 1}, {"scene_id": 1}]}, "render.scenes.1.scene_id", "twice"),
    ({"scenes": [{"scene_id": 1, "seconds": 601}]}, "render.scenes.0.seconds", "from 0.5 to 600"),
    ({"scenes": [{}]}, "render.scenes.0.scene_id", "missing"),
    ({"scenes": {}}, "render.scenes", "a list"),
    ({"colour": "red"}, "render.colour", "its fields are: aspect, resolution"),
    ({"scenes": [{"scene_id": 1, "x": 1}]}, "render.scenes.0.x", "its fields are: scene_id, seconds"),
    ([], "render", "JSON object"),
]


@pytest.mark.parametrize(("render", "field", "word"), REFUSED)
async def test_what_cannot_be_made_is_named(
    client: httpx.AsyncClient, context: Context, render: Any, field: str, word: str
) -> None:
    image = await an_approved_image(context)
    assert image.scene_id == 1
    said = problem(await asked(client, image, render), 422, "INVALID")
    assert [each["field"] for each in said["errors"]] == [field]
    assert word in said["detail"]
    assert await models.Video.all().count() == 0


async def test_music_of_another_script_is_not_taken(client: httpx.AsyncClient, context: Context) -> None:
    first, second = await an_approved_image(context), await an_approved_image(context)
    music = raw(await sent(client, first.script_id))
    problem(await asked(client, second, {"music_id": music["id"]}), 422, "INVALID")
    assert raw(await asked(client, first, {"music_id": music["id"]}))["render"]["music_id"] == music["id"]


async def test_other_looks_are_other_videos_and_the_same_is_the_same(
    client: httpx.AsyncClient, context: Context
) -> None:
    image = await an_approved_image(context)
    wide = raw(await asked(client, image, None))
    tall = raw(await asked(client, image, {"aspect": "9:16"}))
    assert (wide["id"], tall["id"]) == (1, 2)
    assert raw(await asked(client, image, {}))["id"] == wide["id"]
    assert raw(await asked(client, image, {"aspect": "16:9", "fps": 30}))["id"] == wide["id"]
    assert raw(await asked(client, image, {"resolution": "1080p", "aspect": "9:16"}))["id"] == tall["id"]
    await failed(context, await taken_job(context, Entity.VIDEO, tall["id"]))
    assert raw(await asked(client, image, {"aspect": "9:16"}))["id"] == 3


async def test_a_key_is_for_one_look(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    key = {"Idempotency-Key": "mine"}
    first = raw(await asked(client, image, {"fps": 24}, **key))
    assert raw(await asked(client, image, {"fps": 24}, **key))["id"] == first["id"]
    problem(await asked(client, image, {"fps": 25}, **key), 409, "IDEMPOTENCY_CONFLICT")
    assert await models.Video.all().count() == 1


async def test_an_edit_that_comes_later_is_another_video(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    first = raw(await asked(client, image, None))
    await client.put(f"/api/scenes/{image.scene_id}", json={"text": "Other words."})
    await client.post(f"/api/scenes/{image.scene_id}/approve")
    await client.post(f"/api/images/{image.id}/approve", json={"accept_stale": True})
    second = raw(await asked(client, image, None))
    assert (second["id"], second["images"]) == (first["id"] + 1, first["images"])
    rows = await models.Video.all().order_by("id").values("words")
    assert [row["words"]["scenes"][0]["text"] for row in rows] == ["Word1.", "Other words."]


async def test_a_video_of_an_earlier_version_is_still_read(client: httpx.AsyncClient, context: Context) -> None:
    image = await an_approved_image(context)
    video = raw(await asked(client, image, None))
    pins = [[image.scene_id, image.id, image.sha256]]
    await models.Video.filter(id=video["id"]).update(spec=None, words=None, files=None, pins=pins)
    seen = raw(await client.get(f"/api/videos/{video['id']}"))
    assert (seen["render"], seen["poster_url"], seen["stale"]) == (None, None, False)
