"""What a typed text means: explicit danger first, then navigation, then the examples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any, Literal

from dialogues.danger import Danger, DangerList
from dialogues.domain import NOT_UNDERSTOOD
from dialogues.lined_yaml import Mapped, read
from dialogues.normalising import key
from dialogues.payload import parse_payload

_ENTITY = re.compile(r"\[([^\]]*)\](\([^)]*\)|\{[^}]*\})")
"""Rasa's mark for an entity in an example: ``[op het plein](waar)``."""


@dataclass(frozen=True)
class Understood:
    """What a text means.

    Attributes:
        intent: its name; ``crisis_<kind>`` for red danger, ``nlu_fallback`` for what was not understood.
        entities: value by name.
        danger: None when nothing dangerous was recognised.
        over: whether the danger is about the writer or about another.
    """

    intent: str
    entities: Mapping[str, Any] = field(default_factory=dict, repr=False)
    danger: Danger | None = None
    over: Literal["zelf", "ander"] = "zelf"


class Understanding:
    """Reads a text with the danger list, the navigation words and the examples of ``folders``.

    Raises:
        DialogueProblem: one of the files cannot be used.
    """

    def __init__(self, folders: Sequence[Traversable]) -> None:
        self._danger = DangerList()
        self._exact: dict[str, str] = {}
        for folder in folders:
            if (folder / "gevaar.yml").is_file():
                self._danger.add(read(folder / "gevaar.yml"))
            if (folder / "navigatie.yml").is_file():
                self._add_phrases(read(folder / "navigatie.yml"))
        for folder in folders:
            for file in sorted(_yaml_files(folder / "nlu"), key=lambda file: file.name):
                self._add_examples(read(file))

    def understand(self, text: str) -> Understood:
        """What this text means. A payload (``/intent{...}``) is taken at its word and is never danger."""
        payload = parse_payload(text)
        if payload is not None:
            return Understood(*payload)
        found = self._danger.find(text)
        if found is not None:
            danger, over = found
            return Understood(f"crisis_{danger.kind}", {}, danger, over)
        return Understood(self._exact.get(key(text), NOT_UNDERSTOOD))

    def _add_phrases(self, tree: Mapped) -> None:
        for intent in tree:
            for phrase, line in tree.texts(intent):
                self._add(phrase, intent, Mapped(tree.file, line))

    def _add_examples(self, tree: Mapped) -> None:
        tree.only("version", "nlu")
        for item in tree.sequence("nlu").mappings():
            item.only("intent", "examples")
            intent = item.text("intent")
            for line in item.text("examples").splitlines():
                example = _ENTITY.sub(r"\1", line.strip().removeprefix("-"))
                if example.strip():
                    # Navigation was added before and keeps its words; of two intents with one example the first has it.
                    self._exact.setdefault(key(example), intent)

    def _add(self, phrase: str, intent: str, place: Mapped) -> None:
        known = self._exact.setdefault(key(phrase), intent)
        if known != intent:
            place.fail(f'"{phrase}" hoort al bij {known}. Haal een van de twee weg.')


def _yaml_files(folder: Traversable) -> list[Traversable]:
    return [file for file in folder.iterdir() if file.name.endswith((".yml", ".yaml"))] if folder.is_dir() else []
