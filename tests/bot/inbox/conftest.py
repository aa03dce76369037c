"""The real server on the loopback with the real inbox, and browsers that visit it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bot.brievenbus.keys import ServerKey
from bot.inbox import inbox_blueprint
from bot.messages import Facts, Incoming, Replies
from bot.web import create_app, serve
from tests.bot.brievenbus.rig import PASSWORD, Person, Rig
from tests.bot.inbox.browser import Browser

SCHOOLS = {"jps": "Basisschool JPS", "vo": "De middelbare school"}


class NoTalks:
    """The chat has no part in these tests."""

    async def open(self, facts: Facts) -> Replies:
        raise AssertionError("nobody chats here")

    async def handle(self, incoming: Incoming) -> Replies:
        raise AssertionError("nobody chats here")


async def _well() -> bool:
    return True


@dataclass
class Office:
    """The brievenbus, served, and the door to it."""

    rig: Rig
    address: str
    _stack: contextlib.AsyncExitStack

    async def browser(self) -> Browser:
        """A browser that was never here."""
        client = httpx.AsyncClient(base_url=self.address, follow_redirects=True, trust_env=False)
        return Browser(await self._stack.enter_async_context(client))

    async def logged_in(self, person: Person) -> Browser:
        browser = await self.browser()
        page = await browser.log_in(person.username, PASSWORD)
        assert page.status == 200
        assert f"{SCHOOLS[person.session.reader.school]} {person.name}" in page.text
        return browser


@contextlib.asynccontextmanager
async def opened(folder: Path, *, secure: bool = False, demo: bool = False) -> AsyncIterator[Office]:
    rig = Rig.build(folder)
    blueprint = inbox_blueprint(rig.staff, rig.inbox, rig.notices, SCHOOLS, rig.clock, secure=secure, demo=demo)
    app = create_app(NoTalks(), {}, ServerKey(b"k" * 32), blueprint, demo=demo, host_is_loopback=not secure, health=_well)
    serving = await serve(app, "127.0.0.1", 0)
    try:
        async with contextlib.AsyncExitStack() as stack:
            yield Office(rig, f"http://127.0.0.1:{serving.port}", stack)
    finally:
        await serving.stop()
        await rig.close()


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path) as office:
        yield office


@pytest.fixture
def rig(office: Office) -> Rig:
    return office.rig
