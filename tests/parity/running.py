"""One conversation on both: ours answers, Rasa gets the same message, and what they said and know is laid side by side."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bot.actions.code
import bot.actions.melding
from bot.action_server import OutsideActions
from bot.clock import SCHOOL_TIME, FixedClock
from bot.config import Config
from bot.conversation import _FAILURES
from bot.house import House, build
from bot.messages import Incoming, Replies
from dialogues import BotMessage, Tracker, UserMessage, parse_payload
from tests.bot.conftest import FAST, SERVER_KEY, Account, Pupil, enrol
from tests.bot.test_conversations import OTHERWISE, READERS, Play, read_case

# The deliberate differences (design, section 5), and what never reaches the dialogue.
DANGER = "danger before everything"
FAILED = "a failing action stops the turn"
AGAIN = "after a fallback in a form the question is asked again"
EXPIRED = "a session that expires in a form offers to resume or to wipe"
OUTSIDE = "said before the dialogue: a stale page, a second delivery, nothing or a picture, a conversation that ended"
BACK = "terug goes to the form's previous question, else the menu"
SAME = "the same"
NAMED = (DANGER, FAILED, AGAIN, EXPIRED, OUTSIDE)

# What is drawn at random while a melding is sealed: the thread that was opened is another one on each side.
_RANDOM = {"melding", "sleutel"}
_SIDE: ContextVar[str] = ContextVar("side", default="ours")


@dataclass
class Report:
    """Counts by name, and the differences that have none."""

    counts: Counter[str] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    turns: int = 0
    payloads: int = 0
    messages: int = 0
    buttons: int = 0
    slots: int = 0


class Rasa:
    """The other half, in its own process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, python: Path, model: Path, actions: str) -> Rasa:
        script = Path(__file__).with_name("rasa_side.py")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            str(python), str(script), str(model), actions, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, limit=2**24
        )
        rasa = cls(process)
        await rasa._answer()
        return rasa

    async def ask(self, **what: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._answer()

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "Rasa ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


class Actions:
    """What Rasa's calls go to: the house of the case that runs."""

    def __init__(self) -> None:
        self.current: OutsideActions | None = None
        self.broken: str | None = None

    async def run(self, action_call: dict[str, Any]) -> Any:
        assert self.current is not None
        _SIDE.set("rasa")
        if action_call["next_action"] == self.broken:
            raise RuntimeError("broken on purpose")
        return await self.current.run(action_call)

    def list_actions(self) -> list[Any]:
        return [] if self.current is None else self.current.list_actions()


class Twins(Play):
    """A case on two houses with the same readers, keys and clock; Rasa's actions write in the second."""

    def __init__(self, case: str, second: House, rasa: Rasa, actions: Actions, report: Report, *parts: Any) -> None:
        super().__init__(*parts)
        self.case = case
        self.second = second
        self.rasa = rasa
        self.actions = actions
        self.report = report
        self.known: dict[str, Tracker] = {}
        self.senders: dict[str, str] = {}
        self.taken: list[tuple[Tracker, Any, UserMessage, Tracker]] = []
        conversation = self.house.conversation
        self._handle, self._take = conversation.handle, conversation._take
        conversation.handle = self.handle  # type: ignore[method-assign]
        conversation._take = self.take  # type: ignore[method-assign, assignment]

    async def take(self, tracker: Tracker, turn: Any, message: UserMessage) -> Any:
        taken = await self._take(tracker, turn, message)
        self.taken.append((tracker, turn, message, taken.tracker))
        return taken

    async def handle(self, incoming: Incoming) -> Replies:
        self.taken.clear()
        replies = await self._handle(incoming)
        self.report.turns += 1
        difference = await self.compare(incoming, replies)
        self.report.counts[difference] += 1
        if difference == SAME and self.taken[-1][2].intent == "terug":
            self.report.back[BACK] += 1
        return replies

    async def compare(self, incoming: Incoming, replies: Replies) -> str:
        """Let Rasa take the same turn, and see whether it says and knows the same; otherwise the name of the difference."""
        if not replies.kept:
            if not any(message.response in TOLD for message in replies.messages):
                return OUTSIDE
            if self.actions.broken:
                await self._broken(incoming)
            # Otherwise what failed is ours alone (the disk, the queue), and nothing was kept.
            return FAILED
        before, turn, message, after = self.taken[-1]
        key, school = incoming.key, incoming.facts.school
        name = SAME
        if before != self.known.get(key, Tracker.empty()):
            # Somebody else moved the state: danger proposed *spoed*, or time passed.
            name = EXPIRED
            if before.started:
                await self.follow(key, before)
            else:
                self.senders.pop(key, None)
        sender = self.senders.setdefault(key, f"{self.case}-{len(self.senders)}-{self.report.turns}")
        theirs = await self.rasa.ask(
            do="say",
            sender=sender,
            channel=message.channel,
            text=message.text or f"/{message.intent}",
            intent=message.intent,
            entities=dict(message.entities),
            payload=self._is_payload(message),
            school=school,
        )
        self.report.payloads += self._is_payload(message)
        said = list(replies.messages)
        if said and (said[0].response or "").startswith("utter_gevaar_"):
            name = DANGER
            said.pop(0)
        if turn.ask_again:
            name = EXPIRED if not turn.menu else OUTSIDE
            said = [each for each in said if each.response != turn.ask_again]
        forgotten = await self._is_forgotten(incoming)
        self.known[key] = Tracker(turn=after.turn) if forgotten else after
        ours, rasas = shown(said), collected(theirs["said"])
        mine = {} if forgotten else self._slots(after)
        other = {slot: value for slot, value in theirs["slots"].items() if mine or slot not in FACTS}
        same_state = _without_random(mine) == _without_random(other) and self._loop(after, forgotten) == theirs["loop"]
        if ours == rasas and same_state and after.rejected == theirs["rejected"]:
            self.report.messages += len(ours)
            self.report.buttons += sum(len(each["buttons"]) for each in ours)
            self.report.slots += len(other)
            return name
        fallback = any(message.response == "utter_kies_knop" for message in said)
        if fallback and after.active_loop and ours[: len(rasas)] == rasas and same_state:
            # Rasa waits in silence here.
            name = AGAIN
        elif turn.ask_again:
            pass
        else:
            found = f"{self.case}: {message.intent} {message.text!r}\n  ours: {ours}\n  rasa: {rasas}"
            wrong = {
                slot: (mine.get(slot), other.get(slot))
                for slot in mine.keys() | other.keys()
                if mine.get(slot) != other.get(slot)
            }
            states = f"{(after.active_loop, after.rejected)} {(theirs['loop'], theirs['rejected'])}"
            self.report.findings.append(f"{found}\n  slots: {wrong}\n  loop: {states}")
            name = "without a name"
        if self.known[key].started:
            await self.follow(key, self.known[key])
        else:
            self.senders.pop(key, None)
        return name

    async def _broken(self, incoming: Incoming) -> None:
        """We said that something failed and kept the state; Rasa says what comes after the action that failed."""
        intent, entities = parse_payload(incoming.text) or ("nlu_fallback", {})
        theirs = await self.rasa.ask(
            do="say",
            sender=self.senders[incoming.key],
            channel=incoming.facts.channel,
            text=incoming.text,
            intent=intent,
            entities=entities,
            payload=True,
            school=incoming.facts.school,
        )
        if not theirs["said"]:
            self.report.findings.append(f"{self.case}: {incoming.text!r} failed with us\n  rasa: {theirs}")
        await self.follow(incoming.key, self.known[incoming.key])

    async def follow(self, key: str, tracker: Tracker) -> None:
        if key in self.senders:
            slots = self._slots(tracker)
            await self.rasa.ask(do="follow", sender=self.senders[key], slots=slots, loop=tracker.active_loop)

    async def _is_forgotten(self, incoming: Incoming) -> bool:
        ident = self.house.server.hash("conversation", incoming.key.encode())
        return not (await self.house.conversation._load(ident, incoming)).tracker.started

    def _is_payload(self, message: UserMessage) -> bool:
        """Whether Rasa will read this message as we did: the program gives some payloads another meaning."""
        known = message.intent in self.house.conversation._engine.assistant.domain.intents
        return known and parse_payload(message.text) == (message.intent, dict(message.entities))

    def _slots(self, tracker: Tracker) -> dict[str, Any]:
        initial = self.house.conversation._engine._initial
        slots = {**initial, **tracker.slots, "requested_slot": tracker.requested_slot}
        return {name: value for name, value in slots.items() if value is not None}

    @staticmethod
    def _loop(tracker: Tracker, forgotten: bool) -> str | None:
        return None if forgotten else tracker.active_loop

    def _break(self, what: str) -> None:
        super()._break(what)
        if what == "bericht":
            first, self.house = self.house, self.second
            super()._break(what)
            self.house = first

    async def _reader(self, turn: dict[str, Any]) -> None:
        first = self.house
        await super()._reader(turn)
        self.house = self.second
        try:
            await super()._reader(turn)
        finally:
            self.house = first


TOLD = {"utter_storing", *_FAILURES.values()}
FACTS = {
    "school",
    "schoolnaam",
    "kind",
    "woord_leerkracht",
    "woord_groep",
    "woord_toezicht",
    "wie_leest",
    "eigen_brievenbus",
    "eigen_tips",
}


def shown(messages: list[BotMessage]) -> list[dict[str, Any]]:
    """Our messages as Rasa's channel would hand them on: a text without buttons falls apart at its empty lines."""
    found: list[dict[str, Any]] = []
    for message in messages:
        buttons = [{"title": each.title, "payload": each.payload} for each in message.buttons]
        texts = [message.text] if buttons else message.text.strip().split("\n\n")
        found += [{"text": text, "buttons": buttons, "custom": {}} for text in texts]
        found[-1]["custom"] = dict(message.custom)
    return found


def collected(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rasa's messages; what is meant for the channel comes after the text to which it belongs."""
    found: list[dict[str, Any]] = []
    for message in messages:
        if set(message) <= {"recipient_id", "custom"} and found:
            found[-1]["custom"] = message["custom"]
        else:
            buttons = [{"title": each["title"], "payload": each["payload"]} for each in message.get("buttons") or ()]
            found.append({"text": message.get("text", ""), "buttons": buttons, "custom": message.get("custom") or {}})
    return found


def _without_random(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_random(each) for name, each in value.items() if name not in _RANDOM}
    return value


def same_nonces(case: str) -> None:
    """Both sides draw the same nonces in the same order, so that codes and buttons are the same too."""
    counts: Counter[str] = Counter()

    def draw(size: int) -> bytes:
        side = _SIDE.get()
        counts[side] += 1
        return hashlib.sha256(f"{case} {counts[side]}".encode()).digest()[:size]

    for module in (bot.actions.melding, bot.actions.code):
        module.nacl = SimpleNamespace(utils=SimpleNamespace(random=draw))  # type: ignore[attr-defined]


async def run_case(path: Path, folder: Path, rasa: Rasa, actions: Actions, report: Report) -> None:
    """One file of tests/conversations on both."""
    name = f"{path.parent.name}/{path.stem}"
    try:
        await play(name, read_case(path), folder, rasa, actions, report)
    except AssertionError as problem:
        report.findings.append(f"{name} does not go as it is written: {problem}")


async def run_broken(folder: Path, rasa: Rasa, actions: Actions, report: Report) -> None:
    """An action in the middle of a rule fails, in both."""
    said = ("/ben_leerling", "/gepest_worden", "/tip_volgende", "/menu")
    case = {"titel": "Een actie gaat stuk", "school": "jps", "beurten": [{"zegt": words} for words in said]}
    actions.broken = "action_tips_begin"
    await play("an action that fails", case, folder, rasa, actions, report)
    actions.broken = None


async def play(name: str, case: dict[str, Any], folder: Path, rasa: Rasa, actions: Actions, report: Report) -> None:
    """Hold a conversation on two houses that began as one."""
    clock = FixedClock()
    if "klok" in case:
        clock.set(datetime.fromisoformat(case["klok"]).replace(tzinfo=SCHOOL_TIME))
    same_nonces(name)
    ours, theirs = folder / "ours", folder / "theirs"
    house = build(Config(data=ours), SERVER_KEY, clock=clock, stretching=FAST)
    names = case.get("lezers", READERS.get(case["school"], OTHERWISE))
    accounts: list[Account] = await enrol(house, case["school"], *names)
    await house.close()
    shutil.copytree(ours, theirs)
    house, second = (build(Config(data=each), SERVER_KEY, clock=clock, stretching=FAST) for each in (ours, theirs))
    actions.current = OutsideActions(second, case["school"])
    if actions.broken:
        house.actions.actions[actions.broken] = _fail
    try:
        pupil = Pupil(house, case["school"], case.get("kanaal", "rest"))
        twins = Twins(name, second, rasa, actions, report, house, clock, pupil, accounts)
        await twins.begin()
        for turn in case["beurten"]:
            await twins.turn(turn)
    finally:
        await house.close()
        await second.close()
        shutil.rmtree(folder)


async def _fail(*_: Any) -> Any:
    raise RuntimeError("broken on purpose")
