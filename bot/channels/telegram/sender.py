"""Sends what waits for a chat: at Telegram's pace, in order, each once as far as anybody can know."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from bot.channels.telegram.pace import Pace
from bot.chats import Chat, Said
from bot.outbox import Later, Refused

log = logging.getLogger(__name__)

# Tries of one message before the outbox takes it back and waits longer; and how long between them, in seconds.
_WAITS = (0.5, 2.0)
_MOST_DELETED = 100  # in one call
# Between our last message and one that was sent again after no answer came: the first of the two may have one of these ids.
_MOST_GUESSES = 30
# Telegram would fetch the pages of help that we name, and show their pictures.
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_GONE = ("chat not found", "user not found", "user_id_invalid", "peer_id_invalid", "chat_id_invalid", "user is deactivated")


class Memory(Protocol):
    """What is remembered of chats."""

    async def load(self, key: str) -> Chat:
        """What is known of one."""
        ...

    async def change(self, key: str, how: Callable[[Chat], Chat]) -> None:
        """Note something."""
        ...

    def said(self, ident: int, *, ours: bool) -> Said:
        """A message of now."""
        ...

    def wipeable(self, chat: Chat) -> list[Said]:
        """What can still be deleted."""
        ...


class ReplySender:
    """The outbox's sender of replies."""

    def __init__(self, bot: Bot, memory: Memory, pace: Pace) -> None:
        """Take the parts."""
        self._bot = bot
        self._memory = memory
        self._pace = pace

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """See `bot.outbox.Sender`: send one message, and note its id and that it was sent."""
        chat = await self._memory.load(destination)
        number = int(payload["number"])
        if number <= chat.sent:
            return
        if chat.gone:
            raise Refused
        try:
            await self._tidy(destination, chat, payload)
            idents = await self._say(int(destination), payload, chat)
        except _Gone:
            await self._memory.change(destination, lambda chat: replace(chat, gone=True, keyboards=(), said=()))
            raise Refused from None
        said = tuple(self._memory.said(ident, ours=True) for ident in idents)
        keyboard = idents[-1:] if payload["buttons"] else []

        def noted(chat: Chat) -> Chat:
            return replace(chat, sent=number, said=(*chat.said, *said), keyboards=(*chat.keyboards, *keyboard))

        await self._memory.change(destination, noted)

    async def at_once(self, chat: int, things: Sequence[Mapping[str, Any]]) -> None:
        """Say what could not be kept, when nothing can be kept; whatever goes wrong then, goes wrong."""
        try:
            for thing in things:
                await self._say(chat, thing, Chat())
        except (_Gone, Refused, Later, NetworkError):
            log.warning("what failed could not be told either")

    async def _tidy(self, destination: str, chat: Chat, payload: Mapping[str, Any]) -> None:
        """Take away what the first message of a turn makes old: buttons, or all that was said."""
        number = int(destination)
        if payload.get("wipe"):
            until = int(payload["until"])
            gone = sorted({said.ident for said in self._memory.wipeable(chat) if said.ours or said.ident <= until})
            await self._delete(number, gone)
            kept = tuple(said for said in chat.said if not (said.ours or said.ident <= until))
            await self._memory.change(destination, lambda chat: replace(chat, said=kept, keyboards=()))
        elif payload.get("clear") and chat.keyboards:
            cleared = set()
            for ident in chat.keyboards:
                # A button that stays is known to be old; the answer does not wait for it.
                with suppress(NetworkError):
                    await _call(
                        self._bot.edit_message_reply_markup(chat_id=number, message_id=ident, reply_markup=None), ignore=True
                    )
                    cleared.add(ident)
            await self._memory.change(
                destination, lambda chat: replace(chat, keyboards=tuple(k for k in chat.keyboards if k not in cleared))
            )

    async def _delete(self, chat: int, idents: Sequence[int]) -> None:
        for begin in range(0, len(idents), _MOST_DELETED):
            some = idents[begin : begin + _MOST_DELETED]
            if not await _call(self._bot.delete_messages(chat_id=chat, message_ids=some), ignore=True):
                # One that is too old keeps all of them: then each by itself.
                for ident in some:
                    await _call(self._bot.delete_message(chat_id=chat, message_id=ident), ignore=True)

    async def _say(self, chat: int, thing: Mapping[str, Any], known: Chat) -> list[int]:
        """Send the message; returns its id, after those that it may also have when an answer got lost on its way."""
        rows = [[InlineKeyboardButton(title, callback_data=data)] for title, data in thing["buttons"]]
        markup = InlineKeyboardMarkup(rows) if rows else None
        unsure = False
        for wait in (*_WAITS, None):
            await self._pace.wait(chat)
            try:
                sent = await _call(
                    self._bot.send_message(
                        chat_id=chat, text=thing["text"], reply_markup=markup, link_preview_options=_NO_PREVIEW
                    )
                )
            except NetworkError:
                if wait is None:
                    raise
                unsure = True
                await self._pace.pause(wait)
                continue
            guesses = self._guesses(known, sent.message_id) if unsure else []
            return [*guesses, sent.message_id]
        raise AssertionError("the last try returns or raises")

    def _guesses(self, known: Chat, ident: int) -> list[int]:
        last = max((said.ident for said in known.said), default=ident)
        return list(range(max(last + 1, ident - _MOST_GUESSES), ident))


class NoticeWay:
    """Brings a notice to a reader's own chat: see `bot.brievenbus.notice_sender`."""

    def __init__(self, bot: Bot, pace: Pace) -> None:
        """Take the parts."""
        self._bot = bot
        self._pace = pace

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """See `bot.outbox.Sender`: send ``tekst``."""
        await self._pace.wait(int(destination))
        try:
            await _call(self._bot.send_message(chat_id=int(destination), text=payload["tekst"], link_preview_options=_NO_PREVIEW))
        except _Gone:
            raise Refused from None


class _Gone(Exception):
    """The chat cannot be reached: blocked, deactivated, or never there."""


async def _call(request: Any, *, ignore: bool = False) -> Any:
    """Await a request to Telegram and make of its errors what the outbox understands.

    Args:
        request: what `Bot` gives.
        ignore: a refusal of this very thing is no harm; None is returned.

    Raises:
        Later: too many requests.
        Refused: Telegram does not want it like this, and never will.
        _Gone: it does not want anything for this chat.
        NetworkError: it is not known whether it arrived.
    """
    try:
        return await request
    except RetryAfter as error:
        raise Later(seconds_of(error)) from None
    except Forbidden:
        raise _Gone from None
    except BadRequest as error:
        if any(sign in error.message.lower() for sign in _GONE):
            raise _Gone from None
        if ignore:
            return None
        log.warning("Telegram refused a message")  # a fault of ours; what it says may repeat what was sent
        raise Refused from None


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants us to be silent."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
