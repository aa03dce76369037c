"""From an update of Telegram to what was said: by whom, in which chat, and what of it we take."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from telegram import Message, Update
from telegram.constants import ChatType

from bot.messages import Attachment

# As BotFather and the menu button show them, and as a Dutch child may guess them.
COMMANDS = {
    "menu": "/menu",
    "hulp": "/help",
    "help": "/help",
    "stop": "/stoppen",
    "stoppen": "/stoppen",
    "terug": "/terug",
    "wis": "/wis_gesprek",
    "code": "/code_opvolgen",
}
_COMMAND = re.compile(r"/(?P<name>[A-Za-z]{1,32})(?:@\w+)?(?:\s+(?P<rest>\S.*))?\s*", re.DOTALL)
_KINDS = {
    "photo": Attachment.PHOTO,
    "voice": Attachment.VOICE,
    "audio": Attachment.VOICE,
    "video_note": Attachment.VOICE,
    "sticker": Attachment.STICKER,
    "animation": Attachment.STICKER,
    "dice": Attachment.STICKER,
    "location": Attachment.LOCATION,
    "venue": Attachment.LOCATION,
    "contact": Attachment.CONTACT,
}
_OTHER_KINDS = ("document", "video", "poll", "game", "story", "paid_media", "checklist", "invoice", "giveaway")


class Kind(Enum):
    """What somebody did."""

    SAYS = "zegt"
    PRESSES = "drukt"
    STARTS = "begint"
    BLOCKS = "blokkeert"


@dataclass(frozen=True)
class Heard:
    """One thing that one person did in a private chat.

    Attributes:
        chat: number of the chat.
        delivery: the number of the update.
        text: what was said, the data of the button, or what stood behind ``/start``.
        message: id of the person's message.
        callback: id of the press, to be answered.
        attachment: what came instead of text.
    """

    chat: int = field(repr=False)
    delivery: str = field(repr=False)
    kind: Kind
    text: str = field(default="", repr=False)
    message: int | None = field(default=None, repr=False)
    callback: str = field(default="", repr=False)
    attachment: Attachment | None = None


def group_of(update: Update) -> int | None:
    """The number of a group or channel in which something happened while we are in it; None for a private chat."""
    chat = update.effective_chat
    if chat is None or chat.type == ChatType.PRIVATE:
        return None
    member = update.my_chat_member
    return None if member is not None and member.new_chat_member.status in ("left", "kicked") else chat.id


def hear(update: Update) -> Heard | None:
    """What a person did, or None for what asks for no answer: a change of an old message, something the app tells, a group."""
    chat = update.effective_chat
    if chat is None or chat.type != ChatType.PRIVATE:
        return None
    delivery = str(update.update_id)
    if update.callback_query is not None:
        query = update.callback_query
        return Heard(chat.id, delivery, Kind.PRESSES, query.data or "", callback=query.id)
    if update.my_chat_member is not None:
        blocks = update.my_chat_member.new_chat_member.status == "kicked"
        return Heard(chat.id, delivery, Kind.BLOCKS) if blocks else None
    if update.message is None:
        return None
    return _said(chat.id, delivery, update.message)


def _said(chat: int, delivery: str, message: Message) -> Heard | None:
    text = message.text or message.caption or ""
    attachment = _attachment(message)
    if attachment is None and not message.text:
        return None
    if attachment is None and (command := _COMMAND.fullmatch(text)):
        name = command["name"].lower()
        if name == "start":
            return Heard(chat, delivery, Kind.STARTS, (command["rest"] or "").strip(), message.message_id)
        text = COMMANDS.get(name, text)
    return Heard(chat, delivery, Kind.SAYS, text, message.message_id, attachment=attachment)


def _attachment(message: Message) -> Attachment | None:
    if message.forward_origin is not None:
        return Attachment.FORWARDED
    for name, kind in _KINDS.items():
        if getattr(message, name, None):
            return kind
    if any(getattr(message, name, None) for name in _OTHER_KINDS):
        return Attachment.FILE
    # Something newer than our library; what the app itself tells is known to it.
    return Attachment.FILE if not message.text and set(message.api_kwargs) - {"guest_bot_caller_user"} else None
