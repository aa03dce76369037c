"""Reading a protocol.md: blocks, lists, headings, places, and every way to get them wrong."""

from __future__ import annotations

import pytest

from knowledge import Block, KnowledgeProblem
from knowledge.protocol import parse_protocol


def parse(text: str, line_count: int = 40):
    return parse_protocol(text, "protocol.md", line_count)


def blocks(text: str) -> tuple[Block, ...]:
    (section,) = parse(text)
    return section.blocks


def test_a_paragraph_is_joined_and_its_place_taken_off() -> None:
    assert blocks("# A\n\nEen zin\nover twee regels. {regels 3-4}\n") == (Block("Een zin over twee regels.", (3, 4)),)


def test_a_place_may_stand_alone_under_its_text() -> None:
    assert blocks("# A\n\nEen zin.\n{regel 3}") == (Block("Een zin.", (3, 3)),)


def test_items_keep_their_lines_and_their_marks() -> None:
    text = "# A\n\n1. eerst\n2. dan\n   dit {regels 3-5}\n\n- een\n- twee\n{regel 6}\n"

    assert blocks(text) == (Block("1. eerst\n2. dan dit", (3, 5)), Block("- een\n- twee", (6, 6)))


def test_two_blocks_may_follow_without_an_empty_line_when_each_has_its_place() -> None:
    assert blocks("# A\nEen. {regel 1}\nTwee. {regel 2}\n") == (Block("Een.", (1, 1)), Block("Twee.", (2, 2)))


def test_headings_know_what_stands_above_them() -> None:
    text = "# A\n## B\n### C\nEen. {regel 1}\n## D\nTwee. {regel 2}\n# E {regels 3-4}\nDrie. {regel 5}\n"

    assert [(section.heading, section.path, section.lines) for section in parse(text)] == [
        ("A", (), None),
        ("B", ("A",), None),
        ("C", ("A", "B"), None),
        ("D", ("A",), None),
        ("E", (), (3, 4)),
    ]


def test_the_same_heading_under_two_others_is_two_sections() -> None:
    text = "# Klas\n## Stap 1\nEen. {regel 1}\n# School\n## Stap 1\nTwee. {regel 2}\n"

    assert [section.path for section in parse(text) if section.heading == "Stap 1"] == [("Klas",), ("School",)]


def test_places_may_overlap() -> None:
    assert [block.lines for block in blocks("# A\nEen. {regels 1-9}\nTwee. {regels 1-9}\nDrie. {regels 4-5}\n")] == [
        (1, 9),
        (1, 9),
        (4, 5),
    ]


def test_a_comment_is_no_content() -> None:
    assert blocks("# A\n\n<!-- {voor schrijvers} -->\n\nEen. {regel 1}\n") == (Block("Een.", (1, 1)),)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("# A\n\nEen zin.\n\nNog een. {regel 4}\n", 3, "geen plaats", id="no place before an empty line"),
        pytest.param("# A\n\nEen zin.", 3, "geen plaats", id="no place at the end of the file"),
        pytest.param("# A\n\nEen zin.\n# B\n", 3, "geen plaats", id="no place before a heading"),
        pytest.param("# A\n\n{regel 1}\n", 3, "zonder tekst", id="place without text"),
        pytest.param("# A\n\nEen. {regel 5}\n\nTwee. {regels 4-6}\n", 5, "begint voor", id="place outside order"),
        pytest.param("# A {regel 5}\n\nEen. {regel 4}\n", 3, "begint voor", id="place before that of its heading"),
        pytest.param("# A\n\nEen. {regels 6-5}\n", 3, "6-5", id="place backwards"),
        pytest.param("# A\n\nEen. {regel 0}\n", 3, "0-0", id="place before the document"),
        pytest.param("# A\n\nEen. {regels 39-41}\n", 3, "tot en met 40", id="place after the document"),
        pytest.param("# A\n\nEen. {regels 3 t/m 4}\n", 3, "Schrijf een plaats zo", id="place written otherwise"),
        pytest.param("# A\n\nEen. {regel 3} En meer. {regel 4}\n", 3, "Schrijf een plaats zo", id="two places"),
        pytest.param("# A\n\nEen. {regel 3}.\n", 3, "Schrijf een plaats zo", id="something behind the place"),
        pytest.param("Een. {regel 3}\n", 1, "voor de eerste kop", id="text before a heading"),
        pytest.param("#A\n\nEen. {regel 3}\n", 1, "een spatie", id="heading without a space"),
        pytest.param("# \n\nEen. {regel 3}\n", 1, "een spatie", id="empty heading"),
        pytest.param("# A\n## B\n### C\n#### D\n", 4, "3 niveaus", id="too deep"),
        pytest.param("# A\n### B\n", 2, "slaat een niveau over", id="level skipped"),
        pytest.param("## A\n", 1, "slaat een niveau over", id="starts too deep"),
        pytest.param("# A\nEen. {regel 1}\n# B\nTwee. {regel 2}\n# A\nDrie. {regel 3}\n", 5, "twee keer", id="heading twice"),
        pytest.param("# A\n\n# B\nEen. {regel 1}\n", 1, "staat niets", id="nothing under a heading"),
        pytest.param("# A\nEen. {regel 1}\n## B\n", 3, "staat niets", id="nothing under the last heading"),
        pytest.param("\n\n", 1, "leeg", id="empty file"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(KnowledgeProblem) as raised:
        parse(text)

    assert (raised.value.file, raised.value.line) == ("protocol.md", line)
    assert words in raised.value.message
