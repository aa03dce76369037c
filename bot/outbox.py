"""The outbox: what must be sent is written in the transaction that it belongs to, and sent at least once after it."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, encrypt
from bot.brievenbus.padding import STEPS, pad, unpad
from bot.clock import Clock
from bot.storage import Conflict, Delete, Insert, Operation, OutboxRow, Replace, Storage, StorageProblem, UnitOfWork

log = logging.getLogger(__name__)

# For readers, and so locked under the server key: it waits for the next school day, and must survive a reboot. All other kinds
# are for pupils and locked under the runtime key.
NOTICE = "seintje"
CONFIRMATION = "bevestiging"
_UNDER_SERVER_KEY = frozenset({NOTICE, CONFIRMATION})
# Two of these for one reader say nothing that one does not say.
_SAY_ONCE = frozenset({NOTICE})

FIRST_WAIT, LONGEST_WAIT = 15.0, 3600.0  # seconds
# A wait is made up to so much shorter, so that what failed together does not come back together.
_JITTER = 0.25
# So many destinations of one kind at the same time; a mail server that hangs must not hold up Telegram.
AT_ONCE = 8
# On Telegram most of them only wait for the second between two messages.
_MORE_AT_ONCE = {"telegram": 40}
# Rows of another process are looked for this often. Our own are sent at once: see `Outbox.wake`.
LOOK_SECONDS = 2.0
# What is being sent when we must stop gets so long to be finished.
STOP_SECONDS = 1.5
_SIZES = (*STEPS, 64 * 1024, 256 * 1024)


class Refused(Exception):
    """It will never arrive: trying again makes no sense."""


class Later(Exception):
    """Not now; in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__("later")
        self.seconds = seconds


class Sender(Protocol):
    """Brings one thing to one destination."""

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """Send it; what returns was sent.

        Raises:
            Refused: it will never arrive; the outbox forgets it.
            Later: the other side says when to try again.
            Exception: anything else is tried again, ever more slowly.
        """


Senders = Mapping[str, Sender]


@dataclass(frozen=True)
class _Opened:
    """A row of the outbox, opened."""

    row: OutboxRow
    destination: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    order: int

    @property
    def place(self) -> tuple[str, str]:
        """What is sent one after the other: all of one kind for one destination."""
        return self.row.kind, self.destination


