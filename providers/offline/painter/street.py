"""A street between two rows of houses, seen along its middle."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Pencil
from providers.offline.painter.layers import Scenery, Stage
from providers.offline.painter.lights import lay_glow
from providers.offline.painter.palette import mix
from providers.offline.painter.town import lay_blocks


def paint_street(scene: Scenery) -> Stage:
    """Houses on both sides that run towards a vanishing point, lamps, and a road between them."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("street")
    vanish = (canvas.width * (0.42 if plan.mirrored else 0.58), scene.horizon)
    lay_blocks(scene, rng, scene.horizon, 0.3)
    _lay_road(scene, vanish)
    for number, share in enumerate((0.16, 0.3, 0.52, 1.0)):
        for side in (-1, 1):
            _lay_house_front(scene, rng, vanish, side, number, share)
    for share in (0.32, 0.55, 0.95):
        for side in (-1, 1):
            _lay_lamp(scene, vanish, side, share)
    ground = np.full(canvas.width, scene.horizon + (canvas.height - scene.horizon) * 0.72, np.float32)
    return Stage(ground, depth=0.97, scale=1.15)


def _lay_road(scene: Scenery, vanish: tuple[float, float]) -> None:
    canvas, palette = scene.canvas, scene.palette
    rows = canvas.rows(scene.horizon, canvas.height)
    deep = np.clip(
        (canvas.y[rows] - np.float32(scene.horizon)) / np.float32(max(1.0, canvas.height - scene.horizon)), 0, 1
    )
    road = (
        mix(palette.haze, mix(palette.land, palette.near, 0.55), 0.35)
        + (palette.near - palette.haze) * np.float32(0.55) * deep[..., None]
    )
    canvas.blend(rows, np.ones_like(deep), np.clip(road, 0, 1))
    away = (canvas.x[None] - np.float32(vanish[0])) / (
        np.float32(canvas.width * 0.05) + np.float32(canvas.width * 0.34) * deep
    )
    sheen = np.exp(-(away * away)) * np.float32(0.42 if palette.lamps > 0.5 else 0.24)
    canvas.blend(rows, sheen * (1 - deep * np.float32(0.55)), mix(palette.haze, palette.light, 0.4))


def _lay_house_front(
    scene: Scenery, rng: np.random.Generator, vanish: tuple[float, float], side: int, number: int, share: float
) -> None:
    """One house front in perspective; `share` is how near it is."""
    canvas = scene.canvas
    reach = {-1: vanish[0], 1: canvas.width - vanish[0]}[side]
    inner = {0: 0.1, 1: 0.17, 2: 0.31, 3: 0.55}[number] * reach * 1.05
    outer = {0: 0.2, 1: 0.36, 2: 0.64, 3: 1.3}[number] * reach * 1.05
    tall = canvas.unit * float(rng.uniform(0.78, 1.1)) * 0.62
    near, far = outer / reach, inner / reach
    x_far, x_near = vanish[0] + side * inner, vanish[0] + side * outer
    top_far, top_near = vanish[1] - tall * far * 1.05, vanish[1] - tall * near * 1.05
    foot_far = vanish[1] + (canvas.height - vanish[1]) * far * 0.95
    foot_near = vanish[1] + (canvas.height - vanish[1]) * near * 0.95
    gable = rng.random() < 0.5

    def draw(pencil: Pencil) -> None:
        pencil.polygon([(x_far, top_far), (x_near, top_near), (x_near, foot_near), (x_far, foot_far)])
        if gable:
            pencil.polygon(
                [
                    (x_far, top_far),
                    ((x_far + x_near) / 2, (top_far + top_near) / 2 - tall * near * 0.22),
                    (x_near, top_near),
                ]
            )

    depth = 0.3 + 0.66 * share**0.7
    tint = (1 + rng.uniform(-0.06, 0.06, 3) + rng.uniform(-0.05, 0.05)).astype(np.float32)
    colour = np.clip(mix(scene.depth_colour(depth), scene.palette.land, 0.25) * tint, 0, 1)
    canvas.lay(
        canvas.sketch(-4, canvas.height, draw, left=min(x_far, x_near) - 2, right=max(x_far, x_near) + 2), colour
    )
    _lay_front_windows(scene, rng, (x_far, top_far, foot_far), (x_near, top_near, foot_near))


def _lay_front_windows(
    scene: Scenery, rng: np.random.Generator, far: tuple[float, float, float], near: tuple[float, float, float]
) -> None:
    canvas, palette = scene.canvas, scene.palette
    lit = rng.random((4, 4)) < 0.25 + 0.4 * palette.lamps

    def at(across: float, down: float) -> tuple[float, float]:
        x = far[0] + (near[0] - far[0]) * across
        top, foot = far[1] + (near[1] - far[1]) * across, far[2] + (near[2] - far[2]) * across
        return x, top + (foot - top) * down

    def panes(pencil: Pencil, *, shining: bool) -> None:
        for row in range(4):
            for column in range(4):
                if lit[row, column] == shining:
                    left, right = 0.1 + column * 0.22, 0.1 + column * 0.22 + 0.11
                    top, foot = 0.12 + row * 0.2, 0.12 + row * 0.2 + 0.1
                    pencil.polygon([at(left, top), at(right, top), at(right, foot), at(left, foot)])

    left, right = min(far[0], near[0]), max(far[0], near[0])
    dark = canvas.sketch(0, canvas.height, lambda pencil: panes(pencil, shining=False), left=left, right=right)
    canvas.lay(dark, mix(palette.near, palette.sky[2], 0.22), 0.6)
    bright = canvas.sketch(0, canvas.height, lambda pencil: panes(pencil, shining=True), left=left, right=right)
    canvas.lay(bright, palette.glow, 0.25 + 0.65 * palette.lamps)


def _lay_lamp(scene: Scenery, vanish: tuple[float, float], side: int, share: float) -> None:
    canvas, palette = scene.canvas, scene.palette
    x = vanish[0] + side * share * canvas.width * 0.3
    foot = vanish[1] + (canvas.height - vanish[1]) * share * 0.78
    tall = canvas.unit * 0.42 * share
    top = foot - tall

    def draw(pencil: Pencil) -> None:
        pencil.box(x - tall * 0.014, top, x + tall * 0.014, foot)
        pencil.box(x - tall * 0.03, foot - tall * 0.06, x + tall * 0.03, foot)
        pencil.polygon(
            [
                (x - tall * 0.05, top - tall * 0.1),
                (x + tall * 0.05, top - tall * 0.1),
                (x + tall * 0.03, top),
                (x - tall * 0.03, top),
            ]
        )
        pencil.polygon(
            [(x - tall * 0.065, top - tall * 0.1), (x, top - tall * 0.15), (x + tall * 0.065, top - tall * 0.1)]
        )

    reach = tall * 0.1
    canvas.lay(
        canvas.sketch(top - tall * 0.2, foot, draw, left=x - reach, right=x + reach),
        scene.depth_colour(0.4 + 0.6 * share),
    )
    if palette.lamps > 0.3:
        lay_glow(canvas, x, top - tall * 0.05, tall * 0.2, palette.glow, 0.95 * palette.lamps)
