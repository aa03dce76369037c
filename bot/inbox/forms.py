"""What came in with a form: fields, texts as they are kept, ids that make a second click recognisable."""

from __future__ import annotations

import re
import secrets
from enum import Enum
from urllib.parse import parse_qs

from sanic import Request

LONGEST_TEXT = 4000
# More fields than any form here has.
_MOST_FIELDS = 20
_FORM_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
# All control characters but the tab and the line feed.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class TextProblem(Enum):
    """Why a text was not taken; the templates have a sentence for each."""

    EMPTY = "leeg"
    LONG = "lang"


class Form:
    """The fields of a form. Sanic's own reading logs what it cannot read; this never does."""

    def __init__(self, request: Request) -> None:
        """Read the body; what is no form has no fields."""
        self._fields: dict[str, list[str]] = {}
        kind = str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            try:
                self._fields = parse_qs(request.body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
            except ValueError:
                return

    def get(self, name: str) -> str:
        """A field as it was typed, or an empty text."""
        return self._fields.get(name, [""])[0]

    def text(self, name: str) -> str:
        """A field as it is kept: line ends as one character, no control characters, no blanks around it."""
        return _CONTROL.sub("", self.get(name).replace("\r\n", "\n").replace("\r", "\n")).strip()

    @property
    def id(self) -> str:
        """The id of this form, or an empty text when it is not one of ours."""
        typed = self.get("formulier")
        return typed if _FORM_ID.fullmatch(typed) else ""


def new_form_id() -> str:
    """An id for a form on a page: 128 random bits."""
    return secrets.token_urlsafe(16)


def text_problem(text: str) -> TextProblem | None:
    """Whether a text can be sent: 1 to 4,000 characters."""
    if not text:
        return TextProblem.EMPTY
    return TextProblem.LONG if len(text) > LONGEST_TEXT else None
