"""The Bot API of the tests refuses what the real one refuses."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from bot.clock import FixedClock
from tests.bot.telegram.bot_api import TOKEN, BotApi

PERSON = 5550001


async def ask(api: BotApi, method: str, token: str = TOKEN, **fields: Any) -> tuple[int, str]:
    """Code and description of the answer."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"http://127.0.0.1:{api.port}/bot{token}/{method}", data=fields)
    return answer.status_code, answer.json().get("description", "")


def keyboard(data: str) -> str:
    return json.dumps({"inline_keyboard": [[{"text": "Ja", "callback_data": data}]]})


@pytest.mark.parametrize(
    ("method", "fields", "code", "words"),
    [
        ("sendMessage", {"text": ""}, 400, "message text is empty"),
        ("sendMessage", {"text": " \n "}, 400, "message text is empty"),
        ("sendMessage", {"text": "x" * 4097}, 400, "message is too long"),
        ("sendMessage", {"text": "😢" * 2049}, 400, "message is too long"),
        ("sendMessage", {}, 400, "cannot read field text"),
        ("sendMessage", {"text": "a", "reply_markup": keyboard("x" * 65)}, 400, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"text": "a", "reply_markup": '{"inline_keyboard": [[{"text": "Ja"}]]}'}, 400, "unallowed"),
        ("sendMessage", {"text": "a", "repply_markup": "{}"}, 400, "unknown field"),
        ("sendMessage", {"text": "a", "reply_markup": '{"inline_keybord": []}'}, 400, ""),
        ("sendmessage", {"text": "a"}, 404, "method not found"),
        ("sendMesage", {"text": "a"}, 404, "method not found"),
        ("sendMessage", {"text": "a", "chat_id": 1}, 400, "chat not found"),
        ("deleteMessages", {"message_ids": "[]"}, 400, "1-100"),
        ("deleteMessage", {"message_id": 9}, 400, "not found"),
        ("editMessageReplyMarkup", {"message_id": 9}, 400, "not found"),
    ],
)
async def test_what_is_wrong_is_refused(api: BotApi, method: str, fields: dict[str, Any], code: int, words: str) -> None:
    api.person(PERSON).spoke = True
    given = await ask(api, method, **{"chat_id": PERSON, **fields})
    assert given[0] == code
    assert words in given[1]


@pytest.mark.parametrize(("token", "code"), [("onzin", 404), (TOKEN[:-1] + "y", 401)])
async def test_a_wrong_token_is_refused(api: BotApi, token: str, code: int) -> None:
    assert (await ask(api, "getMe", token))[0] == code


async def test_nobody_is_spoken_to_who_did_not_speak(api: BotApi) -> None:
    api.person(PERSON)
    assert (await ask(api, "sendMessage", chat_id=PERSON, text="a"))[0] == 403


async def test_a_press_is_answered_in_time_or_not_at_all(api: BotApi, clock: FixedClock) -> None:
    pressed = api.new_callback()
    assert (await ask(api, "answerCallbackQuery", callback_query_id=pressed))[0] == 200
    clock.advance(seconds=60)
    code, words = await ask(api, "answerCallbackQuery", callback_query_id=pressed)
    assert (code, "query is too old" in words) == (400, True)
    assert (await ask(api, "answerCallbackQuery", callback_query_id="123"))[0] == 400


async def test_an_edit_that_changes_nothing_is_refused(api: BotApi) -> None:
    api.person(PERSON).spoke = True
    await ask(api, "sendMessage", chat_id=PERSON, text="a", reply_markup=keyboard("ja"))
    [message] = api.people[PERSON].heard
    place = {"chat_id": PERSON, "message_id": message["message_id"]}
    assert (await ask(api, "editMessageReplyMarkup", **place, reply_markup=keyboard("ja")))[0] == 400
    assert (await ask(api, "editMessageReplyMarkup", **place))[0] == 200
    code, words = await ask(api, "editMessageReplyMarkup", **place)
    assert (code, "not modified" in words) == (400, True)


async def test_old_messages_are_not_deleted(api: BotApi, clock: FixedClock) -> None:
    message = api.person(PERSON).says("hoi")
    clock.advance(hours=49)
    code, words = await ask(api, "deleteMessage", chat_id=PERSON, message_id=message["message_id"])
    assert (code, "can't be deleted" in words) == (400, True)


async def test_too_fast_is_too_many(api: BotApi) -> None:
    api.second = 5.0
    api.person(PERSON).spoke = True
    assert [(await ask(api, "sendMessage", chat_id=PERSON, text="a"))[0] for _ in range(2)] == [200, 429]


async def test_updates_are_given_until_they_are_confirmed_and_to_one_only(api: BotApi) -> None:
    person = api.person(PERSON)
    person.says("een")
    person.says("twee")
    assert api.waiting() == 2
    await ask(api, "getUpdates")
    assert api.waiting() == 2
    first = api._waiting[0].body["update_id"]
    await ask(api, "getUpdates", offset=first + 1, limit=1)
    assert api.waiting() == 1
    await ask(api, "getUpdates", offset=first + 10_000_000)
    # Two at once: the first is told that another came
    api.second = 1.0
    codes = await asyncio.gather(ask(api, "getUpdates", timeout=1), ask(api, "getUpdates", timeout=1))
    assert sorted(code for code, _ in codes) == [200, 409]
    await ask(api, "setWebhook", url="https://brievenbus.example/x")
    assert (await ask(api, "getUpdates"))[0] == 409
