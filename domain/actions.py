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
        (ReviewAction.APPROVE, may_become(Entity.SCRIPT, status, Status.APPROVED)),
        (ReviewAction.RETRY, segmentation in RETRYABLE_JOB_STATES),
        (ReviewAction.CANCEL, segmentation in ACTIVE_JOB_STATES),
        (ReviewAction.CREATE_VIDEO, ready),
    )


def scene_actions(
    status: Status, *, generation: JobState | None, of_present_text: bool, removed: bool = False
) -> Actions:
    """None of a removed scene.

    `generation` is the state of its last picture job; `of_present_text` whether that works on the scene's text.
    """
    if removed:
        return ()
    approved = status is Status.APPROVED
    return _listed(
        (ReviewAction.EDIT, True),
        (ReviewAction.APPROVE, may_become(Entity.SCENE, status, Status.APPROVED)),
        (ReviewAction.GENERATE, approved),
        (ReviewAction.RETRY, generation in RETRYABLE_JOB_STATES and approved and of_present_text),
        (ReviewAction.CANCEL, generation in ACTIVE_JOB_STATES),
    )


def image_actions(status: Status, *, stale: bool, chosen: bool = False, removed: bool = False) -> Actions:
    """A picture that is approved but stale may be approved once more, for the scene's present text.

    `chosen` says that it is its scene's chosen one; `removed` that its scene is removed, and then there are none.
    """
    if removed:
        return ()
    approvable = may_become(Entity.IMAGE, status, Status.APPROVED) or (status is Status.APPROVED and stale)
    return _listed(
        (ReviewAction.APPROVE, approvable),
        (ReviewAction.REJECT, may_become(Entity.IMAGE, status, Status.REJECTED)),
        (ReviewAction.CHOOSE, status is Status.APPROVED and not stale and not chosen),
    )


def video_actions(status: Status, *, compilation: JobState | None) -> Actions:
    """Its machine work alone approves a video; a person can cancel it until then, and retry it while it waits.

    `compilation` is the state of its job.
    """
    unfinished = may_become(Entity.VIDEO, status, Status.REJECTED)
    waits = compilation in RETRYABLE_JOB_STATES and compilation in ACTIVE_JOB_STATES
    return _listed((ReviewAction.RETRY, unfinished and waits), (ReviewAction.CANCEL, unfinished))


def rejecting_starts_image(scene: Status, *, stale: bool, own: bool, served: bool) -> bool:
    """Whether rejecting a picture starts another one.

    `scene` is the status of its scene, `own` says that a person gave the picture, and `served` that the scene has
    another picture of its present text, or one is coming.
    """
    return scene is Status.APPROVED and not ((stale or own) and served)


def may_become(entity: Entity, current: Status, wanted: Status) -> bool:
    """Whether the lifecycle has this move."""
    return (current, wanted) in TRANSITIONS[entity]


def _listed(*offers: tuple[ReviewAction, bool]) -> Actions:
    return tuple(action for action, offered in offers if offered)
