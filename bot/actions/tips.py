"""The "wat kun je doen" tips, one a turn."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events
from knowledge import Knowledge

LIST = "gepest"


class ActionTipsBegin(Action):
    """Says once where the tips come from, and begins at the first."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_tips_begin"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Name the source, and what always holds."""
        dispatcher.utter_message(response="utter_tips_bron")
        dispatcher.utter_message(response="utter_tip_altijd")
        return [SlotSet("tip", None)]


class ActionTip(Action):
    """Gives the next tip, or says that there are no more."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._steps = knowledge.tips[LIST].steps

    def name(self) -> str:
        """Name in the domain."""
        return "action_tip"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The tip after the one that was shown last."""
        last = tracker.get_slot("tip")
        number = last + 1 if isinstance(last, int) else 0
        if number >= len(self._steps):
            dispatcher.utter_message(response="utter_tips_op")
            return [SlotSet("tip", len(self._steps) - 1)]
        dispatcher.utter_message(response=f"utter_tip_{LIST}_{self._steps[number].id}")
        return [SlotSet("tip", number)]
