"""Routes that arrange the scenes of a script."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from domain.protocols import LOCAL
from rest import objects
from rest.arranging_bodies import SceneCut, SceneMerge, SceneOrder
from rest.asking import GivenContext
from rest.bodies import body_of, described_body
from rest.encoding import encode_scene, encode_scenes, encode_script
from rest.openapi import WRITE
from rest.paths import SceneId, ScriptId
from workflow import arranging

router = APIRouter(tags=["scenes"])


@router.post("/scenes/{scene_id}/split", responses=WRITE, openapi_extra=described_body(SceneCut))
async def split_scene(
    scene_id: SceneId, body: Annotated[SceneCut, Depends(body_of(SceneCut))], context: GivenContext
) -> objects.SceneSplit:
    """Cut a scene in two. No word is lost: white space around the cut is kept between the two, which are `pending`."""
    split = await arranging.split_scene(
        context, scene_id=scene_id, at=body.at, actor=LOCAL, expected_version=body.expected_version
    )
    scene, new_scene = await encode_scenes(context, [split.scene, split.new_scene])
    return objects.SceneSplit(scene=scene, new_scene=new_scene)


@router.post("/scripts/{script_id}/merge-scenes", responses=WRITE, openapi_extra=described_body(SceneMerge))
async def merge_scenes(
    script_id: ScriptId, body: Annotated[SceneMerge, Depends(body_of(SceneMerge))], context: GivenContext
) -> objects.Scene:
    """Make one scene of neighbours. The first one gets all the words and is `pending`; the others are removed, which
    ends their jobs; their pictures are kept with them.
    """
    scene = await arranging.merge_scenes(
        context, script_id=script_id, scene_ids=body.scene_ids, actor=LOCAL, expected_versions=body.expected_versions
    )
    return await encode_scene(context, scene)


@router.post("/scripts/{script_id}/reorder", responses=WRITE, openapi_extra=described_body(SceneOrder))
async def reorder_scenes(
    script_id: ScriptId, body: Annotated[SceneOrder, Depends(body_of(SceneOrder))], context: GivenContext
) -> objects.Script:
    """Put the scenes of a script into another order. The script has a new version then, the scenes have not."""
    script = await arranging.reorder_scenes(
        context, script_id=script_id, scene_ids=body.scene_ids, actor=LOCAL, expected_version=body.expected_version
    )
    return await encode_script(context, script)
