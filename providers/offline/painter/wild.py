"""Mountains, forests and deserts."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Floats, Pencil, field_noise, ridge_line, smooth
from providers.offline.painter.layers import Scenery, Stage, hills, lay_pines, lay_ridge
from providers.offline.painter.palette import mix, rgb


def paint_mountains(scene: Scenery) -> Stage:
    """Ranges behind ranges; some have one great peak, some pines before them."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("mountains")
    height, unit = canvas.height, canvas.unit
    far = hills(scene, "range0", scene.horizon - unit * 0.02, unit * 0.13, 1.35)
    lay_ridge(scene, far, 0.2, mist=0.8)
    peaks = _peaks(scene, rng)
    lay_ridge(scene, peaks, 0.42, mist=0.85)
    _add_facets(scene, peaks, rng)
    ground = peaks
    for number in range(3):
        share = (number + 1) / 3
        base = scene.horizon + (height - scene.horizon) * (0.1 + 0.62 * share**1.3)
        ground = hills(scene, f"range{number + 2}", base, unit * (0.09 - 0.02 * number), 1.5 + 0.3 * share)
        depth = 0.5 + 0.5 * share
        lay_ridge(scene, ground, depth, mist=0.9)
        if plan.variant % 3 != 2 and number:
            size = unit * (0.05 + 0.1 * share * share)
            lay_pines(scene, ground, depth, size=size, count=int(canvas.width / size * 1.1), part=f"pines{number}")
    return Stage(ground)


def _peaks(scene: Scenery, rng: np.random.Generator) -> Floats:
    canvas = scene.canvas
    line = ridge_line(rng, canvas.width, 1.3) * np.float32(canvas.unit * 0.07)
    x = canvas.x / np.float32(canvas.width)
    rise = np.zeros(canvas.width, np.float32)
    count = (1, 2, 3)[scene.plan.variant % 3]
    centres = np.linspace(0.3, 0.75, count) if count > 1 else np.array([0.38 if scene.plan.mirrored else 0.64])
    for centre in centres:
        peak = rng.uniform(0.24, 0.34) if count > 1 else 0.42
        spread = canvas.unit / canvas.width * rng.uniform(0.42, 0.62)
        slope = np.clip(1 - np.abs(x - np.float32(centre + rng.uniform(-0.06, 0.06))) / spread, 0, 1) ** 1.15
        rise = np.maximum(rise, (slope * peak).astype(np.float32))
    base = scene.horizon + canvas.unit * 0.08
    return (np.float32(base) - rise * np.float32(canvas.unit) - line).astype(np.float32)


def _add_facets(scene: Scenery, peaks: Floats, rng: np.random.Generator) -> None:
    """Light and shadow sides, and snow on the heights."""
    canvas, palette = scene.canvas, scene.palette
    rows = canvas.rows(float(peaks.min()), scene.horizon + canvas.unit * 0.12)
    if rows.stop - rows.start < 2:
        return
    below = canvas.y[rows] - peaks[None]
    inside = np.clip(below, 0, 1)
    lean = np.float32(0.75 if scene.sun.x > canvas.width / 2 else -0.75)
    strokes = ridge_line(rng, canvas.width * 2, 1.1)
    at = np.clip(canvas.x[None] + below * lean + canvas.width / 2, 0, canvas.width * 2 - 1).astype(np.int32)
    shade = smooth(-0.08, 0.12, strokes[at])
    fade = np.clip(1 - below / np.float32(canvas.unit * 0.34), 0, 1)
    shadow = mix(scene.depth_colour(0.6), palette.sky[1], 0.3)
    canvas.blend(rows, inside * (1 - shade) * fade * np.float32(0.5), shadow)
    ragged = field_noise(rng, rows.stop - rows.start, canvas.width, roughness=1.1)
    line = np.float32(float(peaks.min()) + canvas.unit * (0.3 if scene.plan.winter else 0.13))
    snow = smooth(1.0, -1.0, (canvas.y[rows] - line) / np.float32(canvas.unit * 0.05) + ragged * np.float32(1.2))
    bright = mix(rgb("f4f7fb"), palette.haze, 0.25) * mix(palette.light, np.ones(3, np.float32), 0.4)
    bright = bright * np.float32(0.3 + 0.7 * palette.brightness)
    canvas.blend(rows, inside * snow * (np.float32(0.35) + np.float32(0.6) * shade), mix(bright, palette.haze, 0.12))


