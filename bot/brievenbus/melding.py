"""A melding as rows: made once from what the pupil agreed to, and checked each time it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import nacl.exceptions
import nacl.utils
from nacl.public import PrivateKey, PublicKey, SealedBox

from bot.brievenbus.code import CODE_VERSION, CodeKeys
from bot.brievenbus.entries import (
    Entry,
    Kind,
    Side,
    StaffHead,
    State,
    ThreadHead,
    Urgency,
    open_thread_head,
    seal_entry,
    seal_staff_head,
    seal_thread_head,
    thread_key,
)
from bot.brievenbus.keys import KEY_BYTES, SealBroken, ServerKey, decrypt, derive, encrypt
from bot.brievenbus.names import random_name
from bot.brievenbus.roster import Reader
from bot.effects import PostMelding
from bot.storage import EntryRow, Insert, MeldingKeyRow, MeldingRow, Operation, Replace

ID_BYTES = 16


@dataclass(frozen=True)
class OpenedKeys:
    """The two keys of a melding; the pupil has only the thread's."""

    thread: bytes = field(repr=False)
    staff: bytes | None = field(default=None, repr=False)


def nonce_hash(nonce: bytes) -> bytes:
    """What is kept of a nonce: enough to recognise it, nothing to make the code from."""
    return derive(nonce, "nonce hash", size=KEY_BYTES)


def make_melding(
    server: ServerKey, post: PostMelding, code: CodeKeys, readers: Sequence[Reader], half_day: int, seconds: int
) -> tuple[Operation, ...]:
    """The rows of a new melding: itself, one sealed key for each reader, the first entry of each track.

    Args:
        code: the keys of the pupil's code.
        readers: who may read it; nobody else can ever be added.
        seconds: since 1970, locked with the nonce: a repeat of *versturen* may show the code for ten minutes.

    Raises:
        TooLong: the answers do not fit in the largest entry.
    """
    ident = nacl.utils.random(ID_BYTES)
    staff = nacl.utils.random(KEY_BYTES)
    thread = thread_key(staff)
    urgency = Urgency.URGENT if post.urgent else Urgency.NORMAL
    melding = Entry(0, Side.PUPIL, Kind.MELDING, half_day, "", {"antwoorden": [list(pair) for pair in post.answers]})
    start = Entry(
        0,
        Side.PUPIL,
        Kind.START,
        half_day,
        "",
        {"lezers": {reader.id.hex(): reader.name for reader in readers}, "niet": list(post.excluded_names)},
    )
    row = MeldingRow(
        id=ident,
        school=post.school,
        half_day=half_day,
        version=CODE_VERSION,
        code_lookup=code.lookup,
        thread_locked=encrypt(code.key, thread, ident),
        nonce_hash=nonce_hash(post.nonce),
        sent_locked=encrypt(derive(post.nonce, "sent at"), seconds.to_bytes(8, "big"), ident),
        mac=b"",
        state=State.NEW.value,
        urgency=urgency.value,
        thread_head=seal_thread_head(thread, ident, ThreadHead(1, State.NEW, True, urgency)),
        staff_head=seal_staff_head(staff, ident, StaffHead(1, random_name())),
    )
    row = replace(row, mac=server.mac(row.table, *_fixed(row)))
    keys = [_key_row(server, ident, reader, staff) for reader in readers]
    entries: list[EntryRow] = [seal_entry(thread, ident, melding), seal_entry(staff, ident, start)]
    return (Insert(row), *(Insert(key) for key in keys), *(Insert(entry) for entry in entries))


def sent_at(row: MeldingRow, nonce: bytes) -> int:
    """When a melding was sent, in seconds since 1970; only who still has the nonce can tell.

    Raises:
        SealBroken: the row was altered.
    """
    return int.from_bytes(decrypt(derive(nonce, "sent at"), row.sent_locked, row.id), "big")


def check_melding(server: ServerKey, row: MeldingRow) -> None:
    """Check that this server made the row.

    Raises:
        SealBroken: it did not, or the row was altered.
    """
    server.check(row.mac, row.table, *_fixed(row))


def check_key(server: ServerKey, key: MeldingKeyRow) -> None:
    """Check that this server gave a reader this key.

    Raises:
        SealBroken: it did not, or the row was altered.
    """
    server.check(key.mac, key.table, key.melding, key.reader, key.sealed)


def open_with_code(row: MeldingRow, key: bytes) -> OpenedKeys:
    """The thread key, with the key from the pupil's code.

    Raises:
        SealBroken: the row was altered.
    """
    return OpenedKeys(decrypt(key, row.thread_locked, row.id))


def open_as_reader(server: ServerKey, row: MeldingRow, key: MeldingKeyRow, private_key: bytes) -> OpenedKeys:
    """Both keys, with a reader's private key.

    Raises:
        SealBroken: the rows were altered or swapped, or the private key is another reader's.
    """
    check_melding(server, row)
    check_key(server, key)
    try:
        plain = SealedBox(PrivateKey(private_key)).decrypt(key.sealed)
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as error:
        raise SealBroken("reader's key") from error
    staff, ident = plain[:KEY_BYTES], plain[KEY_BYTES:]
    if ident != row.id or key.melding != row.id:
        raise SealBroken("another melding's key")
    return OpenedKeys(thread_key(staff), staff)


def open_head(row: MeldingRow, thread: bytes) -> ThreadHead:
    """The head of the thread, if the clear columns agree with it.

    Raises:
        SealBroken: the state, the urgency or the due half-day was changed behind the server's back.
    """
    head = open_thread_head(thread, row.id, row.thread_head)
    if (head.shown_state.value, head.urgency.value, head.due) != (row.state, row.urgency, row.due):
        raise SealBroken("state")
    return head


def with_head(row: MeldingRow, thread: bytes, head: ThreadHead) -> MeldingRow:
    """The row with a new head, and the clear columns that belong to it."""
    return replace(
        row,
        state=head.shown_state.value,
        urgency=head.urgency.value,
        due=head.due,
        thread_head=seal_thread_head(thread, row.id, head),
    )


def changed(old: MeldingRow, new: MeldingRow) -> Replace:
    """Replace the row, unless somebody changed either track since it was read."""
    return Replace(new, {"thread_head": old.thread_head, "staff_head": old.staff_head})


def _key_row(server: ServerKey, ident: bytes, reader: Reader, staff: bytes) -> MeldingKeyRow:
    sealed = bytes(SealedBox(PublicKey(reader.public_key)).encrypt(staff + ident))
    return MeldingKeyRow(ident, reader.id, sealed, server.mac(MeldingKeyRow.table, ident, reader.id, sealed))


def _fixed(row: MeldingRow) -> tuple[bytes, ...]:
    return (
        row.id,
        row.school.encode(),
        str(row.half_day).encode(),
        str(row.version).encode(),
        row.code_lookup,
        row.thread_locked,
        row.nonce_hash,
        row.sent_locked,
    )
