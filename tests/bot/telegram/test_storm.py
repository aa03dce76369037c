"""A few storms; a thousand are run with ``python -m tests.bot.telegram.storm 1000``."""

from __future__ import annotations

import pytest

import bot.house
import bot.outbox
from tests.bot.telegram.storm import CHATS, storms


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A storm lets all houses of its process share what never changes; the tests after it must not."""
    for name in ("read_knowledge", "load_dialogues", "load_words", "Understanding"):
        monkeypatch.setattr(bot.house, name, getattr(bot.house, name))
    monkeypatch.setattr(bot.outbox, "LOOK_SECONDS", bot.outbox.LOOK_SECONDS)


async def test_storms_lose_nothing_and_double_nothing() -> None:
    outcomes = await storms(3)
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
    assert sum(outcome.updates for outcome in outcomes) > 3 * CHATS * 5
    assert sum(outcome.kills for outcome in outcomes) > 0
    assert sum(outcome.meldingen for outcome in outcomes) > 0
