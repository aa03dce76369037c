"""What the bot says: short, honest, complete, with numbers that are right and buttons that lead somewhere."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import Any

import pytest

from bot.house import read_knowledge
from dialogues import load, parse_payload
from dialogues.reading import flesch_douma, longest, sentences, syllables, words
from dialogues.responses import Response, Variation
from knowledge import TipList, Topic

ASSISTANT = load([files("dialogues")])
DOMAIN = ASSISTANT.domain
RESPONSES = DOMAIN.responses
KNOWLEDGE = read_knowledge()
CHANNELS = ("rest", "telegram", "cmdline")
DANGER = ("utter_gevaar_suicide", "utter_gevaar_thuis", "utter_gevaar_seksueel", "utter_gevaar_gevaar")
# What actions hand over, as long as it can be.
GIVEN = {
    "naam": "Esther Warmerdam en Iris Bouwman",
    "nonce": "0" * 32,
    "max": "4000",
    "aantal": "12",
    "nummer": "5",
    "dag": "woensdag 30 september, ochtend",
}
# Files that only parents read.
PARENTS = ("responses_protocol.yml", "responses_ouders.yml", "responses_stappenplan.yml")
# Words of five syllables and more that a child may meet: names of help, and of people at school.
LONG_WORDS = {"vertrouwensinspecteur", "kindertelefoon"}


def _longest_slots() -> dict[str, Any]:
    slots: dict[str, Any] = {"wie_leest": "Esther Warmerdam en Iris Bouwman"}
    for slot, values in {
        "schoolnaam": [school.name for school in KNOWLEDGE.schools.values()],
        "woord_leerkracht": [school.words.leerkracht for school in KNOWLEDGE.schools.values()],
        "woord_groep": [school.words.groep for school in KNOWLEDGE.schools.values()],
        "woord_toezicht": [school.words.toezicht for school in KNOWLEDGE.schools.values()],
    }.items():
        slots[slot] = max(values, key=len)
    return slots


SLOTS = _longest_slots()


def _variations() -> Iterator[tuple[str, Variation]]:
    for name, response in RESPONSES.items():
        for variation in response.variations:
            yield name, variation


VARIATIONS = [pytest.param(name, each, id=f"{name}:{each.line}") for name, each in _variations()]


def _text(variation: Variation) -> str:
    return variation.text.fill({**SLOTS, **GIVEN})


def _for_parents(variation: Variation) -> bool:
    return ("rol", "ouder") in (variation.conditions or ()) or variation.file.endswith(PARENTS)


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_every_sentence_is_short(name: str, variation: Variation) -> None:
    assert longest([_text(variation)]) <= 15, sentences(_text(variation))


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_long_texts_read_easily(name: str, variation: Variation) -> None:
    text = _text(variation)
    if len(words(text)) >= 30:
        assert flesch_douma(text) >= (60 if _for_parents(variation) else 80)
    if not _for_parents(variation):
        assert not {word.lower() for word in words(variation.text.text) if syllables(word) > 4} - LONG_WORDS


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_texts_and_buttons_fit_a_channel(name: str, variation: Variation) -> None:
    assert 0 < len(_text(variation)) <= 4096
    for title, payload in variation.buttons:
        assert 0 < len(title.fill(GIVEN)) <= 40
        assert len(payload.fill(GIVEN).encode()) <= 64
    titles = [title.text for title, _ in variation.buttons]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_never_a_why_a_promise_of_secrecy_or_a_stray_brace(name: str, variation: Variation) -> None:
    said = _text(variation) + " ".join(title.text for title, _ in variation.buttons)
    assert not re.search(r"\bwaarom\b|\bgeheim|\bbeloof|\bniemand komt\b|\bniemand zal\b", said, re.IGNORECASE)
    assert "{" not in said
    assert "}" not in said
    # Only in what somebody may call out, or tell himself: "Stop, hou op!"
    assert "!" not in said.replace("'Stop, hou op!'", "").replace("'Stop, controle!'", "")


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_parents_are_u_and_pupils_are_je(name: str, variation: Variation) -> None:
    said = _text(variation)
    if _for_parents(variation):
        assert not re.search(r"\b(je|jij|jou|jouw)\b", said, re.IGNORECASE)
    else:
        assert not re.search(r"\b(u|uw)\b", said, re.IGNORECASE)


def test_the_welcome_says_that_it_is_a_computer() -> None:
    for variation in RESPONSES["utter_welkom"].variations:
        assert "Ik ben een computer. Niemand leest dit nu mee." in variation.text.text


@pytest.mark.parametrize("name", DANGER)
def test_a_danger_card_gives_help_and_asks_nothing(name: str) -> None:
    assert {("kind", "voortgezet"), ("rol", "ouder")} <= {c for v in RESPONSES[name].variations for c in v.conditions or ()}
    for variation in RESPONSES[name].variations:
        text = variation.text.text
        assert "Goed dat " in text
        assert text.endswith("Ik ben een computer. Ik stuur niets door.")
        assert "Bel 112" in text or "bel 112" in text or "Bel meteen 112" in text
        assert variation.custom == {"stijl": "hulp"}
        assert [payload.text for _, payload in variation.buttons] == ["/wie_helpt", "/zo_bedoel_ik_het_niet"]
        if not _for_parents(variation):
            assert "0800-0432" in text
            assert "volwassene" in text
            # Belief or being taken seriously, and no blame.
            assert re.search(r"Ik geloof je|Ik neem het serieus", text)
    assert RESPONSES[name].say({}, "rest", {})


def test_a_danger_card_names_the_line_for_this_danger() -> None:
    lines = {"suicide": "zelfmoordpreventie", "thuis": "veilig_thuis", "seksueel": "seksueel_geweld", "gevaar": "noodnummer"}
    for kind, line in lines.items():
        number = KNOWLEDGE.helplines[line].number
        for variation in RESPONSES[f"utter_gevaar_{kind}"].variations:
            assert str(number) in variation.text.text


def test_snel_weg_comes_first_where_there_is_such_a_button() -> None:
    for variation in RESPONSES["utter_gevaar_thuis"].variations:
        assert ("Snel weg" in variation.text.text.splitlines()[0]) == (variation.channel == "rest")


def test_every_telephone_number_and_address_is_that_of_a_helpline() -> None:
    known = {each.number for each in KNOWLEDGE.helplines.values()} | {"112"}
    addresses = {each.web for each in KNOWLEDGE.helplines.values()}
    found = 0
    for _, variation in _variations():
        text = variation.text.text
        for number in re.findall(r"\b0[\d-]{5,}\d\b|\b11\d\b(?!\.)", text):
            assert number in known, f"{variation.file}:{variation.line} {number}"
            found += 1
        for address in re.findall(r"\b[\w.]+\.nl\b", text):
            assert address in addresses, f"{variation.file}:{variation.line} {address}"
    assert found > 20


# Which buttons a tip carries: nobody "has tried" respect, and who is angry goes on when a step is done.
TIP_BUTTONS = {
    "boos": ["/tip_volgende", "/tip_hielp_niet", "/menu"],
    "respect": ["/tip_volgende", "/menu"],
}


@pytest.mark.parametrize("tips", KNOWLEDGE.tips.values(), ids=lambda tips: tips.name)
def test_every_tip_of_every_list_has_a_response_with_its_buttons(tips: TipList) -> None:
    buttons = TIP_BUTTONS.get(tips.name, ["/tip_volgende", "/tip_geprobeerd", "/tip_hielp_niet", "/menu"])
    for step in tips.steps:
        for variation in RESPONSES[f"utter_tip_{tips.name}_{step.id}"].variations:
            assert [payload.text for _, payload in variation.buttons] == buttons
    assert f"utter_tips_bron_{tips.school}" in RESPONSES


def test_every_topic_and_every_question_about_a_step_has_a_short_title() -> None:
    titles = [f"utter_onderwerp_{topic}" for topic in Topic]
    titles += [f"utter_knop_stap_{part}" for part in ("wie", "met", "tijd", "waar", "hoort", "verder")]
    for name in [
        *titles,
        "utter_knop_en_daarna",
        "utter_knop_vorige_stap",
        "utter_knop_menu",
        "utter_knop_alle_onderwerpen",
        "utter_knop_andere_kop",
    ]:
        (variation,) = RESPONSES[name].variations
        assert not variation.buttons
        assert 0 < len(variation.text.text) <= 40


def test_no_button_leads_nowhere() -> None:
    answered = {step.states[-1].intent for rule in ASSISTANT.rules for step in rule.steps}
    mapped = {intent for slot in DOMAIN.slots.values() for mapping in slot.mappings for intent in mapping.intents}
    filled = {mapping.entity for slot in DOMAIN.slots.values() for mapping in slot.mappings}
    for name, variation in _variations():
        for _, payload in variation.buttons:
            parsed = parse_payload(payload.fill(GIVEN))
            assert parsed is not None, f"{name} {payload.text}"
            intent, entities = parsed
            assert intent in DOMAIN.intents
            assert intent in answered | mapped, f"{name} {payload.text}"
            assert set(entities) <= filled | {"t", "f"}, f"{name} {payload.text}"
            assert entities.get("t", "pesten") in set(Topic), f"{name} {payload.text}"


def test_everything_that_rules_and_actions_say_exists() -> None:
    named: set[str] = set()
    texts = [file.read_text(encoding="utf-8") for file in (files("dialogues") / "rules").iterdir()]
    texts += [
        inspect.getsource(each) for name, each in sys.modules.items() if name.startswith(("bot.actions.", "bot.conversation"))
    ]
    for text in texts:
        named |= set(re.findall(r'(?:action: |")(utter_\w*[a-z])\b(?!_)', text))
    assert len(named) > 50
    assert not named - set(RESPONSES)


def _conditions(response: Response) -> Iterator[dict[str, Any]]:
    """Every mixture of values of the slots that its variations look at, none of them set included."""
    values: dict[str, set[Any]] = {}
    for variation in response.variations:
        for slot, value in variation.conditions or ():
            values.setdefault(slot, {None}).add(value)
    for slot, known in values.items():
        known.update(DOMAIN.slots[slot].values)
    for mixture in product(*(sorted(known, key=str) for known in values.values())):
        yield dict(zip(values, mixture, strict=True))


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_exactly_one_variation_fits_best(name: str) -> None:
    # Rasa takes one at random of those that fit equally well; so must there be one, everywhere, for everybody.
    response = RESPONSES[name]
    for slots in _conditions(response):
        for channel in CHANNELS:
            chosen = response.choose(slots, channel)
            assert chosen is not None, (slots, channel)
            best = response.variations[chosen]
            equal = [
                each
                for each in response.variations
                if each.channel == best.channel and (each.conditions is None) == (best.conditions is None) and each.holds(slots)
            ]
            assert equal == [best], (slots, channel)


@pytest.mark.parametrize(("name", "variation"), VARIATIONS)
def test_placeholders_are_slots_or_given_by_an_action(name: str, variation: Variation) -> None:
    names = set(variation.text.names)
    for title, payload in variation.buttons:
        names |= title.names | payload.names
    assert names <= set(SLOTS) | set(GIVEN)


def test_labels_are_one_plain_variation() -> None:
    # Actions take the first as it is written.
    labels = [name for name in RESPONSES if name.startswith(("utter_kop_", "utter_waarde_", "utter_koppen_meer"))]
    for name in sorted(set(labels) - {"utter_kop_eind", "utter_kop_onbekend"}):
        (variation,) = RESPONSES[name].variations
        assert not variation.buttons
        assert not variation.text.names
        assert len(variation.text.text) <= 30
