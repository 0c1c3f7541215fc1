"""The schema's videos."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from domain import entities, rendering
from domain.entities import Deliverable
from domain.lifecycle import Entity
from graph.context import Info
from graph.fields import attribute, field, object_type
from graph.forward import IMAGE, JOB, SCRIPT
from graph.nodes import Reviewable, is_row
from graph.renders import Render
from graph.scalars import Url, media_url

Parent = strawberry.Parent[entities.Video]

_LATER = "null until it is approved, and for a video of an earlier version."


@object_type(
    """A video that was asked for, finished or not.

    It is pinned to exact images and texts when it is asked for. Its files' facts are null until it is approved.
    """
)
class Video(Reviewable):
    error: str | None = attribute("Why it was rejected, for a person to act on; null otherwise.")
    file_path: str | None = attribute("The key of its file, such as `videos/video_2.mp4`.")
    width: int | None = attribute("In pixels.")
    height: int | None = attribute("In pixels.")
    duration_seconds: float | None = attribute("How long it plays, in seconds, exact to one frame.")
    byte_size: float | None = attribute("The size of its file in bytes, as a whole number that may exceed 32 bits.")
    sha256: str | None = attribute("The SHA-256 of its file, in lower-case hexadecimal.")
    is_type_of = is_row(entities.Video)

    @field(SCRIPT, "The script it was made of.")
    async def script(self, parent: Parent, info: Info) -> entities.Script | None:
        return await info.context.loaders.script.load(parent.script_id)

    @field(list[IMAGE], "The images it shows, in playing order, as they were pinned when it was asked for.")
    async def images(self, parent: Parent, info: Info) -> Sequence[entities.Image | None]:
        return await info.context.loaders.image.load_many([pin.image_id for pin in parent.pins])

    @field(JOB | None, "The job that makes it.")
    async def compilation(self, parent: Parent, info: Info) -> entities.Job | None:
        return await info.context.loaders.latest_job.load((Entity.VIDEO, parent.id))

    @field(bool, "Whether its images and texts are no longer exactly the chosen and present ones of its script.")
    async def stale(self, parent: Parent, info: Info) -> bool:
        return await info.context.loaders.video_stale.load(parent)

    @field(Render | None, "How it is made; null for a video of an earlier version.")
    def render(self, parent: Parent) -> rendering.RenderSpec | None:
        return parent.spec

    @field(Url | None, "Where its MP4 file is served; null until it is approved.")
    def url(self, parent: Parent) -> Url | None:
        return None if parent.file_path is None else media_url(parent.file_path)

    @field(Url | None, f"Where a still of it is served, a JPEG; {_LATER}")
    def poster_url(self, parent: Parent) -> Url | None:
        return _url_of(parent, Deliverable.POSTER)

    @field(Url | None, f"Where a small moving preview is served, a WebP; {_LATER}")
    def preview_url(self, parent: Parent) -> Url | None:
        return _url_of(parent, Deliverable.PREVIEW)

    @field(Url | None, f"Where its captions are served as WebVTT; {_LATER}")
    def captions_url(self, parent: Parent) -> Url | None:
        return _url_of(parent, Deliverable.CAPTIONS)

    @field(Url | None, f"Where its captions are served as SubRip (SRT); {_LATER}")
    def subtitles_url(self, parent: Parent) -> Url | None:
        return _url_of(parent, Deliverable.SUBTITLES)

    @field(
        Url | None,
        f"""Where the record of what it was made from is served, as JSON: each scene's frames, text, image, prompt, cost
        and approvals, its sound, how it was made, and the SHA-256 of all its files; {_LATER}""",
    )
    def manifest_url(self, parent: Parent) -> Url | None:
        return _url_of(parent, Deliverable.MANIFEST)


def _url_of(video: entities.Video, kind: Deliverable) -> Url | None:
    file = video.files.get(kind)
    return None if file is None else media_url(file.file_path)
