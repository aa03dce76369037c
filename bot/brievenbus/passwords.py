"""Which passwords are refused, and why, in words that help."""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import cache
from importlib.resources import files

# NIST SP 800-63B: length and a list of common ones, no rules about digits and signs. Twelve, because this password is all
# that stands between a stolen disk and a melding.
SHORTEST = 12
LONGEST = 256
_AROUND = "0123456789!?.@#$%*-_ "


class Weakness(Enum):
    """Why a password is refused; the pages have a sentence for each."""

    SHORT = "kort"
    LONG = "lang"
    COMMON = "bekend"
    NAME = "naam"
    SAME = "herhaling"


def weakness(password: str, *names: str) -> Weakness | None:
    """The first thing wrong with a password, or None.

    Args:
        password: as typed.
        names: of the person and the school: a password made of these is guessed first.
    """
    plain = password.strip().lower()
    if len(plain) < SHORTEST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    if len(set(plain)) < 5:
        return Weakness.SAME
    # "Wel-kom 2026!" is guessed as fast as "welkom".
    bare = re.sub(r"[\W_]", "", plain)
    if not _common().isdisjoint((plain, plain.strip(_AROUND), bare, bare.strip("0123456789"))):
        return Weakness.COMMON
    left = plain
    for name in names:
        for part in name.lower().replace(".", " ").split():
            if len(part) >= 3:
                left = left.replace(part, "")
    if len(left) < SHORTEST // 2 and left != plain:
        return Weakness.NAME
    return None


def one_spelling(password: str) -> str:
    """The password as it is stretched: keyboards write an é as one character or as two, and it is the same password."""
    return unicodedata.normalize("NFC", password)


@cache
def _common() -> frozenset[str]:
    return frozenset((files("bot.brievenbus") / "common_passwords.txt").read_text(encoding="utf-8").split())
