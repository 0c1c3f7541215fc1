"""What a person may ask of a video: shape, looks, pace and sound. Pure values, stored with the video."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final

SMALLEST_SIDE: Final = 16
LARGEST_SIDE: Final = 7680
LARGEST_FPS: Final = 120
LONGEST_SCENE_SECONDS: Final = 600
LONGEST_TRANSITION_SECONDS: Final = 5


class Aspect(StrEnum):
    """Width to height."""

    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"


class Resolution(StrEnum):
    """The shorter side, in pixels."""

    P720 = "720p"
    P1080 = "1080p"
    P1440 = "1440p"
    P2160 = "2160p"


class Quality(StrEnum):
    """How carefully it is encoded: a draft is quick to make, for looking at the pace."""

    DRAFT = "draft"
    FINAL = "final"


class Motion(StrEnum):
    """What the camera does over a picture: nothing, or a slow eased pan and zoom chosen per scene."""

    HOLD = "hold"
    KEN_BURNS = "ken_burns"


class Transition(StrEnum):
    """How one scene gives way to the next."""

    CUT = "cut"
    CROSSFADE = "crossfade"
    FADE_BLACK = "fade_black"


class Fill(StrEnum):
    """What a picture of another shape than the video does: stands over a blurred copy of itself, between black bars,
    or fills the frame and loses its edges."""

    BLUR = "blur"
    FIT = "fit"
    CROP = "crop"


class Captions(StrEnum):
    """How the words are shown: not at all, plain with a soft outline, on a dark box, or large and bold."""

    NONE = "none"
    PLAIN = "plain"
    BOXED = "boxed"
    BOLD = "bold"


class Narration(StrEnum):
    """Whether the words are spoken. `auto`: if this installation has a natural voice."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class SceneLook:
    """What one scene has otherwise than the rest; None: as the rest. `transition` is the one that leads into it."""

    scene_id: int
    seconds: float | None = None
    motion: Motion | None = None
    transition: Transition | None = None

    def __post_init__(self) -> None:
        _check_seconds("seconds", self.seconds)


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """How a video is made of its pictures and texts.

    `width` and `height` are in pixels and even; `scene_seconds` sets every scene's length by hand (1.04 means exactly
    26/25), None lets narration, or else reading speed, set it. `voice` is a name that the speech provider knows, None
    its default. `music_id` names an uploaded piece of music.

    Raises:
        ValueError: no H.264 yuv420p video can be made of it; the message is fit for a person.
    """

    width: int = 1920
    height: int = 1080
    fps: int = 30
    quality: Quality = Quality.FINAL
    motion: Motion = Motion.KEN_BURNS
    transition: Transition = Transition.CROSSFADE
    transition_seconds: float = 0.8
    fill: Fill = Fill.BLUR
    captions: Captions = Captions.PLAIN
    title_card: bool = False
    narration: Narration = Narration.AUTO
    voice: str | None = None
    music_id: int | None = None
    scene_seconds: float | None = None
    scenes: tuple[SceneLook, ...] = ()

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if side % 2 or not SMALLEST_SIDE <= side <= LARGEST_SIDE:
                raise ValueError(f"{name} must be an even number from {SMALLEST_SIDE} to {LARGEST_SIDE}, not {side}")
        if not 1 <= self.fps <= LARGEST_FPS:
            raise ValueError(f"fps must be from 1 to {LARGEST_FPS}, not {self.fps}")
        if not 0 <= self.transition_seconds <= LONGEST_TRANSITION_SECONDS:  # also refuses NaN
            raise ValueError(f"transition_seconds must be from 0 to {LONGEST_TRANSITION_SECONDS}")
        _check_seconds("scene_seconds", self.scene_seconds)
        if self.scene_seconds is not None and Fraction(str(self.scene_seconds)) * self.fps < 1:
            raise ValueError(f"scene_seconds must be at least one frame, 1/{self.fps} s, not {self.scene_seconds}")


def size_of(aspect: Aspect, resolution: Resolution) -> tuple[int, int]:
    """Width and height in pixels: `9:16` at `1080p` is 1080 × 1920."""
    short = int(resolution.value[:-1])
    long = short * 16 // 9
    return {Aspect.WIDE: (long, short), Aspect.TALL: (short, long), Aspect.SQUARE: (short, short)}[aspect]


def _check_seconds(name: str, seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds <= LONGEST_SCENE_SECONDS:  # also refuses NaN
        raise ValueError(f"{name} must be more than 0 and at most {LONGEST_SCENE_SECONDS}, not {seconds}")


def aspect_of(width: int, height: int) -> Aspect | None:
    """The named shape that this is, None for any other."""
    return next((aspect for aspect in Aspect if _is_shaped(width, height, aspect)), None)


def spec_values(spec: RenderSpec) -> dict[str, Any]:
    """The spec as JSON has it. `spec_of` reads it."""
    return dataclasses.asdict(spec) | {"scenes": [dataclasses.asdict(look) for look in spec.scenes]}


def spec_of(values: Mapping[str, Any]) -> RenderSpec:
    """The spec that these values were made of, by this version or an earlier one: what they lack has its default."""
    known = {name: values[name] for name in _NAMES if name in values}
    scenes = tuple(_look_of(look) for look in known.pop("scenes", ()))
    return RenderSpec(**_with_enums(known), scenes=scenes)


def _look_of(values: Mapping[str, Any]) -> SceneLook:
    return SceneLook(
        **_with_enums({name: values.get(name) for name in ("scene_id", "seconds", "motion", "transition")})
    )


def _with_enums(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _ENUMS[name](value) if name in _ENUMS and value is not None else value for name, value in values.items()
    }


_NAMES: Final = tuple(field.name for field in dataclasses.fields(RenderSpec))
_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "quality": Quality,
    "motion": Motion,
    "transition": Transition,
    "fill": Fill,
    "captions": Captions,
    "narration": Narration,
}


def _is_shaped(width: int, height: int, aspect: Aspect) -> bool:
    across, down = map(int, aspect.value.split(":"))
    return width * down == height * across
