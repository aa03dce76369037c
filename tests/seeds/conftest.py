"""These tests compare our files with the documents in ../shared/seeds, and fail when those are not there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
SEEDS = HERE.parents[3] / "shared" / "seeds"
sys.path.insert(0, str(HERE.parents[1] / "knowledge"))  # for named_things, which both folders use


@pytest.fixture(scope="session")
def seeds() -> Path:
    if not SEEDS.is_dir():
        pytest.fail(f"the documents are not at {SEEDS}; put the project's shared folder next to the checkout")
    return SEEDS
