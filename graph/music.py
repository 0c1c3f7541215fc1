"""The schema's music."""

from __future__ import annotations

import strawberry

from domain import entities
from graph.fields import attribute, field, object_type
from graph.ids import MUSIC, global_id
from graph.scalars import Url, media_url

Parent = strawberry.Parent[entities.Music]


@object_type("A piece of music for a script's videos. It is sent by `POST /api/scripts/{id}/music`.")
class Music:
    title: str = attribute("The name of the file that was sent, without its ending.")
    duration_seconds: float = attribute("How long it plays, in seconds.")

    @field(strawberry.ID, "Its id, such as `music_5`, to be named in a video's `render`.")
    def id(self, parent: Parent) -> str:
        return global_id(MUSIC, parent.id)

    @field(Url, "Where it is served, as FLAC.")
    def url(self, parent: Parent) -> Url:
        return media_url(parent.file_path)
