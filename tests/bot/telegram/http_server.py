"""The smallest HTTP server that can be unreliable on purpose: it may hang up before or after it did what it was asked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

Handler = Callable[["Call"], Awaitable["Answer | None"]]


@dataclass(frozen=True)
class Call:
    """A request: ``fields`` are those of its form and its query."""

    path: str
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """A response; None in its place hangs up."""

    status: int
    body: bytes = field(repr=False)


class HttpServer:
    """Serves on the loopback until it is closed."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._server is not None:
            self._server.close()
        self.hang_up()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang_up(self) -> None:
        """Cut all connections, as when the network goes away."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = first.split(" ")[1].partition("?")
        fields = dict(parse_qsl(query, keep_blank_values=True))
        kind = headers.get("content-type", "").partition(";")[0]
        if body:
            assert kind == "application/x-www-form-urlencoded", f"the Bot API server of the tests takes forms, not {kind}"
            fields |= dict(parse_qsl(body.decode(), keep_blank_values=True))
        answer = await self._handler(Call(path, fields))
        if answer is None:
            return False
        writer.write(
            f"HTTP/1.1 {answer.status} X\r\nContent-Type: application/json\r\nContent-Length: {len(answer.body)}\r\n\r\n".encode()
            + answer.body
        )
        await writer.drain()
        return True
