"""How hard a Dutch text reads: sentences, words, syllables, and the Flesch-Douma score."""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_END = re.compile(r"(?<=[.?!:])['\"]?\s+|\n+")
# What sounds as one vowel; the longest first.
_VOWELS = re.compile(
    r"éé|aai|ooi|oei|eeu|ieu|auw|ouw|uw(?![aeiou])|aa|ee|oo|uu|ie|oe|eu|ui|ei|ij|au|ou|ai|oi|[aeiouyäëïöüáéíóúàèêô]",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """The sentences; the end of a line ends one too. What has no words (a number alone) is none."""
    return [part for part in _END.split(text) if _WORD.search(part)]


def words(text: str) -> list[str]:
    """The words, without numbers; a word with a hyphen is one."""
    return _WORD.findall(text)


def syllables(word: str) -> int:
    """The syllables of a word, by its groups of vowels; at least one."""
    return max(1, len(_VOWELS.findall(word)))


def flesch_douma(text: str) -> float:
    """206.8 less 0.77 times the syllables per 100 words, less 0.93 times the words per sentence: 80 is easy, 60 is plain."""
    counted = words(text)
    per_100_words = 100 * sum(syllables(word) for word in counted) / len(counted)
    return 206.8 - 0.77 * per_100_words - 0.93 * len(counted) / len(sentences(text))


def longest(texts: Iterable[str]) -> int:
    """The words of the longest sentence."""
    return max((len(words(sentence)) for text in texts for sentence in sentences(text)), default=0)
