"""What a person on Telegram meets: schools, buttons, commands, things that are no text, groups, changes, a reboot."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import bot.channels.telegram.sender
from bot.brievenbus.addresses import Way
from bot.channels.telegram.texts import TEXTS
from bot.clock import FixedClock
from tests.bot.telegram import objects
from tests.bot.telegram.bot_api import BotApi
from tests.bot.telegram.conftest import Start, World, until
from tests.bot.telegram.people import THINGS

HONEST = "Telegram kan weten dat je met mij praat"


async def test_without_a_link_who_can_know_comes_first_and_then_the_school(world: World) -> None:
    person = world.person()
    said = await world.says(person, "hoi")
    assert said.index(HONEST) < said.index("Bij welke school hoor je?")
    # The choice begins the conversation; what was just said is not said again
    said = await world.says(person, "Basisschool JPS")
    assert "brievenbus van Basisschool JPS" in said
    assert HONEST not in said
    assert person.titles() == ["Ik ben leerling", "Ik ben ouder", "Ik heb een code"]


async def test_danger_is_answered_before_the_school_is_asked(world: World) -> None:
    person = world.person()
    await world.says(person, "ik wil niet meer leven")
    assert "Bel 113" in person.texts()[0]
    assert "Bij welke school" in person.texts()[-1]


async def test_one_school_is_not_asked_for(start: Start) -> None:
    async with start(scholen=("jps",)) as world:
        person = world.person()
        said = await world.says(person, "hoi")
        assert said.index(HONEST) < said.index("Wie ben je?")
        assert said.count(HONEST) == 1
        assert "Bij welke school" not in said


async def test_another_school_begins_anew(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling", "Ik wil iets melden")
    said = await world.says(person, "/start vo")
    assert "Wie ben je?" in said
    assert "middelbare" in said.lower() or "voortgezet" in said.lower()
    said = await world.says(person, "Ik ben leerling", "Ik wil iets melden")
    assert "Antje" not in said


@pytest.mark.parametrize("link", ["/start JPS", "/start jps", "/start@JpsBrievenbusBot jps"])
async def test_a_link_of_a_school_opens_its_conversation(world: World, link: str) -> None:
    assert "Basisschool JPS" in await world.says(world.person(), link)


@pytest.mark.parametrize("link", ["/start", "/start onzin", "/start jps-oud", "/start ../../x"])
async def test_a_link_of_nothing_asks_for_the_school(world: World, link: str) -> None:
    assert "Bij welke school hoor je?" in await world.says(world.person(), link)


async def test_the_commands_are_dutch_and_each_is_answered(world: World) -> None:
    await until(lambda: bool(world.api.commands))
    names = [command["command"] for command in world.api.commands[""]]
    assert set(names) == {"start", "menu", "hulp", "stop", "terug", "wis", "code"}
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling")
    for name, words in {
        "hulp": "Kindertelefoon",
        "menu": "Wat wil je doen?",
        "terug": "Wat wil je doen?",
        "code": "vijf woorden",
        "stop": "Wat wil je doen?",
        "wis": "gewist",
    }.items():
        assert words in await world.says(person, f"/{name}"), name


async def test_older_buttons_go_when_the_next_question_comes(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling", "Ik word gepest")
    assert len(person.keyboards()) == 1
    # And the press was answered first, each time
    methods = [method for method, _ in world.api.calls if method in ("answerCallbackQuery", "sendMessage")]
    assert methods == ["sendMessage", *["answerCallbackQuery", "sendMessage"] * 2]


async def test_a_button_of_an_earlier_question_fills_in_nothing(world: World) -> None:
    # Given a button that was pressed when the question had changed already
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling", "Ik wil iets melden")
    old = person.heard[-1]
    [data] = [row[0]["callback_data"] for row in old["reply_markup"]["inline_keyboard"] if row[0]["text"] == "Overslaan"]
    await world.says(person, "Over mij")
    person.presses_in(old, data)
    await world.quiet()
    assert "Die knop hoorde bij een eerdere vraag" in person.texts()[-1]
    assert "Gaat het over een van deze mensen?" in person.texts()[-1]


async def test_two_taps_on_one_button_are_one(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    person.presses("Ik ben leerling")
    person.presses("Ik ben leerling")
    await world.quiet()
    assert len([text for text in person.texts() if "Wat wil je doen?" in text]) == 1


@pytest.mark.parametrize("kind", sorted(THINGS))
async def test_what_is_no_text_is_answered_kindly_and_never_fetched(world: World, kind: str) -> None:
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling")
    person.sends(kind)
    await world.quiet()
    assert "Ik kan alleen tekst lezen. Ik heb niets bewaard." in person.texts()[-1]
    assert "Wat wil je doen?" in person.texts()[-1]
    assert "getFile" not in [method for method, _ in world.api.calls]


async def test_what_stands_below_a_photo_is_looked_through_for_danger(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling")
    person.sends("photo", caption="ik wil niet meer leven")
    await world.quiet()
    assert "Bel 113" in person.texts()[-2]
    assert "Ik kan alleen tekst lezen" in person.texts()[-1]


async def test_what_was_forwarded_is_no_answer(world: World) -> None:
    person = world.person()
    await world.fill_in(person, "Ze pakken mijn tas.")
    await world.says(person, "Iets veranderen", "Wat er is gebeurd")
    person.forwards("Dit schreef iemand anders.")
    await world.quiet()
    assert "doorgestuurd" in person.texts()[-1]
    await world.says(person, "Ze pakken mijn jas.")
    assert "Dit schreef iemand anders." not in person.all_said()


async def test_a_change_of_an_old_message_and_what_the_app_tells_are_let_be(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    message = person.says("menu")
    await world.quiet()
    before = len(person.heard)
    person.edits(message, "stop")
    person.sends("timer")
    await world.quiet()
    await asyncio.sleep(0.1)
    assert len(person.heard) == before


async def test_a_group_is_left_without_a_word(world: World) -> None:
    api = world.api
    group = {"id": -100123, "type": "supergroup", "title": "Groep 7"}
    somebody = {"id": 99, "is_bot": False, "first_name": "Sjors"}
    message = {"message_id": 1, "from": somebody, "chat": group, "date": api.now(), "text": "/start jps"}
    api.arrive(-100123, "message", objects.message(message))
    await until(lambda: api.left == [-100123])
    assert "sendMessage" not in [method for method, _ in api.calls]


async def test_wiping_deletes_what_telegram_lets_us_delete(world: World, clock: FixedClock) -> None:
    # Given messages of three days, two days, and today
    person = world.person()
    await world.says(person, "/start jps")
    old = set(person.messages)
    clock.advance(hours=49)
    await world.says(person, "/start jps", "Ik ben leerling", "Ik wil iets melden")
    recent = set(person.messages) - old
    # When the conversation is wiped
    said = await world.says(person, "/wis")
    # Then only what is too old is left, with the word that it was done
    assert "Dit gesprek is gewist" in said
    assert set(person.messages) & recent == set()
    assert old <= set(person.messages)
    assert world.api.refused == []
    # And what is said after it is not wiped by it
    await world.says(person, "Opnieuw beginnen")
    assert "Wie ben je?" in person.texts()[-1]


async def test_more_than_a_hundred_messages_are_wiped(world: World) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    for _ in range(60):
        person.says("menu")
    await world.quiet()
    await world.says(person, "/wis")
    assert [message["text"] for message in person.messages.values()] == [person.texts()[-1]]


async def test_throwing_a_melding_away_takes_it_out_of_telegram_too(world: World) -> None:
    person = world.person()
    await world.fill_in(person, "Dit gooi ik weg.")
    await world.says(person, "Weggooien")
    assert "Dit gooi ik weg." not in str(list(person.messages.values()))
    assert "Weggegooid" in person.texts()[-1]


async def test_after_a_reboot_an_old_button_gets_a_clear_answer(start: Start) -> None:
    async with start() as world:
        person = world.person()
        await world.fill_in(person, "Nog niet verstuurd.")
    # When the machine was switched off and on, and the key in memory is another
    async with start(runtime_key=bytes(32)) as world:
        said = await world.says(person, "Versturen")
        assert TEXTS.knop_verlopen.splitlines()[0] in said
        assert "Bij welke school hoor je?" in said
        assert (await world.house.inbox.queue(world.readers[0].session)).items == ()
        assert "Wie ben je?" in await world.says(person, "Basisschool JPS")


async def test_who_blocks_the_bot_gets_nothing_more_and_holds_nobody_up(world: World) -> None:
    person, other = world.person(), world.person(5550002)
    await world.says(person, "/start jps")
    person.says("menu")
    person.blocks = True
    await world.quiet()
    person.unknown = person.deactivated = False
    assert "Wie ben je?" in await world.says(other, "/start jps")
    # And is answered when it comes back
    person.unblock()
    assert "Wie ben je?" in await world.says(person, "menu")


@pytest.mark.parametrize("why", ["deactivated", "unknown"])
async def test_a_chat_that_is_no_more_is_let_go(world: World, why: str) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    person.says("menu")
    setattr(person, why, True)
    await world.quiet()
    sends = [method for method, _ in world.api.calls].count("sendMessage")
    await asyncio.sleep(0.2)
    assert [method for method, _ in world.api.calls].count("sendMessage") == sends


async def test_an_hour_without_network_loses_nothing_and_floods_nobody(
    world: World, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    world.api.go_away()
    person.says("/ben_leerling")
    for _ in range(12):
        clock.advance(minutes=5)
        await asyncio.sleep(0.05)
    before = len(person.heard)
    world.api.away = False
    await world.quiet()
    assert len(person.heard) == before + 1
    assert "Wat wil je doen?" in person.texts()[-1]


async def test_a_reader_links_a_chat_and_gets_a_notice_there(world: World) -> None:
    session = world.readers[0].session
    await until(lambda: world.house.notices.telegram_bot == "JpsBrievenbusBot")
    token = await world.house.notices.telegram_token(session)
    reader = world.person(7770001)
    assert TEXTS.gekoppeld.splitlines()[0] in await world.says(reader, f"/start {token}")
    assert Way.TELEGRAM in await world.house.notices.of(session.reader.id)
    # The link works once, and nobody else can have this chat
    assert TEXTS.koppeling_onbekend in await world.says(world.person(7770002), f"/start {token}")
    other = await world.house.notices.telegram_token(world.readers[1].session)
    assert TEXTS.koppeling_bezet in await world.says(reader, f"/start {other}")
    # And when a pupil sends something urgent, it says so there, and nothing of it
    pupil = world.person(5550003)
    before = len(reader.heard)
    await world.fill_in(pupil, "Hij heeft een mes bij zich op school.")
    await world.says(pupil, "Versturen")
    await until(lambda: len(reader.heard) > before)
    assert "Er staat iets klaar" in reader.texts()[-1]
    assert "mes" not in reader.texts()[-1]


async def test_a_full_disk_is_told_and_nothing_is_taken_for_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.storage import StorageFull

    person = world.person()
    await world.says(person, "/start jps", "Ik ben leerling")
    storage: Any = world.house.storage
    commit = storage.commit

    async def full(_unit: object) -> None:
        raise StorageFull("full")

    monkeypatch.setattr(storage, "commit", full)
    person.says("/melding_doen")
    await until(lambda: "Er ging iets mis bij ons" in person.texts()[-1])
    monkeypatch.setattr(storage, "commit", commit)
    assert "Over wie gaat het?" in await world.says(person, "/melding_doen")


async def test_another_program_that_fetches_too_is_survived(world: World, api: BotApi) -> None:
    person = world.person()
    await world.says(person, "/start jps")
    api.webhook = {"url": "https://elders.example"}
    await asyncio.sleep(0.1)
    api.webhook = {}
    assert "Wie ben je?" in await world.says(person, "menu")


assert bot.channels.telegram.sender
