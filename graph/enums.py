"""The schema's enums. They mirror those of `domain`, and a test keeps it so; here are the words about them."""

from __future__ import annotations

from enum import Enum

import strawberry

from domain import calls, errors, events, lifecycle
from graph.fields import enum_value as _value
from workflow import providers, reading


@strawberry.enum(description="What has been decided about a script, scene, image or video. Machine work is a `Job`.")
class Status(Enum):
    DRAFT = _value(lifecycle.Status.DRAFT, "A script that is still being written. Only scripts are drafts.")
    PENDING = _value(
        lifecycle.Status.PENDING,
        "Waits: a scene or an image for a person's decision, a video for its file.",
    )
    APPROVED = _value(lifecycle.Status.APPROVED, "Accepted by a person; for a video: its file is ready.")
    REJECTED = _value(
        lifecycle.Status.REJECTED, "Declined by a person; for a video: it could not be made or was cancelled."
    )


@strawberry.enum(description="What the lifecycle accepts for a thing as it is now.")
class ReviewAction(Enum):
    EDIT = _value(lifecycle.ReviewAction.EDIT, "Change its text: `updateScript`, `updateScene`.")
    APPROVE = _value(lifecycle.ReviewAction.APPROVE, "Approve it: `approveScript`, `approveScene`, `approveImage`.")
    REJECT = _value(lifecycle.ReviewAction.REJECT, "Reject the image, so that another one is made: `rejectImage`.")
    GENERATE = _value(lifecycle.ReviewAction.GENERATE, "Make one more image of the scene: `generateImage`.")
    CHOOSE = _value(lifecycle.ReviewAction.CHOOSE, "Go back to this approved image: `chooseImage`.")
    RETRY = _value(lifecycle.ReviewAction.RETRY, "Try its failed or waiting job again: `retryJob`.")
    CANCEL = _value(lifecycle.ReviewAction.CANCEL, "End its job: `cancelJob`.")
    CREATE_VIDEO = _value(lifecycle.ReviewAction.CREATE_VIDEO, "Make a video of the script: `createVideo`.")


@strawberry.enum(description="What happened to something in a script.")
class ChangeKind(Enum):
    CREATED = _value(events.EventKind.CREATED, "It came to be.")
    STATUS_CHANGED = _value(events.EventKind.STATUS_CHANGED, "Its status changed.")
    EDITED = _value(
        events.EventKind.EDITED, "Its text, title or settings changed; of a script, the order of scenes too."
    )
    DECIDED = _value(events.EventKind.DECIDED, "A decision on it that changed no status, such as `chooseImage`.")
    JOB_CHANGED = _value(events.EventKind.JOB_CHANGED, "A job was queued, begun, ended or stopped.")
    REMOVED = _value(events.EventKind.REMOVED, "A scene was merged into the one before it.")


@strawberry.enum(description="What a job makes.")
class JobKind(Enum):
    SEGMENT_SCRIPT = _value(lifecycle.JobKind.SEGMENT_SCRIPT, "Cuts an approved script into scenes.")
    GENERATE_IMAGE = _value(lifecycle.JobKind.GENERATE_IMAGE, "Makes one image of an approved scene.")
    COMPILE_VIDEO = _value(lifecycle.JobKind.COMPILE_VIDEO, "Makes the MP4 of a video from its images.")


@strawberry.enum(description="Where a job is.")
class JobState(Enum):
    QUEUED = _value(lifecycle.JobState.QUEUED, "Waits for a worker.")
    RUNNING = _value(lifecycle.JobState.RUNNING, "A worker is at it.")
    RETRYING = _value(lifecycle.JobState.RETRYING, "An attempt failed or was lost; the next one is planned.")
    PARKED = _value(lifecycle.JobState.PARKED, "Waits for a person: retry or cancel it.")
    SUCCEEDED = _value(lifecycle.JobState.SUCCEEDED, "Ended with a result.")
    FAILED = _value(lifecycle.JobState.FAILED, "Ended without a result; `error` says why.")
    CANCELLED = _value(lifecycle.JobState.CANCELLED, "Ended by a person, or overtaken by an edit.")


