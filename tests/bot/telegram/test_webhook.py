"""The same conversation when Telegram brings the updates: to the server of the web chat, in the same process."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.clock import FixedClock
from tests.bot.conftest import Pupil, enrol
from tests.bot.telegram.bot_api import BotApi
from tests.bot.telegram.conftest import World, build_bot, running, until


@pytest.fixture
async def web(tmp_path: Path, clock: FixedClock, api: BotApi) -> AsyncIterator[tuple[World, str]]:
    """A world with a webhook, and its address."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    house = build_bot(tmp_path / "data", clock, api, webhook=address)
    readers = await enrol(house, "jps", "Ivonne", "Antje")
    async with running(house, api, readers, port=port) as world:
        await until(lambda: bool(api.webhook))
        yield world, address


async def test_the_main_job_by_webhook_beside_the_web_chat(web: tuple[World, str]) -> None:
    world, address = web
    on_telegram, on_the_web = world.person(), Pupil(world.house)
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        assert (await client.get("/jps/")).status_code == 200
        await world.fill_in(on_telegram, "Over Telegram geschreven.")
        await on_the_web.open()
        await on_the_web.fill_in("Op de pagina geschreven.")
        said = await world.says(on_telegram, "Versturen")
        await on_the_web.says("Versturen")
        assert (await client.get("/jps/")).status_code == 200
    assert re.search(r"^[a-z]+(?: [a-z]+){4}$", said, re.MULTILINE)
    assert len((await world.house.inbox.queue(world.readers[0].session)).items) == 2
    assert world.api.refused == []
    assert "getUpdates" not in [method for method, _ in world.api.calls]


@pytest.mark.parametrize("secret", [None, "", "onzin", "é"])
async def test_whoever_is_not_telegram_is_refused(web: tuple[World, str], secret: str | None) -> None:
    world, address = web
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret.encode("utf-8")}
    person = world.person()
    message = {"message_id": 1, "from": person.user, "chat": person.chat, "date": 1, "text": "/start jps"}
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        answer = await client.post("/telegram/webhook", json={"update_id": 1, "message": message}, headers=headers)
    assert answer.status_code == 403
    assert person.heard == []


async def test_what_is_no_update_is_refused(web: tuple[World, str]) -> None:
    world, address = web
    headers = {"X-Telegram-Bot-Api-Secret-Token": world.api.webhook["secret_token"]}
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for body in ("", "[]", "{}", '{"update_id": "x"', '{"message": 5}'):
            assert (await client.post("/telegram/webhook", content=body, headers=headers)).status_code == 400, body


async def test_what_telegram_brings_twice_is_answered_once(web: tuple[World, str]) -> None:
    world, _ = web
    world.api.faults.unanswered = 0.3
    person = world.person()
    await world.says(person, "/start jps")
    person.says("/ben_leerling")
    await world.quiet()
    texts = person.texts()
    assert len(dict.fromkeys(texts)) == 2
