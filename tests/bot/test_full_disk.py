"""A disk that is full, fails or is write-protected: it is said in the reader's words, and nothing is half written or lost.

SQLite itself says that there is no room (``max_page_count``), that the file may not be written (``query_only``), or the system
refuses a write to the log in the middle of a commit (``RLIMIT_FSIZE``): no part of the program is replaced.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from bot.brievenbus.entries import Broken, Entry, Kind, Side, State
from bot.clock import FixedClock
from bot.house import DATABASE, House
from bot.messages import Replies
from bot.storage import Insert, SeenRow, SqliteStorage, StorageFull, UnitOfWork
from tests.bot.conftest import Account, Pupil
from tests.bot.fault_child import remember

# So long that no page with room for it is left: the state of a chat, too, is padded to steps.
WHAT = "Ze duwen me van de trap. " * 158
MESSAGE = "Het gebeurde weer. " * 120
ANSWER = "Dank je wel voor je bericht. " * 80

Broke = Callable[[House], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def _quick_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch.setattr)


def writer(house: House) -> sqlite3.Connection:
    assert isinstance(house.storage, SqliteStorage)
    return house.storage._write.conn


@contextmanager
def full(house: House) -> Iterator[None]:
    """The database may not grow by one page, and what was free in it is taken."""
    connection = writer(house)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    number = 0
    with suppress(sqlite3.OperationalError):
        while True:
            connection.execute("INSERT INTO conversation VALUES (?, 1, 0, ?)", [b"full %d" % number, bytes(600)])
            number += 1
    # Splitting a page of a table takes two: one may be left over, and no text of these tests fits in it.
    assert connection.execute("PRAGMA freelist_count").fetchone()[0] <= 1
    try:
        yield
    finally:
        connection.execute("PRAGMA max_page_count = 1000000").fetchall()


@contextmanager
def full_while_committing(house: House) -> Iterator[None]:
    """The log may grow by one page and a half: the first write of a commit still succeeds, a later one is cut off."""
    log = Path(f"{house.config.data / DATABASE}-wal")
    room = log.stat().st_size + 6000
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@contextmanager
def write_protected(house: House) -> Iterator[None]:
    """Every write is refused with "attempt to write a readonly database", also for root."""
    connection = writer(house)
    connection.execute("PRAGMA query_only = ON").fetchall()
    try:
        yield
    finally:
        connection.execute("PRAGMA query_only = OFF").fetchall()


BROKEN: dict[str, Broke] = {"full": full, "full while committing": full_while_committing, "write-protected": write_protected}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest) -> Broke:
    return BROKEN[request.param]


def dump(house: House) -> list[str]:
    """Everything that is kept."""
    db = sqlite3.connect(house.config.data / DATABASE)
    lines = [line for line in db.iterdump() if 'INSERT INTO "conversation" VALUES(X\'66756C6C20' not in line]
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    db.close()
    return lines


async def thread(house: House, readers: list[Account]) -> list[Entry | Broken]:
    [item] = (await house.inbox.queue(readers[0].session)).items
    return list((await house.inbox.open(readers[0].session, item.id)).thread)


def messages(entries: list[Entry | Broken], side: Side) -> list[str]:
    return [e.body["tekst"] for e in entries if isinstance(e, Entry) and e.kind is Kind.MESSAGE and e.side is side]


def told_that_nothing_was_sent(replies: Replies) -> None:
    message, *question = replies.messages
    assert message.response == "utter_storing"
    assert question, "what was asked is asked again"
    assert "Er is nu niets verstuurd." in message.text
    assert "0800-0432" in message.text
    assert "/help" in [button.payload for button in message.buttons]


async def test_a_melding_waits_until_there_is_room_and_is_then_sent_once(
    house: House, readers: list[Account], pupil: Pupil, broken: Broke
) -> None:
    await pupil.fill_in(WHAT.strip())
    preview, send, page = pupil.said(), pupil.payload("Versturen"), pupil.turn
    before = dump(house)
    with broken(house):
        # When it is sent, and sent again as the answer asks
        for _ in range(3):
            told_that_nothing_was_sent(await pupil.says(send, message_id="page-1"))
            assert dump(house) == before
            assert pupil.turn == page
        # And whoever looks meanwhile finds a working inbox, with nothing in it
        assert (await house.inbox.queue(readers[0].session)).items == ()
        assert await house.healthy()
    # Then with room it goes, from the same page, once
    await pupil.says(send, message_id="page-1")
    assert "utter_melding_verstuurd" in pupil.names()
    words = pupil.code()
    await pupil.says(send, message_id="page-1")
    assert "utter_al_verstuurd" in pupil.names()
    assert pupil.code() == words
    melding = (await thread(house, readers))[0]
    assert isinstance(melding, Entry)
    assert WHAT.strip() in [answer for _, answer in melding.body["antwoorden"]]
    assert WHAT.strip() in preview


async def test_trying_again_is_one_tap(house: House, readers: list[Account], pupil: Pupil, broken: Broke) -> None:
    # Given a pupil who sees only what the page shows
    await pupil.fill_in(WHAT.strip())
    with broken(house):
        await pupil.says("Versturen")
        assert pupil.names()[0] == "utter_storing"
        assert WHAT.strip() in pupil.said()
        await pupil.says("Versturen")
        assert pupil.names()[0] == "utter_storing"
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    assert len(await thread(house, readers)) == 2


async def test_a_chat_turn_that_cannot_be_kept_is_asked_again(
    house: House, readers: list[Account], pupil: Pupil, broken: Broke
) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    before, page = dump(house), pupil.turn
    with broken(house):
        told_that_nothing_was_sent(await pupil.says(WHAT, message_id="page-1"))
        assert pupil.names() == ["utter_storing", "utter_ask_melding_form_wat"]
        assert not pupil.replies.kept
        assert dump(house) == before
        assert pupil.turn == page
    # When the page is sent again, with the text that stands on it
    await pupil.says(WHAT, message_id="page-1")
    assert pupil.names() == ["utter_ask_melding_form_waar"]


async def test_a_message_in_a_thread_waits_until_there_is_room(
    house: House, readers: list[Account], pupil: Pupil, broken: Broke
) -> None:
    await pupil.fill_in("Kort.")
    await pupil.says("Versturen")
    for words in ("/code_opvolgen", pupil.code(), "/schrijf_verder", MESSAGE):
        await pupil.says(words)
    send, before = pupil.payload("Versturen"), dump(house)
    with broken(house):
        told_that_nothing_was_sent(await pupil.says(send))
        assert dump(house) == before
    await pupil.says(send)
    assert "utter_bericht_verstuurd" in pupil.names()
    await pupil.says(send)
    assert "utter_bericht_al_verstuurd" in pupil.names()
    assert messages(await thread(house, readers), Side.PUPIL) == [MESSAGE.strip()]


async def test_an_answer_from_the_inbox_waits_until_there_is_room(
    house: House, readers: list[Account], pupil: Pupil, broken: Broke
) -> None:
    await pupil.fill_in("Kort.")
    await pupil.says("Versturen")
    session = readers[0].session
    [item] = (await house.inbox.queue(session)).items
    opened = await house.inbox.open(session, item.id)
    before = dump(house)
    with broken(house):
        with pytest.raises(StorageFull):
            await house.inbox.answer(session, item.id, ANSWER, "form-1", opened.thread_count)
        with pytest.raises(StorageFull):
            await house.inbox.note(session, item.id, ANSWER, "form-2")
        assert dump(house) == before
        # And what is there can still be read
        assert (await house.inbox.open(session, item.id)).thread == opened.thread
    await house.inbox.answer(session, item.id, ANSWER, "form-1", opened.thread_count)
    await house.inbox.note(session, item.id, ANSWER, "form-2")
    assert messages(await thread(house, readers), Side.SCHOOL) == [ANSWER]


async def test_a_new_melding_can_be_read_though_reading_cannot_be_written_down(
    house: House, readers: list[Account], pupil: Pupil, broken: Broke
) -> None:
    await pupil.fill_in(WHAT.strip())
    await pupil.says("Versturen")
    session = readers[0].session
    [item] = (await house.inbox.queue(session)).items
    with broken(house):
        opened = await house.inbox.open(session, item.id)
        assert isinstance(opened.thread[0], Entry)
        assert WHAT.strip() in [answer for _, answer in opened.thread[0].body["antwoorden"]]
    if broken is write_protected:  # with a full disk there may be room for so little
        [item] = (await house.inbox.queue(session)).items
        assert item.unread
    assert (await house.inbox.open(session, item.id)).state is State.READ


async def test_danger_is_answered_with_a_full_disk(house: House, readers: list[Account], pupil: Pupil, broken: Broke) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    with broken(house):
        replies = await pupil.says(f"{WHAT} Ik wil dood.")
    assert [message.response for message in replies.messages] == [
        "utter_gevaar_suicide",
        "utter_storing",
        "utter_ask_melding_form_wat",
    ]


async def test_sweeping_tells_that_it_could_not_and_can_be_repeated(
    house: House, readers: list[Account], pupil: Pupil, clock: FixedClock
) -> None:
    await pupil.says("/ben_leerling")
    clock.advance(days=3)
    before = dump(house)
    with full_while_committing(house):
        with pytest.raises(StorageFull):
            # An old conversation, and a thousand old marks: overwriting them takes more of the log than there is
            await house.storage.commit(UnitOfWork(tuple(Insert(SeenRow(os.urandom(16), 0)) for _ in range(1000))))
        with pytest.raises(StorageFull):
            await house.sweep()
        assert dump(house) == before
    await house.sweep()
    assert dump(house) != before
    await pupil.says("/melding_doen")
    assert "utter_gesprek_verlopen" in pupil.names()


async def test_a_house_can_be_closed_and_opened_though_the_disk_is_full(
    house: House, readers: list[Account], pupil: Pupil, build_house: Callable[[], House]
) -> None:
    await pupil.fill_in(WHAT.strip())
    send = pupil.payload("Versturen")
    with full_while_committing(house):
        told_that_nothing_was_sent(await pupil.says(send))
        await house.close()
    pupil.house = build_house()
    await pupil.says(send)
    assert "utter_melding_verstuurd" in pupil.names()
    assert len(await thread(pupil.house, readers)) == 2
