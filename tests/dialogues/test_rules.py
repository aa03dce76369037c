"""Rules: what Rasa's RulePolicy predicts, and in which order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.dialogues.talk import WORLD, Talk

Start = Callable[..., Talk]


def rule(name: str, steps: str, condition: str = "", **more: object) -> str:
    lines = [f"  - rule: {name}"]
    if condition:
        lines.append(f"    condition: [{condition}]")
    lines.append(f"    steps: [{steps}]")
    lines += [f"    {key}: {str(value).lower()}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


OPEN = "{slot_was_set: [{open: true}]}"


def rules(*each: str) -> str:
    return "rules:\n" + "".join(each)


def test_a_rule_on_an_intent_runs_its_actions_and_listens(talk: Start) -> None:
    conversation = talk(rules(rule("a", "{intent: groet}, {action: utter_hallo}, {action: utter_antwoord}")))
    assert conversation.say("/groet") == ["Hallo", "Dit is het antwoord"]
    assert conversation.say("/groet") == ["Hallo", "Dit is het antwoord"]


def test_an_intent_without_a_rule_goes_to_the_fallback(talk: Start) -> None:
    assert talk(rules(rule("a", "{intent: groet}, {action: utter_hallo}"))).say("/ja") == ["Dat snap ik niet"]


def test_text_that_is_not_understood_goes_to_the_fallback(talk: Start) -> None:
    assert talk().say("blabla") == ["Dat snap ik niet"]


def test_an_intent_that_the_domain_does_not_know_is_not_understood(talk: Start) -> None:
    book = rules(rule("a", "{intent: nlu_fallback}, {action: utter_gestopt}"))
    assert talk(book).say("/start") == ["Gestopt"]


def test_back_is_left_out_of_the_subset(talk: Start) -> None:
    assert talk().say("/back") == ["Dat snap ik niet"]


def test_restart_and_session_start_go_before_any_rule_and_any_form(talk: Start) -> None:
    conversation = talk(add='  utter_restart: [{text: "Opnieuw"}]\n')
    conversation.say("/melden")
    assert conversation.say("/restart") == ["Opnieuw"]
    assert conversation.tracker.active_loop is None
    conversation.say("/melden")
    conversation.say('/antwoord{"waar": "plein"}')
    # Rasa's own action_session_start carries the slots over.
    assert conversation.say("/session_start") == []
    assert (conversation.tracker.active_loop, conversation.tracker.slots["waar"]) == (None, "plein")


def test_restart_runs_our_own_session_start_afterwards(talk: Start) -> None:
    def session(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "session_started"}, {"event": "slot", "name": "naam", "value": "Noor"}]

    conversation = talk(actions={"action_session_start": session})
    conversation.say("/groet")
    conversation.tracker = conversation.tracker.with_slots(naam="Bo")
    assert conversation.say("/restart") == []
    assert conversation.called() == ["action_session_start", "action_session_start"]
    assert conversation.tracker.slots == {"naam": "Noor"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "Hallo"),
        (False, "Gestopt"),
        (None, "Klaar"),
        ("true", "Hallo"),
        ("nee", "Klaar"),
        (1, "Hallo"),
        (0, "Gestopt"),
        ([], "Klaar"),
    ],
)
def test_a_bool_slot_is_true_or_false_or_unset(talk: Start, value: object, said: str) -> None:
    book = rules(
        rule("waar", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{open: true}]}"),
        rule("niet waar", "{intent: vraag}, {action: utter_gestopt}", "{slot_was_set: [{open: false}]}"),
        rule("leeg", "{intent: vraag}, {action: utter_klaar}", "{slot_was_set: [{open: null}]}"),
    )
    conversation = talk(book)
    conversation.say("/ja")
    conversation.tracker = conversation.tracker.with_slots(open=value)
    assert conversation.say("/vraag") == [said]


def test_a_text_slot_is_set_or_not_whatever_its_text(talk: Start) -> None:
    book = rules(
        rule("gezet", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{naam: Noor}]}"),
        rule("leeg", "{intent: vraag}, {action: utter_klaar}", "{slot_was_set: [{naam: null}]}"),
    )
    conversation = talk(book)
    assert conversation.say("/vraag") == ["Klaar"]
    for value in ("Bo", ""):
        conversation.tracker = conversation.tracker.with_slots(naam=value)
        assert conversation.say("/vraag") == ["Hallo"]


def test_a_text_slot_may_be_named_without_a_value(talk: Start) -> None:
    conversation = talk(rules(rule("a", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [naam]}")))
    assert conversation.say("/vraag") == ["Dat snap ik niet"]
    conversation.tracker = conversation.tracker.with_slots(naam="Bo")
    assert conversation.say("/vraag") == ["Hallo"]


def test_a_categorical_slot_is_one_of_its_values_or_another(talk: Start) -> None:
    book = rules(
        rule("p", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{kind: primair}]}"),
        rule("v", "{intent: vraag}, {action: utter_gestopt}", "{slot_was_set: [{kind: voortgezet}]}"),
        rule("geen", "{intent: vraag}, {action: utter_klaar}", "{slot_was_set: [{kind: null}]}"),
    )
    conversation = talk(book)
    assert conversation.say("/vraag") == ["Klaar"]
    for value, said in (
        ("primair", "Hallo"),
        ("PRIMAIR", "Hallo"),
        ("voortgezet", "Gestopt"),
        ("iets anders", "Dat snap ik niet"),
    ):
        conversation.tracker = conversation.tracker.with_slots(kind=value)
        assert conversation.say("/vraag") == [said]


def test_a_slot_of_type_any_never_influences(talk: Start) -> None:
    conversation = talk(rules(rule("a", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{nr: 3}]}")))
    assert conversation.say("/vraag") == ["Hallo"]


def test_a_slot_that_does_not_influence_is_not_seen(talk: Start) -> None:
    domain = WORLD.replace("  naam:\n    type: text\n", "  naam:\n    type: text\n    influence_conversation: false\n")
    conversation = talk(
        rules(rule("a", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{naam: null}]}")), domain=domain
    )
    conversation.tracker = conversation.tracker.with_slots(naam="Bo")
    assert conversation.say("/vraag") == ["Hallo"]


def test_an_initial_value_is_a_value_until_it_is_taken_away(talk: Start) -> None:
    domain = WORLD.replace("  open:\n    type: bool\n", "  open:\n    type: bool\n    initial_value: true\n")
    book = rules(
        rule("a", "{intent: vraag}, {action: utter_hallo}", "{slot_was_set: [{open: true}]}"),
        rule("b", "{intent: vraag}, {action: utter_klaar}", "{slot_was_set: [{open: null}]}"),
    )
    conversation = talk(book, domain=domain)
    assert conversation.say("/vraag") == ["Hallo"]
    conversation.tracker = conversation.tracker.with_slots(open=None)
    assert conversation.say("/vraag") == ["Klaar"]


def test_of_two_rules_that_fit_the_one_that_says_more_wins(talk: Start) -> None:
    book = rules(
        rule("algemeen", "{intent: vraag}, {action: utter_hallo}"),
        rule("bijzonder", "{intent: vraag}, {action: utter_gestopt}", "{slot_was_set: [{naam: x}]}"),
    )
    conversation = talk(book)
    assert conversation.say("/vraag") == ["Hallo"]
    conversation.tracker = conversation.tracker.with_slots(naam="Bo")
    assert conversation.say("/vraag") == ["Gestopt"]


def test_a_rule_goes_on_by_what_its_action_set(talk: Start) -> None:
    outcome: dict[str, object] = {}

    def look(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "slot", "name": "open", "value": outcome["open"]}]

    book = rules(
        rule("open", "{intent: vraag}, {action: action_kijk}, {slot_was_set: [{open: true}]}, {action: utter_hallo}"),
        rule("dicht", "{intent: vraag}, {action: action_kijk}, {slot_was_set: [{open: false}]}, {action: utter_gestopt}"),
    )
    conversation = talk(book, actions={"action_kijk": look})
    outcome["open"] = True
    assert conversation.say("/vraag") == ["Hallo"]
    outcome["open"] = False
    assert conversation.say("/vraag") == ["Gestopt"]
    outcome["open"] = None
    assert conversation.say("/vraag") == ["Dat snap ik niet"]


def test_a_rule_without_intent_follows_its_first_action(talk: Start) -> None:
    book = rules(
        rule("begin", "{intent: vraag}, {action: utter_antwoord}", wait_for_user_input=False),
        rule("verder", "{action: utter_antwoord}, {action: utter_klaar}"),
    )
    assert talk(book).say("/vraag") == ["Dit is het antwoord", "Klaar"]


def test_wait_for_user_input_false_leaves_what_follows_to_other_rules(talk: Start) -> None:
    book = rules(rule("begin", "{intent: vraag}, {action: utter_antwoord}", wait_for_user_input=False))
    assert talk(book).say("/vraag") == ["Dit is het antwoord", "Dat snap ik niet"]


def test_a_rule_may_begin_with_one_of_several_intents(talk: Start) -> None:
    conversation = talk(rules(rule("a", "{or: [{intent: ja}, {intent: nee}]}, {action: utter_hallo}")))
    assert [conversation.say("/ja"), conversation.say("/nee"), conversation.say("/groet")] == [
        ["Hallo"],
        ["Hallo"],
        ["Dat snap ik niet"],
    ]


def test_a_rule_of_the_form_that_goes_on_after_an_answer_keeps_the_form_from_asking_again(talk: Start) -> None:
    # Two rules that disagree about what follows: as in Rasa neither the form nor the listening wins, so the fallback does.
    book = rules(
        rule("vraag", "{intent: vraag}, {action: utter_antwoord}"),
        rule("begin", "{intent: melden}, {action: formulier}, {active_loop: formulier}"),
        rule("in", "{action: utter_antwoord}, {action: utter_klaar}", "{active_loop: formulier}"),
    )
    conversation = talk(book)
    assert conversation.say("/vraag") == ["Dit is het antwoord"]
    conversation.say("/melden")
    assert conversation.say("/vraag") == ["Dit is het antwoord", "Dat snap ik niet", "Waar?"]


def test_a_rule_holds_only_as_long_as_all_that_went_before_fits(talk: Start) -> None:
    def close(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "slot", "name": "open", "value": None}]

    book = rules(
        rule("open", "{intent: vraag}, {action: action_dicht}, {slot_was_set: [{open: null}]}, {action: utter_klaar}", OPEN),
        rule("dicht", "{intent: vraag}, {action: action_dicht}"),
        rule("ander begin", "{intent: groet}, {action: utter_hallo}, {action: action_dicht}", wait_for_user_input=False),
        rule("kort", "{intent: nee}, {action: action_dicht}", wait_for_user_input=False),
        rule("lang", "{action: utter_gestopt}, {action: utter_hallo}, {action: action_dicht}, {action: utter_antwoord}"),
    )
    conversation = talk(book, actions={"action_dicht": close})
    assert conversation.say("/vraag") == []
    conversation.tracker = conversation.tracker.with_slots(open=True)
    assert conversation.say("/vraag") == ["Klaar"]
    # "lang" wants utter_gestopt before; nothing fits.
    assert conversation.say("/groet") == ["Hallo", "Dat snap ik niet"]
    assert conversation.say("/nee") == ["Dat snap ik niet"]


def test_no_loop_may_be_a_condition(talk: Start) -> None:
    book = rules(
        rule("buiten", "{intent: vraag}, {action: utter_hallo}", "{active_loop: null}"),
        rule("begin", "{intent: melden}, {action: formulier}, {active_loop: formulier}"),
    )
    conversation = talk(book)
    assert conversation.say("/vraag") == ["Hallo"]
    conversation.say("/melden")
    assert conversation.say("/vraag") == ["Dat snap ik niet", "Waar?"]


def test_a_followup_action_goes_before_the_rules(talk: Start) -> None:
    def follow(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "followup", "name": "utter_klaar"}]

    book = rules(
        rule("a", "{intent: vraag}, {action: action_kijk}, {action: utter_hallo}"),
        rule("b", "{intent: groet}, {action: action_kijk}"),
    )
    conversation = talk(book, actions={"action_kijk": follow})
    # What came in between is not in the rule, so that the rule ends there.
    assert conversation.say("/vraag") == ["Klaar", "Dat snap ik niet"]


@pytest.mark.parametrize(("name", "said"), [("action_listen", []), ("utter_bestaat_niet", ["Hallo"])])
def test_a_followup_may_be_listening_and_an_unknown_one_is_left(talk: Start, name: str, said: list[str]) -> None:
    def follow(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "followup", "name": name}]

    book = rules(rule("a", "{intent: vraag}, {action: action_kijk}, {action: utter_hallo}"))
    assert talk(book, actions={"action_kijk": follow}).say("/vraag") == said


def test_rules_that_go_round_stop_after_ten_actions(talk: Start) -> None:
    book = rules(
        rule("begin", "{intent: vraag}, {action: utter_hallo}", wait_for_user_input=False),
        rule("heen", "{action: utter_hallo}, {action: utter_klaar}", wait_for_user_input=False),
        rule("weer", "{action: utter_klaar}, {action: utter_hallo}", wait_for_user_input=False),
    )
    conversation = talk(book)
    assert len(conversation.say("/vraag")) == 10
    assert len(conversation.say("/vraag")) == 10


def test_an_action_that_rejects_itself_leads_to_the_fallback(talk: Start) -> None:
    def reject(tracker: object, domain: object) -> list[dict[str, object]]:
        return [{"event": "action_execution_rejected", "name": "action_kijk"}]

    book = rules(rule("a", "{intent: vraag}, {action: action_kijk}"))
    assert talk(book, actions={"action_kijk": reject}).say("/vraag") == ["Dat snap ik niet"]


def test_our_own_fallback_ends_the_turn(talk: Start) -> None:
    def fallback(tracker: object, domain: object) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        return [], [{"text": "Kies een knop"}]

    assert talk(actions={"action_default_fallback": fallback}).say("bla") == ["Kies een knop"]
