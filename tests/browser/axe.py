"""axe-core in a page: every rule of it, and nothing found."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from playwright.async_api import Page

_RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`))"""


@cache
def _source() -> str:
    path = os.environ.get("AXE_CORE", "")
    if not path:
        raise RuntimeError("AXE_CORE must name axe.min.js of npm's axe-core; .ci/run fetches it")
    return Path(path).read_text(encoding="utf-8")


async def assert_accessible(page: Page) -> None:
    """Nothing to be found on the page as it is now.

    Raises:
        RuntimeError: axe-core is not there; without it this would pass by not looking.
    """
    await page.evaluate(_source())
    assert await page.evaluate(_RUN) == [], page.url
