"""Checks one picture and ends: a program of its own, so that a hostile file can take down nothing but itself.

    python -m providers.normalising OUTPUT < PICTURE

Writes the picture to OUTPUT, a new file, and one line of JSON to standard output: `width` and `height`, or `refused`
with `too_large`, or the `errno` with which OUTPUT could not be written. Ends with an error for anything else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO, Any

from domain.pictures import NO_PICTURE
from providers.pictures import MOST_BYTES, NotTaken, Why, plain_picture
from providers.restraint import restrain


def main() -> None:
    restrain()
    print(json.dumps(normalised(sys.stdin.buffer, Path(sys.argv[1]))), flush=True)


def normalised(source: IO[bytes], output: Path) -> dict[str, Any]:
    """What is said about the picture in `source`, which is at `output` if it is taken."""
    try:
        picture = plain_picture(source.read(MOST_BYTES + 1))
    except NotTaken as refusal:
        message = {Why.EMPTY: "The file is empty.", Why.UNKNOWN: NO_PICTURE}.get(refusal.why, refusal.message)
        return {"refused": message, "too_large": refusal.why is Why.TOO_LARGE}
    try:
        with output.open("xb") as file:
            file.write(picture.png)
    except OSError as error:
        return {"errno": error.errno}
    return {"width": picture.width, "height": picture.height}


if __name__ == "__main__":
    main()
