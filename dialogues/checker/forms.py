"""Forms: what is stored as an answer, what nobody asks for, what outlives a session, and what is sent without consent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialogues.assistant import Assistant
from dialogues.domain import NOT_UNDERSTOOD, Domain
from dialogues.payload import parse_payload
from dialogues.problem import DialogueProblem
from dialogues.rules import UNSET, Step
from dialogues.slots import Form, Slot, SlotMapping

NAVIGATION = frozenset({"help", "menu", "terug", "overslaan", "stoppen", "wis_gesprek"})
DANGER = "crisis_"
CONSENT = "akkoord"
"""How the name of a slot begins that holds a consent."""

_SUBMIT = re.compile(r"action_(\w+_)?versturen\Z")
"""The name of an action that sends what a form gathered."""


def check_forms(assistant: Assistant) -> Iterator[DialogueProblem]:
    """Everything that is about forms and slots."""
    domain = assistant.domain
    never = _never_an_answer(domain)
    for slot in domain.slots.values():
        for mapping in slot.mappings:
            if mapping.type == "from_text":
                yield from _filled_anywhere(slot, mapping)
    for form in domain.forms.values():
        yield from _stored_as_answer(domain, form, never)
    yield from _never_asked(domain)
    yield from _over_a_session(domain)
    for step in (step for rule in assistant.rules for step in rule.steps):
        if _SUBMIT.match(step.action):
            yield from _without_consent(domain, step)
    for slot in domain.slots.values():
        if slot.name.startswith(CONSENT):
            yield from _half_a_consent(slot)


def _never_an_answer(domain: Domain) -> frozenset[str]:
    """Navigation, danger, and what the buttons of all responses carry."""
    found = {intent for intent in domain.intents if intent in NAVIGATION or intent.startswith(DANGER)}
    for response in domain.responses.values():
        for variation in response.variations:
            for _, payload in variation.buttons:
                parsed = parse_payload(payload.fill(dict.fromkeys(payload.names, "x")))
                if parsed is not None:
                    found.add(parsed[0])
    return frozenset(found - {NOT_UNDERSTOOD})


def _stored_as_answer(domain: Domain, form: Form, never: frozenset[str]) -> Iterator[DialogueProblem]:
    stored: dict[str, set[str]] = {}
    for slot in domain.slots.values():
        taken: set[str] = set()
        for mapping in slot.mappings:
            if not _applies(slot, mapping, form):
                continue
            if mapping.type == "from_text":
                found = {intent for intent in never - taken if mapping.wants(intent, form.ignored_intents)}
                stored |= {slot.name: found} if found else {}
            elif mapping.type == "from_intent":
                # The first mapping that yields wins: what this one takes is not stored as text.
                taken |= mapping.intents
    if stored:
        intents = ", ".join(sorted(set().union(*stored.values())))
        message = (
            f"Wie bij {' of '.join(stored)} op een knop drukt, krijgt die als antwoord bewaard: {intents}. "
            f'Zet dat bij "ignored_intents" van {form.name}.'
        )
        yield DialogueProblem(form.file, form.line, message)


def _applies(slot: Slot, mapping: SlotMapping, form: Form) -> bool:
    if not mapping.conditions:
        return slot.name in form.required_slots
    return any(condition.active_loop == form.name for condition in mapping.conditions)


def _filled_anywhere(slot: Slot, mapping: SlotMapping) -> Iterator[DialogueProblem]:
    if not mapping.conditions or any(each.active_loop is None or each.requested_slot is None for each in mapping.conditions):
        message = (
            f'Alles wat iemand typt kan in "{slot.name}" komen. '
            'Zet er "conditions" bij, met "active_loop" en "requested_slot" van de vraag waar dit het antwoord op is.'
        )
        yield DialogueProblem(mapping.file, mapping.line, message)


def _never_asked(domain: Domain) -> Iterator[DialogueProblem]:
    """What a form requires is looked at while loading; this is what its validation may put in between."""
    for slot in domain.slots.values():
        for mapping in slot.mappings:
            for condition in mapping.conditions:
                form = condition.active_loop
                if form and condition.requested_slot == slot.name and domain.ask_action(form, slot.name) is None:
                    message = f'Niets vraagt naar "{slot.name}". Schrijf een antwoord "utter_ask_{form}_{slot.name}".'
                    yield DialogueProblem(mapping.file, mapping.line, message)


def _over_a_session(domain: Domain) -> Iterator[DialogueProblem]:
    typed = [slot for slot in domain.slots.values() if any(mapping.type == "from_text" for mapping in slot.mappings)]
    carries, file, line = domain.carries_over
    for slot in typed:
        if carries:
            message = (
                f'"{slot.name}" bewaart wat iemand typt, ook in een nieuw gesprek. '
                'Zet onder "session_config": "carry_over_slots_to_new_session: false".'
            )
            yield DialogueProblem(file or slot.file, line or slot.line, message)
            return
    for slot in typed:
        if slot.initial_value is not None:
            message = f'"{slot.name}" begint al met een waarde, voor er iets getypt is. Haal "initial_value" weg.'
            yield DialogueProblem(slot.file, slot.line, message)


def _without_consent(domain: Domain, step: Step) -> Iterator[DialogueProblem]:
    """Sending comes after a form that ended, and the last that this form asks is the consent."""
    now = step.states[-1]
    form = domain.forms.get(now.previous)
    if form is not None and now.loop == UNSET and form.required_slots[-1].startswith(CONSENT):
        return
    if form is None:
        message = f"{step.action} kan hier zonder akkoord. Laat er een formulier voor komen dat eindigt met een slot {CONSENT}…"
    else:
        message = (
            f'{step.action} komt na {form.name}, maar dat vraagt niet als laatste om akkoord. Zet er een slot "{CONSENT}…" onder.'
        )
    yield DialogueProblem(step.file, step.line, message)


def _half_a_consent(slot: Slot) -> Iterator[DialogueProblem]:
    """A consent is a button below what will be sent: neither a text, nor skipping, nor anything said elsewhere."""
    if slot.initial_value is not None:
        yield DialogueProblem(slot.file, slot.line, f'"{slot.name}" begint al met een waarde. Haal "initial_value" weg.')
    for mapping in slot.mappings:
        asked = mapping.conditions and all(each.active_loop and each.requested_slot == slot.name for each in mapping.conditions)
        if mapping.type not in ("from_entity", "custom") or (mapping.type == "from_entity" and not (asked and mapping.intents)):
            message = (
                f'"{slot.name}" is een akkoord, en dat geeft iemand alleen met een knop bij die vraag. '
                'Gebruik "from_entity" met een "intent", en "conditions" met "active_loop" en "requested_slot".'
            )
            yield DialogueProblem(mapping.file, mapping.line, message)
