"""Reads rules: every rule becomes the steps that the rule book asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dialogues.domain import Domain
from dialogues.lined_yaml import Listed, Mapped
from dialogues.rules import LISTEN, UNSET, Step, Wanted
from dialogues.slots import Feature

_START = "..."
"""Rasa's name for whatever happened before a rule."""


@dataclass(frozen=True)
class Rule:
    """One rule as it was written, with ``or`` already taken apart.

    Attributes:
        name: its name.
        steps: the actions in it and what leads to each of them, the final listening included.
        file: where it is written.
        line: where it is written.
    """

    name: str
    steps: tuple[Step, ...]
    file: str
    line: int


def read_rules(tree: Mapped, domain: Domain) -> Iterator[Rule]:
    """The rules of one file.

    Raises:
        DialogueProblem: with the line and how to mend it.
    """
    tree.only("version", "rules")
    for item in tree.sequence("rules").mappings():
        item.only("rule", "condition", "steps", "wait_for_user_input", "metadata")
        name = item.text("rule")
        wait = item.get("wait_for_user_input", True)
        if not isinstance(wait, bool):
            item.fail('"wait_for_user_input" is true of false.', "wait_for_user_input")
        steps = item.sequence("steps")
        if not steps:
            item.fail('Deze regel heeft geen stappen. Zet onder "steps" wat er gebeurt.', "steps")
        for intent in _intents(steps, domain):
            reader = _RuleReader(name, item, domain, intent)
            yield Rule(name, tuple(reader.read(wait)), item.file, item.line)


def _intents(steps: Listed, domain: Domain) -> list[str | None]:
    """The intents that start the rule: one, several by ``or``, or none."""
    found: list[str | None] = [None]
    for number, step in enumerate(steps.mappings()):
        if "intent" in step:
            step.only("intent")
            names = [(step.text("intent"), step.line_of("intent"))]
        elif "or" in step:
            step.only("or")
            names = []
            for choice in step.sequence("or").mappings():
                choice.only("intent")
                names.append((choice.text("intent"), choice.line_of("intent")))
        else:
            continue
        if found != [None]:
            step.fail("Een regel heeft hooguit een intent. Maak hier een tweede regel van.")
        if any("action" in earlier for earlier in list(steps.mappings())[:number]):
            step.fail("Voor de intent mag geen actie staan. Zet de intent als eerste stap.")
        for intent, line in names:
            if intent not in domain.intents:
                Mapped(step.file, line).fail(f'De intent "{intent}" bestaat niet. {domain.near(intent, domain.intents)}')
        found = [intent for intent, _ in names]
    return found


class _RuleReader:
    """Plays a rule and writes down, for every action, the states that led to it."""

    def __init__(self, name: str, item: Mapped, domain: Domain, intent: str | None) -> None:
        self._name = name
        self._item = item
        self._domain = domain
        self._intent = intent
        self._slots: dict[str, Feature] = {}
        self._now = Wanted(_START)
        self._states: list[Wanted] = []
        self._actions = 0
        self._form_done: Mapped | None = None
        self._loops_after: set[str] = set()
        self._slots_after: set[str] = set()

    def read(self, wait: bool) -> Iterator[Step]:
        for condition in self._item.sequence("condition").mappings():
            if "active_loop" not in condition and "slot_was_set" not in condition:
                condition.fail('Een voorwaarde is "active_loop" of "slot_was_set". Zet wat anders is onder "steps".')
            self._apply(condition)
        for step in self._item.sequence("steps").mappings():
            if "intent" in step or "or" in step:
                self._now = replace(self._now, previous=LISTEN, intent=self._intent)
            elif "action" in step:
                yield from self._action(step)
            elif "active_loop" in step or "slot_was_set" in step:
                self._apply(step)
            else:
                step.only("intent", "or", "action", "active_loop", "slot_was_set")
        if self._actions == 0:
            self._item.fail('In deze regel gebeurt niets. Zet een stap "action" erbij.')
        last = self._form_done
        if wait:
            if last is not None and self._now.loop != last["action"]:
                last.fail(f'Zet na deze stap ook "active_loop: {last["action"]}". Wat na het formulier komt, is een eigen regel.')
            yield from self._step(LISTEN, self._item.line)

    def _action(self, step: Mapped) -> Iterator[Step]:
        step.only("action")
        action = step.text("action")
        domain = self._domain
        if action == LISTEN:
            step.fail('"action_listen" hoeft niet: na een regel luistert de bot vanzelf. Haal deze stap weg.')
        if not domain.can_run(action):
            known = [*domain.actions, *domain.forms, *domain.responses]
            step.fail(f'De actie "{action}" bestaat niet. {domain.near(action, known)}', "action")
        if self._form_done is not None:
            self._form_done.fail(
                "Na een formulier volgt hier nog iets. Maak daar een eigen regel van, die met het formulier begint."
            )
        if action in domain.forms:
            if self._intent is not None:
                self._form_done = step
            elif self._actions:
                step.fail("Een formulier is de eerste actie van een regel zonder intent, of de laatste van een regel met intent.")
        yield from self._step(action, step.line_of("action"))
        self._now = replace(self._now, previous=action)
        self._loops_after, self._slots_after = set(), set()
        self._actions += 1

    def _step(self, action: str, line: int) -> Iterator[Step]:
        if self._now.previous == _START:
            return
        self._states.append(self._now)
        loops, slots = frozenset(self._loops_after), frozenset(self._slots_after)
        yield Step(tuple(self._states), action, self._name, self._item.file, line, loops, slots)

    def _apply(self, step: Mapped) -> None:
        if "active_loop" in step:
            step.only("active_loop")
            loop = step["active_loop"]
            if loop is not None and loop not in self._domain.forms:
                near = self._domain.near(str(loop), self._domain.forms)
                step.fail(f'Het formulier "{loop}" bestaat niet. {near}', "active_loop")
            self._now = replace(self._now, loop=loop or UNSET)
            self._loops_after.add(loop or UNSET)
            return
        step.only("slot_was_set")
        slots = step.sequence("slot_was_set")
        for index, entry in enumerate(slots):
            if isinstance(entry, str):
                self._set(slots, index, entry, "x", named_only=True)
            elif isinstance(entry, Mapped):
                for name, value in entry.items():
                    self._set(slots, index, name, value, named_only=False)
            else:
                slots.fail("Hier hoort de naam van een slot.", index)
        self._now = replace(self._now, slots=tuple(self._slots.items()))

    def _set(self, slots: Listed, index: int, name: str, value: Any, *, named_only: bool) -> None:
        slot = self._domain.slots.get(name)
        if slot is None:
            slots.fail(f'Het slot "{name}" bestaat niet. {self._domain.near(name, self._domain.slots)}', index)
        if not slot.influences:
            return
        if named_only and slot.type != "text":
            slots.fail(f'Schrijf bij "{name}" ook welke waarde het heeft.', index)
        feature = slot.feature(value)
        if value is not None and (feature is None or (feature[-1] == 1.0 and slot.type == "categorical")):
            slots.fail(f'"{value}" kan de waarde van "{name}" niet zijn. Kijk bij het slot welke waarden er zijn.', index)
        self._slots[name] = feature
        self._slots_after.add(name)
