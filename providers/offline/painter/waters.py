"""Coasts, lakes and the polar sea."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Floats, Pencil, field_noise, ridge_line, smooth
from providers.offline.painter.layers import Scenery, Stage, hills, lay_pines, lay_ridge, lay_water
from providers.offline.painter.palette import mix, rgb
from providers.offline.terms import Daytime


def paint_coast(scene: Scenery) -> Stage:
    """Sea to the horizon with a headland, a beach or cliffs before it."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("coast")
    island = np.clip(ridge_line(rng, canvas.width, 1.6) - 0.15, 0, 1) * np.float32(canvas.unit * 0.12)
    far = (np.float32(scene.horizon + 1) - island).astype(np.float32)
    lay_ridge(scene, far, 0.34, mist=0.7)
    if plan.variant % 3 == 2:
        _lay_cliff(scene, rng)
    lay_water(scene, scene.horizon, ripple=0.17)
    _add_waves(scene, rng)
    ground = _beach(scene, rng) if plan.variant % 3 == 1 else _rocks(scene, rng)
    water = (scene.horizon + canvas.unit * 0.05, scene.horizon + canvas.unit * 0.16)
    return Stage(ground, water)


def _lay_cliff(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    x = canvas.x / np.float32(canvas.width)
    side = x if scene.plan.mirrored else 1 - x
    drop = smooth(0.46, 0.3, side) * np.float32(canvas.unit * 0.3)
    rough = ridge_line(rng, canvas.width, 1.4) * np.float32(canvas.unit * 0.03)
    profile = np.where(
        drop > 1, np.float32(scene.horizon + 1) - drop - rough * (drop > 4), np.float32(scene.horizon + 2)
    )
    lay_ridge(scene, np.minimum(profile, scene.horizon + 2).astype(np.float32), 0.62, mist=0.6)


def _rocks(scene: Scenery, rng: np.random.Generator) -> Floats:
    canvas = scene.canvas
    x = np.linspace(0, np.pi, canvas.width, dtype=np.float32)
    side = np.cos(x) * np.float32(0.5 if scene.plan.mirrored else -0.5)
    rise = np.clip(ridge_line(rng, canvas.width, 1.5) * np.float32(0.6) + np.float32(0.3) + side, 0, 2)
    ground = np.asarray(canvas.height * 1.02 - rise * canvas.unit * 0.17, np.float32)
    lay_ridge(scene, ground, 1.0)
    return ground


def _beach(scene: Scenery, rng: np.random.Generator) -> Floats:
    canvas, palette = scene.canvas, scene.palette
    x = np.linspace(0, 1, canvas.width, dtype=np.float32)
    lean = x if scene.plan.mirrored else 1 - x
    wander = ridge_line(rng, canvas.width, 2.2) * np.float32(canvas.unit * 0.02)
    edge = np.float32(canvas.height) - np.float32(canvas.unit * 0.06) - lean * np.float32(canvas.unit * 0.24) + wander
    edge = edge.astype(np.float32)
    sand = mix(
        rgb("d9bf94") * mix(palette.light, np.ones(3, np.float32), 0.5) * np.float32(palette.brightness),
        palette.near,
        0.25,
    )
    foam = mix(rgb("f6f8f6"), palette.haze, 0.4) * np.float32(0.3 + 0.7 * palette.brightness)
    for shift, share in ((0.045, 0.25), (0.014, 0.75)):
        rows = canvas.rows(float(edge.min()) - canvas.unit * 0.08, canvas.height)
        away = np.abs(canvas.y[rows] - edge[None] + np.float32(canvas.unit * shift)) / np.float32(canvas.unit * 0.007)
        canvas.blend(rows, np.exp(-away) * np.float32(share), foam)
    lay_ridge(scene, edge, 0.9, colour=mix(sand, palette.near, 0.12))
    return edge + np.float32(canvas.unit * 0.03)


def _add_waves(scene: Scenery, rng: np.random.Generator) -> None:
    """Short strokes of light that grow towards the viewer."""
    canvas, palette = scene.canvas, scene.palette

    def draw(pencil: Pencil) -> None:
        for _ in range(150):
            deep = float(rng.uniform(0, 1)) ** 1.3
            x, y = float(rng.uniform(0, canvas.width)), scene.horizon + 4 + deep * (canvas.height - scene.horizon)
            long, thick = canvas.unit * (0.01 + 0.06 * deep), canvas.unit * (0.0007 + 0.0022 * deep)
            pencil.ellipse(x, y, long, thick)

    canvas.lay(canvas.sketch(scene.horizon, canvas.height, draw), mix(palette.haze, palette.light, 0.3), 0.26)


def paint_lake(scene: Scenery) -> Stage:
    """Still water that mirrors hills and trees, with a bank and reeds before it."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("lake")
    shore = scene.horizon + canvas.unit * 0.03
    swing = (0.2, 0.09, 0.14)[plan.variant % 3]
    rough = (1.35, 1.9, 1.6)[plan.variant % 3]
    lay_ridge(
        scene,
        hills(scene, "far", scene.horizon - canvas.unit * swing * 0.7, canvas.unit * swing, rough),
        0.25,
        mist=0.8,
    )
    middle = hills(scene, "middle", scene.horizon - canvas.unit * 0.05, canvas.unit * 0.05, 1.7)
    lay_ridge(scene, middle, 0.5, mist=0.7)
    bank = np.minimum(hills(scene, "bank", shore - canvas.unit * 0.008, canvas.unit * 0.012, 1.9), shore).astype(
        np.float32
    )
    lay_ridge(scene, bank, 0.66, mist=0.4)
    if plan.variant % 2 == 0:
        size = canvas.unit * 0.1
        lay_pines(scene, bank, 0.66, size=size, count=int(canvas.width / size * 1.5), part="shorepines")
    lay_water(scene, shore, ripple=0.1)
    ground = _near_bank(scene, rng)
    return Stage(ground, (shore + canvas.unit * 0.05, shore + canvas.unit * 0.17))


def _near_bank(scene: Scenery, rng: np.random.Generator) -> Floats:
    canvas = scene.canvas
    x = np.linspace(0, 1, canvas.width, dtype=np.float32)
    lean = x if scene.plan.mirrored else 1 - x
    rise = np.clip(lean * np.float32(1.5) - np.float32(0.55), 0, 1) * np.float32(canvas.unit * 0.16)
    rough = ridge_line(rng, canvas.width, 1.8) * np.float32(canvas.unit * 0.014)
    ground = np.asarray(canvas.height - canvas.unit * 0.025 - rise - rough, np.float32)
    lay_ridge(scene, ground, 1.0)

    def reeds(pencil: Pencil) -> None:
        for _ in range(90):
            place = float(rng.beta(0.5, 0.9)) if not scene.plan.mirrored else 1 - float(rng.beta(0.5, 0.9))
            at = min(place * canvas.width, canvas.width - 1.0)
            foot = float(ground[int(at)]) + canvas.unit * 0.02
            tall = canvas.unit * float(rng.uniform(0.04, 0.13))
            tip = (at + float(rng.uniform(-0.2, 0.2)) * tall, foot - tall)
            pencil.line([(at, foot), tip], canvas.unit * 0.0024)
            if rng.random() < 0.35:
                pencil.ellipse(tip[0], tip[1], canvas.unit * 0.0035, canvas.unit * 0.013)

    canvas.lay(canvas.sketch(float(ground.min()) - canvas.unit * 0.15, canvas.height, reeds), scene.palette.near)
    return ground


def paint_arctic(scene: Scenery) -> Stage:
    """Icebergs on cold water, an ice shelf before the viewer, northern lights at night."""
    canvas, plan = scene.canvas, scene.plan
    rng = plan.rng("ice")
    if plan.daytime in (Daytime.NIGHT, Daytime.DUSK):
        _add_aurora(scene, rng)
    lay_ridge(scene, hills(scene, "far", scene.horizon - canvas.unit * 0.01, canvas.unit * 0.06, 1.3), 0.2, mist=0.6)
    for number in range(int(rng.integers(2, 4))):
        _lay_iceberg(scene, rng, number)
    lay_water(
        scene,
        scene.horizon,
        ripple=0.08,
        tint=mix(scene.palette.sky[0], rgb("1d5a78"), 0.4) * np.float32(0.4 + 0.6 * scene.palette.brightness),
    )
    ice = mix(scene.palette.land, scene.palette.haze, 0.2)
    _lay_floes(scene, rng)
    ground = hills(scene, "shelf", canvas.height - canvas.unit * 0.12, canvas.unit * 0.045, 1.9)
    lay_ridge(scene, ground, 0.9, colour=mix(ice, scene.palette.sky[1], 0.25))
    rows = canvas.rows(float(ground.min()), canvas.height)
    drift = smooth(-0.4, 1.6, field_noise(rng, rows.stop - rows.start, canvas.width, roughness=1.5, flat=8.0))
    inside = np.clip(canvas.y[rows] - ground[None], 0, 1)
    canvas.blend(rows, inside * drift * np.float32(0.35), mix(ice, scene.palette.light, 0.5))
    return Stage(ground, (scene.horizon + canvas.unit * 0.05, scene.horizon + canvas.unit * 0.14))


def _lay_iceberg(scene: Scenery, rng: np.random.Generator, number: int) -> None:
    canvas, palette = scene.canvas, scene.palette
    centre = canvas.width * ((0.72, 0.25, 0.5)[number] + float(rng.uniform(-0.1, 0.1)))
    wide, tall = canvas.unit * float(rng.uniform(0.16, 0.34)), canvas.unit * float(rng.uniform(0.08, 0.26))
    foot = scene.horizon + 2
    xs = np.sort(rng.uniform(-1, 1, 7))
    crown = [(centre + float(x) * wide, foot - tall * float((1 - abs(x)) ** 0.6 * rng.uniform(0.65, 1))) for x in xs]
    outline = [(centre - wide * 1.1, foot), *crown, (centre + wide * 1.1, foot)]
    ridge = centre + wide * float(rng.uniform(-0.2, 0.2))
    peak = min(crown, key=lambda point: point[1])
    shaded = [point for point in outline if point[0] > peak[0]]
    body = canvas.sketch(foot - tall * 1.1, foot, lambda pencil: pencil.polygon(outline))
    canvas.lay(body, mix(palette.land, palette.light, 0.25))
    shade = canvas.sketch(foot - tall * 1.1, foot, lambda pencil: pencil.polygon([peak, *shaded, (ridge, foot)]))
    canvas.lay(shade, mix(palette.land, rgb("3f7fa6") * np.float32(0.3 + 0.7 * palette.brightness), 0.5), 0.7)


def _lay_floes(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas

    def draw(pencil: Pencil) -> None:
        for _ in range(26):
            deep = float(rng.uniform(0.04, 0.75))
            x, y = float(rng.uniform(0, canvas.width)), scene.horizon + deep * (canvas.height - scene.horizon)
            wide, flat = canvas.unit * (0.015 + 0.09 * deep), canvas.unit * (0.002 + 0.014 * deep)
            pencil.polygon([(x - wide, y), (x - wide * 0.5, y - flat), (x + wide * 0.6, y - flat * 0.9),
                (x + wide, y),
                            (x + wide * 0.4, y + flat * 0.7), (x - wide * 0.6, y + flat * 0.6)])  # fmt: skip

    canvas.lay(
        canvas.sketch(scene.horizon, canvas.height, draw), mix(scene.palette.land, scene.palette.haze, 0.3), 0.92
    )


def _add_aurora(scene: Scenery, rng: np.random.Generator) -> None:
    canvas = scene.canvas
    rows = canvas.rows(0, scene.horizon)
    height = max(1.0, scene.horizon)
    for code, base in (("5ff0b0", 0.55), ("8f7cf0", 0.42)):
        curve = ridge_line(rng, canvas.width, 2.0) * np.float32(0.16) + np.float32(base)
        rays = np.float32(0.55) + np.float32(0.45) * ridge_line(rng, canvas.width, 0.7)
        above = curve[None] - canvas.y[rows] / np.float32(height)
        veil = np.where(above > 0, np.exp(-above / np.float32(0.17)), np.exp(above / np.float32(0.025)))
        canvas.blend(rows, (veil * rays[None] * np.float32(0.5)).astype(np.float32), rgb(code))
