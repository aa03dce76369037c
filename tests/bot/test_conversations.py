"""Every conversation in tests/conversations/ runs on a real house and goes exactly as it is written there.

A case is a YAML file:

- ``titel``, ``school``, ``kanaal`` (default ``rest``), ``lezers`` (names; two by default, none closes the brievenbus),
  ``seintjes`` (true: the readers get notices), ``klok`` (when it is, by the clock on the wall: "2026-11-21 20:00"; a Friday
  morning by default);
- ``beurten``: what happens, one after another. A turn of the pupil or parent has ``zegt``: a text, the title of a button that is
  offered now, or a payload. Between braces stands what only the run knows: ``{code}`` the five words that were shown,
  ``{fout}`` those with a slip of the pen, and so on (see ``Play._words``). Beside ``zegt``: ``oud: true`` sends it from the page
  before, ``nog_eens: true`` sends the last message once more, ``nog_eens: bezorgd`` is the same delivery a second time, and
  ``andere_pagina: true`` first opens another browser.
- ``antwoord``: the names of the responses, in order and complete; ``*`` is text of an action. ``knoppen``: titles of the buttons
  below the last message. ``bevat`` and ``bevat_niet``: a text, or a list of them, in what was said. ``slots``: values afterwards.
- What others do: ``lezer_schrijft``, ``lezer_zet`` (a state), ``minuten`` (time passes).
- What goes wrong at the next message: ``storing`` (``schijf`` is full, too ``druk``, the thread ``beschadigd``, or ``bericht``:
  something in it is). ``zegt`` with ``bijlage: foto`` or ``bijlage: doorgestuurd`` sends that instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import bot.house
from bot.brievenbus.entries import Broken, State
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.lanes import QueueFull
from bot.brievenbus.words import WordList
from bot.brievenbus.words import load as load_words
from bot.clock import SCHOOL_TIME, FixedClock
from bot.house import House
from bot.messages import Attachment, Incoming
from bot.storage import StorageFull
from dialogues import BotMessage, Understanding
from dialogues import load as load_dialogues
from tests.bot.conftest import Account, BuildHouse, Pupil, enrol

FOLDER = Path(__file__).parents[1] / "conversations"
CASES = sorted(FOLDER.glob("*/*.yaml"))
READERS = {"jps": ("Ivonne", "Antje"), "mozaiek": ("Esther Warmerdam", "Iris Bouwman"), "kwaliteitskaart": ("Diana", "Joris")}
OTHERWISE = ("Marloes", "Theo")
TOP = {"titel", "school", "kanaal", "lezers", "seintjes", "klok", "beurten"}
TURN = {"zegt", "oud", "nog_eens", "andere_pagina", "bijlage", "antwoord", "knoppen", "bevat", "bevat_niet", "slots"}
OTHERS = {"lezer_schrijft", "lezer_zet", "minuten", "storing"}
FAILURES = {"schijf": StorageFull, "druk": QueueFull, "beschadigd": SealBroken}
STATES = {"nieuw": State.NEW, "gelezen": State.READ, "in behandeling": State.BUSY, "afgesloten": State.CLOSED}


def read_case(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    assert set(case) <= TOP, f"{path.name}: {set(case) - TOP}"
    for turn in case["beurten"]:
        assert set(turn) <= TURN or set(turn) <= OTHERS, f"{path.name}: {set(turn) - TURN - OTHERS}"
    return case


async def staffed(house: House, case: dict[str, Any]) -> list[Account]:
    """The readers of a case; they get notices where it says so."""
    school = case["school"]
    accounts = await enrol(house, school, *case.get("lezers", READERS.get(school, OTHERWISE)))
    if case.get("seintjes"):
        for number, account in enumerate(accounts, start=1):
            await house.notices.link_telegram(await house.notices.telegram_token(account.session), number)
    return accounts


@dataclass
class Play:
    """One case while it runs, and its transcript as the terminal would show it."""

    house: House
    clock: FixedClock
    pupil: Pupil
    accounts: list[Account]
    lines: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=lambda: [0])
    code: str = ""
    last: str = ""
    delivery: str = ""
    sending: str = ""

    async def begin(self) -> None:
        await self.pupil.open()
        self._listen()

    async def turn(self, turn: dict[str, Any]) -> None:
        if "minuten" in turn:
            self.clock.advance(minutes=turn["minuten"])
            self.lines.append(f"({turn['minuten']} minuten later)")
        elif "storing" in turn:
            self._break(turn["storing"])
        elif set(turn) & OTHERS:
            await self._reader(turn)
        else:
            await self._speak(turn)
            self._check(turn)

    async def _speak(self, turn: dict[str, Any]) -> None:
        if turn.get("andere_pagina"):
            self.pupil = Pupil(self.house, self.pupil.facts.school, self.pupil.facts.channel, key=f"sender-{len(self.lines)}")
            self.pages = [0]
            await self.pupil.open()
            self.lines.append("(een andere pagina)")
        if "zegt" not in turn and not turn.get("nog_eens"):
            self._listen()
            return
        words = self._filled(str(turn.get("zegt", "")))
        self.lines.append(f"> {words}")
        if turn.get("nog_eens"):
            conversation, facts = self.house.conversation, self.pupil.facts
            delivery = self.delivery if turn["nog_eens"] == "bezorgd" else ""
            again = Incoming(self.pupil.key, facts, self.last, delivery, self.pages[-2])
            self.pupil.replies = await conversation.handle(again)
            self.pupil.turn = self.pupil.replies.turn
        else:
            offered = {button.title: button.payload for message in self.pupil.replies.messages for button in message.buttons}
            self.last = offered.get(words, words)
            self.delivery = f"delivery-{len(self.lines)}"
            if "bijlage" in turn:
                kind = Attachment(turn["bijlage"])
                sent = Incoming(self.pupil.key, self.pupil.facts, "", turn=self.pupil.turn, attachment=kind)
                self.pupil.replies = await self.house.conversation.handle(sent)
                self.pupil.turn = self.pupil.replies.turn
            else:
                page = self.pages[-2] if turn.get("oud") else None
                await self.pupil.says(self.last, message_id=self.delivery, turn=page)
        self.pages.append(self.pupil.turn)
        self._listen()

    def _break(self, what: str) -> None:
        """Make the next message fail, once."""
        owner: Any = self.house.mailbox if what == "bericht" else self.house.conversation._executor
        name = "again" if what == "bericht" else "run"
        works = getattr(owner, name)

        async def fails(*given: Any) -> Any:
            setattr(owner, name, works)
            if what != "bericht":
                raise FAILURES[what]
            thread = await works(*given)
            return replace(thread, entries=(*thread.entries, Broken(len(thread.entries))))

        setattr(owner, name, fails)
        self.lines.append(f"(er gaat iets mis: {what})")

    async def _reader(self, turn: dict[str, Any]) -> None:
        session = self.accounts[0].session
        [item, *_] = (await self.house.inbox.queue(session)).items
        await self.house.inbox.open(session, item.id)
        if "lezer_schrijft" in turn:
            await self.house.inbox.answer(session, item.id, turn["lezer_schrijft"], f"form-{len(self.lines)}")
        if "lezer_zet" in turn:
            await self.house.inbox.set_state(session, item.id, STATES[turn["lezer_zet"]], f"state-{len(self.lines)}")

    def _listen(self) -> None:
        """What holds after every turn, in every conversation."""
        messages = self.pupil.replies.messages
        for message in messages:
            self.lines.append("\n".join(f"  {line}" for line in message.text.splitlines()))
            self.lines += [f"    [{button.title}]" for button in message.buttons]
            if message.custom.get("stijl") == "code":
                self.code = message.text
        assert messages, self.told("nothing was said")
        assert all(message.text.strip() for message in messages), self.told("an empty message")
        assert not any("{" in message.text or "None" in message.text for message in messages), self.told("a placeholder shows")
        assert below(messages) or self.pupil.replies.text_allowed, self.told("there is no way on")
        payloads = [button.payload for message in messages for button in message.buttons]
        self.sending = next((payload for payload in payloads if payload.startswith("/versturen")), self.sending)
        assert all(len(payload.encode()) <= 64 for payload in payloads), self.told("a payload is too long for Telegram")

    def _check(self, turn: dict[str, Any]) -> None:
        said = self.pupil.said()
        if "antwoord" in turn:
            assert [name or "*" for name in self.pupil.names()] == turn["antwoord"], self.told("other responses")
        if "knoppen" in turn:
            assert [title for title, _ in below(self.pupil.replies.messages)] == turn["knoppen"], self.told("other buttons")
        for text in _several(turn.get("bevat")):
            assert self._filled(text) in said, self.told(f"this is missing: {text}")
        for text in _several(turn.get("bevat_niet")):
            assert self._filled(text) not in said, self.told(f"this should not be there: {text}")

    async def check_slots(self, turn: dict[str, Any]) -> None:
        if "slots" in turn:
            conversation, key = self.house.conversation, self.pupil.key
            ident = self.house.server.hash("conversation", key.encode())
            stored = await conversation._load(ident, Incoming(key, self.pupil.facts, ""))
            found = {name: stored.tracker.slots.get(name) for name in turn["slots"]}
            assert found == turn["slots"], self.told("other slots")

    def _filled(self, text: str) -> str:
        for name, value in self._words().items():
            if f"{{{name}}}" in text:
                text = text.replace(f"{{{name}}}", value())
        return text

    def _words(self) -> dict[str, Callable[[], str]]:
        """What may stand between braces in a case."""
        words, code = load_words(), self.code.split()
        offered = [title for title, _ in below(self.pupil.replies.messages)]
        return {
            "code": lambda: self.code,
            "fout": lambda: _with_a_slip(words, code),
            "nummers": lambda: ", ".join(f"{number}. {word.upper()}" for number, word in enumerate(code, start=1)),
            "woorden": lambda: " ".join(words.words[:5]),
            "vier woorden": lambda: " ".join(words.words[:4]),
            "versturen": lambda: self.sending,
            "twijfel": lambda: _doubtful(words),
            "eigen knop": lambda: next(title for title in reversed(offered) if title not in ("Menu", "Ik heb geen code")),
            "eerste kop": lambda: next(title for title in offered if title != "Meer koppen"),
            "half lang": lambda: "heel " * 120,
            "lang": lambda: "heel " * 900,
        }

    def told(self, what: str) -> str:
        return f"{what}\n" + "\n".join(self.lines[-40:])


def below(messages: tuple[BotMessage, ...]) -> list[tuple[str, str]]:
    """The buttons that a page shows below: those of the last message that has any."""
    last = next((message for message in reversed(messages) if message.buttons), None)
    return [(button.title, button.payload) for button in last.buttons] if last else []


def _several(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _with_a_slip(words: WordList, code: list[str]) -> str:
    """The code with one letter left out, so that still only one word can be meant."""
    for number, word in enumerate(code):
        for place in range(len(word)):
            slip = word[:place] + word[place + 1 :]
            if slip != word and words.correct(slip).word == word:
                return " ".join((*code[:number], slip, *code[number + 1 :]))
    raise AssertionError("every slip of these words may be another word")


def _doubtful(words: WordList) -> str:
    """A word that is one letter away from two words of the list."""
    for word in words.words:
        for place in range(len(word)):
            for letter in "aeinrst":
                found = words.correct(typed := word[:place] + letter + word[place + 1 :])
                if found.word is None and len(found.candidates) > 1:
                    return typed
    raise AssertionError("no word is in doubt")


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Iterator[None]:
    """What the files say is read once for all houses: it never changes, and reading is most of the work of building one."""
    patch = pytest.MonkeyPatch()
    patch.setattr("bot.house.read_knowledge", cache(bot.house.read_knowledge))
    assistant, understanding = load_dialogues([files("dialogues")]), Understanding([files("dialogues")])
    patch.setattr("bot.house.load_dialogues", lambda folders: assistant)
    patch.setattr("bot.house.Understanding", lambda folders: understanding)
    yield
    patch.undo()


@pytest.fixture
def play(build_house: BuildHouse, clock: FixedClock) -> Callable[[dict[str, Any]], Any]:
    async def begin(case: dict[str, Any]) -> Play:
        if "klok" in case:
            clock.set(datetime.fromisoformat(case["klok"]).replace(tzinfo=SCHOOL_TIME))
        house = build_house()
        school = case["school"]
        accounts = await staffed(house, case)
        played = Play(house, clock, Pupil(house, school, case.get("kanaal", "rest")), accounts)
        played.lines.append(f"=== {case['titel']} ({school})")
        await played.begin()
        return played

    return begin


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
async def test_conversation(path: Path, play: Callable[[dict[str, Any]], Any]) -> None:
    # Given a house with readers, and somebody who opened the page
    case = read_case(path)
    played: Play = await play(case)
    # When the conversation is held, then every answer is as it is written
    for turn in case["beurten"]:
        await played.turn(turn)
        await played.check_slots(turn)


def test_there_are_conversations_of_every_subject() -> None:
    assert {path.parent.name for path in CASES} >= {
        "begin",
        "tips",
        "wie_helpt",
        "anoniem",
        "melding",
        "uitsluiten",
        "gevaar",
        "navigatie",
        "code",
        "draad",
        "protocol",
        "niet_begrepen",
    }
