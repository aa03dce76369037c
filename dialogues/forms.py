"""Forms: what happens when a form is run, as Rasa's FormAction does it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Protocol

from dialogues.domain import Domain
from dialogues.messages import ActionResult, RunAction
from dialogues.rules import LISTEN
from dialogues.running import Event, Running, action_executed, active_loop, slot_set
from dialogues.slots import REQUESTED_SLOT, Extraction, Form

Events = Generator[RunAction, ActionResult, list[Event]]


class RunWith(Protocol):
    """Runs an action or says a response, while ``added`` events are seen but have had no effect yet."""

    def __call__(self, turn: Running, action: str, added: Sequence[Event]) -> Events:
        """The events that came of it."""
        ...


class Rejected(Exception):
    """The message held no answer to the question of the form."""


class FormRun:
    """One run of a form within a turn. Nothing has an effect on the turn before the run is over."""

    def __init__(self, form: Form, turn: Running, domain: Domain, extraction: Extraction, run_with: RunWith) -> None:
        self._form = form
        self._turn = turn
        self._domain = domain
        self._extraction = extraction
        self._run_with = run_with
        self._was_active = turn.loop == form.name

    def run(self, interrupted: bool) -> Events:
        """Begin or go on: take the answer, ask the next question, or end.

        Args:
            interrupted: the form comes back after another question, and must not take the message for an answer.

        Raises:
            Rejected: a question was open, and the message does not answer it.
        """
        events: list[Event] = []
        if not self._was_active:
            events.append(active_loop(self._form.name))
            events += yield from self._activate()
        if not _is_done(events):
            if all(isinstance(event, Mapping) and event["event"] == "active_loop" for event in events):
                events += yield from self._answer(interrupted)
            if not any(isinstance(event, Mapping) and event["event"] == "action_execution_rejected" for event in events):
                events += yield from self._ask(events)
        if _is_done(events):
            events.append(active_loop(None))
        return events

    def _activate(self) -> Events:
        """Take what the message that began the form already answers, and have everything that is filled in validated."""
        begun: list[Event] = [active_loop(self._form.name)]
        turn, heard = self._turn, self._turn.message
        slots, loop, _ = turn.seen(begun)
        filled = self._extraction.run(slots, loop, False, turn.heard_intent, turn.entities, heard.text)
        slots, _, _ = turn.seen([*begun, *filled])
        if f"validate_{self._form.name}" not in self._domain.actions:
            return list(filled)
        present = {name: slots[name] for name in self._form.required_slots if slots.get(name) is not None}
        events = yield from self._validate(present, [*begun, *filled], slots.get(REQUESTED_SLOT))
        return events + _not_in(events, filled)

    def _answer(self, interrupted: bool) -> Events:
        turn = self._turn
        if turn.loop is not None and (turn.latest != LISTEN or interrupted):
            # Back from another question: nothing is an answer, but a form that decides what it asks must decide again.
            return (yield from self._validate({}, [], self._open_question()))
        wanted = {*self._form.required_slots, self._open_question()}
        found = {
            event["name"]: event["value"]
            for event in turn.events[turn.since_user :]
            if event["event"] == "slot" and event["name"] in wanted
        }
        events = yield from self._validate(found, [], self._open_question())
        if self._open_question() and not found and not _speaks_of_slots(events):
            raise Rejected
        return events

    def _validate(self, candidates: Mapping[str, Any], before: list[Event], question: str | None) -> Events:
        """Have ``validate_<form>`` look at the candidates: they are the last events that it sees."""
        filled = [slot_set(name, value) for name, value in candidates.items()]
        action = f"validate_{self._form.name}"
        if action not in self._domain.actions:
            return list(filled)
        added = [*before, slot_set(REQUESTED_SLOT, question), action_executed(self._form.name), *filled]
        events = yield from self._run_with(self._turn, action, added)
        return events + _not_in(events, filled)

    def _ask(self, so_far: list[Event]) -> Events:
        if _is_done(so_far):
            return [slot_set(REQUESTED_SLOT, None)]
        added = [slot_set(REQUESTED_SLOT, self._open_question()), action_executed(self._form.name), *so_far]
        chosen = [
            event["value"]
            for event in so_far
            if isinstance(event, Mapping) and event["event"] == "slot" and event["name"] == REQUESTED_SLOT
        ]
        question = chosen[0] if chosen else None
        events: list[Event] = []
        if not question:
            slots, _, _ = self._turn.seen(added)
            question = next((name for name in self._form.required_slots if slots.get(name) is None), None)
            events.append(slot_set(REQUESTED_SLOT, question))
        if question is None:
            return [slot_set(REQUESTED_SLOT, None)]
        ask = self._domain.ask_action(self._form.name, question)
        if ask is not None:
            events += yield from self._run_with(self._turn, ask, added)
        return events

    def _open_question(self) -> str | None:
        question: str | None = self._turn.slots.get(REQUESTED_SLOT)
        return question if self._was_active else None


def _is_done(events: Sequence[Event]) -> bool:
    """Whether the last word on the next question, or on the loop, is that there is none."""
    for event in reversed(events):
        if isinstance(event, Mapping) and event["event"] == "action_execution_rejected":
            return False
    for kind, name in (("slot", REQUESTED_SLOT), ("active_loop", None)):
        for event in reversed(events):
            if isinstance(event, Mapping) and event["event"] == kind and (name is None or event["name"] == name):
                if event["value" if kind == "slot" else "name"] is None:
                    return True
                break
    return False


def _speaks_of_slots(events: Sequence[Event]) -> bool:
    return any(
        isinstance(event, Mapping)
        and (event["event"] == "action_execution_rejected" or (event["event"] == "slot" and event["name"] != REQUESTED_SLOT))
        for event in events
    )


def _not_in(events: Sequence[Event], filled: Sequence[Mapping[str, Any]]) -> list[Event]:
    """The slots that the validation did not speak of; it then found them good."""
    spoken = {event["name"] for event in events if isinstance(event, Mapping) and event["event"] == "slot"}
    return [event for event in filled if event["name"] not in spoken]
