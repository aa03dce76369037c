"""Two bounded lanes for Argon2, so that a class full of pupils cannot lock staff out, nor fill the memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class QueueFull(Exception):
    """Too many people wait already; try again in a minute."""


class Lane:
    """Runs slow work in threads of its own: so many at a time, so many waiting, and no more."""

    def __init__(self, name: str, at_a_time: int = 2, waiting: int = 60) -> None:
        """Make a lane.

        Args:
            name: of its threads.
            at_a_time: 2, each taking 64 MiB: four in both lanes stay far under what a small server has.
            waiting: a class of thirty pupils that all send at once, twice: the last waits about 10 seconds.
        """
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix=f"brievenbus-{name}")
        self._room = at_a_time + waiting
        self._inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` when it is its turn.

        Raises:
            QueueFull: the lane and its waiting room are full.
        """
        if self._inside >= self._room:
            raise QueueFull
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Let running work finish and take no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Lanes:
    """The lane of staff (log-in, invitations) and the lane of pupils (codes)."""

    def __init__(self) -> None:
        self.staff = Lane("staff")
        self.pupils = Lane("pupils")

    def close(self) -> None:
        """Close both."""
        self.staff.close()
        self.pupils.close()
