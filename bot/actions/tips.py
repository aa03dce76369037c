"""The "wat kun je doen" tips, one a turn."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events
from knowledge import Knowledge, TipList


class ActionTipsBegin(Action):
    """Says once where the tips of the list come from, and begins at the first."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._lists = knowledge.tips

    def name(self) -> str:
        """Name in the domain."""
        return "action_tips_begin"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Name the source, and what always holds. The slot ``lijst`` was set by what was asked for."""
        tips = self._lists[tracker.get_slot("lijst")]
        dispatcher.utter_message(response=f"utter_tips_bron_{tips.school}")
        if tips.always is not None:
            dispatcher.utter_message(response="utter_tip_altijd")
        return [SlotSet("tip", None), SlotSet("persoon", None)]


class ActionTip(Action):
    """Gives the next tip, or says that there are no more."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._lists = knowledge.tips

    def name(self) -> str:
        """Name in the domain."""
        return "action_tip"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The tip after the one that was shown last."""
        tips = self._lists.get(tracker.get_slot("lijst") or "")
        if tips is None:
            # A button of an earlier conversation: nobody knows any more which list it belonged to.
            dispatcher.utter_message(response="utter_tips")
            return []
        last = tracker.get_slot("tip")
        number = last + 1 if isinstance(last, int) else 0
        responses = _responses(tips, domain)
        if number >= len(responses):
            dispatcher.utter_message(response="utter_tips_op")
            return [SlotSet("tip", len(responses) - 1)]
        if tracker.get_intent_of_latest_message() == "tip_hielp_niet":
            # A person was named just now: the tip must not sound like what that person says.
            dispatcher.utter_message(response="utter_tip_verder")
        dispatcher.utter_message(response=responses[number])
        return [SlotSet("tip", number)]


def _responses(tips: TipList, domain: Domain) -> list[str]:
    """The tips of the list, then what a school wrote itself: any response that is named like a tip of this list."""
    start = f"utter_tip_{tips.name}_"
    ours = [f"{start}{step.id}" for step in tips.steps]
    return [*ours, *(name for name in domain["responses"] if name.startswith(start) and name not in ours)]
