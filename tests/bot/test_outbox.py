"""The outbox: at least once, in order for each destination, ever more slowly, and never a flood."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import outbox as module
from bot.brievenbus.keys import ServerKey
from bot.clock import FixedClock
from bot.outbox import CONFIRMATION, NOTICE, Later, Outbox, Refused
from bot.storage import OutboxRow, SqliteStorage, StorageFull, UnitOfWork

TELEGRAM = "telegram"
SERVER, RUNTIME = ServerKey(b"s" * 32), ServerKey(b"r" * 32)


class Recorder:
    """A sender that does as it is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.tried = 0
        self.fails: Callable[[str, Any], Exception | None] = lambda destination, payload: None
        self.before: Callable[[], Awaitable[None]] | None = None

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        self.tried += 1
        if self.before is not None:
            await self.before()
        if (problem := self.fails(destination, payload)) is not None:
            raise problem
        self.sent.append((destination, payload["tekst"]))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(tmp_path / "brievenbus.db")
    yield storage
    await storage.close()


@pytest.fixture
def outbox(storage: SqliteStorage, clock: FixedClock) -> Outbox:
    return Outbox(storage, SERVER, RUNTIME, clock)


@pytest.fixture
def to() -> Recorder:
    return Recorder()


async def put(outbox: Outbox, storage: SqliteStorage, destination: str, text: str, kind: str = TELEGRAM, **more: Any) -> None:
    await storage.commit(UnitOfWork((outbox.row(kind, destination, {"tekst": text}, **more),)))


async def rows(storage: SqliteStorage) -> list[OutboxRow]:
    return list(await storage.find(OutboxRow, {}))


# --- sending ---------------------------------------------------------------------------------------------------------


