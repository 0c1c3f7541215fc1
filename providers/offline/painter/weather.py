"""What falls or drifts through the air in front of a picture."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Pencil, field_noise, smooth
from providers.offline.painter.layers import Scenery
from providers.offline.painter.palette import mix, rgb
from providers.offline.terms import Daytime, Weather


def add_lightning(scene: Scenery) -> None:
    """A bolt between the clouds and the horizon, on the side away from the lettering."""
    if scene.plan.weather is not Weather.STORM:
        return
    canvas = scene.canvas
    rng = scene.plan.rng("lightning")
    x, y = canvas.width * float(rng.uniform(0.55, 0.85)), -2.0
    points = [(x, y)]
    while y < scene.horizon:
        x, y = x + canvas.unit * float(rng.uniform(-0.045, 0.05)), y + canvas.unit * float(rng.uniform(0.02, 0.06))
        points.append((x, y))
    middle = points[len(points) // 2]
    branch = [
        middle,
        *(
            (
                middle[0] + canvas.unit * 0.04 * step,
                middle[1] + canvas.unit * 0.035 * step + float(rng.uniform(-1, 1)) * canvas.unit * 0.012,
            )
            for step in range(1, 5)
        ),
    ]

    def draw(pencil: Pencil) -> None:
        pencil.line(points, canvas.unit * 0.0032)
        pencil.line(branch, canvas.unit * 0.0016)

    across = np.abs(canvas.x - np.float32(points[0][0])) / np.float32(canvas.unit * 0.4)
    rows = canvas.rows(0, scene.horizon)
    flash = np.exp(-(across**2))[None] * smooth(1.0, 0.0, canvas.y[rows] / np.float32(max(scene.horizon, 1)))
    canvas.blend(rows, (flash * np.float32(0.3)).astype(np.float32), rgb("cdd6ee"))
    canvas.lay(canvas.sketch(0, scene.horizon, draw), rgb("f4f5ff"))


def add_weather(scene: Scenery) -> None:
    """Rain, snow or fog over everything."""
    match scene.plan.weather:
        case Weather.RAIN | Weather.STORM:
            _add_rain(scene)
        case Weather.SNOW:
            _add_snow(scene)
        case Weather.FOG:
            _add_fog(scene)
        case Weather.CLEAR | Weather.CLOUDY:
            pass


def _add_rain(scene: Scenery) -> None:
    canvas = scene.canvas
    rng = scene.plan.rng("rain")
    lean = float(rng.uniform(0.12, 0.3)) * (-1 if scene.plan.mirrored else 1)
    colour = mix(scene.palette.haze, np.ones(3, np.float32), 0.35)
    for count, long, strength in ((420, 0.035, 0.16), (160, 0.075, 0.22)):
        places = rng.uniform(-0.1, 1.1, (int(count * canvas.width / canvas.unit), 2))

        def draw(pencil: Pencil, places: np.ndarray = places, long: float = long) -> None:
            for across, down in places:
                x, y = float(across) * canvas.width, float(down) * canvas.height
                pencil.line([(x, y), (x + lean * long * canvas.unit, y + long * canvas.unit)], canvas.unit * 0.001)

        canvas.lay(canvas.sketch(0, canvas.height, draw), colour, strength)


def _add_snow(scene: Scenery) -> None:
    canvas = scene.canvas
    rng = scene.plan.rng("snow")
    bright = 0.55 + 0.45 * scene.palette.brightness
    colour = np.minimum(rgb("ffffff") * np.float32(bright + 0.1), 1)
    for count, size, strength in ((420, 0.0016, 0.55), (190, 0.003, 0.7), (46, 0.0058, 0.5)):
        places = rng.uniform(-0.02, 1.02, (int(count * canvas.width / canvas.unit), 2))

        def draw(pencil: Pencil, places: np.ndarray = places, size: float = size) -> None:
            for across, down in places:
                pencil.ellipse(
                    float(across) * canvas.width, float(down) * canvas.height, size * canvas.unit, size * canvas.unit
                )

        canvas.lay(canvas.sketch(0, canvas.height, draw), colour, strength)


def _add_fog(scene: Scenery) -> None:
    canvas, palette = scene.canvas, scene.palette
    rng = scene.plan.rng("fog")
    banks = field_noise(rng, canvas.height, canvas.width, roughness=1.7, flat=7.0)
    level = (canvas.y - np.float32(scene.horizon)) / np.float32(canvas.unit)
    belt = np.exp(-((level / np.float32(0.2)) ** 2))
    fog = np.clip(np.float32(0.3) + np.float32(0.3) * smooth(-1.0, 1.5, banks), 0, 1) * (
        belt * np.float32(0.95) + np.float32(0.2)
    )
    colour = palette.haze * np.float32(0.8 if scene.plan.daytime is Daytime.NIGHT else 1.0)
    canvas.blend(slice(None), np.clip(fog, 0, 0.8), colour)
