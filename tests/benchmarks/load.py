"""The load: pupils who answer as soon as they are answered. A process of its own; a job in on stdin, what came of it out.

Raw sockets with keep-alive, and answers that are searched instead of parsed: what the load costs is not the program's.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.benchmarks.scripts import SCRIPTS, Step

HOST = "127.0.0.1"
_LENGTH = re.compile(rb"content-length: (\d+)\r\n")
_TURN = re.compile(rb"brievenbus-turn: (\d+)\r\n")
_NONCE = re.compile(rb'/versturen\{\\"nonce\\":\\"([0-9a-f]{32})')


@dataclass(frozen=True)
class Job:
    """What to do.

    Attributes:
        port: of the program, on this machine.
        school: slug.
        script: name of the script; each conversation runs through it once.
        connections: pupils side by side, each in one conversation at a time.
        warm_up: seconds before what is measured.
        seconds: that are measured.
        most: turns in all, after which it ends however much time is left.
    """

    port: int
    school: str
    script: str
    connections: int
    warm_up: float
    seconds: float
    most: int


@dataclass(frozen=True)
class Outcome:
    """What came of it. Times are in milliseconds.

    Attributes:
        turns: that were measured, of `answered`, all that were answered.
        seconds: that were measured.
        finished: scripts that came to their end while it was measured.
        conversations: in which at least one turn was answered.
        sent: times that *versturen* was answered, warm-up included.
        p50, p99: of the turns that were measured.
        last_p50, last_p99: of the last steps of their scripts.
        first: of turn 1 in the script.
        early, late: of one of ten turns: 2 to 11, and 292 to 301.
        three_hundredth: of turn 300.
    """

    turns: int
    answered: int
    seconds: float
    finished: int
    conversations: int
    sent: int
    p50: float
    p99: float
    last_p50: float
    last_p99: float
    first: float
    early: float
    late: float
    three_hundredth: float


class WrongAnswer(Exception):
    """The program did not answer as it should."""


class Load:
    """What all pupils of a job share: the time, and the samples."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.script: Sequence[Step] = SCRIPTS[job.script]
        self.samples: list[tuple[int, float]] = []
        self.answered = self.conversations = self.sent = self.finished = 0
        self.starts = time.perf_counter() + job.warm_up
        self.ends = self.starts + job.seconds

    def took(self, step: int, began: float, now: float) -> bool:
        """A turn was answered. Whether another may follow."""
        self.answered += 1
        self.conversations += step == 0
        last = step == len(self.script) - 1
        self.sent += last and self.job.script == "form"
        if self.starts <= now <= self.ends:
            self.samples.append((step, (now - began) * 1000))
            self.finished += last
        return now < self.ends and self.answered < self.job.most

    def outcome(self) -> Outcome:
        """The figures."""
        every = [took for _, took in self.samples]
        last = [took for step, took in self.samples if step == len(self.script) - 1]
        by_step: dict[int, list[float]] = {}
        for step, took in self.samples:
            by_step.setdefault(step, []).append(took)
        typical = {step: statistics.median(times) for step, times in by_step.items()}

        def mean(steps: range) -> float:
            return statistics.fmean(typical[step] for step in steps) if all(step in typical for step in steps) else 0.0

        p50, p99 = _percentiles(every)
        last_p50, last_p99 = _percentiles(last)
        seconds = min(self.ends, time.perf_counter()) - self.starts
        return Outcome(
            turns=len(every),
            answered=self.answered,
            seconds=seconds,
            finished=self.finished,
            conversations=self.conversations,
            sent=self.sent,
            p50=p50,
            p99=p99,
            last_p50=last_p50,
            last_p99=last_p99,
            first=typical.get(0, 0.0),
            early=mean(range(1, 11)),
            late=mean(range(291, 301)),
            three_hundredth=typical.get(299, 0.0),
        )


def _percentiles(samples: list[float]) -> tuple[float, float]:
    """The median, and what 99 of 100 stay under; zeros when there are no two samples."""
    if len(samples) < 2:
        return 0.0, 0.0
    cuts = statistics.quantiles(samples, n=100, method="inclusive")
    return cuts[49], cuts[98]


class Pupil(asyncio.Protocol):
    """One connection: opens a conversation, runs through the script, opens the next."""

    def __init__(self, load: Load) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._load = load
        self._script = load.script
        self._school = load.job.school
        self._host = f"{HOST}:{load.job.port}"
        self._buffer = b""
        self._sender = self._nonce = ""
        self._step = -1  # the conversation is being opened
        self._turn = 0
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(WrongAnswer("the program closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = _LENGTH.search(head)
        if length is not None and len(body) < int(length[1]):
            return
        now = time.perf_counter()
        self._buffer = b""
        try:
            if length is None or not head.startswith(b"HTTP/1.1 200"):
                raise WrongAnswer(head.partition(b"\r\n")[0].decode(errors="replace"))
            if self._step < 0:
                self._sender, self._turn = json.loads(body)["sender"], 0
            else:
                self._check(head + b"\r\n", body)
                if not self._load.took(self._step, self._began, now):
                    self.done.set_result(None)
                    self._transport.close()
                    return
            self._step += 1
            if self._step == len(self._script):
                self._open()
            else:
                self._say()
        except WrongAnswer as problem:
            self.done.set_exception(problem)
            self._transport.abort()

    def _check(self, head: bytes, body: bytes) -> None:
        """Every turn that was kept moves the number on by one: a turn that failed, or came twice, does not."""
        turn, step = _TURN.search(head), self._script[self._step]
        if turn is None or int(turn[1]) != self._turn + 1:
            raise WrongAnswer(f"{self._load.job.script}, step {self._step} ({step.says}): the turn was not kept")
        self._turn += 1
        if step.offers and json.dumps(step.offers)[1:-1].encode() not in body:
            raise WrongAnswer(f"{self._load.job.script}, step {self._step} ({step.says}): the answer offers no {step.offers}")
        nonce = _NONCE.search(body)
        if nonce is not None:
            self._nonce = nonce[1].decode()

    def _open(self) -> None:
        self._step = -1
        self._post("conversation", b"")

    def _say(self) -> None:
        message = self._script[self._step].says.replace("{nonce}", self._nonce)
        given = {"sender": self._sender, "message": message, "id": secrets.token_urlsafe(12), "turn": self._turn}
        body = json.dumps(given).encode()
        self._began = time.perf_counter()
        self._post("messages", body)

    def _post(self, what: str, body: bytes) -> None:
        kind = "Content-Type: application/json\r\n" if body else ""
        head = f"POST /{self._school}/{what} HTTP/1.1\r\nHost: {self._host}\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def run(job: Job) -> Outcome:
    """Do a job.

    Raises:
        WrongAnswer: the program did not answer as it should.
    """
    loop = asyncio.get_running_loop()
    load = Load(job)
    pupils = [(await loop.create_connection(lambda: Pupil(load), HOST, job.port))[1] for _ in range(job.connections)]
    async with asyncio.timeout(job.warm_up + job.seconds + 60):
        await asyncio.gather(*(pupil.done for pupil in pupils))
    return load.outcome()


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(run(Job(**json.load(sys.stdin)))))))
