"""The chat page in a real browser without JavaScript, on a small telephone: what a pupil can see, reach and press."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, Route

from bot.web import QUICK_EXIT
from dialogues import BotMessage, Button
from tests.bot.web.conftest import Web, running
from tests.browser.conftest import PHONE, assert_fits

EVERYTHING = (
    BotMessage(
        "Goed dat je dit vertelt. Het is niet jouw schuld.\nBel 112 als er nu gevaar is.\nPraten: Kindertelefoon, 0800-0432.",
        (Button("Ik wil met een mens praten", "/wie_helpt"), Button("Zo bedoel ik het niet", "/zo_bedoel_ik_het_niet")),
        custom={"stijl": "hulp"},
    ),
    BotMessage(
        "Voor wie: mij\nWat er is gebeurd: ze noemen me dom en ik durf niet meer naar het plein" + " echt niet" * 5,
        custom={"stijl": "melding"},
    ),
    BotMessage("Wie een melding krijgt, praat eerst met de leerling. " * 3),
    BotMessage("Pestprotocol Basisschool JPS, hoofdstuk 4, regels 112-113", custom={"stijl": "bron"}),
    BotMessage(
        "Schrijf deze vijf woorden op.",
        custom={"stijl": "code", "woorden": ["aardbei", "vlieger", "kasteel", "schommel", "trompet"]},
    ),
    BotMessage(
        "Klopt het zo?",
        (
            Button("Versturen", '/versturen{"nonce": "x"}'),
            Button("Iets veranderen, want er klopt nog iets niet helemaal", '/antwoord{"akkoord": "veranderen"}'),
            Button("Weggooien", "/weggooien"),
        ),
    ),
)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    async with running(demo=True) as started:
        yield started


async def phone(chromium: Browser, web: Web, **more: object) -> BrowserContext:
    options = {"viewport": PHONE, "java_script_enabled": False, "base_url": f"http://127.0.0.1:{web.port}", **more}
    return await chromium.new_context(**options)  # type: ignore[arg-type]


async def press(target: Locator) -> None:
    """Click, and wait for the next page."""
    async with target.page.expect_navigation():
        await target.click()


async def photograph(page: Page, folder: Path | None, name: str) -> None:
    """The whole page, for the eye of whoever changes its style."""
    if folder is not None:
        await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def test_a_conversation_without_javascript(chromium: Browser, web: Web) -> None:
    context = await phone(chromium, web)
    page = await context.new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))

    await page.goto("/")
    await press(page.get_by_role("link", name="Basisschool JPS"))
    assert await page.title() == "Startpagina"
    await assert_fits(page)

    await press(page.get_by_role("button", name="Ik word gepest"))  # with "Origin: null", because of no-referrer
    assert web.talks.heard[-1].text == "/gepest_worden"
    assert await page.locator(".jij p").inner_text() == "Ik word gepest"

    web.talks.says = EVERYTHING
    await page.get_by_label("Typ hier").fill("ze noemen me dom\nelke dag")
    await press(page.get_by_role("button", name="Stuur"))
    assert web.talks.heard[-1].text == "ze noemen me dom\nelke dag"
    assert web.talks.heard[-1].turn == 1
    await assert_fits(page)
    await press(page.get_by_role("button", name="Zo bedoel ik het niet"))
    assert web.talks.heard[-1].text == "/zo_bedoel_ik_het_niet"
    await press(page.get_by_role("button", name="Versturen"))
    assert web.talks.heard[-1].text == '/versturen{"nonce": "x"}'

    await page.get_by_label("Typ hier").fill("ik was nog bezig")
    await press(page.get_by_role("button", name="Hulp"))
    assert web.talks.heard[-1].text == "/help"
    assert await page.get_by_label("Typ hier").input_value() == "ik was nog bezig"

    own = f"http://127.0.0.1:{web.port}/"
    assert asked
    assert [request.url for request in asked if not request.url.startswith(own)] == []
    assert await context.cookies() == []
    await context.close()


async def test_the_way_out_leaves_with_one_tap(chromium: Browser, web: Web) -> None:
    context = await phone(chromium, web)
    page = await context.new_page()
    left: list[tuple[int, str, bool]] = []

    async def look(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        left.append((answer.status, answer.headers["location"], "referer" in await route.request.all_headers()))
        await route.fulfill(body="elders")  # no test goes there

    await context.route("**/snel-weg", look)
    await page.goto("/jps/")
    await press(page.get_by_role("link", name="Snel weg"))
    assert left == [(303, QUICK_EXIT, False)]
    await context.close()


async def test_a_page_that_was_answered_can_be_sent_again(chromium: Browser, web: Web) -> None:
    context = await phone(chromium, web)
    page = await context.new_page()
    await page.goto("/jps/")
    await page.get_by_label("Typ hier").fill("hallo")
    await press(page.get_by_role("button", name="Stuur"))
    await page.reload()  # the browser posts the same form once more
    first, second = web.talks.heard
    assert (first.message_id, first.turn, first.key) == (second.message_id, second.turn, second.key)
    assert first.message_id
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["100%", "200%"])
async def test_it_fits_a_small_telephone(chromium: Browser, web: Web, scheme: str, size: str, pictures: Path | None) -> None:
    context = await phone(chromium, web, color_scheme=scheme)
    page = await context.new_page()

    async def enlarge() -> None:
        await page.evaluate("size => document.documentElement.style.fontSize = size", size)

    await page.goto("/")
    await enlarge()
    await assert_fits(page)
    await photograph(page, pictures, f"scholen-{scheme}-{size}")
    await page.goto("/jps/")
    await enlarge()
    await assert_fits(page)
    await photograph(page, pictures, f"welkom-{scheme}-{size}")
    web.talks.says = EVERYTHING
    await page.get_by_label("Typ hier").fill("ze noemen me dom, elke dag weer")
    await press(page.get_by_role("button", name="Stuur"))
    await enlarge()
    await assert_fits(page)
    await photograph(page, pictures, f"gesprek-{scheme}-{size}")
    await page.goto("/nergens/")
    await enlarge()
    await assert_fits(page)
    await photograph(page, pictures, f"fout-{scheme}-{size}")
    await context.close()
