"""Meadows and their flowers."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Floats, Pencil
from providers.offline.painter.layers import Scenery, Stage, draw_broadleaf, hills, lay_ridge
from providers.offline.painter.palette import mix, rgb


def paint_meadow(scene: Scenery) -> Stage:
    """Rolling fields with hedges and trees, flowers before the viewer."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("meadow")
    lay_ridge(scene, hills(scene, "far", scene.horizon - canvas.unit * 0.03, canvas.unit * 0.06, 1.8), 0.22, mist=0.8)
    ground = canvas.x
    for number in range(4):
        share = (number + 1) / 4
        base = scene.horizon + (canvas.height - scene.horizon) * (0.02 + 0.6 * share**1.6)
        ground = hills(scene, f"field{number}", base, canvas.unit * (0.03 + 0.025 * share), 2.1)
        depth = 0.3 + 0.5 * share
        tint = (1 + rng.uniform(-0.14, 0.14, 3) * (0.15 if plan.winter else 1.0)).astype(np.float32)
        colour = np.clip(mix(scene.depth_colour(depth), scene.palette.land, 0.5) * tint, 0, 1)
        lay_ridge(scene, ground, depth, mist=0.5, colour=colour)
        if number < 3:
            _lay_grove(scene, ground, depth, share, rng)
    lay_flowers(scene, ground, rng)
    return Stage(ground, depth=0.95)


def _lay_grove(scene: Scenery, ground: Floats, depth: float, share: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    size = canvas.unit * (0.035 + 0.08 * share**1.5)
    start = float(rng.uniform(0, 0.75))
    places = canvas.width * (start + np.sort(rng.uniform(0, 0.3, int(rng.integers(5, 12)))))

    def draw(pencil: Pencil) -> None:
        for place in places:
            foot = float(ground[int(min(max(place, 0), canvas.width - 1))]) + size * 0.06
            draw_broadleaf(pencil, float(place), foot, size * float(rng.uniform(0.6, 1.2)), rng)

    canvas.lay(
        canvas.sketch(float(ground.min()) - size * 1.4, float(ground.max()) + size, draw),
        scene.depth_colour(min(1, depth + 0.12)),
    )


def lay_flowers(scene: Scenery, ground: Floats, rng: np.random.Generator) -> None:
    """Blades of grass and dots of blossom on the nearest ground."""
    canvas, palette = scene.canvas, scene.palette
    count = 260

    def blades(pencil: Pencil) -> None:
        for _ in range(count * 2):
            x, down = float(rng.uniform(0, canvas.width)), float(rng.uniform(0.7, 1.02))
            foot = canvas.height * down + canvas.unit * 0.03
            if foot > ground[int(x)] + canvas.unit * 0.03:
                tall = canvas.unit * 0.05 * (down - 0.55)
                pencil.line(
                    [(x, foot), (x + float(rng.uniform(-0.5, 0.5)) * tall, foot - tall * 2)], canvas.unit * 0.0016
                )

    top = float(ground.min())
    canvas.lay(canvas.sketch(top, canvas.height, blades), palette.near, 0.55)
    if scene.plan.winter:
        return
    for code in (("f4d35e", "f7f3e3"), ("e76f51", "f7f3e3"), ("b39ddb", "f4d35e"))[scene.plan.variant % 3]:
        petals = rgb(code) * np.float32(0.25 + 0.75 * palette.brightness)

        def dots(pencil: Pencil) -> None:
            for _ in range(count // 2):
                x, down = float(rng.uniform(0, canvas.width)), float(rng.uniform(0, 1)) ** 0.7
                y = float(ground[int(x)]) + canvas.unit * 0.02 + down * (canvas.height - float(ground[int(x)]))
                size = canvas.unit * (0.0012 + 0.0042 * down)
                pencil.ellipse(x, y, size, size * 0.8)

        canvas.lay(canvas.sketch(top, canvas.height, dots), petals, 0.85)
