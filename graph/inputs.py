"""The inputs of mutations and lists."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from graph import enums
from graph.fields import attribute, input_type, optional
from graph.renders import RenderInput

_VERSION = (
    "The version that was decided on. If it has another one by now, the mutation is declined with VERSION_CONFLICT."
)
_FEEDBACK = "What is said with the decision; kept with it."
_KEY = (
    "Makes it safe to ask again: the same key with the same input answers with what the first call made; with another "
    "input it is declined. Printable characters, 200 at most."
)
_STYLE = "What all its images are to look like, in up to 1,000 characters"
_BUDGET = "What the paid calls for it may cost in all, in US dollars: from 0 to a billion, to the billionth at most"
_TITLE = "The new title; blank removes it, null leaves it. At most 300 characters."


@input_type("Which scripts a list has.")
class ScriptFilter:
    status: enums.Status | None = optional("Only scripts with this status.")
    search: str | None = optional("Only scripts with this in their title or text, case ignored; up to 200 characters.")
    archived: bool | None = optional("Only archived scripts if true; only others if false or not given.")


@input_type("A new script.")
class CreateScriptInput:
    content: str = attribute("The whole text, kept exactly as it is. Not blank, without NUL characters.")
    title: str | None = optional("Its title; else segmentation looks for one in the text. At most 300 characters.")
    style: str | None = optional(f"{_STYLE}.")
    budget: Decimal | None = optional(f"{_BUDGET}. Without one, only the installation's own limit holds.")
    idempotency_key: str | None = optional(_KEY)


@input_type("Changes to a script.")
class UpdateScriptInput:
    id: strawberry.ID = attribute("The script.")
    title: str | None = optional(_TITLE)
    content: str | None = optional("The new text; null leaves it. It can change while the script is a draft.")
    style: str | None = optional(f"{_STYLE}; blank removes it, null leaves it. Images made before stay as they are.")
    budget: Decimal | None = optional(f"{_BUDGET}; null leaves it. Jobs that wait for a higher one go on.")
    no_budget: bool | None = optional("Removes the budget. Not together with `budget`.")
    expected_version: int | None = optional(_VERSION)


@input_type("The approval of a script.")
class ApproveScriptInput:
    id: strawberry.ID = attribute("The script.")
    feedback: str | None = optional(_FEEDBACK)
    expected_version: int | None = optional(_VERSION)


@input_type("Changes to a scene.")
class UpdateSceneInput:
    id: strawberry.ID = attribute("The scene.")
    text: str | None = optional("The new text; null leaves it. It takes an approved scene back to pending.")
    title: str | None = optional(_TITLE)
    expected_version: int | None = optional(_VERSION)


@input_type("The approval of a scene.")
class ApproveSceneInput:
    id: strawberry.ID = attribute("The scene.")
    feedback: str | None = optional(_FEEDBACK)
    expected_version: int | None = optional(_VERSION)


@input_type("One more image of a scene.")
class GenerateImageInput:
    scene_id: strawberry.ID = attribute("The scene; it must be approved.")
    prompt: str | None = optional("What to make it from, used as it stands; one is written if there is none.")
    idempotency_key: str | None = optional(_KEY)


@input_type("A piece of music to take away.")
class RemoveMusicInput:
    id: strawberry.ID = attribute("The piece, such as `music_5`.")


@input_type("The approval of an image.")
class ApproveImageInput:
    id: strawberry.ID = attribute("The image.")
    feedback: str | None = optional(_FEEDBACK)
    accept_stale: bool | None = optional(
        "Needed for a stale image: it then stands for its scene's present text, and is not stale any more."
    )
    expected_version: int | None = optional(_VERSION)
    expected_scene_version: int | None = optional(
        "The version of the scene whose text was seen with the image. If the scene has another one by now, the "
        "mutation is declined with VERSION_CONFLICT."
    )


@input_type("The rejection of an image.")
class RejectImageInput:
    id: strawberry.ID = attribute("The image.")
    feedback: str | None = optional("What should be different; it steers the next image.")
    expected_version: int | None = optional(_VERSION)


@input_type("A video of a script.")
class CreateVideoInput:
    script_id: strawberry.ID = attribute("The script; every scene needs to be approved, with an approved image.")
    render: RenderInput | None = optional("How it is to be made; else as this installation has it.")
    idempotency_key: str | None = optional(_KEY)


@input_type("Another try of a job.")
class RetryJobInput:
    id: strawberry.ID = attribute("The job.")


@input_type("The end of a job.")
class CancelJobInput:
    id: strawberry.ID = attribute("The job.")
