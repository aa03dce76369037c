"""The program that is killed: run as a module it reads what is slow once, and forks a running bot for each line that it gets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bot.house
import bot.outbox
from bot import logs
from bot.channels.telegram import Reach
from bot.config import Config
from bot.house import House, build
from bot.serving import run
from tests.bot.conftest import FAST, SERVER_KEY
from tests.bot.fault_child import remember
from tests.bot.telegram.bot_api import TOKEN

RUNTIME_KEY = bytes(range(32, 64))
END_SECONDS = 3.0
TOO_LATE = 99
_BEGIN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    """A start of the program.

    Attributes:
        folder: data folder.
        api: port of the Bot API.
        second: how long a second lasts.
        since: when the first program of this storm started, of the machine's own clock.
    """

    folder: str
    api: int
    second: float
    since: float


class FastClock:
    """A clock on which so many seconds pass in one."""

    def __init__(self, since: float, second: float) -> None:
        self._since = since
        self._second = second

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=(time.monotonic() - self._since) / self._second)


def open_house(job: Job) -> House:
    """The program of a storm."""
    config = Config(data=Path(job.folder), scholen=("mijlpaal", "vo", "jps"), port=0, gesprek_minuten=1440)
    reach = Reach(TOKEN, f"http://127.0.0.1:{job.api}", "", job.second)
    clock = FastClock(job.since, job.second)
    return build(config, SERVER_KEY, runtime_key=RUNTIME_KEY, reach=reach, clock=clock, stretching=FAST)


def prepare() -> None:
    """Read what never changes, and make the outbox look as often as the storm is fast."""
    remember()
    bot.outbox.LOOK_SECONDS = 0.02
    bot.house.read_knowledge()
    bot.house.load_dialogues([bot.house.files("dialogues")])
    bot.house.Understanding([bot.house.files("dialogues")])
    bot.house.load_words()
    from bot.channels.telegram import service

    assert service


async def _run(job: Job) -> None:
    async def ready(_port: int) -> None:
        return

    await run(open_house(job), demo=False, ready=ready)


def main() -> None:
    """Fork a program for each job; its process id goes out, and whoever asked kills it or ends it."""
    logs.set_up("error")
    prepare()
    children: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            sys.stdout.write(f"{_ended(asked['wait'])}\n")
            children.discard(asked["wait"])
        else:
            assert threading.active_count() == 1, "a fork with threads would copy their locks"
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    asyncio.run(_run(Job(**asked)))
                    code = 0
                finally:
                    sys.stderr.flush()
                    os._exit(code)
            children.add(child)
            sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    for child in children:  # whoever asked is gone
        os.kill(child, signal.SIGKILL)


def _ended(child: int) -> int:
    """How a program ended; `TOO_LATE` when it did not, in the time that it has."""
    until = time.monotonic() + END_SECONDS
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TOO_LATE


def as_line(job: Job) -> bytes:
    """A job as the program reads it."""
    return json.dumps(asdict(job)).encode() + b"\n"


if __name__ == "__main__":
    main()
