"""What this school says about a subject: for parents its rules with their source, for pupils in their own words."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events, button, label, menu_button
from knowledge import Block, Knowledge, School, Topic

# A rule is read in pieces of about a screen; a block is never cut.
PIECE = 900
# As many buttons as fit on a small screen without losing sight of the first.
PAGE = 8


class ActionOnderwerp(Action):
    """Reads what the protocol says about a topic, or says that it does not say it and whom to ask."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_onderwerp"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The entity ``t`` names the topic; "gevolgen.1" is its second piece."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        asked = tracker.get_intent_of_latest_message()
        wanted = str(next(tracker.get_latest_entity_values("t"), "")) or _TOPIC_OF_INTENT.get(asked, "")
        name, _, piece = wanted.partition(".")
        try:
            pieces = in_pieces(school.topics[Topic(name)])
            number = int(piece or 0)
            blocks = pieces[number]
        except (ValueError, KeyError, IndexError):
            dispatcher.utter_message(response="utter_staat_er_niet")
            _say_whom_to_ask(dispatcher, school, name)
            _say_who_is_outside(dispatcher, name)
            dispatcher.utter_message(response="utter_onderwerp_eind", buttons=_on(domain))
            return []
        for block in blocks:
            dispatcher.utter_message(text=block.text)
            dispatcher.utter_message(text=school.cite(block), json_message={"stijl": "bron"})
        _say_who_is_outside(dispatcher, name)
        if name == Topic.SIGNALEN:
            dispatcher.utter_message(response="utter_signalen_let_op")
        more = []
        if number + 1 < len(pieces):
            more.append(button(label(domain, "utter_kop_vervolg"), "onderwerp", t=f"{name}.{number + 1}"))
        dispatcher.utter_message(response="utter_onderwerp_eind", buttons=[*more, *_on(domain)])
        return []


class ActionOnderwerpen(Action):
    """Offers the topics that this school's protocol treats, a page at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_onderwerpen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The entity ``nr`` is the place in the list where the page begins."""
        topics = list(self._knowledge.schools[tracker.get_slot("school")].topics)
        wanted = str(next(tracker.get_latest_entity_values("nr"), "0"))
        start = int(wanted) if wanted.isdecimal() and int(wanted) < len(topics) else 0
        buttons = [
            button(label(domain, f"utter_onderwerp_{topic}"), "onderwerp", t=str(topic)) for topic in topics[start : start + PAGE]
        ]
        if start + PAGE < len(topics):
            buttons.append(button(label(domain, "utter_onderwerpen_meer"), "onderwerpen", nr=str(start + PAGE)))
        dispatcher.utter_message(response="utter_onderwerpen", buttons=[*buttons, menu_button(domain)])
        return []


class ActionFeit(Action):
    """Tells a pupil what this school says, in words for pupils. The entity ``f`` names the fact."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_feit"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Say it, or say that the school has not written it down."""
        facts = self._knowledge.schools[tracker.get_slot("school")].pupils
        name = str(next(tracker.get_latest_entity_values("f"), "")) or _FACT_OF_INTENT.get(
            tracker.get_intent_of_latest_message(), ""
        )
        found = {
            "pesten": facts.bullying,
            "plagen": (facts.teasing,),
            "wie_bepaalt": (facts.who_decides,),
            "na_melding": facts.after_report,
            "straf": facts.punishment,
            "ouders": facts.parents,
            "online": facts.online,
            "klikken": (facts.not_snitching,),
        }.get(name, ())
        texts = [fact.text for fact in found if fact is not None]
        if texts:
            dispatcher.utter_message(response=f"utter_feit_{name}")
            dispatcher.utter_message(text="\n".join(texts), json_message={"stijl": "lijst"})
        else:
            dispatcher.utter_message(response=f"utter_feit_{name}_onbekend" if name in _ELSEWHERE else "utter_feit_onbekend")
        dispatcher.utter_message(response="utter_feit_eind")
        return []


# What somebody typed, instead of pressing the button that names the topic.
_TOPIC_OF_INTENT = {
    "niet_geholpen": Topic.TE_WEINIG.value,
    "straf_vraag": Topic.GEVOLGEN.value,
    "ouders_vraag": Topic.OUDERS_INGELICHT.value,
}
_FACT_OF_INTENT = {"na_melding": "na_melding", "klikken": "klikken", "straf_vraag": "straf", "ouders_vraag": "ouders"}
# That telling is no snitching holds at every school, whether its document says so or not.
_ELSEWHERE = frozenset({"klikken"})


def in_pieces(blocks: tuple[Block, ...]) -> list[list[Block]]:
    """Blocks in pieces of about `PIECE` characters."""
    pieces: list[list[Block]] = [[]]
    for block in blocks:
        if pieces[-1] and sum(len(other.text) for other in pieces[-1]) + len(block.text) > PIECE:
            pieces.append([])
        pieces[-1].append(block)
    return pieces


def _on(domain: Domain) -> list[dict[str, str]]:
    """The ways on after a topic."""
    return [button(label(domain, "utter_knop_alle_onderwerpen"), "onderwerpen"), menu_button(domain)]


def _say_whom_to_ask(dispatcher: CollectingDispatcher, school: School, topic: str) -> None:
    people = school.people_for_parents[:1]
    if topic == Topic.TE_WEINIG:
        # Not whoever does too little, but those to whom a pupil goes next.
        people = school.pupils.not_helped
    if people:
        names = [f"{person.name}, {person.role}" if person.name else person.role for person in people]
        dispatcher.utter_message(response="utter_vraag_het", naam="; ".join(names))


def _say_who_is_outside(dispatcher: CollectingDispatcher, topic: str) -> None:
    if topic == Topic.TE_WEINIG:
        dispatcher.utter_message(response="utter_te_weinig_buiten")
