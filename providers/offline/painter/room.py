"""A room at any hour: a window with the world outside, furniture, a lamp or a fire."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from providers.offline.painter.canvas import Canvas, Colour, Pencil, field_noise, smooth
from providers.offline.painter.layers import Scenery, Stage
from providers.offline.painter.palette import mix, rgb
from providers.offline.painter.town import lay_glow

_WALLS = ("7c6f64", "6b7a72", "8a6f5e", "5f6b80", "7d6a78", "86785a")
_Furniture = Callable[[Scenery, float, float], None]


def paint_room(scene: Scenery, view: Canvas) -> Stage:
    """The room around a painted view; `view` is what the window shows and fits `window_size`."""
    canvas, palette, plan = scene.canvas, scene.palette, scene.plan
    rng = plan.rng("room")
    floor = canvas.height * 0.8
    dim = np.float32(0.46 + 0.62 * palette.brightness)
    warm = mix(np.ones(3, np.float32), rgb("ffd9a0"), 0.5 * palette.lamps)
    wall = rgb(_WALLS[(plan.variant + plan.seed // 5 % 2) % len(_WALLS)]) * dim * warm
    _lay_walls(scene, wall, floor, rng)
    left, top, width, height = window_frame(canvas, mirrored=plan.mirrored)
    _lay_window(scene, view, (left, top, width, height), wall)
    _lay_daylight(scene, (left, top, width, height), floor)
    far = 0.2
    pieces: tuple[tuple[_Furniture, _Furniture], ...] = (
        (_lay_fireplace, _lay_armchair),
        (_lay_bookcase, _lay_table),
        (_lay_plant, _lay_bed),
        (_lay_bookcase, _lay_armchair),
        (_lay_fireplace, _lay_table),
        (_lay_picture, _lay_armchair),
    )
    back, front = pieces[(plan.variant * 5 + plan.seed // 3) % len(pieces)]
    back(scene, canvas.width * far, floor)
    front(scene, canvas.width * (0.84 if plan.mirrored else 0.72), floor + canvas.unit * 0.09)
    ground = np.full(canvas.width, floor + canvas.unit * 0.08, np.float32)
    return Stage(ground, depth=0.9, scale=1.9)


def window_frame(canvas: Canvas, *, mirrored: bool) -> tuple[int, int, int, int]:
    """Left, top, width and height of the window in pixels."""
    width = int(min(canvas.unit * 0.62, canvas.width * 0.44))
    height = int(canvas.unit * 0.46)
    left = int(canvas.width * (0.46 if mirrored else 0.93) - (0 if mirrored else width))
    top = int(canvas.height * 0.8 - canvas.unit * 0.17 - height)
    return left, max(0, top), max(8, width), max(8, height)


def _lay_walls(scene: Scenery, wall: Colour, floor: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    across = canvas.x[None] / np.float32(canvas.width) - np.float32(0.62)
    down = canvas.y / np.float32(canvas.height) - np.float32(0.45)
    shade = np.float32(1.14) - np.float32(0.5) * np.sqrt(across * across + down * down)
    canvas.pixels[:] = wall * shade[..., None]
    rows = canvas.rows(floor, canvas.height)
    boards = rgb("70503a") * np.float32(0.4 + 0.75 * scene.palette.brightness) * mix(np.ones(3, np.float32), rgb("ffd9a0"), 0.4 * scene.palette.lamps)
    grain = field_noise(rng, max(2, rows.stop - rows.start), canvas.width, roughness=1.2, flat=8.0)[: rows.stop - rows.start]
    canvas.pixels[rows] = boards * (np.float32(0.95) + np.float32(0.06) * grain + np.float32(0.1) * shade[rows])[..., None]

    def seams(pencil: Pencil) -> None:
        middle = canvas.width * 0.5
        for step in np.linspace(-1.6, 1.6, 19):
            pencil.line([(middle + step * canvas.width * 0.42, floor), (middle + step * canvas.width * 0.62, canvas.height)], canvas.unit * 0.0016)

    canvas.lay(canvas.sketch(floor, canvas.height, seams), wall * np.float32(0.25), 0.5)
    base = canvas.sketch(floor - canvas.unit * 0.03, floor, lambda pencil: pencil.box(0, floor - canvas.unit * 0.026, canvas.width, floor))
    canvas.lay(base, mix(wall, np.ones(3, np.float32), 0.12))


def _lay_window(scene: Scenery, view: Canvas, frame: tuple[int, int, int, int], wall: Colour) -> None:
    canvas = scene.canvas
    left, top, width, height = frame
    rows, columns = canvas.rows(top, top + height), slice(left, min(canvas.width, left + width))
    part = view.pixels[: rows.stop - rows.start, : columns.stop - columns.start]
    canvas.pixels[rows, columns] = np.clip(part, 0, 1)
    bar = canvas.unit * 0.012
    colour = mix(wall, rgb("f1e9dc") * np.float32(0.35 + 0.6 * scene.palette.brightness), 0.7)

    def bars(pencil: Pencil) -> None:
        for x in (left - bar, left + width * 0.5 - bar * 0.4, left + width):
            pencil.box(x, top - bar, x + bar * (1 if x != left + width * 0.5 - bar * 0.4 else 0.8), top + height + bar)
        for y in (top - bar, top + height * 0.4, top + height):
            pencil.box(left - bar, y, left + width + bar, y + bar * 0.9)
        pencil.box(left - bar * 3, top + height + bar * 0.6, left + width + bar * 3, top + height + bar * 2.2)

    canvas.lay(canvas.sketch(top - bar * 2, top + height + bar * 4, bars), colour)
    _lay_curtains(scene, frame, wall)


def _lay_curtains(scene: Scenery, frame: tuple[int, int, int, int], wall: Colour) -> None:
    canvas = scene.canvas
    left, top, width, height = frame
    unit = canvas.unit
    cloth = mix(wall, rgb(("a8483f", "c9a15a", "4d6f86", "7b8f5a")[scene.plan.seed // 23 % 4]) * np.float32(0.3 + 0.65 * scene.palette.brightness), 0.65)
    for side in (0, 1):
        edge = left - unit * 0.035 if side == 0 else left + width + unit * 0.035
        inward = 1 if side == 0 else -1
        outline = [(edge - inward * unit * 0.03, top - unit * 0.05), (edge + inward * unit * 0.1, top - unit * 0.05),
                   (edge + inward * unit * 0.075, top + height * 0.5), (edge + inward * unit * 0.03, top + height + unit * 0.07),
                   (edge - inward * unit * 0.03, top + height + unit * 0.07)]  # fmt: skip
        mask = canvas.sketch(top - unit * 0.06, top + height + unit * 0.08, lambda pencil, outline=outline: pencil.polygon(outline))
        folds = np.float32(1) + np.float32(0.16) * np.sin(canvas.x[mask.columns] / np.float32(unit * 0.0045))
        canvas.lay(mask, cloth * folds[None, :, None])
    rod = canvas.sketch(top - unit * 0.08, top, lambda pencil: pencil.box(left - unit * 0.09, top - unit * 0.06, left + width + unit * 0.09, top - unit * 0.05))
    canvas.lay(rod, wall * np.float32(0.3))


def _lay_daylight(scene: Scenery, frame: tuple[int, int, int, int], floor: float) -> None:
    """The light that falls through the window onto the floor."""
    canvas = scene.canvas
    left, top, width, height = frame
    lean = canvas.unit * (0.16 if scene.plan.mirrored else -0.16)
    far = canvas.height - canvas.unit * 0.015

    def draw(pencil: Pencil) -> None:
        for start, stop in ((0.02, 0.47), (0.53, 0.98)):
            pencil.polygon([(left + width * start, floor + canvas.unit * 0.01), (left + width * stop, floor + canvas.unit * 0.01),
                            (left + width * stop + lean, far), (left + width * start + lean, far)])  # fmt: skip

    canvas.lay(canvas.sketch(floor, canvas.height, draw), scene.palette.light, 0.08 + 0.26 * scene.palette.brightness)
    lay_glow(canvas, left + width / 2, top + height / 2, canvas.unit * 0.5, scene.palette.haze, 0.12 + 0.1 * scene.palette.brightness)


def _dark(scene: Scenery, code: str, share: float = 0.5) -> Colour:
    """A furniture colour under the room's light."""
    lit = rgb(code) * np.float32(0.34 + 0.66 * scene.palette.brightness)
    return mix(scene.palette.near, lit, share)


