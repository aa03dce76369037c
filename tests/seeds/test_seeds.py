"""Nothing of the documents is missing, every place is right, and no sentence was copied."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.yaml_file import read_yaml
from knowledge import default_folder
from knowledge.files import TipListFile
from tests.knowledge.named_things import SLUGS, named_file, placed_texts, plain, pupil_texts, school, sentences_of

COPIED = 8  # consecutive words: a shorter run is a name, a list of terms or chance
TIPS = sorted(file.name for file in (default_folder() / "tips").iterdir() if file.name.endswith(".yaml"))


def document(seeds: Path, slug: str) -> list[str]:
    """The lines of a school's document; line 1 is at index 0."""
    return (seeds / school(slug).source.file).read_text(encoding="utf-8").split("\n")


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + COPIED]) for start in range(len(found) - COPIED + 1)}


def says_something(line: str) -> bool:
    """Whether a line holds more than a page number, dots or an empty bookmark."""
    return re.search(r"[^\W\d_]", re.sub(r"\[bookmark:[^\]]*\]", "", line)) is not None


@pytest.mark.parametrize("slug", SLUGS)
def test_the_document_is_as_long_as_we_say(seeds: Path, slug: str) -> None:
    lines = document(seeds, slug)
    length = len(lines) - 1 if lines[-1] == "" else len(lines)

    assert school(slug).source.line_count == length


@pytest.mark.parametrize("slug", SLUGS)
def test_what_we_say_that_the_document_names_stands_in_those_lines(seeds: Path, slug: str) -> None:
    lines = document(seeds, slug)

    elsewhere = [
        f"{named.naam} ({named.regels})"
        for named in named_file(slug).namen
        if plain(named.in_bron or named.naam) not in plain(" ".join(lines[named.regels[0] - 1 : named.regels[1]]))
    ]

    assert elsewhere == []


@pytest.mark.parametrize("slug", SLUGS)
def test_every_line_of_the_document_has_its_place_with_us(seeds: Path, slug: str) -> None:
    of = school(slug)
    places = [block.lines for section in of.sections for block in section.blocks]
    places += [section.lines for section in of.sections if section.lines is not None]
    places += [part.regels for part in named_file(slug).niet_inhoud]
    covered = {line for first, last in places for line in range(first, last + 1)}

    missing = [
        f"{number}: {line.strip()}"
        for number, line in enumerate(document(seeds, slug), start=1)
        if says_something(line) and number not in covered
    ]

    assert missing == []


@pytest.mark.parametrize("slug", SLUGS)
def test_the_sentences_of_a_school_are_our_own(seeds: Path, slug: str) -> None:
    theirs = runs(" ".join(document(seeds, slug)))

    copied = [" ".join(run) for text in sentences_of(school(slug)) for run in sorted(runs(text) & theirs)]

    assert copied == []


@pytest.mark.parametrize("name", TIPS)
def test_the_sentences_of_the_tips_are_our_own(seeds: Path, name: str) -> None:
    tips = read_yaml(default_folder() / "tips" / name, TipListFile).build()
    theirs = runs(" ".join(document(seeds, tips.school)))
    always = [tips.always] if tips.always else []

    copied = [" ".join(run) for tip in (*tips.steps, *always) for run in sorted(runs(tip.text) & theirs)]

    assert copied == []


@pytest.mark.parametrize("slug", SLUGS)
def test_every_place_holds_some_text(seeds: Path, slug: str) -> None:
    lines = document(seeds, slug)

    places = [place for _, place in (*placed_texts(school(slug)), *pupil_texts(school(slug)))]

    empty = [place for place in places if not any(map(says_something, lines[place[0] - 1 : place[1]]))]

    assert empty == []
