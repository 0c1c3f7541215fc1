"""Light that things give: a soft glow, rows of lit windows."""

from __future__ import annotations

import numpy as np

from providers.offline.painter.canvas import Box, Canvas, Colour, Mask, Pencil, smooth
from providers.offline.painter.layers import Scenery


def lay_windows(
    scene: Scenery, boxes: list[Box], rng: np.random.Generator, *, size: float, lit: float, within: Mask | None = None
) -> None:
    """Rows of windows on the boxes, a share of them lit."""
    canvas = scene.canvas
    top = min(box[1] for box in boxes)

    def draw(pencil: Pencil) -> None:
        for left, roof, right, bottom in boxes:
            columns = int((right - left - size) / (size * 2.3))
            rows = min(int((min(bottom, canvas.height) - roof) / (size * 3.2)), 60)
            if columns < 1 or rows < 1:
                continue
            inset = (right - left - columns * size * 2.3 + size * 1.3) / 2
            shine = rng.random((rows, columns))
            for row, column in np.argwhere(shine < lit):
                x, y = left + inset + column * size * 2.3, roof + size * (1.6 + row * 3.2)
                pencil.box(x, y, x + size, y + size * 1.6, fill=int(120 + 135 * shine[row, column] / max(lit, 0.01)))

    mask = canvas.sketch(top, canvas.height, draw)
    if within is not None:
        offset = mask.rows.start - within.rows.start
        mask.alpha *= within.alpha[offset : offset + mask.alpha.shape[0]]
    strength = 0.35 + 0.6 * scene.palette.lamps
    canvas.lay(mask, scene.palette.glow, strength)


def lay_glow(canvas: Canvas, x: float, y: float, radius: float, colour: Colour, strength: float) -> None:
    """A soft round light."""
    reach = radius * 3
    rows = canvas.rows(y - reach, y + reach)
    columns = slice(int(max(0, x - reach)), int(max(0, min(canvas.width, x + reach))))
    across, down = canvas.x[columns][None] - np.float32(x), canvas.y[rows] - np.float32(y)
    away = np.sqrt(across * across + down * down) / np.float32(radius)
    shine = np.exp(-(away**2) * 9) * 0.9 + np.exp(-(away**1.4) * 1.6) * 0.5 * smooth(3.0, 1.6, away)
    canvas.blend(rows, np.clip(shine * strength, 0, 1).astype(np.float32), colour, columns)
