"""One scene's frames: the picture under a moving camera, or held."""

from __future__ import annotations

from dataclasses import dataclass

from domain.rendering import Fill, Motion
from video.frames.motion import STILL, is_pan, view
from video.frames.planes import Frame
from video.frames.sampling import Grid, Sampler, even_step
from video.frames.stills import Canvas, Pixels, make_canvas, paint_backdrop, paint_still, place_card
from video.orders import Shot


@dataclass(frozen=True, slots=True)
class Prepared:
    """What all frames of a picture have in common: the frame around its card or, if it is held, all of it."""

    ground: Frame
    canvas: Canvas | None

    @property
    def byte_size(self) -> int:
        return self.ground.block.nbytes + (self.canvas.byte_size if self.canvas else 0)


def is_still(shot: Shot) -> bool:
    return shot.motion is Motion.HOLD or shot.path == STILL


def prepare(picture: Pixels, shot: Shot, size: tuple[int, int], fps: int, fill: Fill) -> Prepared:
    """Make ready a picture that was read for the shot."""
    ground = Frame(*size)
    card = place_card((picture.shape[1], picture.shape[0]), size, fill)
    if (card.width, card.height) != size:
        paint_backdrop(picture, fill, ground)
    if is_still(shot):
        paint_still(picture, card, ground)
        return Prepared(ground, None)
    return Prepared(ground, make_canvas(picture, card, shot.frames / fps))


class Camera:
    """Shows a shot's frames. The frame that it returns is always the same object, painted over by the next call."""

    def __init__(self, shot: Shot, prepared: Prepared, fps: int) -> None:
        self._shot, self._seconds, self._canvas = shot, shot.frames / fps, prepared.canvas
        self._frame = Frame(prepared.ground.width, prepared.ground.height)
        self._frame.block[:] = prepared.ground.block
        if self._canvas:
            card = self._canvas.card
            self._sampler = Sampler(card.width, card.height)
            self._targets = self._frame.region(card.x, card.y, card.width, card.height)

    def frame(self, number: int) -> Frame:
        """Frame `number` of the segment, from 0."""
        if self._canvas:
            time = (self._shot.first_frame + number) / max(1, self._shot.frames - 1)
            places = grids(self._canvas, self._shot.path, time, self._seconds)
            for plane, target, (across, down) in zip(self._canvas.planes, self._targets, places, strict=True):
                self._sampler.sample(plane, across, down, target)
        return self._frame


def grids(canvas: Canvas, path: str, time: float, seconds: float) -> tuple[tuple[Grid, Grid], tuple[Grid, Grid]]:
    """For luma and for chroma, where the columns and the rows of the card lie on the canvas."""
    high, wide = (side - canvas.margin for side in canvas.planes[0].shape)
    window_wide, window_high = canvas.window
    seen = view(path, time, seconds, (wide / window_wide - 1, high / window_high - 1))
    step_x, step_y = window_wide / seen.zoom / canvas.card.width, window_high / seen.zoom / canvas.card.height
    if is_pan(path):
        step_x, step_y = even_step(step_x), even_step(step_y)
    left = (wide - step_x * canvas.card.width) * seen.x + canvas.margin
    top = (high - step_y * canvas.card.height) * seen.y + canvas.margin
    luma = Grid(left + step_x / 2 - 0.5, step_x), Grid(top + step_y / 2 - 0.5, step_y)
    chroma = Grid(left / 2 + step_x / 4 - 0.5, step_x), Grid(top / 2 + step_y / 2 - 0.5, step_y)
    return luma, chroma
