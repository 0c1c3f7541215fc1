"""What a client may offer for a thing as it is now: the lifecycle's tables, read the other way round.

Derived, never stored. A command still decides by itself: between reading and acting the state may change.
"""

from __future__ import annotations

from domain.lifecycle import (
    ACTIVE_JOB_STATES,
    RETRYABLE_JOB_STATES,
    TRANSITIONS,
    Entity,
    JobState,
    ReviewAction,
    Status,
)

Actions = tuple[ReviewAction, ...]


def script_actions(
    status: Status, *, segmentation: JobState | None, scenes: int, scenes_approved: int, scenes_illustrated: int
) -> Actions:
    """EDIT is about the text: the title may always change. `segmentation` is the state of its last job."""
    ready = status is Status.APPROVED and 0 < scenes == scenes_approved == scenes_illustrated
    return _listed(
        (ReviewAction.EDIT, status is Status.DRAFT),
        (ReviewAction.APPROVE, _may_become(Entity.SCRIPT, status, Status.APPROVED)),
        (ReviewAction.RETRY, segmentation in RETRYABLE_JOB_STATES),
        (ReviewAction.CANCEL, segmentation in ACTIVE_JOB_STATES),
        (ReviewAction.CREATE_VIDEO, ready),
    )


def scene_actions(status: Status, *, generation: JobState | None, of_present_text: bool) -> Actions:
    """`generation` is the state of its last picture job; `of_present_text` whether that works on the scene's text."""
    approved = status is Status.APPROVED
    return _listed(
        (ReviewAction.EDIT, True),
        (ReviewAction.APPROVE, _may_become(Entity.SCENE, status, Status.APPROVED)),
        (ReviewAction.GENERATE, approved),
        (ReviewAction.RETRY, generation in RETRYABLE_JOB_STATES and approved and of_present_text),
        (ReviewAction.CANCEL, generation in ACTIVE_JOB_STATES),
    )


def image_actions(status: Status, *, stale: bool) -> Actions:
    """A picture that is approved but stale may be approved once more, for the scene's present text."""
    approvable = _may_become(Entity.IMAGE, status, Status.APPROVED) or (status is Status.APPROVED and stale)
    return _listed(
        (ReviewAction.APPROVE, approvable),
        (ReviewAction.REJECT, _may_become(Entity.IMAGE, status, Status.REJECTED)),
    )


def video_actions(status: Status) -> Actions:
    """Its machine work alone approves a video; a person can cancel it until then."""
    return _listed((ReviewAction.CANCEL, _may_become(Entity.VIDEO, status, Status.REJECTED)))


def _may_become(entity: Entity, current: Status, wanted: Status) -> bool:
    return (current, wanted) in TRANSITIONS[entity]


def _listed(*offers: tuple[ReviewAction, bool]) -> Actions:
    return tuple(action for action, offered in offers if offered)
