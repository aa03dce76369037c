"""A brievenbus for tests: real storage and real sealing, with Argon2 made cheap and a clock that stands still."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from pathlib import Path

from bot.brievenbus.code import Codes
from bot.brievenbus.inbox import Inbox
from bot.brievenbus.keys import ServerKey, Stretching
from bot.brievenbus.lanes import Lanes
from bot.brievenbus.mailbox import Mailbox
from bot.brievenbus.notices import Notices
from bot.brievenbus.roster import Reader, Roster
from bot.brievenbus.school_times import SchoolTimes
from bot.brievenbus.sessions import Session, Sessions
from bot.brievenbus.staff import Enrolment, Staff
from bot.brievenbus.words import load
from bot.clock import FixedClock
from bot.effects import AddMessage, PostMelding
from bot.outbox import Outbox
from bot.storage import Insert, MeldingRow, ReaderRow, Replace, SqliteStorage, UnitOfWork
from bot.storage.rows import Row

# The least that libsodium takes: these tests are about people, not about what guessing costs.
CHEAP = Stretching(ops=1, memory=8 * 1024 * 1024)
PASSWORD = "vier wollen sokken drogen"
INBOX = "https://brievenbus.test/inbox/"
# As the settings have them, with one holiday.
TIMES = SchoolTimes(
    (time(8, 15), time(12, 15), time(15, 30)), frozenset(range(5)), {"jps": ((date(2026, 12, 19), date(2027, 1, 3)),)}
)
IDLE = timedelta(minutes=30)
ANSWERS = (("Voor wie is het?", "Voor mij"), ("Wat is er gebeurd?", "Ze pakken steeds mijn tas af."))


@dataclass
class Person:
    """A reader who enrolled, and what that reader wrote down."""

    name: str
    username: str
    recovery_key: str
    session: Session


@dataclass
class Rig:
    """The parts, put together."""

    storage: SqliteStorage
    clock: FixedClock
    lanes: Lanes
    roster: Roster
    sessions: Sessions
    staff: Staff
    inbox: Inbox
    mailbox: Mailbox
    outbox: Outbox
    notices: Notices
    _nonces: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def build(cls, folder: Path) -> Rig:
        storage, clock, lanes, server = SqliteStorage(folder / "test.db"), FixedClock(), Lanes(), ServerKey(b"s" * 32)
        roster = Roster(storage, server)
        sessions = Sessions(storage, roster, clock, IDLE)
        staff = Staff(storage, server, roster, sessions, lanes.staff, clock, CHEAP)
        outbox = Outbox(storage, server, ServerKey(b"r" * 32), clock)
        notices = Notices(storage, server, outbox, TIMES, clock, INBOX, mail=True)
        mailbox = Mailbox(storage, server, Codes(server, load(), CHEAP), lanes.pupils, roster, notices, clock)
        inbox = Inbox(storage, server, clock, timedelta(days=365))
        return cls(storage, clock, lanes, roster, sessions, staff, inbox, mailbox, outbox, notices)

    async def close(self) -> None:
        await self.storage.close()
        self.lanes.close()

    # --- people -----------------------------------------------------------------------------------------------------

    async def enrol(self, name: str, school: str = "jps") -> Enrolment:
        return await self.staff.accept(await self.staff.invite(school, name), PASSWORD)

    async def person(self, name: str, school: str = "jps", *, by: Person | None = None, typed_back: bool = True) -> Person:
        """A reader who typed the key back, and whom ``by`` confirmed."""
        enrolment = await self.enrol(name, school)
        session = await self.session(enrolment.cookie)
        if typed_back:
            await self.staff.confirm_recovery(session, enrolment.recovery_key)
        if by is not None:
            await self.staff.confirm(by.session, session.reader.id, session.reader.fingerprint)
        return Person(name, enrolment.username, enrolment.recovery_key, await self.session(enrolment.cookie))

    async def session(self, cookie: str) -> Session:
        found = await self.staff.session(cookie)
        assert found is not None
        return found

    async def reader(self, person: Person) -> Reader:
        return next(reader for reader in await self.staff.readers("jps") if reader.id == person.session.reader.id)

    # --- meldingen --------------------------------------------------------------------------------------------------

    async def post(
        self,
        *,
        school: str = "jps",
        answers: tuple[tuple[str, str], ...] = ANSWERS,
        without: tuple[Person, ...] = (),
        urgent: bool = False,
    ) -> bytes:
        """Post a melding; returns its id."""
        nonce = next(self._nonces).to_bytes(16, "big")
        names, idents = tuple(one.name for one in without), frozenset(one.session.reader.id for one in without)
        operations = await self.mailbox.post(PostMelding(school, nonce, answers, idents, names, urgent))
        await self.storage.commit(UnitOfWork(operations))
        row = next(op.row for op in operations if isinstance(op, Insert) and isinstance(op.row, MeldingRow))
        return row.id

    async def write(self, melding: bytes, text: str) -> None:
        """The pupil writes on."""
        row = await self.storage.get(MeldingRow, {"id": melding})
        assert row is not None
        # Tests post one after the other: the nonces are known.
        for number in range(1, 1000):
            thread = await self.mailbox.open(self.mailbox.code(number.to_bytes(16, "big")))
            if thread.melding == melding:
                message = AddMessage(melding, thread.thread_key, text.encode().ljust(16)[:16], text)
                await self.storage.commit(UnitOfWork(await self.mailbox.write(message)))
                return
        raise AssertionError("no such melding")

    async def entries(self, melding: bytes) -> list[tuple[str, str]]:
        """What the pupil reads: kind and text of each entry."""
        for number in range(1, 1000):
            thread = await self.mailbox.open(self.mailbox.code(number.to_bytes(16, "big")))
            if thread.melding == melding:
                found = []
                for entry in thread.entries:
                    body = getattr(entry, "body", {})
                    found.append((entry.kind.value, str(next(iter(body.values())))) if body else ("kapot", ""))
                return found
        raise AssertionError("no such melding")

    # --- somebody who can write the database ------------------------------------------------------------------------

    async def overwrite(self, row: Row) -> None:
        """Put a row in place of the one with the same key, as somebody could who has the file but not the keys."""
        await self.storage.commit(UnitOfWork((Replace(row),)))

    async def forge_state(self, person: Person, state: str) -> None:
        row = await self.storage.get(ReaderRow, {"id": person.session.reader.id})
        assert row is not None
        await self.overwrite(replace(row, state=state))
