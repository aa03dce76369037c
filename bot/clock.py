"""The time: one clock for everything that waits, and the half-day, the finest time that we keep in clear."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SCHOOL_TIME = ZoneInfo("Europe/Amsterdam")
_FIRST_DAY = date(1970, 1, 1)
_DAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
_MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)


class Clock(Protocol):
    """Tells the time; whatever waits or expires is handed one."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: it stands still until it is set or advanced."""

    def __init__(self, moment: datetime | None = None) -> None:
        self._moment = _utc(moment or datetime(2026, 11, 20, 9, 30, tzinfo=UTC))

    def now(self) -> datetime:
        """The moment that was set, aware, in UTC."""
        return self._moment

    def set(self, moment: datetime) -> None:
        """Set the clock to ``moment``, which must be aware."""
        self._moment = _utc(moment)

    def advance(
        self, by: timedelta | None = None, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Move the clock; a negative amount turns it back."""
        self._moment += (by or timedelta()) + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def half_day(moment: datetime) -> int:
    """The number of half-days since 1 January 1970 in Dutch civil time.

    A calendar day has two, split at noon by the clock on the wall, also on the days of 23 and 25 hours. Even is morning.

    Raises:
        ValueError: ``moment`` is naive.
    """
    local = _utc(moment).astimezone(SCHOOL_TIME)
    return 2 * (local.date() - _FIRST_DAY).days + (local.hour >= 12)


def half_day_text(number: int) -> str:
    """A half-day as staff and pupils read it: "vrijdag 20 november, ochtend"."""
    day = _FIRST_DAY + timedelta(days=number // 2)
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}, {'middag' if number % 2 else 'ochtend'}"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC)
