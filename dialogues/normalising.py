"""Text made comparable: what two children write differently and mean alike becomes the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

LONGEST = 4000
"""Characters of a text that are looked at; more would only cost time."""

_SENTENCE_END = re.compile(r"[.!?\n;]+")
_APOSTROPHE = re.compile(r"['’`´]")
_OTHER = re.compile(r"[\W_]+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_REPEATED = re.compile(r"(\w)\1+")


def plain(text: str) -> str:
    """Lower case, without accents and punctuation, words apart by one space; a letter is kept twice in a row at most."""
    decomposed = unicodedata.normalize("NFKD", text[:LONGEST]).casefold()
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = _OTHER.sub(" ", _APOSTROPHE.sub("", bare)).strip()
    return _STRETCHED.sub(r"\1\1", words)


def key(text: str) -> str:
    """The text for exact comparing: also ``stooop`` and ``stoop`` are ``stop``."""
    return _REPEATED.sub(r"\1", plain(text))


def sentences(text: str, spelling: Mapping[str, str]) -> list[str]:
    """The sentences of a text, plain, with words spelled as ``spelling`` has them, a space before and after each."""
    found = []
    for part in _SENTENCE_END.split(text[:LONGEST]):
        words = " ".join(spelling.get(word, word) for word in plain(part).split())
        if words:
            found.append(f" {words} ")
    return found
