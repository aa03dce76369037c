"""What ``brievenbus check`` looks at: the settings, the knowledge, and the dialogues with what Python knows of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any, cast

from bot.actions import all_actions
from bot.actions.tools import in_words
from bot.config import Config, SettingProblem
from bot.house import dialogue_folders, read_knowledge
from bot.yaml_file import FileProblem
from dialogues.checker import Known
from dialogues.checker import check as check_dialogues
from knowledge import Knowledge, KnowledgeProblem

_READERS = ("Esther Warmerdam", "Iris Bouwman")
GIVEN = {
    "naam": in_words(_READERS),
    "nonce": "0" * 32,
    "max": "4000",
    "aantal": "12",
    "nummer": "5",
    "dag": "woensdag 30 september, ochtend",
    "wie_leest": in_words(_READERS),
}
"""The placeholders that actions fill, each with about the longest value that it gets."""


def everything_wrong() -> list[str]:
    """Every finding as a line; those in a file begin with its name and line."""
    problems: list[str] = []
    config: Config | None = None
    knowledge: Knowledge | None = None
    try:
        config = Config.load()
    except (FileProblem, SettingProblem) as problem:
        problems.append(str(problem))
    try:
        knowledge = read_knowledge()
    except (FileProblem, KnowledgeProblem) as problem:
        problems.append(str(problem))
    if knowledge is not None:
        folders = dialogue_folders(config.data) if config is not None else [files("dialogues")]
        problems += [str(problem) for problem in check_dialogues(folders, known(knowledge))]
    if config is not None:
        problems += _settings(config, knowledge)
    return problems


def known(knowledge: Knowledge) -> Known:
    """What the dialogue files may count on: actions, and the longest words of all schools."""
    schools = knowledge.schools.values()
    slots = {
        "schoolnaam": max((school.name for school in schools), key=len),
        "woord_leerkracht": max((school.words.leerkracht for school in schools), key=len),
        "woord_groep": max((school.words.groep for school in schools), key=len),
        "woord_toezicht": max((school.words.toezicht for school in schools), key=len),
    }
    # Only their names are wanted: they need no mailbox, words or clock for that.
    nothing = cast("Any", None)
    actions = all_actions(knowledge, nothing, nothing, nothing, timedelta())
    return Known(GIVEN, slots, frozenset(action.name() for action in actions))


def _settings(config: Config, knowledge: Knowledge | None) -> Iterator[str]:
    yield from (f"{config.file}:1: {problem}" for problem in config.problems())
    if knowledge is not None:
        named = (*config.scholen, *config.seintjes.vakanties)
        yield from (f"{config.file}:1: school '{slug}' kennen we niet." for slug in named if slug not in knowledge.schools)
