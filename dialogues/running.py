"""One turn while it runs: what has happened so far, and what an action is told of it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from dialogues.domain import SESSION_START, Domain
from dialogues.messages import BotMessage, RunAction, UserMessage
from dialogues.rules import LISTEN, Moment
from dialogues.slots import REQUESTED_SLOT
from dialogues.tracker import Tracker

Event = Mapping[str, Any] | BotMessage
"""An event in rasa-sdk's shape, or something that was said."""


def slot_set(name: str, value: Any) -> dict[str, Any]:
    """The event that a slot got a value."""
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


def active_loop(name: str | None) -> dict[str, Any]:
    """The event that a loop began, or (None) ended."""
    return {"event": "active_loop", "timestamp": None, "name": name}


def action_executed(name: str) -> dict[str, Any]:
    """The event that an action was run."""
    return {"event": "action", "timestamp": None, "name": name, "policy": None, "confidence": None}


class Running:
    """The state of a turn that is being taken. Only the engine changes it.

    ``slots`` is never changed in place: moments of the past keep the values that they had. ``intent`` is what rules see,
    ``heard_intent`` what was said.
    """

    def __init__(self, domain: Domain, initial: Mapping[str, Any], tracker: Tracker, message: UserMessage) -> None:
        self.domain = domain
        self.message = message
        self.channel = message.channel
        # What the files no longer know is forgotten: they may have changed since this state was stored.
        known = {name: value for name, value in tracker.slots.items() if name in initial}
        self.loop = tracker.active_loop if tracker.active_loop in domain.forms else None
        asked = tracker.requested_slot if self.loop == tracker.active_loop else None
        self.slots: dict[str, Any] = {**initial, **known, REQUESTED_SLOT: asked}
        self.rejected = tracker.rejected and self.loop is not None
        self.just_rejected: str | None = None
        self.latest = LISTEN
        self.intent: str | None = None
        self.heard_intent = ""
        self.entities: Mapping[str, Any] = {}
        self.followup: str | None = None
        self.history: list[Moment] = []
        self.events: list[Mapping[str, Any]] = []
        self.messages: list[BotMessage] = []
        self.since_user = 0
        self.reverted = False
        self._initial = initial
        self._tracker = tracker
        self._heard: dict[str, Any] = {"text": None, "intent": {}, "entities": [], "metadata": {}}
        self._before: tuple[dict[str, Any], str | None] = (self.slots, self.loop)

    def hear(self, intent: str, entities: Mapping[str, Any]) -> None:
        """The message of this turn comes in."""
        self.intent = self.heard_intent = intent
        self.entities = entities
        ranked = {"name": intent, "confidence": 1.0}
        listed = [
            {"entity": name, "value": value}
            for name, values in entities.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        self._heard = {
            "text": self.message.text,
            "intent": ranked,
            "entities": listed,
            "intent_ranking": [ranked],
            "metadata": {},
        }
        self._before = (self.slots, self.loop)
        self.followup = None
        self.since_user = len(self.events)
        self.events.append(
            {
                "event": "user",
                "timestamp": None,
                "text": self.message.text,
                "parse_data": self._heard,
                "input_channel": self.channel,
            }
        )

    def now(self) -> Moment:
        """What rules see of this moment."""
        return Moment(self.latest, self.intent, self.loop, self.slots)

    def executed(self, action: str, events: Iterable[Event]) -> None:
        """An action was run and gave these events."""
        events = list(events)
        if not any(isinstance(event, Mapping) and event["event"] == "action_execution_rejected" for event in events):
            if action == self.loop and not self.rejected and not self.history:
                # The form went on as it should. Rasa then forgets the answer, and so rules do not see it.
                self.intent = None
            else:
                self.history.append(self.now())
            self.latest, self.just_rejected = action, None
            if action == self.loop:
                self.rejected = False
            self.events.append(action_executed(action))
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Let one event have its effect.

        Raises:
            LookupError: an action set a slot that the domain does not have.
        """
        if isinstance(event, BotMessage):
            self.messages.append(event)
            return
        kind = event["event"]
        if kind == "slot":
            self._set(event["name"], event["value"])
        elif kind == "active_loop":
            self.loop = event["name"]
            self.rejected = False
        elif kind == "followup":
            self.followup = event["name"]
        elif kind == "reset_slots":
            self.slots = dict(self._initial)
        elif kind in ("session_started", "restart"):
            self.slots, self.loop, self.rejected = dict(self._initial), None, False
            self.followup = SESSION_START if kind == "restart" else LISTEN
        elif kind == "rewind":
            # As if nothing had been said: what the message filled or started is gone.
            self.slots, self.loop = self._before
            self.rejected, self.reverted = False, True
        elif kind == "action_execution_rejected":
            self.reject(event["name"])
        else:
            return
        self.events.append(event)

    def reject(self, action: str) -> None:
        """An action did not want to run. When it is the form of the moment, rules may now answer the message."""
        self.just_rejected = action
        if action == self.loop:
            self.rejected = True

    def _set(self, name: str, value: Any) -> None:
        if name not in self._initial:
            raise LookupError(f"the domain has no slot {name}")
        self.slots = {**self.slots, name: value}

    def call(self, action: str, domain_json: dict[str, Any], added: Iterable[Event] = ()) -> RunAction:
        """The request to run an action.

        Args:
            action: its name.
            domain_json: the domain as rasa-sdk wants it.
            added: events that have not had their effect yet, but that the action already sees.
        """
        slots, loop, events = self.seen(added)
        tracker = {
            "sender_id": "",
            "slots": {name: copy.deepcopy(value) if isinstance(value, list | dict) else value for name, value in slots.items()},
            # Shallow copies do: rasa-sdk appends to the list of events and sets slots, it changes neither messages nor events.
            "latest_message": dict(self._heard),
            "latest_event_time": None,
            "followup_action": None,
            "paused": False,
            "events": events,
            "latest_input_channel": self.channel,
            "active_loop": {"name": loop, "is_interrupted": False, "rejected": self.rejected} if loop else {},
            "latest_action": {"action_name": self.latest},
            "latest_action_name": self.latest,
        }
        return RunAction(
            action,
            {"next_action": action, "sender_id": "", "tracker": tracker, "domain": domain_json, "version": "3.6.21"},
        )

    def seen(self, added: Iterable[Event] = ()) -> tuple[dict[str, Any], str | None, list[Mapping[str, Any]]]:
        """Slots, loop and events as they would be with these events added."""
        slots, loop, events = self.slots, self.loop, list(self.events)
        for event in added:
            if isinstance(event, BotMessage):
                continue
            events.append(event)
            if event["event"] == "slot":
                slots = {**slots, event["name"]: event["value"]}
            elif event["event"] == "active_loop":
                loop = event["name"]
        return slots, loop, events

    def finish(self) -> Tracker:
        """The state after the turn."""
        initial = self._initial
        changed = {
            name: value
            for name, value in self.slots.items()
            if value is not initial[name] and value != initial[name] and name != REQUESTED_SLOT
        }
        return replace(
            self._tracker,
            slots=MappingProxyType(changed),
            active_loop=self.loop,
            requested_slot=self.slots[REQUESTED_SLOT],
            rejected=self.rejected,
            turn=self._tracker.turn + 1,
            started=True,
        )
