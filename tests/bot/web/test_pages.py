"""The chat as pages: what a pupil sees, and what reaches the conversation."""

from __future__ import annotations

import pytest

from bot.messages import Facts
from bot.web.chat import LONGEST_TEXT
from dialogues import BotMessage, Button
from tests.bot.web.conftest import Web, fields_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_the_first_page_lists_the_schools(web: Web) -> None:
    page = (await web.client.get("/")).text
    assert '<a class="knop keuze" href="/jps/">Basisschool JPS</a>' in page
    assert '<a class="knop keuze" href="/vo/">De middelbare school</a>' in page
    assert not web.talks.opened


@pytest.mark.parametrize("address", ["/jps/", "/jps"])
async def test_the_chat_page_welcomes_and_stores_nothing(web: Web, address: str) -> None:
    answer = await web.client.get(address)
    assert answer.status_code == 200
    assert "Ik ben een computer." in answer.text
    assert 'role="log" aria-live="polite"' in answer.text
    assert '<html lang="nl">' in answer.text
    assert "<title>Startpagina</title>" in answer.text
    assert "opnieuw" in answer.text  # what a reload does
    assert "geschiedenis" in answer.text
    assert web.talks.opened == [Facts("jps", "rest")]
    assert web.talks.heard == []


async def test_every_page_has_its_own_token_and_id(web: Web) -> None:
    first, second = await web.begin(), await web.begin()
    assert first["token"] != second["token"]
    assert first["id"] != second["id"]
    assert first["turn"] == "0"


async def test_typed_text_reaches_the_conversation_and_is_repeated(web: Web) -> None:
    fields = await web.begin()
    answer = await web.client.post("/jps/", data={**fields, "text": "ze schelden\r\nme uit"})
    assert answer.status_code == 200
    (heard,) = web.talks.heard
    assert (heard.key, heard.facts, heard.text) == (fields["token"], Facts("jps", "rest"), "ze schelden\nme uit")
    assert (heard.message_id, heard.turn, heard.attachment) == (fields["id"], 0, None)
    assert "<p>ze schelden\nme uit</p>" in answer.text
    assert "Wat wil je doen?" in answer.text
    after = fields_of(answer.text)
    assert after["token"] == fields["token"]
    assert after["turn"] == "1"
    assert after["id"] != fields["id"]
    assert "opnieuw?" not in answer.text
    assert "geschiedenis" not in answer.text  # said once


async def test_a_pressed_button_sends_its_payload_and_repeats_its_title(web: Web) -> None:
    fields = await web.begin()
    answer = await web.client.post("/jps/", data={**fields, "text": "half een zin", "knop": '/melding_doen{"a": "b"}'})
    assert web.talks.heard[0].text == '/melding_doen{"a": "b"}'
    assert "<p>Ik wil iets melden</p>" in answer.text
    assert "half een zin" not in answer.text


async def test_a_button_without_a_title_repeats_nothing(web: Web) -> None:
    fields = await web.begin()
    answer = await web.client.post("/jps/", data={"token": fields["token"], "knop": "/menu"})
    assert answer.status_code == 200
    assert "Jij zei" not in answer.text
    assert (web.talks.heard[0].message_id, web.talks.heard[0].turn) == ("", None)


async def test_help_keeps_what_was_being_written(web: Web) -> None:
    fields = await web.begin()
    answer = await web.client.post("/jps/", data={**fields, "text": "ze hebben mijn", "knop": "/help"})
    assert ">\nze hebben mijn</textarea>" in answer.text
    assert "<p>Hulp</p>" in answer.text


@pytest.mark.parametrize("payload", ["/help", "/menu", "/terug", "/stoppen", "/wis_gesprek"])
async def test_the_way_out_and_the_way_on_are_on_every_page(web: Web, payload: str) -> None:
    fields = await web.begin()
    for page in ((await web.client.get("/jps/")).text, (await web.client.post("/jps/", data={**fields, "text": "x"})).text):
        assert f'name="knop" value="{payload}"' in page
        assert '<a class="knop weg" href="/snel-weg" rel="noreferrer">Snel weg</a>' in page


