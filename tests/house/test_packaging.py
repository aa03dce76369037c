"""What a deployment gets: every package pinned with hashes, the whole licence, loggers that keep quiet."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = (CHECKOUT / "requirements.txt").read_text(encoding="utf-8")
# "click==8.1.0 ; marker \" and the lines with hashes under it
PINNED = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)[^\n]*\\\n((?:\s+--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", PINS, re.MULTILINE)


@pytest.mark.parametrize("dependency", PROJECT["dependencies"])
def test_every_dependency_is_pinned_within_its_range(dependency: str) -> None:
    wanted = Requirement(dependency)
    versions = [version for name, version, _ in PINNED if canonicalize_name(name) == canonicalize_name(wanted.name)]
    assert versions, f"{wanted.name} is not in requirements.txt; make it again as its first lines say"
    assert all(wanted.specifier.contains(version) for version in versions)


def test_every_line_of_the_pins_is_a_pin_with_hashes() -> None:
    lines = [line for line in PINS.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) == len(PINNED) > 20
    assert "://" not in PINS
    assert not re.search(r"^\s*--(?!hash)", PINS, re.MULTILINE)


def test_the_licence_is_the_whole_of_the_eupl() -> None:
    text = (CHECKOUT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["license"] == "EUPL-1.2"
    assert (
        hashlib.sha256(" ".join(text.split()).encode()).hexdigest()
        == "7481f0517e025d6dbba598a38d4600f50902b8b1ce3db7412ad0110651f8b205"
    )


def calls_without_own_logging(source: str) -> list[int]:
    """Lines that make a Sanic app which sets up logging of its own, over ours."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (getattr(node.func, "id", None) or getattr(node.func, "attr", None)) == "Sanic":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            value = given.get("configure_logging")
            if not (isinstance(value, ast.Constant) and value.value is False):
                found.append(node.lineno)
    return found


def test_no_web_server_sets_up_its_own_logging() -> None:
    for file in sorted((CHECKOUT / "bot").rglob("*.py")):
        assert calls_without_own_logging(file.read_text(encoding="utf-8")) == [], file
    assert calls_without_own_logging("app = Sanic('x')\nb = sanic.Sanic('x', configure_logging=True)") == [1, 2]
    assert calls_without_own_logging("app = Sanic('x', configure_logging=False)") == []
