"""The payload of a button: ``/intent`` or ``/intent{"entity": "value"}``."""

from __future__ import annotations

import json
import re
from typing import Any

_PAYLOAD = re.compile(r"\s*/(?P<intent>[^\W\d]\w*)\s*(?P<entities>\{.*\})?\s*\Z", re.DOTALL)


def parse_payload(text: str) -> tuple[str, dict[str, Any]] | None:
    """The intent and the entities of a payload; None when the text is none.

    A list as a value stands for several entities of that name. What is almost a payload is none: where Rasa goes on with the part
    that it could read, we take the whole for text, so that half a button never fills a slot.
    """
    match = _PAYLOAD.match(text)
    if match is None:
        return None
    written = match.group("entities")
    if written is None:
        return match.group("intent"), {}
    try:
        entities: dict[str, Any] = json.loads(written)
        # What cannot be written down again (not a number, half a character) could not be kept as an answer either.
        json.dumps(entities, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return match.group("intent"), entities
