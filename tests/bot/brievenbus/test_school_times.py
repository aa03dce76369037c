"""Fixed school times: never at night or in a holiday, the same time of day in summer and in winter."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.school_times import EVENING, MARGIN, SchoolTimes
from bot.clock import SCHOOL_TIME

TIMES = SchoolTimes(
    (time(8, 15), time(12, 15), time(15, 30)),
    frozenset({0, 1, 3, 4}),  # no school on Wednesday
    {"jps": ((date(2026, 12, 19), date(2027, 1, 3)), (date(2026, 11, 27), date(2026, 11, 27)))},
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SCHOOL_TIME).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-19T10:42", "2026-11-19T12:15"),
        ("2026-11-19T12:15", "2026-11-19T15:30"),
        ("2026-11-19T12:12", "2026-11-19T12:15"),
        ("2026-11-19T12:14", "2026-11-19T15:30"),  # too close: it may be committed after it
        ("2026-11-19T15:31", "2026-11-20T08:15"),
        ("2026-11-20T23:59", "2026-11-23T08:15"),  # over the weekend
        ("2026-11-24T16:00", "2026-11-26T08:15"),  # over Wednesday
        ("2026-11-26T16:00", "2026-11-30T08:15"),  # over a free day and a weekend
        ("2026-12-18T16:00", "2027-01-04T08:15"),  # over the holiday
        ("2026-12-24T03:00", "2027-01-04T08:15"),
        ("2026-10-23T16:00", "2026-10-26T08:15"),  # the clock goes back in that weekend
        ("2027-03-26T16:00", "2027-03-29T08:15"),  # and forward in this one
    ],
)
def test_the_next_time(now: str, then: str) -> None:
    assert TIMES.next("jps", at(now)) == at(then)


def test_another_school_has_other_holidays() -> None:
    assert TIMES.next("vo", at("2026-12-21T10:00")) == at("2026-12-21T12:15")


@given(st.datetimes(datetime(2026, 8, 1), datetime(2027, 8, 1), timezones=st.just(UTC)))
def test_a_time_is_always_one_of_the_few_and_never_skips_one(now: datetime) -> None:
    then = TIMES.next("jps", now)
    local = then.astimezone(SCHOOL_TIME)
    assert local.time() in TIMES.times
    assert local.weekday() in TIMES.weekdays
    assert not any(first <= local.date() <= last for first, last in TIMES.holidays["jps"])
    assert then - now >= MARGIN
    assert TIMES.open("jps", then)
    # Nobody who comes a moment later is told earlier
    assert TIMES.next("jps", now + timedelta(minutes=7)) >= then


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-11-19T08:14", False),
        ("2026-11-19T08:15", True),
        ("2026-11-19T13:37", True),
        ("2026-11-19T17:29", True),
        ("2026-11-19T17:30", False),
        ("2026-11-19T02:00", False),
        ("2026-11-21T10:00", False),
        ("2026-11-25T10:00", False),
        ("2026-11-27T10:00", False),
        ("2026-12-25T10:00", False),
    ],
)
def test_when_a_notice_that_failed_may_still_go(now: str, open_: bool) -> None:
    assert timedelta(hours=2) == EVENING
    assert TIMES.open("jps", at(now)) is open_
