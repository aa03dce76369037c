"""Buttons that lead nowhere, and answers after which there is no button at all."""

from __future__ import annotations

from collections.abc import Iterator

from dialogues.assistant import Assistant
from dialogues.checker.known import Known
from dialogues.domain import DEACTIVATE, Domain
from dialogues.payload import parse_payload
from dialogues.problem import DialogueProblem
from dialogues.responses import Response
from dialogues.rule_reader import Rule
from dialogues.rules import LISTEN, UNSET


def check_buttons(assistant: Assistant, known: Known) -> Iterator[DialogueProblem]:
    """Every button of every response, and every rule that ends outside a form."""
    domain = assistant.domain
    answered = {step.states[-1].intent for rule in assistant.rules for step in rule.steps}
    for response in domain.responses.values():
        for variation in response.variations:
            for (title, payload), line in zip(variation.buttons, variation.button_lines, strict=True):
                parsed = parse_payload(known.fill(payload))
                if parsed is None:
                    continue
                intent, entities = parsed
                if intent not in domain.intents:
                    message = f'De knop "{title.text}": de intent {intent} bestaat niet. {Domain.near(intent, domain.intents)}'
                    yield DialogueProblem(variation.file, line, message)
                elif intent not in answered and not _fills(domain, intent, set(entities)):
                    message = f'De knop "{title.text}" leidt nergens heen. Maak een regel met "intent: {intent}".'
                    yield DialogueProblem(variation.file, line, message)
    for rule in assistant.rules:
        yield from _dead_end(domain, rule)


def _fills(domain: Domain, intent: str, entities: set[str]) -> bool:
    """Whether this payload is the answer to a question of some form."""
    for slot in domain.slots.values():
        for mapping in slot.mappings:
            if mapping.type == "from_entity":
                if mapping.entity in entities and mapping.intents <= {intent}:
                    return True
            elif mapping.type == "from_intent" and intent in mapping.intents:
                return True
    return False


def _dead_end(domain: Domain, rule: Rule) -> Iterator[DialogueProblem]:
    """A rule that only says something, ends outside a form, and leaves no button to press."""
    last = rule.steps[-1] if rule.steps else None
    if last is None or last.action != LISTEN or last.states[-1].loop not in (None, UNSET):
        return
    said = [step for step in rule.steps if step.action not in (LISTEN, DEACTIVATE)]
    responses = [domain.responses.get(step.action) for step in said]
    if not said or None in responses or any(_always_a_button(response) for response in responses if response):
        return
    message = (
        f'Na "{rule.name}" is er geen knop om verder te gaan. Geef {said[-1].action} een knop, zoals Menu met payload /menu.'
    )
    yield DialogueProblem(said[-1].file, said[-1].line, message)


def _always_a_button(response: Response) -> bool:
    return all(variation.buttons for variation in response.variations)
