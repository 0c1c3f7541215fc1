"""Sky: gradient, sun or moon, stars, clouds. Computed small where it is smooth, sharp where it must be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from providers.offline.painter.canvas import Canvas, Floats, enlarged, field_noise, smooth
from providers.offline.painter.palette import Palette, mix
from providers.offline.painter.plan import Plan
from providers.offline.terms import Biome, Daytime, Weather

_HEIGHTS = {Daytime.DAWN: 0.72, Daytime.DAY: 0.3, Daytime.GOLDEN: 0.6, Daytime.DUSK: 0.84, Daytime.NIGHT: 0.3}
_COVER = {
    Weather.CLEAR: 1.5,
    Weather.CLOUDY: 0.0,
    Weather.RAIN: -0.9,
    Weather.STORM: -1.1,
    Weather.SNOW: -0.2,
    Weather.FOG: 0.9,
}


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun or the moon: where it stands in pixels, whether its disc is seen."""

    x: float
    y: float
    radius: float
    shown: bool


def place_sun(canvas: Canvas, plan: Plan, horizon: float) -> Sun:
    """Right of the middle when it stands high (the lettering is top left), anywhere when it is low."""
    rng = plan.rng("sun")
    height = _HEIGHTS[plan.daytime] + rng.uniform(-0.07, 0.07)
    low = height > 0.5
    across = rng.uniform(0.16, 0.42) if low and plan.mirrored else rng.uniform(0.58, 0.86)
    radius = canvas.unit * (0.05 if low else 0.036) * rng.uniform(0.85, 1.3)
    shown = plan.weather in (Weather.CLEAR, Weather.CLOUDY, Weather.FOG)
    return Sun(across * canvas.width, height * horizon, radius, shown)


def paint_sky(canvas: Canvas, plan: Plan, palette: Palette, sun: Sun, horizon: float) -> None:
    """Everything above the horizon, and haze below it."""
    rows = canvas.rows(0, horizon + 2)
    height, width = max(2, rows.stop), canvas.width
    small_height, small_width = max(2, height // 2), max(2, width // 2)
    smooth_sky = _gradient(palette, small_height, small_width)
    _add_glow(smooth_sky, plan, palette, sun, height, width, canvas.unit)
    for channel in range(3):
        canvas.pixels[:height, :, channel] = enlarged(np.ascontiguousarray(smooth_sky[..., channel]), width, height)
    canvas.pixels[height:] = palette.haze
    if palette.stars > 0.02:
        _add_stars(canvas, plan, palette, height)
    if sun.shown and plan.biome is not Biome.SPACE:
        _add_disc(canvas, plan, palette, sun, height)
    _add_clouds(canvas, plan, palette, sun, height)


def _gradient(palette: Palette, height: int, width: int) -> Floats:
    depth = np.linspace(0, 1, height, dtype=np.float32) ** np.float32(1.15)
    stops = np.linspace(0, 1, len(palette.sky))
    column = np.stack([np.interp(depth, stops, palette.sky[:, channel]) for channel in range(3)], -1)
    return np.repeat(column.astype(np.float32)[:, None], width, 1)


def _add_glow(sky: Floats, plan: Plan, palette: Palette, sun: Sun, height: int, width: int, unit: float) -> None:
    y = np.linspace(0, height, sky.shape[0], dtype=np.float32)[:, None]
    x = np.linspace(0, width, sky.shape[1], dtype=np.float32)[None]
    away = np.sqrt((x - np.float32(sun.x)) ** 2 + (y - np.float32(sun.y)) ** 2) / np.float32(unit)
    glow = np.exp(-((away / np.float32(0.16)) ** np.float32(1.1))) * np.float32(0.8)
    glow += np.exp(-((away / np.float32(0.55)) ** np.float32(1.2))) * np.float32(0.35)
    strength = {Daytime.NIGHT: 0.42, Daytime.DAY: 0.7}.get(plan.daytime, 0.82) * (1.0 if sun.shown else 0.4)
    sky += (palette.light - sky) * np.clip(glow * np.float32(strength), 0, 1)[..., None]


def _add_stars(canvas: Canvas, plan: Plan, palette: Palette, height: int) -> None:
    rng = plan.rng("stars")
    count = int(900 * palette.stars * canvas.width * height / 1.2e6) + 20
    x = rng.integers(0, canvas.width, count)
    y = np.minimum((rng.random(count) ** 1.4 * height * 0.95).astype(int), height - 1)
    shine = (rng.random(count) ** 3 * 0.9 * palette.stars).astype(np.float32)
    np.add.at(canvas.pixels, (y, x), shine[:, None])
    large = shine > 0.45
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        at = (np.clip(y[large] + down, 0, height - 1), np.clip(x[large] + across, 0, canvas.width - 1))
        np.add.at(canvas.pixels, at, shine[large][:, None] * np.float32(0.35))


def _add_disc(canvas: Canvas, plan: Plan, palette: Palette, sun: Sun, height: int) -> None:
    reach = sun.radius * 1.2 + 2
    rows = canvas.rows(sun.y - reach, min(sun.y + reach, height))
    columns = slice(int(max(0, sun.x - reach)), int(min(canvas.width, sun.x + reach)))
    x, y = canvas.x[columns][None] - np.float32(sun.x), canvas.y[rows] - np.float32(sun.y)
    alpha = np.clip(np.float32(sun.radius) - np.sqrt(x * x + y * y) + np.float32(0.5), 0, 1)
    if plan.daytime is Daytime.NIGHT and plan.variant % 3 == 1:
        offset = np.float32(sun.radius * 0.5)
        bite = np.sqrt((x - offset) ** 2 + (y + offset * np.float32(0.4)) ** 2)
        alpha *= np.clip(bite - np.float32(sun.radius * 0.92) + np.float32(0.5), 0, 1)
    if plan.weather is Weather.FOG:
        alpha *= np.float32(0.5)
    canvas.blend(rows, alpha, np.minimum(mix(palette.light, np.ones(3, np.float32), 0.35), 1), columns)


def _add_clouds(canvas: Canvas, plan: Plan, palette: Palette, sun: Sun, height: int) -> None:
    rng = plan.rng("clouds")
    rows = slice(0, height)
    stretch = float(rng.uniform(3.0, 7.0))
    density = field_noise(rng, height, canvas.width, roughness=1.6, flat=stretch)
    cover = _COVER[plan.weather] + rng.uniform(-0.15, 0.25)
    alpha = smooth(cover, cover + 1.7, density)
    alpha *= smooth(1.0, 0.5, canvas.y[rows] / np.float32(max(height, 1))) * np.float32(0.88)
    shade = field_noise(rng, height, canvas.width, roughness=1.5, flat=stretch)
    away = np.abs(canvas.x - np.float32(sun.x)) / np.float32(canvas.width)
    tone = np.clip(0.6 + 0.26 * shade + 0.35 * np.exp(-((away / 0.3) ** 2)), 0, 1).astype(np.float32)
    bright = mix(palette.sky[-1], palette.light, 0.55)
    dark = mix(palette.sky[1], palette.sky[0], 0.25)
    if plan.weather in (Weather.RAIN, Weather.STORM):
        bright, dark = mix(palette.sky[-1], palette.sky[1], 0.3), palette.sky[0] * np.float32(0.8)
    if plan.daytime is Daytime.NIGHT:
        bright = mix(palette.sky[-1], palette.light, 0.12)
    canvas.blend(rows, alpha, dark + (bright - dark) * tone[..., None])
