"""Whoever has the disk, a backup, the server key and the log finds nothing of what was typed, and opens nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import nacl.exceptions
import pytest
from nacl.public import PrivateKey, SealedBox

from bot.brievenbus.code import Codes
from bot.brievenbus.entries import entry_id, thread_key
from bot.brievenbus.keys import SealBroken, ServerKey, Stretching, decrypt, derive
from bot.brievenbus.padding import unpad
from bot.brievenbus.recovery import RecoveryKeyWrong, open_secret
from bot.brievenbus.words import load
from bot.server_key import read as read_server_key
from bot.storage.rows import TABLES
from tests.bot.conftest import FAST
from tests.bot.leaks import Haystack, planted, spellings
from tests.bot.main_job_over_http import CHAT, MAIL, NAMES, PASSWORDS

ROOT = Path(__file__).parents[2]
STAGES = (
    "enrolled",
    "in the middle of the form",
    "at the preview",
    "sent",
    "answered",
    "a message in the preview",
    "the message sent",
    "thrown away",
    "closed",
)
KINDS = (
    "pupil",
    "reader wrote",
    "reader",
    "password",
    "username",
    "recovery key",
    "code",
    "nonce",
    "sender token",
    "page id",
    "cookie",
    "csrf",
    "form",
    "invitation",
    "browser",
    "address",
    "notice token",
)


@dataclass(frozen=True)
class Stolen:
    """What the job left behind."""

    folder: Path
    log: bytes
    words: dict[str, list[str]]
    raw: dict[str, bytes]

    def files(self, stage: str) -> dict[str, bytes]:
        return {f"{stage}/{file.name}": file.read_bytes() for file in sorted((self.folder / stage).iterdir())}


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    folder = tmp_path_factory.mktemp("stolen") / "job"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "always", "-m", "tests.bot.main_job_over_http", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONASYNCIODEBUG": "1", "SANIC_DEBUG": "true"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    typed = json.loads((folder / "typed.json").read_text())
    log = done.stdout + done.stderr
    return Stolen(folder, log, typed["words"], {name: bytes.fromhex(value) for name, value in typed["raw"].items()})


@pytest.fixture(scope="module")
def haystack(stolen: Stolen) -> Haystack:
    parts: dict[str, bytes] = {"the log": stolen.log}
    seen: set[bytes] = set()
    for stage in STAGES:
        for name, content in stolen.files(stage).items():
            if content not in seen:
                parts[name] = content
                seen.add(content)
    return Haystack(parts)


# --- the search itself ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["kwispelstaart", "Zoë Fladderak", "203.0.113.77"])
def test_the_search_finds_a_word_in_every_encoding(word: str) -> None:
    for way, content in planted(word).items():
        around = (b"", b"") if way == "deflate" else (os.urandom(500), os.urandom(100))
        assert Haystack({"file": around[0] + content + around[1]}).find([word]), way
    assert Haystack({"file": os.urandom(20_000)}).find([word]) == []


def test_the_search_refuses_words_that_stand_in_anything() -> None:
    with pytest.raises(ValueError, match="too short"):
        spellings("kort")


def test_the_search_finds_what_is_in_clear(stolen: Stolen, haystack: Haystack) -> None:
    """The state and the school's slug are in clear; the log has lines at its most talkative level."""
    assert any("answered" in place for place in haystack.find(["in behandeling"]))
    assert any(b"jps" in content for content in stolen.files("sent").values())
    assert b"DEBUG rasa_sdk.executor" in stolen.log
    assert b"DEBUG httpcore" in stolen.log
    assert stolen.log.count(b"RuntimeError at ") >= 2  # errors that quote all they were given
    # The search reads base64: the server key stands in its own file, and in no other.
    assert {Path(place).name for place in haystack.holds(read_key_file(stolen))} == {"server.key"}
    assert {"brievenbus.db", "brievenbus.db-wal", "brievenbus.db-shm", "server.key", "backup.db"} == {
        Path(name).name for name in stolen.files("sent")
    }


# --- what is not found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_was_typed_or_given_out_is_found(stolen: Stolen, haystack: Haystack, kind: str) -> None:
    given = stolen.words[kind]
    assert given
    words = set(given)
    if kind in ("pupil", "reader wrote", "password"):
        words |= {word for text in given for word in re.findall(r"\w{7,}", text)}
    assert haystack.find(word for word in words if len(word) >= 6) == []


def test_every_kind_is_searched_for(stolen: Stolen) -> None:
    assert set(stolen.words) == set(KINDS)
    assert len(stolen.words["pupil"]) == 11
    assert len(stolen.words["cookie"]) >= 4


def test_no_key_stands_anywhere(stolen: Stolen, haystack: Haystack) -> None:
    for name, value in stolen.raw.items():
        if not name.startswith("locked:"):
            assert haystack.holds(value) == [], name


