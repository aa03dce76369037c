"""Whatever goes wrong on the web: a Dutch page, or a line of JSON, that says what to do and repeats nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.resources import files

from jinja2 import Environment
from pydantic import BaseModel
from sanic import HTTPResponse, Request
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.response import json

from bot.logs import frames_of
from bot.web.policy import page
from bot.web.talks import SchoolPage
from bot.yaml_file import read_yaml

JSON_ENDS = ("/messages", "/conversation")
_log = logging.getLogger(__name__)


class Text(BaseModel):
    """What is said about one kind of fault.

    Attributes:
        status: of HTTP.
        kop: heading of the page.
        tekst: what to do.
        algemeen: said for every fault with this status that has no text of its own.
    """

    status: int
    kop: str
    tekst: str
    algemeen: bool = False


class _Texts(BaseModel):
    fouten: dict[str, Text]


TEXTS: Mapping[str, Text] = read_yaml(files("bot.web") / "errors.yaml", _Texts).fouten
_BY_STATUS = {text.status: text for text in TEXTS.values() if text.algemeen}


def _text_for(status: int) -> Text:
    return _BY_STATUS.get(status) or _BY_STATUS[400 if status < 500 else 500]


class Fault(SanicException):
    """A fault that has a text in ``errors.yaml``."""

    quiet = True

    def __init__(self, name: str) -> None:
        self.text = TEXTS[name]
        super().__init__(name, status_code=self.text.status)


class Errors(ErrorHandler):
    """Answers every exception of a request. What the request held is neither shown nor logged."""

    def __init__(self, templates: Environment, schools: Mapping[str, SchoolPage]) -> None:
        super().__init__()
        self._page = templates.get_template("fout.html")
        self._schools = schools

    def default(self, request: Request, exception: Exception) -> HTTPResponse:
        """The page or the JSON for ``exception``."""
        status = exception.status_code if isinstance(exception, SanicException) else 500
        if status >= 500:
            self.log(request, exception)
        text = (
            exception.text if isinstance(exception, Fault) else _BY_STATUS.get(status, _BY_STATUS[400 if status < 500 else 500])
        )
        path = request.path
        headers = {name: value for name, value in getattr(exception, "headers", {}).items() if name.lower() == "allow"}
        if path.endswith(JSON_ENDS):
            return json({"fout": f"{text.kop} {text.tekst}"}, status=status, headers=headers)
        school = self._schools.get(path.split("/")[1] if path.startswith("/") else "")
        return page(self._page.render(fout=text, school=school), status=status, headers=headers)

    @staticmethod
    def log(request: Request, exception: Exception) -> None:
        """One line with the type and the places it passed through: Sanic's own has the address and the traceback's data."""
        _log.error("a request failed: %s", frames_of(exception))