@strawberry.enum(description="Why an attempt of a job failed.")
class JobErrorCode(Enum):
    PROVIDER_UNAVAILABLE = _value(
        errors.JobErrorCode.PROVIDER_UNAVAILABLE, "The provider could not be reached or was out of order."
    )
    PROVIDER_REFUSED = _value(
        errors.JobErrorCode.PROVIDER_REFUSED, "The provider declined: change the text or the prompt."
    )
    RATE_LIMITED = _value(errors.JobErrorCode.RATE_LIMITED, "The provider asked to be called less often.")
    QUOTA_EXHAUSTED = _value(errors.JobErrorCode.QUOTA_EXHAUSTED, "The account with the provider is used up.")
    TIMED_OUT = _value(errors.JobErrorCode.TIMED_OUT, "It took longer than an attempt may take.")
    BAD_OUTPUT = _value(errors.JobErrorCode.BAD_OUTPUT, "What came back could not be used.")
    ANSWER_LOST = _value(
        errors.JobErrorCode.ANSWER_LOST, "A paid call was sent and its answer was lost: decide whether to call again."
    )
    BUDGET_REACHED = _value(errors.JobErrorCode.BUDGET_REACHED, "The next call could cost more than the budget allows.")
    STORAGE = _value(errors.JobErrorCode.STORAGE, "A file could not be read or written, for instance on a full disk.")
    INTERNAL = _value(errors.JobErrorCode.INTERNAL, "A defect; the server's log has the details.")


@strawberry.enum(description="Why a mutation was declined. Stable, and the same over every interface.")
class UserErrorCode(Enum):
    INVALID = _value(errors.ErrorCode.INVALID, "The input can never be accepted as it is.")
    NOT_FOUND = _value(errors.ErrorCode.NOT_FOUND, "Nothing has this id.")
    STATE_CONFLICT = _value(errors.ErrorCode.STATE_CONFLICT, "The state of things does not allow it now.")
    VERSION_CONFLICT = _value(errors.ErrorCode.VERSION_CONFLICT, "It has changed since the decision was made on it.")
    IDEMPOTENCY_CONFLICT = _value(
        errors.ErrorCode.IDEMPOTENCY_CONFLICT, "The idempotency key was used before, for another request."
    )
    LIMIT_EXCEEDED = _value(errors.ErrorCode.LIMIT_EXCEEDED, "Well formed, but larger than this installation takes.")


@strawberry.enum(description="Why one scene keeps a video from being made.")
class ShortfallReason(Enum):
    SCENE_PENDING = _value("scene_pending", "The scene is not approved.")
    IMAGE_MISSING = _value("image_missing", "The scene has no image that could be approved.")
    IMAGE_PENDING = _value("image_pending", "None of the scene's images is approved, and one waits for a decision.")
    IMAGE_STALE = _value("image_stale", "The chosen image was made from an earlier text of the scene.")


@strawberry.enum(description="How a list of scripts is sorted; the id decides between equals.")
class ScriptOrder(Enum):
    CREATED_AT_DESC = _value(reading.ScriptOrder.CREATED_AT_DESC, "Newest first.")
    CREATED_AT_ASC = _value(reading.ScriptOrder.CREATED_AT_ASC, "Oldest first.")
    UPDATED_AT_DESC = _value(reading.ScriptOrder.UPDATED_AT_DESC, "Last changed first.")
    TITLE_ASC = _value(reading.ScriptOrder.TITLE_ASC, "By title, A to Z, case ignored; scripts without one first.")


@strawberry.enum(description="What a provider is used for.")
class ProviderRole(Enum):
    TEXT = _value(calls.Role.TEXT, "Cuts scripts into scenes and writes prompts for images.")
    IMAGES = _value(calls.Role.IMAGES, "Makes images.")
    SPEECH = _value(calls.Role.SPEECH, "Speaks the narration.")


@strawberry.enum(description="Whether a provider works.")
class ProviderState(Enum):
    READY = _value(providers.ProviderState.READY, "Nothing is known against it.")
    PAUSED = _value(
        providers.ProviderState.PAUSED,
        "Its credit is used up, or its key, model or address are wrong: nothing of it works until a person sees to it.",
    )
