"""Wrong dialogue files: each is refused with its line and a sentence that says how to mend it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

import dialogues
from dialogues import DialogueProblem, load
from tests.dialogues.talk import WORLD, WORLD_RULES, write

HEAD = 'version: "3.1"\n'


def problem(folder: Path, domain: str = WORLD, rules: str = WORLD_RULES) -> tuple[str, int, str]:
    with pytest.raises(DialogueProblem) as caught:
        load([write(folder, domain, rules)])
    found = caught.value
    assert str(found) == f"{found.file}:{found.line}: {found.message}"
    return Path(found.file).name, found.line, found.message


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


A = "slots:\n  a:\n    type: text\n    mappings:\n"
R = "responses:\n  utter_a:\n    - text: a\n"


@pytest.mark.parametrize(
    ("domain", "line", "says"),
    [
        ("intents: [", 1, "YAML"),
        ("- a", 1, "naam: waarde"),
        ("a: \x07", 1, "vreemde tekens"),
        (A + "      - from_text", 5, "naam: waarde"),
        ("intents: [a]\nintens: [b]", 2, 'Bedoel je "intents"?'),
        ("intents: [a]\nintents: [b]", 2, "twee keer"),
        ("intents: [a, a]", 1, "staat er al"),
        ("intents:\n  - a\n  - 3", 3, "tekst"),
        ("intents: a", 1, "begint met een streepje"),
        ("slots: [a]", 1, "naam: waarde"),
        ("a: &x {<<: 1}", 1, "gewone naam"),
        ("a: 2026-01-01", 1, "aanhalingstekens"),
        ("slots:\n  a:\n    type: list\n    mappings: [{type: custom}]", 3, "Kies een van die vier"),
        ("slots:\n  a:\n    type: text", 2, "custom"),
        ("slots:\n  a:\n    mappings: [{type: custom}]", 2, '"type"'),
        ("slots:\n  a:\n    type: categorical\n    mappings: [{type: custom}]", 2, "values"),
        ("slots:\n  a:\n    type: any\n    influence_conversation: true\n    mappings: [{type: custom}]", 4, "any"),
        ("slots:\n  session_started_metadata: {type: any, mappings: [{type: custom}]}", 2, "Haal het weg"),
        (A + "      - type: from_trigger_intent", 5, "gebruiken we niet"),
        (A + "      - type: from_entity\n        entity: b", 6, "entiteit"),
        (A + "      - type: from_intent\n        intent: b\n        value: c", 6, "intent"),
        (A + "      - type: from_intent", 5, "value"),
        (A + "      - {type: custom, action: action_x}", 5, "action"),
        (A + "      - {type: from_text, conditions: [{active_loop: f}]}", 5, "formulier"),
        (A + "      - {type: from_text, conditions: [{active_loop: null, requested_slot: b}]}", 5, '"b"'),
        ("forms:\n  f: {}", 2, "required_slots"),
        ("forms:\n  f:\n    required_slots:\n      - a", 4, '"a"'),
        ("forms:\n  f:\n    required_slots: []\n    ignored_intents: [x]", 4, '"x"'),
        (A + "      - type: custom\nforms:\n  f: {required_slots: [a]}", 7, "utter_ask_f_a"),
        ("responses:\n  hallo: [{text: a}]", 2, "utter_"),
        ("responses:\n  utter_a: []", 2, "geen tekst"),
        ("responses:\n  utter_a:\n    - buttons: []", 3, '"text"'),
        ("responses:\n  utter_a:\n    - text: 3", 3, "aanhalingstekens"),
        (R + "      image: b", 4, '"image"'),
        (R + "      condition: [{type: slot, name: b, value: c}]", 4, '"b"'),
        (R + "      condition: [{type: loop, name: b, value: c}]", 4, "slot"),
        (R + "      condition: [{type: slot, name: a}]\n" + A + "      - type: custom", 4, "value"),
        (R + "      buttons: [{title: b}]", 4, "payload"),
        (R + "      buttons: [{title: b, payload: groet}]", 4, "knop"),
        (R + "      buttons: [{title: b, payload: /groet}]", 4, "intent bestaat niet"),
        (R + "      buttons: [{title: b, payload: '/groet{\"c\": 1}'}]\nintents: [groet]", 4, "c bestaat"),
        ("actions:\n  - utter_weg", 2, "geen antwoord"),
    ],
)
def test_a_wrong_domain(tmp_path: Path, domain: str, line: int, says: str) -> None:
    file, found, message = problem(tmp_path, domain, "")
    assert (file, found) == ("domain.yml", line)
    assert says in message


@pytest.mark.parametrize(
    ("rule", "part", "says"),
    [
        ("steps: [{intent: groett}, {action: utter_hallo}]", "steps", 'Bedoel je "groet"?'),
        ("steps: [{intent: groet}, {action: utter_halo}]", "steps", 'Bedoel je "utter_hallo"?'),
        ("steps: [{intent: groet}, {intent: ja}, {action: utter_hallo}]", "steps", "hooguit een intent"),
        ("steps: [{action: utter_hallo}, {intent: ja}, {action: utter_hallo}]", "steps", "als eerste stap"),
        ("steps: [{intent: groet}]", "- rule", "gebeurt niets"),
        ("steps: []", "steps", "geen stappen"),
        ("condition: [{intent: groet}]\n    steps: [{action: utter_hallo}]", "condition", "voorwaarde"),
        ("steps: [{user: hallo}, {action: utter_hallo}]", "steps", "user"),
        ("steps: [{intent: groet, entities: [nr]}, {action: utter_hallo}]", "steps", "entities"),
        ("steps: [{intent: groet}, {action: action_listen}]", "steps", "vanzelf"),
        ("steps: [{intent: groet}, {slot_was_set: [{open: misschien}]}, {action: utter_hallo}]", "steps", "misschien"),
        ("steps: [{intent: groet}, {slot_was_set: [{kind: hoog}]}, {action: utter_hallo}]", "steps", "hoog"),
        ("steps: [{intent: groet}, {slot_was_set: [{opne: true}]}, {action: utter_hallo}]", "steps", 'Bedoel je "open"?'),
        ("steps: [{intent: groet}, {slot_was_set: [open]}, {action: utter_hallo}]", "steps", "welke waarde"),
        ("steps: [{intent: groet}, {slot_was_set: [3]}, {action: utter_hallo}]", "steps", "naam van een slot"),
        ("steps: [{intent: groet}, {active_loop: form}, {action: utter_hallo}]", "steps", "formulier"),
        ("steps: [{intent: groet}, {action: formulier}]", "steps", "active_loop: formulier"),
        (
            "steps: [{intent: groet}, {action: formulier}, {active_loop: formulier}, {action: utter_hallo}]",
            "steps",
            "eigen regel",
        ),
        ("steps: [{action: utter_hallo}, {action: formulier}]", "steps", "eerste actie"),
        ("steps: [{intent: restart}, {action: utter_hallo}]", "- rule", "gaat altijd voor"),
        ("wait_for_user_input: nee\n    steps: [{intent: groet}, {action: utter_hallo}]", "wait", "true of false"),
        (
            "conversation_start: true\n    steps: [{intent: groet}, {action: utter_hallo}]",
            "conversation_start",
            "conversation_start",
        ),
        ("steps: [{intent: vraag}, {action: utter_klaar}]", "steps", "vraag"),
    ],
)
def test_a_wrong_rule(tmp_path: Path, rule: str, part: str, says: str) -> None:
    rules = f"{WORLD_RULES}  - rule: nieuw\n    {rule}\n"
    start = rules.index("- rule: nieuw")
    file, line, message = problem(tmp_path, rules=rules)
    assert (file, line) == ("rules.yml", line_of(rules[:start] + rules[start:].replace(part, "§", 1), "§"))
    assert says in message


def test_stories_are_left_out(tmp_path: Path) -> None:
    assert problem(tmp_path, rules="stories: []")[1] == 1


def test_a_name_may_stand_in_one_file_only(tmp_path: Path) -> None:
    folder = write(tmp_path, WORLD, WORLD_RULES)
    (folder / "domain" / "more.yml").write_text("responses:\n  utter_hallo: [{text: Dag}]\n", encoding="utf-8")
    with pytest.raises(DialogueProblem, match=r"more\.yml:2.*staat al in"):
        load([folder])
    (folder / "domain" / "more.yml").write_text("slots:\n  naam: {type: text, mappings: [{type: custom}]}\n", encoding="utf-8")
    with pytest.raises(DialogueProblem, match=r"more\.yml:2.*staat al in"):
        load([folder])


def test_a_later_folder_may_say_a_response_in_its_own_way(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", WORLD, WORLD_RULES), write(tmp_path / "b", "responses:\n  utter_hallo: [{text: Hoi}]\n")
    assistant = load([first, second])
    assert assistant.domain.responses["utter_hallo"].variations[0].text.text == "Hoi"
    assert load([first, tmp_path / "is er niet"]).domain.intents == assistant.domain.intents


def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, WORLD, WORLD_RULES)
    (folder / "domain" / "oud.yml").write_bytes(b"responses:\n  utter_\xe9: []\n")
    with pytest.raises(DialogueProblem, match="UTF-8"):
        load([folder])


def test_the_domain_for_actions_is_plain_and_one_object(tmp_path: Path) -> None:
    assistant = load([write(tmp_path, WORLD, WORLD_RULES)])
    domain = assistant.domain_json()
    assert domain is assistant.domain_json()
    assert domain["forms"]["formulier"]["required_slots"] == ["waar", "wat"]
    assert type(domain["slots"]["waar"]) is dict
    assert type(domain["responses"]["utter_hallo"]) is list


def test_the_dialogues_of_the_project_are_sound() -> None:
    assistant = load([files(dialogues)])
    assert assistant.rules
    assert {"melding_form", "code_form", "bericht_form"} <= set(assistant.domain.forms)
