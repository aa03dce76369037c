"""The checker: each finding on a broken file, with its line; and a sound file in which it finds nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from dialogues.checker import Known, check
from tests.dialogues.talk import write

DOMAIN = """\
version: "3.1"
intents: [groet, vraag, menu, stoppen, crisis_thuis, antwoord, versturen, melden, ja]
entities: [waar, akkoord, nr]
session_config:
  carry_over_slots_to_new_session: false
actions:
  - action_versturen
  - action_kijken
slots:
  open:
    type: bool
    mappings: [{type: custom}]
  rol:
    type: categorical
    values: [leerling, ouder]
    mappings: [{type: custom}]
  naam:
    type: text
    influence_conversation: false
    mappings: [{type: custom}]
  wat:
    type: text
    influence_conversation: false
    mappings:
      - type: from_text
        conditions: [{active_loop: formulier, requested_slot: wat}]
  akkoord:
    type: text
    influence_conversation: false
    mappings:
      - type: from_entity
        entity: akkoord
        intent: versturen
        conditions: [{active_loop: formulier, requested_slot: akkoord}]
forms:
  formulier:
    ignored_intents: [groet, vraag, menu, stoppen, crisis_thuis, antwoord, versturen, melden, ja]
    required_slots:
      - wat
      - akkoord
responses:
  utter_hallo:
    - text: Hallo {naam}, dit is een brievenbus.
      buttons:
        - title: Iets melden
          payload: /melden
        - title: Vraag {nummer}
          payload: /vraag
  utter_antwoord:
    - condition: [{type: slot, name: rol, value: ouder}]
      text: Dit is het antwoord.
      buttons:
        - title: Menu
          payload: /menu
    - text: Dit is het antwoord.
      buttons:
        - title: Menu
          payload: /menu
  utter_gestopt:
    - text: Gestopt
      buttons:
        - title: Menu
          payload: /menu
  utter_ask_formulier_wat:
    - text: Wat is er gebeurd?
  utter_ask_formulier_akkoord:
    - text: Wil je dit versturen?
      buttons:
        - title: Versturen
          payload: '/versturen{{"akkoord":"{nonce}"}}'
"""

RULES = """\
version: "3.1"
rules:
  - rule: groet
    steps:
      - intent: groet
      - action: utter_hallo
  - rule: menu
    steps:
      - intent: menu
      - action: utter_hallo
  - rule: vraag
    condition:
      - active_loop: null
    steps:
      - intent: vraag
      - action: action_kijken
      - slot_was_set:
          - open: true
      - action: utter_antwoord
  - rule: vraag, dicht
    condition:
      - active_loop: null
    steps:
      - intent: vraag
      - action: action_kijken
      - slot_was_set:
          - open: false
      - action: utter_gestopt
  - rule: melden
    condition:
      - active_loop: null
    steps:
      - intent: melden
      - action: formulier
      - active_loop: formulier
  - rule: klaar
    condition:
      - active_loop: formulier
    steps:
      - action: formulier
      - active_loop: null
      - slot_was_set:
          - requested_slot: null
      - action: action_versturen
  - rule: stop
    condition:
      - active_loop: formulier
    steps:
      - intent: stoppen
      - action: action_deactivate_loop
      - active_loop: null
      - action: utter_gestopt
"""

KNOWN = Known({"nonce": "0" * 32, "nummer": "12"}, {"naam": "De Mijlpaal"}, frozenset({"action_versturen", "action_kijken"}))


@dataclass(frozen=True)
class Change:
    """One change to the sound files: what stands there, what comes there, and the line of which a finding speaks."""

    old: str
    new: str
    at: str = ""
    says: str = ""
    findings: int = 1

    def made(self, text: str) -> str:
        return text.replace(self.old, self.new, 1)


def findings(folder: Path, change: Change | None = None) -> list[tuple[str, int, str]]:
    domain, rules = (change.made(DOMAIN), change.made(RULES)) if change else (DOMAIN, RULES)
    assert change is None or (domain, rules) != (DOMAIN, RULES), "nothing was changed"
    write(folder, domain, rules)
    return [(Path(each.file).name, each.line, each.message) for each in check([folder], KNOWN)]


def test_sound_files_have_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


HARD = "De leerkrachten begeleiden leerlingen regelmatig tijdens moeilijke gesprekken over vervelende berichten. " * 3
STOP_AGAIN = """\
  - rule: nog een keer vraag
    condition:
      - slot_was_set:
          - rol: ouder
    steps:
      - intent: vraag
      - action: utter_gestopt  # HIER