async def test_the_text_field_is_always_there_and_gets_the_focus_when_text_is_asked_for(web: Web) -> None:
    fields = await web.begin()
    asked = (await web.client.post("/jps/", data={**fields, "text": "x"})).text
    web.talks.text_allowed = False
    not_asked = (await web.client.post("/jps/", data={**fields, "text": "x"})).text
    assert "<textarea" in asked
    assert "<textarea" in not_asked
    assert "autofocus" in asked
    assert "autofocus" not in not_asked


@pytest.mark.parametrize(
    "says",
    [
        (BotMessage("Bel 112", custom={"stijl": "hulp"}), BotMessage("Wat is er gebeurd?")),
        (BotMessage("woord " * 50),),
        (BotMessage("Waar?", tuple(Button(str(number), f"/{number}") for number in range(4))),),
    ],
    ids=["help", "long", "buttons"],
)
async def test_a_page_that_must_be_read_first_opens_at_its_top(web: Web, says: tuple[BotMessage, ...]) -> None:
    web.talks.says = says
    page = (await web.client.post("/jps/", data={**await web.begin(), "text": "x"})).text
    assert "autofocus" not in page


async def test_only_the_last_buttons_are_shown_but_a_help_card_keeps_its_own(web: Web) -> None:
    web.talks.says = (
        BotMessage("oud", (Button("Oude knop", "/oud"),)),
        BotMessage("Bel 113", (Button("Zo bedoel ik het niet", "/zo_bedoel_ik_het_niet"),), custom={"stijl": "hulp"}),
        BotMessage("Waar?", (Button("Op het plein", '/antwoord{"waar": "op het plein"}'),)),
        BotMessage("tot slot"),
    )
    page = (await web.client.post("/jps/", data={**await web.begin(), "text": "x"})).text
    assert "Oude knop" not in page
    assert page.index("Bel ") < page.index("Zo bedoel ik het niet</button>") < page.index("Waar?")
    assert page.index("tot slot") < page.index("Op het plein</button>")
    assert 'value="/antwoord{&#34;waar&#34;: &#34;op het plein&#34;}"' in page


@pytest.mark.parametrize("text", ["", "   ", "\n"])
async def test_an_empty_message_is_the_conversations_to_answer(web: Web, text: str) -> None:
    answer = await web.client.post("/jps/", data={**await web.begin(), "text": text})
    assert answer.status_code == 200
    assert len(web.talks.heard) == 1
    assert "Jij zei" not in answer.text


async def test_the_longest_text_passes_and_a_longer_one_stays_in_the_field(web: Web) -> None:
    fields = await web.begin()
    assert (await web.client.post("/jps/", data={**fields, "text": "😀" * LONGEST_TEXT})).status_code == 200
    assert web.talks.heard.pop().text == "😀" * LONGEST_TEXT
    answer = await web.client.post("/jps/", data={**fields, "text": "<" * (LONGEST_TEXT + 1)})
    assert answer.status_code == 413
    assert "Er is niets verstuurd" in answer.text
    assert "20001" in answer.text
    assert "&lt;" * (LONGEST_TEXT + 1) + "</textarea>" in answer.text
    assert web.talks.heard == []
    kept = fields_of(answer.text)
    assert (kept["token"], kept["turn"], kept["id"]) == (fields["token"], fields["turn"], fields["id"])


async def test_a_request_that_is_far_too_large_gets_an_answer(web: Web) -> None:
    answer = await web.client.post("/jps/", data={**await web.begin(), "text": "x" * 300_000})
    assert answer.status_code == 413
    assert "Er is niets verstuurd" in answer.text
    assert web.talks.heard == []


