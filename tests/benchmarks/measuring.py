"""What is measured, how often and how long; and whether the program kept all that it answered."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.benchmarks import program
from tests.benchmarks.load import Job, Outcome
from tests.benchmarks.program import NO_MEMORY, Memory, Program
from tests.benchmarks.scripts import LONG

SCHOOL = "jps"
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        runs: of everything; the medians count.
        warm_up: seconds before each run.
        seconds: of each run.
        most: turns in each run at most.
        connections: numbers of pupils side by side.
        senders: pupils side by side who send meldingen.
        starts: how often the program is started to see how long that takes.
        dropped: so many of those fill the caches first, and do not count.
        rest: seconds that it is left alone before its memory at rest is looked at.
    """

    runs: int = 3
    warm_up: float = 1.0
    seconds: float = 5.0
    most: int = 1_000_000
    connections: tuple[int, ...] = (1, 8, 64)
    senders: int = 8
    starts: int = 6
    dropped: int = 1
    rest: float = 2.0


# Shows within seconds that everything works. Its figures say nothing.
QUICK = Plan(runs=1, warm_up=0.0, seconds=10.0, most=60, connections=(1, 8), senders=2, starts=1, dropped=0, rest=0.0)


@dataclass(frozen=True)
class Run:
    """One run of a script.

    Attributes:
        script: its name.
        connections: pupils side by side.
        outcome: what they saw.
        cpu: seconds of processor time that the program took, warm-up included.
        others: processors that were taken by whatever else ran on the machine, on average: the less, the better the figures.
    """

    script: str
    connections: int
    outcome: Outcome
    cpu: float
    others: float


@dataclass
class Figures:
    """Everything that was measured."""

    runs: list[Run] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    demo_ready: float = 0.0
    rest: Memory = NO_MEMORY
    rest_after: Memory = NO_MEMORY
    talking: Memory = NO_MEMORY
    sending: Memory = NO_MEMORY

    def of(self, script: str, connections: int) -> list[Run]:
        """The runs of one kind."""
        return [run for run in self.runs if (run.script, run.connections) == (script, connections)]


def middle(runs: list[Run], figure: Callable[[Run], float]) -> float:
    """The median of a figure."""
    return statistics.median(map(figure, runs))


class NotStored(Exception):
    """The program answered what it did not keep."""


async def measure(plan: Plan, folder: Path, say: Callable[[str], None]) -> Figures:
    """Measure everything.

    Args:
        plan: how much.
        folder: on the disk that is measured; the program keeps its data in it.
        say: told what is being done.

    Raises:
        NotStored: the database does not hold every turn and every melding that was answered.
    """
    figures = Figures()
    say("start")
    for number in range(1, plan.starts + 1):
        with program.start(folder) as started:
            if number > plan.dropped:
                figures.starts.append(started.ready)
            if number == plan.starts:
                await asyncio.sleep(plan.rest)
                figures.rest = started.memory()
    with program.demo(folder) as running:
        figures.demo_ready = running.ready
        for number in range(plan.runs):
            say(f"run {number + 1} of {plan.runs}")
            running.forget_peak()
            for script in ("buttons", "texts"):
                for connections in plan.connections:
                    figures.runs.append(_run(running, script, connections, plan))
            figures.talking = running.memory()
            running.forget_peak()
            figures.runs.append(_run(running, "form", plan.senders, plan))
            figures.sending = running.memory()
            figures.runs.append(_run(running, "long", 1, plan))
        figures.rest_after = running.memory()
        kept = await running.stored()
    answered = tuple(sum(getattr(run.outcome, name) for run in figures.runs) for name in ("conversations", "answered", "sent"))
    if kept != answered:
        raise NotStored(f"conversations, turns, meldingen: {answered} answered, {kept} stored")
    return figures


def _run(running: Program, script: str, connections: int, plan: Plan) -> Run:
    # One conversation at a time, and what counts are ten of its turns: that takes longer to be sure of.
    most, seconds = (max(plan.most, len(LONG)), plan.seconds * 3) if script == "long" else (plan.most, plan.seconds)
    job = Job(running.port, SCHOOL, script, connections, plan.warm_up, seconds, most)
    cpu, everything, own, began = running.cpu(), program.cpu_of_all(), _cpu_of_children(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(job)),
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        check=True,
        timeout=plan.warm_up + seconds + 90,
    )
    took = running.cpu() - cpu
    others = program.cpu_of_all() - everything - took - (_cpu_of_children() - own)
    outcome = Outcome(**json.loads(done.stdout))
    return Run(script, connections, outcome, took, max(0.0, others) / (time.perf_counter() - began))


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
