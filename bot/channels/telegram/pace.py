"""How fast we may speak on Telegram: one message a second to a chat, thirty a second in all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

PER_SECOND = 30
_MANY = 1000


class Pace:
    """Gives every message its moment, in the order in which they ask.

    Args:
        second: how long a second is; tests make it shorter.
        now: a clock that only goes on, in seconds.
        sleep: waits.
    """

    def __init__(
        self,
        second: float = 1.0,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Nothing was said yet."""
        self.second = second
        self._now = now
        self._sleep = sleep
        self._next = 0.0
        self._next_of: dict[int, float] = {}

    async def wait(self, chat: int) -> None:
        """Return when a message may be sent to this chat."""
        if (early := self._next_of.get(chat, 0.0) - self._now()) > 0:
            await self._sleep(early)
        now = self._now()
        moment = max(now, self._next)
        self._next = moment + self.second / PER_SECOND
        self._next_of[chat] = moment + self.second
        if len(self._next_of) > _MANY:
            self._next_of = {each: until for each, until in self._next_of.items() if until > now}
        if moment > now:
            await self._sleep(moment - now)

    async def pause(self, seconds: float) -> None:
        """Wait for so many of our seconds."""
        await self._sleep(seconds * self.second)