def test_what_was_thrown_away_is_gone_even_locked(stolen: Stolen, haystack: Haystack) -> None:
    drafts = {name: value for name, value in stolen.raw.items() if name.startswith("locked:")}
    assert len(drafts) == 2
    for value in drafts.values():
        places = haystack.holds(value)
        # While the server runs, the write-ahead log still has the locked bytes; after closing nothing has.
        assert [place for place in places if "wal" in place]
        assert not [place for place in places if place.startswith("closed/")]


def test_a_closed_store_leaves_no_other_files(stolen: Stolen) -> None:
    assert {Path(name).name for name in stolen.files("closed")} == {"brievenbus.db", "server.key", "backup.db"}


# --- and nothing opens ----------------------------------------------------------------------------------------------------


Row = dict[str, bytes | str | int | None]


class Thief:
    """Has the disk and the server key, and tries all that can be made of them as a key."""

    PURPOSES = (
        "thread",
        "code key",
        "code lookup",
        "code salt",
        "code words",
        "conversation",
        "conversation state",
        "delivery",
        "device",
        "entry id",
        "fingerprint",
        "form",
        "invitation",
        "message",
        "notice address",
        "notice link",
        "outbox",
        "nonce hash",
        "reader id",
        "reader name",
        "recovery key",
        "sender",
        "sent at",
        "session csrf",
        "session id",
        "session key",
        "username",
    )

    def __init__(self, database: Path, key: bytes) -> None:
        with closing(sqlite3.connect(database)) as db:
            db.row_factory = sqlite3.Row
            self.tables = {t.table: [dict(row) for row in db.execute(f"SELECT * FROM {t.table}")] for t in TABLES}
        self.key = key
        self.server = ServerKey(key)

    def values(self) -> list[bytes]:
        """Every value on the disk, and its pieces that have the length of a key."""
        found = {value for rows in self.tables.values() for row in rows for value in row.values() if isinstance(value, bytes)}
        found |= {
            str(v).encode() for rows in self.tables.values() for row in rows for v in row.values() if not isinstance(v, bytes)
        }
        return sorted(found | {value[:32] for value in found} | {value[-32:] for value in found}, key=lambda v: (len(v), v))

    def keys(self, more: Iterable[bytes] = ()) -> set[bytes]:
        """Keys of 32 bytes: what is stored, hashed, derived from the server key for each purpose, and from what is stored."""
        values = [*self.values(), *more]
        found = {self.key, bytes(32), thread_key(self.key)}
        for purpose in self.PURPOSES:
            found |= {self.server.key(purpose), self.server.mac(purpose), derive(self.key, purpose[:16])}
        for value in values:
            if len(value) == 32:
                found.add(value)
            if len(value) > 1024:
                continue
            found |= {hashlib.blake2b(value, digest_size=32).digest(), hashlib.sha256(value).digest()}
            for purpose in self.PURPOSES:
                found |= {self.server.key(purpose, value), self.server.mac(purpose, value)}
                if 16 <= len(value) <= 64:
                    found.add(derive(value, purpose[:16]))
                if len(value) == 16:
                    found.add(derive(self.key, purpose[:16], value))
        return found

    def sealed(self) -> Iterator[tuple[str, bytes, bytes]]:
        """(what, sealed bytes, what they are bound to) of everything that only a person's secret may open."""
        for row in self.tables["melding"]:
            yield "thread key", row["thread_locked"], row["id"]
            yield "sent at", row["sent_locked"], row["id"]
            yield "thread head", row["thread_head"], b"1" + row["id"] + b"thread head"
            yield "staff head", row["staff_head"], b"1" + row["id"] + b"staff head"
        for row in self.tables["entry"]:
            yield "entry", row["sealed"], b"1" + row["melding"] + row["id"]
        for row in self.tables["reader"]:
            yield "password", row["password_locked"], row["id"] + b"password"
            yield "recovery", row["recovery_locked"], row["id"] + b"recovery"
        for row in self.tables["session"]:
            yield "session", row["locked"], row["id"] + row["reader"] + row["version"].to_bytes(8, "big")
        for row in self.tables["conversation"]:
            yield "chat", row["locked"], row["id"] + row["version"].to_bytes(8, "big")

    def opened(self, keys: Iterable[bytes]) -> set[str]:
        """What opens with any of the keys."""
        found = set()
        everything = list(self.sealed())
        for key in keys:
            for what, sealed, bound in everything:
                if what not in found and _opens(key, sealed, bound):
                    found.add(what)
            for row in self.tables["melding_key"]:
                if "melding key" not in found and _unseals(key, row["sealed"]):
                    found.add("melding key")
        return found


def _opens(key: bytes, sealed: bytes, bound: bytes) -> bool:
    try:
        decrypt(key, sealed, bound)
    except SealBroken:
        return False
    return True


def _unseals(key: bytes, sealed: bytes) -> bool:
    try:
        SealedBox(PrivateKey(key)).decrypt(sealed)
    except nacl.exceptions.CryptoError:
        return False
    return True


def read_key_file(stolen: Stolen) -> bytes:
    return read_server_key(stolen.folder / "closed" / "server.key")


