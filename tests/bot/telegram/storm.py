"""Storms: twenty chats at once, deliveries twice and late, 429 and 502, lost answers, and kill -9; nothing is lost or doubled.

``python -m tests.bot.telegram.storm 1000 [FIRST]`` runs so many, each with a seed of its own, and says what it saw. In each:

- every chat follows a script, pressing buttons or typing on without waiting;
- what the bot says in it is, in order, what it says in fair weather (a message may come twice where its answer got lost);
- each melding that was sent is in the brievenbus once, with its own words.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.brievenbus.entries import Entry
from bot.house import House
from tests.bot.conftest import Account, enrol
from tests.bot.telegram.bot_api import BotApi, Faults
from tests.bot.telegram.people import Person, buttons_of
from tests.bot.telegram.storm_program import FastClock, Job, as_line, open_house, prepare

CHATS = 20
SECOND = 0.003
PATIENCE = 60.0  # seconds for one storm
SCHOOL = "/start jps"
WHAT = "WAT"
_CODE = re.compile(r"^[a-z]+(?: [a-z]+){4}$")
_SKIP = ["/overslaan"] * 6
_FORM = [SCHOOL, "/ben_leerling", "/melding_doen", "/overslaan", '/antwoord{"over_lezer":"nee"}', "/overslaan", WHAT, *_SKIP]

# A word between stars presses the button with that title; `photo` and `forward` send one; others are typed.
SCRIPTS: dict[str, list[str]] = {
    "typed": [*_FORM, "*Versturen", "/menu"],
    "pressed": [
        SCHOOL,
        "*Ik ben leerling",
        "*Ik wil iets melden",
        "*Overslaan",
        "*Nee, niemand van hen",
        "*Overslaan",
        WHAT,
        *["*Overslaan"] * 6,
        "*Versturen",
        "*Menu",
    ],
    "thrown away": [*_FORM, "*Weggooien", "*Meer", "*Is dit anoniem?"],
    "parent": [SCHOOL, "*Ik ben ouder", "*Meer", "*Het protocol lezen", "*Pesten", "/menu", "*Meer", "*Hulp buiten school"],
    "danger": [SCHOOL, "/ben_leerling", "ik wil dood", "/menu", "/melding_doen", "ik wil dood", "/stop", "/help"],
    "wiped": ["hoi", "*Basisschool JPS", "*Ik ben leerling", "photo", "/wis", "*Opnieuw beginnen", "forward", "/code"],
}
SENDS = ("typed", "pressed")


@dataclass
class Outcome:
    """What one storm saw."""

    seed: int
    kills: int = 0
    updates: int = 0
    said: int = 0
    doubled: int = 0
    meldingen: int = 0
    problems: list[str] = field(default_factory=list)


class Programs:
    """Starts and ends bots."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bot.telegram.storm_program", stdin=-1, stdout=-1
        )

    async def start(self, job: Job) -> int:
        return await self._ask(as_line(job))

    async def end(self, pid: int, how: signal.Signals) -> int:
        os.kill(pid, how)
        return await self._ask(f'{{"wait": {pid}}}\n'.encode())

    async def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def _ask(self, line: bytes) -> int:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line)
        await self._process.stdin.drain()
        return int(await self._process.stdout.readline())


