"""Reads a protocol.md: headings, blocks of text, and the place of each in the source document.

The format is plain Markdown with one addition: every paragraph or list ends with its place, ``{regel 12}`` or
``{regels 12-18}``, behind its last line or alone on the line under it. A heading may have a place too.
Without a place a sentence could not be cited, and we would say things that nobody can check: so a missing one is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from knowledge.model import Block, Lines, Section
from knowledge.problem import KnowledgeProblem

DEEPEST = 3
_PLACE = re.compile(r"\s*\{regels? (\d+)(?:-(\d+))?\}$")
_HEADING = re.compile(r"(#+)\s+(\S.*)")
_ITEM = re.compile(r"(?:-|\d+\.)\s+\S")
_COMMENT = re.compile(r"<!--.*-->")


@dataclass
class _Open:
    """A section that is still being read."""

    level: int
    heading: str
    path: tuple[str, ...]
    lines: Lines | None
    number: int
    blocks: list[Block] = field(default_factory=list)


class _Parser:
    def __init__(self, file: str, line_count: int) -> None:
        self.file = file
        self.line_count = line_count
        self.sections: list[_Open] = []
        self.above: list[str] = []
        self.block: list[str] = []
        self.last_start = 1

    def problem(self, number: int, message: str) -> KnowledgeProblem:
        return KnowledgeProblem(self.file, number, message)

    def read(self, text: str) -> tuple[Section, ...]:
        number = 0
        for number, raw in enumerate(text.split("\n"), start=1):
            line = raw.strip()
            if not line or line.startswith("#"):
                self.expect_closed(number - 1)
            if not line or _COMMENT.fullmatch(line):
                continue
            if line.startswith("#"):
                self.heading(line, number)
            else:
                self.line(line, number)
        self.expect_closed(number)
        self.check_empty()
        return tuple(Section(s.heading, s.path, tuple(s.blocks), s.lines) for s in self.sections)

    def heading(self, line: str, number: int) -> None:
        line, lines = self.split_place(line, number)
        match = _HEADING.fullmatch(line)
        if match is None:
            raise self.problem(number, "Een kop is een tot drie keer #, een spatie en dan de tekst.")
        level, heading = len(match[1]), match[2].strip()
        if level > DEEPEST:
            raise self.problem(number, f"Koppen gaan {DEEPEST} niveaus diep; deze heeft {level} keer een #.")
        if level > len(self.above) + 1:
            raise self.problem(number, f"Deze kop slaat een niveau over: gebruik hoogstens {len(self.above) + 1} keer een #.")
        path = tuple(self.above[: level - 1])
        if any(section.path == path and section.heading == heading for section in self.sections):
            raise self.problem(number, f"De kop '{heading}' staat hier twee keer. Geef een van de twee een andere naam.")
        self.above = [*path, heading]
        self.sections.append(_Open(level, heading, path, lines, number))

    def line(self, line: str, number: int) -> None:
        if not self.sections:
            raise self.problem(number, "Hier staat tekst voor de eerste kop. Zet er een kop boven.")
        line, lines = self.split_place(line, number)
        if line and (_ITEM.match(line) or not self.block):
            self.block.append(line)
        elif line:
            self.block[-1] += f" {line}"
        if lines is None:
            return
        if not self.block:
            raise self.problem(number, "Hier staat een plaats zonder tekst erboven.")
        self.sections[-1].blocks.append(Block("\n".join(self.block), lines))
        self.block = []

    def split_place(self, line: str, number: int) -> tuple[str, Lines | None]:
        match = _PLACE.search(line)
        rest = line[: match.start()] if match else line
        if "{" in rest or "}" in rest:
            raise self.problem(
                number,
                "Schrijf een plaats zo: {regel 12} of {regels 12-18}, aan het eind van de regel. Andere accolades mogen niet.",
            )
        if match is None:
            return rest, None
        first, last = int(match[1]), int(match[2] or match[1])
        if first < 1 or first > last or last > self.line_count:
            raise self.problem(
                number, f"Plaats {first}-{last} ligt niet in het document: dat loopt van regel 1 tot en met {self.line_count}."
            )
        if first < self.last_start:
            raise self.problem(
                number, f"Plaats {first}-{last} begint voor de plaats erboven ({self.last_start}). Volg het document."
            )
        self.last_start = first
        return rest, (first, last)

    def expect_closed(self, number: int) -> None:
        if self.block:
            raise self.problem(number, "Deze tekst heeft geen plaats. Zet er {regels 12-18} achter.")

    def check_empty(self) -> None:
        if not self.sections:
            raise self.problem(1, "Dit bestand is leeg. Begin met een kop.")
        for section, following in zip(self.sections, [*self.sections[1:], None], strict=True):
            if not section.blocks and (following is None or following.level <= section.level):
                raise self.problem(section.number, f"Onder de kop '{section.heading}' staat niets.")


def parse_protocol(text: str, file: str, line_count: int) -> tuple[Section, ...]:
    """Reads the text of a protocol.md.

    Args:
        text: the whole file.
        file: its name, for the errors.
        line_count: number of lines of the source document; no place may lie outside it.

    Returns:
        The sections in order, at least one.

    Raises:
        KnowledgeProblem: with the line in ``file``.
    """
    return _Parser(file, line_count).read(text)
