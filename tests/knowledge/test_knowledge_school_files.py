"""onderwerpen.yaml and leerlingen.yaml: what they become, and how every mistake in them is told with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.yaml_file import FileProblem, read_yaml
from knowledge import Block, Fact, KnowledgeProblem, Mark, PupilFacts, Topic, load

Spoil = Callable[[str, str, str], Path]

TOPICS, PUPILS, PROTOCOL = "schools/kade/onderwerpen.yaml", "schools/kade/leerlingen.yaml", "schools/kade/protocol.md"
STEP = Block("De leerkracht doet dit:\n- praten met iedereen;\n- opschrijven.", (10, 14))


def test_topics_become_blocks_in_the_order_of_all_topics(folder: Path) -> None:
    topics = load(folder, read_yaml).schools["kade"].topics

    assert list(topics.items()) == [(Topic.STAPPEN, (STEP,)), (Topic.GEVOLGEN, (STEP,))]
    assert topics.get(Topic.POLITIE, ()) == ()


def test_topics_cannot_be_changed(folder: Path) -> None:
    topics = load(folder, read_yaml).schools["kade"].topics

    with pytest.raises(TypeError):
        topics[Topic.POLITIE] = ()  # type: ignore[index]


def test_a_place_without_first_words_means_every_block_that_has_it(folder: Path, spoil: Spoil) -> None:
    spoil(PROTOCOL, "{regels 10-14}", "{regels 10-14}\n\nEn dit ook. {regels 10-14}")

    topics = load(folder, read_yaml).schools["kade"].topics

    assert topics[Topic.STAPPEN] == (STEP, Block("En dit ook.", (10, 14)))
    assert topics[Topic.GEVOLGEN] == (STEP,)


def test_facts_for_pupils_are_built(folder: Path) -> None:
    school = load(folder, read_yaml).schools["kade"]

    assert school.pupils == PupilFacts(
        bullying=(Fact("Het gebeurt steeds opnieuw.", (6, 6)), Fact("Iemand doet je pijn.", (7, 7))),
        teasing=Fact("Jullie lachen er samen om.", (8, 8)),
        marks=(Mark("Gebeurt het steeds opnieuw?", (6, 6)), Mark("Doet iemand je pijn?", (7, 7))),
        who_decides=Fact("Jij bepaalt het.", (9, 9)),
        after_report=(
            Fact("Je juf of meester praat met jou.", (10, 10)),
            Fact("Dan praten jullie samen.", (11, 11)),
            Fact("Het wordt opgeschreven.", (12, 12)),
            Fact("Na een week praten jullie weer.", (13, 14)),
        ),
        punishment=(Fact("Nee, niemand krijgt straf.", (15, 15)),),
        parents=(),
        not_helped=(school.people[0],),
        online=(),
        not_snitching=None,
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"),
    [
        pytest.param(TOPICS, "  gevolgen:", "  straffen:", 2, "gevolgen", id="unknown topic"),
        pytest.param(
            TOPICS, "regels: [10, 14], begint", "regels: [14, 10], begint", 3, "komt na de laatste", id="place backwards"
        ),
        pytest.param(TOPICS, "begint: De", "start: De", 3, "start", id="unknown key in a reference"),
        pytest.param(TOPICS, "alleen_via_koppen:\n  - {regels: [2, 2]}\n", "", 1, "alleen_via_koppen", id="missing list"),
        pytest.param(TOPICS, "    - {regels: [10, 14], begint: De leerkracht}\n", "    []\n", 2, "minstens 1", id="empty topic"),
        pytest.param(PUPILS, "klikken: null", "klikspaan: null", 34, "klikspaan", id="unknown key"),
        pytest.param(PUPILS, "klikken: null\n", "", 1, "klikken", id="missing key"),
        pytest.param(PUPILS, "online: null", "online: ''", 33, "online", id="text where a list belongs"),
        pytest.param(
            PUPILS, "  - tekst: Iemand doet je pijn.\n    regels: [7, 7]\n", "", 1, "pesten", id="one sentence is too few"
        ),
        pytest.param(
            PUPILS, "vraag: Doet iemand je pijn?", "vraag: Iemand doet je pijn.", 12, "vraag", id="question that is none"
        ),
        pytest.param(
            PUPILS, "  - vraag: Doet iemand je pijn?\n    regels: [7, 7]\n", "", 9, "twee, drie of vier", id="one mark is too few"
        ),
        pytest.param(PUPILS, "regels: [15, 15]", "regels: [15]", 28, "regels", id="half a place"),
        pytest.param(PUPILS, "regels: [15, 15]", "regels: [0, 15]", 28, "vanaf 1", id="place before the first line"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    folder: Path, spoil: Spoil, file: str, old: str, new: str, line: int, words: str
) -> None:
    spoiled = spoil(file, old, new)

    with pytest.raises(FileProblem) as raised:
        load(folder, read_yaml)

    assert (raised.value.file, raised.value.line) == (str(spoiled), line)
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"),
    [
        pytest.param(TOPICS, "{regels: [10, 14]}", "{regels: [10, 13]}", 5, "geen blok met precies regels 10-13", id="no block"),
        pytest.param(TOPICS, "begint: De leerkracht", "begint: De juf", 3, "begint met 'De juf'", id="no block with these words"),
        pytest.param(
            TOPICS,
            "[10, 14]}\nalleen",
            "[10, 14]}\n    - {regels: [10, 14]}\nalleen",
            6,
            "twee keer",
            id="block twice in a topic",
        ),
        pytest.param(TOPICS, "  - {regels: [2, 2]}", "  []", 6, "staat in geen onderwerp", id="block that is nowhere"),
        pytest.param(
            TOPICS,
            "  - {regels: [2, 2]}",
            "  - {regels: [2, 2]}\n  - {regels: [10, 14]}",
            8,
            "Kies een van de twee",
            id="block in both",
        ),
        pytest.param(
            TOPICS,
            "    - {regels: [10, 14]}",
            "    - regels:\n        - 10\n        - 13",
            4,
            "10-13",
            id="place in another shape",
        ),
        pytest.param(PUPILS, "regels: [15, 15]", "regels: [15, 41]", 28, "tot en met 40", id="place outside the document"),
        pytest.param(PUPILS, "naam: Noor", "naam: Nora", 31, "vertrouwenspersoon Nora", id="someone who is not there"),
        pytest.param(
            PUPILS,
            "functie: vertrouwenspersoon\n    naam: Noor",
            "functie: directeur\n    naam: null",
            31,
            "niet voor leerlingen",
            id="someone who is not there for pupils",
        ),
    ],
)
def test_what_contradicts_another_file_is_told(
    folder: Path, spoil: Spoil, file: str, old: str, new: str, line: int, words: str
) -> None:
    spoiled = spoil(file, old, new)

    with pytest.raises(KnowledgeProblem) as raised:
        load(folder, read_yaml)

    assert (raised.value.file, raised.value.line) == (str(spoiled), line)
    assert words in raised.value.message
