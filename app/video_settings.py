"""The settings about how videos are made where nothing else is asked for."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from app import setting_rules as rules
from app.graph_settings import GraphSettings
from app.setting_fields import setting
from domain.rendering import Captions, Motion, Narration, Quality, RenderSpec, Transition


def _choice(name: str, default: Any, text: str) -> Any:
    *most, last = (choice.value for choice in type(default))
    return setting(name, default, text, expected=f"should be {', '.join(most)} or {last}")


def _yes_or_no(value: object) -> bool:
    """Unlike pydantic, the same two words everywhere."""
    if isinstance(value, bool):
        return value
    match str(value).lower():
        case "yes" | "true" | "1" | "on":
            return True
        case "no" | "false" | "0" | "off":
            return False
    raise ValueError("should be yes or no")


class VideoSettings(GraphSettings):
    """Read by the API, which stores with each video how it is to be made."""

    video_size: Annotated[str, BeforeValidator(rules.even_size)] = setting(
        "REELGATE_VIDEO_SIZE", "1920x1080", "Width and height of videos in pixels; even numbers from 16 to 7680."
    )
    video_fps: Annotated[int, Field(ge=1, le=120)] = setting(
        "REELGATE_VIDEO_FPS",
        30,
        "Frames per second of videos; 1 to 120.",
        expected="should be a whole number from 1 to 120",
    )
    scene_seconds: Annotated[float, Field(ge=0.1, le=600, allow_inf_nan=False)] | None = setting(
        "REELGATE_SCENE_SECONDS",
        None,
        "How long each scene is shown, in seconds; 0.1 to 600. Default: as long as its narration, else as long as it "
        "takes to read.",
        expected="should be a number from 0.1 to 600",
    )
    quality: Annotated[Quality, BeforeValidator(rules.lower)] = _choice(
        "REELGATE_QUALITY", Quality.FINAL, "How carefully videos are encoded: draft (quick) or final."
    )
    motion: Annotated[Motion, BeforeValidator(rules.lower)] = _choice(
        "REELGATE_MOTION",
        Motion.KEN_BURNS,
        "What the camera does over a picture: hold (nothing) or ken_burns (a slow pan and zoom).",
    )
    transition: Annotated[Transition, BeforeValidator(rules.lower)] = _choice(
        "REELGATE_TRANSITION",
        Transition.CROSSFADE,
        "How one scene gives way to the next: cut, crossfade or fade_black.",
    )
    captions: Annotated[Captions, BeforeValidator(rules.lower)] = _choice(
        "REELGATE_CAPTIONS", Captions.PLAIN, "How the words are shown: none, plain, boxed or bold."
    )
    title_card: Annotated[bool, BeforeValidator(_yes_or_no)] = setting(
        "REELGATE_TITLE_CARD", False, "Whether a video begins with its script's title: yes or no."
    )
    lettering: Annotated[bool, BeforeValidator(_yes_or_no)] = setting(
        "REELGATE_LETTERING",
        False,
        "Whether the built-in painter writes number and title of a scene into its picture, as in a storyboard: yes or "
        "no.",
    )
    narration: Annotated[Narration, BeforeValidator(rules.lower)] = _choice(
        "REELGATE_NARRATION",
        Narration.AUTO,
        "Whether the words are spoken: on, off, or auto (if this installation has a natural voice).",
    )

    @field_validator("scene_seconds")
    @classmethod
    def _one_frame_at_least(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and value * info.data.get("video_fps", 120) < 1:
            raise ValueError("should be long enough for one frame at REELGATE_VIDEO_FPS")
        return value

    @property
    def render(self) -> RenderSpec:
        """What a video has that is not asked for otherwise."""
        width, height = map(int, self.video_size.split("x"))
        return RenderSpec(
            width=width,
            height=height,
            fps=self.video_fps,
            quality=self.quality,
            motion=self.motion,
            transition=self.transition,
            captions=self.captions,
            title_card=self.title_card,
            narration=self.narration,
            scene_seconds=self.scene_seconds,
        )