class Outbox:
    """Makes rows for others to commit, and sends what was committed."""

    def __init__(self, storage: Storage, server: ServerKey, runtime: ServerKey, clock: Clock) -> None:
        """Take the parts; ``runtime`` is made of the runtime key."""
        self._storage = storage
        self._server = server
        self._runtime = runtime
        self._clock = clock
        self._awake = asyncio.Event()
        self._known: dict[bytes, _Opened] = {}
        self._busy: set[tuple[str, str]] = set()
        # What was sent or tried and could not be marked, as the disk was full: sending it again would not help.
        self._unmarked: list[tuple[tuple[str, str], UnitOfWork]] = []

    def row(
        self, kind: str, destination: str, payload: Mapping[str, Any], at: datetime | None = None, *, order: int = 0
    ) -> Insert:
        """The operation that puts something into the outbox; it belongs in the unit of work of what it is about.

        Args:
            kind: names the sender: ``seintje``, ``bevestiging`` or ``telegram``.
            destination: for whom; sealed.
            payload: what; JSON, sealed.
            at: not before this moment; at once if None.
            order: of two rows for one destination the lower goes first, and holds up the higher while it fails.

        Raises:
            TooLong: more than 256 KiB.
        """
        ident = secrets.token_bytes(16)
        moment = 0 if at is None or at <= self._clock.now() else int(at.timestamp())
        plain = pad(json.dumps([destination, payload, order], ensure_ascii=False).encode(), _SIZES)
        return Insert(OutboxRow(ident, kind, moment, 0, encrypt(self._key(kind), plain, ident)))

    def wake(self) -> None:
        """Something was committed: look now."""
        self._awake.set()

    async def run(self, senders: Senders) -> None:
        """Send until cancelled. A kind without a sender stays where it is."""
        limits = {kind: asyncio.Semaphore(_MORE_AT_ONCE.get(kind, AT_ONCE)) for kind in senders}
        under_way: set[asyncio.Task[None]] = set()
        try:
            while True:
                self._awake.clear()
                for lot in await self._due(senders):
                    task = asyncio.create_task(self._deliver_in_turn(lot, senders, limits[lot[0].row.kind]))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                # Not wait_for: in Python 3.11 that forgets to be cancelled when it is woken at the same moment.
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._awake.wait()
        finally:
            await _finish(under_way)
            self._busy.clear()

    async def drain(self, senders: Senders) -> None:
        """Send what is due, one after the other, until nothing is; for tests."""
        while lots := await self._due(senders):
            for lot in lots:
                await self._deliver(lot, senders)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _key(self, kind: str) -> bytes:
        return (self._server if kind in _UNDER_SERVER_KEY else self._runtime).key("outbox", kind.encode())

    async def _due(self, senders: Senders) -> list[list[_Opened]]:
        """What can be sent now: for each destination its first row, with those that say the same."""
        unmarked, self._unmarked = self._unmarked, []
        for place, unit in unmarked:
            await self._mark(place, unit)
        try:
            rows = await self._storage.find(OutboxRow, {})
        except StorageProblem:
            return []
        now = self._clock.now().timestamp()
        places: dict[tuple[str, str], list[_Opened]] = defaultdict(list)
        broken: list[Operation] = []
        known = {}
        for row in rows:
            if row.kind not in senders:
                continue
            try:
                opened = self._open(row)
            except SealBroken:
                broken.append(Delete(OutboxRow, {"id": row.id}))
                continue
            known[row.id] = opened
            places[opened.place].append(opened)
        self._known = known
        if broken:
            # After a reboot the runtime key is another one, and what waited for a pupil is for nobody any more.
            log.warning("%d things in the outbox do not open; they are deleted", len(broken))
            with suppress(StorageProblem):
                await self._storage.commit(UnitOfWork(tuple(broken)))
        lots = []
        for place, waiting in places.items():
            if place not in self._busy and (lot := _lot(waiting, now)):
                # Claimed at once, before anybody can look again.
                self._busy.add(place)
                lots.append(lot)
        return lots

    def _open(self, row: OutboxRow) -> _Opened:
        old = self._known.get(row.id)
        if old is not None and old.row.locked == row.locked and old.row.kind == row.kind:
            return replace(old, row=row)
        plain = decrypt(self._key(row.kind), row.locked, row.id)
        try:
            destination, payload, order = json.loads(unpad(plain))
        except ValueError as error:
            raise SealBroken("outbox") from error
        return _Opened(row, destination, payload, order)

    async def _deliver_in_turn(self, lot: Sequence[_Opened], senders: Senders, limit: asyncio.Semaphore) -> None:
        async with limit:
            await self._deliver(lot, senders)
        self.wake()

    async def _deliver(self, lot: Sequence[_Opened], senders: Senders) -> None:
        first, *same = lot
        wait: float | None = None
        try:
            await senders[first.row.kind].send(first.destination, first.payload)
        except Refused:
            log.warning("something of kind %s was refused for good", first.row.kind)
        except Later as later:
            wait = max(later.seconds, 1.0)
        except Exception as error:
            wait = _back_off(first.row.attempts)
            # Only what kind of error: its words may hold an address, a token or what was sent.
            log.warning("something of kind %s could not be sent: %s", first.row.kind, type(error).__name__)
        gone = [Delete(OutboxRow, {"id": one.row.id}) for one in same]
        if wait is None:
            mark: Operation = Delete(OutboxRow, {"id": first.row.id})
        else:
            next_try = int(self._clock.now().timestamp() + wait) + 1
            tried = min(first.row.attempts + 1, 1000)
            mark = Replace(replace(first.row, next_try=next_try, attempts=tried), {"attempts": first.row.attempts})
        await self._mark(first.place, UnitOfWork((mark, *gone)))

    async def _mark(self, place: tuple[str, str], unit: UnitOfWork) -> None:
        """Write down how it went; until that is done nothing else goes to this place."""
        try:
            await self._storage.commit(unit)
        except Conflict:
            log.debug("something was taken out of the outbox while it was sent")
        except StorageProblem:
            self._unmarked.append((place, unit))
            return
        self._busy.discard(place)


def _lot(waiting: list[_Opened], now: float) -> list[_Opened]:
    """What of one destination is sent now, the first to be sent first; empty when it is not its time."""
    # Of two that say the same the one that failed most is kept: the pauses go on growing.
    waiting.sort(key=lambda one: (one.order, -one.row.attempts, one.row.id))
    if waiting[0].row.kind not in _SAY_ONCE:
        return waiting[:1] if waiting[0].row.next_try <= now else []
    if not any(one.row.next_try <= now for one in waiting):
        return []
    # With what failed before: after a mail server was away for a day one notice comes, not ten.
    return [one for one in waiting if one.row.next_try <= now or one.row.attempts]


def _back_off(attempts: int) -> float:
    """Seconds to wait after so many failures and one more: 15 s, 30 s, 1 min… up to an hour."""
    full = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 20))
    return full * (1 - _JITTER * secrets.SystemRandom().random())


async def _finish(under_way: set[asyncio.Task[None]]) -> None:
    """Give what is being sent a moment; what is cut off is sent again at the next start."""
    if not under_way:
        return
    tasks = list(under_way)
    await asyncio.wait(tasks, timeout=STOP_SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


__all__ = ["CONFIRMATION", "NOTICE", "Later", "Outbox", "Refused", "Sender", "Senders"]
