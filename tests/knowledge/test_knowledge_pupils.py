"""What pupils read about their school: easy, short, in their school's own words, and to people that they can reach."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dialogues.reading import EASY, ENOUGH, LONGEST, flesch_douma, sentences, words
from knowledge import School
from tests.knowledge.named_things import SLUGS, pupil_texts, school


def lists(of: School) -> Iterator[tuple[str, str]]:
    """Everything that is read in one go, with its name: each fact, and each list as a whole."""
    told = of.pupils
    for name in ("bullying", "after_report", "punishment", "parents", "online"):
        facts = getattr(told, name)
        yield name, " ".join(fact.text for fact in facts)
        yield from ((name, fact.text) for fact in facts)
    yield "marks", " ".join(mark.question for mark in told.marks)
    for name in ("teasing", "who_decides", "not_snitching"):
        if fact := getattr(told, name):
            yield name, fact.text


def test_a_text_for_lawyers_reads_harder_than_one_for_children() -> None:
    assert flesch_douma("De kat zit op de mat. Hij slaapt.") > 100
    assert flesch_douma("Verantwoordelijkheidsverdeling impliceert communicatieve verplichtingen.") < 0


@pytest.mark.parametrize("slug", SLUGS)
def test_sentences_for_pupils_are_short(slug: str) -> None:
    texts = [text for text, _ in pupil_texts(school(slug))]

    assert texts
    assert [sentence for text in texts for sentence in sentences(text) if len(words(sentence)) > LONGEST] == []


@pytest.mark.parametrize("slug", SLUGS)
def test_texts_for_pupils_read_easily(slug: str) -> None:
    hard = [
        (name, round(flesch_douma(text)), text)
        for name, text in lists(school(slug))
        if len(words(text)) >= ENOUGH and flesch_douma(text) < EASY
    ]

    assert hard == []


@pytest.mark.parametrize("slug", SLUGS)
def test_texts_for_pupils_are_calm_and_blame_nobody(slug: str) -> None:
    for text, _ in pupil_texts(school(slug)):
        assert "!" not in text
        assert not {"waarom", "dader", "slachtoffer", "geheim"} & {word.lower() for word in words(text)}, text


@pytest.mark.parametrize("slug", SLUGS)
def test_a_pupil_who_is_not_helped_is_sent_on_to_someone_else(slug: str) -> None:
    of = school(slug)
    own, *others = of.people_for_pupils

    assert own not in of.pupils.not_helped
    assert set(of.pupils.not_helped) <= set(others)
    assert len(set(of.pupils.not_helped)) == len(of.pupils.not_helped)


def test_the_kwaliteitskaart_does_not_say_what_bullying_is() -> None:
    told = school("kwaliteitskaart").pupils

    assert (told.bullying, told.teasing, told.marks, told.online) == ((), None, (), ())


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "kwaliteitskaart"])
def test_the_other_schools_say_what_bullying_is_and_by_what_one_knows_it(slug: str) -> None:
    told = school(slug).pupils

    assert 2 <= len(told.bullying) <= 5
    assert 2 <= len(told.marks) <= 4


def test_only_two_documents_say_what_teasing_is() -> None:
    # De Mijlpaal writes "plagen" where it means bullying; a definition of teasing it has not.
    assert [slug for slug in SLUGS if school(slug).pupils.teasing] == ["jps", "mozaiek"]


def test_telling_is_no_snitching_where_the_document_says_so() -> None:
    assert [slug for slug in SLUGS if school(slug).pupils.not_snitching] == ["mijlpaal", "mozaiek"]


def test_punishment_is_told_as_each_school_has_it() -> None:
    told = {slug: " ".join(fact.text for fact in school(slug).pupils.punishment) for slug in SLUGS}

    assert "altijd een sanctie" in told["mijlpaal"]
    assert "vijf dagen" in told["mozaiek"]
    assert told["jps"].startswith("Nee")
    assert "steungroep? Dan krijgt niemand straf" in told["vo"]
    assert "nadenkvel" in told["kwaliteitskaart"]


@pytest.mark.parametrize(
    ("slug", "terms"),
    [
        ("mijlpaal", []),
        ("vo", []),
        ("kwaliteitskaart", ["dezelfde dag"]),
        ("mozaiek", ["een week", "twee weken"]),
        ("jps", ["een week"]),
    ],
)
def test_no_school_promises_a_term_that_its_document_has_not(slug: str, terms: list[str]) -> None:
    told = " ".join(fact.text for fact in school(slug).pupils.after_report)

    for term in terms:
        assert term in told
        told = told.replace(term, "")
    assert not {"dag", "dagen", "week", "weken", "uur", "maand", "meteen", "direct", "morgen"} & set(words(told.lower()))
