"""What is remembered of the chats of a channel that sends by itself, and the commits in which its replies wait.

All of it is locked under the runtime key: after the machine has stopped nobody knows any more which chats there were. A turn's
replies are put into the outbox by the turn's own commit, one row a message, numbered in the order in which they are said.
What was sent is noted with its number together with its id, so that a message is sent twice only when we are stopped between
Telegram's answer and that note.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol

from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, encrypt
from bot.brievenbus.padding import STEPS, pad, unpad
from bot.clock import Clock, half_day
from bot.conversation import TRIES, Post
from bot.messages import Incoming, Replies
from bot.outbox import Outbox
from bot.storage import ChatRow, Conflict, Insert, Operation, Replace, Storage, StorageProblem, UnitOfWork
from dialogues import BotMessage

log = logging.getLogger(__name__)

# Telegram deletes nothing that is older; a little less, for the way there takes time.
WIPEABLE = timedelta(hours=47, minutes=55)
# Ids of so many messages at most, the newest: more than two days of talking.
_MOST_IDS = 2000
_SIZES = (*STEPS, 64 * 1024)


class Talks(Protocol):
    """Whoever holds the conversations."""

    def first_words(self, text: str, channel: str) -> tuple[BotMessage, ...]:
        """What is said before the school is known."""
        ...

    def forget(self, key: str) -> Operation:
        """Deletes a conversation."""
        ...

    def mark(self, key: str, message_id: str) -> Operation:
        """Makes a second delivery recognisable."""
        ...

    async def handle(self, incoming: Incoming, post: Post | None = None) -> Replies:
        """The answer to one message."""
        ...


class Compose(Protocol):
    """Makes of what is said what is sent, one thing a message."""

    def __call__(self, messages: Sequence[BotMessage], tag: str) -> Sequence[Mapping[str, Any]]:
        """``tag`` goes into the buttons, so that one of an earlier turn is known."""
        ...


@dataclass(frozen=True)
class Said:
    """A message in the chat.

    Attributes:
        ident: Telegram's id of it.
        minute: when, in minutes since 1970.
        ours: whether the bot said it.
    """

    ident: int
    minute: int
    ours: bool


@dataclass(frozen=True)
class Chat:
    """What is known of one chat.

    Attributes:
        school: slug; empty until one was chosen.
        told: whether was said who can know of this chat, and nothing after it.
        tag: of the buttons of now.
        pressed: the button that was answered last.
        put: number of the last reply that waits or was sent.
        sent: number of the last reply that was sent.
        gone: the chat cannot be reached: it blocks us, or is no more.
        keyboards: ids of the messages that have buttons.
        said: messages of the last two days.
    """

    school: str = ""
    told: bool = False
    tag: str = ""
    pressed: str = ""
    put: int = 0
    sent: int = 0
    gone: bool = False
    keyboards: tuple[int, ...] = ()
    said: tuple[Said, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Arrived:
    """What came in, as far as the memory of the chat is concerned.

    Attributes:
        key: names the chat.
        delivery: recognises a second delivery.
        message: id of the person's message; None for a button.
        pressed: data of the button.
    """

    key: str = field(repr=False)
    delivery: str = field(repr=False)
    message: int | None = field(default=None, repr=False)
    pressed: str = field(default="", repr=False)


class Chats:
    """The chats of one channel.

    Args:
        kind: names the channel in the outbox.
        compose: how its messages are made.
        tag: makes a new tag for the buttons of a turn.
    """

    def __init__(
        self,
        kind: str,
        storage: Storage,
        outbox: Outbox,
        runtime: ServerKey,
        clock: Clock,
        talks: Talks,
        compose: Compose,
        tag: Callable[[], str],
    ) -> None:
        """Take the parts."""
        self._kind = kind
        self._storage = storage
        self._outbox = outbox
        self._runtime = runtime
        self._clock = clock
        self._talks = talks
        self._compose = compose
        self._tag = tag
        # Changes that a full disk did not take; they go first when it does.
        self._owed: dict[str, list[Callable[[Chat], Chat]]] = {}

    async def load(self, key: str) -> Chat:
        """What is known of a chat; nothing of one that is new, or was before the machine last stopped.

        Raises:
            StorageProblem: the store cannot be read.
        """
        return (await self._load(key))[1]

    async def answer(self, incoming: Incoming, arrived: Arrived) -> Replies:
        """Take a turn; its replies wait in the outbox when this returns, unless ``posted`` is False."""
        replies = await self._talks.handle(incoming, lambda replies: self._post(arrived, replies.messages))
        self._outbox.wake()
        return replies

    async def say(
        self, arrived: Arrived, messages: Sequence[BotMessage], *, school: str | None = None, first_words: str | None = None
    ) -> None:
        """Say something that is no turn of the conversation.

        Args:
            arrived: what it answers.
            messages: what is said.
            school: the chat belongs to it from now on, and its conversation begins anew.
            first_words: before the messages comes what everybody is told first, in answer to this text.

        Raises:
            StorageProblem: nothing was kept.
        """
        operations: list[Operation] = [self._talks.mark(arrived.key, arrived.delivery)]
        if school is not None:
            operations.append(self._talks.forget(arrived.key))
        if first_words is not None:
            messages = (*self._talks.first_words(first_words, self._kind), *messages)
        for _ in range(TRIES):
            try:
                post = await self._post(arrived, messages, school=school, told=first_words is not None)
                await self._storage.commit(UnitOfWork((*operations, *post)))
            except Conflict as conflict:
                if conflict.table == "seen":
                    return  # it was answered when it came first
                continue
            self._outbox.wake()
            return
        raise StorageProblem("a chat that changes all the time")

    async def change(self, key: str, how: Callable[[Chat], Chat]) -> None:
        """Note something about a chat. What the disk does not take is noted when it does."""
        changes = [*self._owed.pop(key, ()), how]
        for _ in range(TRIES):
            try:
                row, chat = await self._load(key, owed=False)
                for each in changes:
                    chat = each(chat)
                await self._storage.commit(UnitOfWork((self._save(key, row, chat),)))
            except Conflict:
                await asyncio.sleep(0)
                continue
            except StorageProblem:
                break
            return
        log.warning("a chat could not be noted")
        self._owed[key] = changes

    def said(self, ident: int, *, ours: bool) -> Said:
        """A message of this minute."""
        return Said(ident, int(self._clock.now().timestamp()) // 60, ours)

    def wipeable(self, chat: Chat) -> list[Said]:
        """The messages that can still be deleted."""
        oldest = int((self._clock.now() - WIPEABLE).timestamp()) // 60
        return [said for said in chat.said if said.minute > oldest]

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _post(
        self, arrived: Arrived, messages: Sequence[BotMessage], *, school: str | None = None, told: bool = False
    ) -> tuple[Operation, ...]:
        """What keeps these messages until they are sent, and what came in and is remembered."""
        row, chat = await self._load(arrived.key)
        if chat.told:
            # It was said a moment ago, before the school was chosen.
            messages = [message for message in messages if message.response != "utter_eerlijk"]
        # Where nothing is said the buttons of before stay those of now.
        tag = self._tag() if messages else chat.tag
        things = self._compose(messages, tag)
        said = chat.said
        if arrived.message is not None and arrived.message not in [one.ident for one in said]:
            said = (*said, self.said(arrived.message, ours=False))
        chat = replace(
            chat,
            school=chat.school if school is None else school,
            told=told or (chat.told and not messages),
            gone=False,
            said=said,
            tag=tag,
            pressed=arrived.pressed or chat.pressed,
        )
        operations: list[Operation] = []
        for thing in things:
            chat = replace(chat, put=chat.put + 1)
            numbered = {**thing, "number": chat.put, "until": max((one.ident for one in said if not one.ours), default=0)}
            operations.append(self._outbox.row(self._kind, arrived.key, numbered, order=chat.put))
        return (*operations, self._save(arrived.key, row, chat))

    async def _load(self, key: str, *, owed: bool = True) -> tuple[ChatRow | None, Chat]:
        ident = self._runtime.hash("chat", key.encode())
        row = await self._storage.get(ChatRow, {"id": ident})
        # Numbers go on where those of a chat that was forgotten ended, whose last replies may still wait.
        chat = Chat(put=int(self._clock.now().timestamp()))
        if row is not None:
            try:
                read = json.loads(unpad(decrypt(self._key(key), row.locked, ident)))
                said = tuple(Said(*each) for each in read.pop("said"))
                chat = Chat(**{**read, "keyboards": tuple(read["keyboards"])}, said=said)
            except (SealBroken, ValueError, TypeError, KeyError):
                log.warning("what was remembered of a chat does not open; it begins anew")
        for each in self._owed.get(key, ()) if owed else ():
            chat = each(chat)
        return row, chat

    def _save(self, key: str, row: ChatRow | None, chat: Chat) -> Operation:
        ident = self._runtime.hash("chat", key.encode())
        kept = self.wipeable(chat)[-_MOST_IDS:]
        things = {**asdict(chat), "said": [[one.ident, one.minute, one.ours] for one in kept]}
        locked = encrypt(self._key(key), pad(json.dumps(things).encode(), _SIZES), ident)
        version = 1 if row is None else (row.version + 1) & (2**63 - 1)
        new = ChatRow(ident, version, half_day(self._clock.now()), locked)
        return Insert(new) if row is None else Replace(new, {"version": row.version})

    def _key(self, key: str) -> bytes:
        return self._runtime.key("chat", key.encode())
