"""The turn that is being taken: what the channel knows, and what the actions want to be written.

Actions of rasa-sdk get a dispatcher, a tracker and a domain, and nothing else. What they need of the running program beside
the services in their constructor stands in a context variable: one turn, one value, never shared by two conversations.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from bot.effects import Effect
from bot.messages import Facts


@dataclass
class Turn:
    """One turn of one conversation.

    Attributes:
        facts: what the channel knows.
        ask_again: name of the response that says why the question is asked again instead of being answered; empty otherwise.
        values: for the placeholders of that response.
        menu: whether the menu follows that response outside a form; not where it has buttons of its own.
        effects: what the actions asked for, in order.
    """

    facts: Facts
    ask_again: str = ""
    values: dict[str, str] = field(default_factory=dict)
    menu: bool = True
    effects: list[Effect] = field(default_factory=list, repr=False)


CURRENT: ContextVar[Turn] = ContextVar("turn")


def current_turn() -> Turn:
    """The turn that this action runs in."""
    return CURRENT.get()
