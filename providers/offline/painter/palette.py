"""Colours: the light of a time of day, what the weather makes of it, and what land looks like under it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from providers.offline.painter.canvas import Colour, Floats
from providers.offline.painter.plan import Plan
from providers.offline.terms import Biome, Daytime, Mood, Weather


@dataclass(frozen=True, slots=True)
class Palette:
    """`sky` runs from the zenith to the horizon (4 × 3). `land` is the place's own colour under this light."""

    sky: Floats
    light: Colour
    near: Colour
    ink: Colour  # of figures and things before the land
    haze: Colour
    land: Colour
    glow: Colour
    stars: float
    lamps: float  # how much lit windows show, 0 to 1
    brightness: float


def rgb(code: str) -> Colour:
    """A colour from six hexadecimal digits."""
    return np.array([int(code[at : at + 2], 16) for at in (0, 2, 4)], np.float32) / np.float32(255)


def mix(first: Floats, second: Floats, share: float) -> Floats:
    """`share` of the second colour in the first."""
    return first + (second - first) * np.float32(share)


_SCHEMES: dict[Daytime, tuple[tuple[str, str, str], ...]] = {
    Daytime.DAWN: (
        ("3b4a7a 8d7fa8 f0a58f ffd9a8", "ffe2b0", "2a2438"),
        ("4d6c9a 8fb0c4 f3c9b5 ffe8cf", "fff0d0", "27323f"),
        ("5b5f97 b495b8 f2b7b0 fde3c8", "ffeccb", "33283f"),
    ),
    Daytime.DAY: (
        ("2f74c0 5ea3dc a9d3ee e6f2f2", "fff6d8", "1f3a34"),
        ("3a8f9f 7cc3c3 c5e6d8 f6f3dc", "fffbe0", "1d3b3d"),
        ("4a86c8 8db9e2 cfe1ee faf0e0", "fff8e6", "2b3a4a"),
    ),
    Daytime.GOLDEN: (
        ("4a5a8f c58a7c f3a65a ffd27a", "ffe5a6", "33201f"),
        ("7a6a58 cf9c5e f1bf6b fbe3a4", "fff0bd", "3a2a1a"),
        ("2e5f7a 8fa58d f0c274 fde6a8", "fff0b8", "20302c"),
    ),
    Daytime.DUSK: (
        ("16204a 4b3a78 b2567f f78f6a", "ffb27a", "150f22"),
        ("1c2b4f 3f5a86 a67f9a f4b48a", "ffc998", "131a2b"),
        ("2a1b3d 6a2f5b c4515a f9a15f", "ffbe7d", "1a0f1c"),
    ),
    Daytime.NIGHT: (
        ("050a1c 0b1838 17305c 2c4f7c", "dfe9ff", "04070f"),
        ("0a0b24 1a1a48 332f72 514a8e", "e9e4ff", "080718"),
        ("04141c 08303c 125058 2b7a78", "ddfff6", "030d11"),
    ),
}
_BRIGHTNESS = {Daytime.DAWN: 0.72, Daytime.DAY: 1.0, Daytime.GOLDEN: 0.82, Daytime.DUSK: 0.42, Daytime.NIGHT: 0.25}
_LAMPS = {Daytime.DAWN: 0.45, Daytime.DAY: 0.12, Daytime.GOLDEN: 0.25, Daytime.DUSK: 0.85, Daytime.NIGHT: 1.0}
_STARS = {Daytime.DAWN: 0.0, Daytime.DAY: 0.0, Daytime.GOLDEN: 0.0, Daytime.DUSK: 0.25, Daytime.NIGHT: 1.0}
_LAND = {
    Biome.COAST: "4d6470", Biome.MOUNTAIN: "54677a", Biome.FOREST: "2f5f48", Biome.CITY: "4c5a72",
    Biome.STREET: "5d5560", Biome.DESERT: "d19a5b", Biome.MEADOW: "6f9a4c", Biome.VILLAGE: "74904f",
    Biome.ARCTIC: "c6dcea", Biome.LAKE: "4d7263", Biome.ROOM: "9b7a5f", Biome.SPACE: "5b6a86",
}  # fmt: skip
_SNOW = rgb("e4ecf5")
_GREYS = {
    Weather.CLEAR: 0.0,
    Weather.CLOUDY: 0.1,
    Weather.RAIN: 0.55,
    Weather.STORM: 0.72,
    Weather.SNOW: 0.3,
    Weather.FOG: 0.42,
}
_DIMS = {
    Weather.CLEAR: 1.0,
    Weather.CLOUDY: 0.98,
    Weather.RAIN: 0.74,
    Weather.STORM: 0.52,
    Weather.SNOW: 1.0,
    Weather.FOG: 0.98,
}


