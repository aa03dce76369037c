"""Telegram, whole: the bot, its ways in and out, and its beginning and end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping

from sanic import Blueprint
from telegram import Bot, BotCommand
from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.brievenbus.notices import TOKEN_PREFIX, AddressTaken, LinkUnknown, Notices
from bot.channels.telegram.channel import Channel
from bot.channels.telegram.pace import Pace
from bot.channels.telegram.polling import KINDS, Polling
from bot.channels.telegram.sender import NoticeWay, ReplySender, seconds_of
from bot.channels.telegram.texts import TEXTS
from bot.channels.telegram.token import Reach
from bot.channels.telegram.webhook import PATH, webhook_blueprint
from bot.chats import Chats

log = logging.getLogger(__name__)

_CONNECTIONS = 64
_SECONDS = 10.0  # for an answer
_POLL_CONNECTIONS = 2
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_END_SECONDS = 1.0


class Telegram:
    """The bot of this process.

    Attributes:
        senders: for the outbox: its replies to pupils.
        notices: brings a notice to a reader's chat.
    """

    def __init__(
        self,
        reach: Reach,
        chats: Chats,
        notices: Notices,
        schools: Mapping[str, str],
        problems: tuple[type[Exception], ...],
    ) -> None:
        """Build it; nothing is asked of Telegram yet.

        Args:
            chats: remembers them, and takes turns.
            notices: links readers' chats, and is told the bot's name.
            schools: the names of the open schools, by slug.
            problems: what is raised when nothing can be kept.
        """
        self._reach = reach
        self._notices = notices
        self._requests = (_request(_POLL_CONNECTIONS), _request(_CONNECTIONS))
        base = f"{reach.server.rstrip('/')}/bot"
        self._bot = Bot(reach.token, base, get_updates_request=self._requests[0], request=self._requests[1])
        self._pace = Pace(reach.second)
        sender = ReplySender(self._bot, chats, self._pace)
        self._channel = Channel(self._bot, chats, sender, _Links(notices), schools, TOKEN_PREFIX)
        self._polling = Polling(self._bot, self._channel.take, problems, self._pace)
        # Made anew at each start: Telegram is told before it may post.
        self._secret = secrets.token_urlsafe(32)
        self.senders = {"telegram": sender}
        self.notices = NoticeWay(self._bot, self._pace)

    def blueprint(self) -> Blueprint | None:
        """The route for updates; None when they are fetched."""
        return webhook_blueprint(self._bot, self._secret, self._channel.take) if self._reach.webhook else None

    async def run(self) -> None:
        """Say hello to Telegram, however long that takes, and fetch updates until cancelled."""
        await self._begin()
        if self._reach.webhook:
            await asyncio.Event().wait()
        try:
            await self._polling.run()
        finally:
            await self._polling.confirm()

    async def close(self) -> None:
        """Hang up."""
        await self._channel.stop()
        for request in self._requests:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_END_SECONDS):
                    await request.shutdown()

    async def _begin(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                if self._reach.webhook:
                    await self._bot.set_webhook(
                        f"{self._reach.webhook}{PATH}", secret_token=self._secret, allowed_updates=KINDS, max_connections=40
                    )
                else:
                    await self._bot.delete_webhook()
                self._notices.telegram_bot = (await self._bot.get_me()).username or ""
                await self._bot.set_my_commands([BotCommand(name, text) for name, text in TEXTS.opdrachten.items()])
                await self._bot.set_my_description(TEXTS.over_mij)
                await self._bot.set_my_short_description(TEXTS.in_het_kort)
            except InvalidToken:
                log.error("Telegram does not know this token: see BRIEVENBUS_TELEGRAM_TOKEN")
                await self._pace.pause(_LONGEST_WAIT)
            except RetryAfter as error:
                await self._pace.pause(seconds_of(error))
            except TelegramError as error:
                log.warning("Telegram cannot be reached; trying again: %s", error)
                await self._pace.pause(wait := min(2 * wait, _LONGEST_WAIT))
            else:
                return


class _Links:
    """Links readers' chats."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices

    async def link(self, token: str, chat: int) -> str:
        """Use a token; the name of the text that says how it went."""
        try:
            await self._notices.link_telegram(token, chat)
        except LinkUnknown:
            return "koppeling_onbekend"
        except AddressTaken:
            return "koppeling_bezet"
        return "gekoppeld"


def _request(connections: int) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=connections, read_timeout=_SECONDS, write_timeout=_SECONDS, connect_timeout=5, pool_timeout=_SECONDS
    )
