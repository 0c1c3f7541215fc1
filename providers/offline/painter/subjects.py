"""Figures and things that stand in a landscape, as silhouettes with lit windows.

Each is drawn around a foot point (x, y) at a height; which of them, how large and where is decided in `staging`.
"""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Pencil
from providers.offline.painter.layers import draw_broadleaf

_PERSON = ((-0.06, -0.82), (0.06, -0.82), (0.12, -0.72), (0.16, -0.36), (0.11, -0.35), (0.12, 0.0), (0.03, 0.0), (0.005, -0.3),
           (-0.02, 0.0), (-0.11, 0.0), (-0.1, -0.35), (-0.15, -0.37), (-0.12, -0.72))  # fmt: skip
_DRESS = ((-0.055, -0.82), (0.055, -0.82), (0.1, -0.72), (0.14, -0.4), (0.1, -0.4), (0.17, -0.12), (0.06, -0.12), (0.06, 0.0), (0.015, 0.0),
          (0.01, -0.12), (-0.03, -0.12), (-0.035, 0.0), (-0.08, 0.0), (-0.08, -0.12), (-0.17, -0.12), (-0.1, -0.4), (-0.14, -0.4), (-0.1, -0.72))  # fmt: skip


def _shape(pencil: Pencil, points: tuple[tuple[float, float], ...], x: float, y: float, tall: float, flip: int = 1) -> None:
    pencil.polygon([(x + flip * across * tall, y + down * tall) for across, down in points])


def draw_person(pencil: Pencil, x: float, y: float, tall: float, *, dress: bool = False) -> None:
    _shape(pencil, _DRESS if dress else _PERSON, x, y, tall)
    pencil.ellipse(x, y - tall * 0.91, tall * 0.072, tall * 0.088)
    pencil.box(x - tall * 0.028, y - tall * 0.86, x + tall * 0.028, y - tall * 0.79)
    if dress:
        pencil.ellipse(x - tall * 0.06, y - tall * 0.95, tall * 0.045, tall * 0.05)


def draw_couple(pencil: Pencil, x: float, y: float, tall: float) -> None:
    draw_person(pencil, x - tall * 0.15, y, tall)
    draw_person(pencil, x + tall * 0.17, y, tall * 0.93, dress=True)
    pencil.line([(x - tall * 0.03, y - tall * 0.4), (x + tall * 0.05, y - tall * 0.4)], tall * 0.04)


def draw_child(pencil: Pencil, x: float, y: float, tall: float) -> None:
    small = tall * 0.66
    _shape(pencil, _DRESS, x, y, small)
    pencil.ellipse(x, y - small * 0.93, small * 0.1, small * 0.11)
    pencil.line([(x + small * 0.1, y - small * 0.62), (x + small * 0.26, y - small * 0.82)], small * 0.055)


def draw_crowd(pencil: Pencil, x: float, y: float, tall: float, rng: np.random.Generator) -> None:
    for number, shift in enumerate((-0.75, -0.4, -0.08, 0.3, 0.62, 0.95)):
        size = tall * float(rng.uniform(0.78, 1.02)) * (0.7 if number == 3 else 1)
        draw_person(pencil, x + shift * tall * 0.62, y + tall * float(rng.uniform(-0.03, 0.03)), size, dress=number % 2 == 1)


