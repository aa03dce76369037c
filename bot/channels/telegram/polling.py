"""Fetching updates: what was fetched is confirmed only after everything that it led to was committed."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from telegram import Bot, Update
from telegram.error import Conflict, RetryAfter, TelegramError

from bot.channels.telegram.pace import Pace
from bot.channels.telegram.sender import seconds_of

log = logging.getLogger(__name__)

Take = Callable[[Update], Awaitable[None]]

# Of Telegram's kinds only these; edits of old messages are none of them.
KINDS = ("message", "callback_query", "my_chat_member")
HELD_SECONDS = 25  # so long Telegram holds a question that has no answer yet
MOST = 100  # in one answer
# Chats whose updates are handled at the same time.
_AT_ONCE = 32
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0  # seconds, when Telegram cannot be reached
# After so many failures that are not the disk's an update is left, or nobody would ever be answered again.
_TRIES = 3
_STOP_SECONDS = 1.0
_CONFIRM_SECONDS = 0.5


class Polling:
    """Fetches until cancelled."""

    def __init__(self, bot: Bot, take: Take, problems: tuple[type[Exception], ...], pace: Pace) -> None:
        """Take the parts.

        Args:
            take: handles one update; returns after its commit.
            problems: what it raises while nothing can be kept: then updates are fetched again, however long that takes.
        """
        self._bot = bot
        self._take = take
        self._problems = problems
        self._pace = pace
        self._offset: int | None = None
        self._failures: dict[int, int] = {}

    async def run(self) -> None:
        """Fetch, handle, confirm."""
        wait = FIRST_WAIT
        while True:
            try:
                timeout = max(1, int(HELD_SECONDS * min(self._pace.second, 1)))
                updates = await self._bot.get_updates(
                    offset=self._offset, limit=MOST, timeout=timeout, allowed_updates=KINDS, read_timeout=10
                )
            except RetryAfter as error:
                await self._pace.pause(seconds_of(error))
                continue
            except Conflict:
                log.warning("another program fetches the messages of this bot, or a webhook is set")
                await self._pace.pause(wait := min(2 * wait, LONGEST_WAIT))
                continue
            except TelegramError as error:
                log.log(
                    logging.WARNING if wait == FIRST_WAIT else logging.DEBUG,
                    "Telegram cannot be reached; trying again: %s",
                    error,
                )
                await self._pace.pause(wait := min(2 * wait, LONGEST_WAIT))
                continue
            wait = FIRST_WAIT
            if not await self._to_the_end(updates):
                await self._pace.pause(2.0)

    async def _to_the_end(self, updates: Sequence[Update]) -> bool:
        """Handle updates; who cancels us waits a moment for what was begun."""
        task = asyncio.create_task(self.handle(updates))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task}, timeout=_STOP_SECONDS)
            task.cancel()
            raise

    async def handle(self, updates: Sequence[Update]) -> bool:
        """Handle updates: those of one chat one after the other, chats side by side. Whether they can be confirmed."""
        chats: dict[int, list[Update]] = defaultdict(list)
        for update in sorted(updates, key=lambda update: update.update_id):
            chat = update.effective_chat
            chats[chat.id if chat is not None else 0].append(update)
        limit = asyncio.Semaphore(_AT_ONCE)
        done = await asyncio.gather(*(self._handle_chat(some, limit) for some in chats.values()))
        if all(done) and updates:
            # Never back: what Telegram delivers a second time has a lower number.
            self._offset = max(self._offset or 0, *(update.update_id + 1 for update in updates))
            self._failures.clear()
        return all(done)

    async def confirm(self) -> None:
        """Tell Telegram at the end what was handled; what is not confirmed comes again, and is recognised."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(_CONFIRM_SECONDS):
                    await self._bot.get_updates(offset=self._offset, limit=1, timeout=0, allowed_updates=KINDS)
            except (TelegramError, TimeoutError):
                log.debug("the last updates were not confirmed")

    async def _handle_chat(self, updates: Sequence[Update], limit: asyncio.Semaphore) -> bool:
        async with limit:
            for update in updates:
                if not await self._handle(update):
                    return False
        return True

    async def _handle(self, update: Update) -> bool:
        try:
            await self._take(update)
        except self._problems:
            log.warning("nothing can be kept now; messages on Telegram wait")
            return False
        except Exception:
            failures = self._failures[update.update_id] = self._failures.get(update.update_id, 0) + 1
            log.exception("a message on Telegram could not be handled")
            return failures >= _TRIES
        return True
