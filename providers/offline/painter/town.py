"""City skylines, and the blocks that stand behind a street."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Box, Pencil, smooth
from providers.offline.painter.layers import Scenery, Stage, lay_ridge, lay_water
from providers.offline.painter.lights import lay_windows
from providers.offline.painter.palette import mix


def paint_city(scene: Scenery) -> Stage:
    """A skyline in four depths; some before a river that mirrors it."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("city")
    river = plan.variant % 3 == 1
    foot = scene.horizon + canvas.unit * 0.04
    depths = 3 if river else 4
    for number in range(depths):
        share = (number + 1) / depths
        lay_blocks(scene, rng, foot + canvas.unit * 0.1 * share * (0 if river else 1), share * (0.8 if river else 1))
    if river:
        lay_water(scene, foot, ripple=0.12)
        ground = np.full(canvas.width, canvas.height - canvas.unit * 0.045, np.float32)
        lay_ridge(scene, ground, 1.0)
        _lay_railing(scene)
        return Stage(ground, (foot + canvas.unit * 0.04, foot + canvas.unit * 0.12))
    _lay_mist(scene, canvas.height - canvas.unit * 0.09, canvas.unit * 0.24)
    ground = np.full(canvas.width, canvas.height - canvas.unit * 0.075, np.float32)
    lay_ridge(scene, ground, 1.0)
    if plan.variant % 3 == 2:
        _lay_railing(scene)
    return Stage(ground)


def _lay_mist(scene: Scenery, foot: float, reach: float) -> None:
    """Light that lies between the houses, so that whoever stands before them is seen."""
    canvas = scene.canvas
    rows = canvas.rows(foot - reach, canvas.height)
    rise = smooth(foot - reach, foot, canvas.y[rows]) * np.float32(0.5)
    canvas.blend(rows, rise, mix(scene.palette.haze, scene.palette.glow, 0.3 * scene.palette.lamps))


def lay_blocks(scene: Scenery, rng: np.random.Generator, foot: float, share: float) -> None:
    canvas, palette = scene.canvas, scene.palette
    depth = 0.2 + 0.74 * share
    boxes: list[Box] = []
    left = -canvas.unit * 0.05
    while left < canvas.width:
        wide = canvas.unit * float(rng.uniform(0.045, 0.115)) * (0.6 + 0.5 * share)
        tall = (
            canvas.unit * float(rng.uniform(0.13, 0.36) + (0.17 if rng.random() < 0.16 else 0)) * (1.25 - 0.3 * share)
        )
        boxes.append((left, foot - tall, left + wide, canvas.height))
        left += wide * float(rng.uniform(0.85, 1.35))
    roofs = rng.random(len(boxes))

    def draw(pencil: Pencil) -> None:
        for box, roof in zip(boxes, roofs, strict=True):
            _draw_tower(pencil, box, float(roof), canvas.unit)

    mask = canvas.sketch(min(box[1] for box in boxes) - canvas.unit * 0.09, canvas.height, draw)
    colour = scene.depth_colour(depth)
    fade = np.clip((canvas.y[mask.rows] - np.float32(foot - canvas.unit * 0.2)) / np.float32(canvas.unit * 0.4), 0, 1)
    fill = colour + (palette.haze - colour) * (fade * np.float32(0.75 * (1 - depth)))[..., None]
    canvas.lay(mask, fill)
    lit = (0.12 + 0.4 * palette.lamps) * (1.0 if share > 0.4 else 0.5)
    lay_windows(scene, boxes, rng, size=canvas.unit * (0.0035 + 0.0045 * share), lit=lit, within=mask)


def _draw_tower(pencil: Pencil, box: Box, roof: float, unit: float) -> None:
    left, top, right, bottom = box
    wide = right - left
    pencil.box(left, top, right, bottom)
    if roof < 0.16:
        pencil.box(left + wide * 0.46, top - unit * 0.055, left + wide * 0.5, top)
    elif roof < 0.34:
        pencil.box(left + wide * 0.2, top - unit * 0.02, left + wide * 0.75, top)
    elif roof < 0.46:
        pencil.polygon([(left, top), (left + wide * 0.5, top - wide * 0.7), (right, top)])
    elif roof < 0.58:
        pencil.box(left + wide * 0.12, top - unit * 0.022, right - wide * 0.12, top)
        pencil.box(left + wide * 0.28, top - unit * 0.042, right - wide * 0.28, top)


def _lay_railing(scene: Scenery) -> None:
    canvas = scene.canvas
    top, foot = canvas.height - canvas.unit * 0.105, canvas.height - canvas.unit * 0.04

    def draw(pencil: Pencil) -> None:
        pencil.box(0, top, canvas.width, top + canvas.unit * 0.006)
        for x in np.arange(0, canvas.width, canvas.unit * 0.022):
            pencil.box(float(x), top, float(x) + canvas.unit * 0.0026, foot)
        for x in np.arange(canvas.unit * 0.1, canvas.width, canvas.unit * 0.35):
            pencil.box(float(x), top - canvas.unit * 0.012, float(x) + canvas.unit * 0.012, foot)

    canvas.lay(canvas.sketch(top - canvas.unit * 0.02, canvas.height, draw), scene.palette.near)
