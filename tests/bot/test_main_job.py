"""The main job without a browser: a pupil posts, a reader answers, the pupil reads the answer with the code."""

from __future__ import annotations

from bot.brievenbus.entries import Entry, Kind, State
from bot.house import House
from tests.bot.conftest import Account, Pupil


async def test_a_melding_is_posted_answered_and_read_back(house: House, readers: list[Account], pupil: Pupil) -> None:
    # Given a pupil who filled in the form
    await pupil.fill_in("Ze verstoppen elke dag mijn jas.")
    assert "Ze verstoppen elke dag mijn jas." in pupil.said()

    # When it is sent
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    code = pupil.code()
    assert len(code.split()) == 5

    # Then a reader finds it, reads it and answers
    session = readers[0].session
    [item] = (await house.inbox.queue(session)).items
    assert item.unread
    opened = await house.inbox.open(session, item.id)
    first = opened.thread[0]
    assert isinstance(first, Entry)
    assert first.kind is Kind.MELDING
    assert "Ze verstoppen elke dag mijn jas." in [answer for _, answer in first.body["antwoorden"]]
    await house.inbox.answer(session, item.id, "Dank je. Morgen kijken we op de gang mee.", "form-1")
    await house.inbox.set_state(session, item.id, State.BUSY, "form-2")

    # And the pupil reads it with the code, and writes on
    back = Pupil(house, key="sender-2")
    await back.open()
    await back.says("/code_opvolgen")
    await back.says(code.upper())
    assert "Morgen kijken we op de gang mee." in back.said()
    assert "utter_draad_status_in_behandeling" in back.names()
    await back.says("/schrijf_verder")
    await back.says("Het is vandaag weer gebeurd.")
    await back.says("Versturen")
    assert "utter_bericht_verstuurd" in back.names()

    # And the reader sees the new message
    [item] = (await house.inbox.queue(session)).items
    assert item.unread
    opened = await house.inbox.open(session, item.id)
    last = opened.thread[-1]
    assert isinstance(last, Entry)
    assert last.body["tekst"] == "Het is vandaag weer gebeurd."
