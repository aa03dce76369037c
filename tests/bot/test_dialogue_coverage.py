"""Every rule, slot, response, condition and button is exercised by some conversation; every button leads to an answer.

Prints what is missed, by file and line, and how much there is of each kind: ``pytest tests/bot/test_dialogue_coverage.py -s``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

import bot.house
from bot.clock import SCHOOL_TIME, FixedClock
from bot.config import Config
from bot.house import build
from dialogues import Assistant, Understanding, load
from dialogues.checker.pupils import for_parents
from dialogues.reading import EASY, ENOUGH
from tests.bot.conftest import FAST, SERVER_KEY, Pupil
from tests.bot.dialogue_coverage import Exercised, Presses, counted, missed, reads, record, state_of
from tests.bot.test_conversations import CASES, Play, read_case, staffed


@dataclass
class Played:
    """All conversations, held."""

    assistant: Assistant
    done: Exercised
    presses: Presses = field(default_factory=Presses)
    hard: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    patch = pytest.MonkeyPatch()
    folders = [files("dialogues")]
    assistant, understanding = load(folders), Understanding(folders)
    patch.setattr("bot.house.read_knowledge", cache(bot.house.read_knowledge))
    patch.setattr("bot.house.load_dialogues", lambda folders: assistant)
    patch.setattr("bot.house.Understanding", lambda folders: understanding)
    found = Played(assistant, record(patch, assistant))
    asyncio.run(_play_all(found, tmp_path_factory.mktemp("houses")))
    yield found
    patch.undo()


async def _play_all(found: Played, folder: Path) -> None:
    for number, path in enumerate(CASES):
        case = read_case(path)
        clock = FixedClock()
        if "klok" in case:
            clock.set(datetime.fromisoformat(case["klok"]).replace(tzinfo=SCHOOL_TIME))
        house = build(Config(data=folder / str(number)), SERVER_KEY, clock=clock, stretching=FAST)
        try:
            school = case["school"]
            accounts = await staffed(house, case)
            play = Play(house, clock, Pupil(house, school, case.get("kanaal", "rest")), accounts)
            await _play(found, play, case["beurten"], f"{path.parent.name}/{path.stem}")
        finally:
            await house.close()


async def _play(found: Played, play: Play, turns: list[dict[str, object]], name: str) -> None:
    texts: list[str] = []
    await play.begin()
    await _look(found, play, name, texts)
    for number, turn in enumerate(turns, start=1):
        page = found.done.on_page(play.pupil.replies.messages)
        await play.turn(turn)
        if "zegt" in turn and not turn.get("oud") and not turn.get("andere_pagina"):
            found.done.buttons |= page.get(play.last, set())
        if "zegt" in turn or turn.get("nog_eens"):
            await _look(found, play, f"{name} {number}", texts)
    count, score = reads(texts)
    if count >= ENOUGH and score < EASY:
        found.hard[name] = f"{score:.0f}"


async def _look(found: Played, play: Play, name: str, texts: list[str]) -> None:
    """Press every button of the page, and keep what a pupil read; what an action tells is a person's or a protocol's."""
    conversation, pupil = play.house.conversation, play.pupil
    ident = play.house.server.hash("conversation", pupil.key.encode())
    tracker = await state_of(conversation, pupil.key, pupil.facts, ident)
    messages = pupil.replies.messages
    for message in messages:
        if message.response is not None and not for_parents(found.done.chosen[message.response]):
            texts.append(message.text)
    # Pressing says things too, and what is said then exercises nothing.
    kept = {name: value.copy() for name, value in vars(found.done).items()}
    await found.presses.all_of(conversation, tracker, pupil.facts, messages, name)
    vars(found.done).update(kept)


def test_every_line_is_exercised_by_a_conversation(played: Played) -> None:
    left = missed(played.assistant, played.done)
    for kind, total in counted(played.assistant).items():
        print(f"{kind:12} {total - len(left[kind]):4} of {total:4}")
    assert not any(left.values()), "\n".join(f"{kind}: {line}" for kind, lines in left.items() for line in lines)


def test_every_button_leads_to_an_answer(played: Played) -> None:
    print(f"{played.presses.count} buttons pressed")
    assert not played.presses.dead, "\n".join(f"{where}: {said}" for where, said in played.presses.dead.items())


def test_every_conversation_reads_easily_as_a_whole(played: Played) -> None:
    assert not played.hard
