"""The school's stappenplan as a walk: what happens, and then, who does it, within what time, where it is recorded."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.actions.tools import Domain, Events, button, label, menu_button
from knowledge import Knowledge, School, Step, StepVariant

# What one can ask about a step: the part of the payload, the field of the step, the response that names it.
_ASPECTS = {
    "wie": ("who", "utter_stap_wie"),
    "met": ("with_whom", "utter_stap_met"),
    "tijd": ("within", "utter_stap_tijd"),
    "waar": ("record", "utter_stap_waar"),
    "hoort": ("told", "utter_stap_hoort"),
    "verder": ("on_when", "utter_stap_verder"),
}


class ActionStap(Action):
    """Walks through the steps. The entity ``s`` says where: nothing or "0" the beginning, "0.2" a step, "0.2.wie" a question."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def name(self) -> str:
        """Name in the domain."""
        return "action_stap"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Domain) -> Events:
        """Show what was asked for, or begin."""
        school = self._knowledge.schools[tracker.get_slot("school")]
        variants = school.stappenplan.variants
        wanted = str(next(tracker.get_latest_entity_values("s"), "")) or str(tracker.get_slot("stap") or "")
        place, _, rest = wanted.partition(".")
        number, _, aspect = rest.partition(".")
        try:
            variant = variants[int(place)] if place else None
            step = variant.steps[int(number)] if variant is not None and number else None
        except (ValueError, IndexError):
            variant, step, aspect = None, None, ""
        if variant is None and len(variants) > 1:
            buttons = [button(found.name, "stap", s=f"{at}.0") for at, found in enumerate(variants)]
            dispatcher.utter_message(response="utter_stappen_welke", buttons=[*buttons, menu_button(domain)])
            return [SlotSet("stap", None)]
        variant = variant or variants[0]
        at = variants.index(variant)
        if step is None:
            # A step without a number is said apart: "four steps, and an extra one".
            numbered = sum(each.number.isdecimal() for each in variant.steps)
            response = "utter_stappen_begin" if numbered == len(variant.steps) else "utter_stappen_begin_extra"
            dispatcher.utter_message(response=response, aantal=str(numbered))
            step, aspect = variant.steps[0], ""
        here = variant.steps.index(step)
        if aspect in _ASPECTS:
            _tell_aspect(dispatcher, school, step, aspect)
        else:
            _tell_step(dispatcher, domain, school, step)
        dispatcher.utter_message(response="utter_stap_verder_vragen", buttons=_buttons(domain, variant, step, at, here, aspect))
        return [SlotSet("stap", f"{at}.{here}")]


def _tell_step(dispatcher: CollectingDispatcher, domain: Domain, school: School, step: Step) -> None:
    number = f"Stap {step.number}" if step.number.isdecimal() else step.number.capitalize()
    # "Vraagt hoe het gaat" is only a sentence after who does it.
    who, what = label(domain, "utter_kop_stap_wie"), label(domain, "utter_kop_stap_wat")
    dispatcher.utter_message(text=f"{number}: {step.title}\n{who}: {step.who}\n{what}: {step.what}")
    dispatcher.utter_message(text=school.cite_step(step), json_message={"stijl": "bron"})


def _tell_aspect(dispatcher: CollectingDispatcher, school: School, step: Step, aspect: str) -> None:
    field, response = _ASPECTS[aspect]
    value = getattr(step, field)
    if value is None:
        dispatcher.utter_message(response="utter_stap_staat_er_niet")
        return
    dispatcher.utter_message(response=response)
    # What follows "als:" goes on with that sentence.
    dispatcher.utter_message(text=value if field == "on_when" else value[:1].upper() + value[1:])
    dispatcher.utter_message(text=school.cite_step(step), json_message={"stijl": "bron"})


def _buttons(domain: Domain, variant: StepVariant, step: Step, at: int, here: int, asked: str) -> list[dict[str, str]]:
    """And then; the questions about this step that were not asked just now; the step before; the menu."""
    found = []
    if here + 1 < len(variant.steps):
        found.append(button(label(domain, "utter_knop_en_daarna"), "stap", s=f"{at}.{here + 1}"))
    for aspect, (_, response) in _ASPECTS.items():
        if aspect != asked:
            found.append(button(label(domain, response.replace("utter_", "utter_knop_")), "stap", s=f"{at}.{here}.{aspect}"))
    if here > 0:
        found.append(button(label(domain, "utter_knop_vorige_stap"), "stap", s=f"{at}.{here - 1}"))
    return [*found, menu_button(domain)]
