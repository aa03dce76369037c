"""The embedded store: SQLite in WAL mode, one writer thread that puts waiting units into one durable commit."""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from bot.storage.migrations import migrate
from bot.storage.rows import TABLES, MeldingKeyRow, MeldingRow, Row
from bot.storage.unit import Conflict, Delete, Insert, Operation, Replace, StorageFull, StorageProblem, UnitOfWork, Value

R = TypeVar("R", bound=Row)

# So many units share one commit at most: a commit of 64 took under 3 ms here, and none of them waits longer than that.
BATCH = 64
BUSY_MS = 10_000
_Waiting = tuple[UnitOfWork, "asyncio.Future[None]", asyncio.AbstractEventLoop]


def _connect(path: Path) -> Database:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_MS / 1000)
    db = Database(connection, execute_plugins=False)
    # FULL: a commit that was reported survives a power cut. secure_delete: what was deleted is overwritten.
    try:
        _use_wal(db)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return db


def _use_wal(db: Database) -> None:
    """Switch to a write-ahead log. For this one step SQLite does not wait for another process that starts at this moment."""
    until = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            # The lowest byte: the others say more precisely why it is busy.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


_COLUMNS = {table.table: tuple(f.name for f in fields(table)) for table in TABLES}
_KEYS = {table.table: table.key for table in TABLES}


@cache
def _insert_sql(table: str) -> str:
    names = _COLUMNS[table]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608


@cache
def _replace_sql(table: str, when: tuple[str, ...]) -> str:
    sets = ", ".join(f"{name} = ?" for name in _COLUMNS[table])
    return f"UPDATE {table} SET {sets} WHERE {_where(_KEYS[table] + when)}"  # noqa: S608


@cache
def _delete_sql(table: str, where: tuple[str, ...]) -> str:
    return f"DELETE FROM {table} WHERE {_where(where)}"  # noqa: S608


@cache
def _select_sql(table: str, where: tuple[str, ...]) -> str:
    return f"SELECT {', '.join(_COLUMNS[table])} FROM {table} WHERE {_where(where)} ORDER BY {', '.join(_KEYS[table])}"  # noqa: S608


def _where(names: tuple[str, ...]) -> str:
    return " AND ".join(f"{name} IS ?" for name in names) or "1"


def _values(row: Row) -> list[Value]:
    return [getattr(row, name) for name in _COLUMNS[row.table]]


def _carry_out(db: Database, operation: Operation) -> None:
    try:
        match operation:
            case Insert(row):
                db.execute(_insert_sql(row.table), _values(row))
            case Replace(row, when):
                keys = [getattr(row, name) for name in row.key]
                cursor = db.execute(_replace_sql(row.table, tuple(when)), [*_values(row), *keys, *when.values()])
                if cursor.rowcount != 1:
                    raise Conflict(row.table)
            case Delete(table, where, must_exist):
                cursor = db.execute(_delete_sql(table.table, tuple(where)), list(where.values()))
                if must_exist and cursor.rowcount < 1:
                    raise Conflict(table.table)
    except sqlite3.IntegrityError as error:
        raise Conflict(operation.table.table if isinstance(operation, Delete) else operation.row.table) from error


