"""Which lines of the dialogue files the conversations exercise, and which buttons lead to no answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import dialogues.slots
from bot.messages import Facts, Incoming
from bot.turn import Turn
from dialogues import Assistant, BotMessage, Tracker, UserMessage
from dialogues.domain import FALLBACK
from dialogues.reading import flesch_douma, words
from dialogues.responses import Response, Variation
from dialogues.rules import LISTEN, Moment, Prediction, RuleBook, Step
from dialogues.running import Running
from dialogues.slots import SlotMapping

Place = tuple[str, int]
"""A file and a line."""

# What is said when a button is no answer to anything.
NO_ANSWER = {"utter_niet_begrepen", "utter_kies_knop", "utter_knop_oud", "utter_overslaan_kan_niet", "utter_kop_onbekend"}


@dataclass
class Exercised:
    """What was done so far: keys of steps, places of variations, mappings and buttons, names of slots, conditions both ways."""

    steps: set[str] = field(default_factory=set)
    variations: set[Place] = field(default_factory=set)
    mappings: set[Place] = field(default_factory=set)
    buttons: set[Place] = field(default_factory=set)
    slots: set[str] = field(default_factory=set)
    conditions: set[tuple[Place, bool]] = field(default_factory=set)
    chosen: dict[str, Variation] = field(default_factory=dict)

    def on_page(self, messages: tuple[BotMessage, ...]) -> dict[str, set[Place]]:
        """By payload where the buttons on this page are written. To be asked before the page is answered."""
        found: dict[str, set[Place]] = {}
        for message in messages:
            variation = self.chosen.get(message.response or "")
            if variation is not None:
                for button, line in zip(message.buttons, variation.button_lines, strict=False):
                    found.setdefault(button.payload, set()).add((variation.file, line))
        return found


def record(patch: pytest.MonkeyPatch, assistant: Assistant) -> Exercised:
    """Watch the engine from now on; the assistant's labels, which actions read as data, too."""
    done = Exercised()
    keys = {id(step): _key(step) for rule in assistant.rules for step in rule.steps}
    predict, say, holds, extract, apply = RuleBook.predict, Response.say, Variation.holds, dialogues.slots._extract, Running.apply

    def predicts(book: RuleBook, history: Any, now: Moment) -> Prediction:
        prediction = predict(book, history, now)
        if prediction.step is not None:
            done.steps.add(keys[id(prediction.step)])
        return prediction

    def says(response: Response, slots: Mapping[str, Any], channel: str, values: Mapping[str, Any] | None = None) -> Any:
        index = response.choose(slots, channel)
        if index is not None:
            done.chosen[response.name] = variation = response.variations[index]
            done.variations.add((variation.file, variation.text_line))
        return say(response, slots, channel, values)

    def does_hold(variation: Variation, slots: Mapping[str, Any]) -> bool:
        for condition, line in zip(variation.conditions or (), variation.condition_lines, strict=True):
            one = Variation(variation.text, conditions=(condition,))
            done.conditions.add(((variation.file, line), holds(one, slots)))
        return holds(variation, slots)

    def extracts(mapping: SlotMapping, entities: Mapping[str, Any], text: str) -> tuple[bool, Any]:
        found, value = extract(mapping, entities, text)
        if found:
            done.mappings.add((mapping.file, mapping.line))
        return found, value

    def applies(turn: Running, event: Any) -> None:
        if isinstance(event, Mapping) and event["event"] == "slot" and event["value"] is not None:
            done.slots.add(event["name"])
        apply(turn, event)

    patch.setattr(RuleBook, "predict", predicts)
    patch.setattr(Response, "say", says)
    patch.setattr(Variation, "holds", does_hold)
    patch.setattr(dialogues.slots, "_extract", extracts)
    patch.setattr(Running, "apply", applies)
    patch.setitem(assistant.domain.json, "responses", _Labels(assistant, done))
    return done


class _Labels(dict[str, Any]):
    """The responses of the domain as actions see them; what an action reads there is its first variation."""

    def __init__(self, assistant: Assistant, done: Exercised) -> None:
        super().__init__(assistant.domain.json["responses"])
        self._assistant = assistant
        self._done = done

    def __getitem__(self, name: str) -> Any:
        first = self._assistant.domain.responses[name].variations[0]
        self._done.variations.add((first.file, first.text_line))
        return super().__getitem__(name)


