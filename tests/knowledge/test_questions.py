"""The questions that the search will be measured on: written by somebody who had not read the knowledge.

Half of them (``deel: eind``) is kept for the final measurement: who tunes a search does not read those.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from bot.yaml_file import read_yaml
from knowledge import default_folder, load

FOLDER = Path(__file__).parent / "questions"
SCHOOLS = ("mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps")


class Question(BaseModel):
    model_config = ConfigDict(extra="forbid")
    vraag: Annotated[str, Field(min_length=2)]
    door: Literal["ouder", "leerkracht", "leerling"]
    soort: str
    deel: Literal["ontwikkeling", "eind"]


class Answerable(Question):
    regels: Annotated[list[tuple[int, int]], Field(min_length=1)]


class Unanswerable(Question):
    waarom: Literal["val_andere_school", "niet_in_protocol", "buiten_onderwerp"]


class AnswerableFile(BaseModel):
    school: str
    vragen: list[Answerable]


class UnanswerableFile(BaseModel):
    school: str
    vragen: list[Unanswerable]


@pytest.mark.parametrize("slug", SCHOOLS)
def test_there_are_enough_and_their_places_are_known(slug: str) -> None:
    asked = read_yaml(FOLDER / f"{slug}.yaml", AnswerableFile)
    school = load(default_folder(), read_yaml).schools[slug]
    places = [block.lines for section in school.sections for block in section.blocks]

    assert asked.school == slug
    assert len(asked.vragen) >= 40
    for question in asked.vragen:
        for first, last in question.regels:
            # What is right in the document must be somewhere in our knowledge of it.
            assert any(begin <= last and first <= end for begin, end in places), question


@pytest.mark.parametrize("slug", SCHOOLS)
def test_there_are_enough_that_the_protocol_does_not_answer(slug: str) -> None:
    asked = read_yaml(FOLDER / f"{slug}_niet.yaml", UnanswerableFile)

    assert asked.school == slug
    assert len(asked.vragen) >= 60
    assert min(Counter(question.waarom for question in asked.vragen).values()) >= 10


@pytest.mark.parametrize("name", [*SCHOOLS, *(f"{slug}_niet" for slug in SCHOOLS)])
def test_half_is_kept_and_none_is_asked_twice(name: str) -> None:
    model = UnanswerableFile if name.endswith("_niet") else AnswerableFile
    asked = read_yaml(FOLDER / f"{name}.yaml", model).vragen
    parts = Counter(question.deel for question in asked)

    assert abs(parts["eind"] - parts["ontwikkeling"]) <= 1
    assert len({question.vraag.casefold() for question in asked}) == len(asked)
