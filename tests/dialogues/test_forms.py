"""Forms: what Rasa's FormAction does, and where we are deliberately safer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rasa_sdk import FormValidationAction

from dialogues import RunAction, Tracker, UserMessage
from tests.dialogues.talk import WORLD, WORLD_RULES, Talk

Start = Callable[..., Talk]
PLACE = '/antwoord{"waar": "plein"}'


def test_a_form_asks_what_is_missing_in_order_and_then_its_submit_rule_runs(talk: Start) -> None:
    conversation = talk()
    assert conversation.say("/melden") == ["Waar?"]
    assert (conversation.tracker.active_loop, conversation.tracker.requested_slot) == ("formulier", "waar")
    assert conversation.say(PLACE) == ["Wat?"]
    assert conversation.say("ze schelden", "groet") == ["Klaar"]
    assert dict(conversation.tracker.slots) == {"waar": "plein", "wat": "ze schelden"}
    assert (conversation.tracker.active_loop, conversation.tracker.requested_slot) == (None, None)


def test_a_form_whose_slots_are_filled_is_done_at_once(talk: Start) -> None:
    conversation = talk()
    conversation.tracker = Tracker.empty().with_slots(waar="plein", wat="iets")
    assert conversation.say("/melden") == ["Klaar"]


def test_an_answer_may_come_from_the_intent(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    assert conversation.say("/overslaan") == ["Wat?"]
    assert conversation.tracker.slots["waar"] == "-"


def test_a_stale_button_fills_nothing(talk: Start) -> None:
    conversation = talk()
    assert conversation.say(PLACE) == ["Dat snap ik niet"]
    assert conversation.tracker.slots == {}
    conversation.say("/melden")
    conversation.say(PLACE)
    conversation.say('/antwoord{"waar": "gang"}')
    assert conversation.tracker.slots["waar"] == "plein"


def test_a_rule_without_condition_answers_within_the_form_and_the_form_asks_again(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    assert conversation.say("/vraag") == ["Dit is het antwoord", "Waar?"]
    assert conversation.say(PLACE) == ["Wat?"]


def test_an_ignored_intent_is_never_taken_as_the_text_of_an_answer(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    conversation.say(PLACE)
    assert conversation.say("/vraag") == ["Dit is het antwoord", "Wat?"]
    assert "wat" not in conversation.tracker.slots


def test_a_button_that_the_form_does_not_ignore_is_taken_as_text(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    conversation.say(PLACE)
    assert conversation.say("/groet") == ["Klaar"]
    assert conversation.tracker.slots["wat"] == "/groet"


def test_safer_than_rasa_after_a_fallback_the_question_is_asked_again(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    assert conversation.say("weet niet") == ["Dat snap ik niet", "Waar?"]
    assert conversation.tracker.requested_slot == "waar"
    assert conversation.say(PLACE) == ["Wat?"]


def test_safer_than_rasa_also_after_a_fallback_of_our_own(talk: Start) -> None:
    def fallback(tracker: Any, domain: Any) -> Any:
        return [], [{"text": "Kies een knop"}]

    conversation = talk(actions={"action_default_fallback": fallback})
    conversation.say("/melden")
    assert conversation.say("/ja") == ["Kies een knop", "Waar?"]


def test_safer_than_rasa_a_failing_action_stops_the_turn(talk: Start) -> None:
    def fail(tracker: Any, domain: Any) -> Any:
        raise OSError("disk full")

    rules = WORLD_RULES + "  - rule: kijk\n    steps: [{intent: ja}, {action: action_kijk}, {action: utter_hallo}]\n"
    conversation = talk(rules, actions={"action_kijk": fail})
    conversation.say("/groet")
    before = conversation.tracker
    with pytest.raises(OSError, match="disk full"):
        conversation.say("/ja")
    assert conversation.tracker is before
    turn = conversation.engine.turn(before, UserMessage("/ja", "ja", {}, "rest"))
    assert isinstance(next(turn), RunAction)
    with pytest.raises(OSError, match="thrown in"):
        turn.throw(OSError("thrown in"))


def test_a_deactivated_form_keeps_its_other_slots(talk: Start) -> None:
    conversation = talk()
    conversation.say("/melden")
    conversation.say(PLACE)
    assert conversation.say("/stoppen") == ["Gestopt"]
    assert (conversation.tracker.active_loop, conversation.tracker.requested_slot) == (None, None)
    assert dict(conversation.tracker.slots) == {"waar": "plein"}
    assert conversation.say("/melden") == ["Wat?"]


def test_a_rule_of_the_form_that_does_not_return_to_it_leaves_the_form_rejected(talk: Start) -> None:
    # So it is in Rasa too: only the form's next run takes an answer again. Write "action: formulier" at the end of such a rule.
    rules = WORLD_RULES + (
        "  - rule: in formulier\n    condition: [{active_loop: formulier}]\n    steps: [{intent: ja}, {action: utter_hallo}]\n"
        "  - rule: terug\n    condition: [{active_loop: formulier}]\n"
        "    steps: [{intent: nee}, {action: utter_hallo}, {action: formulier}, {active_loop: formulier}]\n"
    )
    conversation = talk(rules)
    conversation.say("/melden")
    assert conversation.say("/nee") == ["Hallo", "Waar?"]
    assert not conversation.tracker.rejected
    assert conversation.say("/ja") == ["Hallo"]
    assert conversation.tracker.rejected
    assert conversation.say(PLACE) == ["Dat snap ik niet", "Waar?"]
    assert conversation.say(PLACE) == ["Wat?"]


def test_a_rule_cannot_run_the_form_that_just_rejected_the_message(talk: Start) -> None:
    rules = WORLD_RULES + (
        "  - rule: weer\n    condition: [{active_loop: formulier}]\n"
        "    steps: [{intent: ja}, {action: formulier}, {active_loop: formulier}]\n"
    )
    conversation = talk(rules)
    conversation.say("/melden")
    assert conversation.say("/ja") == ["Dat snap ik niet", "Waar?"]
    assert conversation.say("/melden") == ["Dat snap ik niet", "Waar?"]


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        (["action_ask_formulier_wat", "utter_ask_formulier_wat", "action_ask_wat", "utter_ask_wat"], "action_ask_formulier_wat"),
        (["utter_ask_formulier_wat", "action_ask_wat", "utter_ask_wat"], "utter_ask_formulier_wat"),
        (["action_ask_wat", "utter_ask_wat"], "action_ask_wat"),
        (["utter_ask_wat"], "utter_ask_wat"),
    ],
)
def test_who_asks_for_a_slot(talk: Start, names: list[str], asked: str) -> None:
    domain = WORLD.replace("  utter_ask_wat: [{text: Wat?}]\n", "")
    for name in names:
        if name.startswith("utter_"):
            domain += f"  {name}: [{{text: {name}}}]\n"
    actions = {name: lambda tracker, domain, name=name: ([], [{"text": name}]) for name in names if name.startswith("action_")}
    conversation = talk(domain=domain, actions=actions)
    conversation.say("/melden")
    assert conversation.say(PLACE) == [asked]


class Validate(FormValidationAction):
    """A real validation action: a place has at least three letters, and "kantine" also tells what happened."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, Any], Any]] = []

    def name(self) -> str:
        return "validate_formulier"

    async def required_slots(self, domain_slots: Any, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        self.seen.append((tracker.slots_to_validate(), tracker.active_loop.get("name")))
        extra = ["naam"] if tracker.get_slot("waar") == "anders" else []
        return [domain_slots[0], *extra, *domain_slots[1:]]

    def extract_naam(self, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        """The domain's mappings fill it; without this method rasa-sdk warns about a slot that the form does not list."""
        return {}

    def validate_waar(self, value: Any, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        if len(value) < 3:
            dispatcher.utter_message(text="Dat is te kort")
            return {"waar": None}
        if value == "kantine":
            return {"waar": value, "wat": "iets in de kantine"}
        return {"waar": value.upper() if value == "plein" else value}

    def validate_wat(self, value: Any, dispatcher: Any, tracker: Any, domain: Any) -> dict[str, Any]:
        if value == "stop maar":
            return {"wat": None, "requested_slot": None}
        return {"wat": value}


ASK_NAME = "  utter_ask_naam: [{text: Naam?}]\n"


def test_the_extracted_slots_are_the_last_events_that_the_validation_sees(talk: Start) -> None:
    validate = Validate()
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": validate})
    assert conversation.say("/melden") == ["Waar?"]
    assert all(seen == ({}, "formulier") for seen in validate.seen[:1])
    validate.seen.clear()
    assert conversation.say(PLACE) == ["Wat?"]
    assert validate.seen[0] == ({"waar": "plein"}, "formulier")
    assert conversation.tracker.slots["waar"] == "PLEIN"


def test_a_slot_that_the_validation_refuses_is_asked_again(talk: Start) -> None:
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": Validate()})
    conversation.say("/melden")
    assert conversation.say('/antwoord{"waar": "a"}') == ["Dat is te kort", "Waar?"]
    assert "waar" not in conversation.tracker.slots


def test_a_validation_may_fill_another_slot(talk: Start) -> None:
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": Validate()})
    conversation.say("/melden")
    assert conversation.say('/antwoord{"waar": "kantine"}') == ["Klaar"]


def test_a_validation_may_ask_for_a_slot_that_the_form_does_not_list(talk: Start) -> None:
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": Validate()})
    conversation.say("/melden")
    assert conversation.say('/antwoord{"waar": "anders"}') == ["Naam?"]
    assert conversation.tracker.requested_slot == "naam"
    # Coming back from another question it decides again.
    assert conversation.say("/vraag") == ["Dit is het antwoord", "Naam?"]


def test_a_validation_may_end_the_form(talk: Start) -> None:
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": Validate()})
    conversation.say("/melden")
    conversation.say(PLACE)
    assert conversation.say("stop maar", "ja") == ["Klaar"]
    assert conversation.tracker.active_loop is None


def test_back_from_another_question_nothing_is_validated_as_an_answer(talk: Start) -> None:
    validate = Validate()
    conversation = talk(add=ASK_NAME, actions={"validate_formulier": validate})
    conversation.say("/melden")
    validate.seen.clear()
    conversation.say("/vraag")
    assert [candidates for candidates, _ in validate.seen] == [{}] * len(validate.seen)
    assert validate.seen


def test_a_validation_that_says_nothing_of_a_slot_finds_it_good(talk: Start) -> None:
    conversation = talk(actions={"validate_formulier": lambda tracker, domain: []})
    conversation.say("/melden")
    assert conversation.say(PLACE) == ["Wat?"]
    assert conversation.tracker.slots["waar"] == "plein"


def test_a_validation_may_reject_the_message_itself(talk: Start) -> None:
    def validate(tracker: Any, domain: Any) -> list[dict[str, Any]]:
        if tracker.slots_to_validate():
            return [{"event": "action_execution_rejected", "name": "formulier"}, {"event": "slot", "name": "waar", "value": None}]
        return []

    rules = WORLD_RULES.replace("{intent: groet}", "{intent: antwoord}")
    conversation = talk(rules, actions={"validate_formulier": validate})
    conversation.say("/melden")
    assert conversation.say(PLACE) == ["Hallo", "Waar?"]


def test_what_begins_the_form_may_already_answer_it(talk: Start) -> None:
    domain = WORLD.replace(
        "      - type: from_entity\n        entity: waar\n        conditions: [{active_loop: formulier, requested_slot: waar}]\n",
        "      - type: from_entity\n        entity: waar\n        conditions: [{active_loop: formulier}]\n",
    )
    validate = Validate()
    conversation = talk(domain=domain + ASK_NAME, actions={"validate_formulier": validate})
    assert conversation.say('/melden{"waar": "plein"}') == ["Wat?"]
    assert validate.seen[0] == ({"waar": "plein"}, "formulier")
    assert conversation.tracker.slots["waar"] == "PLEIN"


def test_what_begins_the_form_may_answer_it_without_validation(talk: Start) -> None:
    domain = WORLD.replace("entity: waar\n        conditions: [{active_loop: formulier, requested_slot: waar}]", "entity: waar")
    conversation = talk(domain=domain)
    assert conversation.say('/melden{"waar": "plein"}') == ["Wat?"]


def test_an_action_may_end_a_form_or_begin_one(talk: Start) -> None:
    def end(tracker: Any, domain: Any) -> list[dict[str, Any]]:
        return [{"event": "active_loop", "name": None}, {"event": "slot", "name": "requested_slot", "value": None}]

    def begin(tracker: Any, domain: Any) -> list[dict[str, Any]]:
        return [{"event": "active_loop", "name": "formulier"}]

    rules = WORLD_RULES + (
        "  - rule: weg\n    steps: [{intent: ja}, {action: action_weg}, {active_loop: null}]\n"
        "  - rule: aan\n    steps: [{intent: nee}, {action: action_aan}, {active_loop: formulier}]\n"
    )
    conversation = talk(rules, actions={"action_weg": end, "action_aan": begin})
    conversation.say("/melden")
    assert conversation.say("/ja") == []
    assert conversation.tracker.active_loop is None
    assert conversation.say("/nee") == ["Waar?"]


def test_a_form_that_the_files_no_longer_know_is_left(talk: Start) -> None:
    conversation = talk()
    conversation.tracker = Tracker({"waar": "plein", "weg": 1}, "oud_formulier", "oud", False, 3, True)
    assert conversation.say("/groet") == ["Hallo"]
    assert (conversation.tracker.active_loop, conversation.tracker.requested_slot) == (None, None)
    assert dict(conversation.tracker.slots) == {"waar": "plein"}


def test_asks_text_when_the_question_takes_typed_text(talk: Start) -> None:
    conversation = talk()
    assert not conversation.engine.asks_text(conversation.tracker)
    conversation.say("/melden")
    assert not conversation.engine.asks_text(conversation.tracker)
    conversation.say(PLACE)
    assert conversation.engine.asks_text(conversation.tracker)
