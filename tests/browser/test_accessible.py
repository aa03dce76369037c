"""axe finds nothing, and every target is large enough: the chat and the inbox, light and dark, from 320 to 1280 pixels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page

from bot.clock import FixedClock
from bot.config import Config
from bot.house import House, build
from bot.web import serve
from tests.bot.conftest import FAST, PASSWORD, SERVER_KEY, Account, Pupil, enrol
from tests.browser.axe import assert_accessible
from tests.browser.chatting import press, write
from tests.browser.conftest import Demo, assert_fits, photograph

Look = Callable[[str], Awaitable[None]]
SIZES = [(320, 568), (768, 1024), (1280, 800)]
every_look = pytest.mark.parametrize(("width", "height"), SIZES, ids=lambda size: str(size))
both_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


@dataclass
class School:
    """A school with two readers, whose inbox holds one melding of each kind."""

    house: House
    address: str
    accounts: list[Account]


@pytest.fixture
async def school(tmp_path: Path) -> AsyncIterator[School]:
    house = build(Config(data=tmp_path / "data"), SERVER_KEY, clock=FixedClock(), stretching=FAST)
    accounts = await enrol(house, "jps", "Ivonne", "Antje")
    for number, what in enumerate(("Ze pakken mijn tas af en ik wil dood.", "Ze" + " schelden" * 60, "x" * 300)):
        pupil = Pupil(house, key=f"sender-{number}")
        await pupil.open()
        await pupil.fill_in(what)
        await pupil.says("Versturen")
    serving = await serve(house.app(), "127.0.0.1", 0)
    yield School(house, f"http://127.0.0.1:{serving.port}/inbox/", accounts)
    await serving.stop()
    await house.close()


def looking(page: Page, folder: Path | None, prefix: str) -> Look:
    failed: list[str] = []
    page.on("response", lambda response: failed.append(response.url) if response.status >= 500 else None)

    async def look(name: str) -> None:
        assert failed == []  # a page that says that something broke is not the one that was to be looked at
        await assert_accessible(page)
        await assert_fits(page)
        await photograph(page, folder, f"{prefix}-{name}")

    return look


@both_schemes
@every_look
async def test_the_chat(demo: Demo, chromium: Browser, pictures: Path | None, scheme: str, width: int, height: int) -> None:
    context = await chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    look = looking(page, pictures, f"chat-{scheme}-{width}")
    await page.goto(demo.chat)
    await look("scholen")
    await page.goto(f"{demo.chat}jps/")
    await look("welkom")
    await press(page, "Ik ben leerling", "Ik word gepest")
    await look("tip")
    await press(page, "Menu", "Ik wil iets melden", "Over mij", "Nee, niemand van hen", "Ja")
    await look("vraag")
    await write(page, "Ze pakken mijn tas af en ik wil dood.")
    await look("hulp")
    await press(page, *["Overslaan"] * 5, "Ja")
    await look("voorbeeld")
    await press(page, "Versturen")
    await look("code")

    async def never(*_: object) -> None:
        pass

    await context.route("**/jps/", never)
    await page.get_by_label("typ hier").fill("daar ben ik weer")
    await page.get_by_role("button", name="Stuur", exact=True).click()
    await page.locator(".puntjes").wait_for()
    await look("wacht")
    await context.unroute("**/jps/")
    await page.goto(f"{demo.chat}jps/")
    await context.route("**/jps/", lambda route: route.abort())
    await page.get_by_role("button", name="Hulp", exact=True).click()
    await page.get_by_role("alert").get_by_role("button").wait_for()
    await look("geen-antwoord")
    await page.goto(f"{demo.chat}nergens/")
    await look("fout")
    await context.close()


@both_schemes
@every_look
async def test_the_inbox(school: School, chromium: Browser, pictures: Path | None, scheme: str, width: int, height: int) -> None:
    context = await chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    look = looking(page, pictures, f"inbox-{scheme}-{width}")

    async def submit(button: Locator) -> None:
        async with page.expect_navigation():
            await button.click()

    async def log_in(password: str) -> None:
        await page.get_by_label("Inlognaam").fill(school.accounts[0].username)
        await page.get_by_label("Wachtwoord").fill(password)
        await submit(page.get_by_role("button", name="Inloggen"))

    # Given whoever stands at the door
    await page.goto(school.address)
    await look("inloggen")
    await log_in("dit is het niet")
    await look("inloggen-fout")
    await page.goto(f"{school.address}herstel")
    await look("herstel")
    await submit(page.locator("form button").last)
    await look("herstel-fout")
    await page.goto(f"{school.address}uitnodiging/nee")
    await look("uitnodiging-oud")
    # and a third reader, who comes in and is not confirmed yet
    await page.goto(f"{school.address}uitnodiging/{await school.house.staff.invite('jps', 'Bo')}")
    await look("uitnodiging")
    await page.locator("#wachtwoord").fill("kort")
    await page.locator("#nogmaals").fill("kort")
    await submit(page.locator("form button").last)
    await look("uitnodiging-fout")
    await page.locator("#wachtwoord").fill(PASSWORD)
    await page.locator("#nogmaals").fill(PASSWORD)
    await submit(page.locator("form button").last)
    await look("sleutel")
    await submit(page.get_by_role("link", name="Ik heb hem opgeschreven"))
    await look("overtypen")
    await submit(page.get_by_role("button", name="Klaar"))
    await look("overtypen-fout")
    await page.goto(school.address)
    await look("wacht")
    await page.goto(f"{school.address}mensen")
    await look("wacht-mensen")
    await submit(page.get_by_role("button", name="Uitloggen"))

    # When a reader is in: every page of the menu
    school.house.clock.advance(hours=1)  # type: ignore[attr-defined]
    await log_in(PASSWORD)
    await look("meldingen")
    menu = [await link.get_attribute("href") for link in await page.locator("header nav a").all()]
    assert len(menu) >= 2
    for number, address in enumerate(menu):
        assert address is not None
        await page.goto(school.address.removesuffix("/inbox/") + address)
        await look(f"menu-{number}")
    await page.goto(f"{school.address}mensen")
    await page.locator("main textarea").first.fill("12345")
    await submit(page.get_by_role("button", name="Bevestigen"))
    await look("mensen-fout")
    await page.goto(f"{school.address}sleutel")
    await look("nieuwe-sleutel")
    # Then the meldingen, long words and all, answered and with a note
    await page.goto(school.address)
    links = [str(await link.get_attribute("href")) for link in await page.locator(".queue a").all()]
    assert len(links) == 3
    for number, address in enumerate(links):
        await page.goto(school.address.removesuffix("/inbox/") + address)
        await page.locator("summary").click()
        await look(f"melding-{number}")
    await submit(page.get_by_role("button", name="Antwoord versturen"))
    await look("antwoord-leeg")
    await page.get_by_label("Je antwoord aan de leerling").fill("Dank je dat je dit vertelt.")
    await submit(page.get_by_role("button", name="Antwoord versturen"))
    await page.get_by_label("Nieuwe notitie").fill("Morgen bellen.")
    await submit(page.get_by_role("button", name="Notitie bewaren"))
    await submit(page.get_by_role("button", name="Zet op afgesloten"))
    await look("afgesloten")
    await page.goto(f"{school.address}melding/{'0' * 32}")
    await look("onbekend")
    await context.close()
