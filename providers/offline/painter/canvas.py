"""The painter's sheet: float pixels from 0 to 1, blended in place, and the few kinds of noise everything is made of.

Works on bands of rows where it can, so that a large picture needs a bounded number of full-size arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Floats = npt.NDArray[np.float32]
Colour = Floats
Points = Sequence[tuple[float, float]]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Oval = tuple[float, float, float, float]  # a centre and two half axes
Sketch = Callable[["Pencil"], None]
_OVERSAMPLING = 2


class Canvas:
    """`pixels` is height × width × 3. `unit` is the length that things are sized by, in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.unit = min(float(height), width * 0.8)
        self.pixels: Floats = np.zeros((height, width, 3), np.float32)
        self.x: Floats = np.arange(width, dtype=np.float32)
        self.y: Floats = np.arange(height, dtype=np.float32)[:, None]

    def rows(self, top: float, bottom: float) -> slice:
        """The rows between two heights, kept on the sheet; never an empty slice's reversed bounds."""
        first = int(min(max(np.floor(top), 0), self.height))
        return slice(first, int(min(max(np.ceil(bottom), first), self.height)))

    def blend(self, rows: slice, alpha: Floats, colour: Floats, columns: slice = slice(None)) -> None:
        """Lays `colour` over a part of the sheet; `alpha` is rows × columns, or anything that broadcasts to it."""
        part = self.pixels[rows, columns]
        if part.size:
            change = colour - part
            change *= alpha[..., None]
            part += change

    def sketch(self, top: float, bottom: float, draw: Sketch, *, left: float = 0, right: float | None = None) -> Mask:
        """A soft-edged mask of what `draw` fills, in the sheet's own coordinates, for a part of the sheet."""
        rows = self.rows(top, bottom)
        first = int(min(max(np.floor(left), 0), self.width))
        last = int(min(max(np.ceil(self.width if right is None else right), first), self.width))
        columns = slice(first, last)
        size = (max(1, last - first) * _OVERSAMPLING, max(1, rows.stop - rows.start) * _OVERSAMPLING)
        sheet = Image.new("L", size, 0)
        draw(Pencil(ImageDraw.Draw(sheet), first, rows.start))
        alpha = np.asarray(sheet.reduce(_OVERSAMPLING), np.float32) / np.float32(255)
        return Mask(rows, columns, alpha[: rows.stop - rows.start, : last - first])

    def fill(
        self,
        colour: Floats,
        *,
        boxes: Sequence[Box] = (),
        polygons: Sequence[Points] = (),
        ovals: Sequence[Oval] = (),
        strength: float = 1.0,
    ) -> None:
        """Fills shapes with one colour; they may overlap."""
        corners = [point for left, top, right, bottom in boxes for point in ((left, top), (right, bottom))]
        corners += [point for points in polygons for point in points]
        corners += [point for x, y, a, b in ovals for point in ((x - a, y - b), (x + a, y + b))]
        if not corners:
            return

        def draw(pencil: Pencil) -> None:
            for box in boxes:
                pencil.box(*box)
            for points in polygons:
                pencil.polygon(points)
            for oval in ovals:
                pencil.ellipse(*oval)

        across, down = [x for x, _ in corners], [y for _, y in corners]
        area = self.sketch(min(down) - 1, max(down) + 1, draw, left=min(across) - 1, right=max(across) + 1)
        self.lay(area, colour, strength)

    def lay(self, mask: Mask, colour: Floats, strength: float = 1.0) -> None:
        """Fills a mask with one colour, or with an array that broadcasts to the mask's part of the sheet."""
        alpha = mask.alpha if strength == 1.0 else mask.alpha * np.float32(strength)
        self.blend(mask.rows, alpha, colour, mask.columns)


class Mask:
    """How much of each pixel of a part of the sheet is covered."""

    __slots__ = ("alpha", "columns", "rows")

    def __init__(self, rows: slice, columns: slice, alpha: Floats) -> None:
        self.rows = rows
        self.columns = columns
        self.alpha = alpha


class Pencil:
    """Draws filled shapes on an oversampled sheet in the canvas's coordinates."""

    def __init__(self, draw: ImageDraw.ImageDraw, left: float, top: float) -> None:
        self._draw = draw
        self._left = left
        self._top = top

    def polygon(self, points: Points, fill: int = 255) -> None:
        if len(points) >= 3:
            self._draw.polygon([self._at(x, y) for x, y in points], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: int = 255) -> None:
        if right > left and bottom > top:
            x, y = self._at(left, top)
            far_x, far_y = self._at(right, bottom)
            self._draw.rectangle((x, y, max(x, far_x - 1), max(y, far_y - 1)), fill=fill)

    def ellipse(self, x: float, y: float, across: float, down: float, fill: int = 255) -> None:
        """An ellipse around (x, y) with these half axes."""
        if across > 0 and down > 0:
            left, top = self._at(x - across, y - down)
            right, bottom = self._at(x + across, y + down)
            self._draw.ellipse((left, top, right, bottom), fill=fill)

    def line(self, points: Points, width: float, fill: int = 255) -> None:
        thick = max(1, round(width * _OVERSAMPLING))
        self._draw.line([self._at(x, y) for x, y in points], fill=fill, width=thick, joint="curve")

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return ((float(x) - self._left) * _OVERSAMPLING, (float(y) - self._top) * _OVERSAMPLING)


def smooth(low: float, high: float, value: Floats) -> Floats:
    """0 up to `low`, 1 from `high`, an even rise between; `low` may be the greater."""
    scaled = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(scaled * scaled * (3 - 2 * scaled), np.float32)


def cloud_noise(rng: np.random.Generator, height: int, width: int, *, roughness: float, flat: float = 1.0) -> Floats:
    """Smooth noise of mean 0 and deviation 1; `flat` is how many times its shapes are wider than high."""
    down = np.fft.fftfreq(height)[:, None] * height / np.sqrt(flat)
    across = np.fft.rfftfreq(width)[None] * width * np.sqrt(flat)
    frequency = np.sqrt(down * down + across * across)
    frequency[0, 0] = 1
    shape = (height, width // 2 + 1)
    spectrum = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) / frequency**roughness
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return np.asarray(noise / max(float(noise.std()), 1e-9), np.float32)


def enlarged(noise: Floats, width: int, height: int) -> Floats:
    """Noise at another size, smoothly."""
    return np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC), np.float32)


def field_noise(rng: np.random.Generator, height: int, width: int, *, roughness: float, flat: float = 1.0) -> Floats:
    """`cloud_noise` for a part of the sheet, computed at a quarter of its size."""
    small_width, small_height = min(448, max(16, width // 4)), min(448, max(16, height // 4))
    noise = cloud_noise(rng, small_height, small_width, roughness=roughness, flat=flat * height / max(1, width))
    return enlarged(noise, max(1, width), max(1, height))


def ridge_line(rng: np.random.Generator, width: int, roughness: float, *, detail: float = 0.25) -> Floats:
    """A skyline from -1 to 1, one value a column; a lower roughness is craggier."""
    count = 1024
    frequency = np.fft.rfftfreq(count) * count
    frequency[0] = 1
    spectrum = (rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency))) / frequency**roughness
    spectrum[0] = 0
    spectrum[int(count * detail) :] = 0
    line = np.fft.irfft(spectrum, n=count)
    line = line[: count * 7 // 8]
    line = line - (line.max() + line.min()) / 2
    line /= max(float(np.abs(line).max()), 1e-9)
    return np.asarray(np.interp(np.linspace(0, len(line) - 1, width), np.arange(len(line)), line), np.float32)
