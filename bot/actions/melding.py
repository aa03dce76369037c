"""The melding form: checking answers, who must not read it, the preview, and sending."""

from __future__ import annotations

from typing import Any

import nacl.utils
from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActiveLoop, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.answers import (
    LONGEST,
    LONGEST_OTHER,
    MOST_BYTES,
    QUESTIONS,
    TEXT_QUESTIONS,
    TOLD,
    Exclusion,
    People,
    gives_away,
    reader_key,
    size,
    told,
)
from bot.actions.tools import SKIPPED, Domain, Events, button, in_words, label
from bot.brievenbus.code import NONCE_BYTES
from bot.brievenbus.mailbox import Mailbox, remaining
from bot.brievenbus.roster import SchoolReaders
from bot.effects import Forget, PostMelding
from bot.turn import current_turn
from dialogues import parse_payload
from knowledge import Knowledge

Slots = dict[str, Any]
# Everything that the form leaves behind.
FORM_SLOTS = (*QUESTIONS, "over_genoemd", "verander", "akkoord", "uitgesloten", "genoemd", "spoed", "nonce", "wil_veranderen")


class _WithPeople:
    """Looks up who works at the school of this conversation."""

    def __init__(self, knowledge: Knowledge, mailbox: Mailbox) -> None:
        self._knowledge = knowledge
        self._mailbox = mailbox

    async def people(self, tracker: Tracker) -> People:
        slug = tracker.get_slot("school")
        return People.of(await self._mailbox.readers(slug), self._knowledge.schools[slug])


class ActionBrievenbusOpen(Action):
    """Whether the school of this conversation takes meldingen now."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_brievenbus_open"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Set ``brievenbus_open``, and who reads."""
        readers = await self._mailbox.readers(tracker.get_slot("school"))
        names = in_words([reader.name for reader in readers.active])
        return [SlotSet("brievenbus_open", readers.accepts), SlotSet("wie_leest", names)]


