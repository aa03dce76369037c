"""Responses: which variation is said, and its placeholders; what actions say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogues import Button, Tracker
from dialogues.responses import Template
from tests.dialogues.talk import WORLD, Talk

Start = Callable[..., Talk]

CHOICE = WORLD.replace(
    "  utter_hallo: [{text: Hallo}]\n",
    """  utter_hallo:
    - text: gewoon
    - text: primair
      condition: [{type: slot, name: kind, value: Primair}]
    - text: telegram
      channel: telegram
    - text: primair op telegram
      channel: telegram
      condition: [{type: slot, name: kind, value: primair}]
""",
)


@pytest.mark.parametrize(
    ("kind", "channel", "said"),
    [
        (None, "rest", "gewoon"),
        ("primair", "rest", "primair"),
        ("voortgezet", "rest", "gewoon"),
        (None, "telegram", "telegram"),
        ("voortgezet", "telegram", "telegram"),
        ("primair", "telegram", "primair op telegram"),
    ],
)
def test_condition_and_channel_before_channel_before_condition_before_neither(
    talk: Start, kind: str | None, channel: str, said: str
) -> None:
    conversation = talk(domain=CHOICE, channel=channel)
    conversation.tracker = Tracker.empty().with_slots(kind=kind)
    assert conversation.say("/groet") == [said]


def test_a_channel_goes_before_a_condition(talk: Start) -> None:
    domain = CHOICE.replace(
        "    - text: primair op telegram\n      channel: telegram\n", "    - text: niet\n      channel: cmdline\n"
    )
    conversation = talk(domain=domain, channel="telegram")
    conversation.tracker = Tracker.empty().with_slots(kind="primair")
    assert conversation.say("/groet") == ["telegram"]


def test_a_condition_compares_other_values_than_texts_exactly(talk: Start) -> None:
    domain = WORLD.replace(
        "[{text: Hallo}]",
        "[{text: waar, condition: [{type: slot, name: open, value: true}]},"
        " {text: leeg, condition: [{type: slot, name: naam, value: null}]}, {text: anders}]",
    )
    conversation = talk(domain=domain)
    assert conversation.say("/groet") == ["leeg"]
    conversation.tracker = conversation.tracker.with_slots(naam="Bo", open=True)
    assert conversation.say("/groet") == ["waar"]
    conversation.tracker = conversation.tracker.with_slots(open=False)
    assert conversation.say("/groet") == ["anders"]


def test_of_equal_variations_the_first_is_said_where_rasa_takes_one_at_random(talk: Start) -> None:
    conversation = talk(domain=WORLD.replace("[{text: Hallo}]", "[{text: een}, {text: twee}]"))
    assert {conversation.say("/groet")[0] for _ in range(5)} == {"een"}


def test_nothing_is_said_when_no_variation_fits(talk: Start) -> None:
    conversation = talk(domain=WORLD.replace("[{text: Hallo}]", "[{text: Hallo, channel: telegram}]"))
    assert conversation.say("/groet") == []
    with pytest.raises(LookupError):
        conversation.engine.say("utter_hallo", conversation.tracker, "rest")


def test_placeholders_are_filled_from_slots(talk: Start) -> None:
    domain = WORLD.replace(
        "[{text: Hallo}]", "[{text: 'Dag {naam}, {kind}', buttons: [{title: 'Ik ben {naam}', payload: /groet}]}]"
    )
    conversation = talk(domain=domain)
    conversation.tracker = Tracker.empty().with_slots(naam="Noor")
    assert conversation.say("/groet") == ["Dag Noor, None"]
    assert conversation.messages[0].buttons == (Button("Ik ben Noor", "/groet"),)


def test_a_payload_with_a_placeholder_doubles_its_other_braces(talk: Start) -> None:
    domain = WORLD.replace("[{text: Hallo}]", """[{text: Hallo, buttons: [{title: x, payload: '/ja{{"nr":"{naam}"}}'}]}]""")
    conversation = talk(domain=domain)
    conversation.tracker = Tracker.empty().with_slots(naam="abc")
    conversation.say("/groet")
    assert conversation.messages[0].buttons == (Button("x", '/ja{"nr":"abc"}'),)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Dag {naam}", "Dag Noor"),
        ("{naam}{naam}", "NoorNoor"),
        ("Dag {onbekend}", "Dag {onbekend}"),
        # As in Rasa: one name that is not known, and nothing is filled.
        ("Dag {naam} en {onbekend}", "Dag {naam} en {onbekend}"),
        ("{{naam}}", "{naam}"),
        ("{{{naam}}}", "{Noor}"),
        ('/antwoord{"waar": "plein"}', '/antwoord{"waar": "plein"}'),
        ('/antwoord{{"waar": "plein"}}', '/antwoord{"waar": "plein"}'),
        ('/antwoord{"nonce": "{naam}"}', '/antwoord{"nonce": "{naam}"}'),
        ("los { haakje", "los { haakje"),
        ("{}", "{}"),
        ("twee\nregels {naam}", "twee\nregels Noor"),
        ("", ""),
    ],
)
def test_templates(text: str, filled: str) -> None:
    assert Template(text).fill({"naam": "Noor"}) == filled


@given(st.text(), st.text())
def test_a_value_is_never_read_as_a_template(prefix: str, value: str) -> None:
    bare = prefix.replace("{", "").replace("}", "")
    assert Template(bare + "{naam}").fill({"naam": value}) == bare + value


@given(st.text())
def test_any_text_can_be_filled_with_nothing(text: str) -> None:
    filled = Template(text).fill({})
    assert filled == text or "{{" in text or "}}" in text


def say(*responses: dict[str, Any]) -> Any:
    return {"action_kijk": lambda tracker, domain: ([], list(responses))}


RULE = "rules:\n  - rule: a\n    steps: [{intent: ja}, {action: action_kijk}]\n"


def test_an_action_may_say_its_own_text_which_is_shown_as_it_is(talk: Start) -> None:
    conversation = talk(RULE, actions=say({"text": "Dag {naam}", "buttons": [{"title": "{naam}", "payload": "/groet"}]}))
    conversation.tracker = Tracker.empty().with_slots(naam="Noor")
    assert conversation.say("/ja") == ["Dag {naam}"]
    assert conversation.messages[0].buttons == (Button("{naam}", "/groet"),)
    assert conversation.messages[0].response is None


def test_an_action_may_say_a_response_with_values_and_its_buttons_come_last(talk: Start) -> None:
    domain = WORLD.replace("[{text: Hallo}]", "[{text: 'Nog {aantal}', buttons: [{title: Een, payload: /ja}]}]")
    said = {"response": "utter_hallo", "text": None, "aantal": 3, "buttons": [{"title": "Twee", "payload": "/nee"}]}
    conversation = talk(RULE, domain=domain, actions=say(said))
    assert conversation.say("/ja") == ["Nog 3"]
    assert conversation.messages[0].buttons == (Button("Een", "/ja"), Button("Twee", "/nee"))
    assert conversation.messages[0].response == "utter_hallo"


def test_the_text_of_an_action_goes_before_that_of_its_response(talk: Start) -> None:
    conversation = talk(RULE, actions=say({"response": "utter_hallo", "text": "Anders", "custom": {"code": "vijf"}}))
    assert conversation.say("/ja") == ["Anders"]
    assert conversation.messages[0].custom == {"code": "vijf"}


def test_a_response_of_an_action_that_does_not_exist_stops_the_turn(talk: Start) -> None:
    conversation = talk(RULE, actions=say({"response": "utter_weg"}))
    with pytest.raises(LookupError):
        conversation.say("/ja")
    conversation = talk(
        RULE, domain=WORLD.replace("[{text: Hallo}]", "[{text: a, channel: b}]"), actions=say({"response": "utter_hallo"})
    )
    with pytest.raises(LookupError):
        conversation.say("/ja")


def test_a_response_may_carry_something_for_a_channel(talk: Start) -> None:
    conversation = talk(domain=WORLD.replace("[{text: Hallo}]", "[{text: Hallo, custom: {soort: kaart}}]"))
    conversation.say("/groet")
    assert conversation.messages[0].custom == {"soort": "kaart"}


def test_saying_something_outside_of_a_turn(talk: Start) -> None:
    conversation = talk(domain=WORLD.replace("[{text: Hallo}]", "[{text: 'Dag {naam}, nog {aantal}'}]"))
    tracker = Tracker.empty().with_slots(naam="Noor")
    assert conversation.engine.say("utter_hallo", tracker, "rest", aantal=2).text == "Dag Noor, nog 2"
    with pytest.raises(LookupError):
        conversation.engine.say("utter_weg", tracker, "rest")