def paint_forest(scene: Scenery) -> Stage:
    """Either wooded hills fading into the haze, or the inside of a wood with light between the trunks."""
    if scene.plan.variant % 2:
        return _among_trunks(scene)
    canvas = scene.canvas
    ground = canvas.x
    for number in range(5):
        share = (number + 1) / 5
        base = scene.horizon - canvas.unit * 0.05 + (canvas.height - scene.horizon) * 0.88 * share**1.5
        ground = hills(scene, f"wood{number}", base, canvas.unit * 0.07, 1.7)
        depth = 0.18 + 0.82 * share**1.2
        lay_ridge(scene, ground, depth, mist=0.85)
        size = canvas.unit * (0.05 + 0.17 * share**2)
        lay_pines(scene, ground, depth, size=size, count=int(canvas.width / size * 1.9), part=f"trees{number}")
    return Stage(ground)


def _among_trunks(scene: Scenery) -> Stage:
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("trunks")
    canopy = field_noise(rng, canvas.height, canvas.width, roughness=1.5, flat=1.2)
    top = smooth(0.85, -0.1, canvas.y / np.float32(canvas.height)) * smooth(-1.1, 1.2, canopy)
    canvas.blend(slice(None), top * np.float32(0.55), scene.depth_colour(0.5))
    floor = scene.horizon + canvas.unit * 0.04
    for number in range(4):
        share = (number + 1) / 4
        depth = 0.22 + 0.78 * share**1.3
        base = floor + (canvas.height - floor) * 0.62 * share**1.6
        ground = hills(scene, f"floor{number}", base, canvas.unit * 0.025 * (1 + share), 1.9)
        lay_ridge(scene, ground, depth, mist=0.6)
        _lay_trunks(scene, ground, depth, share, rng)
    leaves = field_noise(rng, canvas.height, canvas.width, roughness=1.15)
    crown = smooth(0.42, 0.0, canvas.y / np.float32(canvas.height)) * smooth(0.0, 0.9, leaves + 0.5)
    edges = np.abs(canvas.x / np.float32(canvas.width) - np.float32(0.5)) * 2
    canvas.blend(slice(None), crown * (np.float32(0.25) + np.float32(0.65) * edges[None] ** 2), scene.depth_colour(0.9))
    _add_shafts(scene, rng)
    return Stage(ground)


