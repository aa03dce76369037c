"""Anything at all, in any order: ``python -m tests.bot.anything 200000`` takes so many steps; 2,000 are in the tests.

Two pupils of one school press what is offered, what was offered long ago or to the other, or what nobody offered; they type, send
twice and at once, come back after hours; the program is restarted under them and a reader writes back. After every step the
promises are looked at (`Watch`). Which step comes is drawn from the number of the episode, so that a finding can be seen again:
``python -m tests.bot.anything --episode 17``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot import logs
from bot.brievenbus.entries import Entry, Kind, Side, State
from bot.brievenbus.inbox import AlreadyDone
from bot.clock import FixedClock
from bot.config import Config
from bot.house import DATABASE, House, build
from bot.messages import Attachment, Facts, Incoming, Replies
from dialogues import BotMessage, parse_payload
from tests.bot.conftest import FAST, SERVER_KEY, Account, enrol
from tests.bot.fault_child import remember

STEPS_OF_AN_EPISODE = 80
# A house is thrown away after so many episodes, for a queue that only grows makes every look at it slower.
EPISODES_OF_A_HOUSE = 10
SCHOOLS = {"jps": ("Ivonne", "Antje"), "vo": ("Marloes", "Theo"), "kwaliteitskaart": ("Diana", "Joris")}
CHANNELS = ("rest", "rest", "telegram", "cmdline")

TYPED = (
    "ja",
    "nee",
    "weet ik niet",
    "overslaan",
    "terug",
    "menu",
    "stop",
    "help",
    "wis dit gesprek",
    "hoi",
    "ik word gepest",
    "ik wil iets melden",
    "ik heb een code",
    "is dit anoniem",
    "wie kan mij helpen",
    "ik wil dood",
    "papa slaat mij elke avond",
    "het was Ivonne, en Antje stond erbij",
    "Marloes en Theo, Diana en Joris ook",
    "ik heet Noor en mijn nummer is 06 12345678",
    "boom kat maan regen fiets",
    "een twee drie",
    "versturen",
    "😭😭",
    "",
    "   ",
    "{naam} {schoolnaam} {0}",
    "-",
    "heel " * 130,
    "heel " * 900,
    "\u202eomgekeerd\u0000 en leeg",
    "[" * 200,
)
MADE = (
    "/antwoord",
    "/versturen",
    "/weggooien",
    "/melding_doen",
    "/code_opvolgen",
    "/schrijf_verder",
    "/overslaan",
    "/terug",
    "/menu",
    "/stoppen",
    "/help",
    "/wis_gesprek",
    "/bevestigen",
    "/ontkennen",
    "/kop",
    "/onderwerp",
    "/stap",
    "/code",
    "/tip_volgende",
    "/tip_hielp_niet",
    "/plagen_of_pesten",
    "/gepest_worden",
    "/ben_leerling",
    "/ben_ouder",
    "/zo_bedoel_ik_het_niet",
    "/vraag_opnieuw",
    "/crisis_thuis",
    "/session_start",
    "/restart",
    "/back",
    "/bestaat_niet",
)
NAMES = ("voor_wie", "over_lezer", "over_genoemd", "veilig", "wat", "waar", "akkoord", "verander", "nonce", "bericht", "nr", "c")
VALUES = ("ja", "nee", "klaar", "opnieuw", "-", "wat", "spoed", "veranderen", "0", "1.0", "p0", "00" * 16, "", "x" * 99, None, 7)
JUMPS = (1, 5, 11, 16, 61, 400, 2 * 24 * 60, 9 * 24 * 60, -10)


class Broken(AssertionError):
    """A promise was broken."""


@dataclass
class Child:
    """A pupil, what is on the page now, and everything that ever was on it."""

    key: str
    facts: Facts
    secret: str
    turn: int | None = 0
    replies: Replies = field(default_factory=lambda: Replies((), 0))
    offered: list[tuple[str, int | None]] = field(default_factory=list)
    last: Incoming | None = None
    codes: list[str] = field(default_factory=list)
    # What stood in the preview that each nonce belongs to: the newest preview is the last.
    previews: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def see(self, replies: Replies) -> None:
        self.replies = replies
        self.turn = None if self.facts.channel == "telegram" else replies.turn
        self.offered += [(payload, self.turn) for payload in payloads(replies.messages)]
        for number, message in enumerate(replies.messages):
            if message.custom.get("stijl") == "code":
                self.codes.append(message.text)
            if message.custom.get("stijl") == "melding":
                for payload in payloads(replies.messages[number:]):
                    nonce = _nonce(payload)
                    if nonce:
                        self.previews.pop(nonce, None)
                        self.previews[nonce] = message.text


def payloads(messages: tuple[BotMessage, ...]) -> list[str]:
    return [button.payload for message in messages for button in message.buttons]


def _nonce(payload: str) -> str | None:
    parsed = parse_payload(payload)
    return str(parsed[1].get("nonce") or "") or None if parsed and parsed[0] == "versturen" else None


class Watch:
    """What must hold after every step, whoever did what."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.meldingen = self.entries = 0

    def begin(self) -> None:
        """Take what the store holds now as known."""
        self.meldingen, self.entries = self.world.stored()

    async def look(self, child: Child, said: list[Incoming], replies: Replies) -> None:
        """The answer to one message, or to the same message sent several times at once."""
        messages = replies.messages
        if not messages or not all(message.text.strip() for message in messages):
            raise Broken("there is no answer")
        if any(message.response == "utter_storing" for message in messages):
            raise Broken("something failed")
        if any(message.response and re.search(r"\{\w*\}|\bNone\b", message.text) for message in messages):
            raise Broken("a placeholder shows")
        if not payloads(messages) and not replies.text_allowed:
            raise Broken("there is no way on")
        if any(len(payload.encode()) > 64 for payload in payloads(messages)):
            raise Broken("a button is too long for Telegram")
        shown = "\n".join([message.text for message in messages] + payloads(messages))
        shown += "\n".join(button.title for message in messages for button in message.buttons)
        for other in self.world.children:
            if other is not child and any(words in shown for words in (other.secret, *other.codes, *other.previews)):
                raise Broken("words of another pupil are shown")
        await self._consent(child, said)

    async def _consent(self, child: Child, said: list[Incoming]) -> None:
        meldingen, entries = self.world.stored()
        new, self.meldingen = meldingen - self.meldingen, meldingen
        added, self.entries = entries - self.entries, entries
        if not new and not added:
            return
        newest = next(reversed(child.previews), None)
        pressed = {_nonce(each.text) for each in said}
        if newest is None or pressed != {newest} or newest in child.sent:
            raise Broken("something was sent that was not on the screen")
        child.sent.add(newest)
        if new > 1 or (not new and added > 1):
            raise Broken("it was sent twice")
        if new:
            await self._melding(child.facts.school, child.previews[newest])
        elif child.previews[newest] not in await self._messages(child.facts.school):
            raise Broken("another message was sent than was shown")
        self.world.counts["sent meldingen" if new else "sent messages"] += 1

    async def _melding(self, school: str, shown: str) -> None:
        """The newest melding says what was shown, to whom it was shown to be for."""
        *answers, spoed = shown.split("\n")
        hidden = answers.pop() if answers[-1].startswith(self.world.hidden) else ""
        told = "\n".join(answers)
        found = 0
        for account, name in zip(self.world.accounts[school], SCHOOLS[school], strict=True):
            opened = [
                melding
                for item in await self._all(account)
                if (melding := await self.world.house.inbox.open(account.session, item)).id not in self.world.posted
            ]
            if name in hidden:
                if opened:
                    raise Broken("whom it is about can read it")
                continue
            if len(opened) != 1:
                raise Broken("somebody who was to read it cannot")
            first = opened[0].thread[0]
            if not isinstance(first, Entry) or first.kind is not Kind.MELDING:
                raise Broken("the melding does not open")
            text = "\n".join(f"{question}: {answer}" for question, answer in first.body["antwoorden"])
            if text != told:
                raise Broken("another text was sent than was shown")
            if (opened[0].urgency.value == "spoed") is not spoed.endswith("ja"):
                raise Broken("another urgency was sent than was shown")
            found, last = found + 1, opened[0].id
        if not found:
            raise Broken("nobody can read it")
        self.world.posted.add(last)
        # Looking leaves its mark.
        self.begin()

    async def _messages(self, school: str) -> list[str]:
        texts = []
        for account in self.world.accounts[school]:
            for item in await self._all(account):
                thread = (await self.world.house.inbox.open(account.session, item)).thread
                written = [each for each in thread if isinstance(each, Entry) and each.kind is Kind.MESSAGE]
                texts += [str(each.body["tekst"]) for each in written if each.side is Side.PUPIL]
        self.begin()
        return texts

    async def _all(self, account: Account) -> list[bytes]:
        found, page = [], 0
        while True:
            queue = await self.world.house.inbox.queue(account.session, page)
            found += [item.id for item in queue.items]
            if not queue.more:
                return found
            page += 1