def palette_of(plan: Plan) -> Palette:
    """The colours of a plan."""
    rng = plan.rng("palette")
    schemes = _SCHEMES[plan.daytime]
    sky_codes, light_code, near_code = schemes[(plan.variant + int(rng.integers(0, 2))) % len(schemes)]
    sky = np.stack([rgb(code) for code in sky_codes.split()])
    light, near = rgb(light_code), rgb(near_code)
    drift = (1 + rng.uniform(-0.05, 0.05, 3)).astype(np.float32)
    grey, dim = _GREYS[plan.weather], _DIMS[plan.weather]
    if plan.daytime in (Daytime.NIGHT, Daytime.DUSK):
        dim = 0.4 * dim + 0.6  # dark enough already
    sky = np.clip(_greyed(sky, grey) * drift * np.float32(dim), 0, 1)
    light = mix(light, np.clip(sky[-1] * 1.05, 0, 1), grey * 0.6)
    brightness = _BRIGHTNESS[plan.daytime] * (0.6 + 0.4 * dim)
    land = _land(plan, light, brightness, grey, rng)
    palette = Palette(
        sky=sky.astype(np.float32),
        light=light,
        ink=mix(near, land, 0.2) * np.float32(0.62),
        near=_greyed(mix(near, land, _near_share(plan)), grey * 0.5),
        haze=mix(sky[-1], light, 0.2),
        land=land,
        glow=rgb("ffd58a"),
        stars=_STARS[plan.daytime] * (1 - grey),
        lamps=min(1.0, _LAMPS[plan.daytime] + grey * 0.4),
        brightness=brightness,
    )
    return _in_mood(palette, plan.moods)


def _near_share(plan: Plan) -> float:
    """How much of the land's own colour is left in what stands nearest."""
    if plan.winter:
        return 0.58 if plan.daytime is Daytime.DAY else 0.75
    return 0.4 if plan.daytime is Daytime.DAY else 0.25


def _land(plan: Plan, light: Colour, brightness: float, grey: float, rng: np.random.Generator) -> Colour:
    own = _SNOW if plan.winter and plan.biome is not Biome.ROOM else rgb(_LAND[plan.biome])
    own = np.clip(own * (1 + rng.uniform(-0.09, 0.09, 3) * (0.2 if plan.winter else 1.0)).astype(np.float32), 0, 1)
    lit = own * mix(light, np.ones(3, np.float32), 0.45) * np.float32(brightness)
    if plan.daytime is Daytime.NIGHT:
        lit = lit * rgb("b8ccff")
    return _greyed(lit, grey * 0.6)


def _greyed(colour: Floats, share: float) -> Floats:
    tone = colour @ np.array([0.3, 0.59, 0.11], np.float32)
    grey = tone[..., None] * np.array([0.96, 1.0, 1.05], np.float32)
    return mix(colour, grey, share)


def _in_mood(palette: Palette, moods: tuple[Mood, ...]) -> Palette:
    gain = np.ones(3, np.float32)
    if Mood.WARM in moods:
        gain *= np.array([1.14, 1.01, 0.76], np.float32)
    if Mood.COLD in moods:
        gain *= np.array([0.78, 0.97, 1.13], np.float32)
    grey = -0.3 * (Mood.COLOURFUL in moods) + 0.4 * (Mood.MUTED in moods)

    def tuned(colour: Floats) -> Floats:
        return np.asarray(np.clip(_greyed(colour, grey) * gain, 0, 1), np.float32)

    return replace(
        palette,
        sky=tuned(palette.sky),
        light=tuned(palette.light),
        near=tuned(palette.near),
        ink=tuned(palette.ink),
        haze=tuned(palette.haze),
        land=tuned(palette.land),
    )
