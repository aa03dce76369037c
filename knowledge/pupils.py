"""leerlingen.yaml: a school's facts in the words of its pupils."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from knowledge.files import Place, Text, YamlFile
from knowledge.model import Fact, Lines, Mark, Person, PupilFacts
from knowledge.problem import KnowledgeProblem


class FactFile(YamlFile):
    """One fact: ``tekst`` and its place."""

    tekst: Text
    regels: Place

    def build(self) -> Fact:
        """The same as the rest of the house knows it."""
        return Fact(self.tekst, self.regels)


class MarkFile(YamlFile):
    """One of ``kenmerken``: a question that a child can answer with yes or no."""

    vraag: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\?$")]
    regels: Place

    def build(self) -> Mark:
        """The same as the rest of the house knows it."""
        return Mark(self.vraag, self.regels)


class PersonReferenceFile(YamlFile):
    """One of ``mensen`` in school.yaml, by role and name."""

    functie: Text
    naam: Text | None


def _enough_to_tell(marks: list[MarkFile]) -> list[MarkFile]:
    # One question tells too little to say anything with; more than four is a questionnaire.
    if marks and not 2 <= len(marks) <= 4:
        raise ValueError(f"dit zijn er {len(marks)}; het moeten twee, drie of vier vragen zijn, of een lege lijst []")
    return marks


class PupilFile(YamlFile):
    """leerlingen.yaml. What the document does not say is null, but must be written."""

    pesten: Annotated[list[FactFile], Field(min_length=2, max_length=5)] | None
    plagen: FactFile | None
    kenmerken: Annotated[list[MarkFile], AfterValidator(_enough_to_tell)]
    wie_bepaalt: FactFile | None
    na_melding: Annotated[list[FactFile], Field(min_length=4, max_length=8)]
    straf: Annotated[list[FactFile], Field(min_length=1, max_length=4)] | None
    ouders: Annotated[list[FactFile], Field(min_length=1, max_length=4)] | None
    niet_geholpen: Annotated[list[PersonReferenceFile], Field(min_length=1)]
    online: Annotated[list[FactFile], Field(min_length=2, max_length=4)] | None
    klikken: FactFile | None


def places_of(read: PupilFile) -> Iterator[Lines]:
    """Every place in the file."""
    lists = (read.pesten, read.kenmerken, read.na_melding, read.straf, read.ouders, read.online)
    for facts in lists:
        yield from (fact.regels for fact in facts or ())
    yield from (fact.regels for fact in (read.plagen, read.wie_bepaalt, read.klikken) if fact is not None)


def pupil_facts(read: PupilFile, file: Traversable, people: Sequence[Person]) -> PupilFacts:
    """The file as the rest of the house knows it.

    Args:
        read: the file, as a model.
        file: the file itself, for the lines of problems.
        people: those of the same school.

    Raises:
        KnowledgeProblem: someone under ``niet_geholpen`` is not at this school, or not there for pupils.
    """
    return PupilFacts(
        bullying=_facts(read.pesten),
        teasing=read.plagen.build() if read.plagen else None,
        marks=tuple(mark.build() for mark in read.kenmerken),
        who_decides=read.wie_bepaalt.build() if read.wie_bepaalt else None,
        after_report=_facts(read.na_melding),
        punishment=_facts(read.straf),
        parents=_facts(read.ouders),
        not_helped=tuple(_person(reference, file, people) for reference in read.niet_geholpen),
        online=_facts(read.online),
        not_snitching=read.klikken.build() if read.klikken else None,
    )


def _facts(facts: list[FactFile] | None) -> tuple[Fact, ...]:
    return tuple(fact.build() for fact in facts or ())


def _person(reference: PersonReferenceFile, file: Traversable, people: Sequence[Person]) -> Person:
    found = next((person for person in people if (person.role, person.name) == (reference.functie, reference.naam)), None)
    if found is not None and found.for_pupils:
        return found
    who = reference.functie if reference.naam is None else f"{reference.functie} {reference.naam}"
    written = file.read_text(encoding="utf-8").split("\n")
    wanted = re.compile(rf".*functie:\s*['\"]?{re.escape(reference.functie)}")
    line = next((number for number, text in enumerate(written, start=1) if wanted.match(text)), 1)
    message = f"'{who}' staat niet bij mensen in school.yaml." if found is None else f"'{who}' is er niet voor leerlingen."
    raise KnowledgeProblem(str(file), line, message)
