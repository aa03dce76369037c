"""Promise 1 under ``kill -9`` and power loss: at no statement and no await is a confirmed melding lost, or one made twice.

Each test does one thing of a person once in a process that lives, to count the points; then once for every point, in a process
that is killed there. After each kill a fresh house opens the same folder, and the person, who may have seen nothing, presses
again. No point is left out.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from bot.brievenbus.entries import Broken, Entry, Kind, Side
from bot.brievenbus.inbox import AlreadyDone, OpenedMelding
from bot.house import DATABASE, House
from tests.bot.conftest import Account, Pupil, enrol
from tests.bot.fault_child import NEVER, Job, Outcome, open_house, remember, say

ROOT = Path(__file__).parents[2]
LOG = f"{DATABASE}-wal"
WHAT = "Ze gooien mijn brood in de sloot."
MESSAGE = "Vandaag was het weer zo."
ANSWER = "Fijn dat je schrijft. Morgen loop ik mee op het plein."

Given = dict[str, Any]
Check = Callable[[House, Given, list[str] | None], Awaitable[None]]


class ForkServer:
    """A process that does jobs, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.bot.fault_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self._lock = asyncio.Lock()

    async def do(self, job: Job) -> Outcome:
        return await asyncio.to_thread(self._ask, json.dumps(asdict(job)))

    def _ask(self, line: str) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def servers() -> Iterator[list[ForkServer]]:
    """Two: CI has two cores."""
    started = [ForkServer(), ForkServer()]
    yield started
    for server in started:
        server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that can be had: a killed process leaves what it wrote there as well, and no disk makes us wait."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


