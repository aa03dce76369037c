"""onderwerpen.yaml: which blocks of a protocol a parent or teacher reads about a topic.

The file only refers to blocks, by the place that they have in the document, so that a rule is written once.
Where a protocol contradicts itself, both blocks are named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from knowledge.files import Place, Text, YamlFile
from knowledge.model import Block, Section, Topic, in_words
from knowledge.problem import KnowledgeProblem

BY_HEADING = "alleen_via_koppen"


class ReferenceFile(YamlFile):
    """One block, or all blocks with the same place. ``begint`` picks one of those by its first words."""

    regels: Place
    begint: Text | None = None

    def fits(self, block: Block) -> bool:
        """Whether this is a reference to that block."""
        return block.lines == self.regels and block.text.startswith(self.begint or "")


References = Annotated[list[ReferenceFile], Field(min_length=1)]


class TopicsFile(YamlFile):
    """onderwerpen.yaml. ``alleen_via_koppen`` names the blocks that belong to no topic: they are read along the headings."""

    onderwerpen: dict[Topic, References]
    alleen_via_koppen: list[ReferenceFile]


def topics_of(read: TopicsFile, file: Traversable, sections: Sequence[Section]) -> Mapping[Topic, tuple[Block, ...]]:
    """Finds the blocks that the file refers to.

    Args:
        read: the file, as a model.
        file: the file itself, for the lines of problems.
        sections: the protocol of the same school.

    Returns:
        The topics that the protocol treats, in the order of ``Topic``; the blocks in the order of the file.

    Raises:
        KnowledgeProblem: a block does not exist, is named twice, or belongs nowhere.
    """
    blocks = [block for section in sections for block in section.blocks]
    finder = _Finder(file, blocks)
    found = {topic: finder.find(topic.value, read.onderwerpen[topic]) for topic in Topic if topic in read.onderwerpen}
    rest = finder.find(BY_HEADING, read.alleen_via_koppen)
    told = {block for of_topic in found.values() for block in of_topic}
    for block in blocks:
        if (block in told) == (block in rest):
            message = (
                f"Het blok van {in_words(block.lines)} staat onder {BY_HEADING}, maar ook in een onderwerp. Kies een van de twee."
                if block in told
                else f"Het blok van {in_words(block.lines)} in protocol.md ('{block.text[:30]}…') staat in geen onderwerp. "
                f"Zet het erbij, of onder {BY_HEADING}."
            )
            raise KnowledgeProblem(str(file), finder.line_of(BY_HEADING, block.lines), message)
    return MappingProxyType(found)


class _Finder:
    def __init__(self, file: Traversable, blocks: Sequence[Block]) -> None:
        self.file = file
        self.blocks = blocks
        self.written = file.read_text(encoding="utf-8").split("\n")

    def find(self, name: str, references: Sequence[ReferenceFile]) -> tuple[Block, ...]:
        found: list[Block] = []
        for reference in references:
            fitting = [block for block in self.blocks if reference.fits(block)]
            twice = any(block in found for block in fitting)
            if twice or not fitting:
                place = in_words(reference.regels)
                begins = f", dat begint met '{reference.begint}'" if reference.begint else ""
                message = (
                    f"Het blok van {place}{begins} staat hier twee keer."
                    if twice
                    else f"In protocol.md is geen blok met precies {place}{begins}."
                )
                raise KnowledgeProblem(
                    str(self.file), self.line_of(name, reference.regels, reference.begint, last=twice), message
                )
            found.extend(fitting)
        return tuple(found)

    def line_of(self, name: str, place: tuple[int, int], begins: str | None = None, *, last: bool = False) -> int:
        """The line of a reference under a name; that of the name when it is written in a way that we do not recognise."""
        key = next((number for number, line in enumerate(self.written) if re.match(rf"\s*{name}:", line)), 0)
        indent = len(self.written[key]) - len(self.written[key].lstrip())
        wanted = re.compile(rf".*regels:\s*\[\s*{place[0]}\s*,\s*{place[1]}\s*\]")
        hits = []
        for number in range(key + 1, len(self.written)):
            line = self.written[number]
            if re.match(rf"\s{{0,{indent}}}\w", line):
                break
            if wanted.match(line) and (begins or "") in line:
                hits.append(number)
        if not hits:
            return key + 1
        return (hits[-1] if last else hits[0]) + 1
