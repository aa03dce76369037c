"""Fetching updates: what was fetched is confirmed only after everything that it led to was committed."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
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
# While something is handled others are looked for this often; when nothing can be kept we wait longer. In seconds.
_LOOK_SECONDS = 0.25
_STUCK_SECONDS = 2.0
_STOP_SECONDS = 1.0
_CONFIRM_SECONDS = 0.5


class Polling:
    """Fetches until cancelled.

    Telegram confirms by a number: everything below it. So it is the lowest number that is not handled yet, and while one chat
    takes long the others go on: what was fetched twice meanwhile is known.
    """

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
        self._handled: set[int] = set()
        self._queues: dict[int, deque[Update]] = {}
        self._workers: dict[int, asyncio.Task[None]] = {}
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._failures: dict[int, int] = {}

    async def run(self) -> None:
        """Fetch, handle, confirm."""
        try:
            while True:
                updates = await self._fetch()
                self.accept(updates)
                await self._pause()
        finally:
            if self._workers:
                # A moment for what was begun; what is cut off was not confirmed, and comes again.
                await asyncio.wait(self._workers.values(), timeout=_STOP_SECONDS)
            for worker in list(self._workers.values()):
                worker.cancel()

    def accept(self, updates: Sequence[Update]) -> None:
        """Let those that are new be handled: of one chat one after the other, chats side by side."""
        waiting = {update.update_id for queue in self._queues.values() for update in queue}
        for update in sorted(updates, key=lambda update: update.update_id):
            ident = update.update_id
            if ident in waiting or ident in self._handled:
                continue
            chat = update.effective_chat
            place = chat.id if chat is not None else 0
            self._queues.setdefault(place, deque()).append(update)
            if place not in self._workers:
                self._workers[place] = asyncio.create_task(self._work(place))
        self._move_on(updates)

    async def confirm(self) -> None:
        """Tell Telegram at the end what was handled; what is not confirmed comes again, and is recognised."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(_CONFIRM_SECONDS):
                    await self._bot.get_updates(offset=self._next(), limit=1, timeout=0, allowed_updates=KINDS)
            except (TelegramError, TimeoutError):
                log.debug("the last updates were not confirmed")

    async def _fetch(self) -> Sequence[Update]:
        wait = FIRST_WAIT
        while True:
            # While something is being handled Telegram answers at once: with that.
            timeout = 0 if self._queues else max(1, int(HELD_SECONDS * min(self._pace.second, 1)))
            try:
                return await self._bot.get_updates(
                    offset=self._next(), limit=MOST, timeout=timeout, allowed_updates=KINDS, read_timeout=10
                )
            except RetryAfter as error:
                await self._pace.pause(seconds_of(error))
                continue
            except Conflict:
                log.warning("another program fetches the messages of this bot, or a webhook is set")
            except TelegramError as error:
                first = wait == FIRST_WAIT
                log.log(logging.WARNING if first else logging.DEBUG, "Telegram cannot be reached; trying again: %s", error)
            await self._pace.pause(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    async def _pause(self) -> None:
        """Until something was handled, or for a moment: others may have said something."""
        if self._workers:
            await asyncio.wait(self._workers.values(), timeout=_LOOK_SECONDS * self._pace.second)

    def _next(self) -> int | None:
        """The lowest number that was not handled."""
        waiting = [queue[0].update_id for queue in self._queues.values() if queue]
        if waiting:
            return min(waiting)
        return self._offset

    def _move_on(self, updates: Sequence[Update]) -> None:
        """Remember how far we are.

        Not back: what Telegram delivers a second time has a lower number. But when nothing waits there we ask without a number:
        after a quiet week Telegram begins anew with any, which may be a lower one.
        """
        if not updates and not self._queues:
            self._offset = None
        for update in updates:
            self._offset = max(self._offset or 0, update.update_id + 1)
        lowest = self._next()
        self._handled = {ident for ident in self._handled if lowest is not None and ident >= lowest}

    async def _work(self, place: int) -> None:
        queue = self._queues[place]
        while queue:
            async with self._free:
                handled = await self._handle(queue[0])
            if handled:
                self._handled.add(queue.popleft().update_id)
            else:
                await self._pace.pause(_STUCK_SECONDS)
        # Not when it is cut off: what is left in the queue must not be confirmed.
        del self._queues[place], self._workers[place]

    async def _handle(self, update: Update) -> bool:
        try:
            await self._take(update)
        except self._problems:
            log.warning("nothing can be kept now; messages on Telegram wait")
            return False
        except Exception:
            failures = self._failures[update.update_id] = self._failures.get(update.update_id, 0) + 1
            log.exception("a message on Telegram could not be handled")
            if failures < _TRIES:
                return False
        self._failures.pop(update.update_id, None)
        return True
