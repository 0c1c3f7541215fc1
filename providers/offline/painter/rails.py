"""Bridges and trains."""

from __future__ import annotations

import numpy as np

from providers.offline.painter import things
from providers.offline.painter.canvas import Pencil
from providers.offline.painter.layers import Scenery, Stage
from providers.offline.painter.palette import mix
from providers.offline.terms import Subject


def stage_bridge(scene: Scenery, stage: Stage) -> None:
    canvas = scene.canvas
    deck = scene.horizon - canvas.unit * 0.07
    foot = (stage.water[0] if stage.water else scene.horizon + canvas.unit * 0.2) + canvas.unit * 0.02
    area = canvas.sketch(
        deck - canvas.unit * 0.03,
        foot,
        lambda pencil: things.draw_bridge(pencil, -4, canvas.width + 4, deck, foot, canvas.unit),
    )
    canvas.lay(area, scene.depth_colour(0.7))
    if Subject.TRAIN in scene.plan.subjects:
        _lay_train(scene, canvas.width * 0.6, deck)


def stage_train(scene: Scenery) -> None:
    """On the bridge if there is one, else on an embankment across the picture."""
    canvas = scene.canvas
    if Subject.BRIDGE in scene.plan.subjects:
        return
    level = min(scene.horizon + canvas.unit * 0.17, canvas.height - canvas.unit * 0.1)
    rows = canvas.rows(level, level + canvas.unit * 0.14)
    fade = np.clip(1 - (canvas.y[rows] - np.float32(level)) / np.float32(canvas.unit * 0.13), 0, 1)
    canvas.blend(rows, fade * np.ones((1, canvas.width), np.float32), scene.depth_colour(0.92))
    _lay_train(scene, canvas.width * (0.62 if not scene.plan.mirrored else 0.5), level)


def _lay_train(scene: Scenery, x: float, level: float) -> None:
    canvas, palette = scene.canvas, scene.palette
    tall = canvas.unit * 0.075 * (0.7 + 0.4 * scene.plan.nearness)
    flip = 1 if not scene.plan.mirrored else -1

    def panes(pencil: Pencil) -> None:
        for car in range(3):
            for pane in range(5):
                at = x + flip * tall * (0.16 - (car + 1) * 1.52 + 0.14 + pane * 0.25)
                pencil.box(
                    min(at, at + flip * tall * 0.15),
                    level - tall * 0.68,
                    max(at, at + flip * tall * 0.15),
                    level - tall * 0.44,
                )

    area = canvas.sketch(level - tall * 1.2, level, lambda pencil: things.draw_train(pencil, x, level, tall, flip))
    canvas.lay(area, palette.ink)
    canvas.lay(canvas.sketch(level - tall, level, panes), palette.glow, 0.4 + 0.55 * palette.lamps)

    def steam(pencil: Pencil) -> None:
        for step in range(26):
            share = step / 26
            size = tall * (0.12 + 0.5 * share)
            puff = x + flip * tall * (1.3 - 4.6 * share)
            pencil.ellipse(
                puff,
                level - tall * (1.05 + 0.75 * share**0.7) + float(np.sin(step * 1.7)) * tall * 0.08,
                size,
                size * 0.62,
                fill=int(190 * (1 - share) ** 1.2),
            )

    canvas.lay(
        canvas.sketch(level - tall * 2.8, level - tall * 0.6, steam), mix(palette.haze, palette.light, 0.5), 0.75
    )
