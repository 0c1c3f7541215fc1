"""Skylines, streets and villages, with their lit windows."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Canvas, Mask, Pencil, ridge_line, smooth
from providers.offline.painter.layers import Scenery, Stage, draw_broadleaf, hills, lay_ridge, lay_water
from providers.offline.painter.palette import mix, rgb
from providers.offline.painter.wild import lay_flowers

_Box = tuple[float, float, float, float]  # left, top, right, bottom


def paint_city(scene: Scenery) -> Stage:
    """A skyline in four depths; some before a river that mirrors it."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("city")
    river = plan.variant % 3 == 1
    foot = scene.horizon + canvas.unit * 0.04
    depths = 3 if river else 4
    for number in range(depths):
        share = (number + 1) / depths
        _lay_blocks(scene, rng, foot + canvas.unit * 0.1 * share * (0 if river else 1), share * (0.8 if river else 1))
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


def _lay_blocks(scene: Scenery, rng: np.random.Generator, foot: float, share: float) -> None:
    canvas, palette = scene.canvas, scene.palette
    depth = 0.2 + 0.74 * share
    boxes: list[_Box] = []
    left = -canvas.unit * 0.05
    while left < canvas.width:
        wide = canvas.unit * float(rng.uniform(0.045, 0.115)) * (0.6 + 0.5 * share)
        tall = canvas.unit * float(rng.uniform(0.13, 0.36) + (0.17 if rng.random() < 0.16 else 0)) * (1.25 - 0.3 * share)
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


def _draw_tower(pencil: Pencil, box: _Box, roof: float, unit: float) -> None:
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


def lay_windows(
    scene: Scenery, boxes: list[_Box], rng: np.random.Generator, *, size: float, lit: float, within: Mask | None = None
) -> None:
    """Rows of windows on the boxes, a share of them lit."""
    canvas = scene.canvas
    top = min(box[1] for box in boxes)

    def draw(pencil: Pencil) -> None:
        for left, roof, right, bottom in boxes:
            columns = int((right - left - size) / (size * 2.3))
            rows = min(int((min(bottom, canvas.height) - roof) / (size * 3.2)), 60)
            if columns < 1 or rows < 1:
                continue
            inset = (right - left - columns * size * 2.3 + size * 1.3) / 2
            shine = rng.random((rows, columns))
            for row, column in np.argwhere(shine < lit):
                x, y = left + inset + column * size * 2.3, roof + size * (1.6 + row * 3.2)
                pencil.box(x, y, x + size, y + size * 1.6, fill=int(120 + 135 * shine[row, column] / max(lit, 0.01)))

    mask = canvas.sketch(top, canvas.height, draw)
    if within is not None:
        offset = mask.rows.start - within.rows.start
        mask.alpha *= within.alpha[offset : offset + mask.alpha.shape[0]]
    strength = 0.35 + 0.6 * scene.palette.lamps
    canvas.lay(mask, scene.palette.glow, strength)


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


def paint_street(scene: Scenery) -> Stage:
    """Houses on both sides that run towards a vanishing point, lamps, and a road between them."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("street")
    vanish = (canvas.width * (0.42 if plan.mirrored else 0.58), scene.horizon)
    _lay_blocks(scene, rng, scene.horizon, 0.3)
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
    deep = np.clip((canvas.y[rows] - np.float32(scene.horizon)) / np.float32(max(1.0, canvas.height - scene.horizon)), 0, 1)
    road = mix(palette.haze, mix(palette.land, palette.near, 0.55), 0.35) + (palette.near - palette.haze) * np.float32(0.55) * deep[..., None]
    canvas.blend(rows, np.ones_like(deep), np.clip(road, 0, 1))
    away = (canvas.x[None] - np.float32(vanish[0])) / (np.float32(canvas.width * 0.05) + np.float32(canvas.width * 0.34) * deep)
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
            pencil.polygon([(x_far, top_far), ((x_far + x_near) / 2, (top_far + top_near) / 2 - tall * near * 0.22), (x_near, top_near)])

    depth = 0.3 + 0.66 * share**0.7
    tint = (1 + rng.uniform(-0.06, 0.06, 3) + rng.uniform(-0.05, 0.05)).astype(np.float32)
    colour = np.clip(mix(scene.depth_colour(depth), scene.palette.land, 0.25) * tint, 0, 1)
    canvas.lay(canvas.sketch(-4, canvas.height, draw, left=min(x_far, x_near) - 2, right=max(x_far, x_near) + 2), colour)
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
        pencil.polygon([(x - tall * 0.05, top - tall * 0.1), (x + tall * 0.05, top - tall * 0.1), (x + tall * 0.03, top), (x - tall * 0.03, top)])
        pencil.polygon([(x - tall * 0.065, top - tall * 0.1), (x, top - tall * 0.15), (x + tall * 0.065, top - tall * 0.1)])

    reach = tall * 0.1
    canvas.lay(canvas.sketch(top - tall * 0.2, foot, draw, left=x - reach, right=x + reach), scene.depth_colour(0.4 + 0.6 * share))
    if palette.lamps > 0.3:
        lay_glow(canvas, x, top - tall * 0.05, tall * 0.2, palette.glow, 0.95 * palette.lamps)


def lay_glow(canvas: Canvas, x: float, y: float, radius: float, colour: np.ndarray, strength: float) -> None:
    """A soft round light."""
    reach = radius * 3
    rows = canvas.rows(y - reach, y + reach)
    columns = slice(int(max(0, x - reach)), int(max(0, min(canvas.width, x + reach))))
    across, down = canvas.x[columns][None] - np.float32(x), canvas.y[rows] - np.float32(y)
    away = np.sqrt(across * across + down * down) / np.float32(radius)
    shine = np.exp(-(away**2) * 9) * 0.9 + np.exp(-(away**1.4) * 1.6) * 0.5 * smooth(3.0, 1.6, away)
    canvas.blend(rows, np.clip(shine * strength, 0, 1).astype(np.float32), colour, columns)


def paint_village(scene: Scenery) -> Stage:
    """Houses around a steeple on a hillside, trees between them."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("village")
    lay_ridge(scene, hills(scene, "far", scene.horizon - canvas.unit * 0.07, canvas.unit * 0.1, 1.6), 0.22, mist=0.8)
    slope = hills(scene, "slope", scene.horizon + canvas.unit * 0.02, canvas.unit * 0.05, 2.2)
    lay_ridge(scene, slope, 0.45, mist=0.6, colour=mix(scene.depth_colour(0.45), scene.palette.land, 0.4))
    for number in range(2):
        ground = hills(scene, f"lane{number}", scene.horizon + canvas.unit * (0.08 + 0.11 * number), canvas.unit * 0.035, 2.2)
        _lay_houses(scene, ground, rng, number)
        depth = 0.6 + 0.2 * number
        lay_ridge(scene, ground, depth, mist=0.3, colour=mix(scene.depth_colour(depth), scene.palette.land, 0.4))
    front = hills(scene, "front", canvas.height - canvas.unit * 0.12, canvas.unit * 0.03, 2.2)
    lay_ridge(scene, front, 0.92, colour=mix(scene.depth_colour(0.92), scene.palette.land, 0.15))
    lay_flowers(scene, front, rng)
    return Stage(front, depth=0.97)


