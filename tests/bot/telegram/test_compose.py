"""What fits into a message of Telegram, and what stands on its buttons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.compose import LONGEST_DATA, LONGEST_TEXT, compose, data_of, new_tag, payload_of, split
from bot.channels.telegram.texts import TEXTS, Texts
from dialogues import BotMessage, Button
from dialogues.reading import longest


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.text(alphabet=st.sampled_from("ab. \n😢é"), max_size=60).map(lambda text: text * 400))
def test_a_long_text_is_cut_into_parts_that_fit_and_lose_no_word(text: str) -> None:
    parts = split(text)
    assert all(units(part) <= LONGEST_TEXT for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_text_is_cut_between_paragraphs() -> None:
    paragraph = "Dit is een zin. " * 100
    parts = split("\n\n".join([paragraph.strip()] * 5))
    assert parts == ["\n\n".join([paragraph.strip()] * 2), "\n\n".join([paragraph.strip()] * 2), paragraph.strip()]


def test_buttons_of_a_long_text_stand_below_its_last_part() -> None:
    things = compose([BotMessage("woord " * 1500, (Button("Menu", "/menu"),))], "abcd")
    assert [len(thing["buttons"]) for thing in things] == [0, 0, 1]


@pytest.mark.parametrize(
    "payload",
    [
        "/menu",
        '/versturen{"nonce":"' + "f" * 32 + '"}',
        '/antwoord{"over_lezer": "weet ik niet"}',
        '/antwoord{"waar":"op het plein, é"}',
        "/a{}",
        '/kop{"nr":"1","meer":"2"}',
    ],
)
def test_a_payload_comes_back_as_it_was(payload: str) -> None:
    tag = new_tag()
    found, back = payload_of(data_of(payload, tag))
    assert (found, back) == (tag, payload)


def test_the_longest_payload_of_the_checker_fits() -> None:
    inside = "x" * (LONGEST_DATA - len('/antwoord{"waar":""}'))
    payload = f'/antwoord{{"waar":"{inside}"}}'
    assert len(payload.encode()) == LONGEST_DATA
    assert payload_of(data_of(payload, "abcd"))[1] == payload
    with pytest.raises(ValueError):
        data_of(payload.replace("x", "xxx", 1), "abcd")


def test_what_is_said_in_one_breath_is_one_message_and_only_the_last_question_has_buttons() -> None:
    menu = (Button("Menu", "/menu"),)
    things = compose([BotMessage("Hallo."), BotMessage("Eerst dit?", menu), BotMessage("Wie ben je?", menu)], "abcd")
    assert [thing["text"] for thing in things] == ["Hallo.\n\nEerst dit?\n\nWie ben je?"]
    assert things[0]["buttons"] == [["Menu", "abcdmenu"]]


def test_a_help_card_stays_by_itself_with_its_own_buttons() -> None:
    card = BotMessage("Bel 113.", (Button("Zo bedoel ik het niet", "/zo_bedoel_ik_het_niet"),), custom={"stijl": "hulp"})
    things = compose([card, BotMessage("Waar was het?", (Button("Overslaan", "/overslaan"),))], "abcd")
    assert [(thing["text"], len(thing["buttons"])) for thing in things] == [("Bel 113.", 1), ("Waar was het?", 1)]


def test_a_long_title_is_also_written_out_and_never_cut() -> None:
    title = "Voortgezet onderwijs (school zonder naam)"
    [thing] = compose([BotMessage("Welke?", (Button(title, "/a"), Button("JPS", "/b")))], "abcd")
    assert thing["text"] == f"Welke?\n\n• {title}\n• JPS"
    assert [button[0] for button in thing["buttons"]] == [title, "JPS"]


def test_the_first_message_of_a_turn_takes_the_older_buttons_away() -> None:
    things = compose([BotMessage("Een", custom={"stijl": "code"}), BotMessage("Twee", custom={"stijl": "code"})], "abcd")
    assert [thing.get("clear", False) for thing in things] == [True, False]
    wiped = compose([BotMessage("Gewist.", custom={"wist": True})], "abcd")
    assert wiped[0]["wipe"]


def test_the_web_page_is_offered_with_the_word_on_who_can_know() -> None:
    honest = BotMessage("Telegram kan weten dat je met mij praat.", response="utter_eerlijk")
    [thing] = compose([honest], "abcd", address="https://brievenbus.example")
    assert thing["text"].endswith("\nhttps://brievenbus.example")


@pytest.mark.parametrize("name", sorted(set(Texts.model_fields) - {"opdrachten"}))
def test_our_own_texts_have_short_sentences(name: str) -> None:
    assert longest([getattr(TEXTS, name)]) <= 15
