"""When there is school: the fixed times at which a notice says nothing about who wrote when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bot.clock import SCHOOL_TIME

# Sealing waits its turn when a whole class sends at once. What is sealed so shortly before a fixed time takes the next one, so
# that it is never committed after that time, and sent alone.
MARGIN = timedelta(minutes=2)
# A notice that could not be sent at its time is tried again so long after the last time of a day; then it waits for the morning.
EVENING = timedelta(hours=2)


@dataclass(frozen=True)
class SchoolTimes:
    """The times of all schools.

    Attributes:
        times: on the clock of the school, in order.
        weekdays: on which there is school; 0 is Monday.
        holidays: for each school the first and the last day of each holiday.
    """

    times: tuple[time, ...]
    weekdays: frozenset[int]
    holidays: Mapping[str, tuple[tuple[date, date], ...]]

    def next(self, school: str, after: datetime) -> datetime:
        """The first fixed time that is at least `MARGIN` after a moment, in UTC."""
        earliest = after + MARGIN
        day = earliest.astimezone(SCHOOL_TIME).date()
        while True:
            if self._is_school_day(school, day):
                for clock in self.times:
                    # To UTC before comparing: on the same wall clock Python ignores summer time.
                    moment = datetime.combine(day, clock, SCHOOL_TIME).astimezone(UTC)
                    if moment >= earliest:
                        return moment
            day += timedelta(days=1)

    def open(self, school: str, moment: datetime) -> bool:
        """Whether a notice may still be sent now, that could not be sent at its time."""
        day = moment.astimezone(SCHOOL_TIME).date()
        first = datetime.combine(day, self.times[0], SCHOOL_TIME).astimezone(UTC)
        last = datetime.combine(day, self.times[-1], SCHOOL_TIME).astimezone(UTC) + EVENING
        return self._is_school_day(school, day) and first <= moment < last

    def _is_school_day(self, school: str, day: date) -> bool:
        if day.weekday() not in self.weekdays:
            return False
        return not any(first <= day <= last for first, last in self.holidays.get(school, ()))
