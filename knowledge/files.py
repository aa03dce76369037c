"""The YAML files of this room as typed models: their Dutch keys, what must be there, and what it becomes."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from knowledge.model import (
    Helpline,
    Kind,
    Lines,
    Person,
    SchoolHours,
    Source,
    Stappenplan,
    Step,
    StepVariant,
    Tip,
    TipList,
    Words,
)

WORDS_IN_TIPS = frozenset({"leerkracht", "groep", "toezicht"})


def _in_order(lines: Lines) -> Lines:
    first, last = lines
    if first < 1:
        raise ValueError("regels worden geteld vanaf 1")
    if first > last:
        raise ValueError(f"de eerste regel ({first}) komt na de laatste ({last})")
    return lines


def _fits_words(text: str) -> str:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError("hier staat een accolade te veel of te weinig") from error
    if unknown := sorted(names - WORDS_IN_TIPS):
        raise ValueError(f"{{{unknown[0]}}} is geen woord van de school; kies uit: {', '.join(sorted(WORDS_IN_TIPS))}")
    return text


def unique(names: Iterable[str], what: str) -> None:
    """Refuses a name that stands in a list for the second time.

    Raises:
        ValueError: in Dutch; pydantic makes it the problem of the value that is checked.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} '{name}' staat hier twee keer")
        seen.add(name)


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
Place = Annotated[tuple[StrictInt, StrictInt], AfterValidator(_in_order)]
TipText = Annotated[Text, AfterValidator(_fits_words)]


