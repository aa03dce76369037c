"""A house with a bot, and a Bot API on the loopback that a second lasts a fiftieth of for both."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import bot.outbox
from bot.channels.telegram import Reach
from bot.clock import FixedClock
from bot.config import Config
from bot.house import House, build
from bot.web import serve
from tests.bot.conftest import FAST, SERVER_KEY, Account, enrol
from tests.bot.telegram.bot_api import TOKEN, BotApi
from tests.bot.telegram.people import Person

SECOND = 0.02
RUNTIME_KEY = bytes(range(32, 64))
PATIENCE = 10.0


@dataclass
class World:
    """A running program and the Bot API that it talks to."""

    api: BotApi
    house: House
    readers: list[Account]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def person(self, number: int = 5550001) -> Person:
        return self.api.person(number, first_name="Floortje", last_name="Zwanendrift", username="floortje_z")

    async def quiet(self) -> None:
        """Wait until nothing is under way: every update confirmed, every reply sent."""
        await until(lambda: not self.api.waiting())
        await until(self.nothing_waits)

    def nothing_waits(self) -> bool:
        rows = self.house.storage._read.execute("SELECT count(*) FROM outbox WHERE kind = 'telegram'")  # type: ignore[attr-defined]
        return int(rows.fetchone()[0]) == 0

    async def says(self, person: Person, *lines: str) -> str:
        """Type lines or press the buttons with these titles, one after the other; returns what was said since."""
        before = len(person.heard)
        for line in lines:
            if line in person.titles():
                person.presses(line)
            else:
                person.says(line)
            await self.quiet()
        return "\n".join(person.texts()[before:])

    async def fill_in(self, person: Person, what: str) -> None:
        """The melding form up to the preview."""
        await self.says(person, "/start jps", "Ik ben leerling", "Ik wil iets melden", "sla over", "Nee, niemand van hen")
        await self.says(person, "sla over", what, *["sla over"] * 6)


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.003)


@contextlib.asynccontextmanager
async def running(house: House, api: BotApi, readers: list[Account], *, port: int | None = None) -> AsyncIterator[World]:
    """Run what `bot.serving` runs, without the signals."""
    assert house.telegram is not None
    serving = await serve(house.app(), "127.0.0.1", port) if port is not None else None
    world = World(api, house, readers)
    world.tasks = [asyncio.create_task(house.keep_sending(house.senders())), asyncio.create_task(house.telegram.run())]
    try:
        yield world
    finally:
        for task in world.tasks:
            task.cancel()
        await asyncio.gather(*world.tasks, return_exceptions=True)
        if serving is not None:
            await serving.stop()
        await house.close()


def build_bot(folder: Path, clock: FixedClock, api: BotApi, **more: object) -> House:
    """A house with a bot; ``more`` goes to `Config` and to `Reach` (webhook)."""
    webhook = str(more.pop("webhook", ""))
    scholen = more.pop("scholen", ("mijlpaal", "vo", "jps"))
    reach = Reach(TOKEN, f"http://127.0.0.1:{api.port}", webhook, SECOND)
    config = Config(data=folder, scholen=scholen)  # type: ignore[arg-type]
    key = more.pop("runtime_key", RUNTIME_KEY)
    assert not more
    return build(config, SERVER_KEY, runtime_key=key, reach=reach, clock=clock, stretching=FAST)  # type: ignore[arg-type]


@pytest.fixture
async def api(clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BotApi]:
    monkeypatch.setattr(bot.outbox, "LOOK_SECONDS", 0.02)
    server = BotApi(clock=clock, second=SECOND)
    await server.start()
    yield server
    await server.close()


Start = Callable[..., AbstractAsyncContextManager[World]]


@pytest.fixture
def start(tmp_path: Path, clock: FixedClock, api: BotApi) -> Start:
    """Start the program on the same folder each time; readers are enrolled at the first."""
    enrolled: list[Account] = []

    @contextlib.asynccontextmanager
    async def begin(**more: object) -> AsyncIterator[World]:
        house = build_bot(tmp_path / "data", clock, api, **more)
        if not enrolled:
            enrolled.extend(await enrol(house, "jps", "Ivonne", "Antje"))
        async with running(house, api, enrolled) as world:
            yield world

    return begin


@pytest.fixture
async def world(start: Start) -> AsyncIterator[World]:
    async with start() as started:
        yield started
