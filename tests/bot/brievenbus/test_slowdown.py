"""Slowing down guesses: growing waits with an end, apart for known devices, forgotten after an hour."""

from __future__ import annotations

from bot.brievenbus.slowdown import FORGET, FREE_TRIES, LONGEST_WAIT, MOST, Slowdown
from bot.clock import FixedClock

ACCOUNT = b"a" * 16


def test_the_first_tries_are_free_and_then_waits_double_up_to_a_minute() -> None:
    slow, clock = Slowdown(), FixedClock()
    waits = []
    for _ in range(12):
        slow.failed(ACCOUNT, False, clock.now())
        waits.append(slow.wait(ACCOUNT, False, clock.now()))
        clock.advance(seconds=waits[-1])
        assert slow.wait(ACCOUNT, False, clock.now()) == 0
    assert waits == [0] * (FREE_TRIES - 1) + [2, 4, 8, 16, 32] + [LONGEST_WAIT] * 5


def test_a_wait_passes_second_by_second() -> None:
    slow, clock = Slowdown(), FixedClock()
    for _ in range(FREE_TRIES + 2):
        slow.failed(ACCOUNT, False, clock.now())
    clock.advance(seconds=5)
    assert slow.wait(ACCOUNT, False, clock.now()) == 3


def test_others_are_not_slowed() -> None:
    slow, clock = Slowdown(), FixedClock()
    for _ in range(10):
        slow.failed(ACCOUNT, False, clock.now())
    assert slow.wait(ACCOUNT, True, clock.now()) == 0
    assert slow.wait(b"b" * 16, False, clock.now()) == 0


def test_success_and_time_forget() -> None:
    slow, clock = Slowdown(), FixedClock()
    for _ in range(10):
        slow.failed(ACCOUNT, False, clock.now())
    slow.succeeded(ACCOUNT, False)
    assert slow.wait(ACCOUNT, False, clock.now()) == 0
    for _ in range(10):
        slow.failed(ACCOUNT, False, clock.now())
    clock.advance(seconds=FORGET)
    slow.failed(ACCOUNT, False, clock.now())
    assert slow.wait(ACCOUNT, False, clock.now()) == 0


def test_made_up_names_fill_no_memory_and_push_out_only_the_oldest() -> None:
    slow, clock = Slowdown(), FixedClock()
    for _ in range(10):
        slow.failed(ACCOUNT, False, clock.now())
    slow._tries.update({(number.to_bytes(16, "big"), False): slow._tries[ACCOUNT, False] for number in range(MOST - 1)})
    slow.failed(ACCOUNT, False, clock.now())
    slow.failed(b"z" * 16, False, clock.now())
    assert len(slow._tries) == MOST
    assert slow.wait(ACCOUNT, False, clock.now()) == LONGEST_WAIT