@pytest.fixture(scope="module")
def thief(stolen: Stolen) -> Thief:
    # The stage with most in it: a thread with an answer, sessions, and a chat in which the pupil has opened it.
    return Thief(stolen.folder / "a message in the preview" / "backup.db", read_key_file(stolen))


def test_disk_and_server_key_open_nothing(thief: Thief) -> None:
    keys = thief.keys()
    assert len(keys) > 3000
    assert all(thief.tables[name] for name in ("melding", "melding_key", "entry", "reader", "session", "conversation"))
    assert thief.opened(keys) == set()


def test_the_thief_would_know_how(stolen: Stolen, thief: Thief) -> None:
    """The same attempts succeed with one more thing: so it is the missing secret that stops them, and not a slip in the test."""
    assert thief.opened([stolen.raw["S"]]) >= {"staff head", "entry"}
    assert thief.opened([stolen.raw["T"]]) >= {"thread head", "entry"}
    assert thief.opened([stolen.raw["private key of Ivonne"]]) == {"melding key"}
    code = next(code for code in stolen.words["code"] if len(code.split(" ")) == 5)
    assert thief.opened([Codes(thief.server, load(), FAST).keys_for(tuple(code.split())).key]) == {"thread key"}
    assert thief.opened([derive(bytes.fromhex(stolen.words["nonce"][0]), "sent at")]) == {"sent at"}
    row = next(row for row in thief.tables["reader"] if thief.server.hash("username", b"ivonne.jps") == row["username_hash"])
    password = Stretching(row["ops"], row["memory"]).stretch(PASSWORDS["Ivonne"], row["salt"], 32)
    assert thief.opened([password]) == {"password"}
    cookies = [base64.urlsafe_b64decode(cookie) for cookie in stolen.words["cookie"] if len(cookie) == 44]
    assert thief.opened([derive(cookie, "session key") for cookie in cookies]) == {"session"}
    tokens = [thief.server.key("conversation state", token.encode()) for token in stolen.words["sender token"]]
    assert thief.opened(tokens) == {"chat"}
    assert open_secret(stolen.words["recovery key"][0], row["id"], row["recovery_locked"]) == stolen.raw["private key of Ivonne"]


def test_a_guessed_recovery_key_opens_nothing(thief: Thief) -> None:
    row = thief.tables["reader"][0]
    for value in thief.values():
        guess = base64.b32encode(value[:20].ljust(20, b"\0")).decode()
        with pytest.raises(RecoveryKeyWrong):
            open_secret(guess, row["id"], row["recovery_locked"])


def test_the_pupils_code_opens_nothing_of_staff(stolen: Stolen, thief: Thief) -> None:
    """T is made from S by a one-way function: with the code a thief reads the thread, never notes or who is excluded."""
    thread = stolen.raw["T"]
    more = {derive(thread, purpose[:16]) for purpose in Thief.PURPOSES} | {thread, hashlib.sha256(thread).digest()}
    assert "staff head" not in thief.opened(more)
    ids = {row["id"] for row in thief.tables["entry"]}
    melding = thief.tables["melding"][0]["id"]
    of_thread = {entry_id(thread, melding, number) for number in range(50)} & ids
    of_staff = {entry_id(stolen.raw["S"], melding, number) for number in range(50)} & ids
    assert len(of_thread) == 4  # the melding, read, the answer, in behandeling
    assert len(of_staff) == 2  # who may read, and a note
    assert of_thread | of_staff == ids
    for row in thief.tables["entry"]:
        assert _opens(thread, row["sealed"], b"1" + melding + row["id"]) is (row["id"] in of_thread)


def test_without_the_server_key_nobody_knows_where_readers_get_their_notices(thief: Thief) -> None:
    """Said in the threat model: with it, their addresses are readable, as they must be to send them anything."""
    found = set()
    for row in thief.tables["notice_address"]:
        key = thief.server.key("notice address", row["id"], row["reader"])
        found.add(json.loads(unpad(decrypt(key, row["locked"], b"notice address")))[1])
        for other in (bytes(32), os.urandom(32)):
            assert not _opens(ServerKey(other).key("notice address", row["id"], row["reader"]), row["locked"], b"notice address")
    assert found == {MAIL, str(CHAT)}
    # What waits says for whom, and that something does; never what.
    reader = next(row["reader"] for row in thief.tables["notice_address"])
    waiting = [
        json.loads(unpad(decrypt(thief.server.key("outbox", b"seintje"), row["locked"], row["id"])))
        for row in thief.tables["outbox"]
    ]
    assert sorted(waiting) == [[f"{way} {reader.hex()}", {"spoed": True}, 0] for way in ("mail", "telegram")]


def test_the_server_key_shows_who_works_here_and_no_more(thief: Thief) -> None:
    """Said in the threat model: with the server key the names of readers are readable, without it not even these."""
    found = set()
    for row in thief.tables["reader"]:
        found.add(decrypt(thief.server.key("reader name", row["id"]), row["name_locked"], b"name").decode())
        for key in (bytes(32), os.urandom(32)):
            assert not _opens(ServerKey(key).key("reader name", row["id"]), row["name_locked"], b"name")
    assert found == set(NAMES.values())
