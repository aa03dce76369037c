"""Random two-word names for meldingen ("blauwe otter"): readers can talk about one, and no number shows a gap."""

from __future__ import annotations

import secrets
from functools import cache
from importlib.resources import files


@cache
def _lists() -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = (files("bot.brievenbus") / "names.txt").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    first, second = lines
    return tuple(first), tuple(second)


def random_name() -> str:
    """A name, chosen evenly; the same one may come back, it identifies nothing."""
    first, second = _lists()
    return f"{secrets.choice(first)} {secrets.choice(second)}"
