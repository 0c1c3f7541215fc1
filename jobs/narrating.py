"""Has a video's scenes spoken, where it is to be, in sounds that its track can be made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from domain.entities import Job
from domain.rendering import Narration
from jobs.tools import Tools
from video.sound.speech import normalise_speech
from workflow.speeches import SpokenTexts, is_narrated, spoken
from workflow.work import VideoTask

OnDone = Callable[[int, int], Awaitable[None]]
UNNATURAL = "The video has no narration: there is no natural voice here. Ask for it with narration on, or set one up."


async def narrated(
    tools: Tools, job: Job, task: VideoTask, texts: Sequence[str], *, work_dir: Path, on_done: OnDone
) -> SpokenTexts | None:
    """What is heard of each scene, of which `texts` are to be said; None for a video that is not to be spoken.

    Raises what `workflow.speeches.spoken` raises.
    """
    if not is_narrated(task.spec, tools.speech):
        return None

    async def normalise(data: bytes, output: Path) -> float:
        source = work_dir / f"{output.stem}.spoken"
        await asyncio.to_thread(source.write_bytes, data)
        try:
            facts = await normalise_speech(source, output, ffmpeg=tools.ffmpeg, work_dir=work_dir)
        finally:
            await asyncio.to_thread(source.unlink, missing_ok=True)
        return facts.seconds

    return await spoken(
        tools.context, job, provider=tools.speech, rules=tools.rules, texts=texts, voice=task.spec.voice,
        normalise=normalise, on_done=on_done,
    )  # fmt: skip


def why_silent(task: VideoTask, tools: Tools) -> tuple[str, ...]:
    """What to say of a video that might have been spoken and is not."""
    wanted = task.spec.narration is Narration.AUTO
    return (UNNATURAL,) if wanted and not is_narrated(task.spec, tools.speech) else ()
