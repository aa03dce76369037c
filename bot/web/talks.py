"""What the web needs from elsewhere: someone who answers, and the schools that it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.messages import Facts, Incoming, Replies


@dataclass(frozen=True)
class SchoolPage:
    """A school as the web shows it.

    Attributes:
        slug: the part of the address that names the school: lower case letters, digits and hyphens.
        name: as people call the school.
        kind: ``primair`` or ``voortgezet``.
    """

    slug: str
    name: str
    kind: str


class Talks(Protocol):
    """Whoever holds the conversations."""

    async def open(self, facts: Facts) -> Replies:
        """The welcome. Stores nothing: a page that is only looked at leaves no row."""
        ...

    async def handle(self, incoming: Incoming) -> Replies:
        """The answer to one message, when everything of its turn is committed. Never raises for bad input."""
        ...
