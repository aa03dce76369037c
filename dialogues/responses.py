"""What the bot says: which variation of a response fits, and its placeholders filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dialogues.messages import BotMessage, Button

_PIECE = re.compile(r"\{\{|\}\}|\{([^\n{}]+)\}|[{}]")
_NAME = re.compile(r"[\w.-]+")


class Template:
    """A text with ``{placeholders}``.

    As in Rasa, the text is left as it is when one of its placeholders is not known, and ``{{`` stands for a brace. A text whose
    braces mean something else, such as the payload of a button, holds no placeholder.
    """

    __slots__ = ("_parts", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = _split(text)
        self.names: frozenset[str] = frozenset(name for is_name, name in self._parts or () if is_name)

    def fill(self, values: Mapping[str, Any]) -> str:
        """The text with the placeholders filled."""
        if self._parts is None:
            return self.text
        try:
            return "".join(str(values[part]) if is_name else part for is_name, part in self._parts)
        except KeyError:
            return self.text


def _split(text: str) -> list[tuple[bool, str]] | None:
    """The pieces of a text, each with whether it is a placeholder's name; None when the text is to be left alone."""
    parts: list[tuple[bool, str]] = []
    at = 0
    special = False
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in ("{", "}"):
            return None
        if match.start() > at:
            parts.append((False, text[at : match.start()]))
        at = match.end()
        special = True
        name = match.group(1)
        if name is not None and not _NAME.fullmatch(name):
            return None
        parts.append((True, name) if name is not None else (False, piece[0]))
    if not special:
        return None
    parts.append((False, text[at:]))
    return parts


@dataclass(frozen=True)
class Variation:
    """One way to say a response.

    Attributes:
        text: may have placeholders.
        buttons: title and payload of each, which may have placeholders.
        channel: only on this channel; None for any.
        conditions: slot and value; all must hold. None when there are none.
        custom: what a channel may need besides.
        file: where it is written.
        line: where it is written.
        text_line: where its text is written.
        button_lines: where each button is written; what two responses share by an alias stands in one place.
        condition_lines: where each condition is written.
    """

    text: Template
    buttons: tuple[tuple[Template, Template], ...] = ()
    channel: str | None = None
    conditions: tuple[tuple[str, Any], ...] | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)
    text_line: int = field(default=0, compare=False)
    button_lines: tuple[int, ...] = field(default=(), compare=False)
    condition_lines: tuple[int, ...] = field(default=(), compare=False)

    def holds(self, slots: Mapping[str, Any]) -> bool:
        """Whether every condition holds; texts are compared without regard to case."""
        for name, wanted in self.conditions or ():
            value = slots.get(name)
            if isinstance(value, str) and isinstance(wanted, str):
                if value.casefold() != wanted.casefold():
                    return False
            elif value != wanted:
                return False
        return True


class Response:
    """A response with its variations."""

    def __init__(self, name: str, variations: Sequence[Variation]) -> None:
        self.name = name
        self.variations = tuple(variations)
        self._constant: dict[int, BotMessage] = {}
        for index, each in enumerate(self.variations):
            if not (each.text.names or any(title.names or payload.names for title, payload in each.buttons)):
                self._constant[index] = self._compose(each, {})

    def choose(self, slots: Mapping[str, Any], channel: str) -> int | None:
        """The number of the variation that fits best: its condition and channel, its channel, its condition, neither.

        Of several that fit equally well it is the first, where Rasa takes one at random.
        """
        best: int | None = None
        best_rank = 4
        for index, each in enumerate(self.variations):
            if each.channel is not None and each.channel != channel:
                continue
            rank = (2 if each.channel is None else 0) + (1 if each.conditions is None else 0)
            if rank < best_rank and each.holds(slots):
                best, best_rank = index, rank
        return best

    def say(self, slots: Mapping[str, Any], channel: str, values: Mapping[str, Any] | None = None) -> BotMessage | None:
        """The message for these slots on this channel; None when no variation fits.

        Args:
            slots: the values of all slots, set or not.
            channel: Rasa's name of the output channel.
            values: placeholders that an action fills; they go before slots.
        """
        index = self.choose(slots, channel)
        if index is None:
            return None
        ready = self._constant.get(index)
        if ready is not None:
            return ready
        return self._compose(self.variations[index], {**slots, **values} if values else slots)

    def _compose(self, variation: Variation, values: Mapping[str, Any]) -> BotMessage:
        buttons = tuple(Button(title.fill(values), payload.fill(values)) for title, payload in variation.buttons)
        return BotMessage(variation.text.fill(values), buttons, self.name, variation.custom)