def _lay_fireplace(scene: Scenery, x: float, floor: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    half, tall = unit * 0.17, unit * 0.3

    def stone(pencil: Pencil) -> None:
        pencil.box(x - half, floor - tall, x + half, floor + unit * 0.01)
        pencil.box(x - half * 1.15, floor - tall - unit * 0.028, x + half * 1.15, floor - tall)
        pencil.box(x - half * 0.62, floor - tall - unit * 0.5, x + half * 0.62, floor - tall)

    def flames(pencil: Pencil) -> None:
        for shift, height in ((-0.45, 0.3), (-0.2, 0.52), (0.05, 0.4), (0.28, 0.58), (0.48, 0.28)):
            centre, top = x + half * shift, floor - tall * height
            pencil.polygon([(centre - half * 0.2, floor - unit * 0.012), (centre - half * 0.1, floor - tall * height * 0.5), (centre, top),
                            (centre + half * 0.12, floor - tall * height * 0.45), (centre + half * 0.2, floor - unit * 0.012)])  # fmt: skip

    canvas.lay(canvas.sketch(floor - tall - unit * 0.52, floor + unit * 0.02, stone), _dark(scene, "8c7a6b", 0.75))
    hole = canvas.sketch(floor - tall, floor, lambda pencil: pencil.box(x - half * 0.7, floor - tall * 0.74, x + half * 0.7, floor))
    canvas.lay(hole, rgb("160d09"))
    canvas.lay(canvas.sketch(floor - tall, floor, flames), rgb("ff9a3d"))
    inner = canvas.sketch(floor - tall, floor, lambda pencil: pencil.polygon([(x - half * 0.3, floor - unit * 0.012), (x, floor - tall * 0.36), (x + half * 0.3, floor - unit * 0.012)]))
    canvas.lay(inner, rgb("ffe08a"))
    lay_glow(canvas, x, floor - tall * 0.25, unit * 0.26, rgb("ffab52"), 0.5)


def _lay_bookcase(scene: Scenery, x: float, floor: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    rng = scene.plan.rng("books")
    half, tall, board = unit * 0.19, unit * 0.52, unit * 0.012
    top = floor - tall
    canvas.lay(canvas.sketch(top, floor + 2, lambda pencil: pencil.box(x - half, top, x + half, floor)), _dark(scene, "6d4b33"))
    inside = canvas.sketch(top, floor, lambda pencil: [pencil.box(x - half + board, top + board + shelf * (tall - board) / 4, x + half - board, top + (shelf + 1) * (tall - board) / 4) for shelf in range(4)] and None)
    canvas.lay(inside, _dark(scene, "3a281c", 0.4))
    spines: dict[str, list[tuple[float, float, float, float]]] = {code: [] for code in ("b5523b", "d8a24a", "4f7a86", "8b9a5b", "d9cbb0")}
    for shelf in range(4):
        foot = top + (shelf + 1) * (tall - board) / 4
        at = x - half + board * 1.4
        while at < x + half - board * 3:
            wide, high = unit * float(rng.uniform(0.009, 0.02)), tall / 4 * float(rng.uniform(0.52, 0.8))
            if rng.random() < 0.88:
                spines[list(spines)[int(rng.integers(0, 5))]].append((at, foot - high, at + wide * 0.9, foot))
            at += wide
    for code, boxes in spines.items():
        mask = canvas.sketch(top, floor, lambda pencil, boxes=boxes: [pencil.box(*box) for box in boxes] and None)
        canvas.lay(mask, _dark(scene, code, 0.85))
    _lay_lamp(scene, x + half * 0.55, top)


def _lay_lamp(scene: Scenery, x: float, foot: float) -> None:
    """A small lamp that stands on something."""
    canvas, unit = scene.canvas, scene.canvas.unit

    def stem(pencil: Pencil) -> None:
        pencil.box(x - unit * 0.004, foot - unit * 0.08, x + unit * 0.004, foot)
        pencil.ellipse(x, foot - unit * 0.004, unit * 0.024, unit * 0.007)

    shade = [(x - unit * 0.025, foot - unit * 0.13), (x + unit * 0.025, foot - unit * 0.13), (x + unit * 0.045, foot - unit * 0.07), (x - unit * 0.045, foot - unit * 0.07)]
    canvas.lay(canvas.sketch(foot - unit * 0.09, foot + 2, stem), _dark(scene, "3b2f2a"))
    glow = mix(_dark(scene, "e8c98f", 0.9), rgb("ffe2a6"), scene.palette.lamps)
    canvas.lay(canvas.sketch(foot - unit * 0.14, foot - unit * 0.06, lambda pencil: pencil.polygon(shade)), glow)
    if scene.palette.lamps > 0.3:
        lay_glow(canvas, x, foot - unit * 0.09, unit * 0.2, rgb("ffd58a"), 0.55 * scene.palette.lamps)


def _lay_table(scene: Scenery, x: float, foot: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    half, tall = unit * 0.26, unit * 0.19
    top = foot - tall

    def wood(pencil: Pencil) -> None:
        pencil.box(x - half, top, x + half, top + unit * 0.018)
        for leg in (-0.88, 0.82):
            pencil.polygon([(x + half * leg, top), (x + half * leg + unit * 0.022, top), (x + half * leg + unit * 0.016, foot), (x + half * leg + unit * 0.006, foot)])
        back = x - half * 1.28
        pencil.box(back, foot - unit * 0.31, back + unit * 0.014, foot)
        pencil.box(back, foot - unit * 0.3, back + unit * 0.03, foot - unit * 0.17)
        pencil.box(back, foot - unit * 0.14, back + unit * 0.12, foot - unit * 0.125)
        pencil.box(back + unit * 0.106, foot - unit * 0.13, back + unit * 0.118, foot)

    def things(pencil: Pencil) -> None:
        for shift in (-0.32, 0.02):
            cup = x + half * shift
            pencil.polygon([(cup - unit * 0.017, top - unit * 0.03), (cup + unit * 0.017, top - unit * 0.03), (cup + unit * 0.012, top), (cup - unit * 0.012, top)])
            pencil.ellipse(cup + unit * 0.019, top - unit * 0.018, unit * 0.008, unit * 0.009)
        pencil.polygon([(x - half * 0.75, top), (x - half * 0.5, top), (x - half * 0.53, top - unit * 0.008), (x - half * 0.72, top - unit * 0.008)])

    canvas.lay(canvas.sketch(foot - unit * 0.33, foot + 2, wood), _dark(scene, "6b4630", 0.45))
    canvas.lay(canvas.sketch(top - unit * 0.05, top, things), _dark(scene, "efe6d6", 0.85))
    _lay_lamp(scene, x + half * 0.62, top)


def _lay_armchair(scene: Scenery, x: float, foot: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    turn = -1 if scene.plan.mirrored else 1

    def chair(pencil: Pencil) -> None:
        pencil.ellipse(x - turn * unit * 0.085, foot - unit * 0.27, unit * 0.05, unit * 0.075)
        pencil.polygon([(x - turn * unit * 0.135, foot - unit * 0.28), (x - turn * unit * 0.035, foot - unit * 0.28), (x - turn * unit * 0.02, foot - unit * 0.03), (x - turn * unit * 0.15, foot - unit * 0.03)])
        pencil.box(x - unit * 0.14, foot - unit * 0.12, x + unit * 0.14, foot - unit * 0.03)
        pencil.ellipse(x + turn * unit * 0.06, foot - unit * 0.12, unit * 0.09, unit * 0.025)
        for shift in (-0.12, 0.11):
            pencil.box(x + unit * shift, foot - unit * 0.035, x + unit * (shift + 0.014), foot)

    canvas.lay(canvas.sketch(foot - unit * 0.36, foot + 2, chair), _dark(scene, ("8a4b3f", "4f6b62", "6a5876")[scene.plan.seed // 29 % 3], 0.55))


def _lay_bed(scene: Scenery, x: float, foot: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    half = unit * 0.3

    def frame(pencil: Pencil) -> None:
        pencil.box(x - half, foot - unit * 0.24, x - half + unit * 0.02, foot)
        pencil.box(x + half - unit * 0.02, foot - unit * 0.15, x + half, foot)
        pencil.box(x - half, foot - unit * 0.08, x + half, foot - unit * 0.04)

    def linen(pencil: Pencil) -> None:
        pencil.polygon([(x - half + unit * 0.02, foot - unit * 0.08), (x - half + unit * 0.02, foot - unit * 0.125), (x - half * 0.3, foot - unit * 0.135),
                        (x + half * 0.5, foot - unit * 0.13), (x + half - unit * 0.02, foot - unit * 0.115), (x + half - unit * 0.02, foot - unit * 0.055)])  # fmt: skip

    canvas.lay(canvas.sketch(foot - unit * 0.25, foot + 2, frame), _dark(scene, "5b3d2a", 0.45))
    canvas.lay(canvas.sketch(foot - unit * 0.2, foot, linen), _dark(scene, ("6f8fa8", "b4785c", "8a8f68")[scene.plan.seed // 31 % 3], 0.85))
    pillow = canvas.sketch(foot - unit * 0.2, foot, lambda pencil: pencil.ellipse(x - half * 0.72, foot - unit * 0.14, unit * 0.065, unit * 0.025))
    canvas.lay(pillow, _dark(scene, "efe8dc", 0.9))


def _lay_plant(scene: Scenery, x: float, floor: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    rng = scene.plan.rng("plant")
    foot = floor + unit * 0.05

    def leaves(pencil: Pencil) -> None:
        for _ in range(15):
            angle, long = float(rng.uniform(-1.1, 1.1)), unit * float(rng.uniform(0.15, 0.32))
            tip = (x + np.sin(angle) * long, foot - unit * 0.11 - np.cos(angle) * long)
            side = unit * 0.02
            middle = ((x + tip[0]) / 2 + side * np.cos(angle), (foot - unit * 0.11 + tip[1]) / 2 + side * np.sin(angle))
            other = ((x + tip[0]) / 2 - side * np.cos(angle), (foot - unit * 0.11 + tip[1]) / 2 - side * np.sin(angle))
            pencil.polygon([(x, foot - unit * 0.11), middle, tip, other])

    pot = [(x - unit * 0.055, foot - unit * 0.12), (x + unit * 0.055, foot - unit * 0.12), (x + unit * 0.04, foot), (x - unit * 0.04, foot)]
    canvas.lay(canvas.sketch(foot - unit * 0.46, foot, leaves), _dark(scene, "4e7d52", 0.75))
    canvas.lay(canvas.sketch(foot - unit * 0.13, foot + 2, lambda pencil: pencil.polygon(pot)), _dark(scene, "b5694a", 0.8))


def _lay_picture(scene: Scenery, x: float, floor: float) -> None:
    canvas, unit = scene.canvas, scene.canvas.unit
    top, half = floor - unit * 0.5, unit * 0.11
    canvas.lay(canvas.sketch(top, floor, lambda pencil: pencil.box(x - half, top, x + half, top + unit * 0.17)), _dark(scene, "c8a25e", 0.7))
    inside = canvas.sketch(top, floor, lambda pencil: pencil.box(x - half * 0.86, top + unit * 0.016, x + half * 0.86, top + unit * 0.154))
    canvas.lay(inside, mix(scene.palette.sky[1], scene.palette.sky[3], 0.5) * np.float32(0.85))
    hill = [(x - half * 0.86, top + unit * 0.154), (x - half * 0.2, top + unit * 0.075), (x + half * 0.3, top + unit * 0.12), (x + half * 0.86, top + unit * 0.09), (x + half * 0.86, top + unit * 0.154)]
    canvas.lay(canvas.sketch(top, floor, lambda pencil: pencil.polygon(hill)), scene.palette.near)
    chest_top = floor - unit * 0.17
    canvas.lay(canvas.sketch(chest_top, floor + unit * 0.03, lambda pencil: pencil.box(x - unit * 0.2, chest_top, x + unit * 0.2, floor + unit * 0.02)), _dark(scene, "6d4b33"))
    knobs = canvas.sketch(chest_top, floor, lambda pencil: [pencil.ellipse(x + unit * across, chest_top + unit * down, unit * 0.006, unit * 0.006) for across in (-0.1, 0.1) for down in (0.05, 0.12)] and None)
    canvas.lay(knobs, _dark(scene, "d9b979", 0.9))
    _lay_lamp(scene, x - unit * 0.1, chest_top)


def dim_edges(canvas: Canvas, strength: float) -> None:
    """Darkens the corners softly."""
    across = (canvas.x[None] / np.float32(canvas.width) - np.float32(0.5)) * np.float32(1.65)
    down = (canvas.y / np.float32(canvas.height) - np.float32(0.5)) * np.float32(1.5)
    away = np.sqrt(across * across + down * down)
    canvas.pixels *= (1 - np.float32(strength) * smooth(0.4, 1.35, away))[..., None]
