"""The direction of imports: who may know of whom. Each rule is also tried on a module that breaks it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
NETWORK = (
    "socket",
    "ssl",
    "http",
    "urllib",
    "requests",
    "httpx",
    "aiohttp",
    "websockets",
    "smtplib",
    "asyncio",
    "sanic",
    "telegram",
)
CLOCKS = ("time", "sched", "zoneinfo")
TELLS_TIME = {"now", "today", "utcnow", "fromtimestamp"}
SQL = re.compile(
    r"\b(SELECT\b.*\bFROM|SELECT\s+(1|\*|[a-z_]+\()|INSERT\s+(OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM"
    r"|PRAGMA\s+\w+|(CREATE|DROP|ALTER)\s+(UNIQUE\s+|VIRTUAL\s+)?(TABLE|INDEX|TRIGGER|VIEW)|BEGIN\s+(IMMEDIATE|EXCLUSIVE|TRANSACTION))\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Module:
    """A module of ours, parsed.

    Attributes:
        name: dotted, without ``__init__``.
        package: whether it is a package, which relative imports count from.
    """

    name: str
    package: bool
    tree: ast.Module

    def within(self, *rooms: str) -> bool:
        return any(self.name == room or self.name.startswith(f"{room}.") for room in rooms)


def parse(path: str, source: str) -> Module:
    parts = path.removesuffix(".py").split("/")
    package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if package else parts), package, ast.parse(source, path))


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    files = [file for room in ("bot", "dialogues", "knowledge") for file in sorted((CHECKOUT / room).rglob("*.py"))]
    return [parse(str(file.relative_to(CHECKOUT)), file.read_text(encoding="utf-8")) for file in files]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Everything that is imported, also inside functions, by line and full name; ``from a import b`` counts as a.b."""
    here = module.name.split(".")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + module.package] if node.level else []
            base = [*above, *([node.module] if node.module else [])]
            yield from ((node.lineno, ".".join([*base, alias.name])) for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("import_module", "__import__"):
                yield node.lineno, node.args[0].value


def importing(module: Module, *forbidden: str) -> Iterator[str]:
    for line, name in imports(module):
        if any(name == one or name.startswith(f"{one}.") for one in forbidden):
            yield f"{module.name}:{line} imports {name}"


def dialogues_and_knowledge_know_nobody(module: Module) -> Iterator[str]:
    for room, other in (("dialogues", "knowledge"), ("knowledge", "dialogues")):
        if module.within(room):
            yield from importing(module, "bot", "tests", other, *NETWORK, *CLOCKS)


def dialogues_and_knowledge_ask_no_clock(module: Module) -> Iterator[str]:
    if module.within("dialogues", "knowledge"):
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Attribute) or node.attr not in TELLS_TIME:
                continue
            if (getattr(node.value, "id", None) or getattr(node.value, "attr", None)) in ("date", "datetime"):
                yield f"{module.name}:{node.lineno} asks what time it is"


def bot_does_not_know_its_tests(module: Module) -> Iterator[str]:
    if module.within("bot"):
        yield from importing(module, "tests")


def the_brievenbus_knows_no_channel_and_no_database(module: Module) -> Iterator[str]:
    if module.within("bot.brievenbus"):
        outside = ("bot.web", "bot.inbox", "bot.channels", "bot.storage.sqlite", "bot.house", "bot.cli")
        yield from importing(module, *outside, "sanic", "telegram", "sqlite3", "sqlite_utils")


def channels_know_no_storage(module: Module) -> Iterator[str]:
    if module.within("bot.channels", "bot.web"):
        yield from importing(module, "bot.storage", "sqlite3", "sqlite_utils")


def only_storage_speaks_sql(module: Module) -> Iterator[str]:
    if module.within("bot.storage"):
        return
    descriptions = {id(node.value) for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in descriptions
            and SQL.search(node.value)
        ):
            yield f"{module.name}:{node.lineno} speaks SQL"


def only_storage_opens_databases(module: Module) -> Iterator[str]:
    # knowledge may open its own read-only index
    if module.within("bot", "dialogues") and not module.within("bot.storage"):
        yield from importing(module, "sqlite3", "sqlite_utils", "psycopg", "apsw")


