"""The program that is measured: the real one, in a process of its own, on a folder that is thrown away."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.storage import ConversationRow, MeldingRow, SqliteStorage

_MAIN = (sys.executable, "-c", "from bot.cli import main; main()")
_START_SECONDS = 60
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Memory:
    """Of a process, in MiB."""

    now: float
    peak: float


NO_MEMORY = Memory(0.0, 0.0)


@dataclass(frozen=True)
class Program:
    """A running program.

    Attributes:
        port: where it answers.
        ready: seconds from its start to its first answer at /healthz.
        temporary: its folder for temporary files, in which a demo keeps its data.
    """

    process: subprocess.Popen[str] = field(repr=False)
    port: int
    ready: float
    temporary: Path

    def memory(self) -> Memory:
        """What it takes of the machine's memory, and the most that it took since `forget_peak`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = {name: int(size) / 1024 for name, size in re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB", status, re.MULTILINE)}
        return Memory(found["VmRSS"], found["VmHWM"])

    def forget_peak(self) -> None:
        """Begin anew with the peak of memory."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def cpu(self) -> float:
        """Seconds of processor time that it took until now, all threads together."""
        return cpu_of(self.process.pid)

    async def stored(self) -> tuple[int, int, int]:
        """What its database holds: conversations, turns of all of them together, meldingen."""
        (database,) = self.temporary.glob("brievenbus-demo-*/brievenbus.db")
        storage = SqliteStorage(database)
        try:
            conversations = await storage.find(ConversationRow, {})
            # A conversation's version is the number of turns that were committed.
            turns = sum(row.version for row in conversations)
            return len(conversations), turns, len(await storage.find(MeldingRow, {}))
        finally:
            await storage.close()


def cpu_of(pid: int) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_all() -> float:
    """Seconds of processor time of everything on this machine since it was started."""
    fields = [int(part) for part in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")


@contextmanager
def demo(temporary: Path) -> Iterator[Program]:
    """``brievenbus demo``: five schools with two readers each, real Argon2."""
    with _running(("demo", "--port", "0", "--json"), {}, temporary, lambda line: json.loads(line)["chat"]) as program:
        yield program


@contextmanager
def start(temporary: Path) -> Iterator[Program]:
    """``brievenbus start`` on a data folder, with the settings that it has by itself; a second time the folder is there."""
    env = {"BRIEVENBUS_DATA": str(temporary / "data"), "BRIEVENBUS_PORT": "0", "BRIEVENBUS_LOGNIVEAU": "warning"}
    with _running(("start",), env, temporary, _address) as program:
        yield program


def _address(line: str) -> str:
    return "http://127.0.0.1:" + re.findall(r"poort (\d+)", line)[0] + "/"


@contextmanager
def _running(
    arguments: tuple[str, ...], env: Mapping[str, str], temporary: Path, address: Callable[[str], str]
) -> Iterator[Program]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BRIEVENBUS_")}
    began = time.perf_counter()
    process = subprocess.Popen(
        [*_MAIN, *arguments], env={**clean, **env, "TMPDIR": str(temporary)}, cwd=temporary, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    # Reading a line waits for ever where a program hangs; it ends when that is killed.
    patience = threading.Timer(_START_SECONDS, process.kill)
    patience.start()
    try:
        line = process.stdout.readline()
        patience.cancel()
        if not line:
            raise RuntimeError(f"the program stopped at once, with {process.wait()}")
        chat = address(line)
        with urllib.request.urlopen(f"{chat}healthz", timeout=10) as answer:
            assert answer.read() == b"ok"
        yield Program(process, int(re.findall(r":(\d+)/$", chat)[0]), time.perf_counter() - began, temporary)
    finally:
        patience.cancel()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            process.stdout.close()
