"""Who can help at this school: its own people, in the order in which one goes to them."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events
from knowledge import Knowledge


class ActionWieHelpt(Action):
    """Lists the people for a pupil or for a parent."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_wie_helpt"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """One line a person: name, role, and for what."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        parent = tracker.get_slot("rol") == "ouder"
        people = school.people_for_parents if parent else school.people_for_pupils
        lines = [
            f"{person.name + ', ' + person.role if person.name else person.role[:1].upper() + person.role[1:]}: {person.purpose}"
            for person in people
        ]
        dispatcher.utter_message(response="utter_wie_helpt_begin")
        dispatcher.utter_message(text="\n".join(lines), json_message={"stijl": "lijst"})
        if parent and people:
            sources = sorted({person.lines for person in people})
            places = "; ".join(school.cite_lines(lines).removeprefix(f"{school.document}, ") for lines in sources)
            dispatcher.utter_message(text=f"{school.document}, {places}", json_message={"stijl": "bron"})
        dispatcher.utter_message(response="utter_wie_helpt_eind")
        return []
