"""A process that kills itself with SIGKILL at a chosen point of a turn: run as a module, it forks one child for each job.

It is asked with lines of JSON and answers with lines of JSON. Everything slow is read once, before the forks, and no thread runs
then. A child does with one folder what the running program does with its own, and says at once, unbuffered, what a person was
shown; what a person was not shown was never confirmed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import bot.house
from bot.clock import FixedClock
from bot.config import Config
from bot.house import House, build
from bot.messages import Facts, Incoming
from tests.bot.conftest import FAST, SERVER_KEY

NEVER = 0


@dataclass(frozen=True)
class Job:
    """One attempt.

    Attributes:
        folder: data folder.
        scenario: what is done, one of `SCENARIOS`.
        points: which points count: ``statement`` or ``await``.
        at: the number of the point at which the process dies, from 1; `NEVER` to count them.
        given: what the scenario needs.
    """

    folder: str
    scenario: str
    points: str
    at: int
    given: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of it.

    Attributes:
        killed: whether the process died of SIGKILL.
        shown: what a person was shown before that; None when nothing was.
        counted: the points that were passed; only of a process that lived.
        code: how the process ended otherwise.
    """

    killed: bool
    shown: list[str] | None
    counted: int | None
    code: int


class Bomb:
    """Counts points, and kills this process at one of them."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.passed = 0

    def tick(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_statements(self, house: House) -> None:
        """Every statement of the writer: before it is handed over, when SQLite begins with it, and when it is done."""
        db = house.storage._write  # type: ignore[attr-defined]
        execute = db.execute

        def counted(*arguments: Any) -> Any:
            self.tick()
            result = execute(*arguments)
            self.tick()
            return result

        db.execute = counted
        db.conn.set_trace_callback(lambda _sql: self.tick())

    def on_awaits(self) -> None:
        """Every await of the main thread: before it begins, each time that it waits and goes on, and when it is over."""

        def profile(frame: FrameType, event: str, _argument: object) -> None:
            # Of a coroutine, "call" is also going on after waiting, and "return" is also beginning to wait.
            if event in ("call", "return") and frame.f_code.co_flags & inspect.CO_COROUTINE:
                self.tick()

        sys.setprofile(profile)


async def say(house: House, given: dict[str, Any]) -> list[str]:
    """A message of a pupil, as a page posts it; shown are the names of the replies, and the code."""
    incoming = Incoming(given["key"], Facts("jps", "rest"), given["text"], given["message_id"], given["turn"])
    replies = await house.conversation.handle(incoming)
    return [m.text if m.custom.get("stijl") == "code" else str(m.response) for m in replies.messages]


async def answer(house: House, given: dict[str, Any]) -> list[str]:
    """A reader opens the only melding and answers it."""
    session = await house.staff.session(given["cookie"])
    assert session is not None
    [item] = (await house.inbox.queue(session)).items
    opened = await house.inbox.open(session, item.id)
    await house.inbox.answer(session, item.id, given["text"], given["form"], opened.thread_count)
    return ["geantwoord"]


SCENARIOS: dict[str, Callable[[House, dict[str, Any]], Awaitable[list[str]]]] = {"say": say, "answer": answer}


_MADE: dict[str, Any] = {}


def remember(put: Callable[[object, str, object], None] = setattr) -> None:
    """Let houses share what never changes: the knowledge, the dialogues, the words. ``put`` is as `setattr`."""
    for name in ("read_knowledge", "load_dialogues", "load_words", "Understanding"):
        put(bot.house, name, _once(name, getattr(bot.house, name)))


def _once(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
    def get(*arguments: Any) -> Any:
        if name not in _MADE:
            _MADE[name] = make(*arguments)
        return _MADE[name]

    return get


def open_house(folder: Path) -> House:
    """The program on a folder; the clock stands where it stands in all tests."""
    return build(Config(data=folder), SERVER_KEY, clock=FixedClock(), stretching=FAST)


async def _attempt(job: Job, tell: Callable[[dict[str, Any]], None]) -> None:
    bomb = Bomb(job.at)
    house = open_house(Path(job.folder))
    if job.points == "statement":
        bomb.on_statements(house)
    else:
        bomb.on_awaits()
    tell({"shown": await SCENARIOS[job.scenario](house, job.given)})
    await house.close()
    sys.setprofile(None)
    tell({"counted": bomb.passed})


def _child(job: Job, pipe: int) -> int:
    def tell(what: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(what).encode() + b"\n")

    try:
        asyncio.run(_attempt(job, tell))
    except BaseException as error:
        sys.stderr.write(f"child: {type(error).__name__}: {error}\n")
        sys.stderr.flush()
        return 1
    return 0


def _fork(job: Job) -> Outcome:
    assert threading.active_count() == 1, "a fork with threads would copy their locks"
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os._exit(_child(job, write))
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = {key: value for line in pipe for key, value in json.loads(line).items()}
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Outcome(status == -signal.SIGKILL, told.get("shown"), told.get("counted"), status)


def main() -> None:
    """Answer jobs until there are no more."""
    remember()
    bot.house.read_knowledge()
    bot.house.load_dialogues([bot.house.files("dialogues")])
    bot.house.Understanding([bot.house.files("dialogues")])
    bot.house.load_words()
    for line in sys.stdin:
        outcome = _fork(Job(**json.loads(line)))
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
