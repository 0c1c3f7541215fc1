"""Land in layers: ridges that fade into the haze, trees along them, mirror images in water."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from providers.offline.painter.canvas import Canvas, Colour, Floats, Pencil, field_noise, ridge_line, smooth
from providers.offline.painter.palette import Palette, mix
from providers.offline.painter.plan import Plan
from providers.offline.painter.sky import Sun


@dataclass(frozen=True, slots=True)
class Scenery:
    """What every part of a landscape is painted with."""

    canvas: Canvas
    plan: Plan
    palette: Palette
    sun: Sun
    horizon: float

    def depth_colour(self, depth: float) -> Colour:
        """The colour of land at a depth: 0 is lost in haze, 1 stands before the viewer."""
        own = mix(self.palette.land, self.palette.near, depth**1.4)
        return mix(self.palette.haze, own, 0.1 + 0.9 * depth)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where subjects may stand: the ground's height for each column, and a band of water if there is one."""

    ground: Floats
    water: tuple[float, float] | None = None
    depth: float = 0.95
    scale: float = 1.0


def lay_ridge(
    scene: Scenery, profile: Floats, depth: float, *, mist: float = 0.5, colour: Colour | None = None
) -> None:
    """Fills everything below a skyline, with mist at its foot and the sun's light along its edge."""
    canvas, palette = scene.canvas, scene.palette
    rows = canvas.rows(float(profile.min()) - 1, canvas.height)
    below = canvas.y[rows] - profile[None]
    base = scene.depth_colour(depth) if colour is None else colour
    foot = np.clip(below / np.float32(canvas.unit * 0.28), 0, 1) * np.float32(mist * (1 - depth))
    edge = np.exp(-np.clip(below, 0, None) / np.float32(canvas.unit * 0.004 + 1))
    near_sun = np.exp(-(((canvas.x - np.float32(scene.sun.x)) / np.float32(canvas.width * 0.35)) ** 2))
    edge *= near_sun[None] * np.float32(0.24 * palette.brightness + 0.05)
    fill = base + (palette.haze - base) * foot[..., None]
    fill += (palette.light - fill) * edge[..., None]
    canvas.blend(rows, np.clip(below + np.float32(0.5), 0, 1), fill)


def lay_pines(scene: Scenery, profile: Floats, depth: float, *, size: float, count: int, part: str) -> None:
    """Pine trees along a skyline."""
    canvas = scene.canvas
    rng = scene.plan.rng(part)
    places = np.sort(rng.uniform(-size * 0.2, canvas.width + size * 0.2, count))
    heights = size * rng.uniform(0.55, 1.25, count)

    def draw(pencil: Pencil) -> None:
        for place, height in zip(places, heights, strict=True):
            foot = float(profile[int(min(max(place, 0), canvas.width - 1))]) + height * 0.1
            draw_pine(pencil, float(place), foot, float(height))

    mask = canvas.sketch(float(profile.min()) - size * 1.35, float(profile.max()) + size * 0.2, draw)
    colour = scene.depth_colour(depth) * np.float32(0.94)
    canvas.lay(mask, colour)
    if scene.plan.winter:
        tops = mask.alpha * np.clip(field_noise(rng, *mask.alpha.shape, roughness=0.9), 0, 1)
        canvas.blend(
            mask.rows, tops * np.float32(0.3 + 0.3 * scene.palette.brightness), scene.palette.haze, mask.columns
        )


def draw_pine(pencil: Pencil, x: float, foot: float, height: float) -> None:
    """One pine: a stem and six tiers."""
    for tier in range(6):
        share = tier / 6
        tip = foot - height * (1 - share * 0.86)
        half = height * 0.22 * (share + 0.18)
        pencil.polygon([(x, tip - height * 0.1), (x - half, tip + height * 0.17), (x + half, tip + height * 0.17)])
    pencil.box(x - height * 0.018, foot - height * 0.12, x + height * 0.018, foot)


def draw_broadleaf(pencil: Pencil, x: float, foot: float, height: float, rng: np.random.Generator) -> None:
    """One round-crowned tree."""
    pencil.polygon(
        [(x - height * 0.045, foot), (x - height * 0.02, foot - height * 0.5),
            (x + height * 0.02, foot - height * 0.5),
         (x + height * 0.045, foot)]
    )  # fmt: skip
    pencil.line([(x, foot - height * 0.3), (x - height * 0.16, foot - height * 0.55)], height * 0.018)
    pencil.line([(x, foot - height * 0.34), (x + height * 0.15, foot - height * 0.58)], height * 0.018)
    pencil.ellipse(x, foot - height * 0.67, height * 0.26, height * 0.21)
    for step in range(18):
        angle = step * 2.4 + float(rng.uniform(-0.3, 0.3))
        reach = 0.75 + 0.35 * float(rng.random())
        across, down = np.cos(angle) * reach * height * 0.25, np.sin(angle) * reach * height * 0.2
        size = height * float(rng.uniform(0.055, 0.1))
        pencil.ellipse(x + float(across), foot - height * 0.67 + float(down), size, size * 0.85)


def lay_water(scene: Scenery, top: float, *, ripple: float = 0.15, tint: Colour | None = None) -> None:
    """Water from `top` down: what stands above, mirrored and rippled, with the sun's path on it."""
    canvas, palette, sun = scene.canvas, scene.palette, scene.sun
    rows = canvas.rows(top, canvas.height)
    height = rows.stop - rows.start
    if height < 2:
        return
    rng = scene.plan.rng("water")
    deep = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    waves = field_noise(rng, height, canvas.width, roughness=1.2, flat=45.0)
    swell = waves * (np.float32(0.25) + np.float32(0.75) * deep)
    sources = np.clip(2 * rows.start - np.arange(rows.start, rows.stop) - 1, 0, rows.start - 1 if rows.start else 0)
    own = mix(palette.sky[1], palette.near, 0.45) if tint is None else tint
    water = canvas.pixels[sources]
    water += (own - water) * (np.float32(0.3) + np.float32(0.42) * deep)[..., None]
    water *= 1 + np.float32(ripple) * swell[..., None]
    path = np.exp(-(((canvas.x[None] - np.float32(sun.x)) / (np.float32(canvas.width) * (0.03 + 0.1 * deep))) ** 2))
    gleam = smooth(0.3, 1.5, swell + waves * np.float32(0.5)) * path * np.float32(0.85 if sun.shown else 0.25)
    water += (palette.light - water) * np.clip(gleam, 0, 1)[..., None]
    np.copyto(canvas.pixels[rows], water)


def hills(scene: Scenery, part: str, base: float, swing: float, roughness: float) -> Floats:
    """A skyline around `base` with an amplitude of `swing` pixels."""
    line = ridge_line(scene.plan.rng(part), scene.canvas.width, roughness)
    return (np.float32(base) - line * np.float32(swing)).astype(np.float32)
