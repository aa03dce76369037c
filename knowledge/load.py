"""Reads the whole folder into one ``Knowledge``, and checks what no single file can tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Protocol, TypeVar

from pydantic import BaseModel

from knowledge.files import HelplinesFile, SchoolFile, StappenplanFile, TipListFile
from knowledge.model import Helpline, Knowledge, Lines, School, TipList
from knowledge.problem import KnowledgeProblem
from knowledge.protocol import parse_protocol
from knowledge.pupils import PupilFile, places_of, pupil_facts
from knowledge.topics import TopicsFile, topics_of

M = TypeVar("M", bound=BaseModel)


class Reader(Protocol):
    """Reads a YAML file into a model; handed in, because what reads YAML lives in another room."""

    def __call__(self, file: Traversable, model: type[M]) -> M:
        """Reads ``file`` as ``model``, or raises an error of its own that carries file and line."""
        ...


def default_folder() -> Traversable:
    """The built-in knowledge, also when it lies in an installed wheel."""
    return resources.files("knowledge")


def load(folder: Traversable, read: Reader) -> Knowledge:
    """Reads ``schools/*/``, ``tips/*.yaml`` and ``hulplijnen.yaml``.

    Args:
        folder: laid out as ``default_folder()``.
        read: reads one YAML file.

    Raises:
        KnowledgeProblem: a file is missing, a protocol.md cannot be read, or two files contradict each other.
        Exception: whatever ``read`` raises on a YAML file that does not fit its model.
    """
    built = (load_school(part, read) for part in _parts(folder, "schools") if part.is_dir())
    schools = {school.slug: school for school in built}
    lists = [file for file in _parts(folder, "tips") if file.name.endswith(".yaml")]
    tips = {tips.name: tips for tips in (_tips(file, schools, read) for file in lists)}
    if not schools:
        raise KnowledgeProblem(str(folder), 1, "Hier staat geen school.")
    _check_borrowing(folder, schools, tips.values())
    return Knowledge(MappingProxyType(schools), MappingProxyType(tips), MappingProxyType(_helplines(folder, read)))


def load_school(folder: Traversable, read: Reader) -> School:
    """Reads one school's folder: school.yaml, stappenplan.yaml, protocol.md, onderwerpen.yaml and leerlingen.yaml.

    Raises:
        KnowledgeProblem: as in ``load``.
        Exception: as in ``load``.
    """
    about = _existing(folder / "school.yaml")
    facts = read(about, SchoolFile)
    if facts.slug != folder.name:
        raise KnowledgeProblem(
            str(about), _line_of(about, r"slug:"), f"De slug is '{facts.slug}', maar de map heet '{folder.name}'."
        )
    count = facts.bron.regels
    people = tuple(person.build() for person in facts.mensen)
    _check_places(about, (person.lines for person in people), count)

    plan = _existing(folder / "stappenplan.yaml")
    stappenplan = read(plan, StappenplanFile).build()
    steps = [step for variant in stappenplan.variants for step in variant.steps]
    _check_places(plan, (place for step in steps for place in (step.lines, *step.also)), count)

    protocol = _existing(folder / "protocol.md")
    sections = parse_protocol(_text(protocol), str(protocol), count)

    topics = _existing(folder / "onderwerpen.yaml")
    pupils = _existing(folder / "leerlingen.yaml")
    told = read(pupils, PupilFile)
    _check_places(pupils, places_of(told), count)
    return School(
        slug=facts.slug,
        name=facts.naam,
        kind=facts.soort,
        document=facts.document,
        source=facts.bron.build(),
        words=facts.woorden.build(),
        own_brievenbus=facts.brievenbus == "eigen",
        own_tips=facts.tips == "eigen",
        hours=facts.schooltijden.build(),
        people=people,
        sections=sections,
        stappenplan=stappenplan,
        topics=topics_of(read(topics, TopicsFile), topics, sections),
        pupils=pupil_facts(told, pupils, people),
    )


def _parts(folder: Traversable, name: str) -> list[Traversable]:
    """What lies in a subfolder, by name; hidden things and caches (``.x``, ``_x``) are no content."""
    part = folder / name
    if not part.is_dir():
        raise KnowledgeProblem(str(part), 1, "Deze map ontbreekt.")
    return sorted((item for item in part.iterdir() if item.name[0] not in "._"), key=lambda item: item.name)


def _text(file: Traversable) -> str:
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")  # some editors put a mark in front
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise KnowledgeProblem(str(file), line, "Hier staat een teken dat geen UTF-8 is. Sla het bestand op als UTF-8.") from None


def _existing(file: Traversable) -> Traversable:
    if not file.is_file():
        raise KnowledgeProblem(str(file), 1, "Dit bestand ontbreekt.")
    return file


def _tips(file: Traversable, schools: dict[str, School], read: Reader) -> TipList:
    tips = read(file, TipListFile).build()
    if f"{tips.name}.yaml" != file.name:
        raise KnowledgeProblem(
            str(file), _line_of(file, r"lijst:"), f"De lijst heet '{tips.name}', maar het bestand heet '{file.name}'."
        )
    school = schools.get(tips.school)
    if school is None:
        raise KnowledgeProblem(str(file), _line_of(file, r"\s*school:"), f"Er is geen school '{tips.school}'.")
    always = () if tips.always is None else (tips.always.lines,)
    _check_places(file, (tips.lines, *(tip.lines for tip in tips.steps), *always), school.source.line_count)
    return tips


def _helplines(folder: Traversable, read: Reader) -> dict[str, Helpline]:
    lines = read(_existing(folder / "hulplijnen.yaml"), HelplinesFile).lijnen
    return {line.id: line.build() for line in lines}


def _check_borrowing(folder: Traversable, schools: dict[str, School], tips: Iterable[TipList]) -> None:
    """A school that says that the tips are its own must have some, and the other way round: the dialogues tell pupils which."""
    owners = {part.school for part in tips if not part.composed}
    for school in schools.values():
        if school.own_tips != (school.slug in owners):
            file = folder / "schools" / school.slug / "school.yaml"
            message = (
                "Hier staat tips: eigen, maar geen lijst in tips/ komt van deze school."
                if school.own_tips
                else "Hier staat tips: geleend, maar in tips/ staat een lijst van deze school."
            )
            raise KnowledgeProblem(str(file), _line_of(file, r"tips:"), message)


def _check_places(file: Traversable, places: Iterable[Lines], count: int) -> None:
    for first, last in places:
        if last > count:
            where = _line_of(file, rf".*(?:regels|ook):.*\[\s*{first}\s*,\s*{last}\s*\]")
            raise KnowledgeProblem(
                str(file), where, f"Plaats {first}-{last} ligt niet in het document: dat loopt van regel 1 tot en met {count}."
            )


def _line_of(file: Traversable, pattern: str) -> int:
    """The first line that starts like this; 1 when it is written in a way that we do not recognise."""
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
        if re.match(pattern, line):
            return number
    return 1