@pytest.fixture(autouse=True)
def _quick_houses(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(monkeypatch.setattr)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    house = open_house(folder)
    try:
        yield house
    finally:
        await house.close()


async def kill_everywhere(
    servers: list[ForkServer], template: Path, scenario: str, points: str, given: Given, check: Check
) -> int:
    """Kill one process at each point and check the folder that it left. Returns how many points there were."""

    async def attempt(server: ForkServer, at: int) -> Outcome:
        folder = template.with_name(f"{points}-{at}")
        shutil.copytree(template, folder)
        outcome = await server.do(Job(str(folder), scenario, points, at, given))
        async with opened(folder) as house:
            try:
                await check(house, given, outcome.shown)
            except BaseException as error:
                error.add_note(f"killed at {points} {at}; shown: {outcome.shown}")
                raise
        shutil.rmtree(folder)
        return outcome

    unharmed = await attempt(servers[0], NEVER)
    assert (unharmed.killed, unharmed.code) == (False, 0)
    assert unharmed.shown is not None
    total = unharmed.counted
    assert total is not None
    left = iter(range(1, total + 1))
    shown: dict[int, bool] = {}

    async def work(server: ForkServer) -> None:
        for at in left:
            outcome = await attempt(server, at)
            assert outcome.killed, f"no kill at {points} {at} of {total}, but {outcome}"
            shown[at] = outcome.shown is not None

    await asyncio.gather(*(work(server) for server in servers))
    assert sorted(shown) == list(range(1, total + 1))
    # Both kinds of death were met: before anything was confirmed, and after.
    assert set(shown.values()) == {False, True}
    # One point further there is nothing left to be killed at: the count was right.
    beyond = await attempt(servers[0], total + 1)
    assert (beyond.killed, beyond.code, beyond.counted) == (False, 0, total)
    return total


async def filled_form(folder: Path) -> Given:
    """A pupil sits before the preview; a reader is logged in."""
    async with opened(folder) as house:
        accounts = await enrol(house, "jps", "Ivonne", "Antje")
        pupil = Pupil(house)
        await pupil.open()
        await pupil.fill_in(WHAT)
        return await given(house, accounts[0], pupil, pupil.payload("Versturen"))


async def at_a_question(folder: Path) -> Given:
    """A pupil has typed what happened, and sends it."""
    async with opened(folder) as house:
        accounts = await enrol(house, "jps", "Ivonne", "Antje")
        pupil = Pupil(house)
        await pupil.open()
        for words in ("/ben_leerling", "/melding_doen", "/overslaan", "Nee, niemand van hen", "/overslaan"):
            await pupil.says(words)
        return await given(house, accounts[0], pupil, WHAT)


async def message_ready(folder: Path) -> Given:
    """A pupil came back with the code and sits before the preview of a message."""
    async with opened(folder) as house:
        accounts = await enrol(house, "jps", "Ivonne", "Antje")
        pupil = Pupil(house)
        await pupil.open()
        await pupil.fill_in(WHAT)
        await pupil.says("Versturen")
        for words in ("/code_opvolgen", pupil.code(), "/schrijf_verder", MESSAGE):
            await pupil.says(words)
        return await given(house, accounts[0], pupil, pupil.payload("Versturen"))


async def sent(folder: Path) -> Given:
    """A melding lies in the inbox, a reader has typed an answer."""
    async with opened(folder) as house:
        accounts = await enrol(house, "jps", "Ivonne", "Antje")
        pupil = Pupil(house)
        await pupil.open()
        await pupil.fill_in(WHAT)
        await pupil.says("Versturen")
        return await given(house, accounts[0], pupil, ANSWER) | {"code": pupil.code(), "form": "form-1"}


async def given(house: House, account: Account, pupil: Pupil, text: str) -> Given:
    cookie = (await house.staff.login(account.username, account.password)).cookie
    return {"key": pupil.key, "text": text, "message_id": "page-1", "turn": pupil.turn, "cookie": cookie}


async def opened_by_a_reader(house: House, given: Given) -> list[OpenedMelding]:
    """Everything that is in the database opens, with nothing broken and nothing missing."""
    session = await house.staff.session(given["cookie"])
    assert session is not None
    queue = await house.inbox.queue(session)
    assert sum(queue.counts.values()) == len(queue.items)
    assert None not in [item.name for item in queue.items]
    meldingen = [await house.inbox.open(session, item.id) for item in queue.items]
    for melding in meldingen:
        assert not [entry for entry in (*melding.thread, *melding.notes) if isinstance(entry, Broken)]
        assert melding.missing == ()
    return meldingen


async def opened_by_the_pupil(house: House, code: str) -> list[Entry]:
    thread = await house.mailbox.open(tuple(code.split()))
    assert not [entry for entry in thread.entries if isinstance(entry, Broken)]
    return [entry for entry in thread.entries if isinstance(entry, Entry)]


def messages(entries: Sequence[Entry | Broken], side: Side) -> list[str]:
    return [e.body["tekst"] for e in entries if isinstance(e, Entry) and e.kind is Kind.MESSAGE and e.side is side]


def answers(entry: Entry | Broken) -> list[str]:
    assert isinstance(entry, Entry)
    assert entry.kind is Kind.MELDING
    return [answer for _, answer in entry.body["antwoorden"]]


def code_in(shown: list[str]) -> str:
    [code] = [words for words in shown if len(words.split()) == 5]
    return code


async def one_melding(house: House, given: Given, shown: list[str] | None) -> None:
    # Then what was confirmed is there; what was not confirmed is there once or not at all
    before = await opened_by_a_reader(house, given)
    assert len(before) <= 1
    if shown is not None:
        assert "utter_melding_verstuurd" in shown
        assert len(before) == 1
    # And pressing again, on the same page or as a new delivery, shows the same code
    again = await say(house, given)
    repeated = await say(house, given | {"message_id": "page-2"})
    code = code_in(again)
    assert ("utter_al_verstuurd" in again) is (len(before) == 1)
    assert "utter_al_verstuurd" in repeated
    assert code_in(repeated) == code
    if shown is not None:
        assert code_in(shown) == code
    # And there is exactly one melding, which reader and code open
    [melding] = await opened_by_a_reader(house, given)
    assert WHAT in answers(melding.thread[0])
    assert WHAT in answers((await opened_by_the_pupil(house, code))[0])


async def one_answer_to_the_question(house: House, given: Given, shown: list[str] | None) -> None:
    # Given the pupil who posts the same page once more
    assert await opened_by_a_reader(house, given) == []
    pupil = Pupil(house, key=given["key"])
    pupil.turn = given["turn"]
    await pupil.says(given["text"], message_id=given["message_id"])
    # Then the conversation is where it was, with the text in it or about to be: it goes on with the next question
    assert "utter_gesprek_verlopen" not in pupil.names()
    if shown is not None:
        assert "utter_al_aangekomen" in pupil.names()
    assert "utter_ask_melding_form_waar" in pupil.names()
    # And the rest of the form makes one melding with the text
    for _ in range(6):
        await pupil.says("/overslaan")
    assert pupil.said().count(WHAT) == 1
    await pupil.says("Versturen")
    [melding] = await opened_by_a_reader(house, given)
    assert answers(melding.thread[0]) == [WHAT]


async def one_message(house: House, given: Given, shown: list[str] | None) -> None:
    [melding] = await opened_by_a_reader(house, given)
    before = messages(melding.thread, Side.PUPIL)
    assert before in ([], [MESSAGE])
    if shown is not None:
        assert "utter_bericht_verstuurd" in shown
        assert before == [MESSAGE]
    again = await say(house, given)
    assert ("utter_bericht_al_verstuurd" if before else "utter_bericht_verstuurd") in again
    assert "utter_bericht_al_verstuurd" in await say(house, given | {"message_id": "page-2"})
    [melding] = await opened_by_a_reader(house, given)
    assert messages(melding.thread, Side.PUPIL) == [MESSAGE]


async def one_answer_of_a_reader(house: House, given: Given, shown: list[str] | None) -> None:
    [melding] = await opened_by_a_reader(house, given)
    before = messages(melding.thread, Side.SCHOOL)
    assert before in ([], [ANSWER])
    if shown is not None:
        assert before == [ANSWER]
    session = await house.staff.session(given["cookie"])
    assert session is not None
    # When the same form is sent again, before and after the page was looked at once more
    for seen in (melding.thread_count, None):
        if before:
            with pytest.raises(AlreadyDone):
                await house.inbox.answer(session, melding.id, ANSWER, given["form"], seen)
        else:
            await house.inbox.answer(session, melding.id, ANSWER, given["form"], seen)
            before = [ANSWER]
    # Then it stands there once, for the reader and for the pupil
    [melding] = await opened_by_a_reader(house, given)
    assert messages(melding.thread, Side.SCHOOL) == [ANSWER]
    assert messages(await opened_by_the_pupil(house, given["code"]), Side.SCHOOL) == [ANSWER]


CASES = {
    "versturen": (filled_form, "say", one_melding),
    "een antwoord in het formulier": (at_a_question, "say", one_answer_to_the_question),
    "een bericht": (message_ready, "say", one_message),
    "een antwoord van een lezer": (sent, "answer", one_answer_of_a_reader),
}
# Far fewer would mean that points are not seen any more.
FEWEST = {"statement": 20, "await": 20}


@pytest.mark.parametrize("points", FEWEST)
@pytest.mark.parametrize("case", CASES)
async def test_killed_at_every_point(case: str, points: str, servers: list[ForkServer], folder: Path) -> None:
    prepare, scenario, check = CASES[case]
    template = folder / "template"
    facts = await prepare(template)
    total = await kill_everywhere(servers, template, scenario, points, facts, check)
    print(f"{case}: {total} points ({points})")
    assert total >= FEWEST[points]


async def test_the_power_fails_while_the_melding_is_written(folder: Path) -> None:
    # Given a melding of which any part of the log reached the disk: whole pages of it, or half of one
    template = folder / "template"
    facts = await filled_form(template)
    async with opened(template) as house:
        before = (template / LOG).stat().st_size
        shown = await say(house, facts)
        # What is in the files now; closing would empty the log
        log, database = (template / LOG).read_bytes(), (template / DATABASE).read_bytes()
    page = 4096 + 24
    cuts = sorted(
        {before + part for start in range(0, len(log) - before, page) for part in (start, start + 24, start + page // 2)}
    )
    assert len(cuts) >= 30

    for number, cut in enumerate([*cuts, len(log)]):
        # When the machine starts again
        cut_off = folder / f"cut-{number}"
        cut_off.mkdir()
        (cut_off / DATABASE).write_bytes(database)
        (cut_off / LOG).write_bytes(log[:cut])
        # Then the melding is there whole, as it was confirmed, or not at all; and pressing again makes it one
        async with opened(cut_off) as house:
            await one_melding(house, facts, shown if cut == len(log) else None)
        shutil.rmtree(cut_off)
