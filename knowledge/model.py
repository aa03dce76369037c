"""What is known: schools with their protocol, people and steps; tips for pupils; helplines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal

Kind = Literal["primair", "voortgezet"]

Lines = tuple[int, int]
"""First and last line in the source document; both count, and the first line of a document is 1."""


@dataclass(frozen=True)
class Words:
    """What a school calls things: singular, lower case, without an article.

    Attributes:
        leerkracht: fits after "je": "je leerkracht", "je coach of mentor".
        groep: fits after "je": "je groep", "je klas".
        toezicht: whoever watches outside; fits after "de".
        steungroep: the group that helps someone who is bullied; None where a school has no such group.
    """

    leerkracht: str
    groep: str
    toezicht: str
    steungroep: str | None


@dataclass(frozen=True)
class Person:
    """Someone at (or for) the school to whom a pupil or a parent can go.

    Attributes:
        role: the school's own name of the role.
        name: None where the document names nobody.
        purpose: one or two short sentences that a child understands.
        purpose_for_parents: the same for a parent; None where the first serves both.
        for_pupils: whether pupils can go to this person.
        for_parents: whether parents can.
        lines: where the document says so.
    """

    role: str
    name: str | None
    purpose: str
    for_pupils: bool
    for_parents: bool
    lines: Lines
    purpose_for_parents: str | None = None


@dataclass(frozen=True)
class SchoolHours:
    """When somebody is at school. No protocol says it: the school fills it in.

    Attributes:
        days: Monday is 0.
        begin, end: in local time; ``end`` does not count any more.
        holidays: first and last day of each, both free.
    """

    days: frozenset[int]
    begin: time
    end: time
    holidays: tuple[tuple[date, date], ...]

    def open_at(self, local: datetime) -> bool:
        """Whether it is school time at a moment, given in the school's local time."""
        day = local.date()
        free = any(first <= day <= last for first, last in self.holidays)
        return not free and day.weekday() in self.days and self.begin <= local.time() < self.end


@dataclass(frozen=True)
class Block:
    """One paragraph or list: a rule in our own words, and where the document has it.

    Attributes:
        text: sentences; the items of a list each on a line of their own that starts with ``- `` or ``1. ``.
        lines: where the document says so.
    """

    text: str
    lines: Lines


@dataclass(frozen=True)
class Section:
    """A heading and what stands directly under it.

    Attributes:
        heading: the heading itself.
        path: the headings above it, outermost first.
        blocks: in the document's order; empty when the heading only holds other headings.
        lines: where the document has this heading; None for a heading of our own.
    """

    heading: str
    path: tuple[str, ...]
    blocks: tuple[Block, ...]
    lines: Lines | None = None


@dataclass(frozen=True)
class Step:
    """One step of the stappenplan; a text is None where the document does not say it.

    Attributes:
        number: as the document counts, mostly a figure.
        title: what the step is called.
        who: who acts.
        what: what has to be done.
        with_whom: who takes part.
        within: the term, in words ("dezelfde dag").
        record: where it is recorded.
        told: who is told.
        on_when: when to go on to the next step.
        lines: where the document has this step.
        also: the other places that it was taken from, such as a rule on recording that holds for every step.
    """

    number: str
    title: str
    who: str
    what: str
    with_whom: str | None
    within: str | None
    record: str | None
    told: str | None
    on_when: str | None
    lines: Lines
    also: tuple[Lines, ...] = ()


@dataclass(frozen=True)
class StepVariant:
    """The steps for one kind of case, in order; most schools have one kind."""

    id: str
    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Stappenplan:
    """What the school does after a melding: one row of steps for each kind of case."""

    variants: tuple[StepVariant, ...]


