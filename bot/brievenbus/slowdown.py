"""Slows down guessing at passwords: per account, and apart for devices that logged in before. Nobody is locked out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FREE_TRIES = 3
LONGEST_WAIT = 60
# Forgotten after so many seconds without a try.
FORGET = 3600
# So many are remembered; who types made-up names only pushes out the oldest, whose waits have long passed.
MOST = 10_000


@dataclass(frozen=True)
class _Tries:
    failures: int
    last: datetime


class Slowdown:
    """Remembers failures in memory only: who tries where is nobody's business after a restart."""

    def __init__(self) -> None:
        self._tries: dict[tuple[bytes, bool], _Tries] = {}

    def wait(self, account: bytes, known_device: bool, now: datetime) -> int:
        """Seconds until the next try is looked at; 0 when it may come now."""
        tries = self._tries.get((account, known_device))
        if tries is None or tries.failures < FREE_TRIES:
            return 0
        pause = min(1 << min(tries.failures - FREE_TRIES + 1, 16), LONGEST_WAIT)
        return max(0, pause - int((now - tries.last).total_seconds()))

    def failed(self, account: bytes, known_device: bool, now: datetime) -> None:
        """Count a failure."""
        self._tries = {key: old for key, old in self._tries.items() if (now - old.last).total_seconds() < FORGET}
        old = self._tries.pop((account, known_device), None)
        while len(self._tries) >= MOST:
            del self._tries[next(iter(self._tries))]
        self._tries[account, known_device] = _Tries((old.failures if old else 0) + 1, now)

    def succeeded(self, account: bytes, known_device: bool) -> None:
        """Forget the failures of this account on such a device."""
        self._tries.pop((account, known_device), None)
