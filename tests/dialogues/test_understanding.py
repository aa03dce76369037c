"""Understanding: explicit danger first, then navigation, then exact examples."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dialogues
from dialogues import Danger, DialogueProblem, Understanding, Understood
from dialogues.normalising import LONGEST, key, plain

OURS = Understanding([files(dialogues)])


def own(folder: Path, **texts: str) -> Understanding:
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return Understanding([folder])


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("help", "help"),
        ("HELP!!", "help"),
        ("heeelp", "help"),
        ("hulp", "help"),
        ("Menu", "menu"),
        ("  terug. ", "terug"),
        ("sla over", "overslaan"),
        ("stoppen", "stoppen"),
        ("stoooop", "stoppen"),
        ("wis dit gesprek", "wis_gesprek"),
        ("ik wil dat ze stoppen", "nlu_fallback"),
        ("terug naar school", "nlu_fallback"),
        ("", "nlu_fallback"),
        ("💀💀", "nlu_fallback"),
    ],
)
def test_navigation_is_the_whole_message_or_nothing(text: str, intent: str) -> None:
    assert OURS.understand(text) == Understood(intent)


def test_a_payload_is_taken_at_its_word_and_is_never_danger() -> None:
    assert OURS.understand('/antwoord{"wat": "ik wil dood"}') == Understood("antwoord", {"wat": "ik wil dood"})
    assert OURS.understand("/ik wil dood").danger == Danger("red", "suicide")


@pytest.mark.parametrize(
    ("text", "kind", "over"),
    [
        ("ik wil echt niet meer leven", "suicide", "zelf"),
        ("Ik wil DOOOOD", "suicide", "zelf"),
        ("soms denk ik dat ik beter dood kan zijn", "suicide", "zelf"),
        ("mijn zusje zegt dat ze dood wil", "suicide", "ander"),
        ("thuis krijg ik klappen", "thuis", "zelf"),
        ("m'n stiefvader heeft me gisteren weer geslagen", "thuis", "zelf"),
        ("ik ben verkracht", "seksueel", "zelf"),
        ("mijn vriendin is verkracht", "seksueel", "ander"),
        ("hij heeft een mes bij zich", "gevaar", "zelf"),
        ("ze gaan hem neersteken", "gevaar", "ander"),
        ("Hoi. Hoe gaat het? Ik ga mezelf ophangen", "suicide", "zelf"),
    ],
)
def test_explicit_danger_is_red(text: str, kind: str, over: str) -> None:
    found = OURS.understand(text)
    assert found.danger is not None
    assert (found.intent, found.danger.tier, found.danger.kind, found.over) == (f"crisis_{kind}", "red", kind, over)


@pytest.mark.parametrize(
    "text",
    [
        "ik lach me dood om jou",
        "mijn cavia is dood",
        "papa sloeg een paal in de grond",
        "ik werd doodgeschoten in het spel",
        "mag ik een mes lenen voor de taart",
        "ze schelden me uit op het plein",
        "hij slaat mij elke pauze",
        "wat doet de school bij zelfmoord",
        "mijn vader is boos op mij",
    ],
)
def test_what_only_sounds_like_danger_is_none(text: str) -> None:
    assert OURS.understand(text).danger is None


def test_the_words_of_a_concept_stand_in_one_sentence_in_any_order(tmp_path: Path) -> None:
    ours = own(tmp_path, gevaar="gevaar: [rood knop*|knopje -groen]")
    assert ours.understand("de knoppen zijn Róód").danger == Danger("red", "gevaar")
    assert ours.understand("rood is die knop").danger is not None
    assert ours.understand("rood. knop.").danger is None
    assert ours.understand("rood en groen, die knop").danger is None
    assert ours.understand("roodachtig knop").danger is None


def test_phrases_groups_spelling_and_what_is_harmless(tmp_path: Path) -> None:
    text = """
spelling: {knp: knop}
groepen: {kleur: rood blauw, druk: druk duw_op}
niet: [op de rode knop]
thuis: ["$druk op_de knop"]
"""
    ours = own(tmp_path, gevaar=text)
    assert ours.understand("ik duw op de knp") == Understood("crisis_thuis", {}, Danger("red", "thuis"), "zelf")
    assert ours.understand("ik druk op de rode knop").danger is None
    assert ours.understand("duw de op knop").danger is None


def test_a_phrase_may_end_in_the_beginning_of_a_word(tmp_path: Path) -> None:
    ours = own(tmp_path, gevaar="gevaar: [aan_mij*]")
    assert ours.understand("hij zit aan mijn").danger is not None
    assert ours.understand("aan die mij").danger is None


def test_of_several_dangers_the_gravest_is_answered(tmp_path: Path) -> None:
    ours = own(tmp_path, gevaar="gevaar: [a]\nthuis: [b]\nseksueel: [c]\nsuicide: [d]\n")
    assert [ours.understand(text).intent for text in ("a b", "b. c", "c d a", "a")] == [
        "crisis_thuis",
        "crisis_seksueel",
        "crisis_suicide",
        "crisis_gevaar",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("gevaar:\n  - -a", 2),
        ("gevaar:\n  - a\n  - $weg", 3),
        ("gevaar: [a||b]", 1),
        ("gevaar: [a*b]", 1),
        ("gevar: [a]", 1),
        ("ander: {mij: a}", 1),
        ("spelling: {a: 1}", 1),
    ],
)
def test_a_wrong_danger_list_is_refused(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DialogueProblem) as caught:
        own(tmp_path, gevaar=text)
    assert caught.value.line == line


def test_examples_are_matched_exactly_and_navigation_goes_first(tmp_path: Path) -> None:
    (tmp_path / "nlu").mkdir()
    (tmp_path / "nlu" / "a.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: groet\n  examples: |\n    - Hoi!\n    - dag [juf](wie)\n    - stop\n'
        "- intent: dag\n  examples: |\n    - hoi\n    - doei\n",
        encoding="utf-8",
    )
    ours = own(tmp_path, navigatie="stoppen: [stop]")
    texts = ("hoi", "Hoooi", "dag juf", "stop", "doei", "hoi juf")
    assert [ours.understand(text).intent for text in texts] == ["groet", "groet", "groet", "stoppen", "dag", "nlu_fallback"]


def test_a_navigation_word_has_one_meaning(tmp_path: Path) -> None:
    with pytest.raises(DialogueProblem, match=r"navigatie\.yml:2.*stoppen"):
        own(tmp_path, navigatie="stoppen: [stop]\nterug: [Stop!]")


def test_without_files_nothing_is_understood(tmp_path: Path) -> None:
    assert Understanding([tmp_path]).understand("help") == Understood("nlu_fallback")


def test_only_the_first_characters_are_looked_at() -> None:
    assert OURS.understand("a " * (LONGEST // 2) + "ik wil dood").danger is None
    assert OURS.understand("a " * (LONGEST // 2 - 10) + "ik wil dood").danger is not None


@given(st.text())
def test_any_text_is_understood_as_something(text: str) -> None:
    assert OURS.understand(text).intent


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert key(key(text)) == key(text)
