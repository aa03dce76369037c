"""The domain: everything that an assistant knows by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dialogues.responses import Response
from dialogues.slots import Form, Slot

RESTART = "action_restart"
SESSION_START = "action_session_start"
FALLBACK = "action_default_fallback"
DEACTIVATE = "action_deactivate_loop"
DEFAULT_ACTIONS = frozenset({RESTART, SESSION_START, FALLBACK, DEACTIVATE})
"""Actions that need not be named in the domain; the first three may be, and are then ours."""

NOT_UNDERSTOOD = "nlu_fallback"
DEFAULT_INTENTS = {"restart": RESTART, "session_start": SESSION_START}
"""Intents that go before everything, and the action of each."""


@dataclass(frozen=True)
class Domain:
    """What the files in ``domain/`` say, all together.

    Attributes:
        intents: names, those that Rasa knows by itself included.
        entities: names.
        slots: by name, in the order in which they were written.
        forms: by name.
        responses: by name, without the responses' variations chosen.
        actions: names of the actions in Python.
        places: file and line of each action in Python.
        carries_over: whether slots live on in a new session, as they do in Rasa when nothing is said; and the file and line.
        json: the domain in the shape that Rasa sends to an action server.
    """

    intents: frozenset[str]
    entities: frozenset[str]
    slots: Mapping[str, Slot]
    forms: Mapping[str, Form]
    responses: Mapping[str, Response]
    actions: frozenset[str]
    places: Mapping[str, tuple[str, int]]
    carries_over: tuple[bool, str, int]
    json: dict[str, Any]

    def can_run(self, action: str) -> bool:
        """Whether something of this name can be run: an action, a form or a response."""
        return action in self.actions or action in self.forms or action in self.responses or action in DEFAULT_ACTIONS

    def ask_action(self, form: str, slot: str) -> str | None:
        """What asks for this slot in this form; None when nothing does."""
        names = (f"action_ask_{form}_{slot}", f"utter_ask_{form}_{slot}", f"action_ask_{slot}", f"utter_ask_{slot}")
        return next((name for name in names if name in self.actions or name in self.responses), None)

    @staticmethod
    def near(name: str, known: Iterable[str]) -> str:
        """A sentence that says which name may have been meant."""
        close = difflib.get_close_matches(name, list(known), 1)
        return f'Bedoel je "{close[0]}"?' if close else "Zet hem in het domein of verander de naam."