class Storms:
    """Everything that several storms share: the programs, a folder with readers, and what is said in fair weather."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = Programs()
        self._fair: dict[str, list[str]] = {}
        self.readers: list[Account] = []

    async def open(self) -> None:
        prepare()
        await self._programs.open()
        house = open_house(Job(str(self._folder / "readers"), 1, SECOND, time.monotonic()))
        self.readers = await enrol(house, "jps", "Ivonne", "Antje")
        await house.close()
        outcome = await self.run(0, calm=True)
        assert outcome.problems == [], outcome.problems

    async def close(self) -> None:
        await self._programs.close()

    async def run(self, seed: int, *, calm: bool = False) -> Outcome:
        """One storm; in a calm one each script is played once, by one who waits."""
        dice = random.Random(seed)
        outcome = Outcome(seed)
        since = time.monotonic()
        api = BotApi(clock=FastClock(since, SECOND), second=SECOND, seed=seed)
        await api.start()
        folder = self._folder / f"storm-{seed}"
        shutil.copytree(self._folder / "readers", folder)
        job = Job(str(folder), api.port, SECOND, since)
        pid = await self._programs.start(job)
        names = list(SCRIPTS) if calm else [dice.choice(list(SCRIPTS)) for _ in range(CHATS)]
        people = [(api.person(81_000_000 + number, first_name="Kind"), name) for number, name in enumerate(names)]
        if not calm:
            api.faults = Faults(too_many=0.03, bad_gateway=0.03, lost=0.02, unanswered=0.02, twice=0.1, late=0.2)
        playing = asyncio.gather(
            *(_play(person, name, random.Random(f"{seed} {n}"), calm) for n, (person, name) in enumerate(people))
        )
        try:
            async with asyncio.timeout(PATIENCE):
                if not calm:
                    pid = await self._trouble(dice, api, job, pid, playing, outcome)
                await playing
                await _quiet(api, people, {} if calm else self._fair)
        except TimeoutError:
            outcome.problems.append("not everything was answered in time")
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
        finally:
            if await self._programs.end(pid, signal.SIGTERM) != 0:
                outcome.problems.append("the program did not end cleanly")
            await api.close()
        self._look_at_chats(people, outcome, learn=calm)
        house = open_house(replace(job, api=1))
        try:
            await self._look_in_the_box(house, people, outcome)
        finally:
            await house.close()
        outcome.updates = len(api.confirmed)
        shutil.rmtree(folder)
        return outcome

    async def _trouble(
        self, dice: random.Random, api: BotApi, job: Job, pid: int, playing: asyncio.Future[list[None]], outcome: Outcome
    ) -> int:
        """Kill the program a few times, and take the network away once."""
        for _ in range(dice.randrange(5)):
            await asyncio.sleep(dice.random() * 0.6)
            if playing.done():
                break
            if dice.random() < 0.3:
                api.go_away()
                await asyncio.sleep(dice.random() * 30 * SECOND)
                api.away = False
            else:
                await self._programs.end(pid, signal.SIGKILL)
                pid = await self._programs.start(job)
                outcome.kills += 1
        return pid

    def _look_at_chats(self, people: list[tuple[Person, str]], outcome: Outcome, *, learn: bool) -> None:
        for person, name in people:
            heard = [_plain(text, person) for text in person.texts()]
            outcome.said += len(heard)
            said = _once(heard)
            outcome.doubled += len(heard) - len(said)
            if learn:
                self._fair[name] = said
            elif said != self._fair[name]:
                at = next((n for n, (a, b) in enumerate(zip(said, self._fair[name], strict=False)) if a != b), "end")
                outcome.problems.append(f"{name}: other than in fair weather, at message {at}: {said[-1:]}")

    async def _look_in_the_box(self, house: House, people: list[tuple[Person, str]], outcome: Outcome) -> None:
        session = self.readers[0].session
        found: Counter[str] = Counter()
        for item in (await house.inbox.queue(session)).items:
            entry = (await house.inbox.open(session, item.id)).thread[0]
            assert isinstance(entry, Entry)
            found[next(answer for _, answer in entry.body["antwoorden"] if answer.startswith(WHAT))] += 1
        sent = Counter(_what(person) for person, name in people if name in SENDS)
        outcome.meldingen = sum(found.values())
        if found != sent:
            outcome.problems.append(f"lost: {list(sent - found)}, too many: {list(found - sent)}")


# It watches what happens elsewhere; there is no event for that.
# ruff: noqa: ASYNC110


async def _play(person: Person, name: str, dice: random.Random, calm: bool) -> None:
    """Follow a script. Who types does not always wait; who presses has to see the button."""
    hurry = 0.0 if calm else dice.random()
    pressed: set[str] = set()
    for line in SCRIPTS[name]:
        if not calm:
            await asyncio.sleep(dice.random() * 5 * SECOND)
        before = len(person.heard)
        if line.startswith("*"):
            while not (data := _offered(person, line[1:])) or data in pressed:
                await asyncio.sleep(SECOND)
            pressed.add(data)
            for _ in range(1 if calm or dice.random() < 0.8 else 2):
                person.presses_in(person.heard[-1], data)
        elif line == "photo":
            person.sends("photo")
        elif line == "forward":
            person.forwards("Kijk wat hij schrijft")
        else:
            person.says(_what(person) if line == WHAT else line)
        if dice.random() >= hurry:
            await _answered(person, before)


def _offered(person: Person, title: str) -> str:
    """The data of a button of the newest message: those of earlier ones may be there, and belong to another question."""
    offered = buttons_of(person.heard[-1]) if person.heard else ()
    return next((button["callback_data"] for button in offered if button["text"] == title), "")


async def _answered(person: Person, before: int) -> None:
    while len(person.heard) == before:
        await asyncio.sleep(SECOND)


async def _quiet(api: BotApi, people: list[tuple[Person, str]], fair: dict[str, list[str]]) -> None:
    """Until every chat has what it should have, and nothing came any more for a while."""
    while api.waiting() or any(len(_once([_plain(t, p) for t in p.texts()])) < len(fair.get(n, ())) for p, n in people):
        await asyncio.sleep(5 * SECOND)
    said = -1
    while said != (said := sum(len(person.heard) for person, _ in people)):
        await asyncio.sleep(60 * SECOND)


def _what(person: Person) -> str:
    return f"{WHAT} {person.number} gebeurde op het plein."


def _plain(text: str, person: Person) -> str:
    """What was said, without what differs from child to child."""
    return "CODE" if _CODE.match(text) else text.replace(_what(person), WHAT)


def _once(texts: list[str]) -> list[str]:
    """Without what came twice, one after the other."""
    return [text for number, text in enumerate(texts) if number == 0 or text != texts[number - 1]]


async def storms(count: int, first: int = 1, tell: Callable[[Outcome], Awaitable[None] | None] = lambda _: None) -> list[Outcome]:
    """Run storms one after the other."""
    # In memory where that can be: what kill -9 leaves is the same there, and a storm waits for no disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="storm-", dir=memory) as folder:
        all_of_them = Storms(Path(folder))
        await all_of_them.open()
        outcomes = []
        try:
            for seed in range(first, first + count):
                outcomes.append(await all_of_them.run(seed))
                tell(outcomes[-1])
        finally:
            await all_of_them.close()
    return outcomes


def main() -> None:
    """As the command line asks."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()

    def tell(outcome: Outcome) -> None:
        if outcome.problems:
            print(f"seed {outcome.seed}: {outcome.problems}", flush=True)

    found = asyncio.run(storms(count, first, tell))
    print(
        f"{len(found)} storms of {CHATS} chats in {time.monotonic() - began:.0f} s: {sum(o.updates for o in found)} updates, "
        f"{sum(o.said for o in found)} messages said ({sum(o.doubled for o in found)} of them twice), "
        f"{sum(o.kills for o in found)} kills, {sum(o.meldingen for o in found)} meldingen; "
        f"{sum(bool(o.problems) for o in found)} storms with problems"
    )
    sys.exit(any(o.problems for o in found))


if __name__ == "__main__":
    main()
