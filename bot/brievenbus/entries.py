"""Entries of a melding and the heads that say how many there are: what is in them, and how they are sealed.

A melding has two tracks. The *thread* is sealed under T: the melding itself, the messages both ways and the states; pupil
and readers open it. The *staff* track is sealed under S: who may read, who may not, and notes; the pupil's code never opens
it. An entry's id is derived from its key and its number, and the number, side and kind stand inside the sealed text beside
the id it is bound to: so a swapped, cut-off or missing entry is seen, and in clear stands none of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bot.brievenbus.keys import SealBroken, decrypt, derive, encrypt
from bot.brievenbus.padding import pad, pad_to, unpad
from bot.storage.rows import EntryRow

ENTRY_VERSION = 1
HEAD_BYTES = 256


class State(Enum):
    """Where a melding is; the pupil reads it in child's words."""

    NEW = "nieuw"
    READ = "gelezen"
    BUSY = "in behandeling"
    CLOSED = "afgesloten"


class Urgency(Enum):
    """Whether it can wait for the next school time."""

    NORMAL = "gewoon"
    URGENT = "spoed"


class Side(Enum):
    """Who wrote an entry."""

    PUPIL = "leerling"
    SCHOOL = "school"


class Kind(Enum):
    """What an entry is."""

    MELDING = "melding"
    MESSAGE = "bericht"
    STATE = "status"
    START = "begin"
    NOTE = "notitie"


@dataclass(frozen=True)
class Entry:
    """One entry, opened.

    Attributes:
        number: from 0, in its track.
        half_day: when it was written.
        author: name of the reader; empty for a pupil.
        body: by kind: ``antwoorden`` (list of question and answer), ``tekst``, or ``status``.
    """

    number: int
    side: Side
    kind: Kind
    half_day: int
    author: str
    body: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Broken:
    """An entry that should be there and does not open."""

    number: int


@dataclass(frozen=True)
class ThreadHead:
    """What the clear columns must agree with.

    Attributes:
        count: entries in the thread.
        state: as staff set it.
        unread: the pupil wrote something that no reader has opened yet; the clear column then says ``nieuw``.
        due: half-day on which the next thing is due: for what is closed, its deletion.
    """

    count: int
    state: State
    unread: bool
    urgency: Urgency
    due: int | None = None

    @property
    def shown_state(self) -> State:
        """What stands in the clear column."""
        return State.NEW if self.unread else self.state


@dataclass(frozen=True)
class StaffHead:
    """How many entries of staff there are, and the two-word name."""

    count: int
    name: str


def thread_key(staff_key: bytes) -> bytes:
    """T, from S (design 8)."""
    return derive(staff_key, "thread")


def entry_id(key: bytes, melding: bytes, number: int) -> bytes:
    """The id of an entry: only who holds the key knows where an entry belongs."""
    return derive(key, "entry id", melding, number.to_bytes(4, "big"), size=16)


def seal_entry(key: bytes, melding: bytes, entry: Entry) -> EntryRow:
    """Seal an entry under T or S.

    Raises:
        TooLong: its text does not fit in 16 KiB.
    """
    plain = pad(
        json.dumps(
            [entry.number, entry.side.value, entry.kind.value, entry.half_day, entry.author, entry.body],
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
    )
    ident = entry_id(key, melding, entry.number)
    return EntryRow(ident, melding, len(plain), encrypt(key, plain, _bound(melding, ident)))


def open_entry(key: bytes, number: int, row: EntryRow) -> Entry:
    """Open an entry.

    Raises:
        SealBroken: it was altered, or it is another entry than the one asked for.
    """
    ident = entry_id(key, row.melding, number)
    plain = decrypt(key, row.sealed, _bound(row.melding, ident))
    if row.size != len(plain):
        raise SealBroken("size")
    with _well_made():
        inside, side, kind, half_day, author, body = json.loads(unpad(plain))
        entry = Entry(number, Side(side), Kind(kind), half_day, author, body)
    if inside != number:
        raise SealBroken("number")
    return entry


def open_track(key: bytes, melding: bytes, count: int, rows: dict[bytes, EntryRow]) -> tuple[Entry | Broken, ...]:
    """All entries of a track, in order; one that is missing or damaged becomes `Broken`, the rest opens.

    Raises:
        SealBroken: there are more entries than the head says, so an old head was put back.
    """
    if entry_id(key, melding, count) in rows:
        raise SealBroken("an old head was put back")
    opened: list[Entry | Broken] = []
    for number in range(count):
        row = rows.get(entry_id(key, melding, number))
        if row is None:
            opened.append(Broken(number))
            continue
        try:
            opened.append(open_entry(key, number, row))
        except SealBroken:
            opened.append(Broken(number))
    return tuple(opened)


def seal_thread_head(key: bytes, melding: bytes, head: ThreadHead) -> bytes:
    """Seal a head under T."""
    plain = json.dumps([head.count, head.state.value, head.unread, head.urgency.value, head.due]).encode()
    return encrypt(key, pad_to(plain, HEAD_BYTES), _bound(melding, b"thread head"))


def open_thread_head(key: bytes, melding: bytes, sealed: bytes) -> ThreadHead:
    """Open a head.

    Raises:
        SealBroken: it was altered or belongs to another melding.
    """
    plain = decrypt(key, sealed, _bound(melding, b"thread head"))
    with _well_made():
        count, state, unread, urgency, due = json.loads(unpad(plain))
        return ThreadHead(count, State(state), unread, Urgency(urgency), due)


def seal_staff_head(key: bytes, melding: bytes, head: StaffHead) -> bytes:
    """Seal a staff head under S."""
    return encrypt(key, pad_to(json.dumps([head.count, head.name]).encode(), HEAD_BYTES), _bound(melding, b"staff head"))


def open_staff_head(key: bytes, melding: bytes, sealed: bytes) -> StaffHead:
    """Open a staff head.

    Raises:
        SealBroken: it was altered or belongs to another melding.
    """
    plain = decrypt(key, sealed, _bound(melding, b"staff head"))
    with _well_made():
        count, name = json.loads(unpad(plain))
        return StaffHead(count, name)


@contextmanager
def _well_made() -> Iterator[None]:
    """What opens but is not what we seal was made by somebody who has the key and another program: one melding, not the queue."""
    try:
        yield
    except (ValueError, TypeError, RecursionError) as error:
        raise SealBroken("sealed by another program") from error


def _bound(melding: bytes, what: bytes) -> bytes:
    return b"%d" % ENTRY_VERSION + melding + what
