"""Planets, nebulae and the ground of other worlds."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Canvas, Floats, field_noise, ridge_line, smooth
from providers.offline.painter.layers import Scenery, Stage, lay_ridge
from providers.offline.painter.palette import mix, rgb

_PLANETS = ("c97b4a", "5aa0c8", "b79a6a", "8a76b8", "6fae8a")
_CLOUDS = (("782f96", "145a82"), ("8a3a4a", "34408a"), ("1f6f6a", "4a3a8c"))


def paint_space(scene: Scenery) -> Stage:
    """A planet, large or ringed, or the view from a barren one."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("space")
    _add_nebula(scene, rng)
    kind = plan.variant % 3
    unit = canvas.unit
    if kind == 0:
        radius = unit * float(rng.uniform(0.24, 0.33))
        _add_planet(canvas, rng, (canvas.width * 0.66, canvas.height * 0.56), radius)
    elif kind == 1:
        radius = unit * float(rng.uniform(0.15, 0.2))
        centre = (canvas.width * 0.68, canvas.height * 0.4)
        _add_planet(canvas, rng, centre, radius, ringed=True)
    else:
        _add_planet(canvas, rng, (canvas.width * 0.5, canvas.height * 0.72 + canvas.width * 0.75), canvas.width * 0.75)
    ground = np.full(canvas.width, canvas.height * 0.97, np.float32)
    if kind == 1:
        ground = (
            np.float32(canvas.height - unit * 0.13) - ridge_line(rng, canvas.width, 1.7) * np.float32(unit * 0.06)
        ).astype(np.float32)
        lay_ridge(scene, ground, 1.0, colour=mix(rgb("3a3040"), rgb(_PLANETS[plan.seed % 5]), 0.15))
    return Stage(ground)


def _add_nebula(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    first, second = _CLOUDS[scene.plan.seed // 3 % len(_CLOUDS)]
    for code, low in ((first, 0.1), (second, 0.2)):
        veil = field_noise(rng, canvas.height, canvas.width, roughness=1.75)
        canvas.pixels += (smooth(low, 2.6, veil) * np.float32(0.85))[..., None] * rgb(code)


def _add_planet(
    canvas: Canvas, rng: np.random.Generator, centre: tuple[float, float], radius: float, *, ringed: bool = False
) -> None:
    reach = radius * 1.35
    rows = canvas.rows(centre[1] - reach, centre[1] + reach)
    first, last = max(0, int(centre[0] - reach)), min(canvas.width, int(centre[0] + reach) + 1)
    columns = slice(first, last)
    x = (canvas.x[columns][None] - np.float32(centre[0])) / np.float32(radius)
    y = (canvas.y[rows] - np.float32(centre[1])) / np.float32(radius)
    away = np.sqrt(x * x + y * y)
    lit = np.clip(-0.6 * x - 0.5 * y + 0.62 * np.sqrt(np.clip(1 - away * away, 0, 1)), 0.02, 1).astype(np.float32)
    bands = field_noise(rng, *away.shape, roughness=1.5, flat=5.0) * np.float32(0.32)
    base = rgb(_PLANETS[int(rng.integers(0, len(_PLANETS)))])
    surface = np.clip(base * (1 + bands[..., None]) * lit[..., None], 0, 1)
    halo = np.exp(-(((away - 1) / np.float32(0.07)) ** 2)) * np.clip(-0.6 * x - 0.5 * y + 0.3, 0, 1) * np.float32(0.4)
    canvas.blend(rows, np.clip((1 - away) * np.float32(radius) + np.float32(0.5), 0, 1), surface, columns)
    canvas.pixels[rows, columns] += halo[..., None] * np.array([0.6, 0.8, 1], np.float32)
    if ringed:
        _add_ring(canvas, centre, radius, base)


def _add_ring(canvas: Canvas, centre: tuple[float, float], radius: float, base: Floats) -> None:
    reach = radius * 2.4
    rows = canvas.rows(centre[1] - reach, centre[1] + reach)
    columns = slice(max(0, int(centre[0] - reach)), min(canvas.width, int(centre[0] + reach)))
    x = (canvas.x[columns][None] - np.float32(centre[0])) / np.float32(radius)
    y = (canvas.y[rows] - np.float32(centre[1])) / np.float32(radius)
    along, across = (
        x * np.float32(0.95) + y * np.float32(0.31),
        (y * np.float32(0.95) - x * np.float32(0.31)) * np.float32(4.2),
    )
    ring = np.sqrt(along * along + across * across)
    alpha = (
        smooth(1.28, 1.34, ring) * smooth(2.2, 2.12, ring) * (np.float32(0.55) + np.float32(0.25) * np.sin(ring * 30))
    )
    behind = (across < 0) & (x * x + y * y < 1)
    canvas.blend(rows, np.where(behind, 0, alpha).astype(np.float32), mix(base, np.ones(3, np.float32), 0.35), columns)
