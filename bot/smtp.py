"""Mail to readers: one message at a time, always through TLS, with a certificate that is checked."""

from __future__ import annotations

import asyncio
import os
import re
import smtplib
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any

from bot.clock import SCHOOL_TIME, Clock
from bot.config import Config, SettingProblem, Smtp
from bot.outbox import Refused

VARIABLE = "BRIEVENBUS_SMTP_PASSWORD"
FILE = "smtp.password"
# Of each step of the talk with the server; a mail server may think for a while about a message.
SECONDS = 30
# RFC 3463: 5.1 says that the address is wrong, 5.2 that the mailbox is. 5.7 (policy) and others are about us, not the reader.
_ABOUT_ADDRESS = re.compile(rb"5\.[12]\.\d{1,3}\b")
_ABOUT_OTHER = re.compile(rb"5\.[3-7]\.\d{1,3}\b")


class MailProblem(Exception):
    """The mail server would not take it now. Its answer, which may name an address, is not kept."""


@dataclass(frozen=True)
class MailServer:
    """A sender of mail: see `bot.outbox.Sender`.

    Attributes:
        context: which certificates are believed; those of the machine.
    """

    settings: Smtp
    password: str = field(repr=False)
    clock: Clock
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """Mail ``onderwerp`` and ``tekst`` to an address.

        Raises:
            Refused: the server says that this address does not exist.
            MailProblem: anything else.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Exception | None] = loop.create_future()
        message = self._message(destination, payload)

        def tell(outcome: Exception | None) -> None:
            if not done.done():
                done.set_result(outcome)

        def work() -> None:
            outcome = self._talk(destination, message)
            try:
                loop.call_soon_threadsafe(tell, outcome)
            except RuntimeError:
                # The program ends; what was not marked as sent is sent again at the next start.
                return

        # A thread of its own that nobody waits for at the end: a server that hangs must not keep the program from stopping.
        threading.Thread(target=work, name="brievenbus-mail", daemon=True).start()
        problem = await done
        if problem is not None:
            raise problem

    def _message(self, address: str, payload: Mapping[str, Any]) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self.settings.afzender
        message["To"] = address
        message["Subject"] = payload["onderwerp"]
        message["Date"] = format_datetime(self.clock.now().astimezone(SCHOOL_TIME))
        message["Message-ID"] = make_msgid(domain=self._domain)
        # So that no out-of-office reply is sent.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(payload["tekst"])
        return message

    @property
    def _domain(self) -> str:
        return self.settings.afzender.rpartition("@")[2]

    def _talk(self, address: str, message: EmailMessage) -> Exception | None:
        """Talk with the server; what went wrong, without a word of what it said."""
        try:
            with self._connection() as server:
                if self.settings.gebruiker is not None:
                    server.login(self.settings.gebruiker, self.password)
                server.send_message(message, self.settings.afzender, [address])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            final = code // 100 == 5 and not _ABOUT_OTHER.match(said)
            return Refused() if final else MailProblem(f"recipient refused with {code}")
        except smtplib.SMTPDataError as error:
            said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
            final = error.smtp_code // 100 == 5 and _ABOUT_ADDRESS.match(said) is not None
            return Refused() if final else MailProblem(f"message refused with {error.smtp_code}")
        except smtplib.SMTPResponseException as error:
            return MailProblem(f"{type(error).__name__} {error.smtp_code}")
        except Exception as error:
            # Whatever it is: an exception in this thread would be told to nobody, and the notice waited for.
            return MailProblem(type(error).__name__)
        return None

    def _connection(self) -> smtplib.SMTP:
        # The name we greet with: smtplib would look up that of this machine, and tell it.
        where, name = (self.settings.host, self.settings.port), self._domain
        if self.settings.tls == "direct":
            return smtplib.SMTP_SSL(*where, local_hostname=name, timeout=SECONDS, context=self.context)
        server = smtplib.SMTP(*where, local_hostname=name, timeout=SECONDS)
        try:
            # Raises when the server does not offer it: nothing is ever sent in the clear.
            server.starttls(context=self.context)
        except BaseException:
            server.close()
            raise
        return server


def mail_server(config: Config, clock: Clock, env: Mapping[str, str] | None = None) -> MailServer | None:
    """The mail server of the settings, with its password; None when the settings have none.

    Raises:
        SettingProblem: there is a user but no password, or others can read its file.
    """
    if config.smtp is None:
        return None
    env = os.environ if env is None else env
    password = env.get(VARIABLE) or _from_file(config.data / FILE)
    if config.smtp.gebruiker is not None and not password:
        raise SettingProblem(
            f"Het wachtwoord van de mailserver ontbreekt. Zet het in de omgevingsvariabele {VARIABLE}, "
            f"of in het bestand {config.data / FILE} met rechten 600."
        )
    return MailServer(config.smtp, password, clock)


def _from_file(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise SettingProblem(f"Anderen op deze computer kunnen {file} lezen of veranderen. Voer uit: chmod 600 {file}")
            return opened.read(4096).strip()
    except FileNotFoundError:
        return ""
