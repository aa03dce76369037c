"""Changes of the schema: each once, whole or not at all, on a database that is in use; never backwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.storage import (
    Conflict,
    Insert,
    NoticeAddressRow,
    OutboxRow,
    ReaderRow,
    SchemaTooNew,
    SeenRow,
    SqliteStorage,
    UnitOfWork,
    migrations,
)
from bot.storage.rows import TABLES

ROOT = Path(__file__).parents[3]
SECOND = ("ALTER TABLE seen ADD COLUMN channel TEXT", "UPDATE seen SET channel = 'rest'")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "brievenbus.db"


async def make(file: Path) -> None:
    storage = SqliteStorage(file)
    await storage.commit(UnitOfWork(tuple(Insert(SeenRow(b"%d" % number, number)) for number in range(500))))
    await storage.close()


def ask(file: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    try:
        with connection:
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


def content(file: Path) -> bytes:
    return file.read_bytes()


async def test_a_new_database_has_the_newest_schema(file: Path) -> None:
    await make(file)
    assert ask(file, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]


async def test_opening_again_changes_nothing(file: Path) -> None:
    await make(file)
    before = ask(file, "SELECT * FROM sqlite_master")
    await make_nothing(file)
    assert ask(file, "SELECT * FROM sqlite_master") == before
    assert len(ask(file, "SELECT * FROM seen")) == 500


async def make_nothing(file: Path) -> None:
    await SqliteStorage(file).close()


async def test_a_populated_database_is_brought_up_to_date(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(file)
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, SECOND))
    await make_nothing(file)
    await make_nothing(file)  # and only once
    assert ask(file, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]
    assert ask(file, "SELECT channel, count(*) FROM seen GROUP BY channel") == [("rest", 500)]


def as_version_one(file: Path) -> None:
    """A database of the first version, with a brievenbus in use."""
    connection = sqlite3.connect(file)
    with connection:
        for statement in migrations.MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        blob, short = b"x" * 32, b"i" * 16
        connection.execute("INSERT INTO seen VALUES (?, 41000)", [short])
        connection.execute("INSERT INTO conversation VALUES (?, 1, 41000, ?)", [short, blob])
        connection.execute(
            "INSERT INTO reader VALUES (?, 'jps', 41000, 'actief', 1, 4, 67108864, 1, ?, ?, ?, ?, ?, ?, ?)",
            [short, short, blob, blob, short, blob, blob, blob],
        )
        connection.execute("INSERT INTO roster VALUES ('jps', 1, ?)", [blob])
        connection.execute(
            "INSERT INTO melding VALUES (?, 'jps', 41000, 1, ?, ?, ?, ?, ?, 'nieuw', 'spoed', NULL, ?, ?)",
            [short, blob, blob, blob, blob, blob, blob, blob],
        )
        connection.execute("INSERT INTO melding_key VALUES (?, ?, ?, ?)", [short, short, blob, blob])
        connection.execute("INSERT INTO entry VALUES (?, ?, 1024, ?)", [short, short, blob])
        connection.execute("INSERT INTO invitation VALUES (?, 'jps', 41000, ?, ?)", [short, blob, blob])
        connection.execute("INSERT INTO session VALUES (?, ?, 41000, 1, ?)", [blob, short, blob])
    connection.close()


async def test_a_brievenbus_of_the_first_version_goes_on(file: Path) -> None:
    # Given a database as the first version left it, with a row in each of its tables
    as_version_one(file)
    tables = [name for (name,) in ask(file, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    before = {table: ask(file, f"SELECT * FROM {table}") for table in tables}
    assert all(len(rows) == 1 for rows in before.values())
    assert set(tables) < {table.table for table in TABLES}
    # When this program opens it
    storage = SqliteStorage(file)
    # Then all is there as it was, and what is new is there, empty, and can be used
    [reader] = await storage.find(ReaderRow, {})
    for table in TABLES:
        assert len(await storage.find(table, {})) == (1 if table.table in tables else 0)
    address = NoticeAddressRow(b"a" * 16, reader.id, b"l")
    await storage.commit(UnitOfWork((Insert(OutboxRow(b"o" * 16, "seintje", 0, 0, b"l")), Insert(address))))
    # And an address belongs to a reader, a thing that waits to a kind that we know
    for row in (NoticeAddressRow(b"b" * 16, b"nobody", b"l"), OutboxRow(b"p" * 16, "postduif", 0, 0, b"l")):
        with pytest.raises(Conflict):
            await storage.commit(UnitOfWork((Insert(row),)))
    await storage.close()
    assert {table: ask(file, f"SELECT * FROM {table}") for table in tables} == before
    assert ask(file, "PRAGMA user_version") == [(len(migrations.MIGRATIONS),)]
    assert ask(file, "PRAGMA integrity_check") == [("ok",)]


async def test_a_change_that_fails_leaves_everything_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(file)
    before = ask(file, "SELECT * FROM sqlite_master")
    known = len(migrations.MIGRATIONS)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, (*SECOND, "DROP TABLE nothing")))
        with pytest.raises(sqlite3.OperationalError):
            SqliteStorage(file)
    assert ask(file, "SELECT * FROM sqlite_master") == before
    assert ask(file, "PRAGMA user_version") == [(known,)]
    await make_nothing(file)


async def test_a_database_of_a_newer_program_is_not_touched(file: Path) -> None:
    await make(file)
    ask(file, "PRAGMA user_version = 99")
    before = content(file)
    with pytest.raises(SchemaTooNew, match="schema 99"):
        SqliteStorage(file)
    assert content(file) == before
    # And nobody holds it any more
    ask(file, "PRAGMA journal_mode = DELETE")


_OPEN_TOGETHER = """
import asyncio, sys, time
from pathlib import Path
from bot.storage import SqliteStorage

async def main(folder):
    print(flush=True)
    first = float(sys.stdin.readline())
    for number in range(40):
        while time.time() < first + number * 0.03:
            pass
        await SqliteStorage(folder / f"{number}.db").close()

asyncio.run(main(Path(sys.argv[1])))
"""


def test_processes_that_start_together_make_one_database(tmp_path: Path) -> None:
    # Given processes that open (and close) a new database at the same moment, forty times
    command = [sys.executable, "-W", "error", "-c", _OPEN_TOGETHER, str(tmp_path)]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    first = time.time() + 0.05
    for child in children:
        assert child.stdin is not None
        child.stdin.write(f"{first}\n")
        child.stdin.flush()
    # Then none is turned away, and each database was made once
    ended = [(child.communicate()[1], child.returncode) for child in children]
    assert ended == [("", 0)] * 2
    assert [ask(file, "PRAGMA user_version") for file in tmp_path.glob("*.db")] == [[(len(migrations.MIGRATIONS),)]] * 40
