"""The recovery key: 160 random bits on paper, so that a forgotten password does not lose the meldingen."""

from __future__ import annotations

import base64
import binascii

import nacl.utils

from bot.brievenbus.keys import SealBroken, decrypt, derive, encrypt

# 20 bytes are exactly 32 characters of base32: eight groups of four.
BYTES = 20
# Base32 has no 0, 1, 8 and 9: who types one of these read another character.
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B"})


class RecoveryKeyWrong(Exception):
    """What was typed is not this reader's recovery key."""


def new_recovery_key() -> str:
    """A recovery key as it is written down: ``ABCD-EFGH-…``."""
    text = base64.b32encode(nacl.utils.random(BYTES)).decode()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def lock_secret(recovery_key: str, reader: bytes, secret: bytes) -> bytes:
    """Lock a reader's secret with a recovery key; 160 random bits need no stretching."""
    return encrypt(_key(recovery_key), secret, reader + b"recovery")


def open_secret(recovery_key: str, reader: bytes, locked: bytes) -> bytes:
    """Undo `lock_secret`; small slips of the pen (case, spaces, 0 for O) do not matter.

    Raises:
        RecoveryKeyWrong: it is not the key.
    """
    try:
        return decrypt(_key(recovery_key), locked, reader + b"recovery")
    except (SealBroken, binascii.Error, ValueError) as error:
        raise RecoveryKeyWrong from error


def _key(typed: str) -> bytes:
    plain = "".join(character for character in typed.upper() if character.isalnum()).translate(_MISREAD)
    raw = base64.b32decode(plain)
    if len(raw) != BYTES:
        raise ValueError("length")
    return derive(raw, "recovery key")
