"""Log-in sessions: the private key lives in the session, locked with what only the browser's cookie carries."""

from __future__ import annotations

import base64
import contextlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import nacl.utils

from bot.brievenbus.keys import SealBroken, decrypt, derive, encrypt
from bot.brievenbus.roster import Reader, Roster
from bot.clock import Clock, half_day
from bot.storage import Delete, Insert, ReaderRow, Replace, SessionRow, Storage, StorageProblem, UnitOfWork

COOKIE_BYTES = 32
# A session ends after a working day, however busy it is.
LONGEST = timedelta(hours=12)
# A page within this time of the last one writes nothing: the idle end moves in steps.
STEP = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """A reader who is logged in.

    Attributes:
        id: hash of the cookie; names the session.
        csrf: belongs in every form; only this session's pages have it.
    """

    id: bytes = field(repr=False)
    reader: Reader
    private_key: bytes = field(repr=False)
    csrf: str = field(repr=False)


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, storage: Storage, roster: Roster, clock: Clock, idle: timedelta) -> None:
        """Take the parts; ``idle`` is the time without a page after which a session ends."""
        self._storage = storage
        self._roster = roster
        self._clock = clock
        self._idle = idle

    async def begin(self, reader: bytes, private_key: bytes) -> str:
        """Begin a session; returns the cookie's value, which is kept nowhere."""
        cookie = nacl.utils.random(COOKIE_BYTES)
        now = self._clock.now()
        row = self._row(cookie, reader, private_key, 1, now, now)
        await self._storage.commit(UnitOfWork((Insert(row),)))
        return base64.urlsafe_b64encode(cookie).decode()

    async def find(self, value: str) -> Session | None:
        """The session of a cookie, or None when there is none, it ended, or it was tampered with."""
        cookie = _cookie(value)
        if cookie is None:
            return None
        row = await self._storage.get(SessionRow, {"id": derive(cookie, "session id")})
        if row is None:
            return None
        now = self._clock.now()
        try:
            began, last, private_key = self._open(cookie, row)
            reader_row = await self._storage.get(ReaderRow, {"id": row.reader})
            reader = None if reader_row is None else self._roster.open(reader_row)
        except SealBroken:
            return None
        if reader is None or reader.state.value == "weg" or not (now < last + self._idle and now < began + LONGEST):
            with contextlib.suppress(StorageProblem):
                await self.end(value)
            return None
        if now >= last + STEP:
            fresh = self._row(cookie, row.reader, private_key, row.version + 1, began, now)
            # A conflict: another page of the same session moved it already. A full disk must not keep anybody from reading.
            with contextlib.suppress(StorageProblem):
                await self._storage.commit(UnitOfWork((Replace(fresh, {"version": row.version}),)))
        return Session(row.id, reader, private_key, base64.urlsafe_b64encode(derive(cookie, "session csrf")).decode())

    async def end(self, value: str) -> None:
        """End a session; ending one that is not there is fine."""
        cookie = _cookie(value)
        if cookie is not None:
            await self._storage.commit(UnitOfWork((Delete(SessionRow, {"id": derive(cookie, "session id")}),)))

    def _row(self, cookie: bytes, reader: bytes, private_key: bytes, version: int, began: datetime, last: datetime) -> SessionRow:
        ident = derive(cookie, "session id")
        plain = json.dumps([began.timestamp(), last.timestamp(), private_key.hex()]).encode()
        locked = encrypt(derive(cookie, "session key"), plain, _bound(ident, reader, version))
        return SessionRow(ident, reader, half_day(last), version, locked)

    def _open(self, cookie: bytes, row: SessionRow) -> tuple[datetime, datetime, bytes]:
        plain = decrypt(derive(cookie, "session key"), row.locked, _bound(row.id, row.reader, row.version))
        began, last, private_key = json.loads(plain)
        zone = self._clock.now().tzinfo
        return datetime.fromtimestamp(began, zone), datetime.fromtimestamp(last, zone), bytes.fromhex(private_key)


def _bound(ident: bytes, reader: bytes, version: int) -> bytes:
    return ident + reader + version.to_bytes(8, "big", signed=True)


def _cookie(value: str) -> bytes | None:
    try:
        cookie = base64.urlsafe_b64decode(value.encode("ascii"))
    except ValueError:
        return None
    return cookie if len(cookie) == COOKIE_BYTES else None
