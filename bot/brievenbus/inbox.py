"""The reader's side of the brievenbus: the queue, a melding with its threads, answering, noting, setting the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.brievenbus.entries import (
    Broken,
    Entry,
    Kind,
    Side,
    State,
    ThreadHead,
    Urgency,
    open_staff_head,
    open_track,
    seal_entry,
    seal_staff_head,
)
from bot.brievenbus.keys import SealBroken, ServerKey
from bot.brievenbus.melding import OpenedKeys, changed, open_as_reader, open_head, with_head
from bot.brievenbus.sessions import Session
from bot.clock import Clock, half_day
from bot.storage import (
    Conflict,
    EntryRow,
    Insert,
    MeldingKeyRow,
    MeldingRow,
    Operation,
    SeenRow,
    Storage,
    StorageFull,
    UnitOfWork,
)

PAGE = 25


class MeldingUnknown(Exception):
    """This reader has no such melding: it never was, it was deleted, or it is not for this reader."""


class AlreadyDone(Exception):
    """The same form was sent before; what it asked for was done then."""


class ChangedMeanwhile(Exception):
    """Somebody else wrote at the same moment; nothing was kept, look and try again."""


@dataclass(frozen=True)
class QueueItem:
    """A line of the queue.

    Attributes:
        id: 16 bytes; part of the page's address.
        name: two random words, or None when the melding is damaged.
        unread: the pupil wrote something that nobody has opened.
    """

    id: bytes
    name: str | None
    state: State
    urgency: Urgency
    unread: bool
    half_day: int


@dataclass(frozen=True)
class Queue:
    """One page of the queue.

    Attributes:
        counts: all meldingen of this reader, by the state in the clear column.
        more: whether there is another page.
    """

    items: tuple[QueueItem, ...]
    counts: Mapping[str, int]
    page: int
    more: bool


@dataclass(frozen=True)
class OpenedMelding:
    """A melding as a reader sees it.

    Attributes:
        thread: the melding, messages and states, oldest first; a damaged one is `Broken`, the rest is there.
        notes: of staff, oldest first; the pupil never sees them.
        excluded: names of the people whom it is about.
        missing: names of readers whose key to this melding is gone though they are not excluded.
        thread_count: entries in the thread, so that a form can tell whether something came meanwhile.
    """

    id: bytes
    name: str
    state: State
    urgency: Urgency
    half_day: int
    thread: tuple[Entry | Broken, ...] = field(repr=False)
    notes: tuple[Entry | Broken, ...] = field(repr=False)
    excluded: tuple[str, ...] = field(repr=False)
    missing: tuple[str, ...]
    thread_count: int


class Inbox:
    """Every call is for the reader of a session, and sees what that reader holds a key for: nothing else exists."""

    def __init__(self, storage: Storage, server: ServerKey, clock: Clock, keep: timedelta) -> None:
        """Take the parts; ``keep`` is how long a melding stays after it was closed."""
        self._storage = storage
        self._server = server
        self._clock = clock
        self._keep = keep

    async def queue(self, session: Session, page: int = 0) -> Queue:
        """The reader's meldingen: spoed first, then what is new, then the newest; what is closed comes last."""
        rows = await self._storage.queue(session.reader.id, PAGE + 1, page * PAGE)
        items = tuple(self._item(session, row, key) for row, key in rows[:PAGE])
        return Queue(items, await self._storage.count(session.reader.id), page, len(rows) > PAGE)

    async def open(self, session: Session, melding: bytes) -> OpenedMelding:
        """Open a melding. What was unread becomes read, and the pupil can see that.

        Raises:
            MeldingUnknown: not for this reader.
            SealBroken: it was damaged as a whole; others are not affected.
        """
        for _ in range(3):
            row, key, keys = await self._keys(session, melding)
            head = open_head(row, keys.thread)
            if not head.unread:
                try:
                    return await self._opened(row, key, keys, head)
                except SealBroken:
                    # Entries are read after the head: one that came in between belongs to a newer head.
                    if await self._storage.get(MeldingRow, {"id": melding}) == row:
                        raise
                    continue
            state = State.READ if head.state is State.NEW else head.state
            seen = replace(head, unread=False, state=state)
            operations = self._state_operations(session, row, keys, seen, write_entry=state is not head.state)
            try:
                await self._storage.commit(UnitOfWork(operations))
            except Conflict as conflict:
                if await self._storage.get(MeldingRow, {"id": melding}) == row:
                    # Nobody changed it: the entry's place is taken, by one that this head knows nothing of.
                    raise SealBroken("an old head was put back") from conflict
                continue
            except StorageFull:
                # It stays unread, but a full disk must not keep anybody from reading.
                return await self._opened(row, key, keys, head)
        raise ChangedMeanwhile

    async def answer(self, session: Session, melding: bytes, text: str, form: str, seen: int | None = None) -> None:
        """Write to the pupil.

        Args:
            session: of the reader.
            melding: id.
            text: 1 to 4,000 characters.
            form: id of the form that was sent, so that a double click writes once.
            seen: ``thread_count`` of the page with the form, so that nobody answers what they have not read.

        Raises:
            MeldingUnknown, SealBroken: as `open`.
            AlreadyDone: this form was sent before.
            ChangedMeanwhile: somebody else wrote at the same moment, or since ``seen``.
            TooLong: more than the largest entry holds.
        """
        row, _, keys = await self._keys(session, melding)
        head = open_head(row, keys.thread)
        entry = self._entry(session, head.count, Kind.MESSAGE, {"tekst": text})
        new = with_head(row, keys.thread, replace(head, count=head.count + 1))
        sealed = seal_entry(keys.thread, row.id, entry)
        if seen is not None and seen != head.count:
            await self._refuse_again(form)
            raise ChangedMeanwhile
        await self._commit(form, changed(row, new), Insert(sealed))

    async def note(self, session: Session, melding: bytes, text: str, form: str) -> None:
        """Write a note for colleagues. Arguments and errors as `answer`."""
        row, _, keys = await self._keys(session, melding)
        staff = _staff(keys)
        head = open_staff_head(staff, row.id, row.staff_head)
        entry = self._entry(session, head.count, Kind.NOTE, {"tekst": text})
        new = replace(row, staff_head=seal_staff_head(staff, row.id, replace(head, count=head.count + 1)))
        await self._commit(form, changed(row, new), Insert(seal_entry(staff, row.id, entry)))

    async def set_state(self, session: Session, melding: bytes, state: State, form: str) -> None:
        """Set the state; the pupil sees it. Arguments and errors as `answer`; setting the same state does nothing."""
        row, _, keys = await self._keys(session, melding)
        head = open_head(row, keys.thread)
        if head.state is state:
            return
        # Whoever sets the state of what was closed opens it again: then nothing is deleted.
        due = half_day(self._clock.now() + self._keep) if state is State.CLOSED else None
        operations = self._state_operations(session, row, keys, replace(head, state=state, due=due), write_entry=True)
        await self._commit(form, *operations)

    def _item(self, session: Session, row: MeldingRow, key: MeldingKeyRow) -> QueueItem:
        try:
            keys = open_as_reader(self._server, row, key, session.private_key)
            head = open_head(row, keys.thread)
            name = open_staff_head(_staff(keys), row.id, row.staff_head).name
        except SealBroken:
            return self._damaged(row)
        return QueueItem(row.id, name, head.state, head.urgency, head.unread, row.half_day)

    def _damaged(self, row: MeldingRow) -> QueueItem:
        """A line for what does not open. Its clear columns may hold anything: whatever they hold, the page must stand."""
        today = half_day(self._clock.now())
        state = next((state for state in State if state.value == row.state), State.NEW)
        urgency = next((urgency for urgency in Urgency if urgency.value == row.urgency), Urgency.NORMAL)
        return QueueItem(row.id, None, state, urgency, False, row.half_day if 0 <= row.half_day <= today else today)

    async def _opened(self, row: MeldingRow, key: MeldingKeyRow, keys: OpenedKeys, head: ThreadHead) -> OpenedMelding:
        staff = _staff(keys)
        staff_head = open_staff_head(staff, row.id, row.staff_head)
        rows = {entry.id: entry for entry in await self._storage.find(EntryRow, {"melding": row.id})}
        thread = open_track(keys.thread, row.id, head.count, rows)
        start, *notes = open_track(staff, row.id, staff_head.count, rows)
        excluded: Sequence[str] = ()
        readers: Mapping[str, str] = {}
        if isinstance(start, Entry):
            excluded, readers = start.body["niet"], start.body["lezers"]
        holders = {found.reader.hex() for found in await self._storage.find(MeldingKeyRow, {"melding": row.id})}
        missing = tuple(name for ident, name in readers.items() if ident not in holders)
        if isinstance(start, Broken):
            # Only staff's own first entry: who may read is not known any more, and that must be seen.
            notes = [start, *notes]
        return OpenedMelding(
            row.id,
            staff_head.name,
            head.state,
            head.urgency,
            row.half_day,
            thread,
            tuple(notes),
            tuple(excluded),
            missing,
            head.count,
        )

    async def _keys(self, session: Session, melding: bytes) -> tuple[MeldingRow, MeldingKeyRow, OpenedKeys]:
        key = await self._storage.get(MeldingKeyRow, {"melding": melding, "reader": session.reader.id})
        row = await self._storage.get(MeldingRow, {"id": melding})
        if key is None or row is None:
            raise MeldingUnknown
        return row, key, open_as_reader(self._server, row, key, session.private_key)

    def _state_operations(
        self, session: Session, row: MeldingRow, keys: OpenedKeys, head: ThreadHead, *, write_entry: bool
    ) -> tuple[Operation, ...]:
        if not write_entry:
            return (changed(row, with_head(row, keys.thread, head)),)
        entry = self._entry(session, head.count, Kind.STATE, {"status": head.state.value})
        new = with_head(row, keys.thread, replace(head, count=head.count + 1))
        return (changed(row, new), Insert(seal_entry(keys.thread, row.id, entry)))

    def _entry(self, session: Session, number: int, kind: Kind, body: dict[str, str]) -> Entry:
        return Entry(number, Side.SCHOOL, kind, half_day(self._clock.now()), session.reader.name, dict(body))

    async def _commit(self, form: str, *operations: Operation) -> None:
        seen = await self._refuse_again(form)
        try:
            await self._storage.commit(UnitOfWork((Insert(seen), *operations)))
        except Conflict as conflict:
            raise (AlreadyDone if conflict.table == SeenRow.table else ChangedMeanwhile) from conflict

    async def _refuse_again(self, form: str) -> SeenRow:
        seen = SeenRow(self._server.hash("form", form.encode()), half_day(self._clock.now()))
        if await self._storage.get(SeenRow, {"id": seen.id}) is not None:
            raise AlreadyDone
        return seen


def _staff(keys: OpenedKeys) -> bytes:
    if keys.staff is None:
        raise SealBroken("no staff key")
    return keys.staff
