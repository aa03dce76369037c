"""2,000 steps of anything (see `tests.bot.anything`), and that a broken promise would be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.actions import melding, session
from bot.effects import PostMelding
from bot.turn import current_turn
from tests.bot.anything import Broken, anything
from tests.bot.fault_child import remember


@pytest.fixture(autouse=True)
def _quick_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch.setattr)


async def test_whatever_happens_the_promises_hold() -> None:
    counts = await anything(2000)
    assert counts["steps"] >= 2000
    # It came far enough to say something.
    assert counts["sent meldingen"] >= 10
    assert counts["sent messages"] >= 3
    assert counts["restart"] >= 3


def _without_consent(patch: pytest.MonkeyPatch) -> None:
    run = melding.ActionAskAkkoord.run

    async def show_and_send(self: Any, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        events = await run(self, dispatcher, tracker, domain)
        posted = melding.told(tracker.current_slot_values(), domain)
        nonce = bytes.fromhex(events[0]["value"])
        current_turn().effects.append(PostMelding("jps", nonce, posted, frozenset(), (), False))
        return events

    patch.setattr(melding.ActionAskAkkoord, "run", show_and_send)


def _another_text(patch: pytest.MonkeyPatch) -> None:
    def less(*arguments: Any) -> PostMelding:
        return PostMelding(arguments[0], arguments[1], arguments[2][:1], *arguments[3:])

    patch.setattr(melding, "PostMelding", less)


def _readable_by_everyone(patch: pytest.MonkeyPatch) -> None:
    def all_of_them(*arguments: Any) -> PostMelding:
        return PostMelding(*arguments[:3], frozenset(), (), arguments[5])

    patch.setattr(melding, "PostMelding", all_of_them)


def _fails(patch: pytest.MonkeyPatch) -> None:
    async def fail(self: Any, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        raise OSError("no")

    patch.setattr(session.ActionWisGesprek, "run", fail)


def _remembers_others(patch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    text = melding.ValidateMeldingForm.validate_wat

    async def tell(self: Any, value: str, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        heard.append(value)
        dispatcher.utter_message(text=heard[0])
        return await text(self, value, dispatcher, tracker, domain)

    patch.setattr(melding.ValidateMeldingForm, "validate_wat", tell)


def _no_answer(patch: pytest.MonkeyPatch) -> None:
    async def silent(self: Any, dispatcher: Any, tracker: Any, domain: Any) -> Any:
        return []

    patch.setattr(session.ActionDefaultFallback, "run", silent)


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (_without_consent, "not on the screen"),
        (_another_text, "another text was sent"),
        (_readable_by_everyone, "whom it is about can read it"),
        (_fails, "something failed"),
        (_remembers_others, "words of another pupil"),
        (_no_answer, "there is no answer"),
    ],
)
async def test_a_broken_promise_is_found(
    mistake: Callable[[pytest.MonkeyPatch], None], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake(monkeypatch)
    with pytest.raises(Broken, match=found):
        await anything(4000)
