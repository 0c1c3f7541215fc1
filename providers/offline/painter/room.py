"""A room at any hour: a window with the world outside, furniture, a lamp or a fire."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from providers.offline.painter import furniture
from providers.offline.painter.canvas import Canvas, Colour, Pencil, Points, field_noise, smooth
from providers.offline.painter.layers import Scenery, Stage
from providers.offline.painter.lights import lay_glow
from providers.offline.painter.palette import mix, rgb

_WALLS = ("7c6f64", "6b7a72", "8a6f5e", "5f6b80", "7d6a78", "86785a")
_Furniture = Callable[[Scenery, float, float], None]


def paint_room(scene: Scenery, view: Canvas) -> Stage:
    """The room around a painted view; `view` is what the window shows and fits `window_size`."""
    canvas, palette, plan = scene.canvas, scene.palette, scene.plan
    rng = plan.rng("room")
    floor = canvas.height * 0.8
    dim = np.float32(0.46 + 0.62 * palette.brightness + 0.06 * palette.lamps)
    warm = mix(np.ones(3, np.float32), rgb("ffd9a0"), 0.5 * palette.lamps)
    wall = rgb(_WALLS[(plan.variant + plan.seed // 5 % 2) % len(_WALLS)]) * dim * warm
    _lay_walls(scene, wall, floor, rng)
    left, top, width, height = window_frame(canvas, mirrored=plan.mirrored)
    _lay_window(scene, view, (left, top, width, height), wall)
    _lay_daylight(scene, (left, top, width, height), floor)
    far = 0.2
    back, front = _furniture(scene)
    back(scene, canvas.width * far, floor)
    front(scene, canvas.width * (0.84 if plan.mirrored else 0.72), floor + canvas.unit * 0.09)
    if palette.lamps > 0.5:
        furniture.lay_floor_lamp(scene, canvas.width * 0.35, floor + canvas.unit * 0.035)
    ground = np.full(canvas.width, floor + canvas.unit * 0.08, np.float32)
    return Stage(ground, depth=0.9, scale=1.7)


def _furniture(scene: Scenery) -> tuple[_Furniture, _Furniture]:
    """What stands against the wall and what stands before the window: as the words say, else by chance."""
    plan = scene.plan
    backs = {
        "fire": furniture.lay_fireplace,
        "books": furniture.lay_bookcase,
        "picture": furniture.lay_picture,
        "plant": furniture.lay_plant,
    }
    fronts = {"bed": furniture.lay_bed, "table": furniture.lay_table, "chair": furniture.lay_armchair}
    named_backs = [piece for name, piece in backs.items() if name in plan.props]
    named_fronts = [piece for name, piece in fronts.items() if name in plan.props]
    turn = plan.variant * 5 + plan.seed // 3
    back = named_backs[0] if named_backs else list(backs.values())[turn % len(backs)]
    front = named_fronts[0] if named_fronts else list(fronts.values())[turn // 2 % len(fronts)]
    return back, front


def window_frame(canvas: Canvas, *, mirrored: bool) -> tuple[int, int, int, int]:
    """Left, top, width and height of the window in pixels."""
    width = int(min(canvas.unit * 0.62, canvas.width * 0.44))
    height = int(canvas.unit * 0.46)
    left = int(canvas.width * (0.52 if mirrored else 0.93) - (0 if mirrored else width))
    top = int(canvas.height * 0.8 - canvas.unit * 0.17 - height)
    return left, max(0, top), max(8, width), max(8, height)


def _lay_walls(scene: Scenery, wall: Colour, floor: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    across = canvas.x[None] / np.float32(canvas.width) - np.float32(0.62)
    down = canvas.y / np.float32(canvas.height) - np.float32(0.45)
    shade = np.float32(1.14) - np.float32(0.5) * np.sqrt(across * across + down * down)
    canvas.pixels[:] = wall * shade[..., None]
    rows = canvas.rows(floor, canvas.height)
    boards = (
        rgb("70503a")
        * np.float32(0.4 + 0.75 * scene.palette.brightness)
        * mix(np.ones(3, np.float32), rgb("ffd9a0"), 0.4 * scene.palette.lamps)
    )
    grain = field_noise(rng, max(2, rows.stop - rows.start), canvas.width, roughness=1.2, flat=40.0)[
        : rows.stop - rows.start
    ]
    canvas.pixels[rows] = (
        boards * (np.float32(0.95) + np.float32(0.06) * grain + np.float32(0.1) * shade[rows])[..., None]
    )

    def seams(pencil: Pencil) -> None:
        middle = canvas.width * 0.5
        for step in np.linspace(-1.6, 1.6, 19):
            pencil.line(
                [(middle + step * canvas.width * 0.42, floor), (middle + step * canvas.width * 0.62, canvas.height)],
                canvas.unit * 0.0016,
            )

    canvas.lay(canvas.sketch(floor, canvas.height, seams), wall * np.float32(0.25), 0.5)
    base = canvas.sketch(
        floor - canvas.unit * 0.03,
        floor,
        lambda pencil: pencil.box(0, floor - canvas.unit * 0.026, canvas.width, floor),
    )
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
    cloth = mix(
        wall,
        rgb(("a8483f", "c9a15a", "4d6f86", "7b8f5a")[scene.plan.seed // 23 % 4])
        * np.float32(0.3 + 0.65 * scene.palette.brightness),
        0.65,
    )
    for side in (0, 1):
        edge = left - unit * 0.035 if side == 0 else left + width + unit * 0.035
        inward = 1 if side == 0 else -1
        curtain = [
            (edge + inward * unit * across, down)
            for across, down in (
                (-0.03, top - unit * 0.05),
                (0.1, top - unit * 0.05),
                (0.075, top + height * 0.5),
                (0.03, top + height + unit * 0.07),
                (-0.03, top + height + unit * 0.07),
            )
        ]
        mask = canvas.sketch(top - unit * 0.06, top + height + unit * 0.08, partial(_draw_polygon, curtain))
        folds = np.float32(1) + np.float32(0.16) * np.sin(canvas.x[mask.columns] / np.float32(unit * 0.0045))
        canvas.lay(mask, cloth * folds[None, :, None])
    rod = (left - unit * 0.09, top - unit * 0.06, left + width + unit * 0.09, top - unit * 0.05)
    canvas.fill(wall * np.float32(0.3), boxes=[rod])


def _draw_polygon(points: Points, pencil: Pencil) -> None:
    pencil.polygon(points)


def _lay_daylight(scene: Scenery, frame: tuple[int, int, int, int], floor: float) -> None:
    """The light that falls through the window onto the floor."""
    canvas = scene.canvas
    left, top, width, height = frame
    lean = canvas.unit * (0.16 if scene.plan.mirrored else -0.16)
    far = canvas.height - canvas.unit * 0.015

    def draw(pencil: Pencil) -> None:
        for start, stop in ((0.02, 0.47), (0.53, 0.98)):
            pencil.polygon([(left + width * start, floor + canvas.unit * 0.01),
                (left + width * stop, floor + canvas.unit * 0.01),
                            (left + width * stop + lean, far), (left + width * start + lean, far)])  # fmt: skip

    canvas.lay(canvas.sketch(floor, canvas.height, draw), scene.palette.light, 0.08 + 0.26 * scene.palette.brightness)
    lay_glow(
        canvas,
        left + width / 2,
        top + height / 2,
        canvas.unit * 0.5,
        scene.palette.haze,
        0.12 + 0.1 * scene.palette.brightness,
    )


def dim_edges(canvas: Canvas, strength: float) -> None:
    """Darkens the corners softly."""
    across = (canvas.x[None] / np.float32(canvas.width) - np.float32(0.5)) * np.float32(1.65)
    down = (canvas.y / np.float32(canvas.height) - np.float32(0.5)) * np.float32(1.5)
    away = np.sqrt(across * across + down * down)
    canvas.pixels *= (1 - np.float32(strength) * smooth(0.4, 1.35, away))[..., None]
