"""Reads the files in ``domain/`` into one domain, and refuses what Rasa or our subset does not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dialogues.domain import DEFAULT_INTENTS, NOT_UNDERSTOOD, Domain
from dialogues.lined_yaml import Listed, Mapped, plain
from dialogues.responses import Response, Template, Variation
from dialogues.slots import REQUESTED_SLOT, SESSION_METADATA, Condition, Form, Slot, SlotMapping

_KEYS = ("version", "intents", "entities", "slots", "forms", "responses", "actions", "session_config")
_SLOT_TYPES = ("text", "bool", "categorical", "any")
_MAPPING_KEYS = {
    "from_intent": ("type", "intent", "not_intent", "value", "conditions"),
    "from_entity": ("type", "entity", "intent", "not_intent", "conditions"),
    "from_text": ("type", "intent", "not_intent", "conditions"),
    "custom": ("type", "conditions"),
}


class DomainReader:
    """Gathers the files of one folder after another; ``finish`` then checks what they say of each other."""

    def __init__(self) -> None:
        self._intents: dict[str, tuple[str, int]] = {}
        self._entities: dict[str, tuple[str, int]] = {}
        self._actions: dict[str, tuple[str, int]] = {}
        self._slots: dict[str, Mapped] = {}
        self._forms: dict[str, Mapped] = {}
        self._responses: dict[str, Listed] = {}
        self._own_responses: set[str] = set()
        self._session: dict[str, Any] = {}
        self._carries_over: tuple[bool, str, int] = (True, "", 0)
        self._folder = 0
        self._folder_of: dict[str, int] = {}

    def new_folder(self) -> None:
        """What follows may say the responses of the folders before in another way."""
        self._own_responses = set()
        self._folder += 1

    def add(self, tree: Mapped) -> None:
        """Add one file.

        Raises:
            DialogueProblem: with the line and how to mend it.
        """
        tree.only(*_KEYS)
        self._names(tree.sequence("intents"), self._intents, "intent")
        self._folder_of = dict.fromkeys((*self._intents, *tree.mapping("forms")), self._folder) | self._folder_of
        self._names(tree.sequence("entities"), self._entities, "entiteit")
        self._names(tree.sequence("actions"), self._actions, "actie")
        for kind, gathered in (("slots", self._slots), ("forms", self._forms)):
            section = tree.mapping(kind)
            for name in section:
                if name in gathered:
                    section.fail(f'"{name}" staat al in {gathered[name].file}. Haal er een weg.', name)
                gathered[name] = section.mapping(name)
        responses = tree.mapping("responses")
        for name in responses:
            if name in self._own_responses:
                responses.fail(f'"{name}" staat al in {self._responses[name].file}. Haal er een weg.', name)
            if not name.startswith("utter_"):
                responses.fail('De naam van een antwoord begint met "utter_". Verander de naam.', name)
            variations = responses.sequence(name)
            if not variations:
                responses.fail(f'"{name}" heeft geen tekst. Zet er een streepje met "text" onder.', name)
            self._responses[name] = variations
            self._own_responses.add(name)
        session = tree.mapping("session_config")
        session.only("session_expiration_time", "carry_over_slots_to_new_session")
        self._session.update(plain(session))
        if "carry_over_slots_to_new_session" in session:
            carried = session["carry_over_slots_to_new_session"] is not False
            self._carries_over = (carried, tree.file, session.line_of("carry_over_slots_to_new_session"))

    def finish(self) -> Domain:
        """The domain of all files together.

        Raises:
            DialogueProblem: with the line and how to mend it.
        """
        slots = {name: self._slot(name, tree) for name, tree in self._slots.items()}
        forms = {name: self._form(name, tree) for name, tree in self._forms.items()}
        slots = {name: self._with_mappings(slot, forms) for name, slot in slots.items()}
        for name, (file, line) in self._actions.items():
            if name.startswith("utter_") and name not in self._responses:
                at = Mapped(file, line)
                at.fail(f'De actie "{name}" heeft geen antwoord. {Domain.near(name, self._responses)}')
        for default in (
            Slot(REQUESTED_SLOT, "text", influences=False),
            Slot(SESSION_METADATA, "any", influences=False),
        ):
            slots.setdefault(default.name, default)
        return Domain(
            intents=frozenset((*self._intents, *DEFAULT_INTENTS, NOT_UNDERSTOOD)),
            entities=frozenset(self._entities),
            slots=slots,
            forms=forms,
            responses={name: self._response(name, variations, slots) for name, variations in self._responses.items()},
            actions=frozenset(name for name in self._actions if not name.startswith("utter_")),
            places=self._actions,
            carries_over=self._carries_over,
            json=self._json(),
        )

    def _json(self) -> dict[str, Any]:
        return {
            "version": "3.1",
            "intents": list(self._intents),
            "entities": list(self._entities),
            "slots": {name: plain(tree) for name, tree in self._slots.items()},
            "forms": {name: plain(tree) for name, tree in self._forms.items()},
            "responses": {name: plain(variations) for name, variations in self._responses.items()},
            "actions": list(self._actions),
            "session_config": self._session,
        }

    @staticmethod
    def _names(names: Listed, gathered: dict[str, tuple[str, int]], kind: str) -> None:
        for index, (name, line) in enumerate(names.texts()):
            if name in gathered:
                names.fail(f'De {kind} "{name}" staat er al. Haal er een weg.', index)
            gathered[name] = (names.file, line)

    def _slot(self, name: str, tree: Mapped) -> Slot:
        tree.only("type", "values", "initial_value", "influence_conversation", "mappings")
        if name == SESSION_METADATA:
            tree.fail("Dit slot maakt Rasa zelf. Haal het weg.")
        kind = tree.text("type")
        if kind not in _SLOT_TYPES:
            tree.fail(f'Een slot is van type {", ".join(_SLOT_TYPES)}; "{kind}" kan niet. Kies een van die vier.', "type")
        influences = tree.get("influence_conversation", kind != "any")
        if not isinstance(influences, bool) or (influences and kind == "any"):
            tree.fail('Hier hoort true of false, en een slot van type "any" kan nooit true zijn.', "influence_conversation")
        if (kind == "categorical") != ("values" in tree):
            tree.fail('Een slot van type "categorical", en alleen zo een, heeft een lijst "values".', "values")
        values = tuple(str(value).lower() for value in tree.sequence("values"))
        return Slot(name, kind, plain(tree.get("initial_value")), values, influences, (), tree.file, tree.line)

    def _form(self, name: str, tree: Mapped) -> Form:
        tree.only("required_slots", "ignored_intents")
        if "required_slots" not in tree:
            tree.fail(f'Het formulier "{name}" vraagt niets. Zet er "required_slots" onder.')
        required = tree.sequence("required_slots")
        for index, (slot, _) in enumerate(required.texts()):
            if slot not in self._slots:
                required.fail(f'Het slot "{slot}" bestaat niet. {Domain.near(slot, self._slots)}', index)
        ignored = self._known_intents(tree, "ignored_intents")
        # A school's own intents are unknown to the forms that we wrote: in those they are no answer either.
        ignored |= {each for each in self._intents if self._folder_of[each] > self._folder_of[name]}
        return Form(name, tuple(slot for slot, _ in required.texts()), ignored, tree.file, tree.line)

    def _known_intents(self, tree: Mapped, key: str) -> frozenset[str]:
        known = (*self._intents, *DEFAULT_INTENTS, NOT_UNDERSTOOD)
        names = tree.texts(key)
        for name, line in names:
            if name not in known:
                Mapped(tree.file, line).fail(f'De intent "{name}" bestaat niet. {Domain.near(name, known)}')
        return frozenset(name for name, _ in names)

    def _with_mappings(self, slot: Slot, forms: dict[str, Form]) -> Slot:
        tree = self._slots[slot.name]
        mappings = tree.sequence("mappings")
        if not mappings:
            tree.fail('Een slot heeft "mappings". Vult alleen een actie dit slot? Schrijf dan: "- type: custom".', "mappings")
        made = tuple(self._mapping(each, forms) for each in mappings.mappings())
        return Slot(slot.name, slot.type, slot.initial_value, slot.values, slot.influences, made, slot.file, slot.line)

    def _mapping(self, tree: Mapped, forms: dict[str, Form]) -> SlotMapping:
        kind = tree.text("type")
        if kind not in _MAPPING_KEYS:
            tree.fail(f'Een slot vullen kan met {", ".join(_MAPPING_KEYS)}; "{kind}" gebruiken we niet.', "type")
        tree.only(*_MAPPING_KEYS[kind])
        entity = None
        if kind == "from_entity":
            entity = tree.text("entity")
            if entity not in self._entities:
                tree.fail(f'De entiteit "{entity}" bestaat niet. {Domain.near(entity, self._entities)}', "entity")
        value = plain(tree.get("value"))
        if kind == "from_intent" and value is None:
            tree.fail('Bij "from_intent" hoort een "value" die niet leeg is.', "value")
        conditions = tuple(self._condition(each, forms) for each in tree.sequence("conditions").mappings())
        intents, not_intents = self._known_intents(tree, "intent"), self._known_intents(tree, "not_intent")
        return SlotMapping(kind, intents, not_intents, entity, value, conditions, tree.file, tree.line)

    def _condition(self, tree: Mapped, forms: dict[str, Form]) -> Condition:
        tree.only("active_loop", "requested_slot")
        loop = tree.get("active_loop")
        if loop is not None and loop not in forms:
            tree.fail(f'Het formulier "{loop}" bestaat niet. {Domain.near(str(loop), forms)}', "active_loop")
        requested = tree.text("requested_slot") if "requested_slot" in tree else None
        if requested is not None and requested not in self._slots:
            tree.fail(f'Het slot "{requested}" bestaat niet. {Domain.near(requested, self._slots)}', "requested_slot")
        return Condition(loop, requested)

    @staticmethod
    def _response(name: str, variations: Listed, slots: dict[str, Slot]) -> Response:
        return Response(name, [_variation(each, slots) for each in variations.mappings()])


def _variation(tree: Mapped, slots: Iterable[str]) -> Variation:
    tree.only("text", "buttons", "channel", "condition", "custom", "id", "metadata")
    conditions = None
    wanted = list(tree.sequence("condition").mappings())
    if "condition" in tree:
        conditions = tuple(_response_condition(each, slots) for each in wanted)
    buttons = []
    written = list(tree.sequence("buttons").mappings())
    for button in written:
        button.only("title", "payload")
        buttons.append((Template(button.text("title")), Template(button.text("payload"))))
    channel = tree.text("channel") if "channel" in tree else None
    custom = plain(tree.mapping("custom"))
    return Variation(
        Template(tree.text("text")),
        tuple(buttons),
        channel,
        conditions,
        custom,
        tree.file,
        tree.line,
        tree.line_of("text"),
        tuple(button.line for button in written),
        tuple(condition.line for condition in wanted),
    )


def _response_condition(tree: Mapped, slots: Iterable[str]) -> tuple[str, Any]:
    tree.only("type", "name", "value")
    if tree.text("type") != "slot":
        tree.fail('Een voorwaarde van een antwoord is van "type: slot".', "type")
    name = tree.text("name")
    if name not in slots:
        tree.fail(f'Het slot "{name}" bestaat niet. {Domain.near(name, slots)}', "name")
    if "value" not in tree:
        tree.fail('Hier ontbreekt "value": de waarde waarbij dit antwoord hoort.')
    return name, plain(tree["value"])
