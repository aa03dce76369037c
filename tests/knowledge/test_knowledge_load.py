"""Loading a folder: what it becomes, and how every mistake is told with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from bot.yaml_file import FileProblem, read_yaml
from knowledge import Block, KnowledgeProblem, Person, Section, Step, Tip, default_folder, load

Spoil = Callable[[str, str, str], Path]


def test_a_folder_becomes_schools_tips_and_helplines(folder: Path) -> None:
    known = load(folder, read_yaml)

    school = known.schools["kade"]
    assert (school.name, school.kind, school.document) == ("De Kade", "primair", "Pestprotocol De Kade")
    assert (school.source.file, school.source.line_count) == ("009.txt", 40)
    assert (school.words.leerkracht, school.words.toezicht, school.words.steungroep) == ("juf of meester", "pleinwacht", None)
    assert not school.own_brievenbus
    assert school.own_tips
    noor = Person("vertrouwenspersoon", "Noor", "Zij luistert naar je.", True, False, (3, 4))
    director = Person("directeur", None, "Praat met je ouders.", False, True, (5, 5))
    assert school.people == (noor, director)
    assert school.people_for_pupils == (noor,)
    assert school.people_for_parents == (director,)
    assert school.sections == (
        Section("Regels", (), (Block("Niemand wordt gepest.", (2, 2)),), (1, 1)),
        Section("Stap 1", ("Regels",), (Block("De leerkracht doet dit:\n- praten met iedereen;\n- opschrijven.", (10, 14)),)),
    )
    (variant,) = school.stappenplan.variants
    assert (variant.id, variant.name) == ("school", "Na een melding")
    assert variant.steps == (
        Step(
            "1", "Praten", "de leerkracht", "Praat met het kind.", "het kind", "een week", None, None, "het niet stopt", (10, 14)
        ),
        Step("extra", "Opnieuw", "de directeur", "Begin opnieuw.", None, None, "in het schrift", "de ouders", None, (15, 15)),
    )
    tips = known.tips["gepest"]
    assert (tips.title, tips.school, tips.lines) == ("Wat kun je doen?", "kade", (20, 24))
    assert [tip.id for tip in tips.steps] == ["stop", "hulp"]
    assert tips.always == Tip("altijd", "Doet iemand pijn? Ga meteen naar je {leerkracht}.", (24, 24))
    line = known.helplines["noodnummer"]
    assert (line.number, line.other_number, line.web, line.free, line.anonymous) == ("112", None, None, True, None)
    assert line.checked_on == date(2026, 11, 20)


def test_what_was_loaded_cannot_be_changed(folder: Path) -> None:
    known = load(folder, read_yaml)

    with pytest.raises(TypeError):
        known.schools["ander"] = known.schools["kade"]  # type: ignore[index]


def test_caches_and_hidden_folders_are_no_schools(folder: Path) -> None:
    (folder / "schools" / "__pycache__").mkdir()
    (folder / "schools" / ".git").mkdir()
    (folder / "tips" / "README.md").write_text("Geen lijst.")

    known = load(folder, read_yaml)

    assert (list(known.schools), list(known.tips)) == (["kade"], ["gepest"])


def test_a_tip_speaks_the_words_of_the_pupils_school(folder: Path) -> None:
    known = load(folder, read_yaml)

    assert known.tips["gepest"].steps[1].say(known.schools["kade"].words) == "Ga naar je juf of meester of de pleinwacht."


def test_a_citation_names_document_heading_heading_above_and_lines(folder: Path) -> None:
    school = load(folder, read_yaml).schools["kade"]
    rules, step = school.sections

    assert school.cite(rules.blocks[0]) == "Pestprotocol De Kade, kop 'Regels', regel 2"
    assert school.cite(step.blocks[0]) == "Pestprotocol De Kade, kop 'Stap 1' onder 'Regels', regels 10-14"
    assert school.cite_lines(school.people[0].lines) == "Pestprotocol De Kade, regels 3-4"


def test_a_step_is_cited_with_every_place_that_it_was_taken_from(folder: Path, spoil: Spoil) -> None:
    spoil(STEPS, "regels: [10, 14]\n", "regels: [10, 14]\n        ook: [[16, 16], [20, 21]]\n")
    school = load(folder, read_yaml).schools["kade"]
    first, extra = school.stappenplan.variants[0].steps

    assert first.also == ((16, 16), (20, 21))
    assert school.cite_step(first) == "Pestprotocol De Kade, regels 10-14, regel 16 en regels 20-21"
    assert school.cite_step(extra) == "Pestprotocol De Kade, regel 15"


def test_a_block_of_another_school_is_not_cited(folder: Path) -> None:
    school = load(folder, read_yaml).schools["kade"]

    with pytest.raises(LookupError, match="kade"):
        school.cite(Block("Iets anders.", (2, 2)))


SCHOOL, STEPS, TIPS, LINES = "schools/kade/school.yaml", "schools/kade/stappenplan.yaml", "tips/gepest.yaml", "hulplijnen.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "words"),
    [
        pytest.param(SCHOOL, "naam: De Kade", "name: De Kade", 2, "name", id="unknown key"),
        pytest.param(SCHOOL, "soort: primair\n", "", 1, "soort", id="missing key"),
        pytest.param(SCHOOL, "soort: primair", "soort: mbo", 3, "primair", id="unknown kind"),
        pytest.param(SCHOOL, "  regels: 40", '  regels: "40"', 7, "getal", id="wrong type"),
        pytest.param(SCHOOL, "  regels: 40", "  regels: 0", 7, "1 of meer", id="document without lines"),
        pytest.param(SCHOOL, "  groep: groep", "  groep: ''", 10, "groep", id="empty word"),
        pytest.param(SCHOOL, "  steungroep: null\n", "", 8, "steungroep", id="missing word"),
        pytest.param(SCHOOL, "voor: [leerling]", "voor: []", 19, "voor", id="person for nobody"),
        pytest.param(SCHOOL, "voor: [leerling]", "voor: [kind]", 19, "leerling", id="person for an unknown kind of reader"),
        pytest.param(SCHOOL, "voor: [leerling]", "voor: [ouder]", 15, "leerling", id="nobody for pupils"),
        pytest.param(
            SCHOOL, "regels: [3, 4]\n", "leeftijd: 3\n    regels: [3, 4]\n", 20, "leeftijd", id="unknown key in a person"
        ),
        pytest.param(SCHOOL, "    regels: [3, 4]\n", "", 16, "regels", id="person without a place"),
        pytest.param(SCHOOL, "[3, 4]", "[4, 3]", 20, "komt na de laatste", id="place backwards"),
        pytest.param(SCHOOL, "[3, 4]", "[0, 4]", 20, "vanaf 1", id="place before the first line"),
        pytest.param(SCHOOL, "[3, 4]", "[3]", 20, "regels", id="half a place"),
        pytest.param(STEPS, "        binnen: een week\n", "", 5, "binnen", id="a term may be null but not left out"),
        pytest.param(STEPS, "nr: extra", "nr: 1", 4, "stap '1' staat hier twee keer", id="step twice"),
        pytest.param(STEPS, "nr: extra", "nr: [2]", 15, "nr", id="step number of a wrong type"),
        pytest.param(STEPS, "regels: [15, 15]", "regels: [15, 14]", 24, "komt na de laatste", id="step's place backwards"),
        pytest.param(TIPS, "de {toezicht}", "de {juf}", 11, "{juf} is geen woord", id="unknown word in a tip"),
        pytest.param(TIPS, "de {toezicht}", "de {toezicht", 11, "accolade", id="unbalanced brace in a tip"),
        pytest.param(TIPS, "id: hulp", "id: stop", 6, "tip 'stop' staat hier twee keer", id="tip twice"),
        pytest.param(TIPS, "altijd:\n  tekst", "altijd:\n  zin", 14, "zin", id="unknown key under altijd"),
        pytest.param(LINES, 'nummer: "112"', "nummer: 112", 4, "tekst", id="number without quotes"),
        pytest.param(LINES, 'nummer: "112"', 'nummer: "bel 112"', 4, "nummer", id="number with words"),
        pytest.param(LINES, 'nummer: "112"', "nummer: null", 1, "noodnummer", id="helpline that cannot be reached"),
        pytest.param(LINES, "2026-11-20", "gisteren", 11, "datum", id="not a date"),
        pytest.param(LINES, "gratis: true", "gratis: ja", 8, "true of false", id="not a yes or no"),
    ],
)
def test_a_mistake_in_a_yaml_file_is_told_with_its_line(
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
        pytest.param(SCHOOL, "slug: kade", "slug: kadee", 1, "de map heet 'kade'", id="slug and folder"),
        pytest.param(SCHOOL, "[5, 5]", "[5, 41]", 25, "tot en met 40", id="person outside the document"),
        pytest.param(
            SCHOOL, "tips: eigen", "tips: geleend", 14, "lijst van deze school", id="own tips that are said to be borrowed"
        ),
        pytest.param(STEPS, "[15, 15]", "[ 15,  99 ]", 24, "tot en met 40", id="step outside the document"),
        pytest.param(
            STEPS,
            "regels: [15, 15]",
            "regels: [15, 15]\n        ook: [[3, 3], [41, 41]]",
            25,
            "41-41",
            id="other place outside it",
        ),
        pytest.param(
            STEPS, "[15, 15]", "\n          - 15\n          - 99", 1, "15-99", id="place in a shape that cannot be found back"
        ),
        pytest.param(TIPS, "lijst: gepest", "lijst: gezien", 1, "gepest.yaml", id="list and file"),
        pytest.param(TIPS, "school: kade", "school: elders", 4, "elders", id="tips of an unknown school"),
        pytest.param(TIPS, "[24, 24]", "[24, 41]", 15, "tot en met 40", id="tip outside the document"),
    ],
)
def test_files_that_contradict_each_other_are_told(
    folder: Path, spoil: Spoil, file: str, old: str, new: str, line: int, words: str
) -> None:
    spoiled = spoil(file, old, new)

    with pytest.raises(KnowledgeProblem) as raised:
        load(folder, read_yaml)

    assert (raised.value.file, raised.value.line) == (str(spoiled), line)
    assert words in raised.value.message
    assert str(raised.value) == f"{spoiled}:{line}: {raised.value.message}"


def test_own_tips_that_are_nowhere_are_told(folder: Path) -> None:
    (folder / "tips" / "gepest.yaml").unlink()

    with pytest.raises(KnowledgeProblem, match="geen lijst") as raised:
        load(folder, read_yaml)

    assert raised.value.line == 14


@pytest.mark.parametrize(
    "name",
    [
        "schools/kade/school.yaml",
        "schools/kade/protocol.md",
        "schools/kade/stappenplan.yaml",
        "schools/kade/onderwerpen.yaml",
        "schools/kade/leerlingen.yaml",
        "hulplijnen.yaml",
    ],
)
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(KnowledgeProblem, match="ontbreekt") as raised:
        load(folder, read_yaml)

    assert raised.value.file == str(folder / name)


def test_a_protocol_as_windows_editors_save_it_is_read(folder: Path) -> None:
    file = folder / "schools" / "kade" / "protocol.md"
    before = load(folder, read_yaml).schools["kade"].sections
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))

    assert load(folder, read_yaml).schools["kade"].sections == before


def test_a_protocol_in_another_encoding_is_told(folder: Path) -> None:
    file = folder / "schools" / "kade" / "protocol.md"
    file.write_bytes("# A\n\nCoördinator. {regel 3}\n".encode("latin-1"))

    with pytest.raises(KnowledgeProblem, match="UTF-8") as raised:
        load(folder, read_yaml)

    assert (raised.value.file, raised.value.line) == (str(file), 3)


def test_a_folder_without_schools_is_told(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeProblem, match="ontbreekt") as raised:
        load(tmp_path, read_yaml)

    assert raised.value.file == str(tmp_path / "schools")


def test_an_empty_schools_folder_is_told(folder: Path) -> None:
    school = folder / "schools" / "kade"
    school.rename(folder / "weg")
    (folder / "tips" / "gepest.yaml").unlink()

    with pytest.raises(KnowledgeProblem, match="geen school"):
        load(folder, read_yaml)


def test_the_built_in_knowledge_is_a_folder() -> None:
    assert (default_folder() / "hulplijnen.yaml").is_file()
