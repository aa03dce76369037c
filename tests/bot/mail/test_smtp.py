"""Mail through TLS to a real server on the loopback: what arrives, what is refused for good, and what is tried again."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from pathlib import Path

import pytest

from bot import smtp
from bot.clock import FixedClock
from bot.config import Config, SettingProblem, Smtp
from bot.outbox import Refused
from bot.smtp import MailProblem, MailServer, mail_server
from tests.bot.mail import server as post_office
from tests.bot.mail.server import PASSWORD, USER, believing, running

TO = "antje.zandloperinck@example.org"
NOTICE = {"onderwerp": "Er staat iets klaar", "tekst": "Er staat iets klaar.\n\nhttps://brievenbus.test/inbox/"}


def sender(there: post_office.MailServer, *, password: str = PASSWORD, context: ssl.SSLContext | None = None) -> MailServer:
    tls = "direct" if there.direct else "starttls"
    settings = Smtp(host="localhost", port=there.port, tls=tls, gebruiker=USER, afzender="brievenbus@school.example")
    return MailServer(settings, password, FixedClock(), context or believing())


@pytest.mark.parametrize("direct", [False, True])
async def test_a_notice_arrives_and_holds_nothing_else(direct: bool) -> None:
    async with running(direct=direct) as there:
        await sender(there).send(TO, NOTICE)
        [mail] = there.mails
    assert mail.recipient == TO
    assert mail.message.get_content().replace("\r\n", "\n").strip() == NOTICE["tekst"]
    headers = dict(mail.message.items())
    assert headers.pop("Message-ID").endswith("@school.example>")
    assert headers == {
        "From": "brievenbus@school.example",
        "To": TO,
        "Subject": "Er staat iets klaar",
        "Date": "Fri, 20 Nov 2026 10:30:00 +0100",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }


async def test_our_machine_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda *_: pytest.fail("the name of this machine was asked for"))
    async with running() as there:
        await sender(there).send(TO, NOTICE)
        assert there.greeted_as == {"school.example"}


async def test_nothing_goes_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a server that offers no TLS, or somebody in between who takes the offer out
    async with running(offers_tls=False) as there:
        with pytest.raises(MailProblem):
            await sender(there).send(TO, NOTICE)
        assert [line.split()[0] for line in there.in_clear] == [b"ehlo"]
        assert there.mails == []


async def test_a_certificate_that_we_do_not_believe_is_refused() -> None:
    async with running() as there, running(direct=True) as other:
        for one in (there, other):
            with pytest.raises(MailProblem, match="SSLCertVerificationError"):
                await sender(one, context=ssl.create_default_context()).send(TO, NOTICE)
        assert "AUTH" not in there.commands + other.commands


@pytest.mark.parametrize(
    ("command", "answer", "final"),
    [
        ("RCPT", "550 5.1.1 unknown user", True),
        ("RCPT", "550 no such user here", True),
        ("RCPT", "552 5.2.2 mailbox full", True),
        ("RCPT", "550 5.7.1 we do not relay for you", False),
        ("RCPT", "450 4.2.0 greylisted, try again", False),
        ("DATA", "550 5.1.1 unknown user after all", True),
        ("DATA", "554 5.7.1 looks like spam", False),
        ("DATA", "451 4.3.0 not now", False),
        ("MAIL", "550 5.7.1 who are you", False),
        ("AUTH", "535 5.7.8 wrong password", False),
        ("EHLO", "421 4.3.2 closing", False),
    ],
)
async def test_only_an_address_that_does_not_exist_is_refused_for_good(command: str, answer: str, final: bool) -> None:
    async with running(script=lambda said, _: answer if said == command else None) as there:
        with pytest.raises(Refused if final else MailProblem):
            await sender(there).send(TO, NOTICE)
        assert there.mails == []


async def test_a_server_that_is_away_or_hangs_up_is_tried_again() -> None:
    async with running(hang_up_after="DATA") as there:
        with pytest.raises(MailProblem):
            await sender(there).send(TO, NOTICE)
        away = sender(there)
    with pytest.raises(MailProblem):
        await away.send(TO, NOTICE)


async def test_a_server_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the loop, nor the end of the program: the thread is waited for by nobody."""
    monkeypatch.setattr(smtp, "SECONDS", 1)

    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    hanging = await asyncio.start_server(silence, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    settings = Smtp(host="127.0.0.1", port=port, afzender="b@school.example")
    task = asyncio.create_task(MailServer(settings, "", FixedClock(), believing()).send(TO, NOTICE))
    began = time.monotonic()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.5
    with pytest.raises(MailProblem):
        await MailServer(settings, "", FixedClock(), believing()).send(TO, NOTICE)
    hanging.close()
    await hanging.wait_closed()


async def test_no_address_and_no_password_in_any_line(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(script=lambda said, _: "550 5.1.1 <" + TO + "> unknown" if said == "RCPT" else None) as there:
        office = sender(there)
        with pytest.raises(Refused) as refused:
            await office.send(TO, NOTICE)
        with pytest.raises(MailProblem) as problem:
            await sender(there, password="verkeerd geraden").send(TO, NOTICE)
    told = [repr(refused.value), repr(problem.value), repr(office), caplog.text, *capfd.readouterr()]
    for secret in ("zandloperinck", PASSWORD, "verkeerd geraden"):
        assert not any(secret in text for text in told)


def test_the_password_comes_from_the_environment_or_a_file_of_our_own(tmp_path: Path) -> None:
    settings = Smtp(host="smtp.example", afzender="b@school.example", gebruiker=USER)
    config, clock = Config(data=tmp_path, smtp=settings), FixedClock()
    with pytest.raises(SettingProblem, match="BRIEVENBUS_SMTP_PASSWORD"):
        mail_server(config, clock, {})
    file = tmp_path / "smtp.password"
    file.write_text("uit het bestand\n")
    file.chmod(0o644)
    with pytest.raises(SettingProblem, match=f"chmod 600 {file}"):
        mail_server(config, clock, {})
    file.chmod(0o600)
    for env, password in (({}, "uit het bestand"), ({"BRIEVENBUS_SMTP_PASSWORD": "uit de omgeving"}, "uit de omgeving")):
        made = mail_server(config, clock, env)
        assert made is not None
        assert made.password == password
        assert password not in repr(made)


def test_without_settings_there_is_no_mail(tmp_path: Path) -> None:
    assert mail_server(Config(data=tmp_path), FixedClock(), {}) is None
    without_user = Config(data=tmp_path, smtp=Smtp(host="smtp.example", afzender="b@school.example"))
    made = mail_server(without_user, FixedClock(), {})
    assert made is not None
    assert made.context.verify_mode is ssl.CERT_REQUIRED
    assert made.context.check_hostname