class YamlFile(BaseModel):
    """What all files of this room have in common: a key that we do not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceFile(YamlFile):
    """``bron`` in school.yaml."""

    bestand: Text
    regels: Annotated[StrictInt, Field(ge=1)]

    def build(self) -> Source:
        """The same as the rest of the house knows it."""
        return Source(file=self.bestand, line_count=self.regels)


class WordsFile(YamlFile):
    """``woorden`` in school.yaml."""

    leerkracht: Text
    groep: Text
    toezicht: Text
    steungroep: Text | None

    def build(self) -> Words:
        """The same as the rest of the house knows it."""
        return Words(self.leerkracht, self.groep, self.toezicht, self.steungroep)


class PersonFile(YamlFile):
    """One of ``mensen`` in school.yaml."""

    functie: Text
    naam: Text | None
    waarvoor: Text
    waarvoor_ouders: Text | None = None
    voor: Annotated[list[Literal["leerling", "ouder"]], Field(min_length=1)]
    regels: Place

    def build(self) -> Person:
        """The same as the rest of the house knows it."""
        return Person(
            role=self.functie,
            name=self.naam,
            purpose=self.waarvoor,
            purpose_for_parents=self.waarvoor_ouders,
            for_pupils="leerling" in self.voor,
            for_parents="ouder" in self.voor,
            lines=self.regels,
        )


def _in_the_day(begin_and_end: tuple[str, str]) -> tuple[str, str]:
    for text in begin_and_end:
        if re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text) is None:
            raise ValueError(f"'{text}' is geen tijd; schrijf bijvoorbeeld \"08:30\"")
    if begin_and_end[0] >= begin_and_end[1]:
        raise ValueError("de schooltijd eindigt voor hij begint")
    return begin_and_end


class HolidayFile(YamlFile):
    """One of ``vakanties``: the first and the last day, both free."""

    van: date
    tot: date

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.tot < self.van:
            raise ValueError("de vakantie eindigt voor hij begint")
        return self


class HoursFile(YamlFile):
    """``schooltijden`` in school.yaml: not from the protocol, the school fills them in."""

    dagen: Annotated[list[Literal["ma", "di", "wo", "do", "vr"]], Field(min_length=1)] = ["ma", "di", "wo", "do", "vr"]
    tijd: Annotated[tuple[str, str], AfterValidator(_in_the_day)] = ("08:30", "15:00")
    vakanties: list[HolidayFile] = []

    def build(self) -> SchoolHours:
        """The same as the rest of the house knows it."""
        return SchoolHours(
            days=frozenset(("ma", "di", "wo", "do", "vr").index(day) for day in self.dagen),
            begin=time.fromisoformat(self.tijd[0]),
            end=time.fromisoformat(self.tijd[1]),
            holidays=tuple((holiday.van, holiday.tot) for holiday in self.vakanties),
        )


def _someone_for_pupils(people: list[PersonFile]) -> list[PersonFile]:
    if not any("leerling" in person.voor for person in people):
        raise ValueError("niemand is er voor een leerling; noem er minstens een")
    return people


class SchoolFile(YamlFile):
    """school.yaml: who the school is, what it calls things, and who is there."""

    slug: Slug
    naam: Text
    soort: Kind
    document: Text
    bron: SourceFile
    woorden: WordsFile
    brievenbus: Literal["eigen", "geleend"]
    tips: Literal["eigen", "geleend"]
    schooltijden: HoursFile = HoursFile()
    mensen: Annotated[list[PersonFile], AfterValidator(_someone_for_pupils)]


class StepFile(YamlFile):
    """One step in stappenplan.yaml. A text may be null, but must be written: what the document leaves open is a fact too.

    ``ook`` names other places, for what the document says of several steps at once.
    """

    nr: StrictInt | Text
    titel: Text
    wie: Text
    wat: Text
    met_wie: Text | None
    binnen: Text | None
    vastleggen: Text | None
    wie_weet_het: Text | None
    verder_als: Text | None
    regels: Place
    ook: list[Place] = []

    def build(self) -> Step:
        """The same as the rest of the house knows it."""
        return Step(
            number=str(self.nr),
            title=self.titel,
            who=self.wie,
            what=self.wat,
            with_whom=self.met_wie,
            within=self.binnen,
            record=self.vastleggen,
            told=self.wie_weet_het,
            on_when=self.verder_als,
            lines=self.regels,
            also=tuple(self.ook),
        )


def _unique_numbers(steps: list[StepFile]) -> list[StepFile]:
    unique((str(step.nr) for step in steps), "stap")
    return steps


class VariantFile(YamlFile):
    """One of ``varianten`` in stappenplan.yaml."""

    id: Slug
    naam: Text
    stappen: Annotated[list[StepFile], Field(min_length=1), AfterValidator(_unique_numbers)]


def _unique_variants(variants: list[VariantFile]) -> list[VariantFile]:
    unique((variant.id for variant in variants), "variant")
    return variants


class StappenplanFile(YamlFile):
    """stappenplan.yaml: what the school does after a melding."""

    varianten: Annotated[list[VariantFile], Field(min_length=1), AfterValidator(_unique_variants)]

    def build(self) -> Stappenplan:
        """The same as the rest of the house knows it."""
        return Stappenplan(
            tuple(
                StepVariant(variant.id, variant.naam, tuple(step.build() for step in variant.stappen))
                for variant in self.varianten
            )
        )


class TipFile(YamlFile):
    """One of ``stappen`` in a list of tips."""

    id: Slug
    tekst: TipText
    regels: Place

    def build(self) -> Tip:
        """The same as the rest of the house knows it."""
        return Tip(self.id, self.tekst, self.regels)


class AlwaysFile(YamlFile):
    """``altijd`` in a list of tips: what holds at any step."""

    tekst: TipText
    regels: Place

    def build(self) -> Tip:
        """The same as the rest of the house knows it."""
        return Tip("altijd", self.tekst, self.regels)


class TipSourceFile(YamlFile):
    """``bron`` in a list of tips."""

    school: Slug
    regels: Place


def _unique_tips(tips: list[TipFile]) -> list[TipFile]:
    unique((tip.id for tip in tips), "tip")
    return tips


class TipListFile(YamlFile):
    """tips/<lijst>.yaml: one "wat kun je doen" list."""

    lijst: Slug
    titel: Text
    bron: TipSourceFile
    stappen: Annotated[list[TipFile], Field(min_length=1), AfterValidator(_unique_tips)]
    altijd: AlwaysFile | None
    samengesteld: StrictBool = False

    def build(self) -> TipList:
        """The same as the rest of the house knows it."""
        return TipList(
            name=self.lijst,
            title=self.titel,
            school=self.bron.school,
            lines=self.bron.regels,
            steps=tuple(tip.build() for tip in self.stappen),
            always=self.altijd.build() if self.altijd else None,
            composed=self.samengesteld,
        )


class HelplineFile(YamlFile):
    """One of ``lijnen`` in hulplijnen.yaml. Null means: not known."""

    id: Slug
    naam: Text
    nummer: Annotated[str, StringConstraints(pattern=r"^[0-9]+(-[0-9]+)?$")] | None
    ook_nummer: Annotated[str, StringConstraints(pattern=r"^[0-9]+(-[0-9]+)?$")] | None = None
    adres: Text | None
    wanneer: Text | None
    voor_wie: Text
    gratis: StrictBool | None
    anoniem: StrictBool | None
    waarvoor: Text
    gecontroleerd_op: date | None

    def build(self) -> Helpline:
        """The same as the rest of the house knows it."""
        return Helpline(
            id=self.id,
            name=self.naam,
            number=self.nummer,
            other_number=self.ook_nummer,
            web=self.adres,
            hours=self.wanneer,
            audience=self.voor_wie,
            free=self.gratis,
            anonymous=self.anoniem,
            purpose=self.waarvoor,
            checked_on=self.gecontroleerd_op,
        )


def _reachable(lines: list[HelplineFile]) -> list[HelplineFile]:
    unique((line.id for line in lines), "hulplijn")
    for line in lines:
        if line.nummer is None and line.adres is None:
            raise ValueError(f"hulplijn '{line.id}' heeft geen nummer en geen adres")
    return lines


class HelplinesFile(YamlFile):
    """hulplijnen.yaml: help outside the school."""

    lijnen: Annotated[list[HelplineFile], Field(min_length=1), AfterValidator(_reachable)]
