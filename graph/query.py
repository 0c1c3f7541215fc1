"""Queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from domain import entities
from domain.errors import LimitExceeded, NotFound
from domain.lifecycle import Entity
from domain.lifecycle import JobState as State
from domain.paging import LARGEST_PAGE, Page, page_size
from domain.text import accept_optional_text
from graph import enums
from graph.context import Info
from graph.fields import After, First, argument, field, object_type
from graph.ids import CHANGE, local_id, split_id
from graph.images import Image
from graph.inputs import ScriptFilter
from graph.jobs import Job
from graph.nodes import Node, Reviewable
from graph.paging import Connection
from graph.providers import Provider
from graph.scalars import Cursor
from graph.scenes import Scene
from graph.scripts import Script, status_of
from graph.videos import Video
from workflow import reading
from workflow.providers import ProviderInUse, providers_in_use

_LONGEST_SEARCH = 200

Id = Annotated[strawberry.ID, argument("A global id.")]


@object_type("What can be read. An id that nothing has answers null; one that is malformed is an error.")
class Query:
    @field(Node | None, "Anything by its global id.")
    async def node(self, info: Info, id: Id) -> object:
        return await _node(info, id, field="id")

    @field(list[Node | None], "Up to 100 things by their global ids, in that order; null where there is none.")
    async def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], argument("Up to 100 global ids.")]
    ) -> Sequence[object]:
        if len(ids) > LARGEST_PAGE:
            raise LimitExceeded(f"{len(ids)} ids were given; at most {LARGEST_PAGE} are accepted.", field=("ids",))
        return [_node(info, id, field="ids") for id in ids]

    @field(Script | None, "A script by its id.")
    async def script(self, info: Info, id: Id) -> object:
        return await info.context.loaders.script.load(local_id(Entity.SCRIPT, id))

    @field(Scene | None, "A scene by its id.")
    async def scene(self, info: Info, id: Id) -> object:
        return await info.context.loaders.scene.load(local_id(Entity.SCENE, id))

    @field(Image | None, "An image by its id.")
    async def image(self, info: Info, id: Id) -> object:
        return await info.context.loaders.image.load(local_id(Entity.IMAGE, id))

    @field(Video | None, "A video by its id.")
    async def video(self, info: Info, id: Id) -> object:
        return await info.context.loaders.video.load(local_id(Entity.VIDEO, id))

    @field(Job | None, "A job by its id.")
    async def job(self, info: Info, id: Id) -> object:
        return await info.context.loaders.job.load(local_id(Entity.JOB, id))

    @field(Connection[Script], "All scripts, or those that fit the filter.")
    async def scripts(
        self,
        first: First = None,
        after: After = None,
        filter: Annotated[ScriptFilter | None, argument("Only scripts that fit all that is given here.")] = None,
        order_by: Annotated[
            enums.ScriptOrder | None, argument("How they are sorted.")
        ] = enums.ScriptOrder.CREATED_AT_DESC,
    ) -> Page[entities.Script]:
        search = accept_optional_text(filter.search if filter else None, name="search", most=_LONGEST_SEARCH)
        where = reading.ScriptFilter(
            status=status_of(filter.status) if filter else None,
            search=search,
            archived=bool(filter and filter.archived),
        )
        order = reading.ScriptOrder((order_by or enums.ScriptOrder.CREATED_AT_DESC).value)
        return await reading.page_of_scripts(first=page_size(first), after=after, where=where, order=order)

    @field(
        Connection[Reviewable],
        """What waits for a person: pending scenes and pending images, script by script in playing order.

        A scene comes before its images. Archived scripts are left out.
        """,
    )
    async def review_queue(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        script_id: Annotated[strawberry.ID | None, argument("Only what waits in this script.")] = None,
    ) -> Page[entities.Scene | entities.Image]:
        script = await existing_script(info, script_id)
        return await reading.page_of_queue(first=page_size(first), after=after, script_id=script)

    @field(Connection[Video], "All videos, newest first.")
    async def videos(
        self,
        first: First = None,
        after: After = None,
        status: Annotated[enums.Status | None, argument("Only videos with this status.")] = None,
    ) -> Page[entities.Video]:
        return await reading.page_of_videos(first=page_size(first), after=after, status=status_of(status))

    @field(Connection[Job], "All jobs, newest first.")
    async def jobs(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        states: Annotated[list[enums.JobState] | None, argument("Only jobs in one of these states.")] = None,
        script_id: Annotated[strawberry.ID | None, argument("Only jobs of this script and what is beneath it.")] = None,
    ) -> Page[entities.Job]:
        wanted = None if states is None else {State(state.value) for state in states}
        script = await existing_script(info, script_id)
        return await reading.page_of_jobs(first=page_size(first), after=after, states=wanted, script_id=script)

    @field(list[Provider], "The providers in use, one for each role, and whether they work.")
    async def providers(self, info: Info) -> Sequence[ProviderInUse]:
        return await providers_in_use(info.context.commands)

    @field(
        Cursor,
        """The end of the log of status changes, captured before anything else in this operation is read.

        Ask for it and for a snapshot in one query, then subscribe to `statusChanged` with it as `after`: nothing is
        missed between the two.
        """,
    )
    async def event_cursor(self, info: Info) -> str:
        return info.context.event_cursor or await reading.event_cursor()


async def existing_script(info: Info, script_id: str | None) -> int | None:
    """The script's local id, None if none was given. Raises `InvalidInput` or `NotFound`."""
    if script_id is None:
        return None
    number = local_id(Entity.SCRIPT, script_id, field="scriptId")
    if await info.context.loaders.script.load(number) is None:
        raise NotFound("script", number, field="scriptId")
    return number


async def _node(info: Info, id: str, *, field: str) -> object:
    kind, number = split_id(id, field=field)
    if kind != CHANGE:
        return await info.context.loaders.entity(Entity(kind), number)
    try:
        return await reading.read_event(number)
    except NotFound:
        return None
