"""The house: every part built once from the settings and handed to those who need it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

from rasa_sdk.executor import ActionExecutor

from bot.actions import all_actions
from bot.brievenbus.code import Codes
from bot.brievenbus.inbox import Inbox
from bot.brievenbus.keys import ServerKey, Stretching
from bot.brievenbus.lanes import Lanes
from bot.brievenbus.mailbox import Mailbox
from bot.brievenbus.roster import Roster
from bot.brievenbus.sessions import Sessions
from bot.brievenbus.staff import Staff
from bot.brievenbus.words import load as load_words
from bot.clock import Clock, SystemClock, half_day
from bot.config import Config
from bot.conversation import Conversation
from bot.inbox import inbox_blueprint
from bot.storage import SqliteStorage, Storage, StorageProblem
from bot.web import SchoolPage, create_app
from bot.web.headers import App
from bot.yaml_file import read_yaml
from dialogues import Engine, Understanding
from dialogues import load as load_dialogues
from knowledge import Knowledge, default_folder
from knowledge import load as load_knowledge

log = logging.getLogger(__name__)

DATABASE = "brievenbus.db"
OWN_DIALOGUES = "dialogen"
SWEEP_SECONDS = 3600
# In half-days. A conversation ends after gesprek_minuten; what is left of it goes within a day. Deliveries: 48 hours.
_KEEP_CONVERSATIONS = 1
_KEEP_SEEN = 4
_KEEP_SESSIONS = 1
_KEEP_INVITATIONS = 7


class UnknownSchool(Exception):
    """The settings open a school that the knowledge does not have."""


@dataclass(frozen=True)
class House:
    """The parts of a running program."""

    config: Config
    clock: Clock
    server: ServerKey = field(repr=False)
    knowledge: Knowledge = field(repr=False)
    storage: Storage = field(repr=False)
    lanes: Lanes = field(repr=False)
    roster: Roster = field(repr=False)
    mailbox: Mailbox = field(repr=False)
    staff: Staff = field(repr=False)
    inbox: Inbox = field(repr=False)
    actions: ActionExecutor = field(repr=False)
    conversation: Conversation = field(repr=False)

    @property
    def schools(self) -> dict[str, SchoolPage]:
        """The schools that are open, by slug, in the order of the settings."""
        known = self.knowledge.schools
        return {slug: SchoolPage(slug, known[slug].name, known[slug].kind) for slug in self.config.scholen}

    def app(self, *, demo: bool = False) -> App:
        """The web application: chat and inbox."""
        names = {slug: page.name for slug, page in self.schools.items()}
        inbox = inbox_blueprint(self.staff, self.inbox, names, self.clock, secure=self.config.secure, demo=demo)
        return create_app(
            self.conversation,
            self.schools,
            self.server,
            inbox,
            demo=demo,
            host_is_loopback=not self.config.public,
            health=self.healthy,
        )

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
        )

    async def keep_swept(self) -> None:
        """Sweep now and every hour, until cancelled."""
        while True:
            with contextlib.suppress(StorageProblem):
                await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def close(self) -> None:
        """Finish what was begun and close the files."""
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
    clock: Clock | None = None,
    stretching: Stretching | None = None,
    folders: Sequence[Traversable] | None = None,
) -> House:
    """Build the house on the data folder of the settings.

    Args:
        config: the settings.
        server_key: 32 bytes.
        clock: the machine's if None.
        stretching: of passwords and codes; from the settings if None. Tests make it faster, settings cannot.
        folders: of the dialogues; the built-in ones and the data folder's own if None.

    Raises:
        FileProblem, KnowledgeProblem, DialogueProblem: a file is wrong; with its line.
        UnknownSchool: a school in the settings is not known.
        SchemaTooNew: the database is of a newer program.
    """
    knowledge = read_knowledge()
    for slug in config.scholen:
        if slug not in knowledge.schools:
            raise UnknownSchool(slug)
    clock = clock or SystemClock()
    stretching = stretching or Stretching(config.argon.rondes, config.argon.geheugen_mib * 1024 * 1024)
    folders = dialogue_folders(config.data) if folders is None else folders
    engine = Engine(load_dialogues(folders))
    understanding = Understanding(folders)
    words = load_words()
    server = ServerKey(server_key)
    storage = SqliteStorage(config.data / DATABASE)
    lanes = Lanes()
    roster = Roster(storage, server)
    mailbox = Mailbox(storage, server, Codes(server, words, stretching), lanes.pupils, roster, clock)
    sessions = Sessions(storage, roster, clock, timedelta(minutes=config.inbox_minuten))
    executor = ActionExecutor()
    for action in all_actions(knowledge, mailbox, words, clock, timedelta(minutes=config.draad_minuten)):
        executor.register_action(action)
    return House(
        config=config,
        clock=clock,
        server=server,
        knowledge=knowledge,
        storage=storage,
        lanes=lanes,
        roster=roster,
        mailbox=mailbox,
        staff=Staff(storage, server, roster, sessions, lanes.staff, clock, stretching),
        inbox=Inbox(storage, server, clock, timedelta(days=config.bewaren_dagen)),
        actions=executor,
        conversation=Conversation(
            engine, understanding, executor, storage, mailbox, server, clock, timedelta(minutes=config.gesprek_minuten)
        ),
    )


def tls_context(config: Config) -> SSLContext | None:
    """The certificate of the settings, or None where there is none (loopback, or a proxy carries it)."""
    if config.tls is None:
        return None
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(config.tls.cert, config.tls.key)
    return context
