"""How hard a Dutch text reads: sentences, words, syllables, and the score of Flesch-Douma."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 15
"""Words in a sentence for a pupil."""

EASY = 80.0
"""From here Flesch-Douma calls a text easy; 60 is plain."""

ENOUGH = 30
"""Words from which the score means something: in a shorter text one long word decides."""

MOST_SYLLABLES = 4
"""Of a word for a pupil; longer ones are reviewed one by one."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_END = re.compile(r"(?<=[.?!:])['\"’]?\s+|\n+")
# What sounds as one vowel, the longest first. Anything else of two vowels is two: "media", "reactie", "museum".
_VOWELS = re.compile(
    r"aai|ooi|oei|eeu|ieu|eau|auw|ouw|uw(?![aeiouy])|éé|óó|éu"
    r"|aa|ee|oo|uu|ie|oe|eu(?!m\b|ms)|ui|ei|ij|au|ou|ai|oi|[aeiouyäëïöüáéíóúàèêôâî]"
)
# English words in Dutch sentences, spelled as they sound.
_SOUNDS = tuple(
    (re.compile(written), sounds)
    for written, sounds in (
        ("coach", "kootsj"),
        ("team", "tiem"),
        (r"line(?=s?\b)", "lajn"),
        (r"phone(?=s?\b)", "foon"),
        (r"game(?=s?\b)", "geem"),
        (r"site(?=s?\b)", "sajt"),
        (r"like(?=s?\b)", "lajk"),
        ("mail", "meel"),
    )
)


def sentences(text: str) -> list[str]:
    """The sentences; the end of a line ends one too. What has no words (a number alone) is none."""
    return [part for part in _END.split(text) if _WORD.search(part)]


def words(text: str) -> list[str]:
    """The words, without numbers; a word with a hyphen is one."""
    return _WORD.findall(text)


def syllables(word: str) -> int:
    """The syllables of a word, by its groups of vowels; at least one."""
    word = word.lower()
    for written, sounds in _SOUNDS:
        word = written.sub(sounds, word)
    return max(1, len(_VOWELS.findall(word)))


def flesch_douma(text: str) -> float:
    """206.8 less 0.77 times the syllables per 100 words, less 0.93 times the words per sentence; higher reads easier.

    Raises:
        ZeroDivisionError: there are no words.
    """
    counted = words(text)
    per_100_words = 100 * sum(syllables(word) for word in counted) / len(counted)
    return 206.8 - 0.77 * per_100_words - 0.93 * len(counted) / len(sentences(text))


def longest(texts: Iterable[str]) -> int:
    """The words of the longest sentence."""
    return max((len(words(sentence)) for text in texts for sentence in sentences(text)), default=0)
