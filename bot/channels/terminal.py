"""The conversation in a terminal: for whoever writes dialogues, and for tests. Reads plain lines from a pipe, too."""

from __future__ import annotations

import secrets
import textwrap
from collections.abc import Iterator
from typing import Protocol, TextIO

from bot.messages import Facts, Incoming, Replies
from dialogues import Button

WIDTH = 78


class Talks(Protocol):
    """Whoever holds the conversations."""

    async def open(self, facts: Facts) -> Replies:
        """The welcome."""
        ...

    async def handle(self, incoming: Incoming) -> Replies:
        """The answer to one message."""
        ...


async def talk(talks: Talks, school: str, lines: TextIO, out: TextIO) -> None:
    """Talk until the lines end. A number or the words on a button press it; everything else is said as it is typed."""
    facts = Facts(school, "cmdline")
    key = secrets.token_hex(16)
    replies = await talks.open(facts)
    buttons = _show(replies, out)
    for line in _lines(lines, out):
        text = _pressed(line, buttons)
        replies = await talks.handle(Incoming(key, facts, text, turn=replies.turn))
        buttons = _show(replies, out)


def _lines(lines: TextIO, out: TextIO) -> Iterator[str]:
    prompt = "> " if lines.isatty() else ""
    while True:
        out.write(prompt)
        out.flush()
        line = lines.readline()
        if not line:
            return
        if not prompt:
            # From a pipe nothing is echoed: say what was said, so that it reads as a conversation.
            out.write(f"> {line.rstrip()}\n")
        yield line.rstrip("\n")


def _show(replies: Replies, out: TextIO) -> list[Button]:
    buttons: list[Button] = []
    for message in replies.messages:
        for paragraph in message.text.split("\n"):
            out.write(textwrap.fill(paragraph, WIDTH) + "\n")
        for button in message.buttons:
            buttons.append(button)
            out.write(f"  [{len(buttons)}] {button.title}\n")
        out.write("\n")
    return buttons


def _pressed(line: str, buttons: list[Button]) -> str:
    typed = line.strip()
    if typed.isdecimal() and 1 <= int(typed) <= len(buttons):
        return buttons[int(typed) - 1].payload
    return next((button.payload for button in buttons if button.title.casefold() == typed.casefold()), line)
