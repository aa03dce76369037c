"""The session: what is known at its start, and what is said when nothing else fits."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, ActiveLoop, AllSlotsReset, SessionStarted, SlotSet, UserUtteranceReverted
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events, in_words
from bot.brievenbus.mailbox import Mailbox
from bot.effects import Forget
from bot.turn import current_turn
from knowledge import Knowledge


class ActionSessionStart(Action):
    """Sets the slots of the school that the channel belongs to; says nothing."""

    def __init__(self, knowledge: Knowledge, mailbox: Mailbox) -> None:
        self._knowledge = knowledge
        self._mailbox = mailbox

    def name(self) -> str:
        """Name in the domain."""
        return "action_session_start"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Set the facts."""
        school = self._knowledge.schools[current_turn().facts.school]
        readers = await self._mailbox.readers(school.slug)
        facts = {
            "school": school.slug,
            "schoolnaam": school.name,
            "kind": school.kind,
            "woord_leerkracht": school.words.leerkracht,
            "woord_groep": school.words.groep,
            "woord_toezicht": school.words.toezicht,
            "wie_leest": in_words([reader.name for reader in readers.active]),
            "eigen_brievenbus": school.own_brievenbus,
            "eigen_tips": school.own_tips,
        }
        # The last one is for a real Rasa: without it its rules would not see the message as the start of a turn.
        return [SessionStarted(), *(SlotSet(name, value) for name, value in facts.items()), ActionExecuted("action_listen")]


class ActionDefaultFallback(Action):
    """What was typed was not understood: in a form the question comes again, elsewhere the menu."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_default_fallback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Say so, and lead on."""
        if tracker.active_loop.get("name"):
            dispatcher.utter_message(response="utter_kies_knop")
        else:
            dispatcher.utter_message(response="utter_niet_begrepen")
            dispatcher.utter_message(response="utter_menu")
        # As if it was never said. A real Rasa would otherwise find no rule again, and say this ten times.
        return [UserUtteranceReverted()]


class ActionVraagOpnieuw(Action):
    """Something came that is no answer (a stale page, a photo, nothing at all): say so and ask again."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_vraag_opnieuw"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Say why; the form asks again by itself."""
        turn = current_turn()
        if turn.ask_again:
            dispatcher.utter_message(response=turn.ask_again, **turn.values)
        if turn.menu and not tracker.active_loop.get("name"):
            dispatcher.utter_message(response="utter_menu")
        return []


class ActionWisGesprek(Action):
    """Wipes the conversation: the state is replaced by an empty one."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_wis_gesprek"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Say that it is gone; it is, when this is shown."""
        dispatcher.utter_message(response="utter_gewist")
        current_turn().effects.append(Forget())
        return [ActiveLoop(None), AllSlotsReset()]


class ActionNaGevaar(Action):
    """After the help card: a form goes on by itself; elsewhere the menu."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_na_gevaar"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Lead on."""
        if not tracker.active_loop.get("name"):
            dispatcher.utter_message(response="utter_na_gevaar")
            dispatcher.utter_message(response="utter_menu")
        return []


class ActionGeenGevaar(Action):
    """The child says "zo bedoel ik het niet": nothing is proposed as urgent any more."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_geen_gevaar"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Accept it, and lead on."""
        dispatcher.utter_message(response="utter_geen_gevaar")
        if not tracker.active_loop.get("name"):
            dispatcher.utter_message(response="utter_menu")
        # The preview that is on the screen said otherwise: it needs a new consent.
        return [SlotSet("spoed", None), SlotSet("nonce", None)]
