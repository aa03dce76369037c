"""Makes and checks the word list of the five-word code: every rule a list must keep, and a choice of words that keeps them.

``words.txt`` is the authority; this file explains it and proves it. It was made in four steps:

1. Candidates were written by hand in groups that a child of nine knows (animals, food, home, school, play, nature, traffic,
   verbs), and put together from two short words of such a group (vogel + huis). A table of word frequencies (the package
   wordfreq) reminded of common words that were forgotten. Running this file does not need it.
2. ``refusal`` dropped what stands in ``excluded.txt`` or is hard to spell, and what is not in the list of OpenTaal.
3. ``choose`` dropped words until no two could be mixed up.
4. The result was read aloud in parts, twice, the way a teacher and a child psychologist would. What did not belong went into
   ``excluded.txt``, and steps 2 and 3 were done again.

To check the list that ships, with the word list of OpenTaal (Debian: package wdutch) as an optional argument::

    python -m bot.brievenbus.words.build check [/usr/share/dict/dutch]

To choose from a file of candidates, the most wanted first::

    python -m bot.brievenbus.words.build choose candidates.txt /usr/share/dict/dutch > words.txt
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from .spelling import near_pairs, sound_key, stems, turned
from .wordlist import LONGEST, SHORTEST, SIZE, BadWordList, WordList

# What Dutch spelling lessons reach only after the age of nine: th, q, x and y, a c without h, and the endings of loan words.
HARD = re.compile(r"th|[qxy]|c(?!h)|^ch|tie$|isch$|age$|eau|sh|ph|eur$|ueu|air$")


@dataclass(frozen=True)
class Exclusions:
    """What must never be part of a code.

    Attributes:
        words: whole words that were rejected.
        fragments: letters that may stand nowhere in a word.
    """

    words: frozenset[str]
    fragments: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Exclusions:
        """Reads the form of ``excluded.txt``: words between spaces, ``*`` before a fragment, ``#`` before a remark."""
        entries = [entry for line in text.splitlines() for entry in line.partition("#")[0].split()]
        return cls(
            words=frozenset(entry for entry in entries if not entry.startswith("*")),
            fragments=tuple(entry.removeprefix("*") for entry in entries if entry.startswith("*")),
        )

    @classmethod
    def shipped(cls) -> Exclusions:
        """The exclusions that belong to the list that ships."""
        return cls.read((files(__package__) / "excluded.txt").read_text(encoding="utf-8"))

    def excludes(self, word: str) -> bool:
        """Whether the word was rejected or holds a fragment that was."""
        return word in self.words or any(fragment in word for fragment in self.fragments)


def refusal(word: str, exclusions: Exclusions, known: frozenset[str] | None = None) -> str | None:
    """Why this word may not be on the list whatever the other words are, or None.

    Args:
        word: in lower case.
        exclusions: what was rejected on reading.
        known: all words of OpenTaal's list; None skips that rule.
    """
    if not re.fullmatch(r"[a-z]+", word):
        return "not only a to z"
    if not SHORTEST <= len(word) <= LONGEST:
        return "length"
    if HARD.search(word):
        return "hard to spell"
    if exclusions.excludes(word):
        return "excluded"
    if known is not None and word not in known:
        return "not in OpenTaal's list"
    return None


def clashes(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Every pair that can be mixed up, with the rule it breaks: ``letters``, ``sound``, ``stem`` or ``turned``."""
    for one, other in near_pairs(tuple(words)):
        yield one, other, "letters"
    for rule, keys in (("sound", lambda word: {sound_key(word)}), ("stem", stems), ("turned", turned)):
        same: dict[str, list[str]] = {}
        for word in words:
            twins = {twin for key in keys(word) for twin in same.get(key, ())}
            for twin in sorted(twins):
                yield twin, word, rule
            for key in keys(word):
                same.setdefault(key, []).append(word)


def choose(candidates: Iterable[str]) -> list[str]:
    """Drops words until no two clash, and returns the rest in the order in which they came.

    The word with the most clashes goes first; among equals the one that was wanted least, so the same candidates
    always give the same words.
    """
    wanted = list(dict.fromkeys(candidates))
    rivals: dict[str, set[str]] = {word: set() for word in wanted}
    for one, other, _ in clashes(wanted):
        rivals[one].add(other)
        rivals[other].add(one)
    rank = {word: place for place, word in enumerate(wanted)}
    while True:
        worst = max(rivals, key=lambda word: (len(rivals[word]), rank[word]), default=None)
        if worst is None or not rivals[worst]:
            return [word for word in wanted if word in rivals]
        for rival in rivals.pop(worst):
            rivals[rival].discard(worst)


def problems(words: Sequence[str], exclusions: Exclusions, known: frozenset[str] | None = None) -> list[str]:
    """Everything that is wrong with a list, one line each; empty for a good list."""
    found = [f"{word}: {why}" for word in words if (why := refusal(word, exclusions, known))]
    found += [f"{one} and {other}: {rule}" for one, other, rule in clashes(words)]
    try:
        WordList(words)
    except BadWordList as problem:
        found.append(str(problem))
    return found


def main(arguments: Sequence[str]) -> int:
    """Runs ``check`` or ``choose``; returns the exit code."""
    exclusions = Exclusions.shipped()
    match list(arguments):
        case ["check", *dictionary] if len(dictionary) <= 1:
            known = _lines(dictionary[0]) if dictionary else None
            words = (files(__package__) / "words.txt").read_text(encoding="ascii").split()
            found = problems(words, exclusions, frozenset(known) if known else None)
            print("\n".join(found) or f"{len(words)} words, no problems")
            return 1 if found else 0
        case ["choose", candidates, dictionary]:
            known_words = frozenset(_lines(dictionary))
            fit = [word for word in _lines(candidates) if refusal(word, exclusions, known_words) is None]
            print("\n".join(sorted(choose(fit)[:SIZE])))
            return 0
        case _:
            print(__doc__, file=sys.stderr)
            return 2


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").split()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
