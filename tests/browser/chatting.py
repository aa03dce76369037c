"""Hands for the chat with JavaScript: each waits for its answer, and as long as a person needs to see a new button."""

from __future__ import annotations

from playwright.async_api import Locator, Page

_LOOK = 450  # milliseconds; sooner would be the second half of a double click, which the page ignores


async def answered(page: Page, before: str) -> None:
    """Wait for a turn that is another than ``before``, and until it can be answered."""
    await page.wait_for_function("turn => document.querySelector('[name=turn]').value !== turn", arg=before, polling=50)
    await page.wait_for_timeout(_LOOK)


async def turn_of(page: Page) -> str:
    return await page.locator("[name=turn]").input_value()


def button(page: Page, title: str) -> Locator:
    """The newest button with these words: the menu at the bottom has some that the bot offers too."""
    return (
        page.locator("#keuzes, .gesprek")
        .get_by_role("button", name=title, exact=True)
        .or_(page.get_by_role("button", name=title, exact=True))
        .first
    )


async def press(page: Page, *titles: str) -> None:
    for title in titles:
        before = await turn_of(page)
        await button(page, title).click()
        await answered(page, before)


async def write(page: Page, text: str) -> None:
    before = await turn_of(page)
    await page.get_by_label("typ hier").fill(text)
    await button(page, "Stuur").click()
    await answered(page, before)


async def said(page: Page) -> str:
    return await page.get_by_role("log").inner_text()