def missed(assistant: Assistant, done: Exercised) -> dict[str, list[str]]:
    """By kind, what no conversation exercises: ``file:line`` and what stands there."""
    found: dict[str, list[str]] = {"rules": [], "slots": [], "mappings": [], "responses": [], "conditions": [], "buttons": []}
    for rule in assistant.rules:
        for step in rule.steps:
            if _counts(assistant, step) and _key(step) not in done.steps:
                found["rules"].append(f"{_short(_place(step))} {rule.name}: {step.action}")
    for slot in assistant.domain.slots.values():
        if slot.file and slot.name not in done.slots:
            found["slots"].append(f"{_short((slot.file, slot.line))} {slot.name}")
        for mapping in slot.mappings:
            if mapping.type != "custom" and (mapping.file, mapping.line) not in done.mappings:
                found["mappings"].append(f"{_short((mapping.file, mapping.line))} {slot.name} {mapping.type}")
    for name, variation in variations(assistant):
        if (variation.file, variation.text_line) not in done.variations:
            found["responses"].append(f"{_short((variation.file, variation.text_line))} {name}")
        for (slot_name, value), line in zip(variation.conditions or (), variation.condition_lines, strict=True):
            ways = [way for way in (True, False) if ((variation.file, line), way) not in done.conditions]
            found["conditions"] += [f"{_short((variation.file, line))} {name}: {slot_name}={value} is {way}" for way in ways]
        for (title, payload), line in zip(variation.buttons, variation.button_lines, strict=True):
            if (variation.file, line) not in done.buttons:
                found["buttons"].append(f"{_short((variation.file, line))} {name}: {title.text} {payload.text}")
    return {kind: sorted(set(lines)) for kind, lines in found.items()}


def counted(assistant: Assistant) -> dict[str, int]:
    """By kind, how many places there are."""
    everything = missed(assistant, Exercised())
    return {kind: len(lines) for kind, lines in everything.items()}


def variations(assistant: Assistant) -> Iterator[tuple[str, Variation]]:
    """Every variation with the name of its response."""
    for name, response in assistant.domain.responses.items():
        for variation in response.variations:
            yield name, variation


def _counts(assistant: Assistant, step: Step) -> bool:
    # That the bot listens after a form's question, or after a fallback, is not asked of rules.
    return not (step.action == LISTEN and step.states[-1].previous in {*assistant.domain.forms, FALLBACK})


def _place(step: Step) -> Place:
    return step.file, step.line


def _key(step: Step) -> str:
    """What two rules that begin alike have in common; the engine follows one of them."""
    return f"{step.key()} {step.action}"


def _short(place: Place) -> str:
    path = Path(place[0])
    return f"{path.parent.name}/{path.name}:{place[1]}"


@dataclass
class Presses:
    """Presses each button of a page as if somebody did, keeps nothing of it, and remembers which led to no answer."""

    dead: dict[str, str] = field(default_factory=dict)
    count: int = 0
    _seen: set[str] = field(default_factory=set)

    async def all_of(
        self, conversation: Any, tracker: Tracker, facts: Facts, messages: tuple[BotMessage, ...], where: str
    ) -> None:
        """Every button that is on the page now."""
        state = {name: value for name, value in tracker.slots.items() if name not in ("nonce", "draad", "wie_leest")}
        here = json.dumps([state, tracker.active_loop, tracker.requested_slot, facts.channel], sort_keys=True)
        nonce = tracker.slots.get("nonce") or "-"
        for button in (button for message in messages for button in message.buttons):
            key = here + button.payload.replace(str(nonce), "nonce")
            if key not in self._seen:
                self._seen.add(key)
                self.count += 1
                await self._press(conversation, tracker, facts, button.payload, f"{where}: {button.title} {button.payload}")

    async def _press(self, conversation: Any, tracker: Tracker, facts: Facts, payload: str, what: str) -> None:
        understood = conversation._understanding.understand(payload)
        message = UserMessage(payload, understood.intent, understood.entities, facts.channel)
        ran: list[str] = []
        run = conversation._executor.run

        class Watched:
            async def run(self, call: dict[str, Any]) -> Any:
                ran.append(call["next_action"])
                return await run(call)

        conversation._executor, kept = Watched(), conversation._executor
        try:
            taken = await conversation._take(tracker, Turn(facts), message)
        finally:
            conversation._executor = kept
        said = {reply.response for reply in taken.messages}
        if not taken.messages or FALLBACK in ran or said & NO_ANSWER:
            self.dead[what] = f"{sorted(str(name) for name in said)}"


async def state_of(conversation: Any, key: str, facts: Facts, ident: bytes) -> Tracker:
    """The stored state of a conversation."""
    tracker: Tracker = (await conversation._load(ident, Incoming(key, facts, ""))).tracker
    return tracker


def reads(texts: list[str]) -> tuple[int, float]:
    """How many words these are, and how easily they read together."""
    text = "\n".join(texts)
    count = len(words(text))
    return count, flesch_douma(text) if count else 0.0
