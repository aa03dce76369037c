"""A brievenbus in use, what everybody in it sees, and somebody who can write its database but has no key."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.brievenbus.addresses import Addresses, Way
from bot.brievenbus.entries import Broken, Entry, State
from bot.brievenbus.inbox import AlreadyDone, ChangedMeanwhile, MeldingUnknown, QueueItem
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.mailbox import CodeUnknown
from bot.brievenbus.notices import LinkUnknown, place_of
from bot.brievenbus.slowdown import Slowdown
from bot.brievenbus.staff import InvitationUnknown, LoginRefused
from bot.chats import Chats
from bot.clock import FixedClock
from bot.config import Config
from bot.effects import AddMessage, PostMelding
from bot.house import DATABASE, House, build
from bot.messages import Facts, Incoming
from bot.outbox import NOTICE, Outbox
from bot.storage import SqliteStorage, UnitOfWork
from bot.storage.rows import TABLES
from tests.bot.conftest import FAST, PASSWORD, SERVER_KEY

# What the pages and the conversation have words for; anything else is a traceback.
REFUSALS = (
    SealBroken,
    MeldingUnknown,
    CodeUnknown,
    AlreadyDone,
    ChangedMeanwhile,
    InvitationUnknown,
    LoginRefused,
    LinkUnknown,
)
Value = bytes | str | int | None
Rows = dict[str, list[dict[str, Value]]]
OK = "ok"


@dataclass(frozen=True)
class Melding:
    """A melding and what the pupil has of it."""

    id: bytes
    nonce: bytes
    words: tuple[str, ...]


@dataclass
class World:
    """The house, its people, and two moments of its database: ``early`` and now."""

    house: House
    database: Path
    cookies: dict[str, str]
    usernames: dict[str, str]
    recovery_keys: dict[str, str]
    invitation: str
    readers: dict[str, bytes] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    meldingen: dict[str, Melding] = field(default_factory=dict)
    early: Rows = field(default_factory=dict)
    late: Rows = field(default_factory=dict)
    seen_before: dict[str, object] = field(default_factory=dict)

    # --- the database, behind the program's back --------------------------------------------------------------------

    def rows(self) -> Rows:
        """Every row of every table."""
        with closing(self._connect()) as db:
            db.row_factory = sqlite3.Row
            return {t.table: [dict(row) for row in db.execute(f"SELECT * FROM {t.table}")] for t in TABLES}

    def put(self, rows: Rows) -> None:
        """Make the database hold exactly these rows, whatever its constraints say."""
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            for table, wanted in rows.items():
                db.execute(f"DELETE FROM {table}")
                for row in wanted:
                    names = ", ".join(row)
                    db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
            db.execute("COMMIT")

    def restore(self) -> None:
        """As it was, also what the program remembers of wrong tries."""
        self.put(self.late)
        self.house.staff._slowdown = Slowdown()
        self.house.staff._recovery_slowdown = Slowdown()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.database, isolation_level=None)
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("PRAGMA ignore_check_constraints = ON")
        return db

    # --- what everybody sees ----------------------------------------------------------------------------------------

    async def look(self) -> dict[str, object]:
        """What each person gets to see of each thing; a refusal is the name of its exception."""
        house, seen = self.house, dict[str, object]()

        async def note(what: str, get: Callable[[], Awaitable[object]]) -> None:
            try:
                seen[what] = await get()
            except REFUSALS as refusal:
                seen[what] = type(refusal).__name__

        for who, cookie in self.cookies.items():
            session = await house.staff.session(cookie)
            seen[f"session {who}"] = None if session is None else (session.reader, session.private_key)
        for who in ("Ivonne", "Antje"):
            session = await house.staff.session(self.cookies[who])
            if session is None:
                continue
            queue = await house.inbox.queue(session)
            known = {melding.id: name for name, melding in self.meldingen.items()}
            listed = {known.get(item.id, "a stranger"): item for item in queue.items}
            for name in (*self.meldingen, "a stranger"):
                item = listed.get(name)
                seen[f"queue {who} {name}"] = "damaged" if item is not None and item.name is None else item
            seen[f"counts {who}"] = queue.counts
            for name, melding in self.meldingen.items():
                await note(f"open {who} {name}", lambda m=melding, s=session: house.inbox.open(s, m.id))
        for name, melding in self.meldingen.items():
            await note(f"code {name}", lambda m=melding: house.mailbox.open(m.words))
            await note(f"again {name}", lambda m=melding: house.mailbox.sent(m.nonce))
        roster = await house.roster.of("jps")
        seen["roster"] = (roster.sound, roster.accepts, {reader.name: reader.state.value for reader in roster.readers})
        for who in ("Ivonne", "Antje"):
            found = await house.notices.of(self.readers[who])
            seen[f"notices {who}"] = " ".join(f"{one.address}{' refused' * one.refused}" for one in found.values())
            seen[f"sent {who}"] = "nothing"
        seen |= dict.fromkeys(await self._sent(), "a notice")
        for who, token in self.tokens.items():
            await note(f"link {who}", lambda t=token: self._link(t))
        for key in ("telegram-1", "telegram-2"):
            chat = await self.chats().load(key)
            seen[key] = f"{chat.school} told={chat.told}"
        for who, username in self.usernames.items():
            await note(f"log-in {who}", lambda u=username: self._login(u))
        await note("invitation", lambda: house.staff.invitation(self.invitation))
        seen["chat"] = await self._says("chat-1", "achter de school")
        seen["second delivery"] = await self._says("chat-2", "in de gang", message_id="m1")
        session = await house.staff.session(self.cookies["Ivonne"])
        if session is not None:
            await note("double click", lambda: self._note_again(session))
        await note("recover Antje", self._recover)
        return seen

    async def _sent(self) -> list[str]:
        """Who gets a notice from what is in the outbox; a new one, that remembers nothing of what was there before."""
        post, names = Post(), {place_of(ident, Way.MAIL): name for name, ident in self.readers.items()}
        await self.outbox().drain({NOTICE: post})
        return [f"sent {names[destination]}" for destination in post.sent]

    async def _link(self, token: str) -> str:
        await self.house.notices.link_telegram(token, int.from_bytes(token.encode()[-6:]))
        return OK

    def outbox(self) -> Outbox:
        return Outbox(self.house.storage, self.house.server, self.house.runtime, self.house.clock)

    def chats(self) -> Chats:
        house = self.house
        outbox, talks = self.outbox(), house.conversation
        return Chats("telegram", house.storage, outbox, house.runtime, house.clock, talks, lambda said, tag: (), lambda: "tag")

    async def _login(self, username: str) -> str:
        await self.house.staff.login(username, PASSWORD)
        return OK

    async def _recover(self) -> str:
        await self.house.staff.recover(self.usernames["Antje"], self.recovery_keys["Antje"], PASSWORD + " nieuw")
        return OK

    async def _note_again(self, session: Any) -> str:
        await self.house.inbox.note(session, self.meldingen["A"].id, "Gebeld met de juf.", "note-1")
        return "written twice"

    async def _says(self, key: str, text: str, *, turn: int | None = None, message_id: str = "") -> tuple[str | None, ...]:
        incoming = Incoming(key, Facts("jps", "telegram"), text, message_id, turn)
        return tuple(message.response for message in (await self.house.conversation.handle(incoming)).messages)

    def changes(self, after: Mapping[str, object]) -> dict[str, str]:
        """What is seen otherwise than before, in a word; text that nobody wrote there is ``WRONG``."""
        found = {}
        for what in {**self.seen_before, **after}:
            before, now = self.seen_before.get(what, "-"), after.get(what, "-")
            if before != now:
                found[what] = _in_a_word(before, now)
        return found


@dataclass
class Post:
    """A sender of notices."""

    away: bool = False
    sent: list[str] = field(default_factory=list)

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        if self.away:
            raise OSError("away")
        self.sent.append(destination)


def _in_a_word(before: object, now: object) -> str:
    if isinstance(now, str) or now is None:
        return str(now)
    old, new = getattr(before, "thread", None) or getattr(before, "entries", None), getattr(now, "thread", None)
    new = new or getattr(now, "entries", None)
    if old is not None and new is not None:
        return _entries_in_a_word(before, now, old, new)
    if isinstance(now, QueueItem):
        return f"{now.state.value}{' unread' if now.unread else ''}"
    if isinstance(now, tuple) and now and isinstance(now[0], bool):
        return f"sound={now[0]} accepts={now[1]} {','.join(sorted(now[2]))}"
    if isinstance(now, tuple) and all(one is None or isinstance(one, str) for one in now):
        return " ".join(str(one) for one in now)
    return "WRONG" if not isinstance(now, Mapping) else "counts"


def _entries_in_a_word(before: Any, now: Any, old: tuple[Any, ...], new: tuple[Any, ...]) -> str:
    words = []
    tracks = [(old, new), (getattr(before, "notes", ()), getattr(now, "notes", ()))]
    for was, entries in tracks:
        intact = [one for one in entries if isinstance(one, Entry)]
        if any(one not in was for one in intact) or len(intact) < len(was) - sum(isinstance(e, Broken) for e in entries):
            return "WRONG"
    words += ["broken"] * sum(isinstance(e, Broken) for _, entries in tracks for e in entries)
    if getattr(now, "missing", ()) != getattr(before, "missing", ()):
        words.append(f"missing {','.join(now.missing)}")
    if getattr(now, "excluded", ()) != getattr(before, "excluded", ()):
        words.append("excluded unknown" if not now.excluded else "WRONG")
    same = {"thread": old, "entries": old, "notes": (), "missing": (), "excluded": ()}
    alike = [replace(one, **{name: value for name, value in same.items() if hasattr(one, name)}) for one in (before, now)]
    return " ".join(words) if alike[0] == alike[1] and words else "WRONG"


async def make_world(folder: Path) -> World:
    """Two readers of JPS and one who waits, a third invited; a reader elsewhere; three meldingen; two chats half-way."""
    clock = FixedClock()
    house = build(Config(data=folder), SERVER_KEY, clock=clock, stretching=FAST)
    assert isinstance(house.storage, SqliteStorage)
    house.storage._write.execute("PRAGMA synchronous = OFF")  # these tests lose no power
    cookies, usernames, keys = {}, {}, {}
    for name, school in (("Ivonne", "jps"), ("Antje", "jps"), ("Truus", "jps"), ("Mina", "mijlpaal")):
        enrolled = await house.staff.accept(await house.staff.invite(school, name), PASSWORD)
        session = await house.staff.session(enrolled.cookie)
        assert session is not None
        await house.staff.confirm_recovery(session, enrolled.recovery_key)
        if name == "Antje":
            first = await house.staff.session(cookies["Ivonne"])
            assert first is not None
            await house.staff.confirm(first, session.reader.id, session.reader.fingerprint)
        cookies[name], usernames[name], keys[name] = enrolled.cookie, enrolled.username, enrolled.recovery_key
    world = World(house, folder / DATABASE, cookies, usernames, keys, await house.staff.invite("jps", "Kees"))
    ivonne = await house.staff.session(cookies["Ivonne"])
    antje = await house.staff.session(cookies["Antje"])
    assert ivonne is not None
    assert antje is not None
    for name, cookie in cookies.items():
        session = await house.staff.session(cookie)
        assert session is not None
        world.readers[name] = session.reader.id
        if name in ("Truus", "Mina"):
            # Half-way linking a chat
            world.tokens[name] = await house.notices.telegram_token(session)
        else:
            operations = await Addresses(house.storage, house.server).set(session.reader.id, Way.MAIL, f"{name}@example.org")
            await house.storage.commit(UnitOfWork(operations))
    for number, name in enumerate("ABC", start=1):
        nonce = bytes([number]) * 16
        without = frozenset({antje.reader.id}) if name == "C" else frozenset[bytes]()
        names = ("Antje",) if name == "C" else ()
        answers = (("Wat is er gebeurd?", f"Verhaal van {name}."),)
        operations = await house.mailbox.post(PostMelding("jps", nonce, answers, without, names, urgent=name == "B"))
        await house.storage.commit(UnitOfWork(operations))
        words = house.mailbox.code(nonce)
        world.meldingen[name] = Melding((await house.mailbox.open(words)).melding, nonce, words)
    for key in ("chat-1", "chat-2"):
        for text in ("/ben_leerling", "/melding_doen", "/overslaan", '/antwoord{"over_lezer": "nee"}', "/overslaan"):
            await world._says(key, text)
    for key in ("telegram-1", "telegram-2"):
        await world.chats().change(key, lambda chat: replace(chat, school="jps"))
    # The mail server is away.
    await world.outbox().drain({NOTICE: Post(away=True)})
    world.early = world.rows()
    for name, melding in world.meldingen.items():
        await house.inbox.open(ivonne, melding.id)
        await house.inbox.answer(ivonne, melding.id, f"Antwoord op {name}.", f"answer-{name}")
        thread = await house.mailbox.open(melding.words)
        message = AddMessage(melding.id, thread.thread_key, melding.nonce[:15] + b"m", f"Vervolg van {name}.")
        await house.storage.commit(UnitOfWork(await house.mailbox.write(message)))
        await house.inbox.open(ivonne, melding.id)
        await house.inbox.set_state(ivonne, melding.id, State.BUSY, f"state-{name}")
    await house.inbox.note(ivonne, world.meldingen["A"].id, "Gebeld met de juf.", "note-1")
    await house.inbox.note(ivonne, world.meldingen["B"].id, "Gepraat met de klas.", "note-2")
    await world._says("chat-1", "Ze pakken mijn pet af.")
    await world._says("chat-2", "Ze lachen mij uit.")
    await world._says("chat-2", "in de gang", message_id="m1")
    for key in ("telegram-1", "telegram-2"):
        await world.chats().change(key, lambda chat: replace(chat, told=True))
    await house.notices.refused(world.readers["Antje"], (await house.notices.of(world.readers["Antje"]))[Way.MAIL])
    await world.outbox().drain({NOTICE: Post(away=True)})
    await house.storage.commit(UnitOfWork((world.outbox().row("telegram", "telegram-1", {}),)))
    # Time goes by: one session moves on, another reader changes the recovery key and types it back.
    clock.advance(minutes=5)
    session = await house.staff.session(cookies["Antje"])
    assert session is not None
    keys["Antje"] = await house.staff.new_recovery_key(session)
    await house.staff.confirm_recovery(session, keys["Antje"])
    await house.staff.session(cookies["Ivonne"])
    world.late = world.rows()
    world.seen_before = await world.look()
    world.restore()
    return world
