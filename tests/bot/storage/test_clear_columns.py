"""Every column of every table, what it may hold, and that the rows of a brievenbus in use hold nothing else (design 8)."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import fields
from datetime import timedelta

import pytest
import pytest_asyncio

from bot.brievenbus.entries import HEAD_BYTES, State, Urgency
from bot.brievenbus.padding import STEPS
from bot.brievenbus.roster import ReaderState
from bot.clock import FixedClock, half_day
from bot.storage.migrations import MIGRATIONS
from bot.storage.rows import TABLES
from tests.bot.brievenbus.world import Rows, Value, World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

Check = Callable[[Value], bool]
SEAL = 24 + 16  # nonce and proof of an AEAD box
BOX = 32 + 16  # a sealed box: a throw-away public key, and the proof
TODAY = half_day(FixedClock().now())


def _bytes(*lengths: int) -> Check:
    """Bytes of one of these lengths."""
    return lambda value: isinstance(value, bytes) and len(value) in lengths


def _one_of(*values: object) -> Check:
    return lambda value: value in values


def _count(value: Value) -> bool:
    return isinstance(value, int) and 1 <= value < 1000


def _half_day(value: Value) -> bool:
    return isinstance(value, int) and TODAY - 1 <= value <= TODAY + 1


def _due(value: Value) -> bool:
    return value is None or (isinstance(value, int) and TODAY <= value <= TODAY + 2 * 366)


def _sealed(value: Value) -> bool:
    return isinstance(value, bytes) and len(value) >= SEAL


def _next_try(value: Value) -> bool:
    """At once, a fixed school time of the next week, or a try after one that failed."""
    now = FixedClock().now()
    return value == 0 or (isinstance(value, int) and now.timestamp() <= value <= (now + timedelta(days=7)).timestamp())


_school = _one_of("jps", "mijlpaal")
ID, HASH, MAC, KEY = _bytes(16), _bytes(16), _bytes(32), _bytes(32)

# In clear, so that somebody with the disk reads it: ids that say nothing, and what design 8 names.
CLEAR: Mapping[tuple[str, str], Check] = {
    ("conversation", "id"): HASH,
    ("conversation", "version"): _count,
    ("conversation", "half_day"): _half_day,
    ("seen", "id"): HASH,
    ("seen", "half_day"): _half_day,
    ("reader", "id"): ID,
    ("reader", "school"): _school,
    ("reader", "half_day"): _half_day,
    ("reader", "state"): _one_of(*(state.value for state in ReaderState)),
    ("reader", "version"): _one_of(1),
    ("reader", "ops"): _one_of(1),  # as the fixture says; 4 in the product
    ("reader", "memory"): _one_of(8192),  # likewise; 64 MiB
    ("reader", "recovery_confirmed"): _one_of(0, 1),
    ("reader", "username_hash"): HASH,
    ("reader", "public_key"): KEY,
    ("reader", "salt"): _bytes(16),
    ("reader", "mac"): MAC,
    ("roster", "school"): _school,
    ("roster", "version"): _count,
    ("roster", "mac"): MAC,
    ("melding", "id"): ID,
    ("melding", "school"): _school,
    ("melding", "half_day"): _half_day,
    ("melding", "version"): _one_of(1),
    ("melding", "code_lookup"): KEY,
    ("melding", "nonce_hash"): KEY,
    ("melding", "mac"): MAC,
    ("melding", "state"): _one_of(*(state.value for state in State)),
    ("melding", "urgency"): _one_of(*(urgency.value for urgency in Urgency)),
    ("melding", "due"): _due,
    ("melding_key", "melding"): ID,
    ("melding_key", "reader"): ID,
    ("melding_key", "mac"): MAC,
    ("entry", "id"): HASH,
    ("entry", "melding"): ID,
    ("entry", "size"): _one_of(*STEPS),
    ("invitation", "id"): HASH,
    ("invitation", "school"): _school,
    ("invitation", "half_day"): _half_day,
    ("invitation", "mac"): MAC,
    ("outbox", "id"): ID,
    ("outbox", "kind"): _one_of("seintje", "bevestiging", "telegram"),
    ("outbox", "next_try"): _next_try,
    ("outbox", "attempts"): lambda value: isinstance(value, int) and 0 <= value < 1000,
    ("notice_address", "id"): HASH,
    ("notice_address", "reader"): ID,
    ("notice_link", "id"): HASH,
    ("notice_link", "reader"): ID,
    ("notice_link", "half_day"): _half_day,
    ("chat", "id"): HASH,
    ("chat", "version"): _count,
    ("chat", "half_day"): _half_day,
    ("session", "id"): KEY,
    ("session", "reader"): ID,
    ("session", "half_day"): _half_day,
    ("session", "version"): _count,
}
# Sealed or locked: the length is all that is seen, and for what pupils write it is one of a few.
SEALED: Mapping[tuple[str, str], Check] = {
    ("conversation", "locked"): _bytes(*(step + SEAL for step in (*STEPS, 64 * 1024, 256 * 1024))),
    ("reader", "name_locked"): _sealed,
    ("reader", "password_locked"): _bytes(32 + SEAL),
    ("reader", "recovery_locked"): _bytes(32 + SEAL),
    ("melding", "thread_locked"): _bytes(32 + SEAL),
    ("melding", "sent_locked"): _bytes(8 + SEAL),
    ("melding", "thread_head"): _bytes(HEAD_BYTES + SEAL),
    ("melding", "staff_head"): _bytes(HEAD_BYTES + SEAL),
    ("melding_key", "sealed"): _bytes(32 + 16 + BOX),
    ("entry", "sealed"): _bytes(*(step + SEAL for step in STEPS)),
    ("invitation", "name_locked"): _sealed,
    ("session", "locked"): _sealed,
    ("outbox", "locked"): _bytes(*(step + SEAL for step in (*STEPS, 64 * 1024, 256 * 1024))),
    ("notice_address", "locked"): _bytes(STEPS[0] + SEAL),
    ("notice_link", "locked"): _bytes(STEPS[0] + SEAL),
    ("chat", "locked"): _bytes(*(step + SEAL for step in (*STEPS, 64 * 1024))),
}
COLUMNS = {**CLEAR, **SEALED}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    made = await make_world(tmp_path_factory.mktemp("columns") / "data")
    yield made
    await made.house.close()


def _schema(world: World) -> dict[str, list[str]]:
    with closing(sqlite3.connect(world.database)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: [row[1] for row in db.execute(f"PRAGMA table_info({table})")] for table in tables}


def _moments(world: World) -> tuple[Rows, Rows]:
    return world.early, world.late


async def test_every_column_is_on_the_list(world: World) -> None:
    """A new column fails here until somebody has decided what it may tell."""
    schema = {(table, column) for table, columns in _schema(world).items() for column in columns}
    assert schema == set(COLUMNS)
    assert schema == {(table.table, f.name) for table in TABLES for f in fields(table)}
    assert not set(CLEAR) & set(SEALED)


async def test_every_table_is_without_row_ids_and_strict(world: World) -> None:
    """Row ids would give the order in which meldingen came; a loose table would take a text where a number belongs."""
    with closing(sqlite3.connect(world.database)) as db:
        tables = {row[1]: row for row in db.execute("PRAGMA table_list") if not row[1].startswith("sqlite_")}
    assert set(tables) == {table.table for table in TABLES}
    for name, (_, _, kind, _, without_row_ids, strict) in tables.items():
        assert (kind, without_row_ids, strict) == ("table", 1, 1), name
    assert all("CREATE" in statement for statements in MIGRATIONS for statement in statements)


async def test_deleted_rows_are_overwritten(world: World) -> None:
    storage = world.house.storage
    for connection in (storage._write, storage._read):  # type: ignore[attr-defined]
        assert connection.execute("PRAGMA secure_delete").fetchone()[0] == 1
        assert connection.execute("PRAGMA synchronous").fetchone()[0] in (0, 2)  # 2 is FULL; the fixture turns one off
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA temp_store").fetchone()[0] == 2


@pytest.mark.parametrize("column", sorted(COLUMNS), ids=lambda pair: ".".join(pair))
async def test_a_column_holds_only_what_it_may(world: World, column: tuple[str, str]) -> None:
    table, name = column
    values = [row[name] for rows in _moments(world) for row in rows[table]]
    assert values
    for value in values:
        assert COLUMNS[column](value), value


@pytest.mark.parametrize("column", sorted(SEALED), ids=lambda pair: ".".join(pair))
async def test_what_is_sealed_looks_like_noise(world: World, column: tuple[str, str]) -> None:
    """It does not get smaller by compressing, and begins differently each time."""
    table, name = column
    values = [row[name] for rows in _moments(world) for row in rows[table]]
    whole = b"".join(value for value in values if isinstance(value, bytes))
    assert len(zlib.compress(whole, 9)) >= min(len(whole), 2 * len(set(values)) + len(b"".join(_only_bytes(set(values)))))
    assert len({value[:24] for value in _only_bytes(set(values))}) == len(set(values))


def _only_bytes(values: set[Value]) -> list[bytes]:
    return [value for value in values if isinstance(value, bytes)]


async def test_texts_are_from_short_lists(world: World) -> None:
    """No column of text holds anything but a slug and a few words of ours."""
    texts = {value for rows in _moments(world) for table in rows.values() for row in table for value in row.values()}
    assert {text for text in texts if isinstance(text, str)} <= {
        "jps",
        "mijlpaal",
        *(state.value for state in State),
        *(urgency.value for urgency in Urgency),
        *(state.value for state in ReaderState),
        "seintje",
        "telegram",
    }


async def test_a_closed_melding_says_when_it_is_deleted(world: World) -> None:
    session = await world.house.staff.session(world.cookies["Ivonne"])
    assert session is not None
    await world.house.inbox.set_state(session, world.meldingen["B"].id, State.CLOSED, "closing")
    [row] = [row for row in world.rows()["melding"] if row["id"] == world.meldingen["B"].id]
    assert row["state"] == State.CLOSED.value
    assert row["due"] is not None
    assert all(COLUMNS["melding", column](value) for column, value in row.items())
    world.restore()


async def test_the_length_of_a_chat_says_almost_nothing(world: World) -> None:
    """A child that wrote ten letters and one that wrote three hundred leave rows of one length."""
    lengths = set()
    for number, text in enumerate(("Au.", "Ze trekken aan mijn haar. " * 12)):
        for words in ("/ben_leerling", "/melding_doen", "/overslaan", '/antwoord{"over_lezer": "nee"}', "/overslaan", text):
            await world._says(f"length-{number}", words)
        known = {row["id"] for row in world.late["conversation"]}
        rows = [row for row in world.rows()["conversation"] if row["id"] not in known]
        lengths |= {len(row["locked"]) for row in rows if isinstance(row["locked"], bytes)}
    assert len(lengths) == 1
