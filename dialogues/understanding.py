"""What a typed text means: explicit danger first, then navigation, then the examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any, Literal


@dataclass(frozen=True)
class Danger:
    """A text that speaks of danger.

    Attributes:
        tier: ``red`` for explicit words, ``amber`` for a suspicion.
        kind: what the danger is.
    """

    tier: Literal["red", "amber"]
    kind: Literal["suicide", "thuis", "seksueel", "gevaar"]


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
    """Reads a text with the danger list, the navigation words and the examples of ``folders``."""

    def __init__(self, folders: Sequence[Traversable]) -> None:
        self.folders = folders

    def understand(self, text: str) -> Understood:
        """What this text means. A payload (``/...``) is taken at its word and is never danger."""
        raise NotImplementedError
