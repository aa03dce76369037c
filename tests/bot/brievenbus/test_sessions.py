"""Sessions: how they end, and that the database alone opens none."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.brievenbus.sessions import LONGEST
from bot.storage import ReaderRow, SessionRow, StorageFull
from tests.bot.brievenbus.rig import IDLE, Rig


async def test_a_session_ends_when_nothing_happens(rig: Rig) -> None:
    cookie = (await rig.enrol("Antje")).cookie
    rig.clock.advance(IDLE - (tick := IDLE / 100))
    assert await rig.staff.session(cookie) is not None
    # Looking moved the end
    rig.clock.advance(IDLE - tick)
    assert await rig.staff.session(cookie) is not None
    rig.clock.advance(IDLE)
    assert await rig.staff.session(cookie) is None
    # And it is gone, not only over
    assert await rig.storage.find(SessionRow, {}) == []


async def test_a_session_ends_after_a_working_day_however_busy(rig: Rig) -> None:
    cookie = (await rig.enrol("Antje")).cookie
    for _ in range(int(LONGEST / (IDLE / 2)) - 1):
        rig.clock.advance(IDLE / 2)
        assert await rig.staff.session(cookie) is not None
    rig.clock.advance(IDLE / 2)
    assert await rig.staff.session(cookie) is None


async def test_many_pages_at_once_do_not_stand_in_each_others_way(rig: Rig) -> None:
    cookie = (await rig.enrol("Antje")).cookie
    rig.clock.advance(minutes=5)
    found = await asyncio.gather(*(rig.staff.session(cookie) for _ in range(8)))
    assert all(session is not None for session in found)


async def test_each_session_has_its_own_token(rig: Rig) -> None:
    antje, ivonne = await rig.enrol("Antje"), await rig.enrol("Ivonne")
    first, second = await rig.session(antje.cookie), await rig.session(ivonne.cookie)
    assert first.csrf != second.csrf
    assert (await rig.session(antje.cookie)).csrf == first.csrf


async def test_nothing_of_a_session_is_told_in_a_log(rig: Rig) -> None:
    enrolment = await rig.enrol("Antje")
    session = await rig.session(enrolment.cookie)
    told = repr(session) + repr(enrolment)
    for secret in (enrolment.cookie, enrolment.recovery_key, session.csrf, str(session.private_key)):
        assert secret not in told


@pytest.mark.parametrize("cookie", ["", "x", "é", "A" * 43, "A" * 44, "A" * 400, "%00", "'; --"])
async def test_a_made_up_cookie_is_no_session(rig: Rig, cookie: str) -> None:
    await rig.enrol("Antje")
    assert await rig.staff.session(cookie) is None
    await rig.staff.logout(cookie)
    assert len(await rig.storage.find(SessionRow, {})) == 1


@pytest.mark.parametrize("what", ["reader", "version", "locked", "other"])
async def test_an_altered_session_is_no_session(rig: Rig, what: str) -> None:
    # Given two sessions of two readers
    antje, ivonne = await rig.enrol("Antje"), await rig.enrol("Ivonne")
    rows = {row.reader: row for row in await rig.storage.find(SessionRow, {})}
    mine = rows[(await rig.session(antje.cookie)).reader.id]
    hers = rows[(await rig.session(ivonne.cookie)).reader.id]
    # When somebody who can write the database alters one
    altered = {
        "reader": replace(mine, reader=hers.reader),
        "version": replace(mine, version=mine.version + 1),
        "locked": replace(mine, locked=mine.locked[:-1] + bytes([mine.locked[-1] ^ 1])),
        "other": replace(mine, locked=hers.locked, reader=hers.reader),
    }[what]
    await rig.overwrite(altered)
    # Then it opens nothing, and the other is as it was
    assert await rig.staff.session(antje.cookie) is None
    assert await rig.staff.session(ivonne.cookie) is not None


async def test_a_replaced_public_key_ends_the_session(rig: Rig) -> None:
    cookie = (await rig.enrol("Antje")).cookie
    [row] = await rig.storage.find(ReaderRow, {})
    await rig.overwrite(replace(row, public_key=b"p" * 32))
    assert await rig.staff.session(cookie) is None


async def test_a_full_disk_keeps_nobody_from_reading(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a disk that takes nothing more
    cookie = (await rig.enrol("Antje")).cookie

    async def full(unit: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(rig.storage, "commit", full)
    # Then the session goes on while it lasts, and ends when it ends
    rig.clock.advance(IDLE / 2)
    assert await rig.staff.session(cookie) is not None
    rig.clock.advance(IDLE)
    assert await rig.staff.session(cookie) is None
