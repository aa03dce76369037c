"""A small mail server on the loopback: as strict as a real one about order and TLS, and as unfriendly as a test asks."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

HERE = Path(__file__).parent
USER, PASSWORD = "brievenbus@school.example", "geheim van de mailserver"
# What a test lets it say: gets a command in capitals and its argument, returns an answer or None to go on as usual.
Script = Callable[[str, str], str | None]


def believing() -> ssl.SSLContext:
    """Believes the certificate of this server, and no other."""
    return ssl.create_default_context(cafile=str(HERE / "localhost.cert.pem"))


@dataclass(frozen=True)
class Mail:
    recipient: str
    message: Message


@dataclass
class MailServer:
    """What came in, and how it answers.

    Attributes:
        direct: TLS from the first byte; else only after STARTTLS.
        offers_tls: whether it says so.
        hang_up_after: the command after which it hangs up without a word.
    """

    direct: bool = False
    offers_tls: bool = True
    script: Script = lambda command, argument: None
    mails: list[Mail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    greeted_as: set[str] = field(default_factory=set)
    in_clear: list[bytes] = field(default_factory=list)
    hang_up_after: str = ""
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(HERE / "localhost.cert.pem", HERE / "localhost.key.pem")
        return context

    async def begin(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=self._tls() if self.direct else None)
        self.port = self._server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure, known, sender, recipients = self.direct, False, "", list[str]()

        async def say(line: str) -> None:
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        await say("220 mail.example ESMTP")
        while line := await reader.readline():
            if not secure:
                self.in_clear.append(line)
            command, _, argument = line.decode().strip().partition(" ")
            command = command.upper()
            self.commands.append(command)
            if (scripted := self.script(command, argument)) is not None:
                await say(scripted)
            elif command == "EHLO":
                self.greeted_as.add(argument)
                offers = [*(["STARTTLS"] if self.offers_tls and not secure else []), *(["AUTH PLAIN LOGIN"] if secure else [])]
                lines = ["mail.example", *offers, "SIZE 1000000"]
                for number, offer in enumerate(lines, start=1):
                    await say(f"250{' ' if number == len(lines) else '-'}{offer}")
            elif command == "STARTTLS" and self.offers_tls and not secure:
                await say("220 go ahead")
                await writer.start_tls(self._tls())
                secure = True
            elif command == "AUTH" and secure:
                kind, _, given = argument.partition(" ")
                known = kind == "PLAIN" and base64.b64decode(given) == f"\0{USER}\0{PASSWORD}".encode()
                await say("235 2.7.0 welcome" if known else "535 5.7.8 wrong")
            elif command == "QUIT":
                await say("221 bye")
                return
            elif command in ("RSET", "NOOP"):
                sender, recipients = "", []
                await say("250 ok")
            elif not known:
                await say("530 5.7.0 first STARTTLS and AUTH")
            elif command == "MAIL":
                sender = argument
                await say("250 2.1.0 ok")
            elif command == "RCPT" and sender:
                recipients.append(argument[argument.index("<") + 1 : argument.index(">")])
                await say("250 2.1.5 ok")
            elif command == "DATA" and recipients:
                await say("354 go on")
                body = b""
                while (part := await reader.readline()) != b".\r\n":
                    body += part.removeprefix(b".")
                message = message_from_bytes(body, policy=default)
                self.mails += [Mail(one, message) for one in recipients]
                sender, recipients = "", []
                if self.hang_up_after == "DATA":
                    return
                await say("250 2.0.0 taken")
            else:
                await say("503 5.5.1 not now")


@asynccontextmanager
async def running(**settings: object) -> AsyncIterator[MailServer]:
    server = MailServer(**settings)  # type: ignore[arg-type]
    await server.begin()
    try:
        yield server
    finally:
        await server.end()
