"""P frames that repeat the frame before them, written without an encoder: a few dozen bytes each.

After one frame that x264 coded, a held picture needs no more than slices in which every macroblock is skipped
(P_Skip, no motion). They fit the parameter sets of the stream they are put in: CABAC as x264 has it, with the
deblocking filter off, so that the pixels stay the same. ITU-T H.264, 7.3.2.1, 7.3.2.2, 7.3.3 and 9.3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

IDR, SPS, PPS = 5, 7, 8
_FLATTEST_QP: Final = 51
# Table 9-44 from state 42, where `mb_skip_flag` starts at that QP, to 62.
_FIRST_STATE: Final = 42
_LESS_PROBABLE: Final = (
    *((16, 20, 23, 27), (15, 19, 22, 25), (14, 18, 21, 24), (14, 17, 20, 23), (13, 16, 19, 22), (12, 15, 18, 21)),
    *((12, 14, 17, 20), (11, 14, 16, 19), (11, 13, 15, 18), (10, 12, 15, 17), (10, 12, 14, 16), (9, 11, 13, 15)),
    *((9, 11, 12, 14), (8, 10, 12, 14), (8, 9, 11, 13), (7, 9, 11, 12), (7, 9, 10, 12), (7, 8, 10, 11)),
    *((6, 8, 9, 11), (6, 7, 9, 10), (6, 7, 8, 9)),
)
_HIGH_PROFILES: Final = (100, 110, 122, 244)


class Unsupported(ValueError):
    """A stream of another kind than this engine's encoder makes."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What of a stream's SPS and PPS shows in its slice headers."""

    frame_number_bits: int
    order_bits: int
    macroblocks: int
    bottom_order: bool
    references: int
    weighted: bool
    first_qp: int
    deblocking: bool

    @classmethod
    def read(cls, sps: bytes, pps: bytes) -> Parameters:
        """Of the NAL units, their headers included. Raises `Unsupported`."""
        bits = Bits(unescaped(sps)[1:])
        profile = bits.fixed(8)
        bits.skip(16)
        bits.golomb()
        if profile in _HIGH_PROFILES:
            if bits.golomb() != 1:
                raise Unsupported("not 4:2:0")
            bits.golomb(), bits.golomb(), bits.fixed(1)
            if bits.fixed(1):
                raise Unsupported("scaling matrices")
        frame_number_bits = bits.golomb() + 4
        if bits.golomb() != 0:
            raise Unsupported("another order of pictures")
        order_bits = bits.golomb() + 4
        bits.golomb(), bits.fixed(1)
        macroblocks = (bits.golomb() + 1) * (bits.golomb() + 1)
        if not bits.fixed(1):
            raise Unsupported("fields")
        bits = Bits(unescaped(pps)[1:])
        bits.golomb(), bits.golomb()
        if not bits.fixed(1):
            raise Unsupported("CAVLC")
        bottom_order = bool(bits.fixed(1))
        if bits.golomb() != 0:
            raise Unsupported("slice groups")
        references = bits.golomb() + 1
        bits.golomb()
        weighted = bool(bits.fixed(1))
        bits.skip(2)
        first_qp = 26 + bits.signed()
        bits.signed(), bits.signed()
        return cls(
            *(frame_number_bits, order_bits, macroblocks, bottom_order, references, weighted, first_qp),
            deblocking=bool(bits.fixed(1)),
        )


def skipping(parameters: Parameters, number: int) -> bytes:
    """The NAL unit of the P frame that comes `number` frames after its IDR frame, each of them a reference."""
    bits = golomb(0) + golomb(5) + golomb(0)
    bits += fixed(number, parameters.frame_number_bits) + fixed(2 * number, parameters.order_bits)
    bits += golomb(0) if parameters.bottom_order else ""
    bits += "00"  # as many references as usual, in the usual order
    if parameters.weighted:
        bits += golomb(0) + golomb(0) + "00" * parameters.references
    bits += "0" + golomb(0) + signed(_FLATTEST_QP - parameters.first_qp)
    bits += golomb(1) if parameters.deblocking else ""
    bits += "1" * (-len(bits) % 8)
    return b"\x41" + escaped(int(bits, 2).to_bytes(len(bits) // 8, "big") + all_skipped(parameters.macroblocks))


@lru_cache(maxsize=8)
def all_skipped(macroblocks: int) -> bytes:
    """CABAC data of a slice that skips so many macroblocks, to its end."""
    low, width, state, shifts = 0, 510, _FIRST_STATE, 0
    for left in range(macroblocks, 0, -1):
        width -= _LESS_PROBABLE[state - _FIRST_STATE][width >> 6 & 3]
        state = min(state + 1, 62)
        if width < 256:
            width, shifts = width << 1, shifts + 1
        width -= 2
        if left > 1 and width < 256:
            width, shifts = width << 1, shifts + 1
    # Until here the lower bound was 0. Terminating puts it where the rest begins, and writes it out.
    low, shifts = width << 7, shifts + 7
    bits = fixed((low >> 7) | 1, shifts + 3)[1:]
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


class Bits:
    """Reads a bit string from its start."""

    def __init__(self, content: bytes) -> None:
        self._bits = "".join(format(byte, "08b") for byte in content)
        self._at = 0

    def skip(self, count: int) -> None:
        self._at += count

    def fixed(self, count: int) -> int:
        self._at += count
        return int(self._bits[self._at - count : self._at], 2)

    def golomb(self) -> int:
        """ue(v)"""
        zeros = self._bits.index("1", self._at) - self._at
        self._at += zeros
        return self.fixed(zeros + 1) - 1

    def signed(self) -> int:
        """se(v)"""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def fixed(value: int, count: int) -> str:
    """The lowest `count` bits of a value."""
    return format(value & ((1 << count) - 1), f"0{count}b")


def golomb(value: int) -> str:
    bits = format(value + 1, "b")
    return "0" * (len(bits) - 1) + bits


def signed(value: int) -> str:
    return golomb(2 * value - 1 if value > 0 else -2 * value)


def units(stream: bytes) -> list[bytes]:
    """The NAL units of an Annex B byte stream."""
    found = []
    start = stream.find(b"\0\0\1")
    while start >= 0:
        end = stream.find(b"\0\0\1", start + 3)
        found.append(stream[start + 3 : end if end >= 0 else len(stream)].rstrip(b"\0"))
        start = end
    return found


def unescaped(unit: bytes) -> bytes:
    return unit.replace(b"\0\0\3", b"\0\0")


def escaped(content: bytes) -> bytes:
    result, zeros = bytearray(), 0
    for byte in content:
        if zeros >= 2 and byte <= 3:
            result.append(3)
            zeros = 0
        result.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(result)
