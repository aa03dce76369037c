"""A whole house on a folder of its own: real SQLite, real Argon2 (with small parameters), a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.brievenbus.keys import Stretching
from bot.brievenbus.roster import ReaderState
from bot.brievenbus.sessions import Session
from bot.clock import FixedClock
from bot.config import Config
from bot.house import House, build
from bot.messages import Facts, Incoming, Replies

SERVER_KEY = bytes(range(32))
# Argon2id as the product runs it, with the least that libsodium takes: a test does not guess passwords.
FAST = Stretching(ops=1, memory=8192)
PASSWORD = "vier rustige paarse wolken"


@dataclass(frozen=True)
class Account:
    username: str
    password: str
    session: Session


async def enrol(house: House, school: str, *names: str) -> list[Account]:
    """Readers as an invitation makes them: recovery key typed back, the later ones confirmed by the first."""
    accounts: list[Account] = []
    for name in names:
        enrolled = await house.staff.accept(await house.staff.invite(school, name), PASSWORD)
        session = await house.staff.session(enrolled.cookie)
        assert session is not None
        await house.staff.confirm_recovery(session, enrolled.recovery_key)
        if session.reader.state is ReaderState.WAITING:
            await house.staff.confirm(accounts[0].session, session.reader.id, session.reader.fingerprint)
        session = await house.staff.session(enrolled.cookie)
        assert session is not None
        accounts.append(Account(enrolled.username, PASSWORD, session))
    return accounts


class Pupil:
    """Somebody in front of a page: presses buttons by what stands on them, or types."""

    def __init__(self, house: House, school: str = "jps", channel: str = "rest", key: str = "sender-1") -> None:
        self.house = house
        self.facts = Facts(school, channel)
        self.key = key
        self.turn = 0
        self.replies = Replies((), 0)

    async def open(self) -> Replies:
        self.replies = await self.house.conversation.open(self.facts)
        return self.replies

    async def says(self, words: str, *, message_id: str = "", turn: int | None = None) -> Replies:
        """Press the button with these words, or type them."""
        offered = {button.title: button.payload for message in self.replies.messages for button in message.buttons}
        text = offered.get(words, words)
        page = self.turn if turn is None else turn
        self.replies = await self.house.conversation.handle(Incoming(self.key, self.facts, text, message_id, page))
        self.turn = self.replies.turn
        return self.replies

    def said(self) -> str:
        return "\n".join(message.text for message in self.replies.messages)

    def names(self) -> list[str | None]:
        return [message.response for message in self.replies.messages]

    def payload(self, title: str) -> str:
        return next(b.payload for m in self.replies.messages for b in m.buttons if b.title == title)

    def code(self) -> str:
        return next(m.text for m in self.replies.messages if m.custom.get("stijl") == "code")

    async def fill_in(self, what: str = "Ze pakken elke dag mijn tas af.", *, over: str = "Nee, niemand van hen") -> None:
        """The melding form, up to the preview."""
        for words in ("/ben_leerling", "/melding_doen", "/overslaan", over):
            await self.says(words)
        if over != "Nee, niemand van hen":
            await self.says("Nee, verder")
        await self.says("/overslaan")
        await self.says(what)
        for _ in range(6):
            await self.says("/overslaan")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


BuildHouse = Callable[[], House]


@pytest.fixture
async def build_house(tmp_path: Path, clock: FixedClock) -> AsyncIterator[BuildHouse]:
    """Builds a house on the same folder each time; closes what is still open at the end."""
    houses: list[House] = []

    def make() -> House:
        house = build(Config(data=tmp_path / "data"), SERVER_KEY, clock=clock, stretching=FAST)
        houses.append(house)
        return house

    yield make
    for house in houses:
        await house.close()


@pytest.fixture
async def house(build_house: BuildHouse) -> House:
    return build_house()


@pytest.fixture
async def readers(house: House) -> list[Account]:
    """Ivonne and Antje of JPS."""
    return await enrol(house, "jps", "Ivonne", "Antje")


@pytest.fixture
async def pupil(house: House, readers: list[Account]) -> Pupil:
    pupil = Pupil(house)
    await pupil.open()
    return pupil


Enrol = Callable[..., Awaitable[list[Account]]]
