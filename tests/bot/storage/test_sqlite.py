"""The store: units of work, batches, conflicts, durability, what deleting leaves, and who may read the files."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bot.storage import (
    Conflict,
    ConversationRow,
    Delete,
    EntryRow,
    Insert,
    MeldingRow,
    Operation,
    Replace,
    SeenRow,
    SqliteStorage,
    StorageFull,
    StorageProblem,
    UnitOfWork,
)
from bot.storage.sqlite import BATCH

ROOT = Path(__file__).parents[3]
SECRET = b"deze bytes staan nergens anders"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "brievenbus.db"


@pytest.fixture
async def storage(file: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(file)
    yield storage
    await storage.close()


def unit(*operations: Operation) -> UnitOfWork:
    return UnitOfWork(operations)


def seen(number: int) -> SeenRow:
    return SeenRow(number.to_bytes(16, "big"), number)


def conversation(version: int, locked: bytes = b"locked", name: bytes = b"conversation") -> ConversationRow:
    return ConversationRow(name, version, 0, locked)


def melding(name: bytes, **changed: Any) -> MeldingRow:
    values: dict[str, Any] = {"school": "jps", "half_day": 0, "version": 1, "thread_locked": b"", "sent_locked": b"", "mac": b""}
    return MeldingRow(id=name, code_lookup=name, nonce_hash=name, **(values | changed))


async def numbers(storage: SqliteStorage) -> list[int]:
    return [row.half_day for row in await storage.find(SeenRow, {})]


def statements(storage: SqliteStorage) -> list[str]:
    """What the writer does from now on."""
    heard: list[str] = []
    storage._write.conn.set_trace_callback(heard.append)
    return heard


@contextmanager
def writer_waits(file: Path) -> Iterator[None]:
    """Another process holds the write lock, so that what is committed meanwhile comes together in one batch."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


async def begun(storage: SqliteStorage, *units: UnitOfWork) -> list[asyncio.Task[None]]:
    tasks = [asyncio.ensure_future(storage.commit(each)) for each in units]
    await asyncio.sleep(0)
    return tasks


# --- units of work ------------------------------------------------------------------------------------------------------


async def test_a_unit_is_kept_whole(storage: SqliteStorage) -> None:
    await storage.commit(unit(Insert(seen(1)), Insert(conversation(1)), Delete(SeenRow, {"half_day": 1}), Insert(seen(2))))
    assert await numbers(storage) == [2]
    assert await storage.get(ConversationRow, {"id": b"conversation"}) == conversation(1)


async def test_what_is_not_there_is_none(storage: SqliteStorage) -> None:
    assert await storage.get(SeenRow, {"id": b"nobody"}) is None
    assert await storage.find(SeenRow, {"half_day": 5}) == []


async def test_nothing_of_a_unit_with_a_conflict_is_kept(storage: SqliteStorage) -> None:
    await storage.commit(unit(Insert(seen(2))))
    with pytest.raises(Conflict) as conflict:
        await storage.commit(unit(Insert(seen(1)), Insert(conversation(1)), Insert(seen(2))))
    assert conflict.value.table == "seen"
    assert await numbers(storage) == [2]
    assert await storage.get(ConversationRow, {}) is None


async def test_a_conflict_says_which_table_and_no_value(storage: SqliteStorage) -> None:
    await storage.commit(unit(Insert(melding(b"a"))))
    with pytest.raises(Conflict, match=r"^conflict in melding$"):
        await storage.commit(unit(Insert(melding(b"b", half_day=1)), Insert(melding(b"a"))))
    assert [row.id for row in await storage.find(MeldingRow, {})] == [b"a"]


async def test_a_row_is_replaced_only_as_it_was_read(storage: SqliteStorage) -> None:
    await storage.commit(unit(Insert(conversation(1, b"first"))))
    await storage.commit(unit(Replace(conversation(2, b"second"), {"version": 1})))
    with pytest.raises(Conflict) as conflict:
        await storage.commit(unit(Replace(conversation(2, b"too late"), {"version": 1})))
    assert conflict.value.table == "conversation"
    kept = await storage.get(ConversationRow, {"id": b"conversation"})
    assert kept is not None
    assert kept.locked == b"second"


