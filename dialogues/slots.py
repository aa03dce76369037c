"""Slots: what a conversation remembers, how a message fills it, and what a rule sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REQUESTED_SLOT = "requested_slot"
"""The slot in which Rasa keeps the name of the slot that a form asked for last."""

SESSION_METADATA = "session_started_metadata"
"""The slot through which Rasa hands ``action_session_start`` what the channel knows."""

OTHER = "__other__"
"""Rasa's name for a value that a categorical slot does not list."""

Feature = tuple[float, ...] | None


@dataclass(frozen=True)
class Condition:
    """When a mapping applies: in this loop (None: in no loop), and when this slot was asked for (None: any)."""

    active_loop: str | None
    requested_slot: str | None


@dataclass(frozen=True)
class SlotMapping:
    """One way in which a message fills a slot.

    Attributes:
        type: ``from_intent``, ``from_entity``, ``from_text`` or ``custom`` (only actions fill it).
        intents: only these intents; empty for any.
        not_intents: none of these intents.
        entity: for ``from_entity``.
        value: for ``from_intent``.
        conditions: one of them must hold; empty for always.
        file: where it is written.
        line: where it is written.
    """

    type: str
    intents: frozenset[str] = frozenset()
    not_intents: frozenset[str] = frozenset()
    entity: str | None = None
    value: Any = None
    conditions: tuple[Condition, ...] = ()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def applies(self, loop: str | None, requested: str | None) -> bool:
        """Whether the conditions hold."""
        if not self.conditions:
            return True
        for condition in self.conditions:
            if condition.active_loop is None:
                if loop is None:
                    return True
            elif condition.active_loop == loop and condition.requested_slot in (None, requested):
                return True
        return False

    def wants(self, intent: str, ignored: frozenset[str]) -> bool:
        """Whether this intent may fill the slot. An intent that is named is wanted, also when the form ignores it."""
        if self.intents:
            return intent in self.intents
        return intent not in self.not_intents and intent not in ignored


@dataclass(frozen=True)
class Slot:
    """A slot of the domain.

    Attributes:
        name: its name.
        type: ``text``, ``bool``, ``categorical`` or ``any``.
        initial_value: its value in a new session.
        values: of a categorical slot, in lower case.
        influences: whether rules see it; never for ``any``.
        mappings: in the order in which they are tried.
        file: where it is written.
        line: where it is written.
    """

    name: str
    type: str
    initial_value: Any = None
    values: tuple[str, ...] = ()
    influences: bool = True
    mappings: tuple[SlotMapping, ...] = ()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def feature(self, value: Any) -> Feature:
        """What a rule sees of this value, in Rasa's numbers; None for nothing.

        A text is set or not. A bool is unset, false or true. A categorical slot is one of its values, or another.
        """
        if value is None or not self.influences:
            return None
        if self.type == "text":
            return (1.0,)
        if self.type == "bool":
            truth = _truth(value)
            return None if truth is None else (1.0, float(truth))
        known = (*self.values, OTHER)
        spoken = str(value).lower()
        chosen = spoken if spoken in known else OTHER
        return tuple(1.0 if each == chosen else 0.0 for each in known)


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value == 1.0
    if isinstance(value, str):
        spoken = value.strip().lower()
        if spoken in ("true", "false"):
            return spoken == "true"
        return float(value) == 1.0 if value.isnumeric() else None
    return None


@dataclass(frozen=True)
class Form:
    """A form: the slots it asks for, in order, and the intents whose text is never an answer."""

    name: str
    required_slots: tuple[str, ...]
    ignored_intents: frozenset[str] = frozenset()
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


class Extraction:
    """Fills slots from a message, as Rasa's ``action_extract_slots`` does.

    Which mappings may apply depends only on the active loop and the requested slot, so that is worked out once for each pair.
    """

    def __init__(self, slots: Mapping[str, Slot], forms: Mapping[str, Form], entities: frozenset[str]) -> None:
        self._slots = slots
        self._forms = forms
        self._entities = entities
        self._applicable: dict[tuple[str | None, str | None], list[tuple[str, list[tuple[SlotMapping, frozenset[str]]]]]] = {}
        self._shared = {form.name: self._shared_entity_mappings(form) for form in forms.values()}

    def run(
        self,
        slots: Mapping[str, Any],
        loop: str | None,
        rejected: bool,
        intent: str,
        entities: Mapping[str, Any],
        text: str,
    ) -> list[dict[str, Any]]:
        """The slot events of a message.

        Args:
            slots: the values before the message.
            loop: the active loop.
            rejected: whether that loop stands rejected since an earlier turn; then its question takes no answer.
            intent: of the message.
            entities: of the message; a list counts as several entities of that name.
            text: of the message.
        """
        requested = slots.get(REQUESTED_SLOT)
        events: list[dict[str, Any]] = []
        for name, mappings in self.applicable(loop, requested):
            for mapping, ignored in mappings:
                if not mapping.wants(intent, ignored) or (rejected and requested == name and mapping.conditions):
                    continue
                found, value = _extract(mapping, entities, text)
                if found and (value is not None or slots.get(name) is not None):
                    events.append({"event": "slot", "timestamp": None, "name": name, "value": value})
                    break
        return events

    def applicable(self, loop: str | None, requested: str | None) -> list[tuple[str, list[tuple[SlotMapping, frozenset[str]]]]]:
        """Slot by slot the mappings that may apply, each with the intents that the form ignores for it."""
        key = (loop, requested)
        known = self._applicable.get(key)
        if known is None:
            known = []
            for slot in self._slots.values():
                mappings = [
                    (mapping, self._ignored(loop))
                    for mapping in slot.mappings
                    if mapping.type != "custom"
                    and mapping.applies(loop, requested)
                    and not self._ambiguous(slot.name, mapping, loop, requested)
                ]
                if mappings:
                    known.append((slot.name, mappings))
            self._applicable[key] = known
        return known

    def _ignored(self, loop: str | None) -> frozenset[str]:
        form = self._forms.get(loop) if loop is not None else None
        return frozenset() if form is None else form.ignored_intents

    def _shared_entity_mappings(self, form: Form) -> frozenset[SlotMapping]:
        """The ``from_entity`` mappings that more than one slot of the form has: alone they do not tell which slot is meant."""
        seen: set[SlotMapping] = set()
        shared: set[SlotMapping] = set()
        for name in form.required_slots:
            for mapping in self._slots[name].mappings:
                if mapping.type == "from_entity":
                    (shared if mapping in seen else seen).add(mapping)
        return frozenset(shared)

    def _ambiguous(self, name: str, mapping: SlotMapping, loop: str | None, requested: str | None) -> bool:
        if mapping.type != "from_entity" or loop is None or requested == name or loop not in self._forms:
            return False
        return name in self._forms[loop].required_slots and mapping in self._shared[loop]


def _extract(mapping: SlotMapping, entities: Mapping[str, Any], text: str) -> tuple[bool, Any]:
    if mapping.type == "from_intent":
        return True, mapping.value
    if mapping.type == "from_text":
        return True, text
    if mapping.entity is None or mapping.entity not in entities:
        return False, None
    value = entities[mapping.entity]
    if isinstance(value, list):
        return (True, value[-1]) if value else (False, None)
    return True, value
