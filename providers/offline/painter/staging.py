"""Puts a plan's subjects into a painted landscape: where they stand, how large, with which lights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from providers.offline.painter import figures, things
from providers.offline.painter.airborne import stage_balloon, stage_birds, stage_rocket
from providers.offline.painter.canvas import Colour, Floats, Pencil
from providers.offline.painter.layers import Scenery, Stage, draw_broadleaf
from providers.offline.painter.lights import lay_glow
from providers.offline.painter.palette import mix, rgb
from providers.offline.painter.rails import stage_bridge, stage_train
from providers.offline.terms import Biome, Subject

_HEIGHTS = {
    Subject.PERSON: 0.17, Subject.COUPLE: 0.17, Subject.CHILD: 0.17, Subject.CROWD: 0.15, Subject.DOG: 0.15,
    Subject.HORSE: 0.19, Subject.BOAT: 0.17, Subject.LIGHTHOUSE: 0.42, Subject.HOUSE: 0.13, Subject.CASTLE: 0.34,
    Subject.CHURCH: 0.3, Subject.WINDMILL: 0.34, Subject.TREE: 0.38, Subject.TRAIN: 0.075, Subject.CAR: 0.11,
    Subject.TENT: 0.13, Subject.LAMP: 0.34, Subject.BALLOON: 0.2, Subject.ROCKET: 0.3,
}  # fmt: skip
_BUILDINGS = frozenset(
    (Subject.LIGHTHOUSE, Subject.HOUSE, Subject.CASTLE, Subject.CHURCH, Subject.WINDMILL, Subject.TREE)
)
_INDOORS = frozenset((Subject.PERSON, Subject.COUPLE, Subject.CHILD, Subject.CROWD, Subject.DOG))


@dataclass(frozen=True, slots=True)
class _Spot:
    """A subject's foot point, height and facing."""

    x: float
    y: float
    tall: float
    flip: int


def stage_subjects(scene: Scenery, stage: Stage) -> None:
    """Draws every subject of the plan that can stand in this place, the large ones behind the small ones."""
    plan = scene.plan
    fitting = [subject for subject in plan.subjects if _fits(subject, plan.biome)]
    ordered = sorted(fitting, key=lambda subject: -_HEIGHTS.get(subject, 0.0))
    first = 0.3 if plan.mirrored else 0.68
    if abs(scene.sun.x / scene.canvas.width - first) < 0.1:
        first += 0.11 if first < 0.5 else -0.13
    if plan.biome is Biome.STREET:
        first = 0.44 if plan.mirrored else 0.56
    if plan.biome is Biome.ROOM:
        first = 0.42 if plan.mirrored else 0.47
    for number, subject in enumerate(ordered):
        side = first + (0.0 if number == 0 else (0.22 if first < 0.5 else -0.2) * number)
        _stage(scene, stage, subject, side)


def _fits(subject: Subject, biome: Biome) -> bool:
    if biome is Biome.ROOM:
        return subject in _INDOORS
    if biome is Biome.SPACE:
        return subject is Subject.ROCKET
    if biome is Biome.VILLAGE:
        return subject not in (Subject.HOUSE, Subject.CHURCH)  # it is made of them
    if subject is Subject.LAMP:
        return biome in (Biome.CITY, Biome.STREET, Biome.MEADOW)
    return not (biome in (Biome.CITY, Biome.STREET) and subject in _BUILDINGS)


def _stage(scene: Scenery, stage: Stage, subject: Subject, side: float) -> None:
    canvas, plan = scene.canvas, scene.plan
    match subject:
        case Subject.BIRDS:
            return stage_birds(scene)
        case Subject.BALLOON:
            return stage_balloon(scene, side)
        case Subject.BRIDGE:
            return stage_bridge(scene, stage)
        case Subject.TRAIN:
            return stage_train(scene)
        case Subject.ROCKET:
            return stage_rocket(scene, side)
        case _:
            pass
    scale = plan.nearness * stage.scale if subject not in _BUILDINGS else 0.5 + 0.5 * plan.nearness
    tall = canvas.unit * _HEIGHTS[subject] * scale
    x = canvas.width * side
    if subject is Subject.BOAT and stage.water is not None:
        y = stage.water[0] + (stage.water[1] - stage.water[0]) * min(1.0, plan.nearness - 0.3)
    elif subject is Subject.BOAT:
        return
    else:
        x, y = _standing(scene, stage, x, sink=tall * 0.02)
    spot = _Spot(x, y, tall, -1 if side > 0.5 else 1)
    surface = None
    if subject in _BUILDINGS and subject is not Subject.TREE:
        surface = _lay_mound(scene, stage, spot)
    _lay(scene, subject, spot, surface)


