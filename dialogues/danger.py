"""Explicit words for danger, as ``gevaar.yml`` lists them.

A concept is a line of words that must all occur in one sentence, in whatever order, for Dutch puts its verbs at the end:

* ``a|b`` one of these words; ``abc*`` a word that begins so; ``a_b`` these words side by side;
* ``$groep`` one of the words of a group; ``-a`` none of these words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from dialogues.lined_yaml import Mapped
from dialogues.normalising import sentences

Kind = Literal["suicide", "thuis", "seksueel", "gevaar"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ORDER: tuple[Kind, ...] = ("suicide", "seksueel", "thuis", "gevaar")
"""Which danger is answered when a text speaks of several."""

_SELF = frozenset({"ik", "mij", "me", "mezelf", "mijzelf", "ons", "wij", "we"})
"""Words of a writer who speaks of himself. Not "mijn": "mijn zus wil dood" is about another."""


@dataclass(frozen=True)
class Danger:
    """A text that speaks of danger.

    Attributes:
        tier: ``red`` for explicit words, ``amber`` for a suspicion.
        kind: what the danger is.
    """

    tier: Literal["red", "amber"]
    kind: Kind


@dataclass(frozen=True)
class _Choice:
    """One of several words, beginnings of words, or words side by side."""

    words: frozenset[str]
    beginnings: tuple[str, ...]
    phrases: tuple[str, ...]

    def occurs(self, words: frozenset[str], sentence: str) -> bool:
        if not self.words.isdisjoint(words):
            return True
        if self.beginnings and any(word.startswith(self.beginnings) for word in words):
            return True
        return any(phrase in sentence for phrase in self.phrases)


@dataclass(frozen=True)
class _Concept:
    kind: Kind
    wanted: tuple[_Choice, ...]
    unwanted: tuple[_Choice, ...]

    def occurs(self, words: frozenset[str], sentence: str) -> bool:
        return all(choice.occurs(words, sentence) for choice in self.wanted) and not any(
            choice.occurs(words, sentence) for choice in self.unwanted
        )


@dataclass
class DangerList:
    """The concepts of all files together."""

    _concepts: list[_Concept] = field(default_factory=list)
    _spelling: dict[str, str] = field(default_factory=dict)
    _groups: dict[str, list[str]] = field(default_factory=dict)
    _harmless: list[str] = field(default_factory=list)
    _others: dict[str, frozenset[str]] = field(default_factory=dict)

    def add(self, tree: Mapped) -> None:
        """Add one file.

        Raises:
            DialogueProblem: with the line and how to mend it.
        """
        tree.only("spelling", "groepen", "niet", "ander", *KINDS)
        spelling = tree.mapping("spelling")
        self._spelling.update({word: spelling.text(word) for word in spelling})
        groups = tree.mapping("groepen")
        for name in groups:
            self._groups[name] = groups.text(name).split()
        self._harmless += [f" {phrase} " for phrase, _ in tree.texts("niet")]
        others = tree.mapping("ander")
        others.only(*KINDS)
        self._others.update({kind: frozenset(others.text(kind).split()) for kind in others})
        for kind in KINDS:
            for line, number in tree.texts(kind):
                self._concepts.append(self._concept(kind, line, Mapped(tree.file, number)))

    def find(self, text: str) -> tuple[Danger, Literal["zelf", "ander"]] | None:
        """The danger that a text speaks of, and whether the writer speaks of another; None when it speaks of none."""
        found: dict[Kind, Literal["zelf", "ander"]] = {}
        for sentence in sentences(text, self._spelling):
            for phrase in self._harmless:
                sentence = sentence.replace(phrase, " ")
            words = frozenset(sentence.split())
            for concept in self._concepts:
                if found.get(concept.kind) != "zelf" and concept.occurs(words, sentence):
                    other = words.isdisjoint(_SELF) and not words.isdisjoint(self._others.get(concept.kind, ()))
                    found[concept.kind] = "ander" if other else "zelf"
        for kind in _ORDER:
            if kind in found:
                return Danger("red", kind), found[kind]
        return None

    def _concept(self, kind: Kind, line: str, place: Mapped) -> _Concept:
        wanted: list[_Choice] = []
        unwanted: list[_Choice] = []
        for part in line.split():
            target = unwanted if part.startswith("-") else wanted
            target.append(_choice(part.removeprefix("-"), self._groups, place))
        if not wanted:
            place.fail("Hier staat geen woord dat gevaar betekent. Zet er een bij.")
        # The rarest choice first: most sentences are done after one look.
        wanted.sort(key=lambda choice: len(choice.words) + 50 * len(choice.beginnings))
        return _Concept(kind, tuple(wanted), tuple(unwanted))


def _choice(part: str, groups: Mapping[str, Sequence[str]], place: Mapped) -> _Choice:
    options = list(_expanded(part.split("|"), groups, place))
    return _Choice(
        frozenset(option for option in options if "*" not in option and "_" not in option),
        tuple(option[:-1] for option in options if option.endswith("*") and "_" not in option),
        tuple(_phrase(option) for option in options if "_" in option),
    )


def _phrase(option: str) -> str:
    words = option.replace("_", " ")
    return f" {words[:-1]}" if words.endswith("*") else f" {words} "


def _expanded(options: Iterable[str], groups: Mapping[str, Sequence[str]], place: Mapped) -> Iterable[str]:
    for option in options:
        if option.startswith("$"):
            if option[1:] not in groups:
                place.fail(f'De groep "{option}" bestaat niet. Zet hem onder "groepen".')
            yield from _expanded(groups[option[1:]], groups, place)
        elif not option or "*" in option[:-1]:
            place.fail('Hier staat een leeg woord, of een sterretje dat niet aan het eind staat. Schrijf "woord" of "begin*".')
        else:
            yield option
