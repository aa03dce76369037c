"""What must behave exactly as in Rasa, and where we are deliberately safer: line by line, each with the tests that show it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dialogues import Tracker, load, parse_payload
from tests.dialogues.talk import WORLD, WORLD_RULES, Talk

Start = Callable[..., Talk]
TESTS = Path(__file__).parents[1]
CONVERSATIONS = TESTS / "conversations"

# A line of the design, and its tests: "file::function", or a conversation as "subject/case".
EXACTLY_AS_IN_RASA = {
    "order of a turn: session check, understand, user event, slot extraction, predict and run until listen": [
        "dialogues/test_turns.py::test_a_new_conversation_starts_a_session_before_the_message",
        "dialogues/test_as_in_rasa.py::test_the_order_of_a_turn",
        "dialogues/test_turns.py::test_an_action_is_told_the_turn_so_far",
    ],
    "at most 10 actions": ["dialogues/test_rules.py::test_rules_that_go_round_stop_after_ten_actions"],
    "precedence: restart and session_start, loop happy path, rules on intent, fallback": [
        "dialogues/test_rules.py::test_restart_and_session_start_go_before_any_rule_and_any_form",
        "dialogues/test_as_in_rasa.py::test_an_answer_goes_to_the_form_before_a_rule_on_its_intent",
        "dialogues/test_as_in_rasa.py::test_a_rule_on_the_intent_goes_before_the_fallback",
        "dialogues/test_rules.py::test_an_intent_without_a_rule_goes_to_the_fallback",
    ],
    "rule condition slot_was_set": ["dialogues/test_rules.py::test_a_categorical_slot_is_one_of_its_values_or_another"],
    "rule condition active_loop": ["dialogues/test_rules.py::test_no_loop_may_be_a_condition"],
    "rule condition null: must not be set": ["dialogues/test_as_in_rasa.py::test_null_means_that_a_slot_must_not_be_set"],
    "wait_for_user_input: false": ["dialogues/test_rules.py::test_wait_for_user_input_false_leaves_what_follows_to_other_rules"],
    "slot features: text, set or not": ["dialogues/test_rules.py::test_a_text_slot_is_set_or_not_whatever_its_text"],
    "slot features: bool": ["dialogues/test_rules.py::test_a_bool_slot_is_true_or_false_or_unset"],
    "slot features: categorical": ["dialogues/test_rules.py::test_a_categorical_slot_is_one_of_its_values_or_another"],
    "slot features: any, never": ["dialogues/test_rules.py::test_a_slot_of_type_any_never_influences"],
    "slot mappings from_intent, from_entity, from_text with intent, not_intent, conditions; the first that yields wins": [
        "dialogues/test_turns.py::test_the_first_mapping_that_yields_wins",
        "dialogues/test_forms.py::test_an_answer_may_come_from_the_intent",
        "dialogues/test_forms.py::test_a_stale_button_fills_nothing",
    ],
    "form ignored_intents": [
        "dialogues/test_turns.py::test_ignored_intents_within_a_form",
        "dialogues/test_forms.py::test_an_ignored_intent_is_never_taken_as_the_text_of_an_answer",
    ],
    "trailing slot events reach validate_<form>": [
        "dialogues/test_forms.py::test_the_extracted_slots_are_the_last_events_that_the_validation_sees"
    ],
    "ask order: action_ask_<form>_<slot>, utter_ask_<form>_<slot>, action_ask_<slot>, utter_ask_<slot>": [
        "dialogues/test_forms.py::test_who_asks_for_a_slot"
    ],
    "a condition-less rule inside a form answers and then asks again": [
        "dialogues/test_forms.py::test_a_rule_without_condition_answers_within_the_form_and_the_form_asks_again"
    ],
    "action_deactivate_loop keeps the other slots": ["dialogues/test_forms.py::test_a_deactivated_form_keeps_its_other_slots"],
    'payload grammar /intent{"entity": "value"}': [
        "dialogues/test_tracker_and_payload.py::test_payloads",
        "dialogues/test_tracker_and_payload.py::test_what_is_no_payload_is_text",
        "dialogues/test_as_in_rasa.py::test_a_payload_names_its_intent_and_carries_entities",
    ],
    "response choice conditional and channel, channel, conditional, default": [
        "dialogues/test_responses.py::test_condition_and_channel_before_channel_before_condition_before_neither",
        "dialogues/test_responses.py::test_a_channel_goes_before_a_condition",
    ],
}

DELIBERATELY_SAFER = {
    "danger before everything": ["gevaar/gevaar_meteen", "gevaar/bij_een_tekstvraag", "gevaar/bij_een_knopvraag"],
    "danger is answered though everything else fails": [
        "bot/test_conversation.py::test_danger_is_answered_though_everything_else_fails"
    ],
    "a failing action stops the turn": [
        "dialogues/test_forms.py::test_safer_than_rasa_a_failing_action_stops_the_turn",
        "bot/test_conversation.py::test_an_action_that_fails_leaves_nothing_and_the_pupil_hears_it",
    ],
    "after a fallback in a form the question is asked again": [
        "dialogues/test_forms.py::test_safer_than_rasa_after_a_fallback_the_question_is_asked_again",
        "dialogues/test_forms.py::test_safer_than_rasa_also_after_a_fallback_of_our_own",
    ],
    "a session that expires in a form offers to resume or to wipe": [
        "bot/test_conversation.py::test_a_form_that_stood_still_asks_who_is_there_and_keeps_the_answers",
        "bot/test_conversation.py::test_a_form_that_stood_still_can_be_wiped",
    ],
    "terug goes to the form's previous question, else the menu": [
        "bot/test_conversation.py::test_terug_goes_to_the_previous_question_of_the_form_else_to_the_menu",
        "dialogues/test_rules.py::test_back_is_left_out_of_the_subset",
    ],
    "a child's text is never put into a response through a placeholder": [
        "dialogues/test_as_in_rasa.py::test_no_response_has_a_placeholder_that_a_child_fills",
        "dialogues/test_responses.py::test_an_action_may_say_its_own_text_which_is_shown_as_it_is",
        "dialogues/test_responses.py::test_a_value_is_never_read_as_a_template",
    ],
}


@pytest.mark.parametrize("line", [*EXACTLY_AS_IN_RASA, *DELIBERATELY_SAFER])
def test_every_line_has_its_tests(line: str) -> None:
    tests = {**EXACTLY_AS_IN_RASA, **DELIBERATELY_SAFER}[line]
    assert tests
    for test in tests:
        file, _, function = test.partition("::")
        if function:
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert function in names, test
        else:
            assert (CONVERSATIONS / f"{file}.yaml").is_file(), test


def test_the_order_of_a_turn(talk: Start) -> None:
    seen: list[tuple[str, Any, Any]] = []

    def begin(tracker: Any, domain: Any) -> Any:
        seen.append(("session", tracker.get_slot("nr"), tracker.latest_message.get("text")))
        return [{"event": "session_started"}, {"event": "slot", "name": "naam", "value": "de school"}]

    def look(tracker: Any, domain: Any) -> Any:
        seen.append(("action", tracker.get_slot("nr"), tracker.latest_message.get("text")))
        return []

    rules = WORLD_RULES + (
        "  - rule: kijk\n    condition: [{slot_was_set: [{naam: x}]}]\n"
        "    steps: [{intent: ja}, {action: action_kijk}, {action: utter_hallo}]\n"
    )
    conversation = talk(rules, actions={"action_session_start": begin, "action_kijk": look})
    # The session knows nothing of the message; the rule sees what the session set, and the action what the message filled.
    assert conversation.say('/ja{"nr": 3}') == ["Hallo"]
    assert seen == [("session", None, None), ("action", 3, '/ja{"nr": 3}')]
    # The second turn begins with the message.
    conversation.say('/ja{"nr": 4}')
    assert [name for name, _, _ in seen] == ["session", "action", "action"]


def test_an_answer_goes_to_the_form_before_a_rule_on_its_intent(talk: Start) -> None:
    rules = WORLD_RULES + "  - rule: antwoord\n    steps: [{intent: antwoord}, {action: utter_antwoord}]\n"
    conversation = talk(rules)
    assert conversation.say('/antwoord{"waar": "plein"}') == ["Dit is het antwoord"]
    conversation.say("/melden")
    assert conversation.say('/antwoord{"waar": "plein"}') == ["Wat?"]


def test_a_rule_on_the_intent_goes_before_the_fallback(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    assert conversation.say("/vraag") == ["Dit is het antwoord", "Waar?"]
    assert conversation.say("/ja") == ["Dat snap ik niet", "Waar?"]


def test_null_means_that_a_slot_must_not_be_set(talk: Start) -> None:
    rules = WORLD_RULES + (
        "  - rule: nog niet\n    condition: [{slot_was_set: [{naam: null}]}]\n    steps: [{intent: ja}, {action: utter_hallo}]\n"
    )
    conversation = talk(rules)
    assert conversation.say("/ja") == ["Hallo"]
    conversation.tracker = conversation.tracker.with_slots(naam="iemand")
    assert conversation.say("/ja") == ["Dat snap ik niet"]


def test_a_payload_names_its_intent_and_carries_entities(talk: Start) -> None:
    assert parse_payload('/antwoord{"waar": "op het plein"}') == ("antwoord", {"waar": "op het plein"})
    conversation = talk()
    conversation.say("/melden")
    conversation.say('/antwoord{"waar": "op het plein"}')
    assert conversation.tracker.slots["waar"] == "op het plein"


def test_no_response_has_a_placeholder_that_a_child_fills() -> None:
    domain = load([files("dialogues")]).domain
    # Slots that typed text, or what a button made by hand carries, can end up in.
    theirs = {
        name
        for name, slot in domain.slots.items()
        if any(mapping.type in ("from_text", "from_entity") for mapping in slot.mappings)
    }
    assert theirs >= {"wat", "waar", "bericht", "code"}
    for response in domain.responses.values():
        for variation in response.variations:
            used = variation.text.names.union(*(title.names | payload.names for title, payload in variation.buttons))
            assert not used & theirs, response.name


def test_a_state_is_a_snapshot_and_no_list_of_events(talk: Start) -> None:
    conversation = talk(domain=WORLD)
    conversation.say("/groet")
    assert isinstance(conversation.tracker, Tracker)
    assert "event" not in conversation.tracker.to_json()
