"""Rules that contradict each other, and rules that leave out what others say of the same action."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialogues.assistant import Assistant
from dialogues.problem import DialogueProblem
from dialogues.rule_reader import Rule
from dialogues.rules import LISTEN, UNSET, Step, Wanted


def check_rules(assistant: Assistant) -> Iterator[DialogueProblem]:
    """Two rules that can match the same state and want different actions; incomplete rules."""
    yield from _contradictions(assistant.rules)
    yield from _incomplete(assistant.rules)


def _contradictions(rules: Sequence[Rule]) -> Iterator[DialogueProblem]:
    """Stricter than Rasa, where the longer condition wins: who writes texts need not know how long "longer" is."""
    by_action: dict[str, list[tuple[Rule, Step]]] = {}
    told: set[tuple[int, int]] = set()
    for rule in rules:
        for step in rule.steps:
            others = by_action.setdefault(step.states[-1].previous, [])
            for other, earlier in others:
                pair = (id(other), id(rule))
                if other is rule or earlier.action == step.action or pair in told or not _meet(earlier, step):
                    continue
                told.add(pair)
                message = (
                    f'"{rule.name}" wil hier {_named(step.action)}, maar "{other.name}" ({other.file}:{earlier.line}) wil '
                    f"{_named(earlier.action)}, en beide kunnen tegelijk passen. Geef ze voorwaarden die elkaar uitsluiten."
                )
                yield DialogueProblem(step.file, step.line, message)
            others.append((rule, step))


def _meet(one: Step, other: Step) -> bool:
    """Whether there is a state in which both steps come next."""
    return all(_same(a, b) for a, b in zip(reversed(one.states), reversed(other.states), strict=False))


def _same(one: Wanted, other: Wanted) -> bool:
    if one.previous != other.previous or (one.intent and other.intent and one.intent != other.intent):
        return False
    if one.loop is not None and other.loop is not None and one.loop != other.loop:
        return False
    wanted = dict(one.slots)
    return all(wanted[name] == feature for name, feature in other.slots if name in wanted)


def _named(action: str) -> str:
    return "luisteren" if action == LISTEN else action


def _incomplete(rules: Sequence[Rule]) -> Iterator[DialogueProblem]:
    """As Rasa refuses them: where one rule says what an action does to a loop or a slot, every rule with that action must."""
    loops: dict[str, dict[str, Step]] = {}
    slots: dict[str, dict[str, Step]] = {}
    for step in (step for rule in rules for step in rule.steps):
        action = step.states[-1].previous
        if action != LISTEN:
            for kind, said in ((loops, step.loops), (slots, step.slots)):
                for name in said:
                    kind.setdefault(action, {}).setdefault(name, step)
    for rule in rules:
        for step in rule.steps:
            now = step.states[-1]
            wanted = loops.get(now.previous, {})
            if wanted and now.loop not in wanted:
                first = next(iter(wanted))
                line = f"active_loop: {'null' if first == UNSET else first}"
                yield _left_out(step, rule, now.previous, line, wanted[first])
            expected = slots.get(now.previous, {})
            if expected and set(expected) != {name for name, _ in now.slots}:
                missing = sorted(set(expected) - {name for name, _ in now.slots})
                if missing:
                    yield _left_out(step, rule, now.previous, f"slot_was_set: {missing[0]}", expected[missing[0]])


def _left_out(step: Step, rule: Rule, action: str, line: str, other: Step) -> DialogueProblem:
    message = (
        f'"{rule.name}" is niet af: na {action} zegt "{other.rule}" ({other.file}:{other.line}) ook "{line}". '
        "Zet er hier ook bij wat er na die stap geldt."
    )
    return DialogueProblem(step.file, step.line, message)
