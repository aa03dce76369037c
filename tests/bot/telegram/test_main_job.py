"""The main job over Telegram: a pupil posts, a reader answers, the pupil reads the answer with the code."""

from __future__ import annotations

import re

from bot.brievenbus.entries import Entry
from tests.bot.telegram.conftest import World


async def test_a_melding_is_posted_answered_and_read_back(world: World) -> None:
    # Given a pupil who pressed Start below a link of the school, and filled in the form
    pupil = world.person()
    said = await world.says(pupil, "/start jps")
    assert "Telegram kan weten dat je met mij praat" in said
    await world.fill_in(pupil, "Ze verstoppen elke dag mijn jas.")
    print(pupil.all_said())
    assert "Ze verstoppen elke dag mijn jas." in pupil.texts()[-2] + pupil.texts()[-1]

    # When it is sent
    said = await world.says(pupil, "Versturen")
    assert "Je melding is verstuurd" in said
    [code] = re.findall(r"^[a-z]+(?: [a-z]+){4}$", said, re.MULTILINE)

    # Then a reader finds it and answers
    session = world.readers[0].session
    [item] = (await world.house.inbox.queue(session)).items
    opened = await world.house.inbox.open(session, item.id)
    first = opened.thread[0]
    assert isinstance(first, Entry)
    assert "Ze verstoppen elke dag mijn jas." in [answer for _, answer in first.body["antwoorden"]]
    await world.house.inbox.answer(session, item.id, "Dank je. Morgen kijken we op de gang mee.", "form-1", opened.thread_count)

    # And the pupil reads it with the code
    said = await world.says(pupil, "/code", code)
    assert "Morgen kijken we op de gang mee." in said
    assert world.api.refused == []
