"""One press, one melding: double clicks, old pages, restarts, damage, nonsense. Each has a clear answer; nothing is half kept."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.brievenbus.entries import Entry, Kind
from bot.brievenbus.keys import ServerKey, encrypt
from bot.brievenbus.lanes import Lane
from bot.clock import FixedClock
from bot.conversation import LONGEST
from bot.house import DATABASE, House
from bot.messages import Attachment, Facts, Incoming, Replies
from bot.storage import ConversationRow, Replace, StorageFull, UnitOfWork
from dialogues import Tracker
from tests.bot.conftest import SERVER_KEY, Account, BuildHouse, Pupil
from tests.bot.fault_child import remember

WHAT = "Ze stoppen briefjes in mijn jas."
WEB = Facts("jps", "rest")


@pytest.fixture(autouse=True)
def _quick_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch.setattr)


# --- looking at what there is -------------------------------------------------------------------------------------------


async def meldingen(house: House, readers: list[Account]) -> list[list[str]]:
    """The answers of every melding that the first reader can open."""
    session = readers[0].session
    found = []
    for item in (await house.inbox.queue(session)).items:
        entry = (await house.inbox.open(session, item.id)).thread[0]
        assert isinstance(entry, Entry)
        assert entry.kind is Kind.MELDING
        found.append([answer for _, answer in entry.body["antwoorden"]])
    return found


def rows(house: House) -> Counter[str]:
    """How many rows each table has."""
    db = sqlite3.connect(house.config.data / DATABASE)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    counted = Counter({name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables})
    db.close()
    return counted


async def state(house: House, key: str) -> Tracker:
    """What is stored of a conversation."""
    conversation = house.conversation
    ident = house.server.hash("conversation", key.encode())
    stored = await conversation._load(ident, Incoming(key, WEB, ""))
    assert stored.row is not None
    return stored.tracker


def names(replies: Replies) -> list[str | None]:
    return [message.response for message in replies.messages]


def code(replies: Replies) -> str:
    [words] = [message.text for message in replies.messages if message.custom.get("stijl") == "code"]
    return words


async def post(house: House, pupil: Pupil, text: str, **more: Any) -> Replies:
    """What the pupil's page posts, without the page noticing the answer."""
    return await house.conversation.handle(Incoming(pupil.key, pupil.facts, text, **{"turn": pupil.turn, **more}))


def payloads(replies: Replies) -> list[str]:
    return [button.payload for message in replies.messages for button in message.buttons]


# --- versturen, twice ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ids", [("", ""), ("page-1", "page-1"), ("page-1", "page-2")], ids=["no id", "same id", "another id"])
@pytest.mark.parametrize("together", [True, False], ids=["together", "one after another"])
async def test_a_double_click_sends_once(
    house: House, readers: list[Account], pupil: Pupil, ids: tuple[str, str], together: bool
) -> None:
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    clicks = [post(house, pupil, send, message_id=ident) for ident in ids]
    first, second = await asyncio.gather(*clicks) if together else [await click for click in clicks]
    assert "utter_melding_verstuurd" in names(first)
    assert "utter_al_verstuurd" in names(second)
    assert code(first) == code(second)
    assert await meldingen(house, readers) == [[WHAT]]


async def test_a_double_click_at_two_processes_sends_once(
    house: House, readers: list[Account], pupil: Pupil, build_house: BuildHouse
) -> None:
    # Given two processes on one database
    other = build_house()
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    # When each gets the click several times, all at the same moment
    all_replies = await asyncio.gather(*(post(each, pupil, send) for each in (house, other) * 4))
    # Then one of them sent it, and all say the same code
    assert [n for replies in all_replies for n in names(replies)].count("utter_melding_verstuurd") == 1
    assert len({code(replies) for replies in all_replies}) == 1
    assert await meldingen(house, readers) == [[WHAT]]
    assert await meldingen(other, readers) == [[WHAT]]


