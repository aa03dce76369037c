"""How hard a Dutch text reads: sentences, syllables, and Flesch-Douma."""

from __future__ import annotations

import re

LONGEST = 15  # words in a sentence for a pupil
EASY = 80.0  # "easy" on the scale of Flesch-Douma
ENOUGH = 30  # words: in a shorter text one long word decides
_VOWELS = re.compile(r"[aeiouyáàâäéèêëíìîïóòôöúùûü]+")


def sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.?!])['’]?\s+", text) if sentence]


def words(text: str) -> list[str]:
    return re.findall(r"\w[\w'’]*", text)


def syllables(word: str) -> int:
    """Groups of vowels: "ij" is one; a diaeresis begins a new one ("ruzieën"), and so does i before a or o ("media")."""
    spelled = re.sub(r"([ëïöü])|(?<=[^t]i)(?=[ao])", r" \1", word.lower().replace("ij", "y"))
    return max(1, len(_VOWELS.findall(spelled)))


def flesch_douma(text: str) -> float:
    """206.8 - 0.77 x syllables per 100 words - 0.93 x words per sentence; higher reads easier."""
    found = words(text)
    per_hundred = 100 * sum(map(syllables, found)) / len(found)
    return 206.8 - 0.77 * per_hundred - 0.93 * len(found) / len(sentences(text))