class World:
    """A house on a folder, its readers, and two pupils at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FixedClock()
        self.counts: Counter[str] = Counter()
        self.children: list[Child] = []
        self.accounts: dict[str, list[Account]] = {}
        self.posted: set[bytes] = set()
        self.lines: list[str] = []
        self.watch = Watch(self)
        self.house = self._build()
        self.hidden = self.house.conversation._engine.assistant.domain.responses["utter_kop_niet_lezen"].variations[0].text.text
        self._db = sqlite3.connect(folder / DATABASE)

    async def open(self) -> None:
        for school, names in SCHOOLS.items():
            self.accounts[school] = await enrol(self.house, school, *names)
        self.watch.begin()

    async def close(self) -> None:
        self._db.close()
        await self.house.close()

    def stored(self) -> tuple[int, int]:
        """How many meldingen there are, and how many entries besides those of the meldingen themselves."""
        [(meldingen, entries)] = self._db.execute("SELECT (SELECT count(*) FROM melding), (SELECT count(*) FROM entry)")
        return meldingen, entries

    async def episode(self, number: int, steps: int = STEPS_OF_AN_EPISODE) -> int:
        """So many steps or a few more, drawn from ``number``. Returns how many messages and events there were.

        Raises:
            Broken: with the number and what happened last.
        """
        draw = random.Random(number)
        school = draw.choice(list(SCHOOLS))
        self.lines = []
        self.children = []
        for which in "ab":
            facts = Facts(school, draw.choice(CHANNELS))
            # Nothing in a text or a name sounds like these.
            secret = f"qx{which}{number}zq"
            child = Child(f"{which}-{number}", facts, secret)
            child.see(await self.house.conversation.open(facts))
            self.children.append(child)
        self.watch.begin()
        before = self.counts["steps"]
        try:
            while self.counts["steps"] - before < steps:
                kind = draw.choices(list(_STEPS), [weight for weight, _ in _STEPS.values()])[0]
                self.counts[kind] += 1
                await _STEPS[kind][1](self, draw, draw.choice(self.children))
        except Exception as problem:
            raise Broken(f"episode {number}: {type(problem).__name__}: {problem}\n" + "\n".join(self.lines[-30:])) from problem
        return self.counts["steps"] - before

    async def hear(self, child: Child, text: str, turn: int | None, **more: Any) -> None:
        await self.deliver(child, Incoming(child.key, child.facts, text, turn=turn, **more))

    async def deliver(self, child: Child, *incoming: Incoming) -> None:
        """One message, or several at the same moment; the page shows the answer to the last."""
        self.counts["steps"] += len(incoming)
        child.last = incoming[-1]
        for each in incoming:
            self.lines.append(f"{child.key} ({each.turn}{', again' if len(incoming) > 1 else ''}): {each.text[:200]!r}")
        answers = await asyncio.gather(*(self.house.conversation.handle(each) for each in incoming))
        for replies in answers:
            child.see(replies)
            self.lines.append(f"    {[message.response or message.text[:60] for message in replies.messages]}")
        for replies in answers:
            await self.watch.look(child, list(incoming), replies)

    async def restart(self) -> None:
        await self.house.close()
        self.house = self._build()

    def _build(self) -> House:
        return build(Config(data=self.folder), SERVER_KEY, clock=self.clock, stretching=FAST)


async def press(world: World, draw: random.Random, child: Child) -> None:
    offered = payloads(child.replies.messages)
    if offered:
        await world.hear(child, draw.choice(offered), child.turn)


async def press_an_old_one(world: World, draw: random.Random, child: Child) -> None:
    """As it was, or as if it stood on the page of now."""
    payload, turn = draw.choice(child.offered)
    await world.hear(child, payload, draw.choice((turn, child.turn)))


async def press_one_of_the_other(world: World, draw: random.Random, child: Child) -> None:
    """Whoever holds a nonce that was sent may see its code: that is what a nonce is for, and nobody can guess one."""
    other = next(each for each in world.children if each is not child)
    payload, _ = draw.choice(other.offered)
    parsed = parse_payload(payload)
    if _nonce(payload) not in other.sent and not (parsed and parsed[0] == "code"):
        await world.hear(child, payload, child.turn)


async def make_one(world: World, draw: random.Random, child: Child) -> None:
    entities = {draw.choice(NAMES): draw.choice(VALUES) for _ in range(draw.randrange(3))}
    inside = json.dumps(entities) if entities else draw.choice(("", "", "{", "{}", "[]"))
    await world.hear(child, draw.choice(MADE) + inside, child.turn)


async def type_something(world: World, draw: random.Random, child: Child) -> None:
    text = draw.choice(TYPED)
    if draw.random() < 0.5:
        text = f"{text} {child.secret} {draw.choice(TYPED)[:300]}"
    await world.hear(child, text, child.turn)


async def type_the_code(world: World, draw: random.Random, child: Child) -> None:
    if child.codes:
        code = draw.choice(child.codes)
        if draw.random() < 0.3:
            place = draw.randrange(len(code))
            code = code[:place] + code[place + 1 :]
        await world.hear(child, "/menu", child.turn)
        await world.hear(child, "/code_opvolgen", child.turn)
        await world.hear(child, code, child.turn)
        if draw.random() < 0.7:
            for text in ("/schrijf_verder", f"Nog iets {child.secret}"):
                await world.hear(child, text, child.turn)
            if draw.random() < 0.6:
                await send_what_is_shown(world, draw, child)


async def send_again(world: World, draw: random.Random, child: Child) -> None:
    if child.last is not None:
        await world.deliver(child, child.last)


async def click_twice(world: World, draw: random.Random, child: Child) -> None:
    offered = payloads(child.replies.messages) or ["/menu"]
    ids = draw.choice((("", ""), ("page-1", "page-1"), ("page-1", "page-2")))
    payload, unique = draw.choice(offered), draw.random()
    both = (Incoming(child.key, child.facts, payload, each and f"{each}-{unique}", child.turn) for each in ids)
    await world.deliver(child, *both)


async def both_at_once(world: World, draw: random.Random, child: Child) -> None:
    """Two pupils at the same moment; neither sends, for then it would not be clear who did."""
    chosen = []
    for each in world.children:
        offered = [payload for payload in payloads(each.replies.messages) if _nonce(payload) is None] or ["/menu"]
        chosen.append(Incoming(each.key, each.facts, draw.choice(offered), turn=each.turn))
    world.counts["steps"] += 2
    world.lines.append(f"at once: {[incoming.text for incoming in chosen]}")
    answers = await asyncio.gather(*(world.house.conversation.handle(incoming) for incoming in chosen))
    for each, replies in zip(world.children, answers, strict=True):
        each.see(replies)
    for each, incoming, replies in zip(world.children, chosen, answers, strict=True):
        await world.watch.look(each, [incoming], replies)


async def go_on(world: World, draw: random.Random, child: Child) -> None:
    """Through the whole form, as most pupils will; or as far as it goes."""
    for text in ("/menu", "/ben_leerling", "/melding_doen"):
        await world.hear(child, text, child.turn)
    for _ in range(draw.randrange(8, 30)):
        if any(_nonce(payload) for payload in payloads(child.replies.messages)):
            if draw.random() < 0.6:
                await send_what_is_shown(world, draw, child)
            return
        answers = [each for each in payloads(child.replies.messages) if each.startswith(("/antwoord", "/overslaan"))]
        if (child.replies.text_allowed and draw.random() < 0.5) or not answers:
            await world.hear(child, f"{draw.choice(TYPED)[:200]} {child.secret}", child.turn)
        else:
            await world.hear(child, draw.choice(answers), child.turn)


async def send_what_is_shown(world: World, draw: random.Random, child: Child) -> None:
    offered = [payload for payload in payloads(child.replies.messages) if _nonce(payload)]
    if offered:
        await world.hear(child, offered[-1], child.turn)


async def send_no_text(world: World, draw: random.Random, child: Child) -> None:
    await world.hear(child, "", child.turn, attachment=draw.choice(list(Attachment)))


async def open_the_page(world: World, draw: random.Random, child: Child) -> None:
    world.counts["steps"] += 1
    child.see(await world.house.conversation.open(child.facts))
    await world.watch.look(child, [], child.replies)


async def let_time_pass(world: World, draw: random.Random, child: Child) -> None:
    world.counts["steps"] += 1
    minutes = draw.choice(JUMPS)
    world.lines.append(f"({minutes} minutes)")
    world.clock.advance(minutes=minutes)
    await world.house.sweep()
    world.watch.begin()


async def restart(world: World, draw: random.Random, child: Child) -> None:
    world.counts["steps"] += 1
    world.lines.append("(restart)")
    await world.restart()


async def a_reader_writes(world: World, draw: random.Random, child: Child) -> None:
    world.counts["steps"] += 1
    account = draw.choice(world.accounts[child.facts.school])
    items = (await world.house.inbox.queue(account.session)).items
    if items:
        item = draw.choice(items[:3])
        opened = await world.house.inbox.open(account.session, item.id)
        own = [
            each.secret for each in world.children if each.secret in str([vars(e) for e in opened.thread if isinstance(e, Entry)])
        ]
        form = f"form-{draw.random()}"
        try:
            if draw.random() < 0.7:
                await world.house.inbox.answer(account.session, item.id, f"We hebben het gelezen. {' '.join(own)}", form)
            else:
                await world.house.inbox.set_state(account.session, item.id, draw.choice(list(State)), form)
        except AlreadyDone:
            pass
    world.watch.begin()


Step = Callable[[World, random.Random, Child], Awaitable[None]]
_STEPS: dict[str, tuple[float, Step]] = {
    "press": (30, press),
    "press an old button": (8, press_an_old_one),
    "press a button of the other": (4, press_one_of_the_other),
    "make a payload": (8, make_one),
    "type": (16, type_something),
    "type a code": (4, type_the_code),
    "send again": (4, send_again),
    "click twice": (4, click_twice),
    "both at once": (3, both_at_once),
    "go on": (3, go_on),
    "send what is shown": (6, send_what_is_shown),
    "send no text": (2, send_no_text),
    "open the page": (2, open_the_page),
    "let time pass": (3, let_time_pass),
    "restart": (0.5, restart),
    "a reader writes": (3, a_reader_writes),
}


async def anything(steps: int, first: int = 0, say: Callable[[str], None] = lambda line: None) -> Counter[str]:
    """Take at least so many steps, from the given episode on.

    Raises:
        Broken: a promise was broken.
    """
    counts: Counter[str] = Counter()
    number, began = first, time.monotonic()
    while counts["steps"] < steps:
        with tempfile.TemporaryDirectory(prefix="anything-") as folder:
            world = World(Path(folder))
            await world.open()
            try:
                for _ in range(EPISODES_OF_A_HOUSE):
                    await world.episode(number)
                    counts["episodes"] += 1
                    number += 1
                    if counts["steps"] + world.counts["steps"] >= steps:
                        break
            finally:
                await world.close()
            counts += world.counts
        say(f"{counts['steps']} steps, {counts['sent meldingen']} meldingen sent, {time.monotonic() - began:.0f} s")
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bot.anything", description=__doc__)
    parser.add_argument("steps", nargs="?", type=int, default=2000)
    parser.add_argument("--episode", type=int, default=0, help="begin with this one")
    given = parser.parse_args()
    logs.set_up("error")
    remember()
    for kind, count in asyncio.run(anything(given.steps, given.episode, lambda line: print(line, flush=True))).most_common():
        print(f"{count:8}  {kind}")


if __name__ == "__main__":
    try:
        main()
    except Broken as problem:
        sys.exit(str(problem))
