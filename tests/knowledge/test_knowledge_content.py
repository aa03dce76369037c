"""The built-in knowledge itself: every school, list of tips and helpline."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from bot.yaml_file import read_yaml
from dialogues.reading import sentences
from knowledge import Knowledge, default_folder, load
from tests.knowledge.named_things import SLUGS, named_file, overlap, placed_texts, plain, school


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return load(default_folder(), read_yaml)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_block_has_its_own_text_and_a_place_in_the_document(slug: str) -> None:
    of = school(slug)
    found = [block for section in of.sections for block in section.blocks]

    assert found
    assert len(set(found)) == len(found), "the same text with the same place twice: a citation could mean either"
    for block in found:
        assert block.text == block.text.strip()
        assert 1 <= block.lines[0] <= block.lines[1] <= of.source.line_count
        assert of.cite(block).startswith(f"{of.document}, kop '")


@pytest.mark.parametrize("slug", SLUGS)
def test_everything_that_the_document_names_stands_here_with_its_place(slug: str) -> None:
    texts = [(plain(text), lines) for text, lines in placed_texts(school(slug))]

    missing = [
        f"{named.naam} ({named.regels})"
        for named in named_file(slug).namen
        if not any(plain(named.naam) in text and overlap(lines, named.regels) for text, lines in texts)
    ]

    assert missing == []


@pytest.mark.parametrize("slug", SLUGS)
def test_what_a_child_reads_about_people_is_short(slug: str) -> None:
    too_long = [
        sentence
        for person in school(slug).people_for_pupils
        for sentence in sentences(person.purpose)
        if len(sentence.split()) > 15
    ]

    assert too_long == []


def test_all_five_schools_are_here(known: Knowledge) -> None:
    assert set(known.schools) == {"mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps"}
    assert [slug for slug, of in known.schools.items() if of.kind == "voortgezet"] == ["vo"]


def test_only_jps_has_a_brievenbus_and_only_de_mijlpaal_has_tips(known: Knowledge) -> None:
    assert [slug for slug, of in known.schools.items() if of.own_brievenbus] == ["jps"]
    assert [slug for slug, of in known.schools.items() if of.own_tips] == ["mijlpaal"]


@pytest.mark.parametrize(
    ("slug", "variants"), [("mijlpaal", [7]), ("vo", [5, 5]), ("kwaliteitskaart", [7]), ("mozaiek", [8]), ("jps", [5])]
)
def test_the_stappenplan_has_as_many_steps_as_the_document(known: Knowledge, slug: str, variants: list[int]) -> None:
    assert [len(variant.steps) for variant in known.schools[slug].stappenplan.variants] == variants


def test_the_kwaliteitskaart_is_begun_the_same_day(known: Knowledge) -> None:
    first = known.schools["kwaliteitskaart"].stappenplan.variants[0].steps[0]

    assert (first.within, first.with_whom) == ("dezelfde dag", "Diana, de anti-pestcoördinator")


def test_the_tips_are_all_here(known: Knowledge) -> None:
    assert {name: [tip.id for tip in tips.steps] for name, tips in known.tips.items()} == {
        "boos": ["stop", "handen", "tellen", "weglopen", "ademen", "denken", "kiezen", "proberen", "hulp"],
        "gepest": ["houding", "negeren", "weglopen", "stop", "hulp"],
        "gezien": ["stop", "gebaar", "samen"],
        "online": ["bewaren", "niet_reageren", "blokkeren", "vertellen"],
        "respect": ["thuis_en_school", "klas", "jezelf"],
        "zelf_pesten": ["sorry", "excuses", "hulp"],
    }


@pytest.mark.parametrize("name", ["gepest", "gezien"])
def test_whoever_is_hurt_always_goes_straight_to_an_adult(known: Knowledge, name: str) -> None:
    always = known.tips[name].always

    assert always is not None
    for of in known.schools.values():
        said = always.say(of.words)
        assert {"Scheldt", "pijn", "meteen"} <= set(re.findall(r"\w+", said))
        assert of.words.leerkracht in said
        assert of.words.toezicht in said


def test_every_tip_is_short_in_the_words_of_every_school(known: Knowledge) -> None:
    texts = [
        tip.say(of.words)
        for of in known.schools.values()
        for tips in known.tips.values()
        for tip in (*tips.steps, *([tips.always] if tips.always else []))
    ]

    assert [sentence for text in texts for sentence in sentences(text) if len(sentence.split()) > 15] == []


def test_every_tip_stands_within_its_list_or_is_what_always_holds(known: Knowledge) -> None:
    for tips in known.tips.values():
        first, last = tips.lines
        assert all(first <= tip.lines[0] and tip.lines[1] <= last for tip in tips.steps)
        places = [tip.lines for tip in tips.steps]
        assert tips.composed or places == sorted(places)


def test_the_helplines_of_the_danger_card_are_here(known: Knowledge) -> None:
    numbers = {line.id: line.number for line in known.helplines.values()}

    assert numbers == {
        "noodnummer": "112",
        "politie": "0900-8844",
        "zelfmoordpreventie": "113",
        "kindertelefoon": "0800-0432",
        "veilig_thuis": "0800-2000",
        "helpwanted": "020-2615275",
        "seksueel_geweld": "0800-0188",
        "slachtofferhulp": "0900-0101",
        "vertrouwensinspecteur": "0900-1113111",
        "ouders_onderwijs": "0800-5010",
        "meldknop": None,
        "jongerenhulponline": None,
        "stop_pesten_nu": None,
    }
    assert known.helplines["zelfmoordpreventie"].other_number == "0800-0113"


def test_a_helpline_that_nobody_checked_for_a_year_is_overdue(known: Knowledge) -> None:
    checked = {name: replace(line, checked_on=date(2026, 1, 10)) for name, line in known.helplines.items()}
    fresh = replace(known, helplines=checked)

    assert known.overdue(date(2026, 1, 11)) == tuple(known.helplines.values())  # nobody has checked any yet
    assert fresh.overdue(date(2027, 1, 10)) == ()
    assert fresh.overdue(date(2027, 1, 11)) == tuple(checked.values())
