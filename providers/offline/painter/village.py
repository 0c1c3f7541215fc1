"""Houses around a steeple on a hillside."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Box, Floats, Pencil, Points, ridge_line
from providers.offline.painter.fields import lay_flowers
from providers.offline.painter.layers import Scenery, Stage, draw_broadleaf, hills, lay_ridge
from providers.offline.painter.palette import mix, rgb


def paint_village(scene: Scenery) -> Stage:
    """Houses around a steeple on a hillside, trees between them."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("village")
    lay_ridge(scene, hills(scene, "far", scene.horizon - canvas.unit * 0.07, canvas.unit * 0.1, 1.6), 0.22, mist=0.8)
    slope = hills(scene, "slope", scene.horizon + canvas.unit * 0.02, canvas.unit * 0.05, 2.2)
    lay_ridge(scene, slope, 0.45, mist=0.6, colour=mix(scene.depth_colour(0.45), scene.palette.land, 0.4))
    for number in range(2):
        ground = hills(
            scene, f"lane{number}", scene.horizon + canvas.unit * (0.08 + 0.11 * number), canvas.unit * 0.035, 2.2
        )
        _lay_houses(scene, ground, rng, number)
        depth = 0.6 + 0.2 * number
        lay_ridge(scene, ground, depth, mist=0.3, colour=mix(scene.depth_colour(depth), scene.palette.land, 0.4))
    front = hills(scene, "front", canvas.height - canvas.unit * 0.12, canvas.unit * 0.03, 2.2)
    lay_ridge(scene, front, 0.92, colour=mix(scene.depth_colour(0.92), scene.palette.land, 0.15))
    lay_flowers(scene, front, rng)
    return Stage(front, depth=0.97)


def _lay_houses(scene: Scenery, ground: Floats, rng: np.random.Generator, number: int) -> None:
    """A row of seven houses; the farther row has the steeple."""
    canvas, palette = scene.canvas, scene.palette
    size = canvas.unit * (0.075 + 0.045 * number)
    middle = canvas.width * (0.36 if scene.plan.mirrored else 0.62) + number * canvas.unit * 0.12
    places = [middle + size * 1.32 * (slot - 3) + float(rng.uniform(-0.2, 0.2)) * size for slot in range(7)]
    feet = [_ground_at(ground, place) + size * 0.25 for place in places]
    steeple = int(rng.integers(2, 5)) if number == 0 else None
    walls, roofs, panes = _house_shapes(
        places, feet, size, rng.uniform(0.75, 1.15, len(places)).astype(np.float32), steeple
    )
    depth = 0.55 + 0.2 * number

    def crowns(pencil: Pencil) -> None:
        for place, foot in zip(places[::2], feet[::2], strict=True):
            draw_broadleaf(pencil, place + size * 0.66, foot - size * 0.05, size * 1.25, rng)

    canvas.lay(canvas.sketch(min(feet) - size * 1.5, max(feet), crowns), scene.depth_colour(depth + 0.1))
    lime = rgb("efe3cf") * np.float32(0.15 + 0.85 * palette.brightness)
    canvas.fill(mix(scene.depth_colour(depth), lime, 0.5), boxes=walls)
    tiles = palette.land if scene.plan.winter else rgb("9c4a3a") * np.float32(0.2 + 0.8 * palette.brightness)
    canvas.fill(mix(scene.depth_colour(depth), tiles, 0.75 if scene.plan.winter else 0.55), polygons=roofs)
    canvas.fill(mix(palette.near, palette.glow, 0.25 + 0.75 * palette.lamps), boxes=panes)
    _lay_smoke(scene, places, ground, size, rng)


def _ground_at(ground: Floats, place: float) -> float:
    return float(ground[int(min(max(place, 0), len(ground) - 1))])


def _house_shapes(
    places: list[float], feet: list[float], size: float, heights: Floats, steeple: int | None
) -> tuple[list[Box], list[Points], list[Box]]:
    """Walls, roofs and windows."""
    walls: list[Box] = []
    roofs: list[Points] = []
    panes: list[Box] = []
    pane = size * 0.13
    for slot, (place, foot) in enumerate(zip(places, feet, strict=True)):
        half, tall = size * 0.46, size * 0.62 * float(heights[slot])
        eaves, ridge = foot - tall, foot - tall - size * 0.46
        walls.append((place - half, eaves, place + half, foot))
        roofs.append([(place + half * at, ridge if abs(at) < 1 else eaves) for at in (-1.22, -0.5, 0.5, 1.22)])
        if slot == steeple:
            belfry = foot - size * 2.0
            walls.append((place - size * 0.2, belfry, place + size * 0.2, foot))
            roofs.append([(place - size * 0.27, belfry), (place, foot - size * 3.1), (place + size * 0.27, belfry)])
        for shift in (-0.55, 0.2):
            left, top = place + half * shift, foot - tall * 0.62
            panes.append((left, top, left + pane, top + pane * 1.35))
    return walls, roofs, panes


def _lay_smoke(scene: Scenery, places: list[float], ground: Floats, size: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    for place in places[1::3]:
        foot = _ground_at(ground, place) - size * 0.9
        bend = ridge_line(rng, 64, 1.6)

        def draw(pencil: Pencil, place: float = place, foot: float = foot, bend: Floats = bend) -> None:
            for step in range(40):
                rise = step / 40
                x = place + size * (0.3 + float(bend[step]) * 0.35 * rise + 0.5 * rise)
                pencil.ellipse(
                    x, foot - rise * size * 2.4, size * (0.03 + 0.13 * rise), size * 0.08, fill=int(150 * (1 - rise))
                )

        area = canvas.sketch(foot - size * 2.8, foot, draw, left=place - size, right=place + size * 2)
        canvas.lay(area, mix(scene.palette.haze, scene.palette.light, 0.4), 0.6)
