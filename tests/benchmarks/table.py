"""The figures as Markdown, with the machine and the method: a figure without those says nothing."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measuring import SCHOOL, Figures, Plan, Run, middle
from tests.benchmarks.scripts import BUTTONS, FORM, TEXTS


def table(figures: Figures, plan: Plan, folder: Path) -> str:
    """Everything, ready to be put into a page."""
    return "\n".join(_lines(figures, plan, folder))


def _lines(figures: Figures, plan: Plan, folder: Path) -> Iterator[str]:
    yield "| what | a second | p50 ms | p99 ms | processor ms each |"
    yield "|---|---:|---:|---:|---:|"
    for script, name in (("buttons", "button turns"), ("texts", "typed turns")):
        for connections in plan.connections:
            runs = figures.of(script, connections)
            rate = middle(runs, lambda run: run.outcome.turns / run.outcome.seconds)
            p50, p99 = middle(runs, lambda run: run.outcome.p50), middle(runs, lambda run: run.outcome.p99)
            each = middle(runs, lambda run: run.cpu / run.outcome.answered * 1000)
            yield f"| {name}, {_side_by_side(connections)} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {each:.2f} |"
    runs = figures.of("form", plan.senders)
    rate = middle(runs, lambda run: run.outcome.finished / run.outcome.seconds)
    p50, p99 = middle(runs, lambda run: run.outcome.last_p50), middle(runs, lambda run: run.outcome.last_p99)
    each = middle(runs, lambda run: run.cpu / max(1, run.outcome.sent) * 1000)
    yield f"| whole form to *versturen*, {_side_by_side(plan.senders)} | {rate:.1f} | {p50:.0f} | {p99:.0f} | {each:.0f} |"
    yield ""
    yield "| what | figure |"
    yield "|---|---:|"
    long = figures.of("long", 1)
    yield f"| turn 300 against turn 1, the same button | {middle(long, _three_hundredth):.2f} × |"
    yield f"| turns 292-301 against turns 2-11, the same buttons | {middle(long, _late):.2f} × |"
    yield f"| `brievenbus start` until /healthz answers, files in cache | {statistics.median(figures.starts):.2f} s |"
    yield f"| `brievenbus demo` until /healthz answers (enrols ten readers) | {figures.demo_ready:.2f} s |"
    yield f"| memory at rest: `start`, nobody there yet | {figures.rest.now:.0f} MiB |"
    yield f"| memory at rest: `demo`, after all of this | {figures.rest_after.now:.0f} MiB |"
    yield f"| memory at its peak: {max(plan.connections)} pupils talk | {figures.talking.peak:.0f} MiB |"
    yield f"| memory at its peak: {plan.senders} pupils send | {figures.sending.peak:.0f} MiB |"
    yield ""
    yield _machine(folder)
    yield ""
    yield _method(plan, figures)


def _side_by_side(connections: int) -> str:
    return f"{connections} connection{'s' if connections > 1 else ''}"


def _three_hundredth(run: Run) -> float:
    return run.outcome.three_hundredth / run.outcome.first if run.outcome.first else 0.0


def _late(run: Run) -> float:
    return run.outcome.late / run.outcome.early if run.outcome.early else 0.0


def _machine(folder: Path) -> str:
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commits, fsync = _commits(folder), _fsyncs(folder)
    return (
        f"Machine: {os.cpu_count()} cores ({model[1] if model else platform.machine()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.release()}. "
        f"Its disk alone: {fsync:,.0f} fsyncs and {commits:,.0f} SQLite commits a second."
    )


def _method(plan: Plan, figures: Figures) -> str:
    others = [run.others for run in figures.runs]
    return (
        f"Method: `brievenbus demo` (school {SCHOOL}, five schools open) and the pupils are two processes on the same cores, "
        f"over HTTP with keep-alive. Each turn is committed with fsync before it is answered; each answer is checked, and at the "
        f"end the database is asked whether it holds every turn. Each pupil sends the next message when the answer is there: "
        f"{len(BUTTONS)} buttons or {len(TEXTS)} texts a conversation, {len(FORM)} turns to a melding (p50 and p99 there: of "
        f"*versturen* alone, with Argon2id at 64 MiB and 4 passes). Medians of {plan.runs} runs of {plan.seconds:g} s after "
        f"{plan.warm_up:g} s of warming up (long conversations: three times as long). "
        f"Meanwhile other programs took {statistics.median(others):.2f} cores "
        f"(from {min(others):.2f} to {max(others):.2f})."
    )


def _fsyncs(folder: Path) -> float:
    file = folder / "fsync"
    with file.open("wb") as out:
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < 0.3:
            out.write(b"x" * 4096)
            out.flush()
            os.fsync(out.fileno())
            done += 1
        took = time.perf_counter() - began
    file.unlink()
    return done / took


def _commits(folder: Path) -> float:
    """The least that one durable turn could take here: one small row, one commit."""
    db = sqlite3.connect(folder / "commits.db", isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, what BLOB)")
        done, began = 0, time.perf_counter()
        while time.perf_counter() - began < 0.3:
            db.execute("INSERT INTO one (what) VALUES (?)", [b"x" * 500])
            done += 1
        return done / (time.perf_counter() - began)
    finally:
        db.close()
