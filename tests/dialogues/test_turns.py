"""A turn: its order, what actions are told and may do, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialogues import Tracker, UserMessage
from tests.dialogues.talk import WORLD, WORLD_RULES, Talk

Start = Callable[..., Talk]
LOOK = WORLD_RULES + "  - rule: kijk\n    steps: [{intent: ja}, {action: action_kijk}]\n"


def session(tracker: Any, domain: Any) -> list[dict[str, Any]]:
    metadata = tracker.get_slot("session_started_metadata") or {}
    return [
        {"event": "session_started"},
        {"event": "slot", "name": "naam", "value": metadata.get("naam", "niemand")},
        {"event": "action", "name": "action_listen"},
    ]


def test_a_new_conversation_starts_a_session_before_the_message(talk: Start) -> None:
    conversation = talk(actions={"action_session_start": session})
    assert conversation.say("/groet") == ["Hallo"]
    assert conversation.say("/groet") == ["Hallo"]
    assert conversation.called() == ["action_session_start"]
    assert conversation.tracker.turn == 2


def test_what_the_channel_knows_reaches_the_session_start_and_is_not_kept(talk: Start) -> None:
    conversation = talk(actions={"action_session_start": session})
    conversation.tracker = Tracker.empty().with_slots(session_started_metadata={"naam": "Noor"})
    conversation.say("/groet")
    assert dict(conversation.tracker.slots) == {"naam": "Noor"}


def test_without_a_session_start_of_our_own_slots_are_carried_over(talk: Start) -> None:
    conversation = talk()
    conversation.tracker = Tracker.empty().with_slots(naam="Noor")
    conversation.say("/groet")
    assert dict(conversation.tracker.slots) == {"naam": "Noor"}


def test_an_action_is_told_the_turn_so_far(talk: Start) -> None:
    seen: list[Any] = []

    def look(tracker: Any, domain: Any) -> list[dict[str, Any]]:
        seen.append((tracker, domain))
        return []

    conversation = talk(LOOK, actions={"action_kijk": look})
    conversation.say("/melden")
    conversation.say('/ja{"nr": 3, "vreemd": 1}')
    tracker, domain = seen[0]
    assert tracker.latest_message["intent"] == {"name": "ja", "confidence": 1.0}
    assert tracker.latest_message["entities"] == [{"entity": "nr", "value": 3}]
    assert tracker.get_intent_of_latest_message() == "ja"
    assert tracker.get_slot("nr") == 3
    assert tracker.get_slot("kind") is None
    assert tracker.get_slot("requested_slot") == "waar"
    assert tracker.active_loop_name == "formulier"
    assert tracker.latest_action_name == "action_listen"
    assert tracker.get_latest_input_channel() == "rest"
    assert [event["event"] for event in tracker.events] == ["user", "slot"]
    assert domain is conversation.engine.assistant.domain_json()
    assert conversation.calls[0].call["next_action"] == "action_kijk"
    assert conversation.calls[0].call["sender_id"] == ""


def test_an_action_cannot_change_the_state_behind_the_engine(talk: Start) -> None:
    def spoil(tracker: Any, domain: Any) -> list[dict[str, Any]]:
        tracker.slots["naam"] = "Bo"
        tracker.slots["nr"].append(4)
        tracker.events.clear()
        tracker.latest_message.clear()
        return []

    conversation = talk(LOOK, actions={"action_kijk": spoil})
    conversation.tracker = Tracker.empty().with_slots(nr=[3])
    before = conversation.tracker
    conversation.say("/ja")
    assert dict(conversation.tracker.slots) == dict(before.slots) == {"nr": [3]}


def test_an_action_may_empty_the_slots(talk: Start) -> None:
    conversation = talk(LOOK, actions={"action_kijk": lambda tracker, domain: [{"event": "reset_slots"}]})
    conversation.tracker = Tracker.empty().with_slots(naam="Noor")
    conversation.say("/ja")
    assert conversation.tracker.slots == {}


def test_what_an_action_reports_of_messages_has_no_effect(talk: Start) -> None:
    events = [{"event": "bot", "text": "x"}, {"event": "user", "text": "y"}, {"event": "action", "name": "utter_hallo"}]
    conversation = talk(LOOK, actions={"action_kijk": lambda tracker, domain: events})
    assert conversation.say("/ja") == []


def test_an_action_may_take_the_message_back(talk: Start) -> None:
    events = [{"event": "rewind"}]
    conversation = talk(LOOK, actions={"action_kijk": lambda tracker, domain: events})
    conversation.say("/melden")
    assert conversation.say('/ja{"nr": 3}') == ["Waar?"]
    assert "nr" not in conversation.tracker.slots
    conversation.say("/stoppen")
    assert conversation.say('/ja{"nr": 3}') == []


def test_an_action_that_sets_an_unknown_slot_stops_the_turn(talk: Start) -> None:
    events = [{"event": "slot", "name": "weg", "value": 1}]
    conversation = talk(LOOK, actions={"action_kijk": lambda tracker, domain: events})
    with pytest.raises(LookupError, match="weg"):
        conversation.say("/ja")


def test_a_slot_without_conditions_is_filled_in_any_turn(talk: Start) -> None:
    conversation = talk()
    conversation.say('/groet{"nr": 7}')
    assert conversation.tracker.slots["nr"] == 7
    conversation.say('/groet{"nr": [1, 2]}')
    assert conversation.tracker.slots["nr"] == 2
    conversation.say('/groet{"nr": []}')
    assert conversation.tracker.slots["nr"] == 2
    conversation.say('/groet{"nr": null}')
    assert "nr" not in conversation.tracker.slots


def mapped(mappings: str) -> str:
    return WORLD.replace("    mappings: [{type: from_entity, entity: nr}]\n", f"    mappings: {mappings}\n")


@pytest.mark.parametrize(
    ("mappings", "message", "value"),
    [
        ("[{type: from_intent, intent: ja, value: 1}, {type: from_entity, entity: nr}]", '/ja{"nr": 2}', 1),
        ("[{type: from_entity, entity: nr}, {type: from_intent, intent: ja, value: 1}]", '/ja{"nr": 2}', 2),
        ("[{type: from_entity, entity: nr}, {type: from_intent, intent: ja, value: 1}]", "/ja", 1),
        ("[{type: from_intent, intent: [ja, nee], value: 1}]", "/nee", 1),
        ("[{type: from_intent, intent: ja, value: 1}]", "/nee", None),
        ("[{type: from_intent, not_intent: ja, value: 1}]", "/ja", None),
        ("[{type: from_intent, not_intent: ja, value: 1}]", "/nee", 1),
        ("[{type: from_text, intent: ja}]", "/ja", "/ja"),
        ("[{type: from_text, conditions: [{active_loop: null}]}]", "/ja", "/ja"),
        ("[{type: from_text, conditions: [{active_loop: formulier}]}]", "/ja", None),
        ("[{type: custom}]", '/ja{"nr": 2}', None),
        ("[{type: from_intent, intent: ja, value: 0.5}]", "/ja", 0.5),
    ],
)
def test_the_first_mapping_that_yields_wins(talk: Start, mappings: str, message: str, value: object) -> None:
    rules = WORLD_RULES + "  - rule: ja of nee\n    steps: [{or: [{intent: ja}, {intent: nee}]}, {action: utter_hallo}]\n"
    conversation = talk(rules, domain=mapped(mappings))
    conversation.say(message)
    assert conversation.tracker.slots.get("nr") == value


@pytest.mark.parametrize(
    ("mappings", "filled"),
    [
        ("[{type: from_text}]", False),
        ("[{type: from_text, conditions: [{active_loop: formulier}]}]", False),
        # Ignored intents belong to the form: a mapping that does not speak of the form takes them.
        ("[{type: from_text, conditions: [{active_loop: null}, {active_loop: formulier}]}]", False),
        # An intent that the mapping names itself is wanted, ignored or not.
        ("[{type: from_text, intent: vraag}]", True),
        # The form's ignored intents do not count for a mapping of another form, but then it does not apply either.
        ("[{type: from_text, conditions: [{active_loop: ander}]}]", False),
    ],
)
def test_ignored_intents_within_a_form(talk: Start, mappings: str, filled: bool) -> None:
    conversation = talk(domain=mapped(mappings).replace("forms:\n", "forms:\n  ander: {required_slots: []}\n"))
    conversation.say("/melden")
    conversation.tracker = conversation.tracker.with_slots(nr=None)
    conversation.say("/vraag")
    assert (conversation.tracker.slots.get("nr") == "/vraag") is filled


def test_one_entity_mapping_of_two_slots_fills_only_the_slot_that_was_asked_for(talk: Start) -> None:
    domain = WORLD.replace(
        "      - type: from_entity\n        entity: waar\n        conditions: [{active_loop: formulier, requested_slot: waar}]\n",
        "      - {type: from_entity, entity: kleur, conditions: [{active_loop: formulier}]}\n",
    ).replace(
        "      - type: from_text\n        conditions: [{active_loop: formulier, requested_slot: wat}]\n",
        "      - {type: from_entity, entity: kleur, conditions: [{active_loop: formulier}]}\n",
    )
    conversation = talk(domain=domain)
    conversation.say("/melden")
    assert conversation.say('/antwoord{"kleur": "rood"}') == ["Wat?"]
    assert dict(conversation.tracker.slots) == {"waar": "rood"}


def test_the_default_fallback_takes_back_what_the_message_filled(talk: Start) -> None:
    conversation = talk()
    assert conversation.say('/ja{"nr": 3}') == ["Dat snap ik niet"]
    assert conversation.tracker.slots == {}


def test_the_three_hundredth_turn_keeps_no_more_than_the_first(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    conversation.say("/vraag")
    first = len(conversation.tracker.to_json())
    for _ in range(300):
        conversation.say("/vraag")
    assert len(conversation.tracker.to_json()) <= first + 2
    assert conversation.tracker.turn == 302


def test_the_text_of_a_message_is_no_part_of_the_state_nor_of_what_is_printed(talk: Start) -> None:
    conversation = talk()
    conversation.say("heel geheim", "groet")
    assert "geheim" not in conversation.tracker.to_json()
    message = UserMessage("heel geheim", "groet", {"waar": "geheim"}, "rest")
    assert "geheim" not in repr(message)
    assert "geheim" not in repr(Tracker.empty().with_slots(wat="heel geheim"))


def test_one_engine_serves_conversations_side_by_side(talk: Start) -> None:
    one = talk(LOOK, actions={"action_kijk": lambda tracker, domain: []})
    first = one.engine.turn(Tracker.empty().with_slots(naam="A"), UserMessage("/ja", "ja", {}, "rest"))
    second = one.engine.turn(Tracker.empty().with_slots(naam="B"), UserMessage("/ja", "ja", {}, "rest"))
    assert next(first).call["tracker"]["slots"]["naam"] == "A"
    assert next(second).call["tracker"]["slots"]["naam"] == "B"
