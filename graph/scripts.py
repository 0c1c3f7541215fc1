"""The schema's scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from domain import entities, estimates, lifecycle, money
from domain.events import Event
from domain.lifecycle import Entity
from domain.paging import Page, page_size
from graph import enums
from graph.context import Info
from graph.fields import After, First, argument, attribute, field, object_type
from graph.forward import JOB, SCENE, SCRIPT_CHANGE, STATUS_CHANGE, VIDEO
from graph.money import Cost, Estimate
from graph.music import Music
from graph.nodes import Reviewable, is_row
from graph.paging import Connection
from graph.renders import RenderInput, render_request
from workflow import reading
from workflow.estimating import estimate_of_script, estimate_of_video

Parent = strawberry.Parent[entities.Script]


@object_type("Counts over one script.")
class ScriptProgress:
    scenes: int = attribute("Its scenes; 0 until it has been segmented.")
    scenes_approved: int = attribute("Approved scenes.")
    scenes_illustrated: int = attribute("Scenes whose chosen image is approved and not stale.")
    awaiting_review: int = attribute("What waits for a person: pending scenes and pending images together.")
    jobs_active: int = attribute("Jobs that are queued, running or about to be tried again.")
    jobs_failed: int = attribute("Things whose last job failed or waits for a person.")


@object_type("A written script, and all that is made from it.")
class Script(Reviewable):
    title: str | None = attribute("Its title, if it has one. Segmentation looks for one in a text that was given none.")
    content: str = attribute("The whole text as it was written. It can change while the script is a draft.")
    style: str | None = attribute("What all its images are to look like; null if nothing is asked for.")
    budget: Decimal | None = attribute(
        "What the paid calls for it may cost in all, in US dollars; null if it has no limit of its own. Jobs that "
        "would exceed it wait (`PARKED`, `BUDGET_REACHED`), and go on when it is raised or removed."
    )
    archived_at: datetime | None = attribute("When it was put away by `archiveScript`; null if it is not.")
    is_type_of = is_row(entities.Script)

    @field(list[SCENE], "All its scenes in playing order, never cut short. Empty until it has been segmented.")
    async def scenes(
        self,
        parent: Parent,
        info: Info,
        status: Annotated[enums.Status | None, argument("Only scenes with this status.")] = None,
    ) -> Sequence[entities.Scene]:
        found = await info.context.loaders.scenes_of_script.load(parent.id)
        return found if status is None else [scene for scene in found if scene.status == status.value]

    @field(list[VIDEO], "All videos asked for, newest first.")
    async def videos(self, parent: Parent, info: Info) -> Sequence[entities.Video]:
        return await info.context.loaders.videos_of_script.load(parent.id)

    @field(VIDEO | None, "The video asked for last; null if there was none.")
    async def latest_video(self, parent: Parent, info: Info) -> entities.Video | None:
        return await info.context.loaders.newest_video.load(parent.id)

    @field(list[Music], "The music that was sent for its videos, oldest first.")
    async def music(self, parent: Parent, info: Info) -> Sequence[entities.Music]:
        return await info.context.loaders.music_of_script.load(parent.id)

    @field(JOB | None, "The job that cuts it into scenes; null before approval.")
    async def segmentation(self, parent: Parent, info: Info) -> entities.Job | None:
        return await info.context.loaders.latest_job.load((Entity.SCRIPT, parent.id))

    @field(ScriptProgress, "How far it is, in counts.")
    async def progress(self, parent: Parent, info: Info) -> reading.ScriptProgress:
        return await info.context.loaders.progress.load(parent.id)

    @field(Cost, "What the paid calls of all its jobs have cost so far.")
    async def cost(self, parent: Parent, info: Info) -> money.Cost:
        return await info.context.loaders.cost_of_script.load(parent.id)

    @field(
        Estimate | None,
        """What approving it would start: its segmentation. Images come later, with the scenes that are approved.

        An upper estimate: what a budget reserves for the calls. Null if it cannot be approved.
        """,
    )
    def estimate(self, parent: Parent, info: Info) -> estimates.Estimate | None:
        return estimate_of_script(info.context.commands, parent)

    @field(
        Estimate | None,
        """What asking for a video of it would start: the speech that narrating it takes and that is not there yet.

        An upper estimate, of its present texts. Null until it has been segmented.
        """,
    )
    async def video_estimate(
        self,
        parent: Parent,
        info: Info,
        render: Annotated[RenderInput | None, argument("How the video would be made, as in `createVideo`.")] = None,
    ) -> estimates.Estimate | None:
        context = info.context.commands
        return await estimate_of_video(context, script_id=parent.id, render=render_request(render))

    @field(Connection[STATUS_CHANGE], "The status changes of the script and of all beneath it, oldest first.")
    async def history(self, parent: Parent, info: Info, first: First = None, after: After = None) -> Page[Event]:
        return await reading.page_of_history(script_id=parent.id, first=page_size(first), after=after)

    @field(
        Connection[SCRIPT_CHANGE],
        """Everything that happened in the script, newest first: who did what, when, and what was said.

        The same log as `scriptChanged` follows. Its edges' cursors are places in this list, not in the log.
        """,
    )
    async def changes(self, parent: Parent, info: Info, first: First = None, after: After = None) -> Page[Event]:
        return await reading.page_of_changes(script_id=parent.id, first=page_size(first), after=after)


def status_of(status: enums.Status | None) -> lifecycle.Status | None:
    """The domain's word for a status that a client named."""
    return None if status is None else lifecycle.Status(status.value)
