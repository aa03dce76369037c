"""Where the time of one turn goes: ``python -m tests.benchmarks.parts``, in this process, without HTTP, on a real disk.

The parts are timed by wrapping them, so that the sum is the turn; what a profiler adds would fall on the many small calls.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bot.conversation
from bot.clock import SystemClock
from bot.config import Config
from bot.house import House, build
from bot.messages import Facts, Incoming
from dialogues import parse_payload
from tests.benchmarks.scripts import BUTTONS, LONG, TEXTS, Step
from tests.bot.conftest import FAST, SERVER_KEY, enrol

READ = "read (within actions and the rest)"
PARTS = ("understand", "engine", "actions", "seal and open the state", READ, "commit", "the rest")


class Parts:
    """Seconds by part of the turn that runs."""

    def __init__(self) -> None:
        self.now: dict[str, float] = defaultdict(float)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.now[name] += time.perf_counter() - began

        return call

    def awaited(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return await function(*arguments, **named)
            finally:
                self.now[name] += time.perf_counter() - began

        return call

    def stepped(self, name: str, function: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
        """A generator: only what runs between its yields is its own."""

        def call(*arguments: Any) -> Generator[Any, Any, Any]:
            steps, answer = function(*arguments), None
            while True:
                began = time.perf_counter()
                try:
                    wanted = steps.send(answer)
                except StopIteration as done:
                    return done.value
                finally:
                    self.now[name] += time.perf_counter() - began
                answer = yield wanted

        return call


def watch(house: House) -> Parts:
    """Time the parts of this house."""
    parts, talk = Parts(), house.conversation
    for target, name, part, wrap in (
        (talk._understanding, "understand", "understand", parts.timed),
        (talk._engine, "turn", "engine", parts.stepped),
        (talk._executor, "run", "actions", parts.awaited),
        (talk._storage, "get", READ, parts.awaited),
        (talk._storage, "commit", "commit", parts.awaited),
        (bot.conversation, "encrypt", "seal and open the state", parts.timed),
        (bot.conversation, "decrypt", "seal and open the state", parts.timed),
    ):
        setattr(target, name, wrap(part, getattr(target, name)))
    return parts


async def converse(house: House, key: str, script: tuple[Step, ...], note: Callable[[float], None]) -> None:
    """One pupil through a script."""
    facts, turn, nonce = Facts("jps", "rest"), 0, ""
    for step in script:
        began = time.perf_counter()
        incoming = Incoming(key, facts, step.says.replace("{nonce}", nonce), turn=turn)
        replies = await house.conversation.handle(incoming)
        note(time.perf_counter() - began)
        turn = replies.turn
        for button in (button for message in replies.messages for button in message.buttons):
            parsed = parse_payload(button.payload)
            nonce = str(parsed[1].get("nonce", nonce)) if parsed else nonce


async def look(folder: Path, rounds: int, long_talks: int) -> list[str]:
    """The lines of the table, of so many conversations of each kind."""
    house = build(Config(data=folder), SERVER_KEY, clock=SystemClock(), stretching=FAST)
    await enrol(house, "jps", "Ivonne", "Antje")
    parts = watch(house)
    lines = ["| milliseconds of a turn | " + " | ".join(PARTS) + " | turn | p99 |", "|---" * (len(PARTS) + 3) + "|"]
    for name, script in (("a button", BUTTONS), ("a typed text", TEXTS)):
        sums: dict[str, float] = defaultdict(float)
        turns: list[float] = []

        def note(took: float, sums: dict[str, float] = sums, turns: list[float] = turns) -> None:
            own = dict(parts.now)
            parts.now.clear()
            own["the rest"] = took - sum(own.get(part, 0.0) for part in PARTS if part != READ)
            turns.append(took)
            for part, seconds in own.items():
                sums[part] += seconds

        for number in range(rounds):
            await converse(house, f"{name}-{number}", script, note)
        each = [f"{1000 * sums[part] / len(turns):.2f}" for part in PARTS]
        turns.sort()
        mean, p99 = statistics.fmean(turns), turns[int(len(turns) * 0.99)]
        lines.append(f"| {name} | {' | '.join(each)} | {1000 * mean:.2f} | {1000 * p99:.2f} |")
    # The same ten turns at the start and at the end of one long conversation, of the engine alone.
    early: list[float] = []
    late: list[float] = []
    for number in range(long_talks):
        engine: list[float] = []

        def own(_: float, engine: list[float] = engine) -> None:
            engine.append(parts.now["engine"])
            parts.now.clear()

        await converse(house, f"long-{number}", LONG, own)
        early.append(statistics.median(engine[1:11]))
        late.append(statistics.median(engine[291:301]))
    ratio = statistics.median(late) / statistics.median(early)
    lines.append(f"\nEngine, the 300th turn against the first: {ratio:.2f} times.")
    await house.close()
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.parts", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shows only that it works")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory(prefix="brievenbus-parts-") as name:
        print("\n".join(asyncio.run(look(Path(name), 1 if quick else 60, 1 if quick else 12))))


if __name__ == "__main__":
    main()