"""

BROKEN = {
    "two rules, one without condition": Change(
        "  - rule: stop\n",
        "  - rule: stop overal\n    steps:\n      - intent: stoppen\n      - action: utter_antwoord\n  - rule: stop\n",
        "      - action: action_deactivate_loop",
        '"stop" wil hier action_deactivate_loop',
    ),
    "two rules with conditions on different slots": Change(
        "  - rule: stop\n", STOP_AGAIN + "  - rule: stop\n", "utter_gestopt  # HIER", "beide kunnen tegelijk passen", 2
    ),
    "one rule goes on where another listens": Change(
        "  - rule: vraag\n",
        "  - rule: groet en meer\n    condition:\n      - active_loop: null\n    steps:\n"
        "      - intent: groet\n      - action: utter_hallo\n      - action: utter_antwoord  # HIER\n  - rule: vraag\n",
        "utter_antwoord  # HIER",
        "luisteren",
    ),
    "a rule that does not say what an action did to a slot": Change(
        "  - rule: melden\n",
        "  - rule: kijken\n    condition:\n      - active_loop: null\n    steps:\n"
        "      - intent: ja\n      - action: action_kijken\n      - action: utter_gestopt  # HIER\n  - rule: melden\n",
        "utter_gestopt  # HIER",
        "slot_was_set: open",
    ),
    "a rule that does not say what an action did to a loop": Change(
        "  - rule: melden\n",
        "  - rule: weg\n    steps:\n      - intent: ja\n      - action: action_deactivate_loop\n"
        "      - action: utter_gestopt  # HIER\n  - rule: melden\n",
        "utter_gestopt  # HIER",
        "active_loop: null",
    ),
    "navigation stored as an answer": Change(
        "    ignored_intents: [groet, vraag, menu, ", "    ignored_intents: [groet, vraag, ", "  formulier:", "bewaard: menu"
    ),
    "danger stored as an answer": Change(
        "stoppen, crisis_thuis, antwoord, versturen, melden, ja]\n    required",
        "stoppen, antwoord, versturen, melden, ja]\n    required",
        "  formulier:",
        "bewaard: crisis_thuis",
    ),
    "a button stored as an answer": Change(
        "antwoord, versturen, melden, ja]\n    required",
        "antwoord, versturen, ja]\n    required",
        "  formulier:",
        "bewaard: melden",
    ),
    "a text that is filled anywhere": Change(
        "      - type: from_text\n        conditions: [{active_loop: formulier, requested_slot: wat}]",
        "      - type: from_text\n        conditions: [{active_loop: formulier}]",
        "      - type: from_text",
        "Alles wat iemand typt",
    ),
    "sending after a form without consent": Change(
        "    required_slots:\n      - wat\n      - akkoord\n",
        "    required_slots:\n      - akkoord\n      - wat\n",
        "      - action: action_versturen",
        "niet als laatste om akkoord",
    ),
    "sending after a button": Change(
        "  - rule: stop\n",
        "  - rule: meteen\n    condition:\n      - active_loop: null\n    steps:\n"
        "      - intent: versturen\n      - action: action_versturen  # HIER\n  - rule: stop\n",
        "action_versturen  # HIER",
        "zonder akkoord",
    ),
    "a consent that is typed": Change(
        "      - type: from_entity\n        entity: akkoord\n        intent: versturen\n",
        "      - type: from_intent\n        value: ja\n        intent: ja\n",
        "      - type: from_intent",
        "alleen met een knop",
        2,  # and so its button answers nothing
    ),
    "a consent that begins filled": Change(
        "  akkoord:\n    type: text\n", "  akkoord:\n    type: text\n    initial_value: ja\n", "  akkoord:", "initial_value"
    ),
    "text that lives on in a new session": Change(
        "  carry_over_slots_to_new_session: false", "  carry_over_slots_to_new_session: true", "  carry_over", "nieuw gesprek"
    ),
    "nothing said about a new session": Change(
        "  carry_over_slots_to_new_session: false", "  session_expiration_time: 60", "  wat:", "carry_over_slots_to_new_session"
    ),
    "text that is there before anybody typed": Change(
        "  wat:\n    type: text\n", "  wat:\n    type: text\n    initial_value: iets\n", "  wat:", "initial_value"
    ),
    "a question that nothing asks": Change(
        "  utter_ask_formulier_wat:", "  utter_ask_wats:", "  formulier:", "utter_ask_formulier_wat"
    ),
    "a question in between that nothing asks": Change(
        "  naam:\n    type: text\n    influence_conversation: false\n    mappings: [{type: custom}]",
        "  naam:\n    type: text\n    influence_conversation: false\n    mappings:\n      - type: from_intent\n"
        "        intent: ja\n        value: ja\n        conditions: [{active_loop: formulier, requested_slot: naam}]",
        "      - type: from_intent",
        "utter_ask_formulier_naam",
    ),
    "a payload that is too long": Change(
        '{{"akkoord":"{nonce}"}}', '{{"akkoord":"{nonce}{nonce}"}}', "        - title: Versturen", "64"
    ),
    "a text that is too long": Change("text: Wat is er gebeurd?", f"text: {'Wat? ' * 900}", "    - text: Wat? ", "4096"),
    "no text": Change("text: Wat is er gebeurd?", "text: ''", "    - text: ''", "geen tekst"),
    "an unknown intent": Change("      - intent: stoppen", "      - intent: stopen", "      - intent: stopen", "stoppen"),
    "an unknown slot": Change("name: rol, value", "name: rool, value", "name: rool", "rol"),
    "an unknown action": Change(
        "      - action: utter_gestopt", "      - action: utter_stop", "      - action: utter_stop", "utter_"
    ),
    "an action that Python does not have": Change(
        "  - action_kijken\n", "  - action_kijken\n  - action_kiken\n", "  - action_kiken", 'Bedoel je "action_kijken"'
    ),
    "a response without text": Change(
        "  - action_kijken\n", "  - action_kijken\n  - utter_halo\n", "  - utter_halo", "utter_hallo"
    ),
    "a brace that does not close": Change("Hallo {naam}, dit", "Hallo {naam, dit", "    - text: Hallo {naam, dit", "accolade"),
    "a brace with spaces": Change("Hallo {naam}, dit", "Hallo { naam }, dit", "    - text: Hallo { naam", "accolade"),
    "a placeholder that nothing fills": Change("Hallo {naam}", "Hallo {nam}", "    - text: Hallo {nam}", 'Bedoel je "naam"'),
    "a placeholder in a title": Change("Vraag {nummer}", "Vraag {numer}", "        - title: Vraag {numer}", '"nummer"'),
    "a placeholder with what somebody typed": Change("Hallo {naam}", "Hallo {wat}", "    - text: Hallo {wat}", "zelf typte"),
    "the braces of a payload": Change(
        '\'/versturen{{"akkoord":"{nonce}"}}\'',
        '\'/versturen{{"akkoord":"{nonce}"}\'',
        "        - title: Versturen",
        "klopt niet",
    ),
    "a button that leads nowhere": Change(
        "          payload: /vraag", "          payload: /ja", "        - title: Vraag", "nergens"
    ),
    "a button with an answer to no question": Change(
        "          payload: /vraag", '          payload: \'/antwoord{"waar": "plein"}\'', "        - title: Vraag", "nergens"
    ),
    "an answer without a way on": Change(
        "  utter_gestopt:\n    - text: Gestopt\n      buttons:\n        - title: Menu\n          payload: /menu\n",
        "  utter_gestopt:\n    - text: Gestopt\n",
        "      - action: utter_gestopt",
        "geen knop om verder te gaan",
    ),
    "a sentence that is too long": Change(
        "text: Wat is er gebeurd?", f"text: {'en toen ' * 8}was het klaar.", "    - text: en toen", "te lang voor een kind"
    ),
    "a word that is too long": Change(
        "text: Gestopt", "text: De schoolmaatschappelijk werker.", "    - text: De school", "lang woord"
    ),
    "a text that reads too hard": Change("text: Gestopt", f"text: {HARD}", f"    - text: {HARD[:20]}", "te moeilijk"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_with_its_line(tmp_path: Path, name: str) -> None:
    change = BROKEN[name]
    found = findings(tmp_path, change)
    texts = {"domain.yml": change.made(DOMAIN), "rules.yml": change.made(RULES)}
    right = [message for file, line, message in found if change.at in texts[file].splitlines()[line - 1]]
    assert any(change.says in message for message in right), found
    assert len(found) == change.findings, found
    assert all(message[-1] in ".?…" for _, _, message in found)


SOUND = {
    "two rules that exclude each other by a slot": Change(
        "  - rule: melden\n",
        "  - rule: ja, leerling\n    condition: [{slot_was_set: [{rol: leerling}]}]\n"
        "    steps: [{intent: ja}, {action: utter_hallo}]\n"
        "  - rule: ja, ouder\n    condition: [{slot_was_set: [{rol: ouder}]}]\n"
        "    steps: [{intent: ja}, {action: utter_antwoord}]\n"
        "  - rule: melden\n",
    ),
    "two rules that want the same": Change(
        "  - rule: melden\n",
        "  - rule: menu in het formulier\n    condition: [{active_loop: formulier}]\n"
        "    steps: [{intent: menu}, {action: utter_hallo}]\n"
        "  - rule: melden\n",
    ),
    "a text slot that takes one intent only": Change(
        "      - type: from_text\n", "      - type: from_text\n        intent: nlu_fallback\n"
    ),
    "a button that an earlier mapping takes": Change(
        "      - type: from_text\n",
        "      - {type: from_intent, intent: menu, value: '-', conditions: [{active_loop: formulier, requested_slot: wat}]}\n"
        "      - type: from_text\n        not_intent: [groet, stoppen, crisis_thuis, vraag, melden, versturen]\n",
    ),
    "a text slot that excludes intents itself": Change(
        "      - type: from_text\n", "      - type: from_text\n        not_intent: [groet, menu, stoppen, crisis_thuis]\n"
    ),
    "a text that just fits": Change("text: Dit is het antwoord.\n      buttons", f"text: {'Wat? ' * 819}\n      buttons"),
    "double braces": Change("text: Gestopt", "text: Gestopt {{zo}}"),
    "a payload that just fits": Change("/versturen{{", "/versturen{{" + " " * 4),
    "a button that answers a question": Change("          payload: /vraag", '          payload: \'/versturen{"akkoord":"x"}\''),
    "a word of four syllables": Change("text: Gestopt", "text: Ga naar een volwassene."),
    "a sentence of fifteen words": Change("text: Wat is er gebeurd?", f"text: {'en toen ' * 6}was het klaar."),
    "a hard text for parents": Change("      text: Dit is het antwoord.\n", f"      text: {HARD}\n"),
    "a long text that reads easily": Change("text: Gestopt", f"text: {'Dat is niet goed. Je mag het zeggen. ' * 6}"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_not_found(tmp_path: Path, name: str) -> None:
    assert findings(tmp_path, SOUND[name]) == []


def test_what_is_said_in_one_go_is_read_as_a_whole(tmp_path: Path) -> None:
    # Each is too short to be measured by itself.
    part = "Sommige leerlingen begeleiden andere leerlingen. Ouders vertellen daarover. Leerkrachten luisteren altijd samen."
    change = Change("text: Hallo {naam}, dit is een brievenbus.", f"text: {part}")
    assert findings(tmp_path, change) == []
    domain = change.made(DOMAIN).replace("text: Gestopt", f"text: {part}")
    rules = RULES.replace("      - action: utter_hallo\n", "      - action: utter_gestopt\n      - action: utter_hallo\n", 1)
    rules += "  - rule: ja\n    steps:\n      - intent: ja\n      - action: utter_gestopt\n      - action: utter_hallo\n"
    write(tmp_path, domain.replace(part, part + " Daarna vergaderen volwassenen."), rules)
    found = check([tmp_path], KNOWN)
    assert {(Path(each.file).name, each.line) for each in found} == {
        ("rules.yml", 3),
        ("rules.yml", rules[: rules.index("  - rule: ja\n")].count("\n") + 1),
    }
    assert all("te moeilijk" in each.message for each in found)


@pytest.mark.parametrize(
    "comment", ["# gezien: besproken met de psycholoog", "# gezien: besproken\n      # op 3 mei, met de psycholoog"]
)
def test_what_was_reviewed_is_not_found(tmp_path: Path, comment: str) -> None:
    change = BROKEN["sending after a button"]
    above = Change(change.old, change.new.replace("      - action: action_v", f"      {comment}\n      - action: action_v"))
    assert findings(tmp_path, above) == []


def test_a_review_on_the_line_itself(tmp_path: Path) -> None:
    change = BROKEN["sending after a button"]
    assert findings(tmp_path, Change(change.old, change.new.replace("# HIER", "# gezien: alleen in deze proef"))) == []


@pytest.mark.parametrize("comment", ["# gezien:", "# gezien", "# later"])
def test_a_review_needs_a_reason(tmp_path: Path, comment: str) -> None:
    change = BROKEN["sending after a button"]
    assert len(findings(tmp_path, Change(change.old, change.new.replace("# HIER", comment)))) == 1


def test_long_words_are_reviewed_with_a_reason(tmp_path: Path) -> None:
    change = BROKEN["a word that is too long"]
    (tmp_path / "lange_woorden.yml").write_text('schoolmaatschappelijk: ""\n', encoding="utf-8")
    assert [(file, line) for file, line, _ in findings(tmp_path, change)] == [("lange_woorden.yml", 1)]
    (tmp_path / "lange_woorden.yml").write_text("schoolmaatschappelijk: zo heet zij op deze school\n", encoding="utf-8")
    assert findings(tmp_path, change) == []


def test_examples_and_navigation_of_unknown_intents(tmp_path: Path) -> None:
    (tmp_path / "nlu").mkdir()
    nlu = "nlu:\n  - intent: groet\n    examples: |\n      - hoi\n  - intent: groett\n    examples: |\n      - hee\n"
    (tmp_path / "nlu" / "a.yml").write_text(nlu, encoding="utf-8")
    (tmp_path / "navigatie.yml").write_text("menu: [menu]\nstopen: [stop]\n", encoding="utf-8")
    assert [(file, line) for file, line, _ in findings(tmp_path)] == [("navigatie.yml", 2), ("a.yml", 5)]


def test_a_school_s_own_folder(tmp_path: Path) -> None:
    write(tmp_path / "ours", DOMAIN, RULES)
    own = tmp_path / "dialogen"
    (own / "domain").mkdir(parents=True)
    text = "responses:\n  utter_gestopt:\n    - text: Het is klaar.\n      buttons: [{title: Menu, payload: /menu}]\n"
    (own / "domain" / "eigen.yml").write_text(text, encoding="utf-8")
    assert check([tmp_path / "ours", own], KNOWN) == []
    # A new intent of the school is no answer in our forms, without their saying so.
    rule = "rules:\n  - rule: pleinwacht\n    steps: [{intent: pleinwacht}, {action: utter_gestopt}]\n"
    (own / "rules").mkdir()
    (own / "rules" / "eigen.yml").write_text(rule, encoding="utf-8")
    button = "[{title: Menu, payload: /menu}, {title: Plein, payload: /pleinwacht}]"
    new = "intents: [pleinwacht]\n" + text.replace("[{title: Menu, payload: /menu}]", button)
    (own / "domain" / "eigen.yml").write_text(new, encoding="utf-8")
    assert check([tmp_path / "ours", own], KNOWN) == []
    # What is never read is said.
    (own / "domein").mkdir()
    (own / "rules" / "nog een.txt").write_text("", encoding="utf-8")
    assert [Path(each.file).name for each in check([tmp_path / "ours", own], KNOWN)] == ["domein", "nog een.txt"]
