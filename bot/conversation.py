"""The way of one message: danger and intent, engine, actions, one commit, and only then the replies."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from weakref import WeakValueDictionary

from rasa_sdk.executor import ActionExecutor

from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, encrypt
from bot.brievenbus.lanes import QueueFull
from bot.brievenbus.mailbox import BoxClosed, CodeUnknown, Mailbox, NobodyLeft
from bot.brievenbus.padding import STEPS, TooLong, pad, unpad
from bot.clock import Clock, half_day
from bot.effects import AddMessage, Effect, Forget, PostMelding
from bot.messages import Attachment, Facts, Incoming, Replies
from bot.storage import (
    Conflict,
    ConversationRow,
    Delete,
    Insert,
    Operation,
    Replace,
    SeenRow,
    Storage,
    StorageFull,
    StorageProblem,
    UnitOfWork,
)
from bot.turn import CURRENT, Turn
from dialogues import (
    ActionResult,
    BotMessage,
    Engine,
    Tracker,
    Understanding,
    Understood,
    UnknownSchema,
    UserMessage,
    parse_payload,
)

log = logging.getLogger(__name__)

# Makes of the replies what is committed with their turn, where a channel sends them later.
Post = Callable[[Replies], Awaitable[Sequence[Operation]]]

# Of a locked state, so that its length does not say how far a child is, nor how much it wrote.
_SIZES = (*STEPS, 64 * 1024, 256 * 1024)
# Telegram's own limit, and more than a child types on a phone.
LONGEST = 4000
# A turn that lost a race is taken again. Each loss means that another process finished a turn of the same conversation, and a
# person does not press that often.
TRIES = 8
# Answered from any page, however old: help, and a second press of versturen, which then shows the same code.
_ALWAYS = frozenset({"help", "versturen", "wis_gesprek"})
# Means the same in the middle of a text question as everywhere else.
_NAVIGATION = frozenset({"help", "menu", "terug", "overslaan", "stoppen", "wis_gesprek"})
# Rasa answers these payloads by beginning anew, without a word. We have a button for that, and a word.
_RASAS_OWN = frozenset({"session_start", "restart"})
# In which forms answers wait for who comes back after too long, and how that is said.
_PAUSED = {"melding_form": "utter_lang_stil", "bericht_form": "utter_lang_stil_bericht"}
# What a failure is told as. Nothing was written in any of these cases.
_FAILURES: dict[type[Exception], str] = {
    QueueFull: "utter_druk",
    BoxClosed: "utter_brievenbus_dicht",
    NobodyLeft: "utter_over_lezer_iedereen",
    TooLong: "utter_te_lang",
    CodeUnknown: "utter_draad_dicht",
    SealBroken: "utter_code_beschadigd",
}
# After these the same can be tried once more, from the question that was on the page.
_TRY_AGAIN = frozenset({"utter_storing", "utter_druk", "utter_te_lang"})


@dataclass(frozen=True)
class _Stored:
    """What is known of a conversation.

    Attributes:
        row: as it is stored; None when there is none.
        lost: it ended, or it does not open: it is begun anew.
        paused: the response for what waited too long in the middle of a form; empty otherwise.
    """

    row: ConversationRow | None
    tracker: Tracker
    lost: bool = False
    paused: str = ""


@dataclass(frozen=True)
class _Taken:
    """A turn that was taken but not committed."""

    tracker: Tracker
    messages: tuple[BotMessage, ...] = field(repr=False)
    effects: Sequence[Effect] = ()


class Conversation:
    """All conversations of this process: each in order, all side by side."""

    def __init__(
        self,
        engine: Engine,
        understanding: Understanding,
        executor: ActionExecutor,
        storage: Storage,
        mailbox: Mailbox,
        server: ServerKey,
        clock: Clock,
        idle: timedelta,
    ) -> None:
        """Take the parts; ``idle`` is the time after which a conversation has ended."""
        self._engine = engine
        self._understanding = understanding
        self._executor = executor
        self._storage = storage
        self._mailbox = mailbox
        self._server = server
        self._clock = clock
        self._idle = idle
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def open(self, facts: Facts) -> Replies:
        """What is said before anybody speaks. Nothing is stored: there is no row before the first message."""
        taken = await self._take(Tracker.empty(), Turn(facts), UserMessage("/groet", "groet", {}, facts.channel))
        return Replies(taken.messages, 0)

    def first_words(self, text: str, channel: str) -> tuple[BotMessage, ...]:
        """What is said to somebody whose school is not known yet: help, when the text asks for it; and who can know of this."""
        understood = self._understanding.understand(text[:LONGEST])
        names = ["utter_eerlijk"]
        if understood.danger is not None:
            names.insert(0, f"utter_gevaar_{understood.danger.kind}")
        elif understood.intent == "help":
            names.insert(0, "utter_help")
        return tuple(self._engine.say(name, Tracker.empty(), channel) for name in names)

    def forget(self, key: str) -> Operation:
        """The operation that deletes a conversation, for the unit of work of whoever begins another."""
        return Delete(ConversationRow, {"id": self._ident(key)})

    def mark(self, key: str, message_id: str) -> Operation:
        """The operation that makes a second delivery recognisable, for what a channel answers by itself."""
        return Insert(self._seen(key, message_id))

    async def handle(self, incoming: Incoming, post: Post | None = None) -> Replies:
        """Answer one message; never raises for what a person can do.

        Args:
            incoming: the message.
            post: makes the operations that keep the replies until they are sent, for a channel that sends them later. A second
                delivery then has no answer: that of the first is kept already.
        """
        ident = self._ident(incoming.key)
        lock = self._locks.setdefault(ident, asyncio.Lock())
        understood = self._understanding.understand(incoming.text[:LONGEST])
        async with lock:
            for _ in range(TRIES):
                try:
                    return await self._handle(ident, incoming, understood, post)
                except Conflict:
                    # Another process was first (or versturen was delivered twice): look again at what is there now.
                    continue
            return await self._failed(incoming, None, "utter_storing", understood, post)

    async def _handle(self, ident: bytes, incoming: Incoming, understood: Understood, post: Post | None) -> Replies:
        before: Tracker | None = None
        try:
            stored = await self._load(ident, incoming)
            before = tracker = stored.tracker
            delivery = self._delivery(incoming)
            repeated = delivery is not None and await self._storage.get(SeenRow, {"id": delivery.id}) is not None
            if repeated and post is not None:
                return Replies((), tracker.turn, posted=True)
            turn = Turn(incoming.facts)
            message, keep = self._message(stored, repeated, incoming, understood, turn)
            if understood.danger is not None and understood.danger.tier == "red" and not tracker.slots.get("spoed"):
                # What was agreed to said "Spoed: nee": it needs a new preview, and so a new nonce.
                tracker = tracker.with_slots(spoed=True, nonce=None)
            taken = await self._take(tracker, turn, message)
            if understood.danger is not None and understood.danger.tier == "red":
                card = self._engine.say(f"utter_gevaar_{understood.danger.kind}", taken.tracker, incoming.facts.channel)
                taken = replace(taken, messages=(card, *taken.messages))
            after = _after(taken) if keep else stored.tracker
            # A repeated message was kept the first time, so its text is not put back into the field.
            asks_text = self._engine.asks_text(after if keep else taken.tracker)
            replies = Replies(taken.messages, after.turn, asks_text, kept=keep or repeated, posted=post is not None)
            operations: tuple[Operation, ...] = ()
            if keep:
                operations = await self._operations(ident, incoming, stored, taken, None if repeated else delivery)
            elif post is not None and delivery is not None:
                operations = (Insert(delivery),)
            if post is not None:
                operations = (*operations, *await post(replies))
            if operations:
                await self._storage.commit(UnitOfWork(operations))
        except Conflict:
            raise
        except StorageFull:
            return await self._failed(incoming, before, "utter_storing", understood, post)
        except tuple(_FAILURES) as problem:
            return await self._failed(incoming, before, _FAILURES[type(problem)], understood, post)
        except Exception:
            log.exception("a turn failed; nothing of it was kept")
            return await self._failed(incoming, before, "utter_storing", understood, post)
        return replies

    def _message(
        self, stored: _Stored, repeated: bool, incoming: Incoming, understood: Understood, turn: Turn
    ) -> tuple[UserMessage, bool]:
        """What the engine hears, and whether the turn is kept."""
        channel, text = incoming.facts.channel, incoming.text.strip()
        intent = understood.intent
        stale = incoming.turn is not None and incoming.turn != stored.tracker.turn
        asked = UserMessage("", "vraag_opnieuw", {}, channel)
        if stored.lost or (stale and stored.row is None):
            turn.ask_again = "utter_gesprek_verlopen"
        elif stored.paused:
            turn.ask_again, turn.menu = stored.paused, False
        if intent not in _ALWAYS:
            if turn.ask_again:
                return asked, True
            if stale or repeated:
                turn.ask_again = "utter_al_aangekomen" if repeated else "utter_oude_pagina"
                return asked, False
        if incoming.attachment is not None:
            turn.ask_again = "utter_doorgestuurd" if incoming.attachment is Attachment.FORWARDED else "utter_geen_tekst"
            return asked, True
        if not text:
            turn.ask_again = "utter_leeg"
            return asked, True
        if len(text) > LONGEST:
            turn.ask_again, turn.values = "utter_te_lang", {"max": str(LONGEST)}
            return asked, True
        # Only a code is no text: there danger is answered, and the code asked for again.
        code_asked = understood.danger is not None and stored.tracker.requested_slot == "code"
        typed = parse_payload(text) is None and intent not in _NAVIGATION and not code_asked
        if typed and self._engine.asks_text(stored.tracker):
            # What is typed at a text question is its answer, whatever it would mean elsewhere; danger's card comes first.
            intent = "nlu_fallback"
        if intent in _RASAS_OWN:
            intent = "nlu_fallback"
        # A button of ours carries words; whatever else a payload made by hand carries is no answer to anything.
        entities = {name: value for name, value in understood.entities.items() if isinstance(value, str)}
        return UserMessage(text, intent, entities, channel), True

    async def _take(self, tracker: Tracker, turn: Turn, message: UserMessage) -> _Taken:
        """Run the engine, and the actions that it asks for."""
        token = CURRENT.set(turn)
        steps = self._engine.turn(tracker, message)
        try:
            wanted = next(steps)
            while True:
                result = await self._executor.run(dict(wanted.call))
                if result is None:
                    raise RuntimeError("an action without a name")
                wanted = steps.send(ActionResult(result.events, result.responses))
        except StopIteration as done:
            return _Taken(done.value.tracker, done.value.messages, tuple(turn.effects))
        finally:
            CURRENT.reset(token)

    async def _operations(
        self, ident: bytes, incoming: Incoming, stored: _Stored, taken: _Taken, delivery: SeenRow | None
    ) -> tuple[Operation, ...]:
        """Everything of the turn: state, delivery, melding or message. Argon2 and sealing happen here, before the commit."""
        operations: list[Operation] = []
        for effect in taken.effects:
            if isinstance(effect, PostMelding):
                operations += await self._mailbox.post(effect)
            elif isinstance(effect, AddMessage):
                operations += await self._mailbox.write(effect)
        if delivery is not None:
            operations.append(Insert(delivery))
        operations.append(self._save(ident, incoming.key, stored.row, _after(taken)))
        return tuple(operations)

    async def _load(self, ident: bytes, incoming: Incoming) -> _Stored:
        row = await self._storage.get(ConversationRow, {"id": ident})
        if row is None:
            return _Stored(None, Tracker.empty())
        now = self._clock.now().timestamp()
        try:
            plain = decrypt(self._state_key(incoming.key), row.locked, _bound(ident, row.version))
            last, state = json.loads(unpad(plain))
            tracker = Tracker.from_json(state)
        except (SealBroken, UnknownSchema, ValueError, TypeError):
            # Damaged, or written by another version of the program.
            return _Stored(row, Tracker.empty(), lost=True)
        draad = tracker.slots.get("draad")
        if draad and draad["tot"] <= now:
            tracker = tracker.with_slots(draad=None, draad_open=None)
        if now - last <= self._idle.total_seconds():
            return _Stored(row, tracker)
        waiting = _PAUSED.get(tracker.active_loop or "")
        if waiting is None:
            return _Stored(row, replace(Tracker.empty(), turn=tracker.turn), lost=True)
        # The answers are kept for whoever holds the page, who may go on or wipe them.
        return _Stored(row, replace(tracker, active_loop=None, requested_slot=None), paused=waiting)

    def _delivery(self, incoming: Incoming) -> SeenRow | None:
        """The row that marks this delivery; None where a channel cannot deliver twice."""
        if not incoming.message_id:
            return None
        return self._seen(incoming.key, incoming.message_id)

    def _seen(self, key: str, message_id: str) -> SeenRow:
        return SeenRow(self._server.hash("delivery", f"{key}\n{message_id}".encode()), half_day(self._clock.now()))

    def _ident(self, key: str) -> bytes:
        return self._server.hash("conversation", key.encode())

    def _save(self, ident: bytes, key: str, row: ConversationRow | None, tracker: Tracker) -> Operation:
        """Compare and set: whoever saved since we looked makes this turn run again."""
        # 63 bits, as SQLite counts: a number that was altered behind our back must not make a row that cannot be kept.
        version = 1 if row is None else (row.version + 1) & (2**63 - 1)
        now = self._clock.now()
        plain = pad(json.dumps([now.timestamp(), tracker.to_json()]).encode(), _SIZES)
        locked = encrypt(self._state_key(key), plain, _bound(ident, version))
        new = ConversationRow(ident, version, half_day(now), locked)
        return Insert(new) if row is None else Replace(new, {"version": row.version})

    def _state_key(self, key: str) -> bytes:
        """From the server key *together with* the sender's token, of which only a hash is stored: neither alone opens it."""
        return self._server.key("conversation state", key.encode())

    async def _failed(
        self, incoming: Incoming, before: Tracker | None, response: str, understood: Understood, post: Post | None
    ) -> Replies:
        """Nothing was kept: say so, with help. ``before`` is the state as it is; None when not even that is known."""
        channel, tracker = incoming.facts.channel, before or Tracker.empty()
        messages = [self._engine.say(response, tracker, channel, max=str(LONGEST))]
        if understood.danger is not None and understood.danger.tier == "red":
            messages.insert(0, self._engine.say(f"utter_gevaar_{understood.danger.kind}", tracker, channel))
        if response in _TRY_AGAIN and tracker.active_loop is not None:
            messages += await self._question(tracker, incoming.facts)
        # A page whose conversation could not be read stays at the number that it has, and can be sent again.
        replies = Replies(tuple(messages), tracker.turn if before else incoming.turn or 0, kept=False)
        return replies if post is None else await self._post_failure(incoming, replies, post)

    async def _post_failure(self, incoming: Incoming, replies: Replies, post: Post) -> Replies:
        """What failed is told, too: with its own commit, as that of the turn was not made."""
        delivery = self._delivery(incoming)
        for _ in range(TRIES):
            try:
                await self._storage.commit(UnitOfWork((*([Insert(delivery)] if delivery else []), *await post(replies))))
            except Conflict:
                continue
            except StorageProblem:
                break
            return replace(replies, posted=True)
        return replies

    async def _question(self, tracker: Tracker, facts: Facts) -> Sequence[BotMessage]:
        """The question of now, so that trying again is one tap; nothing of this is kept."""
        try:
            taken = await self._take(tracker, Turn(facts), UserMessage("", "vraag_opnieuw", {}, facts.channel))
        except Exception:
            # It may be what failed in the first place, and that was told and logged.
            return ()
        return taken.messages


def _after(taken: _Taken) -> Tracker:
    """The state that is kept: an empty one after sending and wiping, with the turn's number for the page."""
    if any(isinstance(effect, Forget) for effect in taken.effects):
        return replace(Tracker.empty(), turn=taken.tracker.turn)
    return taken.tracker


def _bound(ident: bytes, version: int) -> bytes:
    return ident + version.to_bytes(8, "big", signed=True)
