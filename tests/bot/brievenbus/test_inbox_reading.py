"""Reading a melding while somebody writes in it."""

from __future__ import annotations

import pytest

from bot.storage import EntryRow
from tests.bot.brievenbus.rig import Rig


async def test_a_message_between_two_reads_does_not_look_like_damage(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a pupil who writes on just after a reader's page read how many entries there are
    antje = await rig.person("Antje")
    melding = await rig.post()
    await rig.inbox.open(antje.session, melding)
    find, times = rig.storage.find, []

    async def late(table: type[EntryRow], where: dict[str, bytes]) -> object:
        if table is EntryRow and not times:
            times.append(1)
            await rig.write(melding, "Nog iets.")
        return await find(table, where)

    monkeypatch.setattr(rig.storage, "find", late)
    # Then it is read again, with the message
    opened = await rig.inbox.open(antje.session, melding)
    assert len(opened.thread) == 3
