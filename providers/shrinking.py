"""Makes thumbnails until nobody asks any more: a program of its own, since decoders take memory and have faults.

    python -m providers.shrinking

Reads lines of JSON, `source`, `output` and `width`, and answers each with one: `done`, or `refused` where the source is
no whole picture, or the `errno` with which `output`, a new file, could not be written. Ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from domain.pictures import MOST_PICTURE_PIXELS, THUMBNAIL_RATIO
from providers.restraint import restrain

_MEMORY = 1024 * 1024 * 1024
_SECONDS = 600
_QUALITY = 80
_HIGHEST = 16_383
"""What WebP can hold."""


def main() -> None:
    restrain(_MEMORY, _SECONDS)
    for line in sys.stdin:
        asked = json.loads(line)
        said = shrunk(Path(asked["source"]), Path(asked["output"]), width=int(asked["width"]))
        print(json.dumps(said), flush=True)


def shrunk(source: Path, output: Path, *, width: int) -> dict[str, Any]:
    """What is said about this picture, which is at `output` if it could be made smaller."""
    try:
        data = _smaller(source, width)
    except Exception as error:  # decoders raise anything at all on damaged input
        return {"refused": type(error).__name__}
    try:
        with output.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return {"errno": error.errno}
    return {"done": True}


def _smaller(source: Path, width: int) -> bytes:
    with Image.open(source, formats=("PNG",)) as picture:
        if picture.width * picture.height > MOST_PICTURE_PIXELS:
            raise ValueError("too many pixels")
        picture.thumbnail((width, min(width * THUMBNAIL_RATIO, _HIGHEST)), Image.Resampling.LANCZOS, reducing_gap=3.0)
        encoded = BytesIO()
        picture.save(encoded, "WEBP", quality=_QUALITY)
    return encoded.getvalue()


if __name__ == "__main__":
    main()