class Topic(StrEnum):
    """What a parent or a teacher can ask about; the same list for every school, in the order in which it is offered.

    A topic that a school's protocol does not treat is absent from ``School.topics``: then it is not said there.
    """

    PESTEN = "pesten"
    WIE_BEPAALT = "wie_bepaalt"
    VOORKOMEN = "voorkomen"
    METINGEN = "metingen"
    ONLINE = "online"
    SIGNALEN = "signalen"
    STAPPEN = "stappen"
    TERMIJNEN = "termijnen"
    ROLLEN = "rollen"
    VASTLEGGEN = "vastleggen"
    EVALUATIE = "evaluatie"
    OUDERS_INGELICHT = "ouders_ingelicht"
    SAMENWERKEN = "samenwerken"
    TE_WEINIG = "te_weinig"
    TIPS_GEPEST = "tips_gepest"
    TIPS_PESTER = "tips_pester"
    TIPS_ALLE = "tips_alle"
    TIPS_ONLINE = "tips_online"
    STEUNGROEP = "steungroep"
    HULP_GEPESTE = "hulp_gepeste"
    HULP_PESTER = "hulp_pester"
    HULP_GROEP = "hulp_groep"
    EXTERNE_HULP = "externe_hulp"
    GEVOLGEN = "gevolgen"
    POLITIE = "politie"


@dataclass(frozen=True)
class Fact:
    """Something that holds at a school, in a pupil's words.

    Attributes:
        text: short sentences, of at most 15 words each.
        lines: where the document says so.
    """

    text: str
    lines: Lines


@dataclass(frozen=True)
class Mark:
    """One mark of what this school calls bullying, as a question to a pupil.

    Attributes:
        question: to be answered with yes or no; yes points to bullying, and never says who is to blame.
        lines: where the document names this mark.
    """

    question: str
    lines: Lines


@dataclass(frozen=True)
class PupilFacts:
    """What a school's protocol says, as one tells it to a pupil; empty or None where the document does not say it.

    Attributes:
        bullying: what this school calls bullying.
        teasing: what this school calls teasing.
        marks: the marks of bullying by this school's own definition; none where the document has no definition.
        who_decides: who says whether it is bullying.
        after_report: what happens after a melding, in this order, by this school's own stappenplan.
        punishment: whether who bullies is punished.
        parents: when parents hear of it.
        not_helped: to whom to go, in this order, when the own leerkracht does nothing; all of them can be reached by pupils.
        online: bullying online.
        not_snitching: that telling is no snitching.
    """

    bullying: tuple[Fact, ...]
    teasing: Fact | None
    marks: tuple[Mark, ...]
    who_decides: Fact | None
    after_report: tuple[Fact, ...]
    punishment: tuple[Fact, ...]
    parents: tuple[Fact, ...]
    not_helped: tuple[Person, ...]
    online: tuple[Fact, ...]
    not_snitching: Fact | None


@dataclass(frozen=True)
class Source:
    """The document that everything of a school was taken from.

    Attributes:
        file: name of the text file.
        line_count: how many lines it has, so that no place can lie outside it.
    """

    file: str
    line_count: int


@dataclass(frozen=True)
class School:
    """A school and all that its protocol says.

    Attributes:
        slug: short name in addresses and settings; also the name of its folder.
        name: what people call the school.
        kind: primary or secondary; decides between the two registers of the dialogues.
        document: what an answer calls the document.
        source: the document itself.
        words: what this school calls things.
        own_brievenbus: whether the school's own document has a blauwe brievenbus.
        own_tips: whether the tips for pupils are from this school's own document.
        hours: when somebody is there.
        people: in the order in which a pupil would go to them.
        sections: in the document's order.
        stappenplan: what the school does after a melding.
        topics: the blocks about each topic, for parents and teachers; a topic that the document does not treat is absent.
        pupils: the same school as one tells it to a pupil.
    """

    slug: str
    name: str
    kind: Kind
    document: str
    source: Source
    words: Words
    own_brievenbus: bool
    own_tips: bool
    hours: SchoolHours
    people: tuple[Person, ...]
    sections: tuple[Section, ...]
    stappenplan: Stappenplan
    topics: Mapping[Topic, tuple[Block, ...]]
    pupils: PupilFacts

    @property
    def people_for_pupils(self) -> tuple[Person, ...]:
        """The people to whom a pupil can go, in order."""
        return tuple(person for person in self.people if person.for_pupils)

    @property
    def people_for_parents(self) -> tuple[Person, ...]:
        """The people to whom a parent can go, in order."""
        return tuple(person for person in self.people if person.for_parents)

    def section_of(self, block: Block) -> Section:
        """The section that a block stands in.

        Raises:
            LookupError: the block is not of this school.
        """
        for section in self.sections:
            if block in section.blocks:
                return section
        raise LookupError(f"{self.slug} has no such block (lines {block.lines})")

    def cite(self, block: Block) -> str:
        """Where a block stands: "Pestprotocol De Mijlpaal, kop 'Stap 1' onder 'Stappenplan', regels 420-426".

        The heading above is named too, because "Stap 1" can stand in a document more than once.

        Raises:
            LookupError: the block is not of this school.
        """
        section = self.section_of(block)
        parent = f" onder '{section.path[-1]}'" if section.path else ""
        return f"{self.document}, kop '{section.heading}'{parent}, {in_words(block.lines)}"

    def cite_lines(self, lines: Lines) -> str:
        """Where something stands that is not a block: a person, a fact for pupils, a tip."""
        return f"{self.document}, {in_words(lines)}"

    def cite_step(self, step: Step) -> str:
        """Where a step stands, with every place that it was taken from: "…, regels 317-320, regel 338 en regel 354"."""
        *first, last = (in_words(lines) for lines in (step.lines, *step.also))
        return f"{self.document}, {' en '.join([', '.join(first), last] if first else [last])}"


