"""What passes between a channel and the conversation: what came in, and what is said back."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dialogues import BotMessage


class Attachment(Enum):
    """Something that is not the writer's own text; it is named, never kept."""

    PHOTO = "foto"
    VOICE = "spraak"
    STICKER = "sticker"
    LOCATION = "locatie"
    CONTACT = "contact"
    FILE = "bestand"
    FORWARDED = "doorgestuurd"


@dataclass(frozen=True)
class Facts:
    """What the channel knows about the conversation before anyone speaks.

    Attributes:
        school: slug of the school that the page or the deep link belongs to.
        channel: Rasa's name of the output channel: ``rest`` (web), ``telegram`` or ``cmdline``.
    """

    school: str
    channel: str


@dataclass(frozen=True)
class Incoming:
    """One message of one person, as a channel received it.

    Attributes:
        key: names the conversation; for the web the sender token, for Telegram the chat. Never stored as it is.
        facts: what the channel knows.
        text: what was typed, or the payload of the button that was pressed.
        message_id: recognises a second delivery of the same message; empty where a channel cannot deliver twice.
        turn: the turn number of the page that the message was sent from; None where a channel has no pages.
        attachment: set when something else than text came; ``text`` is then what stood with it, and only looked through for
            danger.
    """

    key: str = field(repr=False)
    facts: Facts
    text: str = field(repr=False)
    message_id: str = field(default="", repr=False)
    turn: int | None = None
    attachment: Attachment | None = None


@dataclass(frozen=True)
class Replies:
    """What is said back, after everything of the turn was committed.

    Attributes:
        messages: in the order in which they are said.
        turn: the number of the turn that a next message from this page belongs to.
        kept: whether the message counted; what was typed in one that did not (a full disk, a stale page) is its writer's still.
        posted: whether the messages were committed with the turn, for somebody else to send.
        text_allowed: whether the question that is asked now takes typed text (it always may be typed; this steers the focus).
    """

    messages: tuple[BotMessage, ...] = field(repr=False)
    turn: int
    text_allowed: bool = True
    kept: bool = True
    posted: bool = False
