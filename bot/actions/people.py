"""Who can help at this school: its own people, in the order in which one goes to them."""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events
from bot.clock import SCHOOL_TIME, Clock
from knowledge import Knowledge, Person

_ABOUT_BULLYING = frozenset({"gepest", "gezien", "online"})


class ActionWieHelpt(Action):
    """Lists the people for a pupil or for a parent."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_wie_helpt"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """One line a person: name, role, and for what; for a parent with the place in the document."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        dispatcher.utter_message(response="utter_wie_helpt_begin")
        if tracker.get_slot("rol") == "ouder":
            lines = [f"{_who(person)}: {person.purpose_for_parents or person.purpose}" for person in school.people_for_parents]
            dispatcher.utter_message(text="\n".join(lines), json_message={"stijl": "lijst"})
            sources = sorted({person.lines for person in school.people_for_parents})
            places = "; ".join(school.cite_lines(lines).removeprefix(f"{school.document}, ") for lines in sources)
            dispatcher.utter_message(text=f"{school.document}, {places}", json_message={"stijl": "bron"})
        else:
            _list(dispatcher, school.people_for_pupils)
        dispatcher.utter_message(response="utter_wie_helpt_eind")
        return []


class ActionNietGeholpen(Action):
    """To whom a pupil goes next, when the own leerkracht or coach does nothing."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_niet_geholpen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """This school's own people, in its own order."""
        _list(dispatcher, self._knowledge.schools[tracker.get_slot("school")].pupils.not_helped)
        dispatcher.utter_message(response="utter_wie_helpt_eind")
        return []


class ActionVolgendePersoon(Action):
    """Names the next person of this school, when a tip did not help."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_volgende_persoon"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """One at a time; after the last comes, once, somebody outside the school."""
        people = self._knowledge.schools[tracker.get_slot("school")].people_for_pupils
        last = tracker.get_slot("persoon")
        number = last + 1 if isinstance(last, int) else 0
        if number < len(people):
            dispatcher.utter_message(response="utter_persoon_begin")
            person = people[number]
            # For what one goes to a person is said to who is bullied; who is angry or did something only hears who it is.
            bullied = tracker.get_slot("lijst") in _ABOUT_BULLYING
            dispatcher.utter_message(text=f"{_who(person)}: {person.purpose}" if bullied else f"{_who(person)}.")
        elif number == len(people):
            dispatcher.utter_message(response="utter_personen_op")
        return [SlotSet("persoon", min(number, len(people)))]


class ActionBereikbaar(Action):
    """Whether it is school time now at this school."""

    def __init__(self, knowledge: Knowledge, clock: Clock) -> None:
        self._knowledge = knowledge
        self._clock = clock

    def name(self) -> str:
        """Name in the domain."""
        return "action_bereikbaar"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Set ``schooltijd``; the responses say who can be reached then."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        return [SlotSet("schooltijd", school.hours.open_at(self._clock.now().astimezone(SCHOOL_TIME)))]


def _list(dispatcher: CollectingDispatcher, people: Sequence[Person]) -> None:
    lines = [f"{_who(person)}: {person.purpose}" for person in people]
    dispatcher.utter_message(text="\n".join(lines), json_message={"stijl": "lijst"})


def _who(person: Person) -> str:
    return f"{person.name}, {person.role}" if person.name else person.role[:1].upper() + person.role[1:]
