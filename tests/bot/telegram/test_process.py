"""``brievenbus start`` with a bot: the main job at DEBUG leaves no trace of who spoke, and SIGTERM ends it cleanly in time."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.channels.telegram import reach
from bot.clock import SystemClock
from bot.config import Config, SettingProblem
from bot.house import build
from tests.bot.conftest import FAST, SERVER_KEY, enrol
from tests.bot.leaks import Haystack
from tests.bot.telegram.bot_api import TOKEN, BotApi
from tests.bot.telegram.conftest import RUNTIME_KEY, until
from tests.bot.telegram.people import Person

ROOT = Path(__file__).parents[3]
SECOND = 0.05
PERSON = 5_550_001_737
WORDS = ["Floribertje kwam met een zakmes", "achter de muziekkoepel", "al zeventien keer"]
HIDDEN = ["Hyacintha", "Kwartelhof", "hyacintje_kwartel", str(PERSON), TOKEN, TOKEN.partition(":")[2], *WORDS]


@dataclass
class Program:
    process: asyncio.subprocess.Process
    api: BotApi
    log: bytearray = field(default_factory=bytearray)

    async def stop(self) -> float:
        """Send SIGTERM; how long it took to end, cleanly."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            code = await self.process.wait()
        assert code == 0, self.log.decode()[-2000:]
        return time.monotonic() - began


@asynccontextmanager
async def started(folder: Path, token: str = TOKEN) -> AsyncIterator[Program]:
    """The real program on a folder with readers."""
    house = build(Config(data=folder / "data"), SERVER_KEY, clock=SystemClock(), stretching=FAST)
    await enrol(house, "jps", "Ivonne", "Antje")
    await house.close()
    api = BotApi(second=SECOND)
    await api.start()
    (folder / "config.yaml").write_text(
        f"data: {folder / 'data'}\nport: 0\nscholen: [jps, vo]\nlogniveau: debug\n"
        f"telegram:\n  server: http://127.0.0.1:{api.port}\n"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("BRIEVENBUS_")} | {
        "PYTHONPATH": str(ROOT),
        "BRIEVENBUS_CONFIG": str(folder / "config.yaml"),
        "BRIEVENBUS_SERVER_KEY": SERVER_KEY.hex(),
        "BRIEVENBUS_RUNTIME_KEY": RUNTIME_KEY.hex(),
        **({"BRIEVENBUS_TELEGRAM_TOKEN": token} if token else {}),
    }
    command = [sys.executable, "-X", "dev", "-m", "tests.bot.telegram.talkative", str(SECOND)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    program = Program(process, api)
    assert process.stdout is not None
    stdout = process.stdout

    async def read() -> None:
        while line := await stdout.read(65536):
            program.log.extend(line)

    reading = asyncio.create_task(read())
    try:
        await until(lambda: b"De brievenbus draait op" in program.log or process.returncode is not None, 30)
        assert process.returncode is None, program.log.decode()[-2000:]
        yield program
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
        await api.close()


async def says(person: Person, *lines: str) -> str:
    """Say lines or press buttons, and wait for the answer to each."""
    before = len(person.heard)
    for line in lines:
        heard = len(person.heard)
        if line in person.titles():
            person.presses(line)
        else:
            person.says(line)
        await until(lambda h=heard: len(person.heard) > h and bool(person.heard[-1].get("reply_markup")), 20)  # type: ignore[misc]
    return "\n".join(person.texts()[before:])


async def test_nobody_who_spoke_is_in_a_file_or_in_the_log(tmp_path: Path) -> None:
    async with started(tmp_path) as program:
        api = program.api
        person = api.person(PERSON, first_name="Hyacintha", last_name="Kwartelhof", username="hyacintje_kwartel")
        await says(person, "/start jps", "Ik ben leerling", "Ik wil iets melden", "sla over", "Nee, niemand van hen", "sla over")
        what, where, often = WORDS
        # In the middle of it all goes wrong that can: 502, 429, no answer, a photo, a block
        api.faults.bad_gateway, api.faults.unanswered, api.faults.too_many = 0.1, 0.1, 0.1
        await says(person, what, where, "sla over", often)
        person.sends("photo", caption=what)
        person.forwards(what)
        files = {f"middle/{file.name}": file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()}
        api.faults.bad_gateway = api.faults.unanswered = api.faults.too_many = 0.0
        await until(lambda: "doorgestuurd" in person.all_said(), 20)
        said = await says(person, *["sla over"] * 3, "Versturen")
        assert re.search(r"^[a-z]+(?: [a-z]+){4}$", said, re.MULTILINE)
        person.says("menu")
        person.blocks = True
        await asyncio.sleep(0.5)
        took = await program.stop()
        assert took < 3
        log = bytes(program.log)
    files |= {f"end/{file.name}": file.read_bytes() for file in (tmp_path / "data").rglob("*") if file.is_file()}
    hay = Haystack({"the log": log, **files})
    assert hay.find(HIDDEN) == []
    assert hay.holds(PERSON.to_bytes(6, "big")) + hay.holds(PERSON.to_bytes(6, "little")) == []
    # The search looks at something: the log has lines of ours, and of the libraries with their places only
    assert b"De brievenbus draait op" in log
    assert len(files) > 2


async def test_sigterm_ends_it_in_time_with_work_in_flight(tmp_path: Path) -> None:
    async with started(tmp_path) as program:
        people = [program.api.person(PERSON + number) for number in range(30)]
        for person in people:
            person.says("/start jps")
            person.says("/ben_leerling")
            person.says("/melding_doen")
        await until(lambda: sum(len(person.heard) for person in people) > 5, 20)
        assert await program.stop() < 3


async def test_without_a_token_there_is_no_bot_and_all_else_is_there(tmp_path: Path) -> None:
    async with started(tmp_path, token="") as program:
        await asyncio.sleep(0.2)
        assert program.api.calls == []
        assert await program.stop() < 3


def test_the_token_stands_in_the_environment_or_in_a_file_of_ours(tmp_path: Path) -> None:
    config = Config(data=tmp_path)
    assert reach(config, {}) is None
    found = reach(config, {"BRIEVENBUS_TELEGRAM_TOKEN": TOKEN})
    assert found is not None
    assert found.token == TOKEN
    assert TOKEN not in repr(found)
    file = tmp_path / "telegram.token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o640)
    with pytest.raises(SettingProblem, match="chmod 600"):
        reach(config, {})
    file.chmod(0o600)
    found = reach(config, {})
    assert found is not None
    assert found.token == TOKEN


@pytest.mark.parametrize("token", ["onzin", "12:ab", f"{TOKEN} x", "https://api.telegram.org"])
def test_what_is_no_token_is_refused_without_being_repeated(tmp_path: Path, token: str) -> None:
    with pytest.raises(SettingProblem) as refused:
        reach(Config(data=tmp_path), {"BRIEVENBUS_TELEGRAM_TOKEN": token})
    assert token not in str(refused.value)