@pytest.mark.parametrize("minutes", [0, 9.9])
async def test_within_ten_minutes_the_code_is_shown_again(
    house: House, readers: list[Account], pupil: Pupil, clock: FixedClock, minutes: float
) -> None:
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    first = await pupil.says(send)
    clock.advance(minutes=minutes)
    assert code(await pupil.says(send)) == code(first)
    assert len(await meldingen(house, readers)) == 1


@pytest.mark.parametrize("minutes", [10, 30, 24 * 60, -1])
async def test_later_it_is_said_that_it_was_sent_but_not_the_code(
    house: House, readers: list[Account], pupil: Pupil, clock: FixedClock, minutes: float
) -> None:
    # Given a school computer, at which somebody else presses the button of before (or a clock that was set back)
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    words = code(await pupil.says(send))
    clock.advance(minutes=minutes)
    await pupil.says(send)
    assert pupil.names() == ["utter_al_verstuurd_lang", "utter_menu"]
    assert words not in pupil.said()
    assert rows(house)["melding"] == 1


async def test_the_second_press_may_come_from_another_page_of_the_same_browser(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    first = await pupil.says(send)
    # Given that the conversation went on, and even was wiped
    await pupil.says("/ben_leerling")
    await pupil.says("/wis_gesprek")
    assert code(await post(house, pupil, send, turn=3)) == code(first)
    assert len(await meldingen(house, readers)) == 1


async def test_nothing_of_the_melding_is_left_in_the_conversation(house: House, readers: list[Account], pupil: Pupil) -> None:
    await pupil.fill_in(WHAT, over="Antje")
    send = pupil.payload("Versturen")
    await pupil.says(send)
    after = await state(house, pupil.key)
    assert after == replace(Tracker.empty(), turn=pupil.turn)
    assert WHAT not in after.to_json()
    assert pupil.code() not in after.to_json()
    assert send.split('"')[3] not in after.to_json()


async def test_a_second_melding_of_the_same_pupil_is_another_one(house: House, readers: list[Account], pupil: Pupil) -> None:
    await pupil.fill_in(WHAT)
    first = code(await pupil.says("Versturen"))
    await pupil.fill_in("En nu ook mijn schoenen.")
    assert WHAT not in pupil.said()
    assert code(await pupil.says("Versturen")) != first
    assert sorted(await meldingen(house, readers)) == [["En nu ook mijn schoenen."], [WHAT]]


# --- old pages ----------------------------------------------------------------------------------------------------------


async def test_a_stale_page_does_nothing_and_shows_the_question_of_now(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    await pupil.fill_in(WHAT)
    before = await state(house, pupil.key)
    # A button, a text and weggooien of an earlier page
    for old in ('/antwoord{"voor_wie": "mij"}', "Iets heel anders.", "/weggooien", "/terug"):
        replies = await post(house, pupil, old, turn=pupil.turn - 5, message_id=f"old {old}")
        assert names(replies)[0] == "utter_oude_pagina"
        assert pupil.payload("Versturen") in payloads(replies)
        assert replies.turn == pupil.turn
        assert await state(house, pupil.key) == before
    assert "utter_melding_verstuurd" in names(await pupil.says("Versturen"))


async def test_versturen_from_before_a_change_sends_nothing(house: House, readers: list[Account], pupil: Pupil) -> None:
    # Given two tabs with the same preview, in one of which an answer is changed
    await pupil.fill_in(WHAT)
    send, page = pupil.payload("Versturen"), pupil.turn
    await pupil.says("Iets veranderen")
    await pupil.says("Wat er is gebeurd")
    await pupil.says("Ze gooiden mijn fiets om.")
    # When the other tab sends what stands on it
    replies = await post(house, pupil, send, turn=page)
    # Then nothing was sent: it is not what would be read; the preview of now is shown
    assert "utter_knop_oud" in names(replies)
    assert "Ze gooiden mijn fiets om." in "".join(message.text for message in replies.messages)
    assert await meldingen(house, readers) == []
    pupil.replies, pupil.turn = replies, replies.turn
    await pupil.says("Versturen")
    assert await meldingen(house, readers) == [["Ze gooiden mijn fiets om."]]


async def test_a_second_tab_does_not_answer_for_the_first(house: House, readers: list[Account], pupil: Pupil) -> None:
    # Given two tabs at the same question
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    page = pupil.turn
    await pupil.says(WHAT)
    # When the second tab answers that question too
    replies = await post(house, pupil, "Dit is de tweede tab.", turn=page)
    # Then its text is not taken for the answer to the next question
    assert names(replies)[0] == "utter_oude_pagina"
    assert not replies.kept
    assert "utter_ask_melding_form_waar" in names(replies)
    slots = (await state(house, pupil.key)).slots
    assert (slots["wat"], slots.get("waar")) == (WHAT, None)


@pytest.mark.parametrize("turn", [5, None], ids=["a page", "no page, as Telegram"])
async def test_a_message_that_is_delivered_twice_counts_once(
    house: House, readers: list[Account], pupil: Pupil, turn: int | None
) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    first, second = await asyncio.gather(
        post(house, pupil, WHAT, message_id="1", turn=turn), post(house, pupil, WHAT, message_id="1", turn=turn)
    )
    assert "utter_ask_melding_form_waar" in names(first)
    assert names(second) == ["utter_al_aangekomen", "utter_ask_melding_form_waar"]
    assert second.kept  # by the first: nothing has to be typed again
    slots = (await state(house, pupil.key)).slots
    assert (slots["wat"], slots.get("waar")) == (WHAT, None)


async def test_an_id_counts_in_one_conversation_only_and_for_two_days(house: House, pupil: Pupil, clock: FixedClock) -> None:
    other = Pupil(house, key="sender-2")
    await other.open()
    for each in (pupil, other):
        assert "utter_menu" in names(await each.says("/ben_leerling", message_id="7"))
    clock.advance(hours=47)
    await house.sweep()
    assert "utter_menu" in names(await post(house, pupil, "/ben_leerling", message_id="7", turn=None))
    assert rows(house)["seen"] == 2
    clock.advance(hours=25)
    await house.sweep()
    assert rows(house)["seen"] == 0


async def test_a_reload_that_posts_again_shows_where_the_conversation_is(house: House, pupil: Pupil) -> None:
    page = pupil.turn
    await pupil.says("/ben_leerling", message_id="page-0")
    replies = await post(house, pupil, "/ben_leerling", turn=page, message_id="page-0")
    assert names(replies) == ["utter_al_aangekomen", "utter_menu"]
    assert "/melding_doen" in payloads(replies)


async def test_looking_at_the_page_stores_nothing(house: House, pupil: Pupil) -> None:
    before = rows(house)
    replies = await pupil.open()
    assert "utter_welkom" in names(replies)
    assert rows(house) == before


# --- side by side -------------------------------------------------------------------------------------------------------


async def test_conversations_stay_apart_and_each_in_order(house: House, readers: list[Account]) -> None:
    # Given twenty pupils who all write at once, each without waiting for answers
    pupils = [Pupil(house, key=f"sender-{number}") for number in range(20)]

    async def write(pupil: Pupil) -> None:
        answers = ["/overslaan", '/antwoord{"over_lezer": "nee"}', "/overslaan"]
        texts = [f"{pupil.key} {question}" for question in ("wat", "waar", "wanneer", "hoe_vaak", "wie_weet", "wens")]
        said = ["/ben_leerling", "/melding_doen", *answers, *texts]
        await asyncio.gather(*(post(house, pupil, text, turn=None) for text in said))
        pupil.replies = await post(house, pupil, "/overslaan", turn=None)
        pupil.turn = pupil.replies.turn
        await pupil.says("Versturen")

    await asyncio.gather(*(write(pupil) for pupil in pupils))
    # Then every melding has the answers of one pupil, each at its question
    expected = [
        [f"{pupil.key} {question}" for question in ("wat", "waar", "wanneer", "hoe_vaak", "wie_weet", "wens")] for pupil in pupils
    ]
    assert sorted(await meldingen(house, readers)) == sorted(expected)
    assert len({pupil.code() for pupil in pupils}) == 20


async def test_of_two_processes_at_one_conversation_one_goes_first(house: House, pupil: Pupil, build_house: BuildHouse) -> None:
    other = build_house()
    await pupil.says("/ben_leerling")
    replies = await asyncio.gather(*(post(each, pupil, "/melding_doen") for each in (house, other)))
    assert sorted(str(names(reply)[0]) for reply in replies) == ["utter_melding_uitleg", "utter_oude_pagina"]
    assert (await state(house, pupil.key)).turn == pupil.turn + 1


async def test_whoever_loses_every_race_is_told_so_with_help(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pupil.says("/ben_leerling")
    commit = house.storage.commit

    async def outrun(unit: UnitOfWork) -> None:
        ident = house.server.hash("conversation", pupil.key.encode())
        row = await house.storage.get(ConversationRow, {"id": ident})
        assert row is not None
        await commit(UnitOfWork((Replace(replace(row, version=row.version + 1)),)))
        await commit(unit)

    monkeypatch.setattr(house.storage, "commit", outrun)
    replies = await pupil.says("/melding_doen")
    assert names(replies) == ["utter_storing"]


# --- restarts, endings, damage ------------------------------------------------------------------------------------------


async def test_a_restart_in_the_middle_of_the_form_loses_no_answer(
    house: House, readers: list[Account], pupil: Pupil, build_house: BuildHouse
) -> None:
    said = ["/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan", WHAT]
    for words in (*said, *["/overslaan"] * 6, "Versturen"):
        await pupil.house.close()
        pupil.house = build_house()
        await pupil.says(words)
    assert "utter_melding_verstuurd" in pupil.names()
    assert await meldingen(pupil.house, readers) == [[WHAT]]


async def test_a_conversation_that_ended_outside_a_form_begins_anew_and_says_so(
    house: House, pupil: Pupil, clock: FixedClock
) -> None:
    await pupil.says("/ben_leerling")
    clock.advance(minutes=house.config.gesprek_minuten + 1)
    await pupil.says("/gepest_worden")
    assert pupil.names() == ["utter_gesprek_verlopen", "utter_menu"]
    assert "Ik ben leerling" in [button.title for message in pupil.replies.messages for button in message.buttons]
    await pupil.says("/ben_leerling")
    assert pupil.names() == ["utter_menu"]


async def test_a_form_that_stood_still_asks_who_is_there_and_keeps_the_answers(
    house: House, readers: list[Account], pupil: Pupil, clock: FixedClock
) -> None:
    await pupil.fill_in(WHAT)
    clock.advance(minutes=house.config.gesprek_minuten + 1)
    await pupil.says("Iets veranderen")
    assert pupil.names()[0] == "utter_lang_stil"
    assert WHAT not in pupil.said()
    # Either it goes on
    await pupil.says("Verder met mijn melding")
    assert WHAT in pupil.said()
    await pupil.says("Versturen")
    assert await meldingen(house, readers) == [[WHAT]]


async def test_a_form_that_stood_still_can_be_wiped(house: House, pupil: Pupil, clock: FixedClock) -> None:
    await pupil.fill_in(WHAT)
    clock.advance(minutes=house.config.gesprek_minuten + 1)
    await pupil.says("Iets veranderen")
    await pupil.says("Wis dit gesprek")
    assert pupil.names() == ["utter_gewist"]
    assert await state(house, pupil.key) == replace(Tracker.empty(), turn=pupil.turn)


async def test_versturen_on_a_form_that_stood_still_sends_nothing_and_says_so(
    house: House, readers: list[Account], pupil: Pupil, clock: FixedClock
) -> None:
    # Given that somebody else may sit at this computer by now
    await pupil.fill_in(WHAT)
    clock.advance(minutes=house.config.gesprek_minuten + 1)
    await pupil.says("Versturen")
    assert pupil.names()[0] == "utter_lang_stil"
    assert "Er is niets verstuurd." in pupil.said()
    assert await meldingen(house, readers) == []


async def test_terug_goes_to_the_previous_question_of_the_form_else_to_the_menu(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    # Given a pupil at the third question
    for words in ("/ben_leerling", "/melding_doen", "Over mij", "Nee, niemand van hen"):
        await pupil.says(words)
    assert pupil.names() == ["utter_ask_melding_form_veilig"]
    # When going back, by the word or by the payload, then each time the question before comes
    await pupil.says("terug")
    assert pupil.names() == ["utter_over_lezer"]
    await pupil.says("/terug")
    assert pupil.names() == ["utter_ask_melding_form_voor_wie"]
    # And at the first question it stays
    await pupil.says("/terug")
    assert pupil.names() == ["utter_ask_melding_form_voor_wie"]
    # And outside of a form it is the menu
    await pupil.says("/weggooien")
    await pupil.says("terug")
    assert pupil.names() == ["utter_menu"]


async def test_what_ended_is_swept_away_and_the_page_is_told(house: House, pupil: Pupil, clock: FixedClock) -> None:
    await pupil.says("/ben_leerling")
    clock.advance(days=1)
    await house.sweep()
    assert rows(house)["conversation"] == 0
    await pupil.says("/gepest_worden")
    assert pupil.names() == ["utter_gesprek_verlopen", "utter_menu"]


@pytest.mark.parametrize("how", ["ended", "swept", "damaged"])
async def test_help_answers_from_every_page(house: House, pupil: Pupil, clock: FixedClock, how: str) -> None:
    await pupil.says("/ben_leerling")
    if how == "damaged":
        await spoil(house, pupil, lambda row: replace(row, locked=b"nonsense"))
    else:
        clock.advance(days=1)
        if how == "swept":
            await house.sweep()
    await pupil.says("/help")
    assert pupil.names() == ["utter_help"]


async def spoil(house: House, pupil: Pupil, change: Callable[[ConversationRow], ConversationRow]) -> None:
    row = await house.storage.get(ConversationRow, {"id": house.server.hash("conversation", pupil.key.encode())})
    assert row is not None
    await house.storage.commit(UnitOfWork((Replace(change(row)),)))


def sealed(pupil: Pupil, plain: bytes) -> Callable[[ConversationRow], ConversationRow]:
    """A state that opens, but that this program did not write."""
    key = ServerKey(SERVER_KEY).key("conversation state", pupil.key.encode())

    def change(row: ConversationRow) -> ConversationRow:
        return replace(row, locked=encrypt(key, plain, row.id + row.version.to_bytes(8, "big")))

    return change


@pytest.mark.parametrize(
    "plain",
    [
        b'[1, "{\\"schema\\": 99}"]',
        b'[1, "no state"]',
        b'[1, "{}", "a third thing"]',
        b'{"time": 1}',
        b"[]",
        b"12",
        b"no JSON",
        b"\xff\xfe",
        b"",
    ],
)
async def test_a_state_of_another_version_is_begun_anew(house: House, pupil: Pupil, plain: bytes) -> None:
    await pupil.says("/ben_leerling")
    await spoil(house, pupil, sealed(pupil, plain))
    await pupil.says("/gepest_worden")
    assert pupil.names() == ["utter_gesprek_verlopen", "utter_menu"]
    await pupil.says("/ben_leerling")
    assert pupil.names() == ["utter_menu"]


@pytest.mark.parametrize("how", ["cut off", "altered", "empty", "of an older version", "of another conversation"])
async def test_a_state_that_was_damaged_is_begun_anew(house: House, pupil: Pupil, how: str) -> None:
    await pupil.fill_in(WHAT)
    other = Pupil(house, key="sender-2")
    await other.open()
    await other.fill_in("Van een ander.")
    found = await house.storage.get(ConversationRow, {"id": house.server.hash("conversation", other.key.encode())})
    assert found is not None
    damage: dict[str, Callable[[ConversationRow], ConversationRow]] = {
        "cut off": lambda row: replace(row, locked=row.locked[:-1]),
        "altered": lambda row: replace(row, locked=row.locked[:40] + bytes([row.locked[40] ^ 1]) + row.locked[41:]),
        "empty": lambda row: replace(row, locked=b""),
        "of an older version": lambda row: replace(row, version=row.version - 1),
        "of another conversation": lambda row: replace(row, locked=found.locked, version=found.version),
    }
    await spoil(house, pupil, damage[how])
    await pupil.says("/overslaan")
    assert pupil.names() == ["utter_gesprek_verlopen", "utter_menu"]
    assert WHAT not in pupil.said()


async def test_the_code_is_shown_again_though_the_state_was_damaged(house: House, readers: list[Account], pupil: Pupil) -> None:
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    first = await post(house, pupil, send)
    await spoil(house, pupil, lambda row: replace(row, locked=b"nonsense"))
    assert code(await pupil.says(send)) == code(first)
    assert len(await meldingen(house, readers)) == 1


# --- what fails ---------------------------------------------------------------------------------------------------------


async def test_an_action_that_fails_leaves_nothing_and_the_pupil_hears_it(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pupil.fill_in(WHAT)
    before, was = rows(house), await state(house, pupil.key)

    async def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    actions = house.conversation._executor.actions
    send = pupil.payload("Versturen")
    with monkeypatch.context() as patch:
        patch.setitem(actions, "action_versturen", fail)
        await pupil.says(send, message_id="page-1")
    # Then it says that nothing was sent, and how to reach help, and shows the preview once more
    assert pupil.names()[0] == "utter_storing"
    assert pupil.payload("Versturen") == send
    assert "Er is nu niets verstuurd" in pupil.said()
    assert "0800-0432" in pupil.said()
    assert "112" in pupil.said()
    assert "/help" in payloads(pupil.replies)
    assert rows(house) == before
    assert await state(house, pupil.key) == was
    # And the same page can be sent again
    await pupil.says(send, message_id="page-1")
    assert "utter_melding_verstuurd" in pupil.names()
    assert await meldingen(house, readers) == [[WHAT]]


@pytest.mark.parametrize("broken", ["_load", "_take", "_operations"])
async def test_danger_is_answered_though_everything_else_fails(
    house: House, pupil: Pupil, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    async def fail(*_: Any) -> None:
        raise StorageFull

    await pupil.says("/ben_leerling")
    page = pupil.turn
    monkeypatch.setattr(house.conversation, broken, fail)
    replies = await pupil.says("ik wil dood")
    assert names(replies) == ["utter_gevaar_suicide", "utter_storing"]
    assert "113" in replies.messages[0].text
    assert replies.turn == page


async def test_a_question_that_cannot_be_asked_leaves_the_menu_and_help(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    await pupil.fill_in(WHAT)
    monkeypatch.setitem(house.conversation._executor.actions, "action_ask_melding_form_akkoord", fail)
    await pupil.says("Iets veranderen")
    await pupil.says("Niets veranderen")
    assert pupil.names()[0] == "utter_storing"
    assert {"/menu", "/help"} <= set(payloads(pupil.replies))
    await pupil.says("Menu")
    assert "utter_menu" in pupil.names()


async def test_the_log_has_no_word_of_what_failed(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    await pupil.fill_in(WHAT)
    monkeypatch.setitem(house.conversation._executor.actions, "action_versturen", fail)
    await pupil.says("Versturen")
    assert "a turn failed" in caplog.text
    assert "briefjes" not in caplog.text


async def test_when_too_many_send_at_once_the_pupil_hears_it_and_loses_nothing(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pupil.fill_in(WHAT)
    before, send = rows(house), pupil.payload("Versturen")
    full = Lane("full", 1, -1)
    with monkeypatch.context() as patch:
        patch.setattr(house.mailbox, "_lane", full)
        await pupil.says(send)
    full.close()
    assert pupil.names()[0] == "utter_druk"
    assert pupil.payload("Versturen") == send
    assert "Er is niets verstuurd" in pupil.said()
    assert "0800-0432" in pupil.said()
    assert rows(house) == before
    await pupil.says(send)
    assert await meldingen(house, readers) == [[WHAT]]


async def test_when_the_last_reader_left_meanwhile_nothing_is_sent(
    house: House, readers: list[Account], pupil: Pupil, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pupil.fill_in(WHAT)
    before, send = rows(house), pupil.payload("Versturen")
    of = house.roster.of

    async def nobody(school: str) -> Any:
        return replace(await of(school), readers=())

    monkeypatch.setattr(house.roster, "of", nobody)
    await pupil.says(send)
    assert pupil.names() == ["utter_brievenbus_dicht"]
    assert rows(house) == before


async def test_whoever_leaves_the_page_does_not_stop_the_next_message(house: House, readers: list[Account], pupil: Pupil) -> None:
    # Given a browser that closes the connection at any moment of versturen
    await pupil.fill_in(WHAT)
    send = pupil.payload("Versturen")
    for steps in range(12):
        click = asyncio.ensure_future(post(house, pupil, send))
        for _ in range(steps):
            await asyncio.sleep(0)
        click.cancel()
        await asyncio.gather(click, return_exceptions=True)
    # Then pressing once more shows the code, and there is one melding
    words = code(await pupil.says(send))
    assert len(words.split()) == 5
    assert await meldingen(house, readers) == [[WHAT]]


# --- nonsense -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "😭", "😭😭 !!! 👍🏽", "…", "\u200b\u200d", "-", "?", "\x00"])
async def test_nothing_and_only_pictures_are_no_answer(house: House, readers: list[Account], pupil: Pupil, text: str) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    await pupil.says(text)
    assert pupil.names() == ["utter_leeg", "utter_ask_melding_form_wat"]
    assert (await state(house, pupil.key)).slots.get("wat") is None


@pytest.mark.parametrize(("length", "taken"), [(LONGEST, True), (LONGEST + 1, False), (1_000_000, False)])
async def test_a_text_that_is_too_long_is_told_with_the_limit(
    house: House, readers: list[Account], pupil: Pupil, length: int, taken: bool
) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    await pupil.says("ë" * length)
    if taken:
        assert pupil.names() == ["utter_ask_melding_form_waar"]
    else:
        assert pupil.names() == ["utter_te_lang", "utter_ask_melding_form_wat"]
        assert str(LONGEST) in pupil.said()
        assert (await state(house, pupil.key)).slots.get("wat") is None


async def test_answers_that_do_not_fit_together_are_told_before_sending(
    house: House, readers: list[Account], pupil: Pupil
) -> None:
    # Given the longest texts of four-byte characters at every question
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    refused = 0
    for length in (3400, *[500] * 5):
        await pupil.says("a" + "😭" * (length - 1))
        if "utter_te_lang" in pupil.names():
            refused += 1
            await pupil.says("/overslaan")
    assert refused == 5
    await pupil.says("/overslaan")
    await pupil.says("Versturen")
    assert "utter_melding_verstuurd" in pupil.names()
    assert len((await meldingen(house, readers))[0][0]) == 3400


@pytest.mark.parametrize("attachment", Attachment)
async def test_what_is_no_text_is_told_and_the_question_stays(
    house: House, readers: list[Account], pupil: Pupil, attachment: Attachment
) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
        await pupil.says(words)
    replies = await house.conversation.handle(Incoming(pupil.key, pupil.facts, "", turn=pupil.turn, attachment=attachment))
    told = "utter_doorgestuurd" if attachment is Attachment.FORWARDED else "utter_geen_tekst"
    assert names(replies) == [told, "utter_ask_melding_form_wat"]


@pytest.mark.parametrize(
    "nonce",
    ["00" * 16, "ff" * 16, "", "zz", "00", "00" * 17, "é" * 32, "0" * 31 + "\\u0660", " " * 32, "00 " * 16],
)
async def test_a_forged_nonce_sends_nothing_and_says_nothing(
    house: House, readers: list[Account], pupil: Pupil, nonce: str
) -> None:
    # Given a melding that was sent, and another pupil before a preview
    await pupil.fill_in(WHAT)
    await pupil.says("Versturen")
    other = Pupil(house, key="sender-2")
    await other.open()
    await other.fill_in("Van een ander.")
    before = await state(house, other.key)
    await other.says(f'/versturen{{"nonce":"{nonce}"}}')
    assert "utter_knop_oud" in other.names()
    assert not [message for message in other.replies.messages if message.custom.get("stijl") == "code"]
    assert await meldingen(house, readers) == [[WHAT]]
    assert (await state(house, other.key)).slots["nonce"] == before.slots["nonce"]
    await other.says("Versturen")
    assert len(await meldingen(house, readers)) == 2


async def test_consent_cannot_be_given_before_the_preview(house: House, readers: list[Account], pupil: Pupil) -> None:
    for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan", WHAT):
        await pupil.says(words)
    for forged in (
        '/antwoord{"akkoord":"ja"}',
        '/antwoord{"nonce":"' + "00" * 16 + '"}',
        "/versturen",
        '/versturen{"nonce":"ja"}',
    ):
        await pupil.says(forged)
        assert await meldingen(house, readers) == []
    for _ in range(6):
        await pupil.says("/overslaan")
    for forged in ('/antwoord{"akkoord":"ja"}', '/antwoord{"akkoord":""}', "/bevestigen", "ja", "versturen"):
        await pupil.says(forged)
        assert await meldingen(house, readers) == []
    # A press without a nonce, as a rule of the dialogue might make it, is no consent either
    await pupil.says("/versturen")
    assert await meldingen(house, readers) == []


MALFORMED = [
    '/antwoord{"voor_wie": 3}',
    '/antwoord{"voor_wie": null}',
    '/antwoord{"voor_wie": {"a": 1}}',
    '/antwoord{"voor_wie": ["mij", "jou"]}',
    '/antwoord{"voor_wie": []}',
    '/antwoord{"voor_wie": true}',
    '/antwoord{"onbekend": "x"}',
    "/antwoord{}",
    "/antwoord{",
    "/antwoord[]",
    "/antwoord null",
    "/",
    "//",
    "/ /",
    "/onbekend",
    '/onbekend{"a": "b"}',
    "/session_start",
    "/restart",
    "/back",
    "/action_versturen",
    "/vraag_opnieuw",
    "/nlu_fallback",
    '/versturen{"nonce": 5}',
    '/versturen{"nonce": ["00", "11"]}',
    '/kop{"nr": "-1"}',
    '/kop{"nr": "99999999999999999999"}',
    '/kop{"nr": "x"}',
    '/code{"c": "a b c d e"}',
    '/code{"c": 1}',
    '/antwoord{"voor_wie": "' + "x" * 3000 + '"}',
    "[" * 3000,
    "/antwoord" + '{"a":' * 500 + "1" + "}" * 500,
]


@pytest.mark.parametrize("where", ["outside", "in the form", "at the preview"])
async def test_payloads_made_by_hand_break_nothing(house: House, readers: list[Account], pupil: Pupil, where: str) -> None:
    await pupil.says("/ben_leerling")
    if where == "in the form":
        await pupil.says("/melding_doen")
    if where == "at the preview":
        await pupil.fill_in(WHAT)
    for payload in MALFORMED:
        await pupil.says(payload)
        assert pupil.replies.messages, payload
        assert "utter_storing" not in pupil.names(), payload
    assert await meldingen(house, readers) == []


PIECES = st.sampled_from(
    [
        "/antwoord",
        "/versturen",
        "/kop",
        "/code",
        "/melding_doen",
        "/overslaan",
        "/menu",
        "/stoppen",
        "/schrijf_verder",
        "/weggooien",
    ]
)
ENTITIES = st.dictionaries(
    st.sampled_from(["voor_wie", "over_lezer", "over_genoemd", "veilig", "wat", "akkoord", "verander", "nonce", "nr", "c"]),
    st.sampled_from(["ja", "nee", "klaar", "opnieuw", "-", "wat", "spoed", "niets", "0", "p0", "00" * 16, "", "x" * 99])
    | st.none(),
    max_size=2,
)
SAID = st.tuples(PIECES, ENTITIES).map(lambda made: made[0] + (str(made[1]).replace("'", '"').replace("None", "null"))) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=30
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(SAID, max_size=12))
async def test_whatever_is_said_is_answered(house: House, readers: list[Account], said: list[str]) -> None:
    key = "".join(said)
    pupil = Pupil(house, key=f"sender {key}")
    await pupil.open()
    for words in ("/ben_leerling", *said):
        await pupil.says(words)
        assert pupil.replies.messages
        assert "utter_storing" not in pupil.names()
        assert all(message.text for message in pupil.replies.messages)
