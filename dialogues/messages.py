"""What passes between the engine and those around it: a message, an action to run, what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class UserMessage:
    """One message of one person, already understood.

    Attributes:
        text: what was typed, or the payload of the button that was pressed.
        intent: the name of the intent; ``nlu_fallback`` for what was not understood.
        entities: value by entity name.
        channel: Rasa's name of the output channel: ``rest`` (web), ``telegram`` or ``cmdline``.
    """

    text: str = field(repr=False)
    intent: str
    entities: Mapping[str, Any] = field(repr=False)
    channel: str


@dataclass(frozen=True)
class RunAction:
    """The engine asks for an action to be run, and waits for its ``ActionResult``.

    Attributes:
        name: the name of the action.
        call: the complete action call of rasa-sdk: ``next_action``, ``sender_id``, ``tracker``, ``domain``, ``version``.
            The tracker is a copy, for rasa-sdk changes what it is given; the domain is one object for all calls.
    """

    name: str
    call: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class ActionResult:
    """What an action gave back: rasa-sdk events, and the messages of its dispatcher."""

    events: Sequence[Mapping[str, Any]] = field(repr=False)
    responses: Sequence[Mapping[str, Any]] = field(repr=False)


@dataclass(frozen=True)
class Button:
    """A button: what stands on it, and the payload that pressing it sends."""

    title: str
    payload: str


@dataclass(frozen=True)
class BotMessage:
    """One message of the bot, ready to be shown as plain text with buttons.

    Attributes:
        text: plain text, never markup.
        buttons: in the order in which they are shown.
        response: the name of the response that it came from; None when an action made the text.
        custom: what a channel may need besides text and buttons.
    """

    text: str = field(repr=False)
    buttons: tuple[Button, ...] = field(default=(), repr=False)
    response: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict, repr=False)
