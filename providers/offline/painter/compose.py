"""Puts a picture together, from the sky to the lettering.

Large pictures are painted at a bounded size and enlarged, so that memory stays within some 150 MB; lettering is set
at the full size.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from domain.generation import ImageRequest
from providers.offline.painter.canvas import Canvas
from providers.offline.painter.fields import paint_meadow
from providers.offline.painter.layers import Scenery, Stage
from providers.offline.painter.lettering import add_lettering
from providers.offline.painter.palette import Palette, palette_of
from providers.offline.painter.plan import Plan, plan_of
from providers.offline.painter.room import dim_edges, paint_room, window_frame
from providers.offline.painter.sky import paint_sky, place_sun
from providers.offline.painter.space import paint_space
from providers.offline.painter.staging import stage_subjects
from providers.offline.painter.street import paint_street
from providers.offline.painter.town import paint_city
from providers.offline.painter.village import paint_village
from providers.offline.painter.waters import paint_arctic, paint_coast, paint_lake
from providers.offline.painter.weather import add_lightning, add_weather
from providers.offline.painter.wild import paint_desert, paint_forest, paint_mountains
from providers.offline.prompts import moment_of
from providers.offline.terms import Biome

_MOST_PAINTED = 1_900_000
_SHORTEST_PAINTED = 96
_HORIZONS = {
    Biome.COAST: 0.58, Biome.MOUNTAIN: 0.64, Biome.FOREST: 0.6, Biome.CITY: 0.74, Biome.STREET: 0.6, Biome.DESERT: 0.56,
    Biome.MEADOW: 0.6, Biome.VILLAGE: 0.58, Biome.ARCTIC: 0.56, Biome.LAKE: 0.56, Biome.ROOM: 0.62, Biome.SPACE: 1.0,
}  # fmt: skip
_PAINTERS = {
    Biome.COAST: paint_coast, Biome.MOUNTAIN: paint_mountains, Biome.FOREST: paint_forest, Biome.CITY: paint_city,
    Biome.STREET: paint_street, Biome.DESERT: paint_desert, Biome.MEADOW: paint_meadow, Biome.VILLAGE: paint_village,
    Biome.ARCTIC: paint_arctic, Biome.LAKE: paint_lake, Biome.SPACE: paint_space,
}  # fmt: skip
_OUTSIDE = (Biome.MEADOW, Biome.CITY, Biome.COAST, Biome.MOUNTAIN, Biome.VILLAGE, Biome.FOREST)


def paint(request: ImageRequest, *, lettered: bool = False) -> Image.Image:
    """The picture of a request, at exactly its size; with its scene's number and title in a corner if `lettered`."""
    plan = plan_of(request)
    width, height = _painted_size(request.width, request.height)
    canvas = Canvas(width, height)
    palette = palette_of(plan)
    if plan.biome is Biome.ROOM:
        _paint_indoors(canvas, plan, palette)
    else:
        _paint_outdoors(canvas, plan, palette, plan.biome)
    picture = _developed(canvas, plan)
    if picture.size != (request.width, request.height):
        picture = picture.resize((request.width, request.height), Image.Resampling.LANCZOS)
    if not lettered:
        return picture
    return add_lettering(picture, order=request.order, title=request.title, line=moment_of(request.prompt))


def _painted_size(width: int, height: int) -> tuple[int, int]:
    """A size near the wanted one, neither too large to be quick nor too small to draw on."""
    scale = min(1.0, math.sqrt(_MOST_PAINTED / (width * height)))
    scale = max(scale, _SHORTEST_PAINTED / min(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _paint_outdoors(canvas: Canvas, plan: Plan, palette: Palette, biome: Biome) -> None:
    shift = float(plan.rng("horizon").uniform(-0.05, 0.05)) if biome is not Biome.SPACE else 0.0
    horizon = canvas.height * (_HORIZONS[biome] + shift)
    sun = place_sun(canvas, plan, horizon)
    paint_sky(canvas, plan, palette, sun, horizon)
    scene = Scenery(canvas, plan, palette, sun, horizon)
    add_lightning(scene)
    stage: Stage = _PAINTERS[biome](scene)
    stage_subjects(scene, stage)
    add_weather(scene)
    dim_edges(canvas, 0.34)


def _paint_indoors(canvas: Canvas, plan: Plan, palette: Palette) -> None:
    _, _, width, height = window_frame(canvas, mirrored=plan.mirrored)
    view = Canvas(max(width, 32), max(height, 32))
    outside = _OUTSIDE[(plan.seed // 41 + plan.variant) % len(_OUTSIDE)]
    horizon = view.height * 0.66
    sun = place_sun(view, plan, horizon)
    paint_sky(view, plan, palette, sun, horizon)
    seen = Scenery(view, plan, palette, sun, horizon)
    _PAINTERS[outside](seen)
    add_weather(seen)
    scene = Scenery(canvas, plan, palette, sun, canvas.height * 0.8)
    stage_subjects(scene, paint_room(scene, view))
    dim_edges(canvas, 0.36)


def _developed(canvas: Canvas, plan: Plan) -> Image.Image:
    """A little contrast, and just enough grain to keep gradients from banding."""
    rng = plan.rng("grain")
    pixels = canvas.pixels
    np.clip(pixels, 0, 1, out=pixels)
    grain = rng.random((canvas.height, canvas.width), dtype=np.float32)
    picture = np.empty(pixels.shape, np.uint8)
    for first in range(0, canvas.height, 128):
        rows = slice(first, first + 128)
        part = pixels[rows]
        part += np.float32(0.1) * (part * part * (3 - 2 * part) - part)
        picture[rows] = (part * np.float32(254) + grain[rows, :, None] * np.float32(1.6)).astype(np.uint8)
    return Image.fromarray(picture)
