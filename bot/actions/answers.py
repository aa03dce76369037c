"""The answers of the melding form: which there are, what is said in the preview, and what will be sent. One and the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.actions.tools import SKIPPED, Domain, label
from bot.brievenbus.roster import Reader, SchoolReaders
from bot.brievenbus.words.spelling import plain, sound_key
from knowledge import School

QUESTIONS = ("voor_wie", "over_lezer", "veilig", "wat", "waar", "wanneer", "hoe_vaak", "wie_weet", "wens", "terugschrijven")
# Shown in this order; who must not read it is no answer, and stands apart.
TOLD = tuple(question for question in QUESTIONS if question != "over_lezer")
TEXT_QUESTIONS = ("wat", "waar", "wanneer", "hoe_vaak", "wie_weet", "wens")
LONGEST = {"wat": 4000}
LONGEST_OTHER = 500
# All answers with their labels must fit in one sealed entry of 16 KiB; a smiley takes four bytes.
MOST_BYTES = 14_000

# Between a first name and a surname; they stand in every text.
_BETWEEN = re.compile(r"aan|al|bij|da|del?|della|de[nrs]|d[iou]|dos|e[ln]|het|in|l[ae]|los|op|te[nr]?|tot|uit|van|von|voor")
_HEARD = 4  # letters; shorter words sound like too many others
_GIVES_AWAY = (
    re.compile(r"\b(ik heet|mijn naam is|mn naam is|m'n naam is)\b", re.IGNORECASE),
    re.compile(r"[\w.+-]+@[\w-]+\.\w+"),
    re.compile(r"(?:\+31|0)[\s-]?6?(?:[\s-]?\d){8}"),
    re.compile(r"\b(?:groep|klas)\s*[1-8]\s*[a-z]?\b", re.IGNORECASE),
    re.compile(r"\b[1-6]\s?(?:havo|vwo|vmbo|mavo|gym|[a-d])\b", re.IGNORECASE),
)


@dataclass(frozen=True)
class Exclusion:
    """Whom a melding is about: nobody of them reads it.

    Attributes:
        readers: ids of readers, as hexadecimal digits.
        others: names of people who are no readers.
        cleared: ids of readers that are named in an answer and may read it, as the pupil said.
    """

    readers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()

    @classmethod
    def of(cls, slot: Mapping[str, Any] | None) -> Exclusion:
        """Read the slot ``uitgesloten``."""
        slot = slot or {}
        return cls(tuple(slot.get("lezers", ())), tuple(slot.get("anderen", ())), tuple(slot.get("mag", ())))

    def as_slot(self) -> dict[str, list[str]]:
        """What goes into the slot."""
        return {"lezers": list(self.readers), "anderen": list(self.others), "mag": list(self.cleared)}


@dataclass(frozen=True)
class Person:
    """Somebody whom a melding can be about: ``key`` stands in the button."""

    key: str
    name: str
    reader: bool


def reader_key(reader: Reader) -> str:
    """What a button carries for a reader: the first 48 bits of the id, which keep a payload under 64 bytes."""
    return reader.id.hex()[:12]


@dataclass(frozen=True)
class People:
    """Everyone with a role at the school: readers first, then those whom the protocol names."""

    all: tuple[Person, ...]
    active: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, readers: SchoolReaders, school: School) -> People:
        """The people of a school; somebody who reads and is named in the protocol too stands in it once."""
        found = [Person(reader_key(reader), reader.name, True) for reader in readers.readers]
        known = {person.name.casefold() for person in found}
        for number, person in enumerate(school.people):
            if person.name and person.name.casefold() not in known:
                known.add(person.name.casefold())
                found.append(Person(f"p{number}", person.name, False))
        return cls(tuple(found), frozenset(reader_key(reader) for reader in readers.active))

    def find(self, key: str) -> Person | None:
        """Who stands behind a button."""
        return next((person for person in self.all if person.key == key), None)

    def left(self, exclusion: Exclusion) -> bool:
        """Whether anybody is left who can read the melding."""
        return bool(self.active - set(exclusion.readers))

    def names(self, exclusion: Exclusion) -> tuple[str, ...]:
        """The names of everyone who is excluded."""
        readers = tuple(person.name for person in self.all if person.key in exclusion.readers)
        return readers + exclusion.others

    def named_in(self, text: str, exclusion: Exclusion) -> Person | None:
        """The first reader who is named in a text and about whom nothing was said yet.

        The names of those who were excluded count as text: the protocol may call somebody by another name than the readers do.
        """
        spoken = _sounds(f"{text} {' '.join(exclusion.others)}", typed=True)
        for person in self.all:
            if not person.reader or person.key in exclusion.readers + exclusion.cleared:
                continue
            if spoken & _sounds_of_name(person.name):
                return person
        return None


@lru_cache(maxsize=2048)
def _sounds_of_name(name: str) -> frozenset[str]:
    """As below, once for each reader of all schools. Only their names are remembered, never what a child typed."""
    return frozenset(_sounds(name, typed=False))


def _sounds(text: str, *, typed: bool) -> set[str]:
    """The words of a text that can be a name, also as a child hears them: "Yvonne" is Ivonne, "Antjes fiets" is Antje's."""
    found = set()
    for word in re.findall(r"[^\W\d_]{2,}", plain(text)):
        if _BETWEEN.fullmatch(word):
            continue
        for name in {word, word.removesuffix("s")} if typed else {word}:
            found.add(name)
            if len(name) >= _HEARD:
                found.add(sound_key(re.sub(r"c$", "k", re.sub(r"^y", "i", name))))
    return found


def told(slots: Mapping[str, Any], domain: Domain) -> tuple[tuple[str, str], ...]:
    """Label and answer of every question that was answered: what the preview shows and what is sent."""
    return tuple(
        (label(domain, f"utter_kop_{question}"), str(slots[question]))
        for question in TOLD
        if slots.get(question) not in (None, SKIPPED)
    )


def size(slots: Mapping[str, Any]) -> int:
    """Bytes that all answers take."""
    return sum(len(str(slots.get(question) or "").encode()) for question in TOLD)


def gives_away(texts: Sequence[str]) -> bool:
    """Whether a text holds something by which people may know who wrote it: a name, a class, a number, an e-mail address."""
    return any(pattern.search(text) for pattern in _GIVES_AWAY for text in texts)
