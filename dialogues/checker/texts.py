"""Texts: too long for a channel, braces that do not close, placeholders that nothing fills."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dialogues.assistant import Assistant
from dialogues.checker.known import Known
from dialogues.domain import Domain
from dialogues.payload import parse_payload
from dialogues.problem import DialogueProblem
from dialogues.responses import Template, Variation

LONGEST_TEXT = 4096
"""Characters; Telegram takes no more in a message."""

LONGEST_PAYLOAD = 64
"""Bytes; Telegram's limit for what a button carries."""

_WHOLE = re.compile(r"\{\{|\}\}|\{[\w.-]+\}")


def check_texts(assistant: Assistant, known: Known) -> Iterator[DialogueProblem]:
    """Every text, title and payload of every response; and actions that Python does not have."""
    for response in assistant.domain.responses.values():
        for variation in response.variations:
            yield from _check(assistant.domain, variation, known)
    for action, (file, line) in assistant.domain.places.items():
        if known.actions is not None and not action.startswith("utter_") and action not in known.actions:
            yield DialogueProblem(file, line, f'De actie "{action}" heeft geen Python. {Domain.near(action, known.actions)}')


def _check(domain: Domain, variation: Variation, known: Known) -> Iterator[DialogueProblem]:
    file = variation.file
    yield from _braces(file, variation.text_line, variation.text)
    yield from _placeholders(domain, file, variation.text_line, variation.text, known)
    length = len(known.fill(variation.text))
    if length > LONGEST_TEXT:
        message = f"Deze tekst heeft {length} tekens; er passen er {LONGEST_TEXT} in een bericht. Maak er twee antwoorden van."
        yield DialogueProblem(file, variation.text_line, message)
    if not variation.text.text.strip():
        yield DialogueProblem(file, variation.text_line, "Hier staat geen tekst. Schrijf er een, of haal dit streepje weg.")
    for (title, payload), line in zip(variation.buttons, variation.button_lines, strict=True):
        yield from _braces(file, line, title)
        for template in (title, payload):
            yield from _placeholders(domain, file, line, template, known)
        filled = known.fill(payload)
        size = len(filled.encode())
        if size > LONGEST_PAYLOAD:
            message = f"Deze payload is {size} bytes; er passen er {LONGEST_PAYLOAD} in een knop. Kies kortere namen of waarden."
            yield DialogueProblem(file, line, message)
        if parse_payload(filled) is None:
            message = (
                'De accolades van deze payload kloppen niet. Schrijf /intent{"naam": "waarde"}, en om een {plek} dubbele {{ }}.'
            )
            yield DialogueProblem(file, line, message)


def _braces(file: str, line: int, template: Template) -> Iterator[DialogueProblem]:
    rest = _WHOLE.sub("", template.text)
    if "{" in rest or "}" in rest:
        message = "Een accolade staat hier alleen. Schrijf een plek in de tekst als {naam}, zonder spaties."
        yield DialogueProblem(file, line, message)


def _placeholders(domain: Domain, file: str, line: int, template: Template, known: Known) -> Iterator[DialogueProblem]:
    for name in sorted(template.names):
        slot = domain.slots.get(name)
        if slot is not None and any(mapping.type == "from_text" for mapping in slot.mappings):
            message = f"{{{name}}} is wat iemand zelf typte, en dat komt nooit in een tekst van ons. Haal het weg."
            yield DialogueProblem(file, line, message)
        elif slot is None and name not in known.given:
            near = Domain.near(name, [*known.given, *known.slots])
            yield DialogueProblem(file, line, f"Niets vult {{{name}}} in: geen slot en geen actie. {near}")
