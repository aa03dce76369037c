"""An assistant as it was read from its files: domain and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any

from dialogues.domain import DEFAULT_INTENTS, Domain
from dialogues.domain_reader import DomainReader
from dialogues.lined_yaml import Mapped, read
from dialogues.payload import parse_payload
from dialogues.problem import DialogueProblem
from dialogues.rule_reader import Rule, read_rules
from dialogues.rules import RuleBook, Step


@dataclass(frozen=True)
class Assistant:
    """Everything that the files in ``domain/`` and ``rules/`` say.

    Attributes:
        domain: intents, entities, slots, forms, responses, actions.
        rules: in the order in which they were read.
        book: the rules, ready to be asked.
    """

    domain: Domain
    rules: tuple[Rule, ...]
    book: RuleBook = field(repr=False)

    def domain_json(self) -> dict[str, Any]:
        """The domain in the shape that Rasa sends to an action server. One object; nobody may change it."""
        return self.domain.json


def load(folders: Sequence[Traversable]) -> Assistant:
    """Read ``domain/*.yml`` and ``rules/*.yml`` of each folder, the later added to the earlier.

    A later folder may say a response of an earlier one in its own way; anything else may be written once only.

    Raises:
        DialogueProblem: with file, line and how to mend it.
    """
    reader = DomainReader()
    for folder in folders:
        reader.new_folder()
        for file in _files(folder, "domain"):
            reader.add(read(file))
    domain = reader.finish()
    _check_forms(domain)
    _check_buttons(domain)
    rules = tuple(rule for folder in folders for file in _files(folder, "rules") for rule in read_rules(read(file), domain))
    _check_contradictions(rules)
    steps = [step for rule in rules for step in rule.steps]
    return Assistant(domain, rules, RuleBook(steps, domain.slots))


def _files(folder: Traversable, name: str) -> list[Traversable]:
    place = folder / name
    if not place.is_dir():
        return []
    return sorted((file for file in place.iterdir() if file.name.endswith((".yml", ".yaml"))), key=lambda file: file.name)


def _check_forms(domain: Domain) -> None:
    for form in domain.forms.values():
        for slot in form.required_slots:
            if domain.ask_action(form.name, slot) is None:
                message = f'Niets vraagt naar "{slot}". Schrijf een antwoord "utter_ask_{form.name}_{slot}".'
                raise DialogueProblem(form.file, form.line, message)


def _check_buttons(domain: Domain) -> None:
    for response in domain.responses.values():
        for variation in response.variations:
            for (_, template), line in zip(variation.buttons, variation.button_lines, strict=True):
                if template.names:
                    continue
                payload = template.fill({})
                place = Mapped(variation.file, line)
                parsed = parse_payload(payload)
                if parsed is None:
                    place.fail(f'De knop met "{payload}" klopt niet. Schrijf /intent of /intent{{"naam": "waarde"}}.')
                intent, entities = parsed
                if intent not in domain.intents:
                    place.fail(f'De knop met "{payload}": die intent bestaat niet. {Domain.near(intent, domain.intents)}')
                for entity in entities:
                    if entity not in domain.entities:
                        place.fail(f'De knop met "{payload}": {entity} bestaat niet. {Domain.near(entity, domain.entities)}')


def _check_contradictions(rules: Sequence[Rule]) -> None:
    """Two rules that lead from the very same states to different actions; Rasa refuses to train on them."""
    seen: dict[str, Step] = {}
    for rule in rules:
        for step in rule.steps:
            first = seen.setdefault(step.key(), step)
            if first.action != step.action:
                message = (
                    f'"{step.rule}" wil hier {step.action}, maar "{first.rule}" ({first.file}:{first.line}) wil {first.action}. '
                    "Voeg een voorwaarde toe, of haal een van de twee weg."
                )
                raise DialogueProblem(step.file, step.line, message)
            intent = step.states[-1].intent
            if intent in DEFAULT_INTENTS:
                raise DialogueProblem(rule.file, rule.line, f'"{intent}" gaat altijd voor. Haal deze regel weg.')
