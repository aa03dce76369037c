"""Is it teasing or bullying? A few yes-or-no questions by this school's own definition, and an answer that judges nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import SKIPPED, Domain, Events
from knowledge import Fact, Knowledge

Slots = dict[str, Any]


class ValidatePlagenForm(FormValidationAction):
    """Gathers the answers: one slot is asked again and again, until each mark of this school had its question."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "validate_plagen_form"

    def validate_kenmerk(self, value: str, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Slots:
        """Keep the answer; the last one ends the form."""
        if value not in ("ja", "nee", SKIPPED):
            # No answer: the slot that was emptied when the form began.
            return {"kenmerk": None}
        answers = [*(tracker.get_slot("kenmerken") or []), value]
        marks = self._knowledge.schools[tracker.get_slot("school")].pupils.marks
        return {"kenmerken": answers, "kenmerk": "klaar" if len(answers) >= len(marks) else None}


class ActionAskKenmerk(Action):
    """Asks the next question."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_ask_plagen_form_kenmerk"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """In this school's order."""
        marks = self._knowledge.schools[tracker.get_slot("school")].pupils.marks
        answered = len(tracker.get_slot("kenmerken") or [])
        dispatcher.utter_message(text=marks[min(answered, len(marks) - 1)].question)
        dispatcher.utter_message(response="utter_kenmerk_knoppen")
        return []


class ActionPlagenBegin(Action):
    """Whether this school has written down what bullying is: without that there is nothing to ask by."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_plagen_begin"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Set ``heeft_kenmerken``, and begin with no answers."""
        facts = self._knowledge.schools[tracker.get_slot("school")].pupils
        return [SlotSet("heeft_kenmerken", bool(facts.marks)), SlotSet("kenmerken", None), SlotSet("kenmerk", None)]


class ActionPlagenAntwoord(Action):
    """Says what this school calls it, and what the pupil can do now; what it feels like always counts."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_plagen_antwoord"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """An answer and a next step, never a verdict on a person."""
        facts = self._knowledge.schools[tracker.get_slot("school")].pupils
        answers = tracker.get_slot("kenmerken") or []
        yes = answers.count("ja")
        if not answers:
            response = "utter_plagen_geen_kenmerken"
        elif yes == len(facts.marks):
            response = "utter_plagen_past"
        elif yes == 0 and SKIPPED not in answers:
            response = "utter_plagen_past_niet"
        else:
            response = "utter_plagen_deels"
        dispatcher.utter_message(response=response)
        _tell(dispatcher, "utter_feit_pesten", facts.bullying)
        if response != "utter_plagen_past":
            _tell(dispatcher, "utter_feit_plagen", [facts.teasing])
        _tell(dispatcher, "utter_feit_wie_bepaalt", [facts.who_decides])
        dispatcher.utter_message(response="utter_plagen_eind")
        # heeft_kenmerken stays: the rule that led here still looks at it.
        return [SlotSet("kenmerken", None), SlotSet("kenmerk", None)]


def _tell(dispatcher: CollectingDispatcher, heading: str, facts: Sequence[Fact | None]) -> None:
    """What the school says about one thing, if it says it."""
    texts = [fact.text for fact in facts if fact is not None]
    if texts:
        dispatcher.utter_message(response=heading)
        dispatcher.utter_message(text="\n".join(texts), json_message={"stijl": "lijst"})
