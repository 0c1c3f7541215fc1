"""Compiles a video of exactly what was pinned when it was asked for: its words, sound, pictures, and its record."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from domain.entities import Deliverable, Image, Job, MediaFile
from domain.errors import JobErrorCode, WorkFailed
from domain.text import sha256_of_text
from domain.titles import card_title, texts_behind_card
from domain.work import deadline
from jobs.captioning import Captioning, forget_oldest, lettering_of_title, why_no_card
from jobs.narrating import narrated, why_silent
from jobs.pacing import Pacing, Stage
from jobs.progress import Reporter
from jobs.timing import timeline_of, words_first_frame
from jobs.tools import Tools
from video.cache import SegmentCache, seal
from video.captions.fonts import installed_fonts
from video.captions.overlays import render_overlays
from video.captions.subtitles import Subtitle, srt, subtitles_of, webvtt
from video.deliverables import make_poster, make_preview
from video.failures import file_trouble
from video.orders import Overlay
from video.render import Progress, Rendered, render_video
from video.runner import identify, version_of
from video.sound.mixing import mix
from video.sound.plan import Music, Narration, SoundPlan
from video.timeline import Timeline
from video.title_card import make_card
from workflow.manifests import Made, SceneFrames, SceneSpeech, manifest_of
from workflow.speeches import SpokenText, words_of
from workflow.work import (
    MediaMissing,
    StagedFile,
    VideoFile,
    VideoTask,
    forget_answers,
    record_video,
    settle,
    video_key,
    video_task,
)


async def compile_video(tools: Tools, job: Job, reporter: Reporter) -> None:
    task = await video_task(tools.context, job)
    media = tools.context.media
    output = media.staging_path(f"video_{task.video_id}.mp4")
    work_dir = media.staging_path(f"render_{job.id}")
    compilation = _Compilation(tools, job, task, Pacing(reporter, len(task.images)), output, work_dir)
    try:
        work_dir.mkdir()
        rendered = await compilation.render()
        # The fence says whether the video is still wanted; half way through nobody could tell.
        await settle(compilation.store(rendered))
    finally:
        await settle(compilation.clear())
    await forget_answers(tools.context, job_id=job.id)


@dataclass
class _Compilation:
    """One attempt at one video. What it leaves in the end is what was stored, and what may be used again."""

    tools: Tools
    job: Job
    task: VideoTask
    pacing: Pacing
    output: Path
    work_dir: Path
    notes: list[str] = field(default_factory=list)
    texts: Sequence[str] = ()
    clips: Sequence[SpokenText | None] = ()
    voice: str = ""
    subtitles: tuple[Subtitle, ...] = ()
    others: dict[Deliverable, Path] = field(default_factory=dict)

    async def render(self) -> Rendered:
        """Make the MP4, and all that goes with it but the manifest.

        Raises `WorkFailed`, and what speaking raises.
        """
        await self.pacing.enter(Stage.CHECKING)
        pictures = [await self._pinned_picture(image, place) for place, image in enumerate(self.task.images, start=1)]
        card = await self._card(pictures[0])
        said = [scene.text for scene in self.task.words.scenes]
        self.texts = texts_behind_card(said, None if card is None else self.task.words.title)
        await self._speak()
        timeline = await asyncio.to_thread(self._timeline, pictures, card)
        self.notes += timeline.notes
        cards = 0 if card is None else 1
        sound = await self._sound(timeline, cards)
        overlays = await self._captions(timeline, cards)
        await self.pacing.enter(Stage.RENDERING)
        rendered = await render_video(
            timeline, output=self.output, work_dir=self.work_dir, ffmpeg=self.tools.ffmpeg, cache=self.tools.cache,
            overlays=overlays, audio=sound, on_progress=self._on_progress, threads=self.tools.threads,
            parallel=self.tools.parallel, timeout=deadline(self.job.kind).total_seconds(),
        )  # fmt: skip
        await self.pacing.enter(Stage.FINISHING)
        await self._accompany(rendered)
        return rendered

    def _timeline(self, pictures: Sequence[Path], card: tuple[Path, str] | None) -> Timeline:
        """Blocks: long scripts take seconds to be read."""
        timeline = timeline_of(self.task, self.texts, pictures, self.clips, card)
        _ = timeline.places
        return timeline

    async def _speak(self) -> None:
        async def on_done(done: int, of: int) -> None:
            await self.pacing.advance(done / max(1, of))

        await self.pacing.enter(Stage.SPEAKING)
        said = await narrated(self.tools, self.job, self.task, self.texts, work_dir=self.work_dir, on_done=on_done)
        self.clips = (None,) * len(self.task.images) if said is None else said.clips
        self.voice = "" if said is None else said.voice.name
        self.notes += why_silent(self.task, self.tools) if said is None else said.notes

    async def _card(self, picture: Path) -> tuple[Path, str] | None:
        """The picture of the title card, with its hash; None where there is none, or nothing to be read on it."""
        spec = self.task.spec
        title = card_title(spec, self.task.words.title)
        if title is None:
            return None
        fonts = await asyncio.to_thread(installed_fonts)
        ffmpeg = self.tools.ffmpeg
        lettering = await asyncio.to_thread(lettering_of_title, self.task, fonts, await identify(ffmpeg))
        folder = await self._folder_for_drawings()
        if lettering is None or not await render_overlays([lettering], folder=folder, ffmpeg=ffmpeg):
            self.notes += await asyncio.to_thread(why_no_card, title, fonts)
            return None
        made = self.work_dir / "title_card.png"
        return made, await asyncio.to_thread(make_card, picture, made, width=spec.width, height=spec.height)

    async def _sound(self, timeline: Timeline, cards: int) -> Path:
        """The finished track. One of the same words and music at the same places is taken from the cache."""
        await self.pacing.enter(Stage.MIXING)
        plan = SoundPlan(
            timeline.total_frames,
            timeline.spec.fps,
            tuple(
                Narration(clip.path, clip.sha256, words_first_frame(place), clip.seconds, number)
                for number, (clip, place) in enumerate(zip(self.clips, timeline.places[cards:], strict=True), 1)
                if clip is not None
            ),
            await self._music(),
            await identify(self.tools.ffmpeg),
        )
        track = self.work_dir / "sound.m4a"
        cache = self.tools.cache
        if cache is not None and await asyncio.to_thread(cache.take, plan.key, track):
            return track
        await mix(plan, output=track, work_dir=self.work_dir, ffmpeg=self.tools.ffmpeg, on_progress=self.pacing.advance)
        if cache is not None:
            await asyncio.to_thread(_keep, cache, plan.key, track)
        return track

    async def _music(self) -> Music | None:
        music, media = self.task.music, self.tools.context.media
        if music is None:
            return None
        try:
            return Music(media.path_of(music.file_path), music.sha256)
        except MediaMissing:
            message = f"The music ({music.file_path}) is missing. Put the file back, or ask for a video without it."
            raise WorkFailed(JobErrorCode.STORAGE, message, retryable=False) from None

    async def _captions(self, timeline: Timeline, cards: int) -> dict[int, list[Overlay]]:
        await self.pacing.enter(Stage.CAPTIONING)
        library = await asyncio.to_thread(installed_fonts)
        captioning = Captioning(
            self.task, timeline, self.texts, self.clips, library, await identify(self.tools.ffmpeg), cards
        )
        self.notes += await asyncio.to_thread(captioning.notes)
        cues = await asyncio.to_thread(captioning.cues)
        self.subtitles = tuple(each for scene in cues for each in subtitles_of(scene.cues, scene.first_frame))
        folder = await self._folder_for_drawings()
        return await captioning.overlays(cues, folder=folder, binary=self.tools.ffmpeg)

    async def _folder_for_drawings(self) -> Path:
        return await asyncio.to_thread(_folder_for_drawings, self._drawn, self.work_dir / "captions")

    async def _on_progress(self, progress: Progress) -> None:
        await self.pacing.advance(
            progress.fraction, step=progress.step, completed=progress.completed, seconds_left=progress.seconds_left
        )

    async def _accompany(self, rendered: Rendered) -> None:
        """Make what goes with the MP4, but for the manifest."""
        fps, cache = self.task.spec.fps, self.tools.cache
        await make_poster(self.output, rendered, self._other(Deliverable.POSTER), cache=cache)
        await self.pacing.advance(0.4)
        await make_preview(self.output, rendered, self._other(Deliverable.PREVIEW), cache=cache)
        for kind, text in (
            (Deliverable.CAPTIONS, webvtt(self.subtitles, fps)),
            (Deliverable.SUBTITLES, srt(self.subtitles, fps)),
        ):
            await asyncio.to_thread(self._other(kind).write_text, text, encoding="utf-8", newline="\n")

    def _other(self, kind: Deliverable) -> Path:
        media = self.tools.context.media
        return self.others.setdefault(kind, media.staging_path(f"video_{self.task.video_id}.{kind.value}"))

    async def store(self, rendered: Rendered) -> None:
        """Record the video with all its files.

        Raises:
            JobLost, WorkFailed (the media folder).
        """
        media = self.tools.context.media
        mp4 = await media.stage_file(self.output)
        others = {kind: await media.stage_file(path) for kind, path in self.others.items()}
        manifest = await manifest_of(self.task, await self._made(rendered, mp4, others))
        others[Deliverable.MANIFEST] = await media.stage_bytes(f"video_{self.task.video_id}.json", manifest)
        self.others[Deliverable.MANIFEST] = others[Deliverable.MANIFEST].path
        facts = rendered.facts
        file = VideoFile(mp4.sha256, facts.width, facts.height, facts.duration_seconds, mp4.byte_size)
        note = " ".join(self.notes) or None
        await record_video(self.tools.context, self.job, staged=mp4, file=file, others=others, note=note)
        await forget_oldest(self._drawn)

    async def _made(self, rendered: Rendered, mp4: StagedFile, others: dict[Deliverable, StagedFile]) -> Made:
        facts, timeline = rendered.facts, rendered.timeline
        places = timeline.places[len(timeline.places) - len(self.clips) :]
        files = {"mp4": mp4} | {kind.value: staged for kind, staged in others.items()}
        return Made(
            width=facts.width,
            height=facts.height,
            fps=timeline.spec.fps,
            frames=facts.frames,
            scenes=[SceneFrames(place.first_frame, place.frames) for place in places],
            speech=[self._speech(text, clip) for text, clip in zip(self.texts, self.clips, strict=True)],
            files={
                ending: MediaFile(video_key(self.task.video_id, ending), staged.sha256, staged.byte_size)
                for ending, staged in files.items()
            },
            ffmpeg=await version_of(self.tools.ffmpeg),
            notes=self.notes,
        )

    def _speech(self, text: str, clip: SpokenText | None) -> SceneSpeech | None:
        if clip is None:
            return None
        key = clip.path.relative_to(self.tools.context.media.folder).as_posix()
        return SceneSpeech(self.voice, sha256_of_text(words_of(text)), key, clip.sha256, clip.seconds)

    async def _pinned_picture(self, image: Image, place: int) -> Path:
        """The picture's file, which must still be the one that was approved."""
        media = self.tools.context.media
        try:
            if await media.sha256_of(image.file_path) == image.sha256:
                return media.path_of(image.file_path)
            trouble = "has changed since it was approved"
        except MediaMissing:
            trouble = "is missing"
        message = (
            f"The image of scene {place} ({image.file_path}) {trouble}. Put the file back, or approve another image of "
            "that scene, and ask for a new video."
        )
        raise WorkFailed(JobErrorCode.STORAGE, message, retryable=False)

    @property
    def _drawn(self) -> Path:
        """Captions that were drawn, for the next video that has them."""
        return self.tools.context.media.folder / "cache" / "captions"

    async def clear(self) -> None:
        """Remove what was not stored."""
        await asyncio.to_thread(_remove, self.work_dir, self.output, *self.others.values())


def _keep(cache: SegmentCache, key: str, track: Path) -> None:
    with suppress(OSError):
        seal(track)
        cache.keep(key, track)


def _folder_for_drawings(kept: Path, otherwise: Path) -> Path:
    """`kept`, unless nothing can be written there."""
    with suppress(OSError):
        kept.mkdir(parents=True, exist_ok=True)
        if os.access(kept, os.W_OK):
            return kept
    with file_trouble("The captions"):
        otherwise.mkdir(exist_ok=True)
    return otherwise


def _remove(work_dir: Path, *files: Path) -> None:
    shutil.rmtree(work_dir, ignore_errors=True)
    for file in files:
        file.unlink(missing_ok=True)
