"""Telegram's side of the conversation: one update in, everything that it leads to committed, in order for each chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol
from weakref import WeakValueDictionary

from telegram import Bot, Update
from telegram.error import TelegramError

from bot.channels.telegram.compose import compose, new_tag, payload_of
from bot.channels.telegram.heard import Heard, Kind, group_of, hear
from bot.channels.telegram.texts import TEXTS
from bot.chats import Arrived, Chat
from bot.messages import Facts, Incoming, Replies
from dialogues import BotMessage, Button, parse_payload

log = logging.getLogger(__name__)

CHANNEL = "telegram"
# The press of a button is answered before anything else, or the app shows for a long time that it waits. But not at any price.
_ANSWER_SECONDS = 1.0
_SCHOOL = "school"
_BEGIN = "/groet"


class Chats(Protocol):
    """Who remembers chats and takes turns; see `bot.chats.Chats`."""

    async def load(self, key: str) -> Chat:
        """What is known of a chat."""
        ...

    async def answer(self, incoming: Incoming, arrived: Arrived) -> Replies:
        """Take a turn."""
        ...

    async def say(
        self, arrived: Arrived, messages: Sequence[BotMessage], *, school: str | None = None, first_words: str | None = None
    ) -> None:
        """Say something that is no turn."""
        ...


class TellsDirectly(Protocol):
    """Says something that is kept nowhere."""

    async def at_once(self, chat: int, things: Sequence[Mapping[str, Any]]) -> None:
        """Say it."""
        ...


class Links(Protocol):
    """Links a reader's own chat, for notices."""

    async def link(self, token: str, chat: int) -> str:
        """Use a token: the name of the text that says how it went."""
        ...


class Channel:
    """Takes updates, wherever they come from."""

    def __init__(
        self, bot: Bot, chats: Chats, direct: TellsDirectly, links: Links, schools: Mapping[str, str], link_prefix: str
    ) -> None:
        """Take the parts.

        Args:
            schools: the names of the open schools, by slug.
            link_prefix: what the tokens of readers begin with; no slug does.
        """
        self._bot = bot
        self._chats = chats
        self._direct = direct
        self._links = links
        self._schools = schools
        self._link_prefix = link_prefix
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._telling: set[asyncio.Task[None]] = set()

    async def take(self, update: Update) -> None:
        """Take an update; what returns was committed, or needs no commit.

        Raises:
            StorageProblem: nothing can be read or kept; the update must come again.
        """
        if (group := group_of(update)) is not None:
            await _quietly(self._bot.leave_chat(group))
            return
        heard = hear(update)
        if heard is None:
            return
        # Locks of asyncio are given out in the order in which they were asked for.
        lock = self._locks.setdefault(heard.chat, asyncio.Lock())
        async with lock:
            await self._take(heard)

    async def stop(self) -> None:
        """Give up what could only be told directly."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _take(self, heard: Heard) -> None:
        key = str(heard.chat)
        if heard.kind is Kind.BLOCKS:
            return  # what waits for this chat finds out by itself
        if heard.kind is Kind.PRESSES:
            await _quietly(self._bot.answer_callback_query(heard.callback))
        chat = await self._chats.load(key)
        school = chat.school if chat.school in self._schools else ""
        arrived = Arrived(key, heard.delivery, heard.message, heard.text if heard.kind is Kind.PRESSES else "")
        if heard.kind is Kind.STARTS:
            await self._start(heard, arrived, school)
        elif heard.kind is Kind.PRESSES:
            await self._press(heard, arrived, chat, school)
        elif not school:
            await self._begin(arrived, heard.text)
        else:
            await self._turn(heard, arrived, school, heard.text)

    async def _start(self, heard: Heard, arrived: Arrived, school: str) -> None:
        """``/start``, from the button below a new chat, or from a link of a school or of the inbox."""
        asked = heard.text.lower()
        if heard.text.startswith(self._link_prefix):
            name = await self._links.link(heard.text, heard.chat)
            await self._chats.say(arrived, [BotMessage(str(getattr(TEXTS, name)))])
        elif asked in self._schools and asked != school:
            await self._enter(arrived, asked)
        elif school:
            await self._turn(heard, arrived, school, _BEGIN)
        else:
            await self._begin(arrived, "")

    async def _press(self, heard: Heard, arrived: Arrived, chat: Chat, school: str) -> None:
        tag, payload = payload_of(heard.text)
        if heard.text == chat.pressed:
            # A second tap on one button; its answer is there, or on its way. Marked, for it may be delivered again, later.
            await self._chats.say(arrived, [])
            return
        chosen = _school_of(payload)
        if chosen in self._schools and chosen != school:
            await self._enter(arrived, chosen)
        elif not school:
            # From before the machine was switched off, or a school that is not open any more.
            await self._begin(arrived, "", because=TEXTS.knop_verlopen)
        else:
            await self._turn(heard, arrived, school, _BEGIN if chosen else payload, stale=tag != chat.tag and not chosen)

    async def _begin(self, arrived: Arrived, text: str, *, because: str = "") -> None:
        """Nobody knows which school: who can know comes first, and help where it is needed; then the question."""
        said = [BotMessage(because)] if because else []
        if len(self._schools) == 1:
            [only] = self._schools
            await self._enter(arrived, only, said, first_words=text)
            return
        buttons = tuple(Button(name, f'/{_SCHOOL}{{"slug":"{slug}"}}') for slug, name in self._schools.items())
        await self._chats.say(arrived, [*said, BotMessage(TEXTS.kies_school, buttons)], first_words=text)

    async def _enter(
        self, arrived: Arrived, school: str, said: Sequence[BotMessage] = (), *, first_words: str | None = None
    ) -> None:
        """From now on this chat belongs to a school; its conversation begins."""
        # Two commits, and so two marks: whoever is stopped between them goes on with the second.
        await self._chats.say(
            Arrived(arrived.key, f"{arrived.delivery} school", arrived.message), said, school=school, first_words=first_words
        )
        await self._answer(Incoming(arrived.key, Facts(school, CHANNEL), _BEGIN, arrived.delivery), arrived)

    async def _turn(self, heard: Heard, arrived: Arrived, school: str, text: str, *, stale: bool = False) -> None:
        turn = -1 if stale else None
        incoming = Incoming(arrived.key, Facts(school, CHANNEL), text, heard.delivery, turn, heard.attachment)
        await self._answer(incoming, arrived)

    async def _answer(self, incoming: Incoming, arrived: Arrived) -> None:
        replies = await self._chats.answer(incoming, arrived)
        if not replies.posted:
            # The disk is full: nothing was kept, and that is all that we can do for now.
            things = compose(replies.messages, new_tag())
            task = asyncio.create_task(self._direct.at_once(int(arrived.key), things))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)


def _school_of(payload: str) -> str:
    found = parse_payload(payload)
    return str(found[1].get("slug", "")) if found is not None and found[0] == _SCHOOL else ""


async def _quietly(request: Awaitable[Any]) -> None:
    """Await a request that is no harm when it fails, for a moment."""
    task = asyncio.ensure_future(request)
    done, _ = await asyncio.wait({task}, timeout=_ANSWER_SECONDS)
    if not done:
        task.cancel()
    elif (error := task.exception()) is not None and not isinstance(error, TelegramError):
        log.warning("a request to Telegram failed: %s", error)
