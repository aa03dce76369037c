"""The engine: takes stored state and an understood message to new state and replies."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from dialogues.assistant import Assistant
from dialogues.messages import ActionResult, BotMessage, RunAction, UserMessage
from dialogues.tracker import Tracker


@dataclass(frozen=True)
class TurnResult:
    """The state after a turn, and what was said in it."""

    tracker: Tracker
    messages: tuple[BotMessage, ...] = field(repr=False)


class Engine:
    """Runs the dialogues of one assistant. It holds no conversation and may serve any number of them at once."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def turn(self, tracker: Tracker, message: UserMessage) -> Generator[RunAction, ActionResult, TurnResult]:
        """Take one turn. Yields every custom action that must be run, and is sent its result.

        An exception that is thrown into the generator ends the turn and is passed on.
        """
        raise NotImplementedError
        yield

    def say(self, response_name: str, tracker: Tracker, channel: str, **values: Any) -> BotMessage:
        """A response outside of a turn: the danger card, an error.

        Raises:
            KeyError: no response has this name.
        """
        raise NotImplementedError

    def asks_text(self, tracker: Tracker) -> bool:
        """Whether the question that was asked last takes typed text as its answer."""
        raise NotImplementedError
