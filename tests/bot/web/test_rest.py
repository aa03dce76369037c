"""The chat as JSON: the messages of Rasa's REST channel."""

from __future__ import annotations

from typing import Any

import pytest

from bot.messages import Facts
from bot.web.chat import LONGEST_TEXT
from dialogues import BotMessage, Button
from tests.bot.web.conftest import Web

JSON = {"Content-Type": "application/json"}


async def test_a_conversation_begins_with_a_token_and_the_welcome(web: Web) -> None:
    answer = await web.client.post("/jps/conversation", json={})
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"sender", "turn", "messages"}
    assert body["turn"] == 0
    assert body["messages"][0] == {"recipient_id": body["sender"], "text": "Hallo"}
    assert body["messages"][1]["buttons"][0] == {"title": "Ik word gepest", "payload": "/gepest_worden"}
    assert web.talks.opened == [Facts("jps", "rest")]
    assert web.talks.heard == []


async def test_a_conversation_can_be_asked_for_with_nothing_at_all(web: Web) -> None:
    assert (await web.client.post("/jps/conversation")).status_code == 200


async def test_a_message_is_answered_as_rasa_does(web: Web) -> None:
    web.talks.says = (
        BotMessage("Eén", (Button("Ja", "/bevestigen"),), response="utter_x", custom={"stijl": "hulp"}),
        BotMessage("Twee"),
    )
    sender = await web.sender()
    body = {"sender": sender, "message": "hoi\r\ndaar", "id": "m-1", "turn": 4, "metadata": {"van": "een client"}}
    answer = await web.client.post("/jps/messages", json=body)
    assert answer.json() == [
        {
            "recipient_id": sender,
            "text": "Eén",
            "buttons": [{"title": "Ja", "payload": "/bevestigen"}],
            "custom": {"stijl": "hulp"},
        },
        {"recipient_id": sender, "text": "Twee"},
    ]
    assert answer.headers["brievenbus-turn"] == "5"
    (heard,) = web.talks.heard
    assert (heard.key, heard.text, heard.message_id, heard.turn) == (sender, "hoi\ndaar", "m-1", 4)
    assert heard.facts == Facts("jps", "rest")


async def test_id_and_turn_may_be_left_out(web: Web) -> None:
    assert (await web.say("hoi", id=None, turn=None)).status_code == 200
    assert (web.talks.heard[0].message_id, web.talks.heard[0].turn) == ("", None)


async def test_half_characters_are_made_whole(web: Web) -> None:
    sender = await web.sender()
    body = f'{{"sender": "{sender}", "message": "a\\ud83db \\ud83d\\ude00 é"}}'
    assert (await web.client.post("/jps/messages", content=body, headers=JSON)).status_code == 200
    assert web.talks.heard[0].text == "a\ufffdb 😀 é"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b'{"sender": "x"}',
        b'{"message": "x"}',
        b'{"sender": 1, "message": "x"}',
        b'{"sender": "x", "message": null}',
        b'{"sender": "x", "message": {"text": "x"}}',
        b'{"sender": "x", "message": "x", "id": 7}',
        b'{"sender": "x", "message": "x", "turn": "0"}',
        b'{"sender": "x", "message": "x", "turn": true}',
        b'{"sender": "x", "message": "x", "turn": 1.0}',
        b'{"sender": "x", "message": "x", "turn": -1}',
        b'{"sender": "x", "message": "x", "turn": 1e400}',
        b'{"sender": "x", "message": "x", "turn": 99999999999999999999999}',
        b'{"sender": "x", "message": "x", "id": "' + b"x" * 129 + b'"}',
    ],
    ids=range(21),
)
async def test_what_is_no_message_is_refused_in_dutch(web: Web, body: bytes) -> None:
    answer = await web.client.post("/jps/messages", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json() == {"fout": "Dit kunnen we niet lezen. Er is niets verstuurd. Begin opnieuw."}
    assert web.talks.heard == []


@pytest.mark.parametrize("address", ["/jps/messages", "/jps/conversation"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", ""])
async def test_only_json_is_taken(web: Web, address: str, kind: str) -> None:
    answer = await web.client.post(address, content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert set(answer.json()) == {"fout"}
    assert web.talks.opened == []


async def test_a_charset_does_no_harm(web: Web) -> None:
    answer = await web.client.post(
        "/jps/conversation", content=b"{}", headers={"Content-Type": "Application/JSON; charset=UTF-8"}
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("sender", ["", "iemand", "A" * 64])
async def test_a_forged_sender_is_refused(web: Web, sender: str) -> None:
    answer = await web.client.post("/jps/messages", json={"sender": sender, "message": "hoi"})
    assert answer.status_code == 403
    assert answer.json() == {"fout": "Dit gesprek klopt niet meer. Er is niets verstuurd. Begin opnieuw."}
    assert web.talks.heard == []


async def test_another_schools_sender_is_refused(web: Web) -> None:
    answer = await web.client.post("/vo/messages", json={"sender": await web.sender("jps"), "message": "hoi"})
    assert answer.status_code == 403
    assert web.talks.heard == []


@pytest.mark.parametrize(("length", "status"), [(LONGEST_TEXT, 200), (LONGEST_TEXT + 1, 413), (300_000, 413)])
async def test_text_has_a_greatest_length(web: Web, length: int, status: int) -> None:
    answer = await web.say("x" * length)
    assert answer.status_code == status
    assert len(web.talks.heard) == (status == 200)
    if status == 413:
        assert "te lang" in answer.json()["fout"]


@pytest.mark.parametrize("address", ["/nergens/messages", "/nergens/conversation"])
async def test_an_unknown_school_is_not_found(web: Web, address: str) -> None:
    answer = await web.client.post(address, json={"sender": "x", "message": "x"})
    assert answer.status_code == 404
    assert answer.json() == {"fout": "Deze school kennen we niet. Kijk of het adres klopt."}


async def test_looking_is_not_talking(web: Web) -> None:
    answer = await web.client.get("/jps/messages")
    assert answer.status_code == 405
    assert set(answer.json()) == {"fout"}


async def test_an_error_is_told_without_its_words(web: Web, caplog: Any) -> None:
    web.talks.error = KeyError("geheime woorden")
    answer = await web.say("mijn eigen woorden")
    assert answer.status_code == 500
    assert answer.json() == {"fout": "Er ging iets mis bij ons. Dat ligt niet aan jou. Probeer het zo nog eens."}
    assert "KeyError at " in caplog.text
    assert "woorden" not in caplog.text
    assert "/jps/" not in caplog.text
    assert "127.0.0.1" not in caplog.text
