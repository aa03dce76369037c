"""What a pupil is told of notices before sending: only what is so, for the readers who may read it."""

from __future__ import annotations

import pytest

from bot.brievenbus.addresses import Addresses, Way
from bot.house import House
from bot.outbox import NOTICE
from bot.storage import OutboxRow, UnitOfWork
from tests.bot.conftest import Account, Pupil

URGENT = "Hij heeft een mes bij zich op school."


async def turn_on(house: House, account: Account) -> None:
    reader = account.session.reader
    operations = await Addresses(house.storage, house.server).set(reader.id, Way.MAIL, f"{reader.name.lower()}@example.org")
    await house.storage.commit(UnitOfWork(operations))


async def waiting(house: House) -> list[OutboxRow]:
    return [row for row in await house.storage.find(OutboxRow, {}) if row.kind == NOTICE]


async def test_without_notices_nobody_is_said_to_be_told(house: House, pupil: Pupil) -> None:
    await pupil.fill_in(URGENT)
    assert "utter_spoed_uitleg" in pupil.names()
    assert "seintje" not in pupil.said()


async def test_with_notices_the_preview_says_that_it_is_told_at_once(house: House, readers: list[Account], pupil: Pupil) -> None:
    await turn_on(house, readers[0])
    await pupil.fill_in(URGENT)
    assert "utter_spoed_seintje" in pupil.names()
    assert "utter_spoed_uitleg" not in pupil.names()
    assert "krijgen dan meteen een seintje" in pupil.said()
    # Nothing is notified before versturen
    assert await waiting(house) == []
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    assert [(row.next_try, row.attempts) for row in await waiting(house)] == [(0, 0)]


async def test_a_melding_without_spoed_says_nothing_of_it(house: House, readers: list[Account], pupil: Pupil) -> None:
    await turn_on(house, readers[0])
    await pupil.fill_in()
    assert "seintje" not in pupil.said()
    await pupil.says("Versturen")
    [row] = await waiting(house)
    # The next school time: 12:15 in Amsterdam, whatever the minute of sending
    assert row.next_try % 86400 == 11 * 3600 + 15 * 60


async def test_when_only_an_excluded_reader_gets_notices_nobody_is_told(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    await turn_on(house, readers[1])
    await pupil.fill_in(URGENT, over="Antje")
    assert "utter_spoed_uitleg" in pupil.names()
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    assert await waiting(house) == []


@pytest.mark.parametrize("urgent", [True, False])
async def test_a_message_says_it_too_where_it_is_so(house: House, readers: list[Account], pupil: Pupil, urgent: bool) -> None:
    await turn_on(house, readers[0])
    await pupil.fill_in(URGENT if urgent else "Ze pakken mijn pet af.")
    await pupil.says("Versturen")
    code = pupil.code()
    await pupil.says("/code_opvolgen")
    await pupil.says(code)
    await pupil.says("/schrijf_verder")
    await pupil.says("Er is nog iets.")
    assert ("utter_bericht_seintje" in pupil.names()) is urgent
    before = len(await waiting(house))
    await pupil.says("Versturen")
    assert "utter_bericht_verstuurd" in pupil.names()
    assert len(await waiting(house)) == before + 1


async def test_sending_twice_tells_once(house: House, readers: list[Account], pupil: Pupil) -> None:
    await turn_on(house, readers[0])
    await pupil.fill_in(URGENT)
    payload = pupil.payload("Versturen")
    await pupil.says(payload)
    await pupil.says(payload)
    assert "utter_al_verstuurd" in pupil.names()
    assert len(await waiting(house)) == 1
