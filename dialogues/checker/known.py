"""What the checker is told of the running program: its actions, and what they put into texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dialogues.responses import Template


@dataclass(frozen=True)
class Known:
    """What Python has.

    Attributes:
        given: the placeholders that actions fill, each with the longest value that it gets.
        slots: slots that stand in texts, each with the longest value that it gets.
        actions: names of the actions in Python; None when nothing is known of them.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    actions: frozenset[str] | None = None

    def fill(self, template: Template) -> str:
        """A text as long as it can become; a placeholder of which nothing is known stays a word."""
        values: dict[str, Any] = {name: name for name in template.names}
        return template.fill({**values, **self.slots, **self.given})
