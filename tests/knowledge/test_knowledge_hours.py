"""School time: from the school's own file, by the clock on its wall."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.yaml_file import FileProblem, read_yaml
from knowledge.files import HoursFile


def hours(folder: Path, text: str) -> Any:
    file = folder / "uren.yaml"
    file.write_text(text, encoding="utf-8")
    return read_yaml(file, HoursFile).build()


@pytest.mark.parametrize(
    ("moment", "open_then"),
    [
        ("2026-11-20 08:29", False),
        ("2026-11-20 08:30", True),
        ("2026-11-20 14:59", True),
        ("2026-11-20 15:00", False),
        ("2026-11-21 10:00", False),  # a Saturday
        ("2026-12-18 10:00", True),
        ("2026-12-19 10:00", False),
        ("2027-01-01 10:00", False),
        ("2027-01-04 10:00", True),
    ],
)
def test_school_time(tmp_path: Path, moment: str, open_then: bool) -> None:
    school = hours(tmp_path, "vakanties: [{van: 2026-12-19, tot: 2027-01-03}]")
    assert school.open_at(datetime.fromisoformat(moment)) is open_then


def test_a_school_that_is_closed_on_wednesday(tmp_path: Path) -> None:
    school = hours(tmp_path, 'dagen: [ma, di, do, vr]\ntijd: ["08:45", "14:15"]')
    assert not school.open_at(datetime.fromisoformat("2026-11-18 10:00"))
    assert school.open_at(datetime.fromisoformat("2026-11-19 10:00"))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('dagen: [ma]\ntijd: ["8:30", "15:00"]', 2, "geen tijd"),
        ('dagen: [ma]\ntijd: ["15:00", "08:30"]', 2, "eindigt voor hij begint"),
        ("dagen: [ma]\nvakanties:\n  - {van: 2027-01-03, tot: 2026-12-19}", 3, "eindigt voor hij begint"),
        ("dagen: []", 1, "dagen"),
        ("dagen: [za]", 1, "dagen"),
    ],
)
def test_hours_that_cannot_be_are_told_with_their_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(FileProblem) as told:
        hours(tmp_path, text)
    assert told.value.line == line
    assert said in told.value.message
