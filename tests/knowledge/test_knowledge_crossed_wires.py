"""No school's texts name what belongs to another school: its people, registers, groups, methods or number of steps."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.yaml_file import read_yaml
from knowledge import School, default_folder, load
from tests.knowledge.named_things import SLUGS, named_file, placed_texts, plain, pupil_texts, school

COUNTS = {"twee": 2, "drie": 3, "vier": 4, "vijf": 5, "zes": 6, "zeven": 7, "acht": 8, "negen": 9, "tien": 10}
TIPS = load(default_folder(), read_yaml).tips.values()


def texts(of: School) -> Iterator[str]:
    """Every text that can be said at a school, in lower case, with its tips in its own words."""
    words = of.words
    said = [of.name, of.document, words.leerkracht, words.groep, words.toezicht, words.steungroep or ""]
    said += [text for text, _ in (*placed_texts(of), *pupil_texts(of))]
    said += [variant.name for variant in of.stappenplan.variants]
    said += [tip.say(words) for tips in TIPS for tip in (*tips.steps, *([tips.always] if tips.always else []))]
    yield from map(plain, said)


def own_names(slug: str) -> set[str]:
    return {plain(named.naam) for named in named_file(slug).namen}


def of_others(slug: str) -> set[str]:
    """What is marked as belonging to another school, and what this school's own document does not name."""
    marked = {plain(named.naam) for other in SLUGS if other != slug for named in named_file(other).namen if named.soort}
    return marked - own_names(slug)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_school_has_something_that_must_not_be_said_elsewhere(slug: str) -> None:
    kinds = {named.soort for named in named_file(slug).namen}

    assert {"mens", "register", "methode"} <= kinds
    assert ("groep" in kinds) == (school(slug).words.steungroep is not None)


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_of_another_school_is_said(slug: str) -> None:
    foreign = of_others(slug)
    crossed = [
        (name, text)
        for text in texts(school(slug))
        for name in foreign
        if re.search(rf"(?<![\w-]){re.escape(name)}(?:s|en)?(?![\w-])", text)
    ]

    assert crossed == []


@pytest.mark.parametrize("slug", SLUGS)
def test_no_other_number_of_steps_is_said(slug: str) -> None:
    of = school(slug)
    known = {step.number for variant in of.stappenplan.variants for step in variant.steps}
    known |= {name.split()[1] for name in own_names(slug) if re.fullmatch(r"stap \d+", name)}
    lengths = {len(variant.steps) for variant in of.stappenplan.variants}

    for text in texts(of):
        assert set(re.findall(r"\bstap (\d+)", text)) <= known, text
        for count in re.findall(r"\b(\w+) stappen\b", text):
            number = COUNTS.get(count, int(count) if count.isdecimal() else None)
            # "nog twee stappen" counts some of them
            assert number is None or number in lengths or f"nog {count} stappen" in text, text