Rule = Callable[[Module], Iterator[str]]
# What each rule must find: files with a line that breaks it. And what it must leave alone.
BROKEN: Mapping[Rule, Mapping[str, str]] = {
    dialogues_and_knowledge_know_nobody: {
        "dialogues/engine.py": "from bot.clock import Clock",
        "dialogues/a/b.py": "from ... import bot",
        "dialogues/reader.py": "from knowledge import load",
        "knowledge/__init__.py": "import dialogues",
        "knowledge/search.py": "def f():\n    import urllib.request",
        "knowledge/later.py": "if TYPE_CHECKING:\n    from bot.config import Config",
        "knowledge/sly.py": "importlib.import_module('bot.web')",
        "dialogues/wait.py": "from time import sleep",
        "dialogues/loop.py": "import asyncio",
    },
    dialogues_and_knowledge_ask_no_clock: {
        "knowledge/helplines.py": "import datetime\nx = datetime.date.today()",
        "dialogues/engine.py": "tell = datetime.now",
    },
    bot_does_not_know_its_tests: {"bot/cli.py": "from tests.conftest import NetworkUsed"},
    the_brievenbus_knows_no_channel_and_no_database: {
        "bot/brievenbus/melding.py": "from bot.web.server import app",
        "bot/brievenbus/__init__.py": "from ..inbox import pages",
        "bot/brievenbus/keys.py": "from bot.storage import sqlite",
        "bot/brievenbus/names.py": "from bot import channels",
        "bot/brievenbus/padding.py": "import sanic.response",
    },
    channels_know_no_storage: {
        "bot/channels/terminal.py": "import bot.storage",
        "bot/web/chat.py": "from ..storage.sqlite import Store",
    },
    only_storage_speaks_sql: {
        "bot/turn.py": 'x = f"select naam from {table}"',
        "bot/inbox/pages.py": 'x = """\n  INSERT OR IGNORE INTO melding VALUES (1)"""',
        "bot/web/server.py": 'db.execute("PRAGMA user_version")',
        "bot/house.py": 'db.execute("update melding set staat = 1")',
        "knowledge/index.py": 'db.execute("CREATE VIRTUAL TABLE stuk USING fts5(tekst)")',
        "dialogues/engine.py": 'db.execute("DELETE FROM x")',
        "bot/effects.py": 'db.execute("BEGIN IMMEDIATE")',
    },
    only_storage_opens_databases: {
        "bot/house.py": "import sqlite_utils",
        "bot/brievenbus/x.py": "from sqlite3 import connect",
    },
}
SOUND: Mapping[str, str] = {
    "bot/turn.py": '"""Select a turn from the queue."""\nfrom dialogues import load\nimport asyncio\nx = "insert a coin"',
    "bot/storage/sqlite.py": 'import sqlite3\nx = "SELECT 1"',
    "bot/brievenbus/melding.py": "from .keys import Keys\nfrom bot.clock import Clock\nfrom bot.storage import Store",
    "bot/web/chat.py": "from bot.conversation import Conversation\nfrom . import server",
    "dialogues/engine.py": "from .tracker import Tracker\nx = turn.now()\nfrom datetime import date\nfrom knowledgeable import x",
    "knowledge/index.py": "import sqlite3\nfrom . import dialogues_of_others",
}


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_the_house_keeps_the_rule(rule: Rule, modules: list[Module]) -> None:
    assert {module.name.split(".")[0] for module in modules} == {"bot", "dialogues", "knowledge"}
    assert [found for module in modules for found in rule(module)] == []


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        pytest.param(rule, path, source, id=f"{rule.__name__}-{path}")
        for rule, planted in BROKEN.items()
        for path, source in planted.items()
    ],
)
def test_the_rule_finds_who_breaks_it(rule: Rule, path: str, source: str) -> None:
    assert len(list(rule(parse(path, source)))) == 1


@pytest.mark.parametrize("path", SOUND)
def test_the_rules_leave_sound_modules_alone(path: str) -> None:
    assert [found for rule in BROKEN for found in rule(parse(path, SOUND[path]))] == []
