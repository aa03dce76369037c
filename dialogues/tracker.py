"""The state of one conversation between two turns: frozen, small, and JSON with a schema number."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

SCHEMA = 1
"""Raised whenever a stored state of before cannot be read as it was meant."""


class UnknownSchema(Exception):
    """The stored state is damaged or of another version of the program; offer to start again."""


@dataclass(frozen=True)
class Tracker:
    """A snapshot, not a list of events: the three-hundredth turn costs what the first did.

    Neither the text of the last message nor anything typed that is no slot is part of it.

    Attributes:
        slots: the slots that are set; a slot that is not named here has the initial value of the domain.
        active_loop: the form that is being filled in.
        requested_slot: the slot that was asked for last.
        turn: how many turns were taken; 0 when nobody spoke yet.
        started: whether ``action_session_start`` was run.
        before: what the last turn ended with, as far as a rule may still look at it.
    """

    slots: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    active_loop: str | None = None
    requested_slot: str | None = None
    turn: int = 0
    started: bool = False

    @classmethod
    def empty(cls) -> Tracker:
        """The state of a conversation in which nothing was said yet."""
        return cls()

    def with_slots(self, **values: Any) -> Tracker:
        """The same state with other values for these slots; None takes a slot away."""
        slots = {**self.slots, **values}
        return replace(self, slots=MappingProxyType({name: value for name, value in slots.items() if value is not None}))

    def to_json(self) -> str:
        """The state as JSON text with its schema number."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str) -> Tracker:
        """Read what ``to_json`` wrote.

        Raises:
            UnknownSchema: the text is damaged, or of another schema.
        """
        raise NotImplementedError
