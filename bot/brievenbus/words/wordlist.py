"""The words of the five-word code, and what a typed code most likely means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from .spelling import deletions, distance, near_pairs, plain, sound_key

SIZE = 2048  # 2**11: a word is worth eleven bits
SHORTEST, LONGEST = 4, 9  # letters; long enough to differ, short enough to copy
CODE_WORDS = 5  # 5 words = 2048**5 = 55 bits
_REACH = 2  # edits; further away a guess is no help to a child
_MOST_CANDIDATES = 4  # buttons that fit on a small screen
_MOST_WORDS = 12  # of a typed line; who typed more did not type a code

_TOKEN = re.compile(r"[a-z0-9'’]+")
_NUMBERING = re.compile(r"^[0-9]+|['’]")


class BadWordList(ValueError):
    """A word list breaks a rule that codes depend on; the message names the rule and the words."""


@dataclass(frozen=True)
class Correction:
    """What one typed word most likely is. Kept out of ``repr``, because a code stands in no log.

    Attributes:
        word: the word of the list, when there is no doubt.
        candidates: up to four words to choose from, the likeliest first; empty when there is no doubt, or nothing near.
    """

    word: str | None = field(repr=False)
    candidates: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class CodeReading:
    """What a typed line most likely is.

    Attributes:
        corrections: one for each typed word, in the order of typing; of a very long line only the first.
    """

    corrections: tuple[Correction, ...] = field(repr=False)

    @property
    def five(self) -> bool:
        """Whether exactly five words were typed."""
        return len(self.corrections) == CODE_WORDS

    @property
    def code(self) -> tuple[str, ...] | None:
        """The five words of the list, or None while their number or one of them is in doubt."""
        words = tuple(correction.word for correction in self.corrections if correction.word is not None)
        return words if self.five and len(words) == CODE_WORDS else None


class WordList:
    """A list of words that cannot be mixed up.

    Args:
        words: exactly 2,048 words of 4 to 9 letters a to z, sorted, every two at least two edits apart and different in sound.

    Raises:
        BadWordList: a rule is broken.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        _check(self.words)
        self._index = {word: place for place, word in enumerate(self.words)}
        self._sounds = {word: sound_key(word) for word in self.words}
        self._shapes: dict[str, list[str]] = {}
        for word in self.words:
            for shape in deletions(word, _REACH):
                self._shapes.setdefault(shape, []).append(word)

    def index(self, word: str) -> int:
        """The place of a word of the list, 0 to 2,047.

        Raises:
            KeyError: the word is not on the list; the error does not repeat it.
        """
        place = self._index.get(word)
        if place is None:
            raise KeyError("not a word of the list")
        return place

    def correct(self, typed: str) -> Correction:
        """Reads one typed word: as it is, else the only word within one edit, else the nearest to choose from.

        Capitals, accents and punctuation around the word do not matter. Takes well under 5 ms for any input.
        """
        return self._correct(_bare(plain(typed)))

    def read_code(self, typed: str) -> CodeReading:
        """Reads a typed line word by word; spaces, commas, dashes, dots, new lines and numbers like "1." only divide."""
        tokens = (_bare(token) for token in _TOKEN.findall(plain(typed)))
        return CodeReading(tuple(self._correct(token) for token in [token for token in tokens if token][:_MOST_WORDS]))

    def _correct(self, typed: str) -> Correction:
        if typed in self._index:
            return Correction(typed)
        if not SHORTEST - _REACH <= len(typed) <= LONGEST + _REACH:
            return Correction(None)
        shared = {word for shape in deletions(typed, _REACH) for word in self._shapes.get(shape, ())}
        edits = {word: count for word in shared if (count := distance(typed, word)) <= _REACH}
        one_edit = [word for word, count in edits.items() if count == 1]
        if len(one_edit) == 1:
            return Correction(one_edit[0])
        sound = sound_key(typed)

        def likeliness(word: str) -> tuple[object, ...]:
            # One edit beats two. Then the sound decides: a child who is unsure writes what it hears ("trijn" for trein).
            # The first letter comes next, because it is seldom wrong.
            return (edits[word], self._sounds[word] != sound, word[0] != typed[0], abs(len(word) - len(typed)), word)

        return Correction(None, tuple(sorted(edits, key=likeliness)[:_MOST_CANDIDATES]))


@cache
def load() -> WordList:
    """The list that ships with the bot; checked once, then kept."""
    return WordList((files(__package__) / "words.txt").read_text(encoding="ascii").split())


def read_code(typed: str) -> CodeReading:
    """Reads a typed code against the list that ships; see ``WordList.read_code``."""
    return load().read_code(typed)


def _bare(typed: str) -> str:
    """Without what surrounds the word, and without numbering that was typed against it ("1appel")."""
    return _NUMBERING.sub("", re.sub(r"^[^a-z0-9]+|[^a-z0-9]+$", "", typed))


def _check(words: tuple[str, ...]) -> None:
    if len(words) != SIZE:
        raise BadWordList(f"a list has {SIZE} words, not {len(words)}")
    for word in words:
        if not re.fullmatch(r"[a-z]+", word):
            raise BadWordList(f"only the letters a to z: {word!r}")
        if not SHORTEST <= len(word) <= LONGEST:
            raise BadWordList(f"{SHORTEST} to {LONGEST} letters: {word!r}")
    if len(set(words)) != len(words):
        raise BadWordList("a word stands twice")
    if list(words) != sorted(words):
        raise BadWordList("the words are not sorted")
    for one, other in near_pairs(words):
        raise BadWordList(f"one edit apart: {one!r} and {other!r}")
    heard: dict[str, str] = {}
    for word in words:
        twin = heard.setdefault(sound_key(word), word)
        if twin != word:
            raise BadWordList(f"they sound the same: {twin!r} and {word!r}")
