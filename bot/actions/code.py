"""Coming back with the code: reading the thread in child's words, and writing on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import nacl.utils
from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.answers import LONGEST
from bot.actions.melding import nonce_of
from bot.actions.tools import Domain, Events, button
from bot.brievenbus.code import NONCE_BYTES
from bot.brievenbus.entries import Broken, Entry, Kind, Side, State
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.mailbox import CodeUnknown, Mailbox, Thread
from bot.brievenbus.words import Correction, WordList
from bot.clock import Clock, half_day_text
from bot.effects import AddMessage
from bot.turn import current_turn
from dialogues import parse_payload

Slots = dict[str, Any]
_STATES = {
    State.NEW: "utter_draad_status_nieuw",
    State.READ: "utter_draad_status_gelezen",
    State.BUSY: "utter_draad_status_in_behandeling",
    State.CLOSED: "utter_draad_status_afgesloten",
}
_CLOSED: Slots = {"draad": None, "draad_open": None}


class ValidateCodeForm(FormValidationAction):
    """Reads the code and opens its thread. The code itself stays in no slot."""

    def __init__(self, mailbox: Mailbox, words: WordList, clock: Clock, open_for: timedelta) -> None:
        self._mailbox = mailbox
        self._words = words
        self._clock = clock
        self._open_for = open_for

    def name(self) -> str:
        """Name in the domain."""
        return "validate_code_form"

    async def validate_code(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Five words, each exact or one slip away; in doubt the pupil chooses."""
        reading = self._words.read_code(value)
        if not reading.five:
            dispatcher.utter_message(response="utter_code_geen_vijf", aantal=str(len(reading.corrections)))
            return {"code": None}
        code = reading.code
        if code is None:
            _ask_about(dispatcher, reading.corrections)
            return {"code": None}
        try:
            thread = await self._mailbox.open(code)
        except CodeUnknown:
            dispatcher.utter_message(response="utter_code_onbekend")
            return {"code": None}
        except SealBroken:
            dispatcher.utter_message(response="utter_code_beschadigd")
            return {"code": None}
        until = (self._clock.now() + self._open_for).timestamp()
        draad = {"melding": thread.melding.hex(), "sleutel": thread.thread_key.hex(), "tot": until}
        return {"code": "open", "draad": draad, "draad_open": True}


class ActionDraad(Action):
    """Shows an opened thread."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_draad"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The state first, then what was written, oldest first."""
        draad = tracker.get_slot("draad") or {}
        try:
            thread = await self._mailbox.again(bytes.fromhex(draad["melding"]), bytes.fromhex(draad["sleutel"]))
        except (KeyError, CodeUnknown):
            dispatcher.utter_message(response="utter_draad_dicht")
            return _events({"code": None, **_CLOSED})
        except SealBroken:
            dispatcher.utter_message(response="utter_code_beschadigd")
            return _events({"code": None, **_CLOSED})
        _show(dispatcher, thread)
        return _events({"code": None})


