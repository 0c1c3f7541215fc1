"""The small bundle that every command gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from domain.machines import Machines
from domain.music import MusicChecker, NobodyListens
from domain.pictures import NobodyChecks, NobodyShrinks, PictureChecker, PictureShrinker
from domain.protocols import Bell, Clock, Limits
from domain.rendering import RenderSpec
from storage.media import MediaStore


@dataclass(frozen=True, slots=True)
class Context:
    """Built once by the composition root. Commands never reach for anything else.

    `render` is how videos are made where nothing else is asked for.
    """

    bell: Bell
    clock: Clock
    limits: Limits
    media: MediaStore
    machines: Machines = field(default_factory=Machines)
    pictures: PictureChecker = field(default_factory=NobodyChecks)
    shrinker: PictureShrinker = field(default_factory=NobodyShrinks)
    music: MusicChecker = field(default_factory=NobodyListens)
    render: RenderSpec = field(default_factory=RenderSpec)
