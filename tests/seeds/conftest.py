"""These tests compare our files with the documents in ../shared/seeds, and fail when those are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"


@pytest.fixture(scope="session")
def seeds() -> Path:
    if not SEEDS.is_dir():
        pytest.fail(f"the documents are not at {SEEDS}; put the project's shared folder next to the checkout")
    return SEEDS
