"""The benchmark works: a few hundred turns through the real program, every answer checked, every turn found in its database."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot.conversation
from tests.benchmarks.measuring import QUICK, measure
from tests.benchmarks.parts import PARTS, look
from tests.benchmarks.scripts import LONG
from tests.benchmarks.table import table


async def test_every_turn_is_answered_and_stored(tmp_path: Path) -> None:
    # When a small benchmark runs (it raises where an answer is wrong, or where the database does not hold what was answered)
    figures = await measure(QUICK, tmp_path, lambda _: None)

    # Then every kind of turn was taken
    taken = {(run.script, run.connections): run.outcome for run in figures.runs}
    assert set(taken) == {("buttons", 1), ("buttons", 8), ("texts", 1), ("texts", 8), ("form", 2), ("long", 1)}
    assert all(outcome.turns == outcome.answered >= QUICK.most for outcome in taken.values())
    assert taken["long", 1].answered >= len(LONG)
    assert taken["form", 2].sent == taken["form", 2].finished >= 2
    assert all(run.outcome.sent == 0 for run in figures.runs if run.script != "form")

    # And the table has a line for each, and says where and how
    said = table(figures, QUICK, tmp_path)
    for expected in (
        "| button turns, 8 connections |",
        "| typed turns, 1 connection |",
        "| whole form",
        "| turn 300 ",
        "Machine: ",
    ):
        assert expected in said
    assert "Method: " in said


async def test_where_the_time_of_a_turn_goes_is_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("encrypt", "decrypt"):  # what it wraps there is put back
        monkeypatch.setattr(bot.conversation, name, getattr(bot.conversation, name))
    heading, _, *kinds, ratio = await look(tmp_path, 1, 1)
    assert all(part in heading for part in PARTS)
    for line in kinds:
        *parts, turn, _ = [float(cell) for cell in line.split("|")[2:-1]]
        # The parts are the turn; reading happens within the others.
        assert sum(parts) - parts[4] == pytest.approx(turn, abs=0.05)
    assert "300th" in ratio
