"""Padding: a sealed entry has one of three sizes, so that its length tells almost nothing."""

from __future__ import annotations

from collections.abc import Sequence

from bot.brievenbus.keys import SealBroken

STEPS = (1024, 4 * 1024, 16 * 1024)
_LENGTH = 4


class TooLong(Exception):
    """More text than fits in the largest entry."""


def pad(data: bytes, steps: Sequence[int] = STEPS) -> bytes:
    """Data with its length before it and zeros behind it: as long as the first step that it fits in, four bytes less.

    Raises:
        TooLong: it fits in none.
    """
    for step in steps:
        if len(data) + _LENGTH <= step:
            return pad_to(data, step)
    raise TooLong


def pad_to(data: bytes, size: int) -> bytes:
    """Data padded to exactly ``size`` bytes.

    Raises:
        TooLong: it does not fit.
    """
    if len(data) + _LENGTH > size:
        raise TooLong
    return len(data).to_bytes(_LENGTH, "big") + data + bytes(size - _LENGTH - len(data))


def unpad(padded: bytes) -> bytes:
    """Undo `pad`.

    Raises:
        SealBroken: the length does not fit; only a bug or another program makes such data.
    """
    length = int.from_bytes(padded[:_LENGTH], "big")
    if len(padded) < _LENGTH or length > len(padded) - _LENGTH:
        raise SealBroken("padding")
    return padded[_LENGTH : _LENGTH + length]
