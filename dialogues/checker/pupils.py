"""Texts for pupils that read too hard."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from dialogues.assistant import Assistant
from dialogues.checker.known import Known
from dialogues.lined_yaml import read
from dialogues.problem import DialogueProblem
from dialogues.reading import EASY, ENOUGH, LONGEST, MOST_SYLLABLES, flesch_douma, sentences, syllables, words
from dialogues.responses import Variation
from dialogues.rule_reader import Rule

LONG_WORDS = "lange_woorden.yml"
PARENTS = frozenset({"ouders", "protocol", "stappenplan"})
"""Words in the name of a file that only parents read."""

_KINDS = ("primair", "voortgezet")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def read_long_words(folders: Sequence[Traversable]) -> frozenset[str]:
    """The words of more than four syllables that were reviewed, with the reason for each.

    Raises:
        DialogueProblem: a word has no reason.
    """
    found: set[str] = set()
    for folder in folders:
        if (folder / LONG_WORDS).is_file():
            tree = read(folder / LONG_WORDS)
            for word in tree:
                if not tree.text(word).strip():
                    tree.fail(f'Schrijf achter "{word}" waarom een kind dit woord mag tegenkomen.', word)
                found.add(word.lower())
    return frozenset(found)


def for_parents(variation: Variation) -> bool:
    """Whether only a parent reads this: by its condition, or by the name of its file."""
    named = PARENTS & set(PurePosixPath(variation.file).stem.split("_"))
    return ("rol", "ouder") in (variation.conditions or ()) or bool(named)


def check_reading(assistant: Assistant, known: Known, long_words: frozenset[str]) -> Iterator[DialogueProblem]:
    """Each text by itself, and what is said in one go: by one rule, or by one form from its first question to its last."""
    for response in assistant.domain.responses.values():
        for variation in response.variations:
            if not for_parents(variation):
                yield from _one_text(variation, known, long_words)
    for rule in assistant.rules:
        actions = [step.action for step in rule.steps]
        yield from _together(assistant, known, actions, rule.file, rule.line, f'de teksten van "{rule.name}"', _role(rule))
    for form in assistant.domain.forms.values():
        asks = [assistant.domain.ask_action(form.name, slot) or "" for slot in form.required_slots]
        yield from _together(assistant, known, asks, form.file, form.line, f"de vragen van {form.name}", None)


def _one_text(variation: Variation, known: Known, long_words: frozenset[str]) -> Iterator[DialogueProblem]:
    text = known.fill(variation.text)
    place = variation.file, variation.text_line
    for sentence in sentences(text):
        count = len(words(sentence))
        if count > LONGEST:
            yield DialogueProblem(*place, f'Een zin van {count} woorden is te lang voor een kind: "{sentence}" Maak er twee van.')
    for word in words(_PLACEHOLDER.sub(" ", variation.text.text)):
        if syllables(word) > MOST_SYLLABLES and word.lower() not in long_words:
            message = (
                f'"{word}" is een lang woord voor een kind. Kies een korter woord, of zet het met een reden in {LONG_WORDS}.'
            )
            yield DialogueProblem(*place, message)
    if _too_hard(text):
        yield DialogueProblem(*place, _advice("deze tekst", text))


def _together(
    assistant: Assistant, known: Known, actions: Sequence[str], file: str, line: int, what: str, role: str | None
) -> Iterator[DialogueProblem]:
    if role == "ouder":
        return
    for kind in _KINDS:
        slots: Mapping[str, str] = {"rol": "leerling", "kind": kind}
        texts = []
        for action in actions:
            response = assistant.domain.responses.get(action)
            index = response.choose(slots, "rest") if response is not None else None
            if response is not None and index is not None and not for_parents(response.variations[index]):
                texts.append(known.fill(response.variations[index].text))
        text = "\n".join(texts)
        if len(texts) > 1 and _too_hard(text):
            yield DialogueProblem(file, line, _advice(what, text))
            return


def _role(rule: Rule) -> str | None:
    """Whom a rule with a condition on ``rol`` is for; None for anybody."""
    for name, feature in rule.steps[0].states[0].slots if rule.steps else ():
        if name == "rol" and feature is not None and feature[1] == 1.0:
            return "ouder"
    return None


def _too_hard(text: str) -> bool:
    return len(words(text)) >= ENOUGH and flesch_douma(text) < EASY


def _advice(what: str, text: str) -> str:
    verb = "leest" if what == "deze tekst" else "lezen"
    return f"Zo {verb} {what} te moeilijk ({flesch_douma(text):.0f}; {EASY:.0f} is makkelijk). Kies kortere woorden en zinnen."
