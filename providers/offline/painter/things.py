"""Buildings, vehicles and trees as silhouettes, each around a foot point (x, y) at a height in pixels."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Pencil
from providers.offline.painter.figures import draw_outline


def draw_boat(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    for shape in (
        ((-0.46, -0.13), (0.52, -0.16), (0.36, 0.04), (-0.36, 0.04)),
        ((0.03, -1.0), (0.03, -0.2), (0.42, -0.2), (0.3, -0.5)),
        ((-0.03, -0.88), (-0.03, -0.2), (-0.34, -0.2)),
    ):
        draw_outline(pencil, shape, x, y, tall, flip)
    pencil.box(x - tall * 0.008, y - tall * 1.04, x + tall * 0.008, y - tall * 0.1)


def draw_lighthouse(pencil: Pencil, x: float, y: float, tall: float) -> None:
    draw_outline(pencil, ((-0.1, 0.06), (-0.058, -0.8), (0.058, -0.8), (0.1, 0.06)), x, y, tall)
    pencil.box(x - tall * 0.078, y - tall * 0.82, x + tall * 0.078, y - tall * 0.796)
    for shift in (-0.05, 0.0, 0.05):
        pencil.box(x + tall * (shift - 0.005), y - tall * 0.9, x + tall * (shift + 0.005), y - tall * 0.8)
    draw_outline(pencil, ((-0.068, -0.89), (0.0, -0.985), (0.068, -0.89)), x, y, tall)


def draw_house(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.62, y - tall * 0.56, x + tall * 0.62, y + tall * 0.1)
    draw_outline(pencil, ((-0.78, -0.54), (-0.42, -1.0), (0.42, -1.0), (0.78, -0.54)), x, y, tall)
    pencil.box(x + tall * 0.26, y - tall * 1.2, x + tall * 0.4, y - tall * 0.8)


def draw_castle(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.42, y - tall * 0.42, x + tall * 0.42, y + tall * 0.08)
    for shift, high, half in ((-0.42, 0.66, 0.09), (-0.16, 0.84, 0.08), (0.1, 1.0, 0.11), (0.42, 0.6, 0.1)):
        centre = x + tall * shift
        pencil.box(centre - tall * half, y - tall * high * 0.78, centre + tall * half, y + tall * 0.08)
        draw_outline(
            pencil,
            ((-half * 1.3, -high * 0.78), (0.0, -high * 0.78 - half * 2.6), (half * 1.3, -high * 0.78)),
            centre,
            y,
            tall,
        )
    for step in range(9):
        left = x - tall * 0.42 + step * tall * 0.1
        pencil.box(left, y - tall * 0.46, left + tall * 0.05, y - tall * 0.4)


def draw_church(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.12, y - tall * 0.34, x + tall * 0.5, y + tall * 0.06)
    draw_outline(pencil, ((-0.14, -0.33), (-0.02, -0.52), (0.42, -0.52), (0.54, -0.33)), x, y, tall)
    pencil.box(x - tall * 0.3, y - tall * 0.6, x - tall * 0.08, y + tall * 0.06)
    draw_outline(pencil, ((-0.33, -0.6), (-0.19, -0.94), (-0.05, -0.6)), x, y, tall)
    pencil.box(x - tall * 0.196, y - tall * 1.04, x - tall * 0.184, y - tall * 0.9)
    pencil.box(x - tall * 0.22, y - tall * 1.0, x - tall * 0.16, y - tall * 0.988)


def draw_windmill(pencil: Pencil, x: float, y: float, tall: float, angle: float) -> None:
    draw_outline(pencil, ((-0.17, 0.05), (-0.1, -0.62), (0.1, -0.62), (0.17, 0.05)), x, y, tall)
    pencil.ellipse(x, y - tall * 0.62, tall * 0.1, tall * 0.09)
    hub = (x, y - tall * 0.64)
    for quarter in range(4):
        turn = angle + quarter * np.pi / 2
        along, across = (float(np.cos(turn)), float(np.sin(turn))), (-float(np.sin(turn)), float(np.cos(turn)))

        def at(
            far: float, side: float, along: tuple[float, float] = along, across: tuple[float, float] = across
        ) -> tuple[float, float]:
            return hub[0] + tall * (along[0] * far + across[0] * side), hub[1] + tall * (
                along[1] * far + across[1] * side
            )

        pencil.line([hub, at(0.46, 0)], tall * 0.014)
        pencil.polygon([at(0.12, 0.005), at(0.46, 0.005), at(0.46, 0.085), at(0.12, 0.085)])


def draw_palm(pencil: Pencil, x: float, y: float, tall: float) -> None:
    top = (x + tall * 0.1, y - tall * 0.82)
    pencil.polygon(
        [
            (x - tall * 0.035, y),
            (x + tall * 0.02, y - tall * 0.45),
            (top[0] - tall * 0.015, top[1]),
            (top[0] + tall * 0.015, top[1]),
            (x + tall * 0.06, y - tall * 0.45),
            (x + tall * 0.035, y),
        ]
    )
    for reach, rise in (
        (-0.42, 0.1),
        (-0.34, 0.3),
        (-0.13, 0.4),
        (0.16, 0.4),
        (0.36, 0.28),
        (0.42, 0.08),
        (-0.3, -0.06),
        (0.28, -0.08),
    ):
        spine, under = [], []
        for step in range(9):
            share = step / 8
            across = top[0] + reach * tall * share
            down = top[1] - rise * tall * share + (0.16 + rise) * tall * share * share * 0.95
            thick = tall * 0.075 * (share * (1 - share) * 4) ** 0.7 + tall * 0.006
            spine.append((across, down))
            under.append((across, down + thick))
        pencil.polygon([*spine, *under[::-1]])


def draw_bridge(pencil: Pencil, left: float, right: float, deck: float, foot: float, unit: float) -> None:
    """An arched viaduct; the openings are drawn with fill 0."""
    pencil.box(left, deck, right, foot)
    spans = max(2, round((right - left) / (unit * 0.2)))
    wide = (right - left) / spans
    for span in range(spans):
        middle = left + wide * (span + 0.5)
        half, top = wide * 0.4, deck + unit * 0.03
        pencil.ellipse(middle, top + half, half, half, fill=0)
        if foot > top + half:
            pencil.box(middle - half, top + half, middle + half, foot + 4, fill=0)
    pencil.box(left, deck - unit * 0.012, right, deck - unit * 0.006)
    for post in np.arange(left, right, unit * 0.03):
        pencil.box(float(post), deck - unit * 0.012, float(post) + unit * 0.002, deck)


def draw_train(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    def box(left: float, top: float, right: float, foot: float) -> None:
        first, last = sorted((x + flip * left * tall, x + flip * right * tall))
        pencil.box(first, y + top * tall, last, y + foot * tall)

    box(0.5, -0.62, 1.5, -0.16)
    box(0.3, -0.9, 0.72, -0.16)
    box(0.24, -0.98, 0.78, -0.9)
    box(1.24, -0.95, 1.36, -0.6)
    box(0.95, -0.74, 1.06, -0.6)
    draw_outline(pencil, ((1.46, -0.2), (1.72, -0.02), (1.46, -0.02)), x, y, tall, flip)
    for car in range(3):
        start = 0.16 - (car + 1) * 1.52
        box(start, -0.82, start + 1.42, -0.16)
        box(start - 0.02, -0.9, start + 1.44, -0.8)
        for wheel in (0.25, 0.45, 0.95, 1.15):
            pencil.ellipse(x + flip * (start + wheel) * tall, y - tall * 0.1, tall * 0.1, tall * 0.1)
    box(-4.4, -0.2, 0.5, -0.14)
    for wheel, size in ((0.5, 0.16), (0.86, 0.16), (1.2, 0.11), (1.42, 0.11)):
        pencil.ellipse(x + flip * wheel * tall, y - tall * size, tall * size, tall * size)


def draw_car(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    size = tall * 0.62
    draw_outline(
        pencil,
        (
            (-1.2, -0.25),
            (-1.18, -0.6),
            (-0.72, -0.68),
            (-0.42, -1.0),
            (0.38, -1.0),
            (0.72, -0.66),
            (1.16, -0.56),
            (1.22, -0.25),
        ),
        x,
        y,
        size,
        flip,
    )
    for wheel in (-0.68, 0.7):
        pencil.ellipse(x + flip * wheel * size, y - size * 0.22, size * 0.23, size * 0.23)


def draw_tent(pencil: Pencil, x: float, y: float, tall: float) -> None:
    draw_outline(pencil, ((-0.72, 0.0), (-0.04, -0.74), (0.04, -0.74), (0.5, 0.0)), x, y, tall)
    pencil.line([(x - tall * 0.06, y - tall * 0.82), (x + tall * 0.02, y - tall * 0.7)], tall * 0.02)


def draw_lamp_post(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.014, y - tall * 0.86, x + tall * 0.014, y)
    pencil.box(x - tall * 0.034, y - tall * 0.07, x + tall * 0.034, y)
    draw_outline(pencil, ((-0.055, -0.96), (0.055, -0.96), (0.034, -0.86), (-0.034, -0.86)), x, y, tall)
    draw_outline(pencil, ((-0.07, -0.96), (0.0, -1.02), (0.07, -0.96)), x, y, tall)


def draw_rocket(pencil: Pencil, x: float, y: float, tall: float) -> None:
    draw_outline(
        pencil,
        ((0.0, -1.0), (0.09, -0.8), (0.12, -0.55), (0.1, -0.2), (-0.1, -0.2), (-0.12, -0.55), (-0.09, -0.8)),
        x,
        y,
        tall,
    )
    for flip in (1, -1):
        draw_outline(pencil, ((0.1, -0.4), (0.22, -0.16), (0.2, -0.06), (0.09, -0.2)), x, y, tall, flip)
    pencil.box(x - tall * 0.06, y - tall * 0.2, x + tall * 0.06, y - tall * 0.16)
