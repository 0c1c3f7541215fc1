"""What kind of sound file something is, by its bytes and never by its name, and whether it is all there.

Reads a few headers only: what they promise is checked by decoding, elsewhere.
"""

from __future__ import annotations

import os
import struct
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

START: Final = 16
FLAC_START: Final = 42
OGG_TAIL: Final = 65_536
UNKNOWN_LENGTH: Final = 0x7FFF_0000
"""A WAV header with a length from here on was written before the length was known, as streaming servers do."""


class Kind(StrEnum):
    """The containers that are taken; the value is ffmpeg's name of the demuxer."""

    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    AAC = "aac"
    M4A = "mov"
    OGG = "ogg"


DECODERS: Final = {
    Kind.WAV: "pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,pcm_f64le",
    Kind.FLAC: "flac",
    Kind.MP3: "mp3float,mp3",
    Kind.AAC: "aac",
    Kind.M4A: "aac,alac,mp3float,mp3,flac,opus,libopus",
    Kind.OGG: "vorbis,libvorbis,opus,libopus,flac",
}
"""Which decoders a file of a kind may need, and no others."""


class NotSound(Exception):
    """The message says why, fit for a person."""


def kind_of(path: Path) -> Kind:
    """Raises `NotSound` for what is not taken or not whole, and OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise NotSound("the file is empty.")
        start = file.read(START)
        kind = _by_start(start)
        if kind is None:
            raise NotSound("it is not an MP3, M4A, AAC, OGG, Opus, FLAC or WAV file.")
        if not _is_whole(file, kind, size):
            raise NotSound("the file is incomplete. Send it again.")
        return kind


def flac_length(start: bytes) -> tuple[int, int]:
    """Samples (0: unknown) and sample rate, from the first `FLAC_START` bytes of a FLAC file."""
    packed = int.from_bytes(start[18:26], "big")
    return packed & (1 << 36) - 1, packed >> 44


def promised_seconds(path: Path, kind: Kind) -> float:
    """What a file says of its length, where being cut short does not show otherwise; else 0. Raises OSError."""
    if kind is not Kind.FLAC:
        return 0.0
    with path.open("rb") as file:
        samples, rate = flac_length(file.read(FLAC_START))
    return samples / rate if rate else 0.0


def _by_start(start: bytes) -> Kind | None:
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        return Kind.WAV
    if start[4:8] == b"ftyp":
        return Kind.M4A
    known = {b"fLaC": Kind.FLAC, b"OggS": Kind.OGG, b"ID3": Kind.MP3}
    for magic, kind in known.items():
        if start.startswith(magic):
            return kind
    if len(start) > 2 and start[0] == 0xFF and start[1] & 0xE0 == 0xE0:  # the sync word of MPEG audio
        layer = start[1] & 0x06
        if layer == 0:
            return Kind.AAC if start[1] & 0xF6 == 0xF0 else None
        return Kind.MP3
    return None


def _is_whole(file: IO[bytes], kind: Kind, size: int) -> bool:
    match kind:
        case Kind.WAV:
            return _wav_is_whole(file, size)
        case Kind.M4A:
            return _boxes_are_whole(file, size)
        case Kind.OGG:
            file.seek(max(0, size - OGG_TAIL))
            tail = file.read()
            last = tail.rfind(b"OggS\0")
            return last >= 0 and len(tail) > last + 5 and bool(tail[last + 5] & 4)  # the end-of-stream flag
        case _:
            return True


def _wav_is_whole(file: IO[bytes], size: int) -> bool:
    place = 12
    while place + 8 <= size:
        file.seek(place)
        name, length = struct.unpack("<4sI", file.read(8))
        end: int = place + 8 + length
        if name == b"data":
            return length >= UNKNOWN_LENGTH or end <= size
        place = end + length % 2
    return False


def _boxes_are_whole(file: IO[bytes], size: int) -> bool:
    """Whether the boxes of an MP4 file end with the file, and one of them is its index."""
    place, found = 0, set[bytes]()
    while place + 8 <= size:
        file.seek(place)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            extended = file.read(8)
            length = struct.unpack(">Q", extended)[0] if len(extended) == 8 else 0
        elif length == 0:
            length = size - place
        if length < 8 or place + length > size:
            return False
        found.add(name)
        place += length
    return b"moov" in found
