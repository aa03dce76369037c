"""What ``brievenbus check`` counts on: the values that actions put into texts, and a folder of the school that is wrong."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import pytest

import bot.actions  # noqa: F401  (its modules are looked at below)
from bot.checking import GIVEN, everything_wrong, known
from bot.config import Config
from bot.house import build, dialogue_folders, read_knowledge
from dialogues import DialogueProblem, load
from tests.bot.conftest import SERVER_KEY


def given_by_actions() -> set[str]:
    """The names of the values that Python puts beside a response."""
    found: set[str] = {"max"}  # bot/conversation.py: a message that is too long
    for name, module in list(sys.modules.items()):
        if name.startswith("bot.actions."):
            for node in ast.walk(ast.parse(inspect.getsource(module))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "utter_message":
                    found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found - {"response", "text", "buttons", "json_message"}


def test_every_value_that_an_action_gives_is_known() -> None:
    assert given_by_actions() == set(GIVEN)


def test_every_action_of_the_domain_is_known() -> None:
    domain = load(dialogue_folders(Path("is er niet"))).domain
    actions = known(read_knowledge()).actions
    assert actions is not None
    assert domain.actions <= actions


def test_the_dialogues_of_the_project_have_no_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEVENBUS_DATA", str(tmp_path))
    assert everything_wrong() == []


def test_a_house_does_not_start_on_a_folder_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "dialogen" / "domain").mkdir(parents=True)
    (tmp_path / "dialogen" / "domain" / "eigen.yml").write_text("responses:\n  hallo: [{text: Hallo.}]\n", encoding="utf-8")
    with pytest.raises(DialogueProblem, match=r"eigen\.yml:2: .*utter_"):
        build(Config(data=tmp_path), SERVER_KEY)


def test_an_unknown_school_is_said_beside_a_wrong_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("scholen: [jps, nergens]\n", encoding="utf-8")
    (tmp_path / "dialogen" / "domein").mkdir(parents=True)
    monkeypatch.setenv("BRIEVENBUS_DATA", str(tmp_path))
    monkeypatch.setenv("BRIEVENBUS_CONFIG", str(config))
    text, setting = everything_wrong()
    assert text.startswith(f"{tmp_path / 'dialogen' / 'domein'}:1: ")
    assert setting == f"{config}:1: school 'nergens' kennen we niet."
