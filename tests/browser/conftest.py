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


async def inbox_of(demo: Demo, reader: Page) -> list[str]:
    """Log in as the first reader of JPS; the addresses of the meldingen, of all tests so far."""
    account = demo.account("jps")
    await reader.goto(demo.inbox)
    await reader.get_by_label("Inlognaam").fill(account["username"])
    await reader.get_by_label("Wachtwoord").fill(account["password"])
    await reader.get_by_role("button", name="Inloggen").click()
    await reader.get_by_role("button", name="Uitloggen").wait_for()
    return [demo.chat.rstrip("/") + str(await link.get_attribute("href")) for link in await reader.locator(".queue a").all()]


async def open_melding(demo: Demo, reader: Page, what: str) -> None:
    """Log in and open the one melding that says so."""
    for address in await inbox_of(demo, reader):
        await reader.goto(address)
        if what in await reader.locator("main").inner_text():
            return
    raise AssertionError("there is no such melding")


_TOO_SMALL = """() => {
    const width = document.documentElement.clientWidth;
    const targets = document.querySelectorAll('button, a:not(.skip), summary, input:not([type=hidden]), textarea');
    return Array.from(targets).filter(target => {
        const box = target.getBoundingClientRect();
        const small = box.width < 43.9 || box.height < 43.9;
        const spills = target.matches('button, .knop') && target.scrollWidth > target.clientWidth;
        return target.checkVisibility() && (small || spills || box.left < 0 || box.right > width + 0.1);
    }).map(target => target.outerHTML);
}"""


async def assert_fits(page: Page) -> None:
    """Nothing sticks out sideways, and whatever can be pressed is large enough for a thumb."""
    assert page.viewport_size is not None
    assert await page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert await page.evaluate(_TOO_SMALL) == []
    header = page.locator("header")
    if await header.count() and await header.evaluate("header => getComputedStyle(header).position") == "sticky":
        box = await header.bounding_box()
        assert box is not None
        assert box["height"] <= page.viewport_size["height"] / 5  # it stays in view, so it may not take the page
