"""How a video is to be made, over GraphQL."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from domain import rendering
from domain.lifecycle import Entity
from domain.protocols import LOCAL
from graph import render_enums
from storage import models
from tests.graph.client import Api
from tests.graph.studio import Studio
from tests.graph.test_mutations import only_error
from workflow import images, reading

RENDER = """render { width height aspect fps quality motion transition transitionSeconds fill captions titleCard
    narration voice musicId sceneSeconds scenes { sceneId seconds motion transition } }"""


async def a_ready_script(studio: Studio) -> int:
    script = await studio.a_script(scenes=1)
    (scene,) = await studio.scenes_of(script)
    image = await studio.illustrated_scene(scene)
    await images.approve_image(studio.context, image_id=image.id, actor=LOCAL)
    return script.id


async def asked(api: Api, script_id: int, render: Any, **more: Any) -> Any:
    selection = f"video {{ id {RENDER} }} job {{ id }}"
    return await api.mutate("createVideo", selection, scriptId=f"script_{script_id}", render=render, **more)


@pytest.mark.parametrize(
    "name", ["Aspect", "Resolution", "Quality", "Motion", "Transition", "Fill", "Captions", "Narration"]
)
def test_enums_mirror_the_domain(name: str) -> None:
    shown: type[Enum] = getattr(render_enums, name)
    source: type[Enum] = getattr(rendering, name)
    assert {value.name: value.value for value in shown} == {value.name: value.value for value in source}


async def test_what_is_asked_for_is_shown_and_the_rest_is_the_installations(api: Api, studio: Studio) -> None:
    script_id = await a_ready_script(studio)
    (scene,) = (await reading.scenes_of_scripts([script_id]))[script_id]
    look = {"sceneId": f"scene_{scene.id}", "seconds": 2.5, "motion": "HOLD", "transition": None}
    answer = await asked(
        api, script_id, {"aspect": "TALL", "fps": 50, "captions": "BOXED", "titleCard": True, "scenes": [look]}
    )
    assert answer["userErrors"] == []
    assert answer["video"]["render"] == {
        "width": 1080,
        "height": 1920,
        "aspect": "TALL",
        "fps": 50,
        "quality": "FINAL",
        "motion": "KEN_BURNS",
        "transition": "CROSSFADE",
        "transitionSeconds": 0.8,
        "fill": "BLUR",
        "captions": "BOXED",
        "titleCard": True,
        "narration": "AUTO",
        "voice": None,
        "musicId": None,
        "sceneSeconds": None,
        "scenes": [look],
    }


@pytest.mark.parametrize(
    ("render", "path"),
    [
        ({"fps": 10}, ["render", "fps"]),
        ({"sceneSeconds": 0.1}, ["render", "sceneSeconds"]),
        ({"transitionSeconds": 6}, ["render", "transitionSeconds"]),
        ({"musicId": "music_9"}, ["render", "musicId"]),
        ({"musicId": "tune"}, ["render", "musicId"]),
        ({"scenes": [{"sceneId": "scene_99"}]}, ["render", "scenes", "0", "sceneId"]),
        ({"scenes": [{"sceneId": "image_1"}]}, ["render", "scenes", "0", "sceneId"]),
    ],
)
async def test_what_cannot_be_made_is_declined(api: Api, studio: Studio, render: Any, path: list[str]) -> None:
    error = only_error(await asked(api, await a_ready_script(studio), render))
    assert (error["code"], error["field"]) == ("INVALID", path)
    assert await models.Video.all().count() == 0


async def test_music_is_listed_and_named(api: Api, studio: Studio) -> None:
    script_id = await a_ready_script(studio)
    await models.Music.create(
        script_id=script_id, title="Night train", file_path="music/music_1.flac", sha256="0" * 64,
        duration_seconds=61.5, byte_size=9, created_at=studio.context.clock.now(),
    )  # fmt: skip
    found = await api.data('{ script(id: "script_1") { music { id title durationSeconds url } } }')
    assert found["script"]["music"] == [
        {"id": "music_1", "title": "Night train", "durationSeconds": 61.5, "url": "/media/music/music_1.flac"}
    ]
    assert (await asked(api, script_id, {"musicId": "music_1"}))["video"]["render"]["musicId"] == "music_1"


async def test_other_looks_are_other_videos(api: Api, studio: Studio) -> None:
    script_id = await a_ready_script(studio)
    first = await asked(api, script_id, None)
    assert (await asked(api, script_id, {}))["video"]["id"] == first["video"]["id"]
    assert (await asked(api, script_id, {"quality": "DRAFT"}))["video"]["id"] == "video_2"
    key = {"idempotencyKey": "k"}
    assert (await asked(api, script_id, {"fps": 24}, **key))["video"]["id"] == "video_3"
    assert only_error(await asked(api, script_id, {"fps": 25}, **key))["code"] == "IDEMPOTENCY_CONFLICT"
    assert (await studio.job_of(Entity.VIDEO, 3)).subject_id == 3


async def test_music_is_removed(api: Api, studio: Studio) -> None:
    script_id = await a_ready_script(studio)
    await models.Music.create(
        id=5, script_id=script_id, title="Night train", file_path="music/music_5.flac", sha256="0" * 64,
        duration_seconds=93.5, byte_size=7, created_at=studio.context.clock.now(),
    )  # fmt: skip
    fields = "script { id music { id } }"
    asked = await api.mutate("createVideo", "job { id }", scriptId=f"script_{script_id}", render={"musicId": "music_5"})
    declined = await api.mutate("removeMusic", fields, id="music_5")
    assert (declined["script"], declined["userErrors"][0]["code"]) == (None, "STATE_CONFLICT")
    await api.mutate("cancelJob", "job { id }", id=asked["job"]["id"])
    removed = await api.mutate("removeMusic", fields, id="music_5")
    assert removed == {"script": {"id": f"script_{script_id}", "music": []}, "userErrors": []}
    for wrong, code in (("music_5", "NOT_FOUND"), ("script_1", "INVALID")):
        (error,) = (await api.mutate("removeMusic", fields, id=wrong))["userErrors"]
        assert (error["code"], error["field"]) == (code, ["id"])
