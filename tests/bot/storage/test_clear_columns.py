"""What lies in clear on the disk, column by column: whoever adds one has to say here what it holds."""

from __future__ import annotations

import sqlite3
from dataclasses import fields
from pathlib import Path

from bot.brievenbus.entries import State
from bot.clock import FixedClock, half_day
from bot.house import DATABASE, House
from bot.storage import SqliteStorage
from bot.storage.rows import TABLES
from tests.bot.conftest import Account, Pupil

NOW = half_day(FixedClock().now())
SCHOOL = {"jps"}
# By table: the values that may stand in clear. All other columns are random, hashed with a key, or sealed.
CLEAR: dict[str, dict[str, set[object]]] = {
    "conversation": {"version": set(range(1, 100)), "half_day": {NOW}},
    "seen": {"half_day": {NOW}},
    "melding": {
        "school": SCHOOL,
        "half_day": {NOW},
        "version": {1},
        "state": {"nieuw", "gelezen", "in behandeling", "afgesloten"},
        "urgency": {"gewoon", "spoed"},
        "due": {None, NOW + 2 * 365},
    },
    "melding_key": {},
    "entry": {"size": {1024, 4096, 16384}},
    "reader": {
        "school": SCHOOL,
        "half_day": {NOW},
        "state": {"wacht", "actief", "weg"},
        "version": {1},
        "ops": {1},
        "memory": {8192},
        "recovery_confirmed": {0, 1},
    },
    "roster": {"school": SCHOOL, "version": set(range(1, 20))},
    "invitation": {"school": SCHOOL, "half_day": {NOW}},
    "session": {"half_day": {NOW}, "version": {1}},
}
# Ids and proofs: random, or made with a key that does not lie in the database.
BLIND: dict[str, set[str]] = {
    "conversation": {"id", "locked"},
    "seen": {"id"},
    "melding": {"id", "code_lookup", "thread_locked", "nonce_hash", "sent_locked", "mac", "thread_head", "staff_head"},
    "melding_key": {"melding", "reader", "sealed", "mac"},
    "entry": {"id", "melding", "sealed"},
    "reader": {"id", "username_hash", "name_locked", "public_key", "salt", "password_locked", "recovery_locked", "mac"},
    "roster": {"mac"},
    "invitation": {"id", "name_locked", "mac"},
    "session": {"id", "reader", "locked"},
}


async def test_every_column_is_listed_and_no_table_counts_its_rows(tmp_path: Path) -> None:
    file = tmp_path / DATABASE
    await SqliteStorage(file).close()
    db = sqlite3.connect(file)
    tables = dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    columns = {name: {row[1]: row[2] for row in db.execute(f"PRAGMA table_info({name})")} for name in tables}
    db.close()
    assert {name: set(found) for name, found in columns.items()} == {name: set(CLEAR[name]) | BLIND[name] for name in CLEAR}
    assert {name: set(found) for name, found in columns.items()} == {t.table: {f.name for f in fields(t)} for t in TABLES}
    for name, sql in tables.items():
        # Rows without a rowid keep no order of arrival; STRICT lets nothing else into a column than it says.
        assert "WITHOUT ROWID, STRICT" in sql
        assert {columns[name][column] for column in BLIND[name]} == {"BLOB"}


async def test_what_is_in_clear_is_what_the_list_says(house: House, readers: list[Account], pupil: Pupil) -> None:
    # Given a school in full use: an invitation, meldingen in several states, an answer, a note, a conversation
    await house.staff.invite("jps", "Bo")
    for number in range(4):
        await pupil.fill_in("Ze lachen me uit. " * 90 if number else "Kort.", over="Nee, niemand van hen" if number else "Antje")
        await pupil.says("Versturen", message_id=f"page-{number}")
    session = readers[0].session
    for number, (item, state) in enumerate(zip((await house.inbox.queue(session)).items, State, strict=False)):
        await house.inbox.open(session, item.id)
        await house.inbox.answer(session, item.id, "Dank je.", f"a{number}")
        await house.inbox.note(session, item.id, "Bellen met thuis.", f"n{number}")
        await house.inbox.set_state(session, item.id, state, f"s{number}")

    # Then no column holds anything else than the list allows
    db = sqlite3.connect(house.config.data / DATABASE)
    for table, columns in CLEAR.items():
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
        for column, allowed in columns.items():
            held = {row[0] for row in db.execute(f"SELECT DISTINCT {column} FROM {table}")}
            assert held <= allowed, (table, column)
    db.close()
