"""The real program (`brievenbus demo`) in a process of its own, and a real Chromium in front of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking")
PHONE = {"width": 360, "height": 640}


@dataclass(frozen=True)
class Demo:
    """The addresses and accounts that the demo printed."""

    chat: str
    inbox: str
    accounts: list[dict[str, str]]

    def account(self, school: str, number: int = 0) -> dict[str, str]:
        return [account for account in self.accounts if account["school"] == school][number]


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    command = [sys.executable, "-c", "from bot.cli import main; main()", "demo", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Demo(**json.loads(process.stdout.readline()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
def pictures() -> Path | None:
    """Where pages are photographed, if anywhere: ``PICTURES=docs/pictures`` makes the README's."""
    folder = os.environ.get("PICTURES")
    return Path(folder) if folder else None


async def photograph(page: Page, folder: Path | None, name: str) -> None:
    if folder is not None:
        await page.screenshot(path=folder / f"{name}.png")
