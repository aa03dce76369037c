"""Every test of the engine may talk to a small assistant of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.dialogues.talk import WORLD, WORLD_RULES, Talk, write


@pytest.fixture
def talk(tmp_path: Path) -> Callable[..., Talk]:
    """Start a conversation with an assistant written as YAML; ``add`` lines go into the domain of the small world."""

    def start(
        rules: str = "",
        *,
        domain: str = WORLD,
        add: str = "",
        actions: Mapping[str, Any] | None = None,
        channel: str = "rest",
    ) -> Talk:
        names = sorted(actions or {})
        listed = f"actions: [{', '.join(names)}]\n" if names else ""
        return Talk(write(tmp_path, domain + add + listed, rules or WORLD_RULES), actions, channel)

    return start
