"""The payload of a button: ``/intent`` or ``/intent{"entity": "value"}``."""

from __future__ import annotations

from typing import Any


def parse_payload(text: str) -> tuple[str, dict[str, Any]] | None:
    """The intent and the entities of a payload; None when the text is none."""
    raise NotImplementedError
