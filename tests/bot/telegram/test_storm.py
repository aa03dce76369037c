"""A few storms; a thousand are run with ``python -m tests.bot.telegram.storm 1000``."""

from __future__ import annotations

from tests.bot.telegram.storm import CHATS, storms


async def test_storms_lose_nothing_and_double_nothing() -> None:
    outcomes = await storms(3)
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
    assert sum(outcome.updates for outcome in outcomes) > 3 * CHATS * 5
    assert sum(outcome.kills for outcome in outcomes) > 0
    assert sum(outcome.meldingen for outcome in outcomes) > 0
