"""``brievenbus start`` with a mail server: what waited is sent, and the program ends in time whatever the mail server does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.brievenbus.addresses import Addresses, Way
from bot.clock import FixedClock
from bot.config import Config
from bot.effects import PostMelding
from bot.house import build
from bot.server_key import load_server_key
from bot.storage import UnitOfWork
from tests.bot.conftest import FAST, enrol
from tests.bot.mail import server as post_office
from tests.bot.mail.server import HERE, PASSWORD, USER

ROOT = Path(__file__).parents[3]
ADDRESS = "ivonne.kwartelhof@example.org"


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A folder with a reader who has turned on mail, and an urgent melding that waits."""
    config = Config(data=tmp_path / "data", scholen=("jps",))
    house = build(config, load_server_key(config, {}), clock=FixedClock(), stretching=FAST)
    [ivonne] = await enrol(house, "jps", "Ivonne")
    operations = await Addresses(house.storage, house.server).set(ivonne.session.reader.id, Way.MAIL, ADDRESS)
    await house.storage.commit(UnitOfWork(operations))
    post = PostMelding("jps", b"n" * 16, (("Wat?", "Dat."),), frozenset(), (), urgent=True)
    await house.storage.commit(UnitOfWork(await house.mailbox.post(post)))
    await house.close()
    return config.data


@pytest.fixture
async def office() -> AsyncIterator[post_office.MailServer]:
    async with post_office.running() as there:
        yield there


async def start(data: Path, port: int) -> asyncio.subprocess.Process:
    file = data.parent / "config.yaml"
    file.write_text(
        f"data: {data}\nport: 0\nscholen: [jps]\nlogniveau: debug\n"
        f"smtp: {{host: localhost, port: {port}, gebruiker: {USER}, afzender: {USER}}}\n"
    )
    password = data / "smtp.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    env = {name: value for name, value in os.environ.items() if not name.startswith("BRIEVENBUS_")}
    env |= {
        "BRIEVENBUS_CONFIG": str(file),
        "BRIEVENBUS_RUNTIME_KEY": "ab" * 32,
        "SSL_CERT_FILE": str(HERE / "localhost.cert.pem"),
        "PYTHONPATH": str(ROOT),
    }
    program = "from bot.cli import main; main()"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, "start", cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )


async def end(running: asyncio.subprocess.Process) -> tuple[float, str]:
    """Stop it; how long that took, and what it said."""
    began = time.monotonic()
    running.send_signal(signal.SIGTERM)
    told = await asyncio.wait_for(running.communicate(), 20)
    assert running.returncode == 0
    return time.monotonic() - began, b"".join(told).decode()


async def test_what_waited_is_mailed_at_the_start(data: Path, office: post_office.MailServer) -> None:
    running = await start(data, office.port)
    async with asyncio.timeout(30):
        while not office.mails:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    _, told = await end(running)
    assert [mail.recipient for mail in office.mails] == [ADDRESS]
    assert "De brievenbus draait" in told
    for secret in ("kwartelhof", PASSWORD):
        assert secret not in told


async def test_it_ends_in_time_while_a_mail_server_hangs(data: Path) -> None:
    connected = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await reader.read()
        writer.close()

    hanging = await asyncio.start_server(hang, "127.0.0.1", 0)
    running = await start(data, hanging.sockets[0].getsockname()[1])
    await asyncio.wait_for(connected.wait(), 30)
    took, told = await end(running)
    assert took < 3
    assert "kwartelhof" not in told
    hanging.close()
    await hanging.wait_closed()
