"""The schema's enums of how a video is made. They mirror those of `domain.rendering`, and a test keeps it so."""

from __future__ import annotations

from enum import Enum

import strawberry

from domain import rendering
from graph.fields import enum_value as described


@strawberry.enum(description="Width to height.")
class Aspect(Enum):
    WIDE = described(rendering.Aspect.WIDE, "16:9, for screens.")
    TALL = described(rendering.Aspect.TALL, "9:16, for telephones.")
    SQUARE = described(rendering.Aspect.SQUARE, "1:1.")


@strawberry.enum(description="The shorter side, in pixels.")
class Resolution(Enum):
    P720 = described(rendering.Resolution.P720, "720.")
    P1080 = described(rendering.Resolution.P1080, "1080, Full HD.")
    P1440 = described(rendering.Resolution.P1440, "1440.")
    P2160 = described(rendering.Resolution.P2160, "2160, 4K.")


@strawberry.enum(description="How carefully a video is encoded.")
class Quality(Enum):
    DRAFT = described(rendering.Quality.DRAFT, "Quick to make, for looking at the pace.")
    FINAL = described(rendering.Quality.FINAL, "To be shown to others.")


@strawberry.enum(description="What the camera does over a picture.")
class Motion(Enum):
    HOLD = described(rendering.Motion.HOLD, "Nothing.")
    KEN_BURNS = described(rendering.Motion.KEN_BURNS, "A slow pan and zoom, chosen for each scene.")


@strawberry.enum(description="How one scene gives way to the next.")
class Transition(Enum):
    CUT = described(rendering.Transition.CUT, "At once.")
    CROSSFADE = described(rendering.Transition.CROSSFADE, "One dissolves into the other.")
    FADE_BLACK = described(rendering.Transition.FADE_BLACK, "Through black.")


@strawberry.enum(description="What a picture of another shape than the video does.")
class Fill(Enum):
    BLUR = described(rendering.Fill.BLUR, "Stands over a blurred copy of itself.")
    FIT = described(rendering.Fill.FIT, "Stands between black bars.")
    CROP = described(rendering.Fill.CROP, "Fills the frame and loses its edges.")


@strawberry.enum(description="How the words are shown in the picture. VTT and SRT files come in any case.")
class Captions(Enum):
    NONE = described(rendering.Captions.NONE, "Not at all.")
    PLAIN = described(rendering.Captions.PLAIN, "With a soft outline.")
    BOXED = described(rendering.Captions.BOXED, "On a dark box.")
    BOLD = described(rendering.Captions.BOLD, "Large and bold.")


@strawberry.enum(description="Whether the words are spoken.")
class Narration(Enum):
    AUTO = described(rendering.Narration.AUTO, "If this installation has a natural voice.")
    ON = described(rendering.Narration.ON, "With whatever voice this installation has.")
    OFF = described(rendering.Narration.OFF, "Not at all.")
