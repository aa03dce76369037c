"""An assistant as it was read from its files: domain and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any


@dataclass(frozen=True)
class Assistant:
    """Everything that the files in ``domain/`` and ``rules/`` say."""

    def domain_json(self) -> dict[str, Any]:
        """The domain in the shape that Rasa sends to an action server. One object; nobody may change it."""
        raise NotImplementedError


def load(folders: Sequence[Traversable]) -> Assistant:
    """Read ``domain/*.yml`` and ``rules/*.yml`` of each folder, the later added to the earlier.

    Raises:
        DialogueProblem: with file, line and how to mend it.
    """
    raise NotImplementedError