def _lay_mound(scene: Scenery, stage: Stage, spot: _Spot) -> Floats:
    """Rising ground under a building, so that it never hangs over a slope; returns the ground's new surface."""
    canvas = scene.canvas
    half = spot.tall * 0.62 + canvas.unit * 0.1
    near = np.clip(1 - ((canvas.x - np.float32(spot.x)) / np.float32(half)) ** 2, 0, 1) ** 0.6
    hill = np.float32(spot.y + canvas.unit * 0.2) - near * np.float32(canvas.unit * 0.2)
    hill = np.where(near > 0, np.maximum(hill, spot.y - canvas.unit * 0.002), np.float32(canvas.height + 2))
    rows = canvas.rows(spot.y - 2, canvas.height)
    above = np.clip(canvas.y[rows] - hill[None] + np.float32(0.5), 0, 1) * (canvas.y[rows] < stage.ground[None] + 3)
    canvas.blend(rows, above.astype(np.float32), scene.depth_colour(stage.depth))
    return np.minimum(stage.ground, hill).astype(np.float32)


def _standing(scene: Scenery, stage: Stage, x: float, *, sink: float) -> tuple[float, float]:
    """A place near `x` where the ground is high enough to be seen."""
    canvas = scene.canvas
    reach = int(canvas.width * 0.1)
    first, last = max(0, int(x) - reach), min(canvas.width, int(x) + reach + 1)
    lowest = canvas.height - canvas.unit * 0.045
    part = stage.ground[first:last]
    best = first + int(np.argmin(part + np.abs(np.arange(first, last) - x) * np.float32(0.12)))
    if stage.ground[best] > lowest:
        wider = int(np.argmin(stage.ground[canvas.width // 8 : canvas.width * 7 // 8])) + canvas.width // 8
        best = wider
    return float(best), min(float(stage.ground[best]) + sink, lowest)


def _lay(scene: Scenery, subject: Subject, spot: _Spot, surface: Floats | None) -> None:
    canvas, palette = scene.canvas, scene.palette
    rng = scene.plan.rng(f"subject {subject}")
    mask = canvas.sketch(
        spot.y - spot.tall * 1.6, spot.y + spot.tall * 0.2, lambda pencil: _draw(scene, pencil, subject, spot, rng),
        left=spot.x - spot.tall * 2, right=spot.x + spot.tall * 2,
    )  # fmt: skip
    if surface is not None:
        sunk = canvas.y[mask.rows] - surface[None, mask.columns]
        mask.alpha *= np.clip(np.float32(canvas.unit * 0.004 + 1) - sunk, 0, 1)
    dark = palette.ink
    if subject is Subject.BOAT:
        dark = mix(dark, palette.haze, 0.1)
    top = (canvas.y[mask.rows] - np.float32(spot.y - spot.tall)) / np.float32(max(spot.tall, 1))
    colour = dark + (mix(dark, palette.haze, 0.16) - dark) * np.clip(1 - top, 0, 1)[..., None]
    canvas.lay(mask, colour)
    _light(scene, subject, spot)
    if subject is Subject.BOAT:
        _mirror_boat(scene, spot, dark)


def _draw(scene: Scenery, pencil: Pencil, subject: Subject, spot: _Spot, rng: np.random.Generator) -> None:
    x, y, tall, flip = spot.x, spot.y, spot.tall, spot.flip
    simple: dict[Subject, Callable[[], None]] = {
        Subject.PERSON: lambda: figures.draw_person(pencil, x, y, tall, dress=bool(scene.plan.seed // 19 % 2)),
        Subject.COUPLE: lambda: figures.draw_couple(pencil, x, y, tall),
        Subject.CHILD: lambda: figures.draw_child(pencil, x, y, tall),
        Subject.CROWD: lambda: figures.draw_crowd(pencil, x, y, tall, rng),
        Subject.DOG: lambda: figures.draw_dog(pencil, x, y, tall, flip),
        Subject.HORSE: lambda: figures.draw_horse(pencil, x, y, tall, flip),
        Subject.BOAT: lambda: things.draw_boat(pencil, x, y, tall, flip),
        Subject.LIGHTHOUSE: lambda: things.draw_lighthouse(pencil, x, y, tall),
        Subject.HOUSE: lambda: things.draw_house(pencil, x, y, tall),
        Subject.CASTLE: lambda: things.draw_castle(pencil, x, y, tall),
        Subject.CHURCH: lambda: things.draw_church(pencil, x, y, tall),
        Subject.WINDMILL: lambda: things.draw_windmill(pencil, x, y, tall, float(rng.uniform(0.2, 1.3))),
        Subject.TENT: lambda: things.draw_tent(pencil, x, y, tall),
        Subject.LAMP: lambda: things.draw_lamp_post(pencil, x, y, tall),
        Subject.CAR: lambda: things.draw_car(pencil, x, y, tall, flip),
    }
    if subject is Subject.TREE and scene.plan.biome is Biome.DESERT:
        things.draw_palm(pencil, x, y, tall)
    elif subject is Subject.TREE:
        draw_broadleaf(pencil, x, y, tall, rng)
    elif subject in simple:
        simple[subject]()


def _light(scene: Scenery, subject: Subject, spot: _Spot) -> None:
    """Lit windows, lanterns, the beam of a lighthouse, a campfire."""
    canvas, palette = scene.canvas, scene.palette
    x, y, tall = spot.x, spot.y, spot.tall
    match subject:
        case Subject.LIGHTHOUSE:
            _add_beam(scene, x, y - tall * 0.85, -1 if x > canvas.width / 2 else 1)
        case Subject.HOUSE | Subject.CHURCH | Subject.CASTLE | Subject.WINDMILL:
            panes = {
                Subject.HOUSE: ((-0.36, -0.3, 0.12), (0.2, -0.3, 0.12)),
                Subject.CHURCH: ((0.06, -0.2, 0.05), (0.2, -0.2, 0.05), (0.34, -0.2, 0.05)),
                Subject.CASTLE: ((-0.2, -0.55, 0.025), (0.08, -0.62, 0.03), (0.09, -0.4, 0.03),
                (-0.43, -0.4, 0.025), (0.41, -0.36, 0.025)),
                Subject.WINDMILL: ((-0.03, -0.32, 0.05),),
            }[subject]  # fmt: skip

            def windows(pencil: Pencil) -> None:
                for across, down, size in panes:
                    pencil.box(
                        x + across * tall, y + down * tall, x + (across + size) * tall, y + (down + size * 1.4) * tall
                    )

            area = canvas.sketch(y - tall, y, windows, left=x - tall, right=x + tall)
            canvas.lay(area, palette.glow, 0.3 + 0.7 * palette.lamps)
        case Subject.LAMP:
            lay_glow(canvas, x, y - tall * 0.91, tall * 0.2, palette.glow, 0.3 + 0.65 * palette.lamps)
        case Subject.TENT:
            _add_campfire(scene, spot)
        case Subject.CAR:
            lay_glow(
                canvas,
                x + spot.flip * tall * 0.74,
                y - tall * 0.28,
                tall * 0.22,
                palette.glow,
                0.25 + 0.7 * palette.lamps,
            )
        case _:
            pass


def _add_campfire(scene: Scenery, spot: _Spot) -> None:
    canvas = scene.canvas
    x, y, size = spot.x + spot.flip * spot.tall * 1.0, spot.y, spot.tall * 0.24

    def flame(pencil: Pencil) -> None:
        pencil.polygon(
            [
                (x - size * 0.4, y),
                (x - size * 0.25, y - size * 0.6),
                (x, y - size * 1.2),
                (x + size * 0.25, y - size * 0.55),
                (x + size * 0.4, y),
            ]
        )

    canvas.lay(canvas.sketch(y - size * 1.4, y + 1, flame, left=x - size, right=x + size), rgb("ffb052"))
    lay_glow(canvas, x, y - size * 0.5, spot.tall * 0.7, rgb("ffab52"), 0.35 + 0.45 * scene.palette.lamps)


def _add_beam(scene: Scenery, x: float, y: float, side: int) -> None:
    canvas, palette = scene.canvas, scene.palette
    lay_glow(canvas, x, y, canvas.unit * 0.035, rgb("fff3c8"), 0.6 + 0.4 * palette.lamps)
    if palette.lamps < 0.3:
        return
    rows = canvas.rows(y - canvas.unit * 0.3, y + canvas.unit * 0.3)
    across, down = (canvas.x[None] - np.float32(x)) * side, canvas.y[rows] - np.float32(y)
    away = np.sqrt(across * across + down * down) / np.float32(canvas.width * 0.36)
    angle = np.abs(np.arctan2(down, across) + np.float32(0.05))
    beam = np.exp(-((angle / np.float32(0.07)) ** 2)) * np.exp(-away) * np.float32(0.55 * palette.lamps)
    canvas.blend(rows, beam.astype(np.float32), rgb("fff3c8"))


def _mirror_boat(scene: Scenery, spot: _Spot, dark: Colour) -> None:
    canvas = scene.canvas
    depth = spot.tall * 0.5

    def draw_shadow(pencil: Pencil) -> None:
        for step in range(14):
            share = step / 14
            half = spot.tall * (0.4 - 0.28 * share)
            down = spot.y + spot.tall * 0.05 + share * depth
            pencil.box(spot.x - half, down, spot.x + half, down + depth / 26, fill=int(150 * (1 - share)))

    area = canvas.sketch(spot.y, spot.y + depth * 1.2, draw_shadow, left=spot.x - spot.tall, right=spot.x + spot.tall)
    canvas.lay(area, dark, 0.8)
