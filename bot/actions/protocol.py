"""What the school's protocol says: pick a heading, read the rule with its source."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events, button, label, menu_button
from bot.actions.topics import PAGE, in_pieces
from knowledge import Knowledge, School, Section

TITLE = 60


class ActionKoppen(Action):
    """Shows the headings of this school's protocol, a page at a time."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_koppen"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Offer the headings from the page that was asked for."""
        show_headings(dispatcher, self._knowledge.schools[tracker.get_slot("school")], domain, 0)
        return []


class ActionKop(Action):
    """Reads what stands under a heading, with its source; long ones in pieces."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_kop"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """The entity ``nr`` says which: "3" a heading, "3.1" its second piece, "b8" the headings from the ninth."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        wanted = str(next(tracker.get_latest_entity_values("nr"), ""))
        kind, _, piece = wanted.partition(".")
        try:
            if kind.startswith("b"):
                show_headings(dispatcher, school, domain, int(kind[1:]))
                return []
            section = readable(school)[int(kind)]
            pieces = in_pieces(section.blocks)
            number = int(piece or 0)
            texts = pieces[number]
        except (ValueError, IndexError):
            dispatcher.utter_message(response="utter_kop_onbekend")
            show_headings(dispatcher, school, domain, 0)
            return []
        dispatcher.utter_message(text=f"{section.heading}\n\n" + "\n\n".join(block.text for block in texts))
        lines = (texts[0].lines[0], max(block.lines[1] for block in texts))
        under = f" onder '{section.path[-1]}'" if section.path else ""
        place = school.cite_lines(lines).removeprefix(f"{school.document}, ")
        source = f"{school.document}, kop '{section.heading}'{under}, {place}"
        dispatcher.utter_message(text=source, json_message={"stijl": "bron"})
        more = [button(label(domain, "utter_kop_vervolg"), "kop", nr=f"{kind}.{number + 1}")] if number + 1 < len(pieces) else []
        on = [button(label(domain, "utter_knop_andere_kop"), "protocol_vraag"), menu_button(domain)]
        dispatcher.utter_message(response="utter_kop_eind", buttons=[*more, *on])
        return []


def readable(school: School) -> list[Section]:
    """The headings under which something stands."""
    return [section for section in school.sections if section.blocks]


def show_headings(dispatcher: CollectingDispatcher, school: School, domain: Domain, start: int) -> None:
    """Offer a page of headings as buttons, and a button for the next page."""
    sections = readable(school)
    if not 0 <= start < len(sections):
        start = 0
    names = [section.heading for section in sections]
    buttons = []
    for number in range(start, min(start + PAGE, len(sections))):
        section = sections[number]
        # "Stap 1" may stand in a document twice: then the heading above it tells which.
        twice = names.count(section.heading) > 1 and section.path
        title = f"{section.path[-1]}: {section.heading}" if twice else section.heading
        buttons.append(button(title if len(title) <= TITLE else title[: TITLE - 1] + "…", "kop", nr=str(number)))
    if start + PAGE < len(sections):
        buttons.append(button(label(domain, "utter_koppen_meer"), "kop", nr=f"b{start + PAGE}"))
    dispatcher.utter_message(response="utter_koppen", buttons=buttons)
