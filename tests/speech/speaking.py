"""A worker's part in having a video spoken: our own client, the double of the server, and the book."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.calls import Role
from domain.entities import Job, Script
from domain.lifecycle import Entity
from domain.machines import SpeechMachine, speaker_sha256
from domain.money import Price, PriceTable
from domain.protocols import LOCAL
from providers.openai_compatible.options import SpeechOptions
from providers.openai_compatible.speech import OpenAISpeech
from providers.sounds import milliseconds_of
from storage import models
from tests.providers.double import Double, LedgerEntry
from tests.world import World
from workflow import reading, videos, work
from workflow.book import Rules
from workflow.context import Context
from workflow.speeches import SpokenTexts, spoken

KEY = "sk-canary-of-speech"
PATH = "/v1/audio/speech"
TEXTS = ("The violet heron rose.", "It flew over the moor.", "Then it was gone.")
PRICE = Price(characters=Decimal(10))


async def as_it_is(data: bytes, output: Path) -> float:
    """Stands for the video engine's own, which writes another WAV."""
    length = await asyncio.to_thread(milliseconds_of, data)
    await asyncio.to_thread(output.write_bytes, data)
    return length / 1000


@dataclass
class Narrator:
    """`rules` may be replaced; `provider` speaks with the double."""

    world: World
    double: Double
    provider: OpenAISpeech
    context: Context
    rules: Rules = field(default_factory=lambda: Rules(prices=PriceTable(models={"gpt-4o-mini-tts": PRICE})))

    async def a_video_job(self, script: Script | None = None) -> Job:
        """Held by a worker of the name `test`."""
        script = script or await self.world.a_ready_script(2)
        request = await videos.create_video(self.context, script_id=script.id, actor=LOCAL)
        return await self.world.claim(await self.world.last_job(Entity.VIDEO, request.video.id))

    async def speak(self, job: Job, texts: Sequence[str] = TEXTS, **others: Any) -> SpokenTexts:
        told: dict[str, Any] = {"provider": self.provider, "voice": None, "normalise": as_it_is, **others}
        return await spoken(self.context, job, rules=self.rules, texts=texts, **told)

    async def again(self, job: Job) -> Job:
        """The worker died; another one has the job now."""
        await work.release_lost_jobs(self.context, owner_prefix="test")
        return await self.world.claim(await reading.read_job(job.id))

    async def another_job(self, job: Job) -> Job:
        """Of the same script, while the first one goes on: held, too."""
        row = await models.Job.get(id=job.id).values()
        told = {name: value for name, value in row.items() if name != "id"}
        other = await models.Job.create(**told)
        return replace(job, id=other.id)

    def bought(self) -> list[LedgerEntry]:
        return [entry for entry in self.double.charges if entry.path == PATH]

    def asked(self) -> list[str]:
        """The texts that came, in their order."""
        return [request["body"]["input"] for request in self.double.requests if request["path"] == PATH]

    async def states(self, job: Job) -> list[str]:
        rows = await models.ProviderCall.filter(role=Role.SPEECH.value, job_id=job.id).order_by("id").values("state")
        return [row["state"] for row in rows]

    def kept_answers(self) -> list[Path]:
        return sorted(self.context.media.folder.glob("calls/*"))

    def staged(self) -> list[str]:
        return sorted(path.name for path in self.context.media.staging.iterdir())


@asynccontextmanager
async def a_narrator(world: World, double: Double, **options: Any) -> AsyncIterator[Narrator]:
    told: dict[str, Any] = {"base_url": double.url, "api_key": KEY, "timeout_seconds": 10.0, **options}
    chosen = SpeechOptions(**told)
    provider = OpenAISpeech(chosen)
    machine = SpeechMachine(
        provider="openai", model=chosen.model, price=PRICE, voice=chosen.voice,
        speaker_sha256=speaker_sha256(chosen.base_url, chosen.model, chosen.instructions),
    )  # fmt: skip
    context = replace(world.context, machines=replace(world.context.machines, speech=machine))
    try:
        yield Narrator(world, double, provider, context)
    finally:
        await provider.aclose()
