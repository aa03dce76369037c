"""The lanes of Argon2: so many at a time, so many waiting, and one lane never keeps the other waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from bot.brievenbus.lanes import Lane, Lanes, QueueFull


@pytest.fixture
async def gate() -> AsyncIterator[threading.Event]:
    """Work that waits for it goes on at the end of the test at the latest."""
    opened = threading.Event()
    yield opened
    opened.set()


async def test_a_full_lane_refuses_and_takes_again(gate: threading.Event) -> None:
    lane = Lane("test", at_a_time=2, waiting=3)
    waiting = [asyncio.create_task(lane.run(gate.wait)) for _ in range(5)]
    await asyncio.sleep(0.01)
    with pytest.raises(QueueFull):
        await lane.run(gate.wait)
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 5
    assert await lane.run(lambda: "again") == "again"
    lane.close()


async def test_no_more_run_at_a_time_than_there_is_memory_for() -> None:
    lane, running, most, lock = Lane("test", at_a_time=2, waiting=20), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    await asyncio.gather(*(lane.run(work) for _ in range(12)))
    assert most == 2
    lane.close()


async def test_a_class_that_sends_at_once_does_not_lock_staff_out(gate: threading.Event) -> None:
    lanes = Lanes()
    pupils = [asyncio.create_task(lanes.pupils.run(gate.wait)) for _ in range(40)]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(2):
        assert await lanes.staff.run(lambda: "logged in") == "logged in"
    gate.set()
    await asyncio.gather(*pupils)
    await asyncio.to_thread(lanes.close)


async def test_work_that_fails_or_is_left_leaves_its_place(gate: threading.Event) -> None:
    lane = Lane("test", at_a_time=1, waiting=1)

    def fail() -> None:
        raise ZeroDivisionError

    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            await lane.run(fail)
    first, left = asyncio.create_task(lane.run(gate.wait)), asyncio.create_task(lane.run(gate.wait))
    await asyncio.sleep(0.01)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    second = asyncio.create_task(lane.run(gate.wait))
    await asyncio.sleep(0.01)
    gate.set()
    assert await asyncio.gather(first, second) == [True, True]
    await asyncio.to_thread(lane.close)