def in_words(lines: Lines) -> str:
    """The place as people read it: "regel 12" or "regels 12-18"."""
    first, last = lines
    return f"regel {first}" if first == last else f"regels {first}-{last}"


@dataclass(frozen=True)
class Tip:
    """One thing that a pupil can do.

    Attributes:
        id: short name, unique in its list.
        text: in a child's Dutch; may hold ``{leerkracht}``, ``{groep}`` and ``{toezicht}``.
        lines: where the document of the list's school says so.
    """

    id: str
    text: str
    lines: Lines

    def say(self, words: Words) -> str:
        """The text in the words of the pupil's own school."""
        return self.text.format(leerkracht=words.leerkracht, groep=words.groep, toezicht=words.toezicht)


@dataclass(frozen=True)
class TipList:
    """A "wat kun je doen" list, one step a turn.

    Attributes:
        name: short name of the list, also that of its file.
        title: what the list is about, as a pupil reads it.
        school: slug of the school from whose document it was taken; the others borrow it and say so.
        lines: where that document has the list.
        steps: in the order in which to try them.
        composed: whether the list is ours, made of advice that the document gives to others; its order is ours too.
        always: what holds at any step (straight to an adult when someone scolds or hurts); None where the document adds nothing.
    """

    name: str
    title: str
    school: str
    lines: Lines
    steps: tuple[Tip, ...]
    always: Tip | None
    composed: bool = False


@dataclass(frozen=True)
class Helpline:
    """Someone outside the school to call, chat with or read.

    Attributes:
        id: short name.
        name: what it is called.
        number: telephone number as one dials it; None for a web site.
        other_number: a second number that reaches the same people.
        web: web address; None when there is only a number.
        hours: when someone answers, in words; None when not known.
        audience: for whom it is.
        free: whether calling costs nothing; None when not known.
        anonymous: whether one can stay unknown; None when not known.
        purpose: what one can go there for, in a child's words.
        checked_on: the day on which a person last checked all this; None when nobody has yet.
    """

    id: str
    name: str
    number: str | None
    other_number: str | None
    web: str | None
    hours: str | None
    audience: str
    free: bool | None
    anonymous: bool | None
    purpose: str
    checked_on: date | None


@dataclass(frozen=True)
class Knowledge:
    """Everything in the folder.

    Attributes:
        schools: by slug.
        tips: by name of the list.
        helplines: by id, in the order of the file.
    """

    schools: Mapping[str, School]
    tips: Mapping[str, TipList]
    helplines: Mapping[str, Helpline]

    def overdue(self, today: date) -> tuple[Helpline, ...]:
        """The helplines that no person checked in the year before ``today``: a number may be out of use."""
        year_ago = today - timedelta(days=365)
        return tuple(line for line in self.helplines.values() if line.checked_on is None or line.checked_on < year_ago)