async def test_replacing_and_deleting_what_is_not_there_is_a_conflict(storage: SqliteStorage) -> None:
    with pytest.raises(Conflict):
        await storage.commit(unit(Replace(conversation(1))))
    with pytest.raises(Conflict):
        await storage.commit(unit(Delete(SeenRow, {"half_day": 1}, must_exist=True)))
    await storage.commit(unit(Delete(SeenRow, {"half_day": 1})))


async def test_entries_go_with_their_melding_and_never_come_without_one(storage: SqliteStorage) -> None:
    entry = EntryRow(b"entry", b"a", 3, b"abc")
    with pytest.raises(Conflict):
        await storage.commit(unit(Insert(entry)))
    await storage.commit(unit(Insert(melding(b"a")), Insert(entry)))
    await storage.commit(unit(Delete(MeldingRow, {"id": b"a"})))
    assert await storage.find(EntryRow, {}) == []


async def test_a_value_that_cannot_be_kept_stops_nobody_else(storage: SqliteStorage, file: Path) -> None:
    with writer_waits(file):
        tasks = await begun(storage, unit(Insert(seen(1))), unit(Insert(SeenRow(b"x", 2**80))), unit(Insert(seen(3))))
    first, bad, third = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, third) == (None, None)
    assert isinstance(bad, OverflowError)
    await storage.commit(unit(Insert(seen(4))))
    assert await numbers(storage) == [1, 3, 4]


# --- batches ------------------------------------------------------------------------------------------------------------


async def test_what_waits_shares_one_commit(storage: SqliteStorage, file: Path) -> None:
    heard = statements(storage)
    with writer_waits(file):
        tasks = await begun(storage, *(unit(Insert(seen(number))) for number in range(1 + 2 * BATCH)))
    await asyncio.gather(*tasks)
    # The first unit may have been taken alone; the others come in full batches, none of which is larger than it may be.
    assert 2 <= heard.count("COMMIT") <= 3
    batches = [part.count("SAVEPOINT unit") for part in "\n".join(heard).split("COMMIT")]
    assert max(batches) == BATCH
    assert sum(batches) == 1 + 2 * BATCH
    assert await numbers(storage) == list(range(1 + 2 * BATCH))


async def test_a_conflict_leaves_the_others_of_its_batch_alone(storage: SqliteStorage, file: Path) -> None:
    with writer_waits(file):
        tasks = await begun(
            storage,
            unit(Insert(seen(0))),  # may be a batch of its own
            unit(Insert(seen(1))),
            unit(Insert(seen(2)), Insert(seen(1))),
            unit(Insert(seen(3))),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), type(None), Conflict, type(None)]
    assert await numbers(storage) == [0, 1, 3]


async def test_units_are_carried_out_in_the_order_in_which_they_came(storage: SqliteStorage, file: Path) -> None:
    await storage.commit(unit(Insert(conversation(0))))
    with writer_waits(file):
        steps = [unit(Replace(conversation(v + 1), {"version": v})) for v in range(100)]
        tasks = await begun(storage, *steps)
    await asyncio.gather(*tasks)
    row = await storage.get(ConversationRow, {})
    assert row is not None
    assert row.version == 100


async def test_of_two_with_the_same_version_in_one_batch_one_is_kept(storage: SqliteStorage, file: Path) -> None:
    await storage.commit(unit(Insert(conversation(1))))
    with writer_waits(file):
        tasks = await begun(
            storage,
            unit(Replace(conversation(2, b"one"), {"version": 1}), Insert(seen(1))),
            unit(Replace(conversation(2, b"two"), {"version": 1}), Insert(seen(2))),
        )
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict]
    assert await numbers(storage) == [1]


async def test_whoever_stops_waiting_does_not_stop_the_commit(storage: SqliteStorage, file: Path) -> None:
    with writer_waits(file):
        [task] = await begun(storage, unit(Insert(seen(1))))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await storage.commit(unit(Insert(seen(2))))
    assert await numbers(storage) == [1, 2]


