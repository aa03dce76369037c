"""What several actions need: labels from the dialogue files, slots as they are meant, lists in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Event = dict[str, Any]
Domain = Mapping[str, Any]
Events = list[Event]

# The value of a question that the pupil skipped.
SKIPPED = "-"


def label(domain: Domain, response: str) -> str:
    """The text of a response that is only a word or two, to put before or between what is not a response."""
    return str(domain["responses"][response][0]["text"])


def in_words(names: Sequence[str], last: str = "en") -> str:
    """Names as one says them: "Ivonne en Antje", "Ans, Bo en Cas"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def button(title: str, intent: str, **entities: str) -> dict[str, str]:
    """A button that an action makes, for titles that are names or labels."""
    inside = ", ".join(f'"{name}":"{value}"' for name, value in entities.items())
    return {"title": title, "payload": f"/{intent}{{{inside}}}" if inside else f"/{intent}"}


def menu_button(domain: Domain) -> dict[str, str]:
    """The way back; buttons of a response come before those of an action, so that here the action has them all."""
    return button(label(domain, "utter_knop_menu"), "menu")