@pytest.mark.parametrize("change", [{"token": ""}, {"token": "x"}, {"token": "A" * 64}, {"token": "é" * 64}])
async def test_a_forged_token_is_refused(web: Web, change: dict[str, str]) -> None:
    answer = await web.client.post("/jps/", data={**await web.begin(), "text": "x", **change})
    assert answer.status_code == 403
    assert "Dit gesprek klopt niet meer." in answer.text
    assert '<a class="knop keuze" href="/jps/">Begin opnieuw</a>' in answer.text
    assert web.talks.heard == []


async def test_another_schools_token_is_refused(web: Web) -> None:
    answer = await web.client.post("/vo/", data={**await web.begin("jps"), "text": "x"})
    assert answer.status_code == 403
    assert web.talks.heard == []


@pytest.mark.parametrize("turn", ["", "x", "-1", "1.5", "9" * 30, "²"])
async def test_a_turn_that_is_no_number_is_no_turn(web: Web, turn: str) -> None:
    answer = await web.client.post("/jps/", data={**await web.begin(), "text": "x", "turn": turn})
    assert answer.status_code == 200
    assert web.talks.heard[0].turn is None


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json", ""])
async def test_only_a_plain_form_is_read(web: Web, kind: str) -> None:
    fields = await web.begin()
    body = f"token={fields['token']}&text=x"
    answer = await web.client.post("/jps/", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 415
    assert "Er is niets verstuurd" in answer.text
    assert web.talks.heard == []


async def test_a_form_with_a_thousand_fields_or_an_endless_id_is_refused(web: Web) -> None:
    fields = await web.begin()
    many = "&".join(f"a{number}=1" for number in range(1000))
    assert (await web.client.post("/jps/", content=many, headers=FORM)).status_code == 400
    assert (await web.client.post("/jps/", data={**fields, "id": "x" * 129})).status_code == 400
    assert web.talks.heard == []


async def test_bytes_that_are_no_text_are_taken_as_far_as_they_go(web: Web) -> None:
    fields = await web.begin()
    body = f"token={fields['token']}&text=a%FFb%00".encode() + b"\xfe"
    assert (await web.client.post("/jps/", content=body, headers=FORM)).status_code == 200
    assert web.talks.heard[0].text == "a\ufffdb\x00\ufffd"


HOSTILE = '<script>alert(1)</script>{{ 7*7 }}{slot}"><img src=x onerror=y>'


@pytest.mark.parametrize("style", ["", "melding", "draad", "code", "hulp", "bron", '"><b>'])
async def test_nothing_that_is_said_becomes_markup(web: Web, style: str) -> None:
    web.talks.says = (BotMessage(HOSTILE, (Button(HOSTILE, HOSTILE),), custom={"stijl": style, "woorden": [HOSTILE] * 5}),)
    fields = await web.begin()
    page = (await web.client.post("/jps/", data={**fields, "text": HOSTILE, f"op:{HOSTILE}": HOSTILE})).text
    assert page.count("<script") == page.count('<script src="/chat.js" defer></script>') == 1
    assert "<img" not in page
    assert "<b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}{slot}" in page


async def test_an_unknown_school_is_not_found(web: Web) -> None:
    for answer in (await web.client.get("/nergens/"), await web.client.post("/nergens/", data={"text": "x"})):
        assert answer.status_code == 404
        assert "Deze school kennen we niet." in answer.text
        assert "nergens" not in answer.text


async def test_what_was_typed_and_did_not_count_stays_in_the_field(web: Web) -> None:
    web.talks.kept = False
    page = (await web.client.post("/jps/", data={**await web.begin(), "text": "ze pakten mijn tas"})).text
    assert "ze pakten mijn tas</textarea>" in page
    assert page.count("ze pakten mijn tas") == 1


async def test_a_page_says_that_nothing_of_before_may_stay_in_view(web: Web) -> None:
    fields = await web.begin()
    assert "data-wist" not in (await web.client.post("/jps/", data={**fields, "text": "x"})).text
    web.talks.says = (BotMessage("Gewist.", custom={"wist": True}), BotMessage("Wat wil je doen?"))
    assert "data-wist" in (await web.client.post("/jps/", data={**fields, "text": "x"})).text