class SqliteStorage:
    """Keeps everything in one file. Reads go through a connection of their own and never wait for a write."""

    def __init__(self, path: Path) -> None:
        """Open the database, make it where it is not there yet, and start the writer.

        Raises:
            SchemaTooNew: the file was made by a newer program.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives the WAL and the index file the mode of the database: make that first, for the owner only.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._path = path
        self._write = _connect(path)
        try:
            migrate(self._write)
        except BaseException:
            self._write.close()
            raise
        self._read = _connect(path)
        self._read.execute("PRAGMA query_only = ON").fetchall()
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_all, name="brievenbus-writer", daemon=True)
        self._writer.start()
        self._closed = False

    async def commit(self, unit: UnitOfWork) -> None:
        """See `Storage.commit`."""
        if self._closed:
            raise StorageProblem("closed")  # the writer is gone: waiting for it would never end
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.put((unit, done, loop))
        # A caller that is cancelled must not leave the future half-answered: the commit goes on and is reported to nobody.
        await asyncio.shield(done)

    async def get(self, table: type[R], where: Mapping[str, Value]) -> R | None:
        """See `Storage.get`."""
        with _reading():
            row = self._read.execute(_select_sql(table.table, tuple(where)), list(where.values())).fetchone()
        return None if row is None else table(*row)

    async def find(self, table: type[R], where: Mapping[str, Value]) -> Sequence[R]:
        """See `Storage.find`."""
        with _reading():
            rows = self._read.execute(_select_sql(table.table, tuple(where)), list(where.values())).fetchall()
        return [table(*row) for row in rows]

    async def queue(self, reader: bytes, limit: int, offset: int) -> Sequence[tuple[MeldingRow, MeldingKeyRow]]:
        """See `Storage.queue`."""
        melding, key = _COLUMNS[MeldingRow.table], _COLUMNS[MeldingKeyRow.table]
        chosen = ", ".join([*(f"m.{name}" for name in melding), *(f"k.{name}" for name in key)])
        with _reading():
            rows = self._read.execute(
                f"SELECT {chosen} FROM melding_key k JOIN melding m ON m.id = k.melding WHERE k.reader = ? "  # noqa: S608
                "ORDER BY m.state = 'afgesloten', m.urgency = 'spoed' DESC, m.state = 'nieuw' DESC, m.half_day DESC, m.id "
                "LIMIT ? OFFSET ?",
                [reader, limit, offset],
            ).fetchall()
        return [(MeldingRow(*row[: len(melding)]), MeldingKeyRow(*row[len(melding) :])) for row in rows]

    async def count(self, reader: bytes) -> Mapping[str, int]:
        """See `Storage.count`."""
        with _reading():
            rows = self._read.execute(
                "SELECT m.state, count(*) FROM melding_key k JOIN melding m ON m.id = k.melding WHERE k.reader = ? "
                "GROUP BY m.state",
                [reader],
            ).fetchall()
        return {str(state): int(number) for state, number in rows}

    async def sweep(self, conversations: int, seen: int, sessions: int, invitations: int, meldingen: int, links: int = 0) -> None:
        """See `Storage.sweep`."""
        limits = {
            "conversation": conversations,
            "seen": seen,
            "chat": seen,
            "session": sessions,
            "invitation": invitations,
            "notice_link": links,
        }
        await asyncio.to_thread(self._sweep, limits, meldingen)

    async def close(self) -> None:
        """See `Storage.close`."""
        if self._closed:
            return
        self._closed = True
        self._waiting.put(None)
        await asyncio.to_thread(self._writer.join)
        self._read.close()
        # TRUNCATE: what was deleted does not live on in the write-ahead log either. A full disk has no room for it; the log
        # is then read when the file is opened next.
        with suppress(sqlite3.Error):
            self._write.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._write.close()

    def _sweep(self, limits: Mapping[str, int], meldingen: int) -> None:
        # A connection of its own: this may come while the writer is at work, and then waits for its turn.
        try:
            db = _connect(self._path)
        except sqlite3.Error as error:
            raise _full(error) from error
        try:
            db.execute("BEGIN IMMEDIATE")
            for table, half_day in limits.items():
                db.execute(f"DELETE FROM {table} WHERE half_day < ?", [half_day])  # noqa: S608
            # A pupil's new message sets the state back to nieuw: what is unread stays. Keys and entries go with their melding.
            db.execute("DELETE FROM melding WHERE state = 'afgesloten' AND due < ?", [meldingen])
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.Error as error:
            # What was begun is rolled back by closing.
            raise _full(error) from error
        finally:
            db.close()

    def _write_all(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            stop = False
            while len(batch) < BATCH and not self._waiting.empty():
                item = self._waiting.get()
                if item is None:
                    stop = True
                    break
                batch.append(item)
            self._commit_batch(batch)
            if stop:
                return

    def _commit_batch(self, batch: list[_Waiting]) -> None:
        outcomes: list[Exception | None] = []
        try:
            self._write.execute("BEGIN IMMEDIATE")
            for unit, _, _ in batch:
                outcomes.append(self._try_unit(unit))
            self._write.execute("COMMIT")
        except sqlite3.Error as error:
            if self._write.conn.in_transaction:
                # A file that cannot even be rolled back is no reason to stop: the next BEGIN says the same.
                with suppress(sqlite3.Error):
                    self._write.execute("ROLLBACK")
            # Which unit filled the disk is not known, and none was kept.
            outcomes = [_full(error) for _ in batch]
        for (_, done, loop), outcome in zip(batch, outcomes, strict=True):
            _report(loop, done, outcome)

    def _try_unit(self, unit: UnitOfWork) -> Exception | None:
        """Carry out one unit behind a savepoint, so that its failure leaves the others of the batch alone."""
        self._write.execute("SAVEPOINT unit")
        try:
            for operation in unit.operations:
                _carry_out(self._write, operation)
        except sqlite3.Error:
            raise  # the disk, or the file itself: nothing of the batch can be trusted to be kept
        except Exception as problem:
            # A conflict; or a value that SQLite cannot hold, which must not stop the writer that everybody waits for.
            self._write.execute("ROLLBACK TO unit")
            self._write.execute("RELEASE unit")
            return problem
        self._write.execute("RELEASE unit")
        return None


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageFull(f"the database could not be read: {type(error).__name__}") from error


def _full(error: sqlite3.Error) -> StorageFull:
    problem = StorageFull(f"the database could not be written: {type(error).__name__}")
    problem.__cause__ = error
    return problem


def _report(loop: asyncio.AbstractEventLoop, done: asyncio.Future[None], outcome: Exception | None) -> None:
    def tell() -> None:
        if done.done():
            return
        if outcome is None:
            done.set_result(None)
        else:
            done.set_exception(outcome)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:
        # The loop was closed while the commit went on; whoever waited is gone, what was committed stays.
        return
