"""How far each frame of a moving camera is from where it should be, in pixels.

    python -m benchmarks.video.jitter

The picture is a sum of waves, of which every value between its pixels is known: a frame is compared with the waves
themselves at the places that the path says. What shift explains the difference best is found by least squares
(Lucas and Kanade's step, exact for shifts as small as these), in several patches of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.rendering import Fill, Motion
from video.frames.camera import Camera, grids, prepare
from video.frames.motion import CameraPath
from video.orders import Shot

Floats = NDArray[np.float64]
PATCH = 96


@dataclass(frozen=True)
class Waves:
    """A texture that is known everywhere: brightness by place, both in pixels of the picture."""

    across: Floats
    down: Floats
    phase: Floats

    @classmethod
    def draw(cls, count: int = 40) -> Waves:
        random = np.random.default_rng(7)
        turn, length = random.uniform(0, 2 * np.pi, count), random.uniform(8, 40, count)
        rate = 2 * np.pi / length
        return cls(rate * np.cos(turn), rate * np.sin(turn), random.uniform(0, 2 * np.pi, count))

    def at(self, x: NDArray[Any], y: NDArray[Any]) -> Floats:
        """Brightness, 0 to 255, at the columns `x` and the rows `y`."""
        total = np.zeros((len(y), len(x)))
        for across, down, phase in zip(self.across, self.down, self.phase, strict=True):
            total += np.real(np.exp(1j * (down * y + phase))[:, None] * np.exp(1j * across * x)[None, :])
        grey: Floats = 127.5 + total * 105 / len(self.phase) ** 0.5 / 2
        return grey


def shift_between(wanted: Floats, found: Floats) -> Floats:
    """How far `found` lies to the right and below, in pixels; for shifts of far less than one."""
    down, across = np.gradient(wanted)
    normal = np.array([[(across * across).sum(), (across * down).sum()], [(across * down).sum(), (down * down).sum()]])
    difference = found - found.mean() - (wanted - wanted.mean())
    shift: Floats = -np.linalg.solve(normal, np.array([(across * difference).sum(), (down * difference).sum()]))
    return shift


def errors_of(
    path: str, *, picture: tuple[int, int], frame: tuple[int, int], fps: int, seconds: int, every: int = 1
) -> Floats:
    """Errors of place, (frames, patches, 2), of each `every`th frame of a scene."""
    waves = Waves.draw()
    grey = np.rint(waves.at(np.arange(picture[0], dtype=float), np.arange(picture[1], dtype=float)))
    pixels = np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    shot = Shot(Path("waves.png"), "", Motion.KEN_BURNS, path, fps * seconds, 0)
    prepared = prepare(pixels, shot, frame, fps, Fill.CROP)
    camera = Camera(shot, prepared, fps)
    assert prepared.canvas is not None
    corners = [(frame[0] * i // 8, frame[1] * j // 8) for i, j in ((1, 1), (3, 4), (6, 2), (6, 6))]
    errors = []
    for number in range(0, shot.frames, every):
        shown = camera.frame(number).planes[0].astype(float)
        (across, down), _ = grids(prepared.canvas, path, number / (shot.frames - 1), seconds)
        scale = prepared.canvas.density
        row = []
        for left, top in corners:
            x = across.start + across.step * np.arange(left, left + PATCH) - prepared.canvas.margin
            y = down.start + down.step * np.arange(top, top + PATCH) - prepared.canvas.margin
            wanted = waves.at((x + 0.5) / scale[0] - 0.5, (y + 0.5) / scale[1] - 0.5) * 219 / 255 + 16
            row.append(shift_between(wanted, shown[top : top + PATCH, left : left + PATCH]))
        errors.append(row)
    return np.array(errors)


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def main() -> None:
    print(
        "| path | seconds | rms, px | rms from frame to frame, px | largest, px |\n| --- | ---: | ---: | ---: | ---: |"
    )
    every = []
    for seconds in (5, 20):
        for path in CameraPath:
            errors = errors_of(path, picture=(1792, 1024), frame=(1920, 1080), fps=30, seconds=seconds, every=1)
            steps = np.diff(errors, axis=0)
            every.append(errors)
            print(
                f"| {path} | {seconds} | {rms(errors):.4f} | {rms(steps):.4f} | {np.abs(errors).max():.4f} |",
                flush=True,
            )
    print(f"All: {rms(np.concatenate(every)):.4f} px rms")


if __name__ == "__main__":
    main()