def draw_dog(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    size = tall * 0.46
    body = ((-0.62, -0.62), (0.4, -0.66), (0.52, -0.98), (0.66, -1.08), (0.72, -0.94), (0.95, -0.84), (0.92, -0.72), (0.68, -0.66), (0.52, -0.4),
            (0.46, 0.0), (0.34, 0.0), (0.32, -0.34), (-0.36, -0.32), (-0.44, 0.0), (-0.57, 0.0), (-0.6, -0.3))  # fmt: skip
    _shape(pencil, body, x, y, size, flip)
    pencil.line([(x - flip * size * 0.58, y - size * 0.56), (x - flip * size * 0.82, y - size * 0.78), (x - flip * size * 0.86, y - size * 0.98)], size * 0.08)


def draw_horse(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    size = tall * 0.86
    body = ((-0.62, -0.72), (-0.5, -0.86), (-0.1, -0.82), (0.28, -0.86), (0.52, -1.22), (0.62, -1.32), (0.66, -1.22), (0.88, -1.02), (0.84, -0.92),
            (0.68, -0.98), (0.56, -0.78), (0.46, -0.54), (0.44, -0.28), (0.4, 0.0), (0.31, 0.0), (0.33, -0.3), (0.26, -0.46), (-0.26, -0.44),
            (-0.4, -0.52), (-0.42, -0.28), (-0.36, 0.0), (-0.46, 0.0), (-0.54, -0.28), (-0.58, -0.5))  # fmt: skip
    _shape(pencil, body, x, y, size, flip)
    pencil.line([(x - flip * size * 0.6, y - size * 0.76), (x - flip * size * 0.74, y - size * 0.62), (x - flip * size * 0.74, y - size * 0.36)], size * 0.07)
    rider = ((-0.14, -0.82), (-0.12, -1.24), (0.02, -1.34), (0.14, -1.22), (0.26, -1.02), (0.22, -0.96), (0.1, -1.06), (0.08, -0.82), (0.1, -0.42), (0.02, -0.42))
    _shape(pencil, rider, x, y, size, flip)
    pencil.ellipse(x + flip * size * 0.03, y - size * 1.43, size * 0.075, size * 0.09)


def draw_bird(pencil: Pencil, x: float, y: float, wide: float, lift: float) -> None:
    thick = wide * 0.13
    left = [(x - wide, y - wide * lift), (x - wide * 0.45, y - wide * (lift + 0.22)), (x, y), (x - wide * 0.45, y - wide * (lift + 0.22) + thick * 1.5)]
    pencil.polygon(left)
    pencil.polygon([(2 * x - across, down) for across, down in left])
    pencil.ellipse(x, y, thick * 0.8, thick * 1.3)


def draw_boat(pencil: Pencil, x: float, y: float, tall: float, flip: int = 1) -> None:
    for shape in (
        ((-0.46, -0.13), (0.52, -0.16), (0.36, 0.04), (-0.36, 0.04)),
        ((0.03, -1.0), (0.03, -0.2), (0.42, -0.2), (0.3, -0.5)),
        ((-0.03, -0.88), (-0.03, -0.2), (-0.34, -0.2)),
    ):
        _shape(pencil, shape, x, y, tall, flip)
    pencil.box(x - tall * 0.008, y - tall * 1.04, x + tall * 0.008, y - tall * 0.1)


def draw_lighthouse(pencil: Pencil, x: float, y: float, tall: float) -> None:
    _shape(pencil, ((-0.1, 0.06), (-0.058, -0.8), (0.058, -0.8), (0.1, 0.06)), x, y, tall)
    pencil.box(x - tall * 0.078, y - tall * 0.82, x + tall * 0.078, y - tall * 0.796)
    for shift in (-0.05, 0.0, 0.05):
        pencil.box(x + tall * (shift - 0.005), y - tall * 0.9, x + tall * (shift + 0.005), y - tall * 0.8)
    _shape(pencil, ((-0.068, -0.89), (0.0, -0.985), (0.068, -0.89)), x, y, tall)


def draw_house(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.62, y - tall * 0.56, x + tall * 0.62, y + tall * 0.1)
    _shape(pencil, ((-0.78, -0.54), (-0.42, -1.0), (0.42, -1.0), (0.78, -0.54)), x, y, tall)
    pencil.box(x + tall * 0.26, y - tall * 1.2, x + tall * 0.4, y - tall * 0.8)


def draw_castle(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.42, y - tall * 0.42, x + tall * 0.42, y + tall * 0.08)
    for shift, high, half in ((-0.42, 0.66, 0.09), (-0.16, 0.84, 0.08), (0.1, 1.0, 0.11), (0.42, 0.6, 0.1)):
        centre = x + tall * shift
        pencil.box(centre - tall * half, y - tall * high * 0.78, centre + tall * half, y + tall * 0.08)
        _shape(pencil, ((-half * 1.3, -high * 0.78), (0.0, -high * 0.78 - half * 2.6), (half * 1.3, -high * 0.78)), centre, y, tall)
    for step in range(9):
        left = x - tall * 0.42 + step * tall * 0.1
        pencil.box(left, y - tall * 0.46, left + tall * 0.05, y - tall * 0.4)


def draw_church(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.12, y - tall * 0.34, x + tall * 0.5, y + tall * 0.06)
    _shape(pencil, ((-0.14, -0.33), (-0.02, -0.52), (0.42, -0.52), (0.54, -0.33)), x, y, tall)
    pencil.box(x - tall * 0.3, y - tall * 0.6, x - tall * 0.08, y + tall * 0.06)
    _shape(pencil, ((-0.33, -0.6), (-0.19, -0.94), (-0.05, -0.6)), x, y, tall)
    pencil.box(x - tall * 0.196, y - tall * 1.04, x - tall * 0.184, y - tall * 0.9)
    pencil.box(x - tall * 0.22, y - tall * 1.0, x - tall * 0.16, y - tall * 0.988)


def draw_windmill(pencil: Pencil, x: float, y: float, tall: float, angle: float) -> None:
    _shape(pencil, ((-0.17, 0.05), (-0.1, -0.62), (0.1, -0.62), (0.17, 0.05)), x, y, tall)
    pencil.ellipse(x, y - tall * 0.62, tall * 0.1, tall * 0.09)
    hub = (x, y - tall * 0.64)
    for quarter in range(4):
        turn = angle + quarter * np.pi / 2
        along, across = (float(np.cos(turn)), float(np.sin(turn))), (-float(np.sin(turn)), float(np.cos(turn)))

        def at(far: float, side: float, along: tuple[float, float] = along, across: tuple[float, float] = across) -> tuple[float, float]:
            return hub[0] + tall * (along[0] * far + across[0] * side), hub[1] + tall * (along[1] * far + across[1] * side)

        pencil.line([hub, at(0.46, 0)], tall * 0.014)
        pencil.polygon([at(0.12, 0.005), at(0.46, 0.005), at(0.46, 0.085), at(0.12, 0.085)])


def draw_tree(pencil: Pencil, x: float, y: float, tall: float, rng: np.random.Generator) -> None:
    draw_broadleaf(pencil, x, y + tall * 0.02, tall, rng)


def draw_palm(pencil: Pencil, x: float, y: float, tall: float) -> None:
    top = (x + tall * 0.1, y - tall * 0.82)
    pencil.polygon([(x - tall * 0.035, y), (x + tall * 0.02, y - tall * 0.45), (top[0] - tall * 0.015, top[1]), (top[0] + tall * 0.015, top[1]), (x + tall * 0.06, y - tall * 0.45), (x + tall * 0.035, y)])
    for angle, long in ((-2.75, 0.4), (-2.25, 0.36), (-1.57, 0.26), (-0.9, 0.36), (-0.4, 0.4), (0.25, 0.34), (2.9, 0.34)):
        reach_x, reach_y = float(np.cos(angle)) * long * tall, float(np.sin(angle)) * long * tall * 0.55
        middle = (top[0] + reach_x * 0.55, top[1] + reach_y * 1.1 - tall * 0.05)
        tip = (top[0] + reach_x, top[1] + reach_y * 0.6 + tall * 0.1)
        pencil.polygon([top, middle, tip, (middle[0] * 0.92 + top[0] * 0.08, middle[1] + tall * 0.06)])


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
    _shape(pencil, ((1.46, -0.2), (1.72, -0.02), (1.46, -0.02)), x, y, tall, flip)
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
    _shape(pencil, ((-1.2, -0.25), (-1.18, -0.6), (-0.72, -0.68), (-0.42, -1.0), (0.38, -1.0), (0.72, -0.66), (1.16, -0.56), (1.22, -0.25)), x, y, size, flip)
    for wheel in (-0.68, 0.7):
        pencil.ellipse(x + flip * wheel * size, y - size * 0.22, size * 0.23, size * 0.23)


def draw_tent(pencil: Pencil, x: float, y: float, tall: float) -> None:
    _shape(pencil, ((-0.72, 0.0), (-0.04, -0.74), (0.04, -0.74), (0.5, 0.0)), x, y, tall)
    pencil.line([(x - tall * 0.06, y - tall * 0.82), (x + tall * 0.02, y - tall * 0.7)], tall * 0.02)


def draw_lamp_post(pencil: Pencil, x: float, y: float, tall: float) -> None:
    pencil.box(x - tall * 0.014, y - tall * 0.86, x + tall * 0.014, y)
    pencil.box(x - tall * 0.034, y - tall * 0.07, x + tall * 0.034, y)
    _shape(pencil, ((-0.055, -0.96), (0.055, -0.96), (0.034, -0.86), (-0.034, -0.86)), x, y, tall)
    _shape(pencil, ((-0.07, -0.96), (0.0, -1.02), (0.07, -0.96)), x, y, tall)


def draw_rocket(pencil: Pencil, x: float, y: float, tall: float) -> None:
    _shape(pencil, ((0.0, -1.0), (0.09, -0.8), (0.12, -0.55), (0.1, -0.2), (-0.1, -0.2), (-0.12, -0.55), (-0.09, -0.8)), x, y, tall)
    for flip in (1, -1):
        _shape(pencil, ((0.1, -0.4), (0.22, -0.16), (0.2, -0.06), (0.09, -0.2)), x, y, tall, flip)
    pencil.box(x - tall * 0.06, y - tall * 0.2, x + tall * 0.06, y - tall * 0.16)