class ValidateBerichtForm(FormValidationAction):
    """Checks what a pupil writes in an opened thread."""

    def name(self) -> str:
        """Name in the domain."""
        return "validate_bericht_form"

    def validate_bericht(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text, as the answer to "wat is er gebeurd"."""
        text = value.strip()
        # A button of another question may arrive as text: it is no message.
        if parse_payload(text) is not None:
            return {"bericht": None}
        if not any(character.isalnum() for character in text):
            dispatcher.utter_message(response="utter_leeg")
            return {"bericht": None}
        if len(text) > LONGEST["wat"]:
            dispatcher.utter_message(response="utter_te_lang", max=str(LONGEST["wat"]))
            return {"bericht": None}
        return {"bericht": text, "nonce": None}

    def validate_akkoord_bericht(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Consent counts only for the preview that is on the screen."""
        if value == "veranderen":
            return {"akkoord_bericht": None, "bericht": None, "nonce": None}
        if value and value == tracker.get_slot("nonce"):
            return {"akkoord_bericht": "ja"}
        dispatcher.utter_message(response="utter_knop_oud")
        return {"akkoord_bericht": None}


class ActionAskAkkoordBericht(Action):
    """The preview of a message."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_bericht_form_akkoord_bericht"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Show it exactly as it will be sent."""
        nonce = tracker.get_slot("nonce") or nacl.utils.random(NONCE_BYTES).hex()
        dispatcher.utter_message(response="utter_bericht_controleer")
        dispatcher.utter_message(text=tracker.get_slot("bericht"), json_message={"stijl": "melding"})
        draad = tracker.get_slot("draad") or {}
        if draad and await self._mailbox.tells_message_at_once(bytes.fromhex(draad["melding"]), bytes.fromhex(draad["sleutel"])):
            dispatcher.utter_message(response="utter_bericht_seintje")
        dispatcher.utter_message(response="utter_akkoord_bericht", nonce=nonce)
        return [SlotSet("nonce", nonce)]


class ActionBerichtVersturen(Action):
    """Sends a message in an opened thread, once."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_bericht_versturen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """What is said here is shown only after the commit."""
        draad = tracker.get_slot("draad") or {}
        nonce = nonce_of(str(tracker.get_slot("nonce") or ""))
        text = tracker.get_slot("bericht")
        if not draad or nonce is None or not text or tracker.get_slot("akkoord_bericht") != "ja":
            dispatcher.utter_message(response="utter_draad_dicht")
            return _events({"akkoord_bericht": None, "nonce": None})
        current_turn().effects.append(AddMessage(bytes.fromhex(draad["melding"]), bytes.fromhex(draad["sleutel"]), nonce, text))
        dispatcher.utter_message(response="utter_bericht_verstuurd")
        return _events({"bericht": None, "akkoord_bericht": None, "nonce": None})


def _show(dispatcher: CollectingDispatcher, thread: Thread) -> None:
    dispatcher.utter_message(response="utter_draad_begin")
    dispatcher.utter_message(response=_STATES[thread.state])
    answered = False
    for entry in thread.entries:
        if isinstance(entry, Broken):
            dispatcher.utter_message(response="utter_draad_beschadigd")
        elif entry.kind is not Kind.STATE:
            answered = answered or entry.side is Side.SCHOOL
            response = "utter_draad_school" if entry.side is Side.SCHOOL else "utter_draad_jij"
            dispatcher.utter_message(response=response, naam=entry.author, dag=half_day_text(entry.half_day))
            dispatcher.utter_message(text=_text(entry), json_message={"stijl": "draad"})
    if not answered:
        dispatcher.utter_message(response="utter_draad_geen_antwoord")
    dispatcher.utter_message(response="utter_draad_eind")


def _text(entry: Entry) -> str:
    if entry.kind is Kind.MELDING:
        return "\n".join(f"{question}: {answer}" for question, answer in entry.body["antwoorden"])
    return str(entry.body["tekst"])


def _ask_about(dispatcher: CollectingDispatcher, corrections: tuple[Correction, ...]) -> None:
    """Let the pupil choose the first word in doubt, if all others are clear; else say which word to look at."""
    doubtful = [place for place, correction in enumerate(corrections) if correction.word is None]
    place = doubtful[0]
    number = str(place + 1)
    if len(doubtful) == 1 and corrections[place].candidates:
        words = [correction.word or "" for correction in corrections]
        buttons = [
            button(candidate, "code", c=" ".join((*words[:place], candidate, *words[place + 1 :])))
            for candidate in corrections[place].candidates
        ]
        dispatcher.utter_message(response="utter_code_kies", nummer=number, buttons=buttons)
    else:
        dispatcher.utter_message(response="utter_code_woord_onbekend", nummer=number)


def _events(slots: Slots) -> Events:
    return [SlotSet(name, value) for name, value in slots.items()]


def code_actions(mailbox: Mailbox, words: WordList, clock: Clock, open_for: timedelta) -> tuple[Action, ...]:
    """The actions of this subject, with what they need."""
    return (
        ValidateCodeForm(mailbox, words, clock, open_for),
        ActionDraad(mailbox),
        ValidateBerichtForm(),
        ActionAskAkkoordBericht(mailbox),
        ActionBerichtVersturen(mailbox),
    )
