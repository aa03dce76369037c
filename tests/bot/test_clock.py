"""The half-day: two a calendar day in Dutch civil time, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SCHOOL_TIME, FixedClock, SystemClock, half_day, half_day_text


def dutch(year: int, month: int, day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SCHOOL_TIME, fold=fold)


def test_counting_starts_on_the_first_morning_of_1970() -> None:
    assert half_day(dutch(1970, 1, 1, 0)) == 0
    assert half_day(dutch(1970, 1, 1, 11, 59)) == 0
    assert half_day(dutch(1970, 1, 1, 12)) == 1
    assert half_day(dutch(1970, 1, 2, 0)) == 2


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 20, 10, 59, tzinfo=UTC), "vrijdag 20 november, ochtend"),
        (datetime(2026, 11, 20, 11, 0, tzinfo=UTC), "vrijdag 20 november, middag"),
        (datetime(2026, 11, 20, 23, 0, tzinfo=UTC), "zaterdag 21 november, ochtend"),
        (datetime(2026, 7, 1, 9, 59, tzinfo=UTC), "woensdag 1 juli, ochtend"),
        (datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "woensdag 1 juli, middag"),
        (datetime(2026, 7, 1, 6, 0, tzinfo=timezone(timedelta(hours=-4))), "woensdag 1 juli, middag"),
    ],
)
def test_it_is_read_in_dutch(moment: datetime, text: str) -> None:
    assert half_day_text(half_day(moment)) == text


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25), (3, 30, 24)])
def test_a_day_has_two_also_when_the_clocks_change(month: int, day: int, hours: int) -> None:
    start = dutch(2026, month, day, 0).astimezone(UTC)
    moments = [start + timedelta(minutes=15 * quarter) for quarter in range(hours * 4)]
    numbers = [half_day(moment) for moment in moments]
    first = half_day(start)
    assert set(numbers) == {first, first + 1}
    assert first % 2 == 0
    assert half_day(start + timedelta(hours=hours)) == first + 2
    assert numbers.count(first + 1) == 12 * 4  # the missing or doubled hour is in the night


def test_both_times_that_the_clock_says_half_past_two() -> None:
    summer, winter = dutch(2026, 10, 25, 2, 30), dutch(2026, 10, 25, 2, 30, fold=1)
    assert winter.astimezone(UTC) - summer.astimezone(UTC) == timedelta(hours=1)
    assert half_day(summer) == half_day(winter)


@given(st.lists(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), min_size=2))
def test_it_never_runs_back(moments: list[datetime]) -> None:
    numbers = [half_day(moment) for moment in sorted(moments)]
    assert all(earlier <= later for earlier, later in pairwise(numbers))


def test_a_moment_without_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        half_day(datetime(2026, 11, 20, 9))


def test_the_system_clock_is_aware_and_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_fixed_clock_stands_still_until_it_is_moved() -> None:
    clock = FixedClock(dutch(2026, 11, 20, 12))
    assert clock.now() == clock.now() == datetime(2026, 11, 20, 11, tzinfo=UTC)
    clock.advance(hours=1, minutes=30)
    clock.advance(timedelta(seconds=1))
    assert clock.now() == datetime(2026, 11, 20, 12, 30, 1, tzinfo=UTC)
    clock.set(dutch(2026, 1, 1, 0))
    assert clock.now() == datetime(2025, 12, 31, 23, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