def test_an_event_loop_that_is_gone_does_not_stop_the_writer(file: Path) -> None:
    storage = SqliteStorage(file)

    async def leave() -> None:
        [task] = await begun(storage, unit(Insert(seen(1))))
        task.cancel()

    async def come_back() -> list[int]:
        await storage.commit(unit(Insert(seen(2))))
        found = await numbers(storage)
        await storage.close()
        return found

    with writer_waits(file):
        asyncio.run(leave())
    assert asyncio.run(come_back()) == [1, 2]


# --- durability ---------------------------------------------------------------------------------------------------------


async def test_a_commit_waits_for_the_disk(storage: SqliteStorage) -> None:
    # 2 is FULL: in WAL mode SQLite then syncs the log at each commit, before COMMIT returns.
    for db in (storage._write, storage._read):
        values = {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")}
        assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        assert db.execute("PRAGMA secure_delete").fetchone()[0] == 1


async def test_what_was_committed_is_in_the_files_at_that_moment(storage: SqliteStorage, file: Path, tmp_path: Path) -> None:
    for number in range(20):
        await storage.commit(unit(Insert(seen(number))))
        # Given what a machine that stops now would leave: the database and its log, without the shared memory
        copy = tmp_path / f"copy-{number}"
        copy.mkdir()
        for name in (file.name, f"{file.name}-wal"):
            shutil.copy(file.with_name(name), copy / name)
        found = SqliteStorage(copy / file.name)
        assert await numbers(found) == list(range(number + 1))
        await found.close()


async def test_a_log_that_was_cut_off_anywhere_holds_all_of_a_unit_or_nothing(
    storage: SqliteStorage, file: Path, tmp_path: Path
) -> None:
    # Given one unit that was confirmed, and a larger one of which the power failed in the middle
    await storage.commit(unit(Insert(seen(1))))
    log = file.with_name(f"{file.name}-wal")
    confirmed = log.stat().st_size
    entries = [EntryRow(bytes([number]) * 16, b"a", 16, os.urandom(16_000)) for number in range(5)]
    await storage.commit(unit(Insert(melding(b"a")), *(Insert(entry) for entry in entries), Insert(seen(2))))
    whole = log.read_bytes()
    page = storage._write.execute("PRAGMA page_size").fetchone()[0]
    frames = (len(whole) - confirmed) // (page + 24)
    assert frames > 20

    # When the log ends at any frame, in the middle of any, or the end of one never reached the disk
    cuts = {confirmed + number * (page + 24) + more for number in range(frames) for more in (0, 12, 24, 24 + page // 2)}
    for number, cut in enumerate(sorted(cuts)):
        for tail in (b"", bytes(len(whole) - cut)):
            folder = tmp_path / f"cut-{number}-{len(tail)}"
            folder.mkdir()
            shutil.copy(file, folder / file.name)
            (folder / log.name).write_bytes(whole[:cut] + tail)
            found = SqliteStorage(folder / file.name)
            # Then what was confirmed is there, and of the other nothing
            assert await numbers(found) == [1]
            assert await found.find(MeldingRow, {}) == []
            assert await found.find(EntryRow, {}) == []
            assert found._write.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            await found.close()
            shutil.rmtree(folder)
    assert await numbers(storage) == [1, 2]


async def test_closing_keeps_what_waits(file: Path) -> None:
    storage = SqliteStorage(file)
    with writer_waits(file):
        tasks = await begun(storage, *(unit(Insert(seen(number))) for number in range(3 * BATCH)))
        closing = asyncio.ensure_future(storage.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
    await closing
    await asyncio.gather(*tasks)
    await storage.close()  # once more does no harm
    again = SqliteStorage(file)
    assert await numbers(again) == list(range(3 * BATCH))
    await again.close()


async def test_whoever_comes_after_closing_is_told(file: Path) -> None:
    storage = SqliteStorage(file)
    await storage.close()
    with pytest.raises(StorageProblem):
        await asyncio.wait_for(storage.commit(unit(Insert(seen(1)))), 5)
    with pytest.raises(StorageProblem):
        await storage.get(SeenRow, {})


# --- disks that are full ------------------------------------------------------------------------------------------------


async def fill(storage: SqliteStorage) -> None:
    """Take all room that is left: SQLite itself says that the disk is full."""
    pages = storage._write.execute("PRAGMA page_count").fetchone()[0]
    storage._write.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    number = 0
    with suppress(StorageFull):
        while True:
            await storage.commit(unit(Insert(ConversationRow(b"full %d" % number, 1, 10**6, bytes(1000)))))
            number += 1


async def test_a_full_disk_keeps_nothing_of_a_unit_and_recovers(storage: SqliteStorage, file: Path) -> None:
    await storage.commit(unit(Insert(conversation(1))))
    await fill(storage)
    # A unit that would fit in part is not kept in part
    with pytest.raises(StorageFull):
        await storage.commit(unit(Delete(ConversationRow, {"id": b"conversation"}), Insert(conversation(1, bytes(90_000), b"n"))))
    assert await storage.get(ConversationRow, {"id": b"conversation"}) == conversation(1)
    # When there is room again
    storage._write.execute("PRAGMA max_page_count = 100000").fetchall()
    await storage.commit(unit(Replace(conversation(2, bytes(90_000)), {"version": 1})))
    row = await storage.get(ConversationRow, {"id": b"conversation"})
    assert row is not None
    assert row.version == 2


async def test_a_write_protected_file_is_told_as_such(storage: SqliteStorage) -> None:
    await storage.commit(unit(Insert(seen(1))))
    storage._write.execute("PRAGMA query_only = ON").fetchall()
    with pytest.raises(StorageFull):
        await storage.commit(unit(Insert(seen(2))))
    storage._write.execute("PRAGMA query_only = OFF").fetchall()
    await storage.commit(unit(Insert(seen(3))))
    assert await numbers(storage) == [1, 3]


async def test_a_database_that_stays_locked_is_told_as_such(
    storage: SqliteStorage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage._write.execute("PRAGMA busy_timeout = 10").fetchall()
    monkeypatch.setattr("bot.storage.sqlite.BUSY_MS", 10)
    with writer_waits(file):
        with pytest.raises(StorageFull):
            await storage.commit(unit(Insert(seen(1))))
        with pytest.raises(StorageFull):
            await storage.sweep(1, 1, 1, 1, 1)
    await storage.commit(unit(Insert(seen(2))))
    await storage.sweep(0, 0, 0, 0, 0)
    assert await numbers(storage) == [2]


async def test_a_file_that_cannot_be_read_is_told_as_such(storage: SqliteStorage, file: Path) -> None:
    await storage.commit(unit(Insert(seen(1)), Insert(conversation(1, bytes(50_000)))))
    await storage.sweep(0, 0, 0, 0, 0)  # empties the log into the file
    with file.open("r+b") as raw:
        raw.seek(0)
        raw.write(b"no database any more")
    storage._read.close()
    storage._read = type(storage._write)(sqlite3.connect(file, check_same_thread=False), execute_plugins=False)
    with pytest.raises(StorageProblem):
        await storage.get(SeenRow, {})
    with pytest.raises(StorageProblem):
        await storage.find(SeenRow, {})
    with pytest.raises(StorageProblem):
        await storage.queue(b"reader", 1, 0)
    with pytest.raises(StorageProblem):
        await storage.count(b"reader")


# --- what deleting leaves, and who may read the files -----------------------------------------------------------------------


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


async def test_what_was_swept_is_in_no_file(storage: SqliteStorage, file: Path) -> None:
    await storage.commit(unit(Insert(conversation(1, SECRET)), Insert(conversation(1, SECRET * 500, b"large"))))
    assert SECRET in everything_in(file.parent)
    await storage.sweep(conversations=1, seen=0, sessions=0, invitations=0, meldingen=0)
    assert await storage.find(ConversationRow, {}) == []
    assert SECRET not in everything_in(file.parent)


async def test_what_was_deleted_or_replaced_is_in_no_file_after_closing(file: Path) -> None:
    storage = SqliteStorage(file)
    await storage.commit(unit(Insert(conversation(1, SECRET * 500)), Insert(conversation(1, SECRET, b"other"))))
    await storage.commit(unit(Replace(conversation(2, b"short"), {"version": 1}), Delete(ConversationRow, {"id": b"other"})))
    await storage.close()
    assert os.listdir(file.parent) == [file.name]
    assert SECRET not in everything_in(file.parent)


async def test_sweeping_takes_what_is_older_and_closed_meldingen_that_are_due(storage: SqliteStorage) -> None:
    closed = {"state": "afgesloten"}
    await storage.commit(
        unit(
            *(Insert(seen(number)) for number in range(6)),
            Insert(ConversationRow(b"old", 1, 2, b"")),
            Insert(ConversationRow(b"new", 1, 3, b"")),
            Insert(melding(b"due", due=4, **closed)),
            Insert(melding(b"not yet", due=5, **closed)),
            Insert(melding(b"kept", **closed)),
            Insert(melding(b"open", due=1)),
        )
    )
    await storage.sweep(conversations=3, seen=4, sessions=0, invitations=0, meldingen=5)
    assert await numbers(storage) == [4, 5]
    assert [row.id for row in await storage.find(ConversationRow, {})] == [b"new"]
    assert {row.id for row in await storage.find(MeldingRow, {})} == {b"not yet", b"kept", b"open"}


async def test_sweeping_while_others_write_waits_its_turn(storage: SqliteStorage) -> None:
    async def write(first: int) -> None:
        for number in range(first, first + 50):
            await storage.commit(unit(Insert(seen(number))))

    async def sweep() -> None:
        for _ in range(10):
            await storage.sweep(0, 0, 0, 0, 0)

    await asyncio.gather(write(0), write(100), sweep())
    assert len(await numbers(storage)) == 100


async def test_only_the_owner_may_read_the_files(file: Path) -> None:
    before = os.umask(0)
    try:
        storage = SqliteStorage(file)
        await storage.commit(unit(Insert(seen(1))))
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
        await storage.close()
    finally:
        os.umask(before)
    assert modes == {file.name: 0o600, f"{file.name}-wal": 0o600, f"{file.name}-shm": 0o600}


async def test_the_reading_connection_cannot_write(storage: SqliteStorage) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        storage._read.execute("DELETE FROM seen")


# --- several processes --------------------------------------------------------------------------------------------------

_COUNT = """
import asyncio, sys
from pathlib import Path
from bot.storage import Conflict, ConversationRow, Insert, Replace, SeenRow, SqliteStorage, UnitOfWork

async def main(file, first):
    storage = SqliteStorage(Path(file))
    conflicts = 0
    for number in range(first, first + 100):
        while True:
            row = await storage.get(ConversationRow, {"id": b"conversation"})
            new = ConversationRow(b"conversation", row.version + 1, 0, b"")
            mark = SeenRow(number.to_bytes(16, "big"), number)
            try:
                await storage.commit(UnitOfWork((Insert(mark), Replace(new, {"version": row.version}))))
                break
            except Conflict:
                conflicts += 1
    await storage.close()
    print(conflicts)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_two_processes_share_one_database(storage: SqliteStorage, file: Path) -> None:
    # Given two processes that both count on from what they read, one row each time
    await storage.commit(unit(Insert(conversation(0))))
    command = [sys.executable, "-W", "error", "-c", _COUNT, str(file)]
    children = [
        subprocess.Popen([*command, first], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: ASYNC220
        for first in ("0", "1000")
    ]
    # When this process reads and writes beside them
    others = 0
    while any(child.poll() is None for child in children):
        await storage.commit(unit(Insert(SeenRow(b"other %d" % others, -1))))
        others += 1
        await asyncio.sleep(0.005)
    for child in children:
        _, said = child.communicate()
        assert (child.returncode, said) == (0, b"")
    # Then nobody was turned away, and no step was lost or counted twice
    row = await storage.get(ConversationRow, {"id": b"conversation"})
    assert row is not None
    assert row.version == 200
    assert len(await numbers(storage)) == 200 + others


async def test_a_second_store_sees_what_the_first_committed(storage: SqliteStorage, file: Path) -> None:
    second = SqliteStorage(file)
    for number in range(20):
        await (storage, second)[number % 2].commit(unit(Insert(seen(number))))
        for each in (storage, second):
            assert await each.get(SeenRow, {"half_day": number}) == seen(number)
    await second.close()
    await storage.commit(unit(Insert(seen(20))))
    assert len(await numbers(storage)) == 21
