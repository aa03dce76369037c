"""Objects of the Bot API as a second library knows them: what is sent and what comes in is held against aiogram's models."""

from __future__ import annotations

import json
from typing import Any, get_args

import aiogram.methods
import aiogram.types
from aiogram.methods import TelegramMethod
from aiogram.types import MessageEntity, Update, User, WebhookInfo
from pydantic import BaseModel, ValidationError

METHODS: dict[str, type[TelegramMethod[Any]]] = {
    name[:1].lower() + name[1:]: getattr(aiogram.methods, name)
    for name in aiogram.methods.__all__
    if name not in ("Request", "Response", "TelegramMethod")
}


class Refused(Exception):
    """The Bot API says no.

    Attributes:
        code: of HTTP, and ``error_code`` in the answer.
        description: in the words of the real one.
        more: ``parameters`` of the answer.
    """

    def __init__(self, code: int, description: str, **more: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.more = more


def checked(model: type[BaseModel], thing: dict[str, Any]) -> dict[str, Any]:
    """The object itself, when ``model`` knows every field of it."""
    unknown = list(_unknown(model.model_validate(thing), "$"))
    assert not unknown, f"{model.__name__} does not know {unknown}"
    return thing


def update(thing: dict[str, Any]) -> dict[str, Any]:
    """An update, checked."""
    return checked(Update, thing)


def message(thing: dict[str, Any]) -> dict[str, Any]:
    """A message, checked."""
    return checked(aiogram.types.Message, thing)


def user(thing: dict[str, Any]) -> dict[str, Any]:
    """A user, checked."""
    return checked(User, thing)


def webhook_info(thing: dict[str, Any]) -> dict[str, Any]:
    """What getWebhookInfo gives, checked."""
    return checked(WebhookInfo, thing)


def entities(text: str) -> dict[str, Any]:
    """The field ``entities`` of a message that begins with a command; nothing for another."""
    if not text.startswith("/") or len(text.split()[0]) < 2:
        return {}
    found = {"type": "bot_command", "offset": 0, "length": len(text.split()[0].encode("utf-16-le")) // 2}
    return {"entities": [checked(MessageEntity, found)]}


def parameters(method: str, fields: dict[str, str]) -> dict[str, Any]:
    """The parameters of a call, as they were meant.

    Raises:
        Refused: there is no such method, a field is unknown or missing, or its value is of another kind.
    """
    if method not in METHODS:
        raise Refused(404, "Not Found: method not found")
    model = METHODS[method]
    unknown = set(fields) - set(model.model_fields)
    if unknown:
        raise Refused(400, f"Bad Request: unknown field {sorted(unknown)} of {method}")
    meant = {name: _value(value, model.model_fields[name].annotation) for name, value in fields.items()}
    try:
        found = model.model_validate(meant)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors()[0]["loc"])
        raise Refused(400, f"Bad Request: {method} cannot read field {where}") from error
    unknown_inside = list(_unknown(found, method))
    if unknown_inside:
        raise Refused(400, f"Bad Request: unknown field {unknown_inside}")
    return meant


def _value(written: str, kind: Any) -> Any:
    """A field of a form: text is written as it is; numbers, truth values, lists and objects as JSON."""
    kinds = get_args(kind) or (kind,)
    if str in kinds and int not in kinds:
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written


def _unknown(thing: Any, where: str) -> Any:
    """Fields that a model let in without knowing them, at any depth."""
    if isinstance(thing, BaseModel):
        for name in thing.model_extra or {}:
            yield f"{where}.{name}"
        for name in thing.model_fields_set & set(type(thing).model_fields):
            yield from _unknown(getattr(thing, name), f"{where}.{name}")
    elif isinstance(thing, list):
        for number, each in enumerate(thing):
            yield from _unknown(each, f"{where}[{number}]")
