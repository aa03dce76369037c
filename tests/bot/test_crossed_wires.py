"""Crossed wires: whatever is asked at one school, nothing is said of another's people, register, groups, instruments or steps.

Every conversation of tests/conversations/ is held at every school, with the same words: a button that this school does not offer
is then typed text. What tells a school from the others stands in tests/knowledge/named/<slug>.yaml, under ``kenmerkend``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest

from bot.house import read_knowledge
from tests.bot.conftest import BuildHouse, Pupil, enrol
from tests.bot.test_conversations import CASES, _read_once, read_case
from tests.knowledge.named_things import SLUGS, named_file, placed_texts, school

__all__ = ["_read_once"]

KNOWLEDGE = read_knowledge()
# Readers with names that no protocol holds: what is found was said by the knowledge or the dialogues.
READERS = ("Zwaantje", "Ubbo")
# The tips of one school are lent to the others, under its name; so are the words of a brievenbus.
STEPS = re.compile(r"\bheeft (\d+) stappen\b")
STEP = re.compile(r"^Stap (\d+): .*\nWie: ", re.MULTILINE)
# Between braces stands what only a run knows; a payload has a quotation mark after its brace.
PLACEHOLDER = re.compile(r'\{(?!")')
# Messages that show a pupil's own words.
OWN_WORDS = ("melding", "draad")


def own_words(slug: str) -> set[str]:
    return {name.casefold() for name in named_file(slug).kenmerkend}


def foreign(slug: str) -> Callable[[str], set[str]]:
    """Finds what belongs to other schools, and not to this one, in a text."""
    own = own_words(slug)
    names = {name for other in SLUGS if other != slug for name in own_words(other)} - own
    found = re.compile(r"(?<![\w-])(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")(?:s|'s)?(?![\w-])")
    return lambda text: {match.group(1) for match in found.finditer(text.casefold())}


@cache
def dialogues() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The channel and what is said, of every conversation, each once. What only a run knows, such as a code, is left out."""
    cases = [read_case(path) for path in CASES]
    said = (
        (
            case.get("kanaal", "rest"),
            tuple(turn["zegt"] for turn in case["beurten"] if not PLACEHOLDER.search(turn.get("zegt", "{"))),
        )
        for case in cases
    )
    return tuple(dict.fromkeys(said))


@pytest.mark.parametrize("slug", SLUGS)
async def test_no_school_speaks_of_another(slug: str, build_house: BuildHouse) -> None:
    # Given a school with readers
    house = build_house()
    await enrol(house, slug, *READERS)
    strange, steps = foreign(slug), {self_numbered(slug)}
    heard, wrong = 0, []
    # When everything that is ever said in a conversation is said here
    for number, (channel, said) in enumerate(dialogues()):
        pupil = Pupil(house, slug, channel, key=f"sender-{number}")
        await pupil.open()
        for words in said:
            await pupil.says(words)
            heard += 1
            messages = [each for each in pupil.replies.messages if each.custom.get("stijl") not in OWN_WORDS]
            text = "\n".join(part for each in messages for part in (each.text, *(button.title for button in each.buttons)))
            wrong += [f"{words!r}: {name}" for name in sorted(strange(text))]
            wrong += [f"{words!r}: {count} steps" for count in STEPS.findall(text) if int(count) not in steps]
            wrong += [f"{words!r}: step {step}" for step in STEP.findall(text) if int(step) > max(steps)]
    # Then nothing of it is another school's
    assert heard > 1000
    assert sorted(set(wrong)) == []


def self_numbered(slug: str) -> int:
    """How many numbered steps this school has: the same for each kind of case."""
    (count,) = {sum(step.number.isdecimal() for step in v.steps) for v in KNOWLEDGE.schools[slug].stappenplan.variants}
    return count


@pytest.mark.parametrize("slug", SLUGS)
def test_what_tells_a_school_from_the_others_is_really_its_own(slug: str) -> None:
    of = KNOWLEDGE.schools[slug]
    said = " ".join([*(text for text, _ in placed_texts(school(slug))), *(person.role for person in of.people)]).casefold()
    named = " ".join(f"{each.naam} {each.in_bron or ''}" for each in named_file(slug).namen).casefold()

    assert len(own_words(slug)) >= 10
    assert {name for name in own_words(slug) if name not in said} == set()
    assert {name for name in own_words(slug) if name not in named} == set()


@pytest.mark.parametrize("slug", SLUGS)
def test_crossed_wires_would_be_found(slug: str) -> None:
    strange = foreign(slug)
    for other in SLUGS:
        alone = own_words(other) - own_words(slug)
        if other != slug:
            assert alone
        for name in alone:
            assert name in strange(f"Ga maar naar {name}."), name
    people: dict[str, str] = {"jps": "Ivonne", "mozaiek": "Esther Warmerdam", "kwaliteitskaart": "Diana"}
    for home, name in people.items():
        assert bool(strange(f"{name}, vertrouwenspersoon: kom maar langs")) == (home != slug)
