"""The state of one conversation between two turns: frozen, small, and JSON with a schema number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

SCHEMA = 1
"""Raised whenever a stored state of before cannot be read as it was meant."""

_NO_SLOTS: Mapping[str, Any] = MappingProxyType({})


class UnknownSchema(Exception):
    """The stored state is damaged or of another version of the program; offer to start again."""


@dataclass(frozen=True)
class Tracker:
    """A snapshot, not a list of events: the three-hundredth turn costs what the first did.

    Neither the text of the last message nor anything typed that is no slot is part of it. A rule reaches back to the start of a
    turn at most, so that nothing of an earlier turn has to be kept for it.

    Attributes:
        slots: the values that differ from the initial values of the domain.
        active_loop: the form that is being filled in.
        requested_slot: the slot that was asked for last.
        rejected: the form stands rejected: it was left for another question and has not asked again. Rasa then runs rules only.
        turn: how many turns were taken; 0 when nobody spoke yet.
        started: whether ``action_session_start`` was run.
    """

    slots: Mapping[str, Any] = field(default_factory=lambda: _NO_SLOTS, repr=False)
    active_loop: str | None = None
    requested_slot: str | None = None
    rejected: bool = False
    turn: int = 0
    started: bool = False

    @classmethod
    def empty(cls) -> Tracker:
        """The state of a conversation in which nothing was said yet."""
        return cls()

    def with_slots(self, **values: Any) -> Tracker:
        """The same state with other values for these slots."""
        return replace(self, slots=MappingProxyType({**self.slots, **values}))

    def to_json(self) -> str:
        """The state as JSON text with its schema number.

        Raises:
            TypeError: a slot holds something that JSON does not know.
            ValueError: a slot holds a number that JSON does not know.
        """
        state = {
            "schema": SCHEMA,
            "slots": dict(self.slots),
            "active_loop": self.active_loop,
            "requested_slot": self.requested_slot,
            "rejected": self.rejected,
            "turn": self.turn,
            "started": self.started,
        }
        return json.dumps(state, ensure_ascii=False, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Tracker:
        """Read what ``to_json`` wrote.

        Raises:
            UnknownSchema: the text is damaged, or of another schema.
        """
        try:
            state = json.loads(text)
        except (ValueError, RecursionError):
            raise UnknownSchema from None
        if not isinstance(state, dict) or state.pop("schema", None) != SCHEMA or state.keys() != _KINDS.keys():
            raise UnknownSchema
        if not all(type(value) in _KINDS[name] for name, value in state.items()):
            raise UnknownSchema
        slots = MappingProxyType(state.pop("slots"))
        return cls(slots=slots, **state)


_KINDS: dict[str, tuple[type, ...]] = {
    "slots": (dict,),
    "active_loop": (str, type(None)),
    "requested_slot": (str, type(None)),
    "rejected": (bool,),
    "turn": (int,),
    "started": (bool,),
}
