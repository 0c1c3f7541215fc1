"""Request bodies of editing: what scenes and scripts are arranged with."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rest.bodies import Body, ExpectedVersion


class Choice(Body):
    """What may go with going back to an earlier image. The whole body may be left out."""

    expected_version: ExpectedVersion = None


class SceneCut(Body):
    """Where to cut a scene in two."""

    at: Annotated[int, Field(description="How many characters of its text (Unicode code points) come before the cut.")]
    expected_version: ExpectedVersion = None


class SceneMerge(Body):
    """Neighbours to make one scene of."""

    scene_ids: Annotated[list[int], Field(description="Two or more, in their order.")]
    expected_versions: Annotated[
        list[int] | None, Field(description="One for each scene; another one is a VERSION_CONFLICT.")
    ] = None


class SceneOrder(Body):
    """A new order of a script's scenes."""

    scene_ids: Annotated[list[int], Field(description="Each of the script's scenes once.")]
    expected_version: Annotated[int | None, Field(description="Of the script; another one is a VERSION_CONFLICT.")] = (
        None
    )


class ScriptCopy(Body):
    """What the copy of a script is to be. The whole body may be left out."""

    title: Annotated[str | None, Field(description="That of the other script if there is none.")] = None


class Archiving(Body):
    """Where a script is to be kept. The whole body may be left out."""

    archived: Annotated[bool | None, Field(description="False brings it back; true if not given.")] = None
    expected_version: ExpectedVersion = None