def _lay_trunks(scene: Scenery, ground: Floats, depth: float, share: float, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    thick = canvas.unit * (0.012 + 0.05 * share**2)
    gap = 0.16 * canvas.width * share**2 if share > 0.7 else 0.0
    middle = canvas.width * (0.42 if scene.plan.mirrored else 0.58)
    places = [float(place) for place in rng.uniform(0, canvas.width, int(26 - 19 * share))]

    def draw(pencil: Pencil) -> None:
        for place in places:
            if abs(place - middle) < gap:
                continue
            half = thick * float(rng.uniform(0.6, 1.2)) / 2
            foot = float(ground[int(min(place, canvas.width - 1))]) + half
            lean = float(rng.uniform(-0.6, 0.6)) * half
            pencil.polygon([(place - half * 1.7, foot), (place - half, foot - half * 5),
                (place - half * 0.8 + lean, -4),
                            (place + half * 0.8 + lean, -4), (place + half, foot - half * 5),
                            (place + half * 1.7, foot)])  # fmt: skip
            for _ in range(3):
                height = foot * float(rng.uniform(0.25, 0.7))
                side = 1 if rng.random() < 0.5 else -1
                pencil.line([(place, height), (place + side * half * 5, height - half * 4)], half * 0.35)

    canvas.lay(canvas.sketch(0, float(ground.max()) + thick * 2, draw), scene.depth_colour(depth))


def _add_shafts(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    lean = np.float32(0.45 if scene.sun.x > canvas.width / 2 else -0.45)
    bands = ridge_line(rng, canvas.width * 3, 1.0, detail=0.04)
    at = np.clip(canvas.x[None] + canvas.y * lean + canvas.width, 0, canvas.width * 3 - 1).astype(np.int32)
    light = smooth(0.1, 0.6, bands[at]) * smooth(1.0, 0.1, canvas.y / np.float32(canvas.height))
    canvas.blend(slice(None), light * np.float32(0.1 + 0.22 * scene.palette.brightness), scene.palette.light)


def paint_desert(scene: Scenery) -> Stage:
    """Dunes with a sunlit and a shaded side; sometimes table mountains far off."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("dunes")
    if plan.variant % 2:
        _lay_mesas(scene, rng)
    ground = canvas.x
    for number in range(5):
        share = (number + 1) / 5
        base = scene.horizon - canvas.unit * 0.03 + (canvas.height - scene.horizon) * 0.76 * share**1.5
        ground = hills(scene, f"dune{number}", base, canvas.unit * (0.03 + 0.07 * share), 2.2)
        depth = 0.2 + 0.62 * share**1.2
        colour = mix(scene.depth_colour(depth), scene.palette.land, 0.45)
        lay_ridge(scene, ground, depth, mist=0.6, colour=colour)
        _shade_dune(scene, ground, rng, share)
    return Stage(ground, depth=0.95)


def _shade_dune(scene: Scenery, ground: Floats, rng: np.random.Generator, share: float) -> None:
    """A soft shadow on the lee side of each crest, bounded by a curve that runs down from the top."""
    canvas = scene.canvas
    side = -1.0 if scene.sun.x > canvas.width / 2 else 1.0
    window = max(3, canvas.width // 24)
    padded = np.pad(np.gradient(ground), window, mode="edge")
    slope = np.convolve(padded, np.hanning(window) / np.hanning(window).sum(), mode="same")[window:-window]
    lee = smooth(-0.05, 0.25, (slope * side).astype(np.float32))
    rows = canvas.rows(float(ground.min()), float(ground.max()) + canvas.unit * 0.3)
    below = canvas.y[rows] - ground[None]
    reach = np.float32(canvas.unit * (0.06 + 0.14 * share))
    alpha = (
        np.clip(below, 0, 1)
        * smooth(1.0, 0.0, below / (reach * (np.float32(0.25) + lee[None])))
        * lee[None]
        * np.float32(0.6)
    )
    canvas.blend(rows, alpha, mix(scene.palette.near, scene.palette.land, 0.3))


def _lay_mesas(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas

    def draw(pencil: Pencil) -> None:
        for _ in range(3):
            left, wide = rng.uniform(-0.05, 0.9) * canvas.width, rng.uniform(0.1, 0.24) * canvas.width
            tall = rng.uniform(0.07, 0.17) * canvas.unit
            foot, top = scene.horizon + canvas.unit * 0.05, scene.horizon - tall
            pencil.polygon([(left - tall * 0.5, foot), (left, top + tall * 0.35), (left + wide * 0.04, top),
                            (left + wide * 0.94, top), (left + wide, top + tall * 0.3),
                            (left + wide + tall * 0.5, foot)])  # fmt: skip

    canvas.lay(
        canvas.sketch(scene.horizon - canvas.unit * 0.2, scene.horizon + canvas.unit * 0.06, draw),
        scene.depth_colour(0.34),
    )
