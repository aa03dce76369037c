"""The rows that are kept, one frozen dataclass a table; everything that could tell a stranger something is sealed.

In clear stand only: the school, random ids, half-days, the state, the urgency, the next due half-day, padded lengths and
who holds a key (design 8); of what waits to be sent the kind, the tries, and when the next is. A half-day is an integer,
two to a calendar day in Europe/Amsterdam; that next try is the only finer time.
``tests/bot/storage/test_clear_columns.py`` lists every column and what it may hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True)
class Row:
    """A row of one table. ``table`` names it, ``key`` are its primary key columns."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


@dataclass(frozen=True)
class ConversationRow(Row):
    """The state of one conversation, locked with the server key together with the sender's token."""

    table: ClassVar[str] = "conversation"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    version: int
    half_day: int
    locked: bytes = field(repr=False)


@dataclass(frozen=True)
class SeenRow(Row):
    """The keyed hash of a delivered message's id, kept for 48 hours so that a second delivery is recognised."""

    table: ClassVar[str] = "seen"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    half_day: int


@dataclass(frozen=True)
class MeldingRow(Row):
    """One melding. The first nine columns never change and carry ``mac``; the last five change and agree with the heads.

    Attributes:
        id: 16 random bytes.
        code_lookup: finds the melding by the pupil's code (Argon2id), without the code.
        thread_locked: the thread key T, locked with the key from the pupil's code.
        nonce_hash: hash of the nonce of *versturen*; unique, so that one press makes one melding.
        sent_locked: when it was sent, locked with the nonce itself, which is kept nowhere.
        thread_head: sealed under T: how many entries the thread has, state, urgency.
        staff_head: sealed under S: how many entries of staff there are.
        state: one of ``nieuw``, ``gelezen``, ``in behandeling``, ``afgesloten``.
        urgency: ``gewoon`` or ``spoed``.
        due: half-day of the next deadline, or None.
    """

    table: ClassVar[str] = "melding"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    school: str
    half_day: int
    version: int
    code_lookup: bytes = field(repr=False)
    thread_locked: bytes = field(repr=False)
    nonce_hash: bytes = field(repr=False)
    sent_locked: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    state: str = "nieuw"
    urgency: str = "gewoon"
    due: int | None = None
    thread_head: bytes = field(default=b"", repr=False)
    staff_head: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class MeldingKeyRow(Row):
    """The staff key S of one melding, sealed to one reader; ``mac`` is the server's."""

    table: ClassVar[str] = "melding_key"
    key: ClassVar[tuple[str, ...]] = ("melding", "reader")
    melding: bytes
    reader: bytes
    sealed: bytes = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True)
class EntryRow(Row):
    """One sealed entry. Its id is derived from the key it is sealed under and its number, so order and gaps are checked."""

    table: ClassVar[str] = "entry"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    melding: bytes
    size: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class ReaderRow(Row):
    """A person who may read: public key in clear, private key locked with the password and with the recovery key.

    Attributes:
        state: ``wacht`` (until an active reader confirms the fingerprint), ``actief`` or ``weg``.
        username_hash: keyed hash; the name itself is locked with the server key.
        ops, memory: parameters of Argon2id: passes, and bytes of memory.
        version: of the way in which the locked columns are made.
    """

    table: ClassVar[str] = "reader"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    school: str
    half_day: int
    state: str
    version: int
    ops: int
    memory: int
    recovery_confirmed: int
    username_hash: bytes = field(repr=False)
    name_locked: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    password_locked: bytes = field(repr=False)
    recovery_locked: bytes = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True)
class RosterRow(Row):
    """Proof of the whole list of a school's readers, so that an old row of one reader put back is seen."""

    table: ClassVar[str] = "roster"
    key: ClassVar[tuple[str, ...]] = ("school",)
    school: str
    version: int
    mac: bytes = field(repr=False)


@dataclass(frozen=True)
class InvitationRow(Row):
    """An invitation that was not used yet; only the hash of its token is kept, and the token itself says until when."""

    table: ClassVar[str] = "invitation"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    school: str
    half_day: int
    name_locked: bytes = field(repr=False)
    mac: bytes = field(repr=False)


@dataclass(frozen=True)
class SessionRow(Row):
    """A log-in of a reader. The private key in it is locked with the session cookie, of which only the hash is kept."""

    table: ClassVar[str] = "session"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    reader: bytes
    half_day: int
    version: int
    locked: bytes = field(repr=False)


@dataclass(frozen=True)
class OutboxRow(Row):
    """Something that waits to be sent, written in the transaction of what it belongs to.

    Attributes:
        id: 16 random bytes.
        kind: which sender takes it; also says under which key it is locked.
        next_try: seconds since 1970. 0 means at once, so that nothing finer than the half-day tells when it was written.
        attempts: tries that failed.
        locked: for whom, and what; padded.
    """

    table: ClassVar[str] = "outbox"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    kind: str
    next_try: int
    attempts: int
    locked: bytes = field(repr=False)


@dataclass(frozen=True)
class NoticeAddressRow(Row):
    """Where a reader gets notices. Its id is a keyed hash of the address, so that two readers cannot have the same one."""

    table: ClassVar[str] = "notice_address"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    reader: bytes
    locked: bytes = field(repr=False)


@dataclass(frozen=True)
class NoticeLinkRow(Row):
    """A one-time token or code by which a reader proves to have an address; only its keyed hash is kept."""

    table: ClassVar[str] = "notice_link"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    reader: bytes
    half_day: int
    locked: bytes = field(repr=False)


@dataclass(frozen=True)
class ChatRow(Row):
    """What is remembered of one Telegram chat, locked under the runtime key: its school, the ids of recent messages."""

    table: ClassVar[str] = "chat"
    key: ClassVar[tuple[str, ...]] = ("id",)
    id: bytes
    version: int
    half_day: int
    locked: bytes = field(repr=False)


TABLES: tuple[type[Row], ...] = (
    ConversationRow,
    SeenRow,
    MeldingRow,
    MeldingKeyRow,
    EntryRow,
    ReaderRow,
    RosterRow,
    InvitationRow,
    SessionRow,
    OutboxRow,
    NoticeAddressRow,
    NoticeLinkRow,
    ChatRow,
)