def _lay_houses(scene: Scenery, ground: np.ndarray, rng: np.random.Generator, number: int) -> None:
    canvas, palette = scene.canvas, scene.palette
    size = canvas.unit * (0.075 + 0.045 * number)
    middle = canvas.width * (0.36 if scene.plan.mirrored else 0.62) + number * canvas.unit * 0.12
    places = [middle + size * 1.32 * (slot - 3) + float(rng.uniform(-0.2, 0.2)) * size for slot in range(7)]
    tower = int(rng.integers(2, 5)) if number == 0 else -1
    heights = rng.uniform(0.75, 1.15, len(places))
    walls, roofs, panes = [], [], []
    for slot, place in enumerate(places):
        foot = float(ground[int(min(max(place, 0), canvas.width - 1))]) + size * 0.25
        half, tall = size * 0.46, size * 0.62 * float(heights[slot])
        walls.append((place - half, foot - tall, place + half, foot))
        roofs.append([(place - half * 1.22, foot - tall), (place - half * 0.5, foot - tall - size * 0.46),
                      (place + half * 0.5, foot - tall - size * 0.46), (place + half * 1.22, foot - tall)])  # fmt: skip
        if slot == tower:
            walls.append((place - size * 0.2, foot - size * 2.0, place + size * 0.2, foot))
            roofs.append([(place - size * 0.27, foot - size * 2.0), (place, foot - size * 3.1), (place + size * 0.27, foot - size * 2.0)])
        panes += [(place + half * shift, foot - tall * 0.62) for shift in (-0.55, 0.2)]
    top = min(wall[1] for wall in walls) - size * 1.4
    depth = 0.55 + 0.2 * number
    crowns = canvas.sketch(top, float(ground.max()) + size, lambda pencil: [
        draw_broadleaf(pencil, place + size * 0.66, float(ground[int(min(max(place, 0), canvas.width - 1))]) + size * 0.2, size * 1.25, rng)
        for place in places[::2]
    ] and None)  # fmt: skip
    canvas.lay(crowns, scene.depth_colour(depth + 0.1))
    wall_colour = mix(scene.depth_colour(depth), rgb("efe3cf") * np.float32(0.15 + 0.85 * palette.brightness), 0.5)
    canvas.lay(canvas.sketch(top, canvas.height, lambda pencil: [pencil.box(*wall) for wall in walls] and None), wall_colour)
    roof = palette.land if scene.plan.winter else rgb("9c4a3a") * np.float32(0.2 + 0.8 * palette.brightness)
    roof_colour = mix(scene.depth_colour(depth), roof, 0.75 if scene.plan.winter else 0.55)
    canvas.lay(canvas.sketch(top, canvas.height, lambda pencil: [pencil.polygon(shape) for shape in roofs] and None), roof_colour)
    pane = size * 0.13
    windows = canvas.sketch(top, canvas.height, lambda pencil: [
        pencil.box(x, y, x + pane, y + pane * 1.35) for x, y in panes] and None)  # fmt: skip
    canvas.lay(windows, mix(palette.near, palette.glow, 0.25 + 0.75 * palette.lamps))
    _lay_smoke(scene, places, ground, size, rng)


def _lay_smoke(scene: Scenery, places: list[float], ground: np.ndarray, size: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    for place in places[1::3]:
        foot = float(ground[int(min(max(place, 0), canvas.width - 1))]) - size * 0.9
        bend = ridge_line(rng, 64, 1.6)

        def draw(pencil: Pencil, place: float = place, foot: float = foot, bend: np.ndarray = bend) -> None:
            for step in range(40):
                rise = step / 40
                x = place + size * (0.3 + float(bend[step]) * 0.35 * rise + 0.5 * rise)
                pencil.ellipse(x, foot - rise * size * 2.4, size * (0.03 + 0.13 * rise), size * 0.08, fill=int(150 * (1 - rise)))

        area = canvas.sketch(foot - size * 2.8, foot, draw, left=place - size, right=place + size * 2)
        canvas.lay(area, mix(scene.palette.haze, scene.palette.light, 0.4), 0.6)
