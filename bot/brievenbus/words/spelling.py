"""How near two Dutch words are: in letters, in sound, and in stem. Pure functions without a word list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Spoken Dutch does not keep these apart, so neither does a child who heard the word. Later rules see what earlier ones left.
_SOUNDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"eau", "o"),
        (r"ei|ey|y(?![aeiou])", "ij"),
        (r"ou(?:w(?![aeiou]))?|au(?:w(?![aeiou]))?", "au"),
        (r"x", "ks"),
        (r"qu", "kw"),
        (r"ck|c(?=[aouklrt])", "k"),
        (r"c(?=[eiy])", "s"),
        (r"ch", "g"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"v", "f"),
        (r"z", "s"),
        (r"isg\b", "is"),
        (r"d(?![aeiourlw])|dt\b", "t"),
        (r"b(?![aeiourl])", "p"),
        (r"ie", "i"),
        (r"ng(?=k)", "n"),
        (r"en\b", "e"),
        (r"([b-df-hj-np-tv-z])\1+", r"\1"),
    )
)
_ENDINGS = ("eren", "etjes", "tjes", "pjes", "kjes", "jes", "etje", "tje", "pje", "kje", "je", "en", "e", "s")
_DOUBLE = re.compile(r"(.)\1")


def plain(typed: str) -> str:
    """What was typed in lower case and without accents; the ligature of i and j becomes two letters."""
    return "".join(mark for mark in unicodedata.normalize("NFKD", typed).casefold() if not unicodedata.combining(mark))


def distance(one: str, other: str) -> int:
    """Damerau-Levenshtein distance: letters added, dropped, replaced, or swapped with their neighbour each count as 1.

    This is the restricted form (optimal string alignment); for distances up to 1 it equals the full one.
    """
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, against in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, above = above, row
    return above[-1]


def deletions(word: str, depth: int) -> set[str]:
    """The word and all that is left of it after dropping up to ``depth`` letters.

    Two words within ``depth`` edits of each other share at least one of these, so they serve as the keys of an index.
    """
    found = {word}
    edge = found
    for _ in range(depth):
        edge = {shorter[:i] + shorter[i + 1 :] for shorter in edge for i in range(len(shorter))}
        found = found | edge
    return found


def near_pairs(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Every pair of different words that is one edit apart, each once."""
    index: dict[str, list[str]] = {}
    for word in words:
        twins = {twin for key in deletions(word, 1) for twin in index.get(key, ()) if twin != word}
        for twin in sorted(twins):
            if distance(word, twin) == 1:
                yield twin, word
        for key in deletions(word, 1):
            index.setdefault(key, []).append(word)


def sound_key(word: str) -> str:
    """Roughly how a word sounds; words with the same key cannot be kept apart by ear (hart and hard, leiden and lijden)."""
    key = word
    for pattern, sound in _SOUNDS:
        key = pattern.sub(sound, key)
    return key


def stems(word: str) -> frozenset[str]:
    """The word and what is left without an ending that may be a diminutive, plural or infinitive, in one simple spelling.

    Forms of the same word share a stem: bel, bellen and belletje; boom, bomen and boompje. Rough on purpose: it also joins
    some words that have nothing in common, which only costs a word.
    """
    roots = {word} | {word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending) and len(word) - len(ending) >= 3}
    single = {_DOUBLE.sub(r"\1", root) for root in roots}
    return frozenset(root[:-1] + {"v": "f", "z": "s"}.get(root[-1], root[-1]) for root in single)


def turned(word: str) -> frozenset[str]:
    """One key for a word and for what it becomes when its parts change places, such as feesttent and tentfeest."""
    return frozenset({min(word[i:] + word[:i] for i in range(len(word)))})