async def test_what_was_committed_is_sent_once_and_is_gone(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    await put(outbox, storage, "a", "hallo")
    await outbox.drain({TELEGRAM: to})
    await outbox.drain({TELEGRAM: to})
    assert to.sent == [("a", "hallo")]
    assert await rows(storage) == []


async def test_what_was_not_committed_is_never_sent(outbox: Outbox, to: Recorder) -> None:
    outbox.row(TELEGRAM, "a", {"tekst": "hallo"})
    await outbox.drain({TELEGRAM: to})
    assert to.tried == 0


async def test_a_moment_is_waited_for(outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock) -> None:
    await put(outbox, storage, "a", "straks", at=clock.now() + timedelta(hours=2))
    clock.advance(hours=1, minutes=59)
    await outbox.drain({TELEGRAM: to})
    assert to.tried == 0
    clock.advance(minutes=1)
    await outbox.drain({TELEGRAM: to})
    assert to.sent == [("a", "straks")]


async def test_in_clear_stand_only_kind_tries_and_the_next_try(outbox: Outbox, storage: SqliteStorage, clock: FixedClock) -> None:
    for number, (text, at) in enumerate((("kort", None), ("langer " * 100, clock.now() - timedelta(1)))):
        await put(outbox, storage, f"chat {number}", text, at=at)
    found = await rows(storage)
    # What goes at once says no finer time than any other row: 0
    assert {(row.kind, row.next_try, row.attempts) for row in found} == {(TELEGRAM, 0, 0)}
    assert {len(row.locked) for row in found} == {1024 + 40}


async def test_pupils_things_are_for_the_runtime_key_and_readers_for_the_server_key(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock
) -> None:
    for kind in (TELEGRAM, NOTICE, CONFIRMATION):
        await put(outbox, storage, "a", kind, kind)
    # Given a reboot, after which the runtime key is another one
    rebooted = Outbox(storage, SERVER, ServerKey(b"q" * 32), clock)
    await rebooted.drain(dict.fromkeys((TELEGRAM, NOTICE, CONFIRMATION), to))
    assert sorted(text for _, text in to.sent) == [CONFIRMATION, NOTICE]
    # And what nobody can open any more is not kept
    assert await rows(storage) == []


async def test_a_row_that_was_altered_is_deleted_and_the_rest_is_sent(
    outbox: Outbox, storage: SqliteStorage, to: Recorder
) -> None:
    await put(outbox, storage, "a", "eerste")
    await put(outbox, storage, "b", "tweede")
    first = (await rows(storage))[0]
    storage._write.execute("UPDATE outbox SET kind = 'seintje' WHERE id = ?", [first.id])
    await outbox.drain({TELEGRAM: to, NOTICE: to})
    assert len(to.sent) == 1
    assert await rows(storage) == []


async def test_a_kind_without_a_sender_waits_for_one(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    await put(outbox, storage, "a", "hallo")
    await outbox.drain({})
    assert len(await rows(storage)) == 1
    await outbox.drain({TELEGRAM: to})
    assert to.sent == [("a", "hallo")]


# --- trying again ----------------------------------------------------------------------------------------------------


async def test_it_is_tried_ever_more_slowly_up_to_an_hour(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock
) -> None:
    to.fails = lambda *_: OSError("away")
    await put(outbox, storage, "a", "hallo")
    waits = []
    for _ in range(14):
        await outbox.drain({TELEGRAM: to})
        [row] = await rows(storage)
        waits.append(row.next_try - clock.now().timestamp())
        clock.set(clock.now() + timedelta(seconds=waits[-1]))
    assert [row.attempts for row in await rows(storage)] == [14]
    for number, wait in enumerate(waits):
        longest = min(3600.0, 15 * 2**number)
        assert longest * 0.75 <= wait <= longest + 2
    assert len({round(wait) for wait in waits[-6:]}) > 1  # not all at the same moment
    to.fails = lambda *_: None
    await outbox.drain({TELEGRAM: to})
    assert (to.sent, to.tried) == ([("a", "hallo")], 15)


async def test_later_is_as_late_as_was_asked(outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock) -> None:
    to.fails = lambda *_: Later(37)
    await put(outbox, storage, "a", "hallo")
    await outbox.drain({TELEGRAM: to})
    to.fails = lambda *_: None
    clock.advance(seconds=37)
    await outbox.drain({TELEGRAM: to})
    assert to.sent == []
    clock.advance(seconds=1)
    await outbox.drain({TELEGRAM: to})
    assert to.sent == [("a", "hallo")]


async def test_what_is_refused_is_forgotten(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    to.fails = lambda *_: Refused()
    await put(outbox, storage, "a", "hallo")
    await outbox.drain({TELEGRAM: to})
    assert (to.tried, await rows(storage)) == (1, [])


async def test_for_one_destination_the_order_holds_whatever_fails(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock
) -> None:
    for number in (3, 1, 2):
        await put(outbox, storage, "a", f"a{number}", order=number)
    await put(outbox, storage, "b", "b1")
    to.fails = lambda destination, payload: OSError() if payload["tekst"] == "a1" else None
    await outbox.drain({TELEGRAM: to})
    assert to.sent == [("b", "b1")]
    # What comes later waits behind it
    await put(outbox, storage, "a", "a4", order=4)
    await outbox.drain({TELEGRAM: to})
    to.fails = lambda *_: None
    clock.advance(minutes=1)
    await outbox.drain({TELEGRAM: to})
    assert to.sent[1:] == [("a", f"a{number}") for number in (1, 2, 3, 4)]


# --- saying it once --------------------------------------------------------------------------------------------------


async def test_notices_that_are_due_together_become_one(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    for _ in range(5):
        await put(outbox, storage, "mail antje", "er staat iets klaar", NOTICE)
    await put(outbox, storage, "mail ivonne", "er staat iets klaar", NOTICE)
    await outbox.drain({NOTICE: to})
    assert sorted(destination for destination, _ in to.sent) == ["mail antje", "mail ivonne"]
    assert await rows(storage) == []


async def test_after_a_day_away_one_notice_comes(outbox: Outbox, storage: SqliteStorage, to: Recorder, clock: FixedClock) -> None:
    to.fails = lambda *_: OSError("away")
    for _ in range(24):
        await put(outbox, storage, "mail antje", "er staat iets klaar", NOTICE)
        await outbox.drain({NOTICE: to})
        clock.advance(hours=1)
    assert len(await rows(storage)) == 1
    to.fails = lambda *_: None
    clock.advance(hours=1)
    await outbox.drain({NOTICE: to})
    clock.advance(days=1)
    await outbox.drain({NOTICE: to})
    assert len(to.sent) == 1


async def test_what_comes_while_a_notice_is_sent_gets_one_of_its_own(
    outbox: Outbox, storage: SqliteStorage, to: Recorder
) -> None:
    """Its reader may have looked already."""
    await put(outbox, storage, "mail antje", "eerste", NOTICE)

    async def another() -> None:
        to.before = None
        await put(outbox, storage, "mail antje", "tweede", NOTICE)

    to.before = another
    await outbox.drain({NOTICE: to})
    assert [text for _, text in to.sent] == ["eerste", "tweede"]


# --- the worker ------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def working(outbox: Outbox, senders: Mapping[str, Recorder]) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run(senders))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not what():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_who_is_woken_sends_at_once(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    async with working(outbox, {TELEGRAM: to}):
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        await put(outbox, storage, "a", "hallo")
        outbox.wake()
        await until(lambda: to.sent == [("a", "hallo")])
        assert asyncio.get_running_loop().time() - began < 0.5


async def test_one_that_hangs_holds_nobody_else_up(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    hangs, mail = asyncio.Event(), Recorder()
    mail.before = hangs.wait  # type: ignore[assignment]
    for number in range(30):
        await put(outbox, storage, f"mail {number}", "seintje", NOTICE)
    for number in range(30):
        await put(outbox, storage, f"chat {number}", "hallo")
    async with working(outbox, {NOTICE: mail, TELEGRAM: to}):
        await until(lambda: len(to.sent) == 30)
        assert mail.tried == module.AT_ONCE
        hangs.set()
        await until(lambda: len(mail.sent) == 30)
    assert await rows(storage) == []


async def test_what_is_being_sent_is_not_sent_twice(outbox: Outbox, storage: SqliteStorage, to: Recorder) -> None:
    going = asyncio.Event()
    to.before = going.wait  # type: ignore[assignment]
    await put(outbox, storage, "a", "hallo")
    async with working(outbox, {TELEGRAM: to}):
        await until(lambda: to.tried == 1)
        for _ in range(20):
            outbox.wake()
            await asyncio.sleep(0.005)
        going.set()
        await until(lambda: to.sent == [("a", "hallo")])
        await asyncio.sleep(0.05)
    assert to.tried == 1


async def test_stopping_lets_what_is_under_way_be_finished_but_not_for_long(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    hangs = Recorder()
    to.before = lambda: asyncio.sleep(0.1)
    hangs.before = asyncio.Event().wait  # type: ignore[assignment]
    await put(outbox, storage, "a", "bijna klaar")
    await put(outbox, storage, "mail antje", "hangt", NOTICE)
    async with working(outbox, {TELEGRAM: to, NOTICE: hangs}):
        await until(lambda: to.tried == hangs.tried == 1)
    assert to.sent == [("a", "bijna klaar")]
    assert [row.kind for row in await rows(storage)] == [NOTICE]
    # And at the next start it is sent after all
    hangs.before = None
    async with working(outbox, {TELEGRAM: to, NOTICE: hangs}):
        await until(lambda: hangs.sent == [("mail antje", "hangt")])
    assert len(to.sent) == 1


async def test_on_a_full_disk_nothing_is_sent_again_and_again(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given something that was sent, and a disk that cannot write that down
    await put(outbox, storage, "a", "hallo")
    real = storage.commit

    async def full(unit: UnitOfWork) -> None:
        raise StorageFull

    monkeypatch.setattr(storage, "commit", full)
    for _ in range(5):
        await outbox.drain({TELEGRAM: to})
    assert to.tried == 1
    # When there is room again, then it is written down, and what comes next is sent
    monkeypatch.setattr(storage, "commit", real)
    await put(outbox, storage, "a", "nog iets")
    await outbox.drain({TELEGRAM: to})
    assert [text for _, text in to.sent] == ["hallo", "nog iets"]
    assert await rows(storage) == []


async def test_nothing_that_is_sent_stands_in_the_log(
    outbox: Outbox, storage: SqliteStorage, to: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    from bot import logs

    caplog.set_level("DEBUG")
    for number, problem in enumerate((OSError("chat 4711 zegt hallo"), Refused("chat 4711"), Later(5))):
        to.fails = lambda *_, p=problem: p
        await put(outbox, storage, f"chat 4711{number}", "hallo Zoë")
        await outbox.drain({TELEGRAM: to})
    told = [logs._own_text(record.msg, record.args) for record in caplog.records]
    assert len(told) >= 2
    assert not any("4711" in line or "hallo" in line for line in told)
