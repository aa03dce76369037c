"""The lists of what each document names, and how two texts are compared; shared with tests/seeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from bot.yaml_file import read_yaml
from knowledge import Lines, School, default_folder, load_school
from knowledge.files import Place, Text

NAMED = Path(__file__).parent / "named"
SLUGS = sorted(part.name for part in (default_folder() / "schools").iterdir() if part.is_dir() and part.name[0] not in "._")


class Named(BaseModel):
    """One thing that the document names.

    ``in_bron`` is the document's own spelling, where ours differs. ``soort`` marks what belongs to this school, so that it
    must not be said to the pupils and parents of a school that does not name it.
    """

    naam: Text
    in_bron: Text | None = None
    regels: Place
    soort: Literal["mens", "register", "groep", "methode"] | None = None


class NoContent(BaseModel):
    """Lines of the document that carry nothing: a contents list, a page header."""

    regels: Place
    wat: Text


class NamedFile(BaseModel):
    """named/<slug>.yaml."""

    kenmerkend: list[Text]
    namen: list[Named]
    niet_inhoud: list[NoContent]


def named_file(slug: str) -> NamedFile:
    return read_yaml(NAMED / f"{slug}.yaml", NamedFile)


def school(slug: str) -> School:
    return load_school(default_folder() / "schools" / slug, read_yaml)


def plain(text: str) -> str:
    """Lower case, and every run of white space one space: what counts as the same text."""
    return " ".join(text.lower().split())


def overlap(one: Lines, other: Lines) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def placed_texts(of: School) -> Iterator[tuple[str, Lines]]:
    """Every text of a school with its place: headings, blocks (with the headings above them), people, steps."""
    for section in of.sections:
        if section.lines is not None:
            yield section.heading, section.lines
        for block in section.blocks:
            yield block.text, block.lines
            yield " ".join([*section.path, section.heading]), block.lines
    for person in of.people:
        yield f"{person.role} {person.name or ''} {person.purpose}", person.lines
    for variant in of.stappenplan.variants:
        for step in variant.steps:
            texts = (step.title, step.who, step.what, step.with_whom, step.within, step.record, step.told, step.on_when)
            for text in filter(None, texts):
                yield from ((text, place) for place in (step.lines, *step.also))
            yield f"stap {step.number}", step.lines


def pupil_texts(of: School) -> Iterator[tuple[str, Lines]]:
    """Every text for this school's pupils with its place, questions too."""
    told = of.pupils
    for facts in (told.bullying, told.after_report, told.punishment, told.parents, told.online):
        yield from ((fact.text, fact.lines) for fact in facts)
    yield from ((mark.question, mark.lines) for mark in told.marks)
    yield from ((fact.text, fact.lines) for fact in (told.teasing, told.who_decides, told.not_snitching) if fact is not None)


def sentences_of(of: School) -> Iterator[str]:
    """Every text of a school that we wrote ourselves: no headings, titles and names, for those are the document's."""
    for section in of.sections:
        yield from (block.text for block in section.blocks)
    yield from (person.purpose for person in of.people)
    yield from (text for text, _ in pupil_texts(of))
    for variant in of.stappenplan.variants:
        for step in variant.steps:
            yield from filter(None, (step.who, step.what, step.with_whom, step.within, step.record, step.told, step.on_when))
