"""A real server on the loopback with a conversation that answers by rote."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from bot.brievenbus.keys import ServerKey
from bot.messages import Facts, Incoming, Replies
from bot.web import SchoolPage, create_app, serve
from dialogues import BotMessage, Button

SCHOOLS = {
    "jps": SchoolPage("jps", "Basisschool JPS", "primair"),
    "vo": SchoolPage("vo", "De middelbare school", "voortgezet"),
}
KEY = ServerKey(b"k" * 32)
MENU = (Button("Ik word gepest", "/gepest_worden"), Button("Ik wil iets melden", '/melding_doen{"a": "b"}'))


class FakeTalks:
    """Says what a test put in ``says``, and remembers what it was given."""

    def __init__(self) -> None:
        self.says: tuple[BotMessage, ...] = (BotMessage("Wat wil je doen?", MENU),)
        self.text_allowed = True
        self.kept = True
        self.heard: list[Incoming] = []
        self.opened: list[Facts] = []
        self.error: Exception | None = None

    async def open(self, facts: Facts) -> Replies:
        self.opened.append(facts)
        return Replies((BotMessage("Hallo"), BotMessage("Ik ben een computer.", MENU)), 0)

    async def handle(self, incoming: Incoming) -> Replies:
        self.heard.append(incoming)
        if self.error is not None:
            raise self.error
        return Replies(self.says, (incoming.turn or 0) + 1, self.text_allowed, self.kept)


@dataclass
class Web:
    """A running server, a client for it, and whom it talks to."""

    client: httpx.AsyncClient
    talks: FakeTalks
    port: int
    well: list[bool | Exception] = field(default_factory=lambda: [True])

    async def begin(self, school: str = "jps") -> dict[str, str]:
        """Open the chat page; the hidden fields that a browser would post."""
        answer = await self.client.get(f"/{school}/")
        assert answer.status_code == 200
        return fields_of(answer.text)

    async def sender(self, school: str = "jps") -> str:
        answer = await self.client.post(f"/{school}/conversation", json={})
        assert answer.status_code == 200
        return str(answer.json()["sender"])

    async def say(self, text: str, **more: Any) -> httpx.Response:
        return await self.client.post("/jps/messages", json={"sender": await self.sender(), "message": text, **more})


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page, by name."""
    found = re.findall(r'<input type="hidden"(?: form="gesprek")? name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


Run = Callable[..., AbstractAsyncContextManager[Web]]


@contextlib.asynccontextmanager
async def running(*, demo: bool = False, host_is_loopback: bool = True) -> AsyncIterator[Web]:
    talks = FakeTalks()
    well: list[bool | Exception] = [True]

    async def health() -> bool:
        if isinstance(well[0], Exception):
            raise well[0]
        return well[0]

    app = create_app(talks, SCHOOLS, KEY, None, demo=demo, host_is_loopback=host_is_loopback, health=health)
    serving = await serve(app, "127.0.0.1", 0)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}", trust_env=False) as client:
            yield Web(client, talks, serving.port, well)
    finally:
        await serving.stop()


@pytest.fixture
def run() -> Run:
    return running


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with running() as started:
        yield started
