"""Birds, balloons and rockets."""

from __future__ import annotations

import numpy as np

from providers.offline.painter import figures, things
from providers.offline.painter.canvas import Pencil, smooth
from providers.offline.painter.layers import Scenery
from providers.offline.painter.lights import lay_glow
from providers.offline.painter.palette import mix, rgb
from providers.offline.terms import Biome


def stage_birds(scene: Scenery) -> None:
    canvas = scene.canvas
    rng = scene.plan.rng("birds")
    centre = (canvas.width * float(rng.uniform(0.5, 0.8)), scene.horizon * float(rng.uniform(0.36, 0.6)))
    flock = [
        (
            float(rng.normal()) * canvas.unit * 0.13,
            float(rng.normal()) * canvas.unit * 0.045,
            float(rng.uniform(0.008, 0.02)),
            float(rng.uniform(0.1, 0.7)),
        )
        for _ in range(int(rng.integers(6, 13)))
    ]

    def draw_flock(pencil: Pencil) -> None:
        for across, down, size, lift in flock:
            figures.draw_bird(pencil, centre[0] + across, centre[1] + down, canvas.unit * size, lift)

    canvas.lay(canvas.sketch(0, scene.horizon, draw_flock), mix(scene.palette.ink, scene.palette.sky[0], 0.15), 0.9)


def stage_balloon(scene: Scenery, side: float) -> None:
    """A striped hot-air balloon in the sky."""
    canvas, palette, plan = scene.canvas, scene.palette, scene.plan
    size = canvas.unit * 0.2 * plan.nearness
    x, y = canvas.width * min(0.82, max(0.66, side)), max(scene.horizon * 0.42, size * 0.8)
    stripes = (("d1495b", "f2e2c4"), ("2e86ab", "f4d35e"), ("e07a3f", "f7f0de"))[plan.seed // 37 % 3]

    def outline(pencil: Pencil) -> None:
        pencil.ellipse(x, y - size * 0.12, size * 0.44, size * 0.46)
        pencil.polygon(
            [
                (x - size * 0.42, y),
                (x + size * 0.42, y),
                (x + size * 0.1, y + size * 0.5),
                (x - size * 0.1, y + size * 0.5),
            ]
        )

    area = canvas.sketch(y - size, y + size, outline, left=x - size, right=x + size)
    across = (canvas.x[area.columns][None] - np.float32(x)) / np.float32(size * 0.44)
    bulge = np.sqrt(
        np.clip(1 - ((canvas.y[area.rows] - np.float32(y - size * 0.12)) / np.float32(size * 0.62)) ** 2, 0.02, 1)
    )
    turn = np.arcsin(np.clip(across / bulge, -1, 1))
    band = smooth(-0.15, 0.15, np.sin(turn * 6).astype(np.float32))[..., None]
    cloth = rgb(stripes[0]) + (rgb(stripes[1]) - rgb(stripes[0])) * band
    lit = np.float32(0.3 + 0.6 * palette.brightness) + np.float32(0.2) * np.cos(turn + np.float32(0.5))
    canvas.lay(area, np.clip(cloth * lit[..., None], 0, 1))

    def basket(pencil: Pencil) -> None:
        for shift in (-0.08, 0.08):
            pencil.line([(x + shift * size, y + size * 0.48), (x + shift * size * 0.8, y + size * 0.66)], size * 0.008)
        pencil.box(x - size * 0.075, y + size * 0.64, x + size * 0.075, y + size * 0.76)

    canvas.lay(canvas.sketch(y, y + size, basket, left=x - size, right=x + size), palette.near)


def stage_rocket(scene: Scenery, side: float) -> None:
    canvas = scene.canvas
    tall = canvas.unit * 0.3 * scene.plan.nearness
    x = canvas.width * (0.3 if side < 0.5 or scene.plan.biome is Biome.SPACE else side)
    y = canvas.height * 0.86 if scene.plan.biome is Biome.SPACE else max(scene.horizon * 0.82, tall * 1.2)
    hull = mix(rgb("e9edf2"), scene.palette.haze, 0.15) * np.float32(0.75)

    def plume(pencil: Pencil) -> None:
        for step in range(30):
            share = step / 30
            pencil.ellipse(
                x,
                y - tall * 0.14 + share * tall * 0.75,
                tall * (0.05 + 0.05 * share),
                tall * 0.06,
                fill=int(225 * (1 - share)),
            )

    canvas.lay(canvas.sketch(y - tall * 0.2, y + tall * 0.8, plume, left=x - tall, right=x + tall), rgb("ffc871"), 0.9)
    area = canvas.sketch(
        y - tall * 1.05, y, lambda pencil: things.draw_rocket(pencil, x, y, tall), left=x - tall, right=x + tall
    )
    across = (canvas.x[area.columns][None] - np.float32(x)) / np.float32(tall * 0.13)
    canvas.lay(area, np.clip(hull * (np.float32(1.0) - np.float32(0.35) * np.clip(across, -1, 1))[..., None], 0, 1))
    port = canvas.sketch(
        y - tall,
        y,
        lambda pencil: pencil.ellipse(x, y - tall * 0.66, tall * 0.04, tall * 0.04),
        left=x - tall,
        right=x + tall,
    )
    canvas.lay(port, rgb("2b4f73"))
    lay_glow(canvas, x, y - tall * 0.1, tall * 0.2, rgb("ffc871"), 0.7)
