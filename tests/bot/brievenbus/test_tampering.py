"""Somebody writes in the database without a key: for every column of every table, what each person then sees."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace

import httpx
import pytest
import pytest_asyncio
from nacl.public import PrivateKey, PublicKey, SealedBox

from bot.brievenbus.entries import (
    entry_id,
    open_entry,
    open_staff_head,
    open_thread_head,
)
from bot.brievenbus.inbox import ChangedMeanwhile
from bot.brievenbus.keys import SealBroken, encrypt
from bot.brievenbus.padding import pad, pad_to
from bot.brievenbus.staff import LoginRefused
from bot.effects import AddMessage, PostMelding
from bot.storage import (
    EntryRow,
    Insert,
    MeldingRow,
    ReaderRow,
    SeenRow,
    StorageProblem,
    UnitOfWork,
)
from bot.storage.rows import TABLES
from bot.web import serve
from tests.bot.brievenbus.tamper import changed_columns, changed_rows, targets
from tests.bot.brievenbus.world import World, make_world
from tests.bot.conftest import PASSWORD

pytestmark = pytest.mark.asyncio(loop_scope="module")

Seen = dict[str, str]
BOTH = ("Ivonne", "Antje")


def _each(what: str, melding: str, word: str, who: tuple[str, ...] = BOTH) -> Seen:
    return {f"{what} {name} {melding}": word for name in who}


def damaged(*meldingen: str, repeat: bool = True, pupil: bool = True) -> Seen:
    """These meldingen are refused to everybody, and stand in the queue as damaged; all else opens."""
    seen: Seen = {}
    for melding in meldingen:
        seen |= _each("queue", melding, "damaged") | _each("open", melding, "SealBroken")
        seen |= {f"code {melding}": "SealBroken"} if pupil else {}
        seen |= {f"again {melding}": "SealBroken"} if repeat else {}
    return seen


def without(*people: str) -> Seen:
    """These readers are logged out, and see nothing."""
    seen: Seen = {}
    for who in people:
        seen |= {f"session {who}": "None", f"counts {who}": "-"}
        seen |= {f"{what} {who} {melding}": "-" for what in ("queue", "open") for melding in "ABC"}
        seen |= {f"queue {who} a stranger": "-"}
    return seen | ({"double click": "-"} if "Ivonne" in people else {})


COUNTS = {"counts Ivonne": "counts", "counts Antje": "counts"}
NOTE_REFUSED = {"double click": "SealBroken"}
A_DAMAGED = damaged("A") | NOTE_REFUSED
AB_DAMAGED = damaged("A", "B") | NOTE_REFUSED
A_NOT_OF_ITS_KEYS = (
    {"code A": "SealBroken", "again A": "SealBroken", "double click": "MeldingUnknown"}
    | COUNTS
    | _each("queue", "A", "None")
    | _each("open", "A", "MeldingUnknown")
)
A_GONE = A_NOT_OF_ITS_KEYS | {"code A": "CodeUnknown", "again A": "None"}
A_STATE = damaged("A", repeat=False)
AB_STATE = damaged("A", "B", repeat=False)
KEY_GONE = {
    "counts Antje": "counts",
    "queue Antje A": "None",
    "open Antje A": "MeldingUnknown",
    "open Ivonne A": "missing Antje",
}
KEY_BROKEN = _each("queue", "A", "damaged", ("Antje",)) | _each("open", "A", "SealBroken", ("Antje",))
KEYS_BROKEN = KEY_BROKEN | _each("queue", "B", "damaged", ("Antje",)) | _each("open", "B", "SealBroken", ("Antje",))
A_PART = {"code A": "broken"} | _each("open", "A", "broken")
AB_PART = A_PART | {"code B": "broken"} | _each("open", "B", "broken")
A_TWO_PARTS = {"code A": "broken broken"} | _each("open", "A", "broken broken")
A_NOTE = _each("open", "A", "broken")
AB_NOTE = A_NOTE | _each("open", "B", "broken")
READER = (
    without("Antje")
    | {"log-in Antje": "LoginRefused", "recover Antje": "LoginRefused"}
    | {"roster": "sound=False accepts=False Ivonne,Truus"}
)
READERS = READER | without("Ivonne") | {"log-in Ivonne": "LoginRefused", "roster": "sound=False accepts=False Truus"}
LIST = {"roster": "sound=False accepts=False Antje,Ivonne,Truus"}
# A new password needs a new proof of the list, and an unsound list is never signed.
LIST_UNSOUND = LIST | {"recover Antje": "SealBroken"}
INVITATION = {"invitation": "InvitationUnknown"}
SESSION, SESSIONS = without("Ivonne"), without("Ivonne", "Antje")
CHAT = {"chat": "utter_gesprek_verlopen utter_menu"}
CHATS = CHAT | {"second delivery": "utter_gesprek_verlopen utter_menu"}
CHAT_ANEW = {"chat": "utter_niet_begrepen utter_menu"}
SEEN = {"second delivery": "utter_ask_melding_form_hoe_vaak"}  # taken as an answer once more
UNNOTICED: Seen = {}
NO_NOTICE = {"sent Ivonne": "nothing"}
NO_NOTICES = {**NO_NOTICE, "sent Antje": "nothing"}
NO_ADDRESS = {"notices Antje": ""}
NO_ADDRESSES = {**NO_ADDRESS, "notices Ivonne": ""}
NO_LINK = {"link Truus": "LinkUnknown"}
NO_LINKS = {**NO_LINK, "link Mina": "LinkUnknown"}
# A chat on Telegram chooses its school again.
FORGOTTEN = {"telegram-1": " told=False"}
FORGOTTEN_BOTH = {**FORGOTTEN, "telegram-2": " told=False"}

# For every column: what is seen when it is altered or cut off, and when it is swapped with that of another row.
COLUMNS: Mapping[tuple[str, str], tuple[Seen, Seen]] = {
    ("melding", "id"): (A_NOT_OF_ITS_KEYS, AB_DAMAGED),
    ("melding", "school"): (A_DAMAGED, UNNOTICED),  # one school: nothing to swap with
    ("melding", "half_day"): (A_DAMAGED, UNNOTICED),
    ("melding", "version"): (A_DAMAGED, UNNOTICED),
    ("melding", "code_lookup"): (A_DAMAGED | {"code A": "CodeUnknown"}, AB_DAMAGED),
    ("melding", "thread_locked"): (A_DAMAGED, AB_DAMAGED),
    ("melding", "nonce_hash"): (A_DAMAGED | {"again A": "None"}, AB_DAMAGED),
    ("melding", "sent_locked"): (A_DAMAGED, AB_DAMAGED),
    ("melding", "mac"): (A_DAMAGED, AB_DAMAGED),
    ("melding", "state"): (A_STATE | COUNTS, UNNOTICED),
    ("melding", "urgency"): (A_STATE, AB_STATE),
    ("melding", "due"): (A_STATE, UNNOTICED),
    ("melding", "thread_head"): (A_STATE, AB_STATE),
    ("melding", "staff_head"): (
        damaged("A", repeat=False, pupil=False) | NOTE_REFUSED,
        damaged("A", "B", repeat=False, pupil=False) | NOTE_REFUSED,
    ),
    ("melding_key", "melding"): (KEY_GONE, KEYS_BROKEN),
    ("melding_key", "reader"): (KEY_GONE, UNNOTICED),
    ("melding_key", "sealed"): (KEY_BROKEN, KEYS_BROKEN),
    ("melding_key", "mac"): (KEY_BROKEN, KEYS_BROKEN),
    **{("entry melding", column): (A_PART, AB_PART) for column in ("id", "melding", "sealed")},
    ("entry melding", "size"): (A_PART, UNNOTICED),
    **{("entry answer", column): (A_PART, A_TWO_PARTS) for column in ("id", "sealed")},
    **{("entry answer", column): (A_PART, UNNOTICED) for column in ("melding", "size")},
    **{(f"entry {kind}", column): (A_NOTE, AB_NOTE) for kind in ("start", "note") for column in ("id", "melding", "sealed")},
    **{(f"entry {kind}", "size"): (A_NOTE, UNNOTICED) for kind in ("start", "note")},
    **{("reader", f.name): (READER, READERS) for f in fields(ReaderRow)},
    **{("roster", column): (LIST_UNSOUND, LIST_UNSOUND) for column in ("school", "version", "mac")},
    **{("invitation", column): (INVITATION, UNNOTICED) for column in ("id", "school", "half_day", "name_locked", "mac")},
    **{("session", column): (SESSION, SESSIONS) for column in ("id", "reader", "version", "locked")},
    # Only the sweeper looks at it; how long a session lives stands inside the lock.
    ("session", "half_day"): (UNNOTICED, UNNOTICED),
    ("conversation", "id"): (CHAT_ANEW, CHATS),
    ("conversation", "version"): (CHAT, CHATS),
    ("conversation", "locked"): (CHAT, CHATS),
    ("conversation", "half_day"): (UNNOTICED, UNNOTICED),
    # A notice that is lost is not missed; the inbox shows what waits.
    **{("outbox", column): (NO_NOTICE, NO_NOTICES) for column in ("id", "locked")},
    ("outbox", "kind"): (NO_NOTICE, UNNOTICED),
    # They say when it is tried, not what; sooner, more often, or never.
    **{("outbox", column): (UNNOTICED, UNNOTICED) for column in ("next_try", "attempts")},
    **{("notice_address", column): (NO_ADDRESS, NO_ADDRESSES) for column in ("id", "reader", "locked")},
    **{("notice_link", column): (NO_LINK, NO_LINKS) for column in ("id", "reader", "locked")},
    ("notice_link", "half_day"): (UNNOTICED, UNNOTICED),
    **{("chat", column): (FORGOTTEN, FORGOTTEN_BOTH) for column in ("id", "locked")},
    **{("chat", column): (UNNOTICED, UNNOTICED) for column in ("version", "half_day")},
    ("seen", "id"): (SEEN, UNNOTICED),
    ("seen", "half_day"): (UNNOTICED, UNNOTICED),
}
# For the row as a whole.
ROWS: Mapping[tuple[str, str], Seen] = {
    ("melding", "deleted"): A_GONE,
    ("melding", "swapped"): AB_DAMAGED,
    # The queue shows the old state; who opens it learns that it was put back.
    ("melding", "put back"): COUNTS
    | _each("queue", "A", "nieuw unread")
    | _each("open", "A", "SealBroken")
    | {"code A": "SealBroken"},
    ("melding", "doubled"): UNNOTICED,  # nobody holds a key for it
    ("melding_key", "deleted"): KEY_GONE,
    ("melding_key", "swapped"): KEYS_BROKEN,
    ("melding_key", "doubled"): UNNOTICED,
    ("entry melding", "deleted"): A_PART,
    ("entry melding", "swapped"): AB_PART,
    ("entry answer", "deleted"): A_PART,
    ("entry answer", "swapped"): A_TWO_PARTS,
    **{(f"entry {kind}", "deleted"): A_NOTE for kind in ("start", "note")},
    **{(f"entry {kind}", "swapped"): AB_NOTE for kind in ("start", "note")},
    **{(f"entry {kind}", "doubled"): UNNOTICED for kind in ("melding", "answer", "start", "note")},
    ("reader", "deleted"): READER,
    ("reader", "swapped"): READERS,
    ("reader", "put back"): LIST | {"recover Antje": "LoginRefused"},  # the recovery key of the old row was replaced
    ("reader", "doubled"): LIST_UNSOUND,
    **{("roster", kind): LIST_UNSOUND for kind in ("deleted", "swapped", "put back")},
    ("roster", "doubled"): UNNOTICED,
    ("invitation", "deleted"): INVITATION,
    ("invitation", "doubled"): UNNOTICED,
    ("session", "deleted"): SESSION,
    ("session", "swapped"): SESSIONS,
    # An older row of the same session ends sooner, never later; see test_a_session_is_not_prolonged.
    ("session", "put back"): UNNOTICED,
    ("session", "doubled"): UNNOTICED,
    ("conversation", "deleted"): CHAT_ANEW,
    ("conversation", "swapped"): CHATS,
    # Where the chat was a moment ago; only who holds the token gets that far.
    ("conversation", "put back"): {"chat": "utter_ask_melding_form_waar"},
    ("conversation", "doubled"): UNNOTICED,
    ("outbox", "deleted"): NO_NOTICE,
    ("outbox", "swapped"): NO_NOTICES,
    ("outbox", "put back"): UNNOTICED,
    ("outbox", "doubled"): UNNOTICED,
    ("notice_address", "deleted"): NO_ADDRESS,
    ("notice_address", "swapped"): NO_ADDRESSES,
    # An address of before: a notice without content goes there, or is tried there in vain.
    ("notice_address", "put back"): {"notices Antje": "Antje@example.org"},
    ("notice_address", "doubled"): UNNOTICED,
    ("notice_link", "deleted"): NO_LINK,
    ("notice_link", "swapped"): NO_LINKS,
    ("notice_link", "doubled"): UNNOTICED,
    ("chat", "deleted"): FORGOTTEN,
    ("chat", "swapped"): FORGOTTEN_BOTH,
    ("chat", "put back"): {"telegram-1": "jps told=False"},
    ("chat", "doubled"): UNNOTICED,
    ("seen", "deleted"): SEEN,
    ("seen", "swapped"): UNNOTICED,
    ("seen", "doubled"): UNNOTICED,
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    made = await make_world(tmp_path_factory.mktemp("tampering") / "data")
    yield made
    made.restore()
    await made.house.close()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def _restored(world: World) -> AsyncIterator[None]:
    yield
    world.restore()


async def test_every_column_of_every_table_has_an_expectation() -> None:
    columns = {(table.table, f.name) for table in TABLES for f in fields(table)}
    assert {(target.split()[0], column) for target, column in COLUMNS} == columns
    by_target = defaultdict(set)
    for target, column in COLUMNS:
        by_target[target].add(column)
    for target, found in by_target.items():
        assert found == {column for table, column in columns if table == target.split()[0]}
    assert {target for target, _ in ROWS} == set(by_target)


async def test_a_look_changes_nothing_by_itself(world: World) -> None:
    assert world.changes(await world.look()) == {}
    assert world.seen_before["double click"] == "AlreadyDone"


@pytest.mark.parametrize("target", sorted({target for target, _ in COLUMNS}))
async def test_a_column_that_was_altered_cut_off_or_swapped(world: World, target: str) -> None:
    table, place, other = (await targets(world))[target]
    tried = defaultdict(int)
    for column, kind, rows in changed_columns(world, table, place, other):
        world.put(rows)
        expected = COLUMNS[target, column][kind == "swapped"]
        assert world.changes(await world.look()) == expected, (target, column, kind)
        tried[column] += 1
        world.restore()
    assert set(tried) == {column for name, column in COLUMNS if name == target}


@pytest.mark.parametrize("target", sorted({target for target, _ in ROWS}))
async def test_a_row_that_was_deleted_put_back_doubled_or_swapped(world: World, target: str) -> None:
    table, place, other = (await targets(world))[target]
    tried = set()
    for kind, rows in changed_rows(world, table, place, other):
        world.put(rows)
        assert world.changes(await world.look()) == ROWS[target, kind], (target, kind)
        tried.add(kind)
        world.restore()
    assert tried == {kind for name, kind in ROWS if name == target}


# --- what somebody would want --------------------------------------------------------------------------------------------


async def test_no_reader_is_added_by_writing_in_the_database(world: World) -> None:
    # Given somebody with a key pair and a password, who copies the best row there is
    rows = world.rows()
    mine = PrivateKey.generate()
    antje = next(row for row in rows["reader"] if _reader(world, row) == "Antje")
    for change in (
        {"public_key": bytes(mine.public_key)},
        {"id": b"m" * 16, "username_hash": b"u" * 16, "public_key": bytes(mine.public_key)},
        {"id": b"m" * 16, "username_hash": b"u" * 16, "public_key": bytes(mine.public_key), "mac": b"x" * 32},
    ):
        row = {**antje, **change}
        others = [one for one in rows["reader"] if one["id"] != row["id"]]
        world.put({**rows, "reader": [*others, row]})
        # Then nothing is taken for this school until somebody has looked, so nothing is sealed to that key
        found = await world.house.roster.of("jps")
        assert not found.sound
        assert not found.accepts
        assert all(reader.public_key != bytes(mine.public_key) for reader in found.readers)
        world.restore()


async def test_a_waiting_reader_does_not_become_active(world: World) -> None:
    rows = world.rows()
    for row in rows["reader"]:
        if _reader(world, row) == "Truus":
            row["state"] = "actief"
    world.put(rows)
    found = await world.house.roster.of("jps")
    assert not found.accepts
    assert "Truus" not in [reader.name for reader in found.active]


async def test_no_melding_entry_or_key_is_added(world: World) -> None:
    house, melding = world.house, world.meldingen["C"]
    rows = world.rows()
    antje = await house.staff.session(world.cookies["Antje"])
    assert antje is not None
    # Given a copy of C with a key of one's own making for Antje, who is excluded from it
    forged = bytes(SealedBox(PublicKey(antje.reader.public_key)).encrypt(b"s" * 32 + melding.id))
    world.put(
        {
            **rows,
            "melding_key": [
                *rows["melding_key"],
                {"melding": melding.id, "reader": antje.reader.id, "sealed": forged, "mac": b"m" * 32},
            ],
        }
    )
    with pytest.raises(SealBroken):
        await house.inbox.open(antje, melding.id)
    world.restore()

    # Given entries that somebody without the key made up, under every id that can be guessed
    guesses = [bytes(16), melding.id, b"\xff" * 16]
    made_up = [
        {"id": ident, "melding": melding.id, "size": 1024, "sealed": encrypt(b"k" * 32, pad(b"{}"), ident)} for ident in guesses
    ]
    world.put({**rows, "entry": [*rows["entry"], *made_up]})
    assert world.changes(await world.look()) == {}


async def test_an_old_head_is_refused_to_who_writes_too(world: World) -> None:
    house, a = world.house, world.meldingen["A"]
    ivonne = await house.staff.session(world.cookies["Ivonne"])
    assert ivonne is not None
    thread = await house.mailbox.open(a.words)
    late = world.rows()
    old = next(row for row in world.early["melding"] if row["id"] == a.id)
    world.put({**late, "melding": [*(row for row in late["melding"] if row["id"] != a.id), old]})

    with pytest.raises(SealBroken):
        await house.mailbox.write(AddMessage(a.id, thread.thread_key, b"n" * 16, "Nog iets."))
    # The page then shows the melding again, and says that it is damaged.
    with pytest.raises(ChangedMeanwhile):
        await house.inbox.answer(ivonne, a.id, "Antwoord.", "form-old")
    assert len(world.rows()["entry"]) == len(late["entry"])


async def test_what_was_sent_is_not_sent_again_from_an_older_conversation(world: World) -> None:
    """Putting an older chat back makes no second melding: the nonce was used."""
    house, nonce = world.house, world.meldingen["A"].nonce
    ivonne = next(reader for reader in (await house.roster.of("jps")).readers if reader.name == "Ivonne")
    operations = await house.mailbox.post(
        PostMelding("jps", nonce, (("Wat?", "Iets anders."),), frozenset({ivonne.id}), (), False)
    )
    with pytest.raises(StorageProblem):
        await house.storage.commit(UnitOfWork(operations))
    assert len(world.rows()["melding"]) == 3


async def test_a_session_is_not_prolonged(world: World) -> None:
    house, cookie = world.house, world.cookies["Ivonne"]
    started = house.clock.now()
    session = await house.staff.session(cookie)
    assert session is not None
    late = world.rows()
    for row in late["session"]:
        row["half_day"] = 2**40
    world.put(late)
    house.clock.advance(minutes=31)  # type: ignore[attr-defined]
    try:
        assert await house.staff.session(cookie) is None
    finally:
        house.clock.set(started)  # type: ignore[attr-defined]


async def test_parameters_of_argon2_are_checked_before_they_are_used(world: World) -> None:
    """An altered row must not make the server take a terabyte for an hour."""
    rows = world.rows()
    for row in rows["reader"]:
        row["ops"], row["memory"] = 2**31, 2**42
    world.put(rows)
    async with asyncio.timeout(2):
        for username in world.usernames.values():
            with suppress(LoginRefused):
                await world.house.staff.login(username, PASSWORD)


async def test_a_value_that_cannot_be_kept_does_not_stop_the_writer(world: World) -> None:
    storage = world.house.storage
    with pytest.raises(OverflowError):
        await storage.commit(UnitOfWork((Insert(SeenRow(b"too large", 2**63)),)))
    async with asyncio.timeout(2):
        await storage.commit(UnitOfWork((Insert(SeenRow(b"just right", 1)),)))
    assert await storage.get(SeenRow, {"id": b"just right"}) is not None


async def test_a_conversation_with_the_highest_number_goes_on(world: World) -> None:
    rows = world.rows()
    for row in rows["conversation"]:
        row["version"] = 2**63 - 1
    world.put(rows)
    async with asyncio.timeout(2):
        assert await world._says("chat-1", "/menu") == ("utter_gesprek_verlopen", "utter_menu")
        assert await world._says("chat-1", "/ben_leerling") != ("utter_storing",)


# --- with a key, but another program ------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [b"", b"[]", b"[1,2,3]", b"{}", b"\xff\xfe", b"null", b"[" * 16_000, b'[0,"x","y",0,"",{}]'])
async def test_what_opens_but_is_not_ours_is_broken_and_no_traceback(world: World, plain: bytes) -> None:
    key, melding = b"k" * 32, b"m" * 16
    ident = entry_id(key, melding, 0)
    row = EntryRow(ident, melding, len(pad(plain)), encrypt(key, pad(plain), b"1" + melding + ident))
    with pytest.raises(SealBroken):
        open_entry(key, 0, row)
    if len(plain) < 200:
        with pytest.raises(SealBroken):
            open_thread_head(key, melding, encrypt(key, pad_to(plain, 256), b"1" + melding + b"thread head"))
        with pytest.raises(SealBroken):
            open_staff_head(key, melding, encrypt(key, pad_to(plain, 256), b"1" + melding + b"staff head"))


async def test_the_pupils_key_writes_no_note(world: World) -> None:
    """Whoever has the code has T; S and what is sealed under it stay out of reach."""
    house, a = world.house, world.meldingen["A"]
    thread = (await house.mailbox.open(a.words)).thread_key
    row = await house.storage.get(MeldingRow, {"id": a.id})
    assert row is not None
    with pytest.raises(SealBroken):
        open_staff_head(thread, a.id, row.staff_head)
    rows = {entry.id: entry for entry in await house.storage.find(EntryRow, {"melding": a.id})}
    mine = {entry_id(thread, a.id, number): number for number in range(20)}
    opened = [open_entry(thread, number, rows[ident]) for ident, number in mine.items() if ident in rows]
    assert len(opened) == len(world.seen_before["code A"].entries)  # type: ignore[attr-defined]
    staff_rows = set(rows) - set(mine)
    assert staff_rows
    for ident in staff_rows:
        for number in range(3):
            with pytest.raises(SealBroken):
                open_entry(thread, number, replace(rows[ident], id=entry_id(thread, a.id, number)))


# --- the pages ----------------------------------------------------------------------------------------------------------


async def test_every_page_stands_whatever_a_column_holds(world: World) -> None:
    """Over HTTP: after any change to a melding, a key, an entry or a session, each page has a text for it."""
    serving = await serve(world.house.app(), "127.0.0.1", 0)
    names = await targets(world)
    a, b = world.meldingen["A"].id.hex(), world.meldingen["B"].id.hex()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{serving.port}", trust_env=False) as client:
            client.cookies.set("brievenbus", world.cookies["Ivonne"])
            fresh = {page: (await client.get(page)).status_code for page in ("/inbox/", "/inbox/mensen", f"/inbox/melding/{b}")}
            assert set(fresh.values()) == {200}
            world.restore()
            for target in ("melding", "entry melding", "entry start", "reader", "roster", "session"):
                table, place, other = names[target]
                for column, kind, rows in changed_columns(world, table, place, other):
                    if kind != "altered":
                        continue
                    world.put(rows)
                    for page in ("/inbox/", f"/inbox/melding/{a}", f"/inbox/melding/{b}", "/inbox/mensen", "/jps/"):
                        answer = await client.get(page)
                        assert "<h1" in answer.text, (target, column, page)
                        if target in ("reader", "roster") and page.startswith("/inbox/m") and page.endswith("n"):
                            assert "Deze lijst klopt niet" in answer.text
                        assert "Traceback" not in answer.text
                        if page != f"/inbox/melding/{a}" and target != "session":
                            assert answer.status_code == 200, (target, column, page, rows[table][place][column])
                        else:
                            assert answer.status_code in (200, 401, 404, 500), (target, column, page)
                            if answer.status_code == 500:
                                assert "Deze melding is beschadigd" in answer.text
                    world.restore()
    finally:
        await serving.stop()


def _reader(world: World, row: dict[str, object]) -> str:
    return world.house.roster.open(ReaderRow(**row)).name  # type: ignore[arg-type]
