"""Every way to change one row without a key: a column altered, swapped or cut off; the row put back, gone, doubled."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from bot.brievenbus.addresses import Way
from bot.brievenbus.code import NONCE_BYTES
from bot.brievenbus.entries import entry_id, thread_key
from bot.brievenbus.keys import ServerKey, derive
from bot.brievenbus.melding import open_as_reader
from bot.brievenbus.notices import place_of
from bot.storage import MeldingKeyRow, MeldingRow, OutboxRow
from bot.storage.rows import TABLES
from tests.bot.brievenbus.world import Rows, Value, World
from tests.bot.conftest import SERVER_KEY

KEYS = {table.table: table.key for table in TABLES}
SERVER = ServerKey(SERVER_KEY)


async def targets(world: World) -> dict[str, tuple[str, int, int]]:
    """The rows that are tampered with: name → table, place of the row, place of another one of that table."""
    house, rows = world.house, world.late
    a, b = world.meldingen["A"].id, world.meldingen["B"].id
    sessions = {who: await house.staff.session(cookie) for who, cookie in world.cookies.items()}
    ivonne, antje = sessions["Ivonne"], sessions["Antje"]
    assert ivonne is not None
    assert antje is not None
    world.restore()

    def place(table: str, **where: Value) -> int:
        [found] = [
            number for number, row in enumerate(rows[table]) if all(row[column] == value for column, value in where.items())
        ]
        return found

    def keys(melding: bytes) -> tuple[bytes, bytes]:
        row = MeldingRow(**rows["melding"][place("melding", id=melding)])  # type: ignore[arg-type]
        sealed = rows["melding_key"][place("melding_key", melding=melding, reader=ivonne.reader.id)]
        opened = open_as_reader(SERVER, row, MeldingKeyRow(**sealed), ivonne.private_key)  # type: ignore[arg-type]
        assert opened.staff is not None
        assert opened.thread == thread_key(opened.staff)
        return opened.thread, opened.staff

    (thread_a, staff_a), (thread_b, staff_b) = keys(a), keys(b)
    chats = [SERVER.hash("conversation", key.encode()) for key in ("chat-1", "chat-2")]
    seen = SERVER.hash("delivery", b"chat-2\nm1")
    form = SERVER.hash("form", b"note-1")
    outbox = world.outbox()

    def waits(who: str) -> int:
        """The row of a notice that failed before; the others wait for a school time."""
        for row in rows["outbox"]:
            if row["kind"] == "seintje" and row["attempts"]:
                opened = outbox._open(OutboxRow(**row))  # type: ignore[arg-type]
                if opened.destination == place_of(world.readers[who], Way.MAIL):
                    return place("outbox", id=row["id"])
        raise AssertionError("nothing waits")

    chat_rows = [house.runtime.hash("chat", key) for key in (b"telegram-1", b"telegram-2")]
    return {
        "outbox": ("outbox", waits("Ivonne"), waits("Antje")),
        "notice_address": (
            "notice_address",
            place("notice_address", reader=world.readers["Antje"]),
            place("notice_address", reader=world.readers["Ivonne"]),
        ),
        "notice_link": (
            "notice_link",
            place("notice_link", reader=world.readers["Truus"]),
            place("notice_link", reader=world.readers["Mina"]),
        ),
        "chat": ("chat", place("chat", id=chat_rows[0]), place("chat", id=chat_rows[1])),
        "melding": ("melding", place("melding", id=a), place("melding", id=b)),
        "melding_key": (
            "melding_key",
            place("melding_key", melding=a, reader=antje.reader.id),
            place("melding_key", melding=b, reader=antje.reader.id),
        ),
        "entry melding": (
            "entry",
            place("entry", id=entry_id(thread_a, a, 0)),
            place("entry", id=entry_id(thread_b, b, 0)),
        ),
        "entry answer": ("entry", place("entry", id=entry_id(thread_a, a, 2)), place("entry", id=entry_id(thread_a, a, 0))),
        "entry start": ("entry", place("entry", id=entry_id(staff_a, a, 0)), place("entry", id=entry_id(staff_b, b, 0))),
        "entry note": ("entry", place("entry", id=entry_id(staff_a, a, 1)), place("entry", id=entry_id(staff_b, b, 1))),
        "reader": ("reader", place("reader", id=antje.reader.id), place("reader", id=ivonne.reader.id)),
        "roster": ("roster", place("roster", school="jps"), place("roster", school="mijlpaal")),
        "invitation": ("invitation", 0, 0),
        "session": ("session", place("session", id=ivonne.id), place("session", id=antje.id)),
        "conversation": ("conversation", place("conversation", id=chats[0]), place("conversation", id=chats[1])),
        "seen": ("seen", place("seen", id=seen), place("seen", id=form)),
    }


def _altered(value: Value) -> Iterator[tuple[str, Value]]:
    """Other values of a column, each with the kind of change."""
    if isinstance(value, bytes):
        yield "altered", bytes([value[0] ^ 1]) + value[1:]
        yield "altered", value[:-1] + bytes([value[-1] ^ 0x80])
        yield "altered", value[: len(value) // 2] + bytes([value[len(value) // 2] ^ 4]) + value[len(value) // 2 + 1 :]
        yield "altered", derive(value[:64].ljust(16, b"-"), "other", size=16) * (len(value) // 16) or b"-"
        yield "cut off", value[:-1]
        yield "cut off", value[:NONCE_BYTES]
        yield "cut off", b""
        yield "altered", value + b"\0"
    elif isinstance(value, int):
        for other in (value + 1, 0, -1, 2**63 - 1, -(2**63)):
            if other != value:
                yield "altered", other
    elif isinstance(value, str):
        for other in (
            "nieuw",
            "gelezen",
            "afgesloten",
            "spoed",
            "gewoon",
            "actief",
            "wacht",
            "weg",
            "vo",
            "mijlpaal",
            "",
            "\x00",
        ):
            if other != value:
                yield "altered", other
    else:
        yield "altered", 41_000


def changed_columns(world: World, table: str, place: int, other: int) -> Iterator[tuple[str, str, Rows]]:
    """(column, kind of change, the whole database after it), for every column of a row."""
    row = world.late[table][place]
    for column, value in row.items():
        for kind, new in _altered(value):
            if new != value and (table, column, new) not in _NO_CHANGE:
                yield column, kind, _with(world, table, place, {**row, column: new})
        if place != other and value != world.late[table][other][column]:
            theirs = world.late[table][other]
            swapped = _with(world, table, place, {**row, column: theirs[column]})
            swapped[table][other] = {**theirs, column: value}
            yield column, "swapped", swapped


def changed_rows(world: World, table: str, place: int, other: int) -> Iterator[tuple[str, Rows]]:
    """(kind of change, the whole database after it), for the row as a whole."""
    row = world.late[table][place]
    gone = copy.deepcopy(world.late)
    del gone[table][place]
    yield "deleted", gone
    key = KEYS[table]
    for old in world.early[table]:
        if all(old[name] == row[name] for name in key) and old != row:
            yield "put back", _with(world, table, place, old)
    # The copy needs other values where the schema wants each only once.
    unique = {name: _another(value) for name, value in row.items() if name == key[0] or name in _UNIQUE}
    doubled = copy.deepcopy(world.late)
    doubled[table].append({**row, **unique})
    yield "doubled", doubled
    if place != other:
        body = {name: value for name, value in world.late[table][other].items() if name not in key}
        swapped = _with(world, table, place, {**row, **body})
        swapped[table][other] = {**world.late[table][other], **{name: row[name] for name in body}}
        yield "swapped", swapped


# The other school's proof in its place is another test; and what is put off for ever waits, as a deleted row would.
_NO_CHANGE = {("roster", "school", "mijlpaal"), ("outbox", "next_try", 2**63 - 1)}
_TEXTS = ("nieuw", "gelezen", "afgesloten", "spoed", "gewoon", "actief", "wacht", "weg", "vo", "mijlpaal", "", "\x00")
_UNIQUE = {"code_lookup", "nonce_hash", "username_hash"}


def _another(value: Value) -> Value:
    return derive(value, "another", size=max(16, len(value))) if isinstance(value, bytes) else f"{value}2"


def _with(world: World, table: str, place: int, row: dict[str, Value]) -> Rows:
    rows = copy.deepcopy(world.late)
    rows[table][place] = row
    return rows
