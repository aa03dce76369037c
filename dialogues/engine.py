"""The engine: takes stored state and an understood message to new state and replies."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogues.assistant import Assistant
from dialogues.domain import DEACTIVATE, DEFAULT_INTENTS, FALLBACK, NOT_UNDERSTOOD, RESTART, SESSION_START
from dialogues.forms import Events, FormRun, Rejected
from dialogues.messages import ActionResult, BotMessage, Button, RunAction, UserMessage
from dialogues.rules import LISTEN, Prediction
from dialogues.running import Event, Running, active_loop, slot_set
from dialogues.slots import REQUESTED_SLOT, Extraction
from dialogues.tracker import Tracker

MOST_ACTIONS = 10
"""Rasa's MAX_NUMBER_OF_PREDICTIONS: rules that go round stop here."""


@dataclass(frozen=True)
class TurnResult:
    """The state after a turn, and what was said in it."""

    tracker: Tracker
    messages: tuple[BotMessage, ...] = field(repr=False)


class Engine:
    """Runs the dialogues of one assistant. It holds no conversation and may serve any number of them at once."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._domain = assistant.domain
        self._book = assistant.book
        self._json = assistant.domain_json()
        self._initial = {name: slot.initial_value for name, slot in assistant.domain.slots.items()}
        self._extraction = Extraction(assistant.domain.slots, assistant.domain.forms, assistant.domain.entities)

    def turn(self, tracker: Tracker, message: UserMessage) -> Generator[RunAction, ActionResult, TurnResult]:
        """Take one turn. Yields every custom action that must be run, and is sent its result.

        An exception that is thrown into the generator ends the turn and is passed on: a failing action leaves no trace.

        Raises:
            LookupError: an action set a slot or said a response that the domain does not have.
        """
        turn = Running(self._domain, self._initial, tracker, message)
        if not tracker.started:
            yield from self._run(turn, SESSION_START)
            turn.history.clear()
            turn.latest = LISTEN
        intent = message.intent if message.intent in self._domain.intents else NOT_UNDERSTOOD
        entities = {name: value for name, value in message.entities.items() if name in self._domain.entities}
        turn.hear(intent, entities)
        for event in self._extraction.run(turn.slots, turn.loop, turn.rejected, intent, entities, message.text):
            turn.apply(event)
        ran = 0
        while ran < MOST_ACTIONS:
            prediction = self._predict(turn)
            if prediction.action is None or prediction.action == LISTEN:
                break
            ran += yield from self._run(turn, prediction.action, prediction.interrupted)
            if prediction.action == SESSION_START:
                break
        return TurnResult(turn.finish(), tuple(turn.messages))

    def say(self, response_name: str, tracker: Tracker, channel: str, **values: Any) -> BotMessage:
        """A response outside of a turn: the danger card, an error.

        Raises:
            LookupError: no response has this name, or none of its variations fits.
        """
        slots = {**self._initial, **tracker.slots, REQUESTED_SLOT: tracker.requested_slot}
        said = self._domain.responses[response_name].say(slots, channel, values)
        if said is None:
            raise LookupError(f"no variation of {response_name} fits")
        return said

    def asks_text(self, tracker: Tracker) -> bool:
        """Whether the question that was asked last takes typed text as its answer."""
        if tracker.active_loop is None or tracker.requested_slot is None:
            return False
        return any(
            mapping.type == "from_text" and not mapping.intents
            for name, mappings in self._extraction.applicable(tracker.active_loop, tracker.requested_slot)
            if name == tracker.requested_slot
            for mapping, _ in mappings
        )

    def _predict(self, turn: Running) -> Prediction:
        """The next action: a followup, restart and session_start, the loop, the rules, or else the fallback."""
        followup, turn.followup = turn.followup, None
        if followup is not None and (followup == LISTEN or self._domain.can_run(followup)):
            return Prediction(followup)
        if turn.latest == LISTEN and not turn.reverted and turn.intent in DEFAULT_INTENTS:
            return Prediction(DEFAULT_INTENTS[turn.intent])
        if turn.loop is not None and not turn.rejected:
            return Prediction(LISTEN if turn.latest == turn.loop else turn.loop)
        if turn.reverted:
            return Prediction(LISTEN)
        prediction = self._book.predict(turn.history, turn.now())
        # What was just rejected is not tried again; Rasa then has nothing left but its fallback.
        if prediction.action is not None and prediction.action != turn.just_rejected:
            return prediction
        if FALLBACK in (turn.latest, turn.just_rejected):
            # Safer than Rasa, which would wait in silence here: in a form the question is asked again.
            return Prediction(turn.loop or LISTEN)
        return Prediction(FALLBACK)

    def _run(self, turn: Running, action: str, interrupted: bool = False) -> Generator[RunAction, ActionResult, int]:
        """Run one action. Returns how many actions that counts for: none when a form rejected the message."""
        form = self._domain.forms.get(action)
        if form is None:
            turn.executed(action, (yield from self._run_with(turn, action, ())))
            return 1
        try:
            events = yield from FormRun(form, turn, self._domain, self._extraction, self._run_with).run(interrupted)
        except Rejected:
            turn.reject(action)
            return 0
        turn.executed(action, events)
        return 1

    def _run_with(self, turn: Running, action: str, added: Sequence[Event]) -> Events:
        """The events of an action or a response, while ``added`` events are seen but have had no effect yet."""
        if action in self._domain.actions:
            result = yield turn.call(action, self._json, added)
            slots = turn.seen(added)[0] if added else turn.slots
            return [*(self._utter(response, slots, turn.channel) for response in result.responses), *result.events]
        if action in self._domain.responses:
            return self._respond(action, turn, added)
        if action == DEACTIVATE:
            return [active_loop(None), slot_set(REQUESTED_SLOT, None)]
        if action == RESTART:
            return [*self._respond("utter_restart", turn, added), {"event": "restart", "timestamp": None}]
        if action == FALLBACK:
            return [*self._respond("utter_default", turn, added), {"event": "rewind", "timestamp": None}]
        kept = [slot_set(name, value) for name, value in turn.slots.items() if value != self._initial[name]]
        return [{"event": "session_started", "timestamp": None}, *kept]

    def _respond(self, name: str, turn: Running, added: Sequence[Event]) -> list[Event]:
        response = self._domain.responses.get(name)
        if response is None:
            return []
        said = response.say(turn.seen(added)[0] if added else turn.slots, turn.channel)
        return [] if said is None else [said]

    def _utter(self, response: Any, slots: dict[str, Any], channel: str) -> BotMessage:
        """What an action said. A response is resolved; the action's own text is shown as it is, and its buttons come last."""
        name = response.get("response")
        said = BotMessage("")
        if name:
            found = self._domain.responses[name].say(slots, channel, response)
            if found is None:
                raise LookupError(f"no variation of {name} fits")
            said = found
        buttons = tuple(Button(str(each["title"]), str(each["payload"])) for each in response.get("buttons") or ())
        return BotMessage(
            response.get("text") or said.text,
            said.buttons + buttons,
            name or None,
            response.get("custom") or said.custom,
        )
