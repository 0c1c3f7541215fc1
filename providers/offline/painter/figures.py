"""People and animals as silhouettes, each around a foot point (x, y) at a height in pixels."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Pencil

Outline = tuple[tuple[float, float], ...]
_PERSON: Outline = (
    (-0.035, -0.86), (0.035, -0.86), (0.04, -0.82), (0.12, -0.79), (0.14, -0.7), (0.165, -0.48), (0.15, -0.43),
    (0.12, -0.44),
    (0.125, -0.36), (0.11, -0.32), (0.095, -0.06), (0.125, 0.0), (0.035, 0.0), (0.03, -0.06), (0.008, -0.34),
    (-0.015, -0.34),
    (-0.03, -0.06), (-0.01, 0.0), (-0.105, 0.0), (-0.1, -0.06), (-0.115, -0.32), (-0.13, -0.36), (-0.12, -0.45),
    (-0.15, -0.44),
    (-0.165, -0.49), (-0.14, -0.7), (-0.12, -0.79), (-0.04, -0.82),
)  # fmt: skip
_DRESS: Outline = (
    (-0.03, -0.86), (0.03, -0.86), (0.035, -0.82), (0.1, -0.79), (0.12, -0.7), (0.14, -0.5), (0.125, -0.46),
    (0.1, -0.49),
    (0.085, -0.56), (0.12, -0.36), (0.17, -0.12), (0.16, -0.1), (0.06, -0.09), (0.065, -0.02), (0.085, 0.0),
    (0.015, 0.0),
    (0.015, -0.09), (-0.02, -0.09), (-0.02, 0.0), (-0.085, 0.0), (-0.065, -0.02), (-0.065, -0.09), (-0.16, -0.1),
    (-0.17, -0.12),
    (-0.12, -0.36), (-0.085, -0.56), (-0.1, -0.49), (-0.125, -0.46), (-0.14, -0.5), (-0.12, -0.7), (-0.1, -0.79),
    (-0.035, -0.82),
)  # fmt: skip


def _rounded(outline: Outline) -> Outline:
    """The outline with its corners cut twice (Chaikin's scheme)."""
    for _ in range(2):
        cut: list[tuple[float, float]] = []
        for (x, y), (next_x, next_y) in zip(outline, (*outline[1:], outline[0]), strict=True):
            cut += [
                (0.75 * x + 0.25 * next_x, 0.75 * y + 0.25 * next_y),
                (0.25 * x + 0.75 * next_x, 0.25 * y + 0.75 * next_y),
            ]
        outline = tuple(cut)
    return outline


def draw_outline(pencil: Pencil, points: Outline, x: float, y: float, tall: float, flip: int = 1) -> None:
    pencil.polygon([(x + flip * across * tall, y + down * tall) for across, down in points])


def draw_person(pencil: Pencil, x: float, y: float, tall: float, *, dress: bool = False) -> None:
    draw_outline(pencil, _rounded(_DRESS if dress else _PERSON), x, y, tall)
    pencil.ellipse(x, y - tall * 0.925, tall * 0.058, tall * 0.074)
    pencil.box(x - tall * 0.026, y - tall * 0.88, x + tall * 0.026, y - tall * 0.8)
    if dress:
        pencil.ellipse(x - tall * 0.05, y - tall * 0.965, tall * 0.034, tall * 0.036)
        pencil.ellipse(x - tall * 0.02, y - tall * 0.93, tall * 0.058, tall * 0.07)
    else:
        pencil.polygon(
            [
                (x - tall * 0.1, y - tall * 0.955),
                (x + tall * 0.1, y - tall * 0.955),
                (x + tall * 0.09, y - tall * 0.94),
                (x - tall * 0.09, y - tall * 0.94),
            ]
        )
        pencil.polygon(
            [
                (x - tall * 0.055, y - tall * 0.95),
                (x - tall * 0.045, y - tall * 1.02),
                (x + tall * 0.045, y - tall * 1.02),
                (x + tall * 0.055, y - tall * 0.95),
            ]
        )


def draw_couple(pencil: Pencil, x: float, y: float, tall: float) -> None:
    draw_person(pencil, x - tall * 0.15, y, tall)
    draw_person(pencil, x + tall * 0.17, y, tall * 0.93, dress=True)
    pencil.line([(x - tall * 0.03, y - tall * 0.4), (x + tall * 0.05, y - tall * 0.4)], tall * 0.04)


def draw_child(pencil: Pencil, x: float, y: float, tall: float) -> None:
    small = tall * 0.66
    draw_outline(pencil, _rounded(_DRESS), x, y, small)
    pencil.box(x - small * 0.03, y - small * 0.9, x + small * 0.03, y - small * 0.78)
    pencil.ellipse(x, y - small * 0.94, small * 0.095, small * 0.105)
    pencil.line([(x + small * 0.1, y - small * 0.62), (x + small * 0.26, y - small * 0.82)], small * 0.055)


def draw_crowd(pencil: Pencil, x: float, y: float, tall: float, rng: np.random.Generator) -> None:
    for number, shift in enumerate((-0.75, -0.4, -0.08, 0.3, 0.62, 0.95)):
        size = tall * float(rng.uniform(0.78, 1.02)) * (0.7 if number == 3 else 1)
        draw_person(
            pencil, x + shift * tall * 0.62, y + tall * float(rng.uniform(-0.03, 0.03)), size, dress=number % 2 == 1
        )


def draw_dog(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    size = tall * 0.46
    body = ((-0.62, -0.62), (0.4, -0.66), (0.52, -0.98), (0.66, -1.08), (0.72, -0.94), (0.95, -0.84),
        (0.92, -0.72), (0.68, -0.66), (0.52, -0.4),
            (0.46, 0.0), (0.34, 0.0), (0.32, -0.34), (-0.36, -0.32), (-0.44, 0.0), (-0.57, 0.0),
            (-0.6, -0.3))  # fmt: skip
    draw_outline(pencil, _rounded(body), x, y, size, flip)
    pencil.line(
        [
            (x - flip * size * 0.58, y - size * 0.56),
            (x - flip * size * 0.82, y - size * 0.78),
            (x - flip * size * 0.86, y - size * 0.98),
        ],
        size * 0.08,
    )


def draw_horse(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    size = tall * 0.86
    body = ((-0.62, -0.72), (-0.5, -0.86), (-0.1, -0.82), (0.28, -0.86), (0.52, -1.22), (0.62, -1.32),
        (0.66, -1.22), (0.88, -1.02), (0.84, -0.92),
            (0.68, -0.98), (0.56, -0.78), (0.46, -0.54), (0.44, -0.28), (0.4, 0.0), (0.31, 0.0), (0.33, -0.3),
            (0.26, -0.46), (-0.26, -0.44),
            (-0.4, -0.52), (-0.42, -0.28), (-0.36, 0.0), (-0.46, 0.0), (-0.54, -0.28), (-0.58, -0.5))  # fmt: skip
    draw_outline(pencil, _rounded(body), x, y, size, flip)
    pencil.line(
        [
            (x - flip * size * 0.6, y - size * 0.76),
            (x - flip * size * 0.74, y - size * 0.62),
            (x - flip * size * 0.74, y - size * 0.36),
        ],
        size * 0.07,
    )
    rider = (
        (-0.14, -0.82),
        (-0.12, -1.24),
        (0.02, -1.34),
        (0.14, -1.22),
        (0.26, -1.02),
        (0.22, -0.96),
        (0.1, -1.06),
        (0.08, -0.82),
        (0.1, -0.42),
        (0.02, -0.42),
    )
    draw_outline(pencil, _rounded(rider), x, y, size, flip)
    pencil.ellipse(x + flip * size * 0.03, y - size * 1.43, size * 0.075, size * 0.09)


def draw_bird(pencil: Pencil, x: float, y: float, wide: float, lift: float) -> None:
    thick = wide * 0.13
    left = [
        (x - wide, y - wide * lift),
        (x - wide * 0.45, y - wide * (lift + 0.22)),
        (x, y),
        (x - wide * 0.45, y - wide * (lift + 0.22) + thick * 1.5),
    ]
    pencil.polygon(left)
    pencil.polygon([(2 * x - across, down) for across, down in left])
    pencil.ellipse(x, y, thick * 0.8, thick * 1.3)
