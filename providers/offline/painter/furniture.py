"""What stands in a room. Each piece is drawn around a foot point, in hundredths of the sheet's unit, right and up."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from providers.offline.painter.canvas import Box, Colour, Oval, Points
from providers.offline.painter.layers import Scenery
from providers.offline.painter.lights import lay_glow
from providers.offline.painter.palette import mix, rgb

_SPINES = ("b5523b", "d8a24a", "4f7a86", "8b9a5b", "d9cbb0")
_FLAMES = ((-7.6, 9.0), (-3.4, 15.6), (0.8, 12.0), (4.8, 17.4), (8.2, 8.4))


class _Piece:
    """A foot point and the colours around it."""

    def __init__(self, scene: Scenery, x: float, foot: float, *, flip: int = 1) -> None:
        self.scene = scene
        self.x = x
        self.foot = foot
        self.size = scene.canvas.unit / 100
        self.flip = flip

    def at(self, across: float, up: float) -> tuple[float, float]:
        return self.x + self.flip * across * self.size, self.foot - up * self.size

    def fill(
        self, colour: Colour, *, boxes: Iterable[Box] = (), polygons: Iterable[Points] = (), ovals: Iterable[Oval] = ()
    ) -> None:
        """Boxes are left, top, right, bottom; ovals are a centre and two half axes."""
        size = self.size
        corners = [(self.at(left, top), self.at(right, bottom)) for left, top, right, bottom in boxes]
        self.scene.canvas.fill(
            colour,
            boxes=[(min(a[0], b[0]), a[1], max(a[0], b[0]), b[1]) for a, b in corners],
            polygons=[[self.at(*point) for point in points] for points in polygons],
            ovals=[(*self.at(x, y), across * size, down * size) for x, y, across, down in ovals],
        )

    def glow(self, across: float, up: float, radius: float, code: str, strength: float) -> None:
        x, y = self.at(across, up)
        lay_glow(self.scene.canvas, x, y, radius * self.size, rgb(code), strength)

    def tone(self, code: str, share: float = 0.5) -> Colour:
        """A furniture colour under the room's light; the smaller the share, the darker."""
        lit = rgb(code) * np.float32(0.34 + 0.66 * self.scene.palette.brightness)
        return mix(self.scene.palette.near, lit, share)

    def pick(self, *codes: str) -> str:
        return codes[self.scene.plan.seed // 29 % len(codes)]


def lay_fireplace(scene: Scenery, x: float, floor: float) -> None:
    """A hearth with a burning fire and its chimney breast."""
    piece = _Piece(scene, x, floor)
    ceiling = floor / piece.size + 1
    stone = [(-17.0, 30.0, 17.0, -1.0), (-19.5, 32.8, 19.5, 30.0), (-10.5, ceiling, 10.5, 30.0)]
    piece.fill(piece.tone("8c7a6b", 0.75), boxes=stone)
    piece.fill(rgb("160d09"), boxes=[(-12.0, 22.0, 12.0, 0.0)])
    flames = [
        [(at - 3.4, 1.2), (at - 1.7, tall / 2), (at, tall), (at + 2.0, tall * 0.45), (at + 3.4, 1.2)]
        for at, tall in _FLAMES
    ]
    piece.fill(rgb("ff9a3d"), polygons=flames)
    piece.fill(rgb("ffe08a"), polygons=[[(-5.0, 1.2), (-1.5, 5.0), (0.0, 10.8), (1.6, 5.4), (5.0, 1.2)]])
    piece.glow(0, 7.5, 26, "ffab52", 0.5)


def lay_bookcase(scene: Scenery, x: float, floor: float) -> None:
    """Four shelves of books."""
    piece = _Piece(scene, x, floor)
    rng = scene.plan.rng("books")
    piece.fill(piece.tone("6d4b33"), boxes=[(-20.0, 42.0, 20.0, 0.0)])
    feet = [31.2 - shelf * 10.2 for shelf in range(4)]
    piece.fill(piece.tone("3a281c", 0.4), boxes=[(-18.8, foot + 9.2, 18.8, foot) for foot in feet])
    spines: dict[str, list[Box]] = {code: [] for code in _SPINES}
    for foot in feet:
        at = -18.3
        while at < 16.5:
            wide, tall = float(rng.uniform(0.9, 2.0)), float(rng.uniform(5.5, 8.3))
            if rng.random() < 0.88:
                spines[_SPINES[int(rng.integers(0, 5))]].append((at, foot + tall, at + wide * 0.9, foot))
            at += wide
    for code, boxes in spines.items():
        piece.fill(piece.tone(code, 0.85), boxes=boxes)


def lay_floor_lamp(scene: Scenery, x: float, foot: float) -> None:
    """A lit lamp on a tall stem."""
    piece = _Piece(scene, x, foot)
    piece.fill(piece.tone("3b2f2a"), boxes=[(-0.4, 33.0, 0.4, 0.0)], ovals=[(0.0, 0.4, 4.0, 0.9)])
    piece.glow(0, 33, 34, "ffcf87", 0.3 * scene.palette.lamps)
    _lay_lamp(piece, 0, 25.5)


def _lay_lamp(piece: _Piece, across: float, up: float) -> None:
    """A small lamp that stands on something."""
    lamps = piece.scene.palette.lamps
    stem, foot = (across - 0.4, up + 8.0, across + 0.4, up), (across, up + 0.4, 2.4, 0.7)
    piece.fill(piece.tone("3b2f2a"), boxes=[stem], ovals=[foot])
    shade = [(across - 2.5, up + 13), (across + 2.5, up + 13), (across + 4.5, up + 7), (across - 4.5, up + 7)]
    piece.fill(mix(piece.tone("e8c98f", 0.9), rgb("ffe2a6"), lamps), polygons=[shade])
    if lamps > 0.3:
        piece.glow(across, up + 9, 20, "ffd58a", 0.55 * lamps)


def lay_table(scene: Scenery, x: float, foot: float) -> None:
    """A table with two cups, a book and a lamp, and a chair beside it."""
    piece = _Piece(scene, x, foot)
    legs = [[(at, 19.0), (at + 2.2, 19.0), (at + 1.6, 0.0), (at + 0.6, 0.0)] for at in (-22.9, 21.3)]
    chair = [
        (-33.3, 31.0, -31.9, 0.0),
        (-33.3, 30.0, -30.3, 17.0),
        (-33.3, 14.0, -21.3, 12.5),
        (-22.7, 13.0, -21.5, 0.0),
    ]
    piece.fill(piece.tone("6b4630", 0.45), boxes=[(-26.0, 19.0, 26.0, 17.2), *chair], polygons=legs)
    cups = [[(at - 1.7, 22.0), (at + 1.7, 22.0), (at + 1.2, 19.0), (at - 1.2, 19.0)] for at in (-8.3, 0.5)]
    book = [(-19.5, 19.0), (-13.0, 19.0), (-13.8, 19.8), (-18.7, 19.8)]
    handles = [(at + 1.9, 20.8, 0.8, 0.9) for at in (-8.3, 0.5)]
    piece.fill(piece.tone("efe6d6", 0.85), polygons=[*cups, book], ovals=handles)
    _lay_lamp(piece, 16.1, 19.0)


def lay_armchair(scene: Scenery, x: float, foot: float) -> None:
    """An armchair, seen from the side."""
    piece = _Piece(scene, x, foot, flip=-1 if scene.plan.mirrored else 1)
    piece.fill(
        piece.tone(piece.pick("8a4b3f", "4f6b62", "6a5876"), 0.55),
        boxes=[(-14.0, 12.0, 14.0, 3.0), (-12.0, 3.5, -10.6, 0.0), (11.0, 3.5, 12.4, 0.0)],
        polygons=[[(-13.5, 28.0), (-3.5, 28.0), (-2.0, 3.0), (-15.0, 3.0)]],
        ovals=[(-8.5, 27.0, 5.0, 7.5), (6.0, 12.0, 9.0, 2.5)],
    )


def lay_bed(scene: Scenery, x: float, foot: float) -> None:
    """A made bed, seen from the side."""
    piece = _Piece(scene, x, foot)
    frame = [(-30.0, 24.0, -28.0, 0.0), (28.0, 15.0, 30.0, 0.0), (-30.0, 8.0, 30.0, 4.0)]
    piece.fill(piece.tone("5b3d2a", 0.45), boxes=frame)
    cover = [(-28.0, 8.0), (-28.0, 12.5), (-9.0, 13.5), (15.0, 13.0), (28.0, 11.5), (28.0, 5.5)]
    piece.fill(piece.tone(piece.pick("6f8fa8", "b4785c", "8a8f68"), 0.85), polygons=[cover])
    piece.fill(piece.tone("efe8dc", 0.9), ovals=[(-21.6, 14.0, 6.5, 2.5)])


def lay_plant(scene: Scenery, x: float, floor: float) -> None:
    """A broad-leaved plant in a pot."""
    piece = _Piece(scene, x, floor + scene.canvas.unit * 0.05)
    rng = scene.plan.rng("plant")
    leaves: list[Points] = []
    for number in range(13):
        angle = -1.15 + 2.3 * number / 12 + float(rng.uniform(-0.12, 0.12))
        long = float(rng.uniform(17, 31)) * (1 - 0.25 * abs(angle))
        along, side = (float(np.sin(angle)), float(np.cos(angle))), 2.4
        leaf = [(0.0, 11.0)]
        for share, wide in ((0.35, 0.8), (0.6, 1.0), (0.85, 0.6), (1.0, 0.0), (0.85, -0.6), (0.6, -1.0), (0.35, -0.8)):
            droop = 4.0 * share * share * abs(angle)
            leaf.append(
                (
                    along[0] * long * share + along[1] * side * wide,
                    11 + along[1] * long * share - along[0] * side * wide - droop,
                )
            )
        leaves.append(leaf)
    piece.fill(piece.tone("4e7d52", 0.75), polygons=leaves)
    piece.fill(piece.tone("b5694a", 0.8), polygons=[[(-5.5, 12.0), (5.5, 12.0), (4.0, 0.0), (-4.0, 0.0)]])


def lay_picture(scene: Scenery, x: float, floor: float) -> None:
    """A framed landscape over a chest of drawers with a lamp."""
    piece = _Piece(scene, x, floor)
    piece.fill(piece.tone("c8a25e", 0.7), boxes=[(-11.0, 44.0, 11.0, 27.0)])
    sky = mix(scene.palette.sky[1], scene.palette.sky[3], 0.5) * np.float32(0.85)
    piece.fill(sky, boxes=[(-9.5, 42.4, 9.5, 28.6)])
    piece.fill(scene.palette.near, polygons=[[(-9.5, 28.6), (-2.2, 36.5), (3.3, 32.0), (9.5, 35.0), (9.5, 28.6)]])
    piece.fill(piece.tone("6d4b33"), boxes=[(-20.0, 17.0, 20.0, -2.0)])
    knobs = [(across, up, 0.6, 0.6) for across in (-10.0, 10.0) for up in (5.0, 12.0)]
    piece.fill(piece.tone("d9b979", 0.9), ovals=knobs)
    _lay_lamp(piece, -10.0, 17.0)
