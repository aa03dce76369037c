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
            raise self.problem(number, "a heading is one to three times '#', a space and its text")
        level, heading = len(match[1]), match[2].strip()
        if level > DEEPEST:
            raise self.problem(number, f"headings go {DEEPEST} deep, this one is {level} deep")
        if level > len(self.above) + 1:
            raise self.problem(number, f"this heading is {level} deep, but the heading above it is {len(self.above)} deep")
        path = tuple(self.above[: level - 1])
        if any(section.path == path and section.heading == heading for section in self.sections):
            raise self.problem(number, f"the heading '{heading}' stands twice in the same place; a citation could mean either")
        self.above = [*path, heading]
        self.sections.append(_Open(level, heading, path, lines, number))

    def line(self, line: str, number: int) -> None:
        if not self.sections:
            raise self.problem(number, "text before the first heading")
        line, lines = self.split_place(line, number)
        if line and (_ITEM.match(line) or not self.block):
            self.block.append(line)
        elif line:
            self.block[-1] += f" {line}"
        if lines is None:
            return
        if not self.block:
            raise self.problem(number, "a place without text above it")
        self.sections[-1].blocks.append(Block("\n".join(self.block), lines))
        self.block = []

    def split_place(self, line: str, number: int) -> tuple[str, Lines | None]:
        match = _PLACE.search(line)
        rest = line[: match.start()] if match else line
        if "{" in rest or "}" in rest:
            raise self.problem(number, "a place is written {regel 12} or {regels 12-18}, and ends its line; no other braces")
        if match is None:
            return rest, None
        first, last = int(match[1]), int(match[2] or match[1])
        if first < 1 or first > last or last > self.line_count:
            raise self.problem(number, f"place {first}-{last} is not within lines 1-{self.line_count} of the document")
        if first < self.last_start:
            raise self.problem(
                number, f"place {first}-{last} starts before the one above it ({self.last_start}); keep the document's order"
            )
        self.last_start = first
        return rest, (first, last)

    def expect_closed(self, number: int) -> None:
        if self.block:
            raise self.problem(number, "this text has no place; end it with {regels 12-18}")

    def check_empty(self) -> None:
        if not self.sections:
            raise self.problem(1, "no headings and no text")
        for section, following in zip(self.sections, [*self.sections[1:], None], strict=True):
            if not section.blocks and (following is None or following.level <= section.level):
                raise self.problem(section.number, f"nothing stands under the heading '{section.heading}'")


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
