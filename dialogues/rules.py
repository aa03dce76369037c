"""Rules: what comes next, given what happened in this turn.

A rule is kept as Rasa's RulePolicy keeps it: for every action in it the sequence of states that leads to that action. A state
is the previous action with the intent, the active loop and the slots that the rule speaks of. A sequence never reaches back over
a turn: it begins with the intent, or with the rule's first action. (The loader refuses rules for which that would not hold.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogues.slots import Feature, Slot

LISTEN = "action_listen"
UNSET = "should_not_be_set"
"""What Rasa writes for a loop or a slot that must not be there."""


@dataclass(frozen=True)
class Moment:
    """Where the conversation is: before every action, and now.

    Attributes:
        previous: the action that was run last; ``action_listen`` at the start of a turn.
        intent: of the message of this turn; None where rules may not see it.
        loop: the active loop.
        slots: the values of the slots.
    """

    previous: str
    intent: str | None
    loop: str | None
    slots: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """What a rule wants of a moment.

    Attributes:
        previous: the previous action.
        intent: None for any.
        loop: None for any, ``should_not_be_set`` for none.
        slots: slot, and the feature it must have; None when it must not be set.
    """

    previous: str
    intent: str | None = None
    loop: str | None = None
    slots: tuple[tuple[str, Feature], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """This state as Rasa writes it: the longest of several matching rules wins, and this is what is measured."""
        state: dict[str, Any] = {"prev_action": {"action_name": self.previous}}
        if self.intent is not None:
            state["user"] = {"intent": self.intent}
        if self.loop is not None:
            state["active_loop"] = {"name": self.loop}
        if self.slots:
            state["slots"] = {name: UNSET if feature is None else list(feature) for name, feature in self.slots}
        return state


@dataclass(frozen=True)
class Step:
    """One action of a rule, and the states that lead to it, oldest first.

    Attributes:
        states: oldest first.
        action: what comes next.
        rule: the name of the rule.
        file: where the action is written; for the final listening, where the rule is.
        line: where the action is written.
        loops: the loops (``should_not_be_set`` for none) that the rule says the action before it begins or ends.
        slots: the slots that the rule says the action before it sets.
    """

    states: tuple[Wanted, ...]
    action: str
    rule: str
    file: str
    line: int
    loops: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()

    def key(self) -> str:
        """The states as one text."""
        return json.dumps([state.as_json() for state in self.states], sort_keys=True)


@dataclass(frozen=True)
class Prediction:
    """What the rules say.

    Attributes:
        action: the next action; None when no rule fits.
        interrupted: the loop comes back after another question, so that it must not take the message for an answer.
        step: the step of the rule that said so.
    """

    action: str | None
    interrupted: bool = False
    step: Step | None = None


_NOTHING = Prediction(None)


class RuleBook:
    """All rules, ready to be asked.

    Steps are found by the previous action and the intent of their last state; of those that fit, the first in the list is the one
    that Rasa would take: the one with the longest key.
    """

    def __init__(self, steps: Sequence[Step], slots: Mapping[str, Slot]) -> None:
        self._features = {name: slot.feature for name, slot in slots.items()}
        self._rules = _index(steps)
        not_loop = [step for step in map(_not_the_loop, steps) if step is not None]
        self._interrupting = _index([step for step in map(_interruption, steps) if step is not None])
        self._not_loop = _index(not_loop)

    def predict(self, history: Sequence[Moment], now: Moment) -> Prediction:
        """The next action after ``history`` (the earlier moments of this turn, oldest first) and ``now``."""
        step = self._first(self._rules, history, now)
        interrupted = False
        if now.loop is not None:
            if step is not None and step.action == LISTEN and step.states[-1].loop in (None, UNSET):
                # A rule that knows nothing of loops answers within a form; the form then asks its question again.
                if self._first(self._not_loop, history, now) is None:
                    return Prediction(now.loop, False, step)
                step = None
            interrupted = self._first(self._interrupting, history, now) is not None
        if step is None:
            return _NOTHING if not interrupted else Prediction(None, True)
        return Prediction(step.action, interrupted, step)

    def _first(self, index: _Index, history: Sequence[Moment], now: Moment) -> Step | None:
        candidates = index.get((now.previous, now.intent))
        if candidates is None:
            candidates = index.get((now.previous, None), ())
        for step in candidates:
            if self._fits(step.states, history, now):
                return step
        return None

    def _fits(self, states: tuple[Wanted, ...], history: Sequence[Moment], now: Moment) -> bool:
        if not self._matches(states[-1], now):
            return False
        back = len(states) - 1
        if back > len(history):
            return False
        return all(
            self._matches(wanted, moment) for wanted, moment in zip(reversed(states[:-1]), reversed(history), strict=False)
        )

    def _matches(self, wanted: Wanted, moment: Moment) -> bool:
        # The intent need not be compared: the steps were looked up by it, and it is one and the same all turn long.
        if wanted.previous != moment.previous:
            return False
        if wanted.loop is not None and wanted.loop != (moment.loop or UNSET):
            return False
        return all(self._features[name](moment.slots.get(name)) == feature for name, feature in wanted.slots)


_Index = dict[tuple[str, str | None], tuple[Step, ...]]


def _index(steps: Iterable[Step]) -> _Index:
    found: dict[tuple[str, str | None], list[Step]] = {}
    for step in steps:
        last = step.states[-1]
        found.setdefault((last.previous, last.intent), []).append(step)
    merged: _Index = {}
    for (previous, intent), own in found.items():
        general = found.get((previous, None), []) if intent is not None else []
        merged[previous, intent] = tuple(sorted([*own, *general], key=lambda step: -len(step.key())))
    return merged


def _inside(states: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
    """The last state, and of the one before it only its action: what Rasa looks at when a rule is about a loop."""
    return (*(Wanted(state.previous) for state in states[-2:-1]), states[-1])


def _interruption(step: Step) -> Step | None:
    last = step.states[-1]
    if last.loop in (None, UNSET) or last.previous != LISTEN or step.action != last.loop:
        return None
    return Step(_inside(step.states), step.action, step.rule, step.file, step.line)


def _not_the_loop(step: Step) -> Step | None:
    last = step.states[-1]
    if last.loop in (None, UNSET) or last.previous == LISTEN or step.action == last.loop:
        return None
    return Step(_inside(step.states), step.action, step.rule, step.file, step.line)
