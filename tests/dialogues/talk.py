"""A conversation with an engine, for tests: the actions are functions or real rasa-sdk actions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rasa_sdk import Action
from rasa_sdk import Tracker as SdkTracker
from rasa_sdk.executor import ActionExecutor

from dialogues import ActionResult, BotMessage, Engine, RunAction, Tracker, UserMessage, load, parse_payload

Answer = tuple[list[dict[str, Any]], list[dict[str, Any]]]
Function = Callable[[SdkTracker, Mapping[str, Any]], list[dict[str, Any]] | Answer]

WORLD = """
version: "3.1"
intents: [groet, vraag, melden, stoppen, antwoord, ja, nee, overslaan]
entities: [waar, wat, kleur, nr]
slots:
  kind:
    type: categorical
    values: [primair, voortgezet]
    mappings: [{type: custom}]
  open:
    type: bool
    mappings: [{type: custom}]
  naam:
    type: text
    mappings: [{type: custom}]
  nr:
    type: any
    mappings: [{type: from_entity, entity: nr}]
  waar:
    type: text
    mappings:
      - type: from_intent
        intent: overslaan
        value: "-"
        conditions: [{active_loop: formulier, requested_slot: waar}]
      - type: from_entity
        entity: waar
        conditions: [{active_loop: formulier, requested_slot: waar}]
  wat:
    type: text
    mappings:
      - type: from_text
        conditions: [{active_loop: formulier, requested_slot: wat}]
forms:
  formulier:
    required_slots: [waar, wat]
    ignored_intents: [stoppen, vraag, nlu_fallback]
responses:
  utter_hallo: [{text: Hallo}]
  utter_antwoord: [{text: Dit is het antwoord}]
  utter_gestopt: [{text: Gestopt}]
  utter_klaar: [{text: Klaar}]
  utter_ask_formulier_waar: [{text: Waar?, buttons: [{title: Plein, payload: '/antwoord{"waar": "plein"}'}]}]
  utter_ask_wat: [{text: Wat?}]
  utter_default: [{text: Dat snap ik niet}]
"""

WORLD_RULES = """
version: "3.1"
rules:
  - rule: groet
    steps: [{intent: groet}, {action: utter_hallo}]
  - rule: vraag
    steps: [{intent: vraag}, {action: utter_antwoord}]
  - rule: begin
    steps: [{intent: melden}, {action: formulier}, {active_loop: formulier}]
  - rule: stop
    condition: [{active_loop: formulier}]
    steps: [{intent: stoppen}, {action: action_deactivate_loop}, {active_loop: null}, {action: utter_gestopt}]
  - rule: klaar
    condition: [{active_loop: formulier}]
    steps:
      - action: formulier
      - active_loop: null
      - slot_was_set: [{requested_slot: null}]
      - action: utter_klaar
"""


def write(folder: Path, domain: str, rules: str = "") -> Path:
    """A dialogue folder with these two files."""
    (folder / "domain").mkdir(parents=True, exist_ok=True)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "domain" / "domain.yml").write_text(domain, encoding="utf-8")
    (folder / "rules" / "rules.yml").write_text(rules, encoding="utf-8")
    return folder


class Talk:
    """One conversation. ``say`` returns the texts that were said; the state and the calls of actions can be looked at."""

    def __init__(self, folder: Path, actions: Mapping[str, Function | Action] | None = None, channel: str = "rest") -> None:
        self.engine = Engine(load([folder]))
        self.tracker = Tracker.empty()
        self.messages: tuple[BotMessage, ...] = ()
        self.calls: list[RunAction] = []
        self._actions = actions or {}
        self._channel = channel

    def say(self, text: str, intent: str | None = None) -> list[str]:
        """Say a payload, or a text with the intent that it was understood as."""
        parsed = parse_payload(text)
        name, entities = parsed or (intent or "nlu_fallback", {})
        turn = self.engine.turn(self.tracker, UserMessage(text, name, entities, self._channel))
        try:
            request = next(turn)
            while True:
                self.calls.append(request)
                request = turn.send(self._run(request))
        except StopIteration as stop:
            # Stored and read back between any two turns, as the program does.
            self.tracker = Tracker.from_json(stop.value.tracker.to_json())
            self.messages = stop.value.messages
        return [message.text for message in self.messages]

    def called(self) -> list[str]:
        """The names of the actions that were called so far."""
        return [call.name for call in self.calls]

    def _run(self, request: RunAction) -> ActionResult:
        action = self._actions[request.name]
        if isinstance(action, Action):
            executor = ActionExecutor()
            executor.register_action(action)
            result = asyncio.run(executor.run(dict(request.call)))
            assert result is not None
            return ActionResult(result.events, result.responses)
        outcome = action(SdkTracker.from_dict(request.call["tracker"]), request.call["domain"])
        events, responses = outcome if isinstance(outcome, tuple) else (outcome, [])
        return ActionResult(events, responses)
