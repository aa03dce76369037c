"""Long lists, long words and large text on the narrowest phone: nothing sticks out, and everything can be pressed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Demo, photograph

NARROW = {"width": 320, "height": 568}
SCHOOLS = ("mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps")


async def enlarge(page: Page) -> None:
    await page.evaluate("document.documentElement.style.fontSize = '200%'")


async def assert_fits(page: Page) -> None:
    wide = await page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(one => one.getBoundingClientRect().right > innerWidth + 0.5 && getComputedStyle(one).position !== "absolute")
            .map(one => one.textContent.slice(0, 60))"""
    )
    assert wide == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


async def pages(page: Page, *titles: str) -> None:
    for title in titles:
        await page.get_by_role("button", name=title, exact=True).first.click()
        await enlarge(page)
        await assert_fits(page)


@pytest.mark.parametrize("school", SCHOOLS)
async def test_a_parents_pages_fit(demo: Demo, chromium: Browser, school: str, pictures: Path | None) -> None:
    page = await (await chromium.new_context(viewport=NARROW, java_script_enabled=False)).new_page()
    await page.goto(f"{demo.chat}{school}/")
    await enlarge(page)
    await assert_fits(page)
    await pages(page, "Ik ben ouder", "Bij wie moet ik zijn?", "Menu", "Alle onderwerpen")
    titles = [await button.inner_text() for button in await page.locator(".keuze").all()]
    for title in titles[:8]:
        await pages(page, title, "Alle onderwerpen")
    await photograph(page, pictures, f"onderwerpen-{school}")
    await pages(page, "Menu", "Het stappenplan")
    await page.context.close()


@pytest.mark.parametrize("school", ["jps", "vo"])
async def test_a_pupils_pages_fit(demo: Demo, chromium: Browser, school: str) -> None:
    page = await (await chromium.new_context(viewport=NARROW, java_script_enabled=False)).new_page()
    await page.goto(f"{demo.chat}{school}/")
    await pages(page, "Ik ben leerling", "Meer")
    titles = [await button.inner_text() for button in await page.locator(".keuze").all()]
    assert len(titles) >= 8
    for title in titles[:-1]:
        await page.goto(f"{demo.chat}{school}/")
        await pages(page, "Ik ben leerling", "Meer", title)
    # A word that no line can hold is broken.
    await page.get_by_label("Typ hier").fill("hottentottententententoonstelling" * 4)
    await pages(page, "Stuur")
    await page.context.close()
