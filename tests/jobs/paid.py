"""A studio whose text and pictures come from a paid server: our own clients, and the double of the provider."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from app.machines import image_options, speech_options, spending_rules, text_options
from app.settings import load_settings
from domain.entities import Job
from domain.errors import JobErrorCode
from domain.lifecycle import Entity, JobState
from providers.openai_compatible.images import OpenAIImages
from providers.openai_compatible.speech import OpenAISpeech
from providers.openai_compatible.text import OpenAIText
from storage import models
from storage.transaction import database_now_ms
from tests.faces import Faces, Json
from tests.jobs.studio import AtWork, Studio
from tests.providers.double import Double, Endpoint, LedgerEntry
from workflow import reading
from workflow.resuming import take_up

KEY = "sk-test-of-the-double"
PATHS = {
    Endpoint.CHAT: "/v1/chat/completions",
    Endpoint.IMAGES: "/v1/images/generations",
    Endpoint.SPEECH: "/v1/audio/speech",
}
_JOB = """
query($id: ID!) {
  job(id: $id) { state attempt maxAttempts error { code message retryable nextRetryAt } }
}"""


@dataclass
class PaidStudio:
    """The studio, the other side of its wire, and both faces."""

    studio: Studio
    double: Double
    faces: Faces

    @asynccontextmanager
    async def worker(
        self, *, concurrency: int = 2, image_seconds: float | None = None, **settings: object
    ) -> AsyncIterator[AtWork]:
        """A worker with these settings, started as the program does it; `image_seconds` is a shorter time limit.

        With `speech_provider="openai"` scenes are spoken for money, too.
        """
        told: dict[str, Any] = {
            "text_provider": "openai", "image_provider": "openai", "openai_base_url": self.double.url,
            "openai_api_key": KEY, **settings,
        }  # fmt: skip
        chosen = load_settings(env_file=None, **told)
        text, images = text_options(chosen), image_options(chosen)
        assert text is not None
        assert images is not None
        if image_seconds is not None:
            images = replace(images, timeout_seconds=image_seconds)
        rules = spending_rules(chosen)
        await take_up(self.studio.context, rules)
        async with AsyncExitStack() as held:
            writer = await held.enter_async_context(aclosing(OpenAIText(text)))
            painter = await held.enter_async_context(aclosing(OpenAIImages(images)))
            speaker: OpenAISpeech | None = None
            if (speech := speech_options(chosen)) is not None:
                speaker = await held.enter_async_context(aclosing(OpenAISpeech(speech)))
            working = self.studio.worker(
                text=writer, images=painter, speech=speaker, concurrency=concurrency, rules=rules
            )
            yield await held.enter_async_context(working)

    # --- what the other side saw -----------------------------------------------------------------------------------

    def requests(self, endpoint: Endpoint) -> list[LedgerEntry]:
        """All that came, also what was refused."""
        return [entry for entry in self.double.ledger if entry.path == PATHS[endpoint]]

    def counts(self) -> tuple[int, int]:
        """How many prompts or scenes, and how many pictures were asked for."""
        return len(self.requests(Endpoint.CHAT)), len(self.requests(Endpoint.IMAGES))

    def charged(self) -> tuple[int, int]:
        """How many of those cost money."""
        paid = Counter(entry.path for entry in self.double.charges)
        return paid[PATHS[Endpoint.CHAT]], paid[PATHS[Endpoint.IMAGES]]

    async def calls_of(self, job: Job) -> list[tuple[str, str]]:
        """What the book says of the job's calls: for what, and how each ended."""
        rows = await models.ProviderCall.filter(job_id=job.id).order_by("id").values("role", "state")
        return [(row["role"], row["state"]) for row in rows]

    # --- what people see -------------------------------------------------------------------------------------------

    async def seen(self, job: Job) -> Json:
        """The job as both faces show it, which must be the same."""
        graphql = (await self.faces.query(_JOB, id=f"job_{job.id}"))["job"]
        rest = (await self.faces.http.get(f"/api/jobs/{job.id}")).raise_for_status().json()
        error = rest["error"]
        assert graphql["state"] == rest["state"].upper()
        assert (graphql["attempt"], graphql["maxAttempts"]) == (rest["attempt"], rest["max_attempts"])
        shown = error and {
            "code": error["code"], "message": error["message"], "retryable": error["retryable"],
            "nextRetryAt": error["next_retry_at"],
        }  # fmt: skip
        assert _without_zone(graphql["error"]) == _without_zone(shown)
        state: Json = graphql
        return state

    async def ask_for_image(self, scene_id: int, prompt: str) -> Job:
        """`generateImage` with a prompt of one's own."""
        document = (
            "mutation($input: GenerateImageInput!) "
            "{ generateImage(input: $input) { job { id } userErrors { code message } } }"
        )
        told = {"sceneId": f"scene_{scene_id}", "prompt": prompt}
        payload = (await self.faces.query(document, input=told))["generateImage"]
        assert payload["userErrors"] == []
        return await reading.read_job(int(payload["job"]["id"].removeprefix("job_")))

    # --- the job's way ---------------------------------------------------------------------------------------------

    async def picture_jobs(self, number: int) -> list[Job]:
        """Of the scenes of one script, all approved at once."""
        return [await self.studio.approve(scene) for scene in await self.studio.some_scenes(number)]

    async def all_reach(self, jobs: Sequence[Job], *states: JobState) -> list[Job]:
        return list(await asyncio.gather(*(self.studio.reaches(job, *states) for job in jobs)))

    async def all_wait_for(self, jobs: Sequence[Job], code: JobErrorCode) -> list[Job]:
        """Until each is RETRYING for this reason."""
        while True:
            found = await self.all_reach(jobs, JobState.RETRYING)
            if all(job.failure is not None and job.failure.code is code for job in found):
                return found
            await asyncio.sleep(0.02)


async def make_due(job: Job) -> None:
    await models.Job.filter(id=job.id).update(due_at_ms=await database_now_ms())


async def let_pass(seconds: float) -> None:
    """As if so much time had passed, for all that waits for a time by the database's clock."""
    ms = int(seconds * 1000)
    for row in await models.Job.filter(state=JobState.RETRYING.value).values("id", "due_at_ms"):
        await models.Job.filter(id=row["id"], due_at_ms=row["due_at_ms"]).update(due_at_ms=row["due_at_ms"] - ms)
    for row in await models.ProviderCall.all().values("id", "sent_at_ms"):
        await models.ProviderCall.filter(id=row["id"]).update(sent_at_ms=row["sent_at_ms"] - ms)
    for row in await models.ProviderPause.all().values("id", "until_ms"):
        await models.ProviderPause.filter(id=row["id"]).update(until_ms=row["until_ms"] - ms)


async def job_of(subject: Entity, subject_id: int) -> Job:
    return (await reading.latest_jobs(subject, [subject_id]))[subject_id]


def _without_zone(error: Json | None) -> Json | None:
    """Faces may spell UTC in two ways."""
    if error is None or error["nextRetryAt"] is None:
        return error
    return {**error, "nextRetryAt": error["nextRetryAt"].replace("+00:00", "Z")}
