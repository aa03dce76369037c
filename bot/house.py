"""The house: every part built once from the settings and handed to those who need it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import TYPE_CHECKING, get_args

from rasa_sdk.executor import ActionExecutor

from bot.actions import all_actions
from bot.brievenbus.addresses import Way
from bot.brievenbus.code import Codes
from bot.brievenbus.inbox import Inbox
from bot.brievenbus.keys import ServerKey, Stretching
from bot.brievenbus.lanes import Lanes
from bot.brievenbus.mailbox import Mailbox
from bot.brievenbus.notice_sender import ConfirmationSender, NoticeSender
from bot.brievenbus.notices import Notices
from bot.brievenbus.roster import Roster
from bot.brievenbus.school_times import SchoolTimes
from bot.brievenbus.sessions import Sessions
from bot.brievenbus.staff import Staff
from bot.brievenbus.words import load as load_words
from bot.channels.telegram import Reach
from bot.chats import Chats
from bot.clock import Clock, SystemClock, half_day
from bot.config import Config, Weekday
from bot.conversation import Conversation
from bot.inbox import inbox_blueprint
from bot.outbox import CONFIRMATION, NOTICE, Outbox, Sender, Senders
from bot.storage import SqliteStorage, Storage, StorageProblem
from bot.web import SchoolPage, create_app
from bot.web.headers import App
from bot.yaml_file import read_yaml
from dialogues import Engine, Understanding
from dialogues import load as load_dialogues
from knowledge import Knowledge, default_folder
from knowledge import load as load_knowledge

if TYPE_CHECKING:  # who has no bot does not wait for its library
    from bot.channels.telegram.service import Telegram

log = logging.getLogger(__name__)

DATABASE = "brievenbus.db"
OWN_DIALOGUES = "dialogen"
SWEEP_SECONDS = 3600
_BREATH = 10  # seconds, so that what fails each time does not fill the log
# In half-days. A conversation ends after gesprek_minuten; what is left of it goes within a day. Deliveries: 48 hours.
_KEEP_CONVERSATIONS = 1
_KEEP_SEEN = 4
_KEEP_SESSIONS = 1
_KEEP_INVITATIONS = 7
_KEEP_LINKS = 1


class UnknownSchool(Exception):
    """The settings open a school that the knowledge does not have."""


@dataclass(frozen=True)
class House:
    """The parts of a running program."""

    config: Config
    clock: Clock
    server: ServerKey = field(repr=False)
    runtime: ServerKey = field(repr=False)
    knowledge: Knowledge = field(repr=False)
    storage: Storage = field(repr=False)
    lanes: Lanes = field(repr=False)
    roster: Roster = field(repr=False)
    outbox: Outbox = field(repr=False)
    notices: Notices = field(repr=False)
    mail: Sender | None = field(repr=False)
    mailbox: Mailbox = field(repr=False)
    staff: Staff = field(repr=False)
    inbox: Inbox = field(repr=False)
    actions: ActionExecutor = field(repr=False)
    conversation: Conversation = field(repr=False)
    telegram: Telegram | None = field(default=None, repr=False)

    @property
    def schools(self) -> dict[str, SchoolPage]:
        """The schools that are open, by slug, in the order of the settings."""
        known = self.knowledge.schools
        return {slug: SchoolPage(slug, known[slug].name, known[slug].kind) for slug in self.config.scholen}

    def app(self, *, demo: bool = False) -> App:
        """The web application: chat and inbox."""
        names = {slug: page.name for slug, page in self.schools.items()}
        inbox = inbox_blueprint(self.staff, self.inbox, self.notices, names, self.clock, secure=self.config.secure, demo=demo)
        app = create_app(
            self.conversation,
            self.schools,
            self.server,
            inbox,
            demo=demo,
            host_is_loopback=not self.config.public,
            health=self.healthy,
        )
        if self.telegram is not None and (webhook := self.telegram.blueprint()) is not None:
            app.blueprint(webhook)
        return app

    def senders(self) -> Senders:
        """Who sends what is in the outbox."""
        ways: dict[Way, Sender | None] = {Way.MAIL: self.mail}
        if self.telegram is not None:
            ways[Way.TELEGRAM] = self.telegram.notices
        there = {way: sender for way, sender in ways.items() if sender is not None}
        found: dict[str, Sender] = {NOTICE: NoticeSender(self.notices, self.storage, self.roster, self.clock, there)}
        if self.mail is not None:
            found[CONFIRMATION] = ConfirmationSender(self.mail, self.clock)
        if self.telegram is not None:
            found.update(self.telegram.senders)
        return found

    async def healthy(self) -> bool:
        """Whether the store can be read."""
        try:
            await self.roster.of(self.config.scholen[0])
        except StorageProblem:
            return False
        return True

    async def sweep(self) -> None:
        """Delete what has had its time: conversations, delivery marks, sessions, invitations, and meldingen long closed."""
        today = half_day(self.clock.now())
        await self.storage.sweep(
            conversations=today - _KEEP_CONVERSATIONS,
            seen=today - _KEEP_SEEN,
            sessions=today - _KEEP_SESSIONS,
            invitations=today - _KEEP_INVITATIONS,
            meldingen=today,
            links=today - _KEEP_LINKS,
        )

    async def keep_sending(self, senders: Senders) -> None:
        """Send what is in the outbox, until cancelled."""
        while True:
            try:
                await self.outbox.run(senders)
            except Exception:
                log.exception("sending stopped; it begins again")
            await asyncio.sleep(_BREATH)

    async def keep_swept(self) -> None:
        """Sweep now and every hour, until cancelled."""
        while True:
            with contextlib.suppress(StorageProblem):
                await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def close(self) -> None:
        """Finish what was begun and close the files."""
        if self.telegram is not None:
            await self.telegram.close()
        await self.storage.close()
        await asyncio.to_thread(self.lanes.close)


def read_knowledge() -> Knowledge:
    """The built-in knowledge.

    Raises:
        FileProblem, KnowledgeProblem: a file is wrong; with its line.
    """
    return load_knowledge(default_folder(), read_yaml)


def dialogue_folders(data: Path) -> list[Traversable]:
    """The built-in dialogues, and after them what a school wrote itself in this data folder, if it did."""
    own = data / OWN_DIALOGUES
    return [files("dialogues"), *([own] if own.is_dir() else [])]


def build(
    config: Config,
    server_key: bytes,
    *,
    runtime_key: bytes | None = None,
    mail: Sender | None = None,
    reach: Reach | None = None,
    clock: Clock | None = None,
    stretching: Stretching | None = None,
    folders: Sequence[Traversable] | None = None,
) -> House:
    """Build the house on the data folder of the settings.

    Args:
        config: the settings.
        server_key: 32 bytes.
        runtime_key: 32 bytes; one that lives as long as this house if None.
        mail: brings a text to a mail address; None where no mail is sent.
        reach: how Telegram is reached; None where there is no bot.
        clock: the machine's if None.
        stretching: of passwords and codes; from the settings if None. Tests make it faster, settings cannot.
        folders: of the dialogues; the built-in ones and the data folder's own if None.

    Raises:
        FileProblem, KnowledgeProblem, DialogueProblem: a file is wrong; with its line.
        UnknownSchool: a school in the settings is not known.
        SchemaTooNew: the database is of a newer program.
    """
    knowledge = read_knowledge()
    for slug in (*config.scholen, *config.seintjes.vakanties):
        if slug not in knowledge.schools:
            raise UnknownSchool(slug)
    clock = clock or SystemClock()
    stretching = stretching or Stretching(config.argon.rondes, config.argon.geheugen_mib * 1024 * 1024)
    folders = dialogue_folders(config.data) if folders is None else folders
    engine = Engine(load_dialogues(folders))
    understanding = Understanding(folders)
    words = load_words()
    server, runtime = ServerKey(server_key), ServerKey(runtime_key or secrets.token_bytes(32))
    storage = SqliteStorage(config.data / DATABASE)
    lanes = Lanes()
    roster = Roster(storage, server)
    outbox = Outbox(storage, server, runtime, clock)
    notices = Notices(storage, server, outbox, _school_times(config), clock, f"{config.address}/inbox/", mail=mail is not None)
    mailbox = Mailbox(storage, server, Codes(server, words, stretching), lanes.pupils, roster, notices, clock)
    sessions = Sessions(storage, roster, clock, timedelta(minutes=config.inbox_minuten))
    executor = ActionExecutor()
    for action in all_actions(knowledge, mailbox, words, clock, timedelta(minutes=config.draad_minuten)):
        executor.register_action(action)
    idle = timedelta(minutes=config.gesprek_minuten)
    telegram = None
    if reach is not None:
        from bot.channels.telegram.compose import compose, new_tag
        from bot.channels.telegram.service import Telegram

        # The same conversations under another key: one that is gone when the machine has stopped.
        talks = Conversation(engine, understanding, executor, storage, mailbox, runtime, clock, idle)
        chats = Chats("telegram", storage, outbox, runtime, clock, talks, partial(compose, address=config.adres or ""), new_tag)
        names = {slug: knowledge.schools[slug].name for slug in config.scholen}
        telegram = Telegram(reach, chats, notices, names, (StorageProblem,))
    return House(
        config=config,
        clock=clock,
        server=server,
        runtime=runtime,
        knowledge=knowledge,
        storage=storage,
        lanes=lanes,
        roster=roster,
        outbox=outbox,
        notices=notices,
        mail=mail,
        mailbox=mailbox,
        staff=Staff(storage, server, roster, sessions, lanes.staff, clock, stretching),
        inbox=Inbox(storage, server, clock, timedelta(days=config.bewaren_dagen)),
        actions=executor,
        conversation=Conversation(engine, understanding, executor, storage, mailbox, server, clock, idle),
        telegram=telegram,
    )


def _school_times(config: Config) -> SchoolTimes:
    weekdays = get_args(Weekday)
    return SchoolTimes(
        tuple(sorted(time.fromisoformat(moment) for moment in config.seintjes.tijden)),
        frozenset(weekdays.index(day) for day in config.seintjes.dagen),
        {slug: tuple((free.van, free.tot) for free in days) for slug, days in config.seintjes.vakanties.items()},
    )


def tls_context(config: Config) -> SSLContext | None:
    """The certificate of the settings, or None where there is none (loopback, or a proxy carries it)."""
    if config.tls is None:
        return None
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.tls.cert, config.tls.key)
    return context