class ValidateMeldingForm(FormValidationAction):
    """Checks each answer. Any change makes the preview that was on the screen void: it gets another nonce."""

    def __init__(self, people: _WithPeople) -> None:
        self._people = people

    def name(self) -> str:
        """Name in the domain."""
        return "validate_melding_form"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain
    ) -> list[str]:
        """The questions of the form; two of them only after a reader is named, or "iets veranderen" is pressed."""
        needed = {"over_genoemd": tracker.get_slot("genoemd"), "verander": tracker.get_slot("wil_veranderen")}
        return [slot for slot in domain_slots if needed.get(slot, True)]

    def validate_voor_wie(self, value: str, *_: Any) -> Slots:
        """A button of a few words."""
        return _short("voor_wie", value)

    def validate_veilig(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Who is not safe now hears first who helps now, and the melding is proposed as urgent."""
        slots = _short("veilig", value)
        if value == "nee":
            dispatcher.utter_message(response="utter_niet_veilig")
            slots["spoed"] = True
        return slots

    async def validate_over_lezer(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Names are gathered one by one, until the pupil goes on."""
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        people = await self._people.people(tracker)
        if value == "opnieuw":
            return {"over_lezer": None, "uitgesloten": None, "nonce": None}
        if value in ("nee", "klaar"):
            return {"over_lezer": "klaar" if people.left(exclusion) else None, "nonce": None}
        return {"over_lezer": None, "uitgesloten": _exclude(people, exclusion, value).as_slot(), "nonce": None}

    async def validate_over_genoemd(
        self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain
    ) -> Slots:
        """Whether the reader who is named in an answer must not read it."""
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        key = str(tracker.get_slot("genoemd"))
        people = await self._people.people(tracker)
        if value == "ja":
            exclusion = _exclude(people, exclusion, key)
        else:
            exclusion = Exclusion(exclusion.readers, exclusion.others, (*exclusion.cleared, key))
        slots = {"over_genoemd": None, "genoemd": None, "uitgesloten": exclusion.as_slot(), "nonce": None}
        if not people.left(exclusion):
            slots["over_lezer"] = None
        return {**slots, **await self._named(tracker, people, exclusion, {})}

    async def validate_wat(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """The one answer that a melding needs."""
        return await self._text("wat", value, dispatcher, tracker)

    async def validate_waar(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text."""
        return await self._text("waar", value, dispatcher, tracker)

    async def validate_wanneer(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text."""
        return await self._text("wanneer", value, dispatcher, tracker)

    async def validate_hoe_vaak(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text."""
        return await self._text("hoe_vaak", value, dispatcher, tracker)

    async def validate_wie_weet(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text."""
        return await self._text("wie_weet", value, dispatcher, tracker)

    async def validate_wens(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Text."""
        return await self._text("wens", value, dispatcher, tracker)

    def validate_terugschrijven(self, value: str, *_: Any) -> Slots:
        """A button of a few words."""
        return _short("terugschrijven", value)

    def validate_akkoord(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Consent counts only for the preview that is on the screen: its nonce says so."""
        if value == "veranderen":
            return {"akkoord": None, "wil_veranderen": True, "verander": None}
        if value and value == tracker.get_slot("nonce"):
            return {"akkoord": "ja"}
        dispatcher.utter_message(response="utter_knop_oud")
        return {"akkoord": None}

    def validate_verander(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Which answer to change: it is asked again; *spoed* just turns over."""
        slots: Slots = {"verander": None, "wil_veranderen": None}
        if value == "spoed":
            return {**slots, "spoed": None if tracker.get_slot("spoed") else True, "nonce": None}
        if value == "over_lezer":
            slots["uitgesloten"] = None
        if value in QUESTIONS:
            slots |= {value: None, "nonce": None}
        return slots

    async def _text(self, question: str, value: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> Slots:
        text = value.strip()
        most = LONGEST.get(question, LONGEST_OTHER)
        if text == SKIPPED and question != "wat":
            return {question: SKIPPED, "nonce": None}
        # A button of another question may arrive as text: it is no answer.
        if parse_payload(text) is not None:
            return {question: None}
        if not any(character.isalnum() for character in text):
            dispatcher.utter_message(response="utter_leeg")
            return {question: None}
        others = {name: tracker.get_slot(name) for name in TOLD if name != question}
        if len(text) > most or size({**others, question: text}) > MOST_BYTES:
            dispatcher.utter_message(response="utter_te_lang", max=str(most))
            return {question: None}
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        people = await self._people.people(tracker)
        return {question: text, "nonce": None, **await self._named(tracker, people, exclusion, {question: text})}

    async def _named(self, tracker: Tracker, people: People, exclusion: Exclusion, new: Slots) -> Slots:
        for question in TEXT_QUESTIONS:
            text = new.get(question, tracker.get_slot(question))
            if text and (person := people.named_in(str(text), exclusion)) is not None:
                return {"genoemd": person.key, "over_genoemd": None}
        return {}


class ActionAskOverLezer(Action):
    """Asks whether it is about somebody who reads this brievenbus, with everyone's name."""

    def __init__(self, people: _WithPeople) -> None:
        self._people = people

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_melding_form_over_lezer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Offer the names that were not chosen yet."""
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        people = await self._people.people(tracker)
        if not people.left(exclusion):
            dispatcher.utter_message(response="utter_over_lezer_iedereen")
            return []
        names = people.names(exclusion)
        left = [person for person in people.all if person.name not in names]
        buttons = [button(person.name, "antwoord", over_lezer=person.key) for person in left]
        response = "utter_over_lezer_nog" if names else "utter_over_lezer"
        dispatcher.utter_message(response=response, buttons=buttons, naam=in_words(names))
        return []


class ActionAskOverGenoemd(Action):
    """Asks about a reader who is named in an answer."""

    def __init__(self, people: _WithPeople) -> None:
        self._people = people

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_melding_form_over_genoemd"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Name the reader, never the text."""
        person = (await self._people.people(tracker)).find(str(tracker.get_slot("genoemd")))
        dispatcher.utter_message(response="utter_genoemd", naam=person.name if person else "")
        return []


class ActionAskVerander(Action):
    """Asks which answer to change."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_melding_form_verander"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """A button for each question, and for urgency."""
        names = {"over_lezer": "utter_kop_niet_lezen", "spoed": "utter_kop_spoed"}
        questions = (*QUESTIONS, "spoed")
        buttons = [button(label(domain, names.get(q, f"utter_kop_{q}")), "antwoord", verander=q) for q in questions]
        dispatcher.utter_message(response="utter_verander", buttons=buttons)
        return []


class ActionAskAkkoord(Action):
    """The preview: exactly what will be sent, urgency included; its button carries the nonce that makes it one melding."""

    def __init__(self, people: _WithPeople, mailbox: Mailbox) -> None:
        self._people = people
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_melding_form_akkoord"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Show it. The same preview keeps its nonce; a changed one gets another."""
        nonce = tracker.get_slot("nonce") or nacl.utils.random(NONCE_BYTES).hex()
        slots = tracker.current_slot_values()
        pairs = told(slots, domain)
        urgent = bool(tracker.get_slot("spoed"))
        yes_no = label(domain, "utter_waarde_ja" if urgent else "utter_waarde_nee")
        lines = [f"{name}: {answer}" for name, answer in pairs]
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        excluded = (await self._people.people(tracker)).names(exclusion)
        if excluded:
            lines.append(f"{label(domain, 'utter_kop_niet_lezen')}: {in_words(excluded)}")
        lines.append(f"{label(domain, 'utter_kop_spoed')}: {yes_no}")
        dispatcher.utter_message(response="utter_controleer")
        dispatcher.utter_message(text="\n".join(lines), json_message={"stijl": "melding"})
        if gives_away([answer for _, answer in pairs]):
            dispatcher.utter_message(response="utter_verraadt")
        if urgent:
            # Only when it is so: who waits for help must not think that somebody was called.
            ids = _excluded_ids(await self._mailbox.readers(slots["school"]), exclusion)
            at_once = await self._mailbox.tells_at_once(slots["school"], ids, excluded)
            dispatcher.utter_message(response="utter_spoed_seintje" if at_once else "utter_spoed_uitleg")
        dispatcher.utter_message(response="utter_akkoord_melding", nonce=nonce)
        return [SlotSet("nonce", nonce)]


class ActionVersturen(Action):
    """Sends the melding, once; a second press within ten minutes shows the same code and makes nothing new."""

    def __init__(self, people: _WithPeople, mailbox: Mailbox) -> None:
        self._people = people
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_versturen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """What is said here is shown only after the commit."""
        pressed = str(next(tracker.get_latest_entity_values("nonce"), "") or tracker.get_slot("nonce") or "")
        nonce = nonce_of(pressed)
        if nonce is not None:
            sent = await self._mailbox.sent(nonce)
            if sent is not None:
                if sent.code is None:
                    dispatcher.utter_message(response="utter_al_verstuurd_lang")
                    dispatcher.utter_message(response="utter_menu")
                else:
                    dispatcher.utter_message(response="utter_al_verstuurd")
                    _say_code(dispatcher, sent.code)
                return []
            if await self._mailbox.message_sent(nonce):
                dispatcher.utter_message(response="utter_bericht_al_verstuurd")
                return []
        if nonce is None or tracker.get_slot("akkoord") != "ja" or pressed != tracker.get_slot("nonce"):
            dispatcher.utter_message(response=current_turn().ask_again or "utter_knop_oud")
            if not tracker.active_loop.get("name"):
                dispatcher.utter_message(response="utter_menu")
            return []
        exclusion = Exclusion.of(tracker.get_slot("uitgesloten"))
        school = tracker.get_slot("school")
        people = await self._people.people(tracker)
        readers = await self._mailbox.readers(school)
        excluded = _excluded_ids(readers, exclusion)
        current_turn().effects += [
            PostMelding(
                school,
                nonce,
                told(tracker.current_slot_values(), domain),
                excluded,
                people.names(exclusion),
                bool(tracker.get_slot("spoed")),
            ),
            Forget(),
        ]
        dispatcher.utter_message(response="utter_melding_verstuurd")
        names = in_words([reader.name for reader in remaining(readers, excluded)])
        dispatcher.utter_message(response="utter_wat_nu", wie_leest=names)
        _say_code(dispatcher, self._mailbox.code(nonce))
        return []


class ActionWeggooien(Action):
    """Throws the answers away; they are gone from the state in the same commit."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_weggooien"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Say so, and lead on."""
        dispatcher.utter_message(response="utter_weggegooid")
        dispatcher.utter_message(response="utter_menu")
        names = (*FORM_SLOTS, "bericht", "akkoord_bericht")
        return [ActiveLoop(None), *(SlotSet(name, None) for name in (*names, "requested_slot"))]


class ActionTerug(Action):
    """Goes back to the form's previous question."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_terug"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Empty the previous answer; the form then asks it."""
        asked = tracker.get_slot("requested_slot")
        if asked in ("bericht", "akkoord_bericht"):
            return [SlotSet("bericht", None), SlotSet("nonce", None)]
        if asked == "verander":
            return [SlotSet("wil_veranderen", None)]
        order = (*QUESTIONS, "akkoord")
        place = order.index(asked) if asked in order else 1
        events = [SlotSet("nonce", None)]
        if place > 0:
            events.append(SlotSet(order[place - 1], None))
            if order[place - 1] == "over_lezer":
                events.append(SlotSet("uitgesloten", None))
        return events


def _excluded_ids(readers: SchoolReaders, exclusion: Exclusion) -> frozenset[bytes]:
    return frozenset(reader.id for reader in readers.readers if reader_key(reader) in exclusion.readers)


def _say_code(dispatcher: CollectingDispatcher, words: tuple[str, ...]) -> None:
    dispatcher.utter_message(response="utter_code")
    dispatcher.utter_message(text=" ".join(words), json_message={"stijl": "code", "woorden": list(words)})
    dispatcher.utter_message(response="utter_code_bewaren")


def _short(question: str, value: str) -> Slots:
    # These come from buttons; whoever makes a payload by hand gets no more room than a button has.
    return {question: value[:60], "nonce": None}


def _exclude(people: People, exclusion: Exclusion, key: str) -> Exclusion:
    person = people.find(key)
    if person is None:
        return exclusion
    if person.reader:
        return Exclusion(tuple(dict.fromkeys((*exclusion.readers, key))), exclusion.others, exclusion.cleared)
    return Exclusion(exclusion.readers, tuple(dict.fromkeys((*exclusion.others, person.name))), exclusion.cleared)


def nonce_of(text: str) -> bytes | None:
    """The nonce that a button carries, or None when it is no nonce."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if len(raw) == NONCE_BYTES else None


def form_actions(knowledge: Knowledge, mailbox: Mailbox) -> tuple[Action, ...]:
    """The actions of this subject, with what they need."""
    people = _WithPeople(knowledge, mailbox)
    return (
        ActionBrievenbusOpen(mailbox),
        ValidateMeldingForm(people),
        ActionAskOverLezer(people),
        ActionAskOverGenoemd(people),
        ActionAskVerander(),
        ActionAskAkkoord(people, mailbox),
        ActionVersturen(people, mailbox),
        ActionWeggooien(),
        ActionTerug(),
    )
