"""The chat as JSON: the messages of Rasa's REST channel, so that clients made for it fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sanic import Blueprint, HTTPResponse, Request
from sanic.exceptions import BadRequest
from sanic.response import json

from bot.messages import Facts, Incoming
from bot.web.chat import CHANNEL, LONGEST_ID, LONGEST_TEXT, content_type, plain_lines, school_of
from bot.web.errors import Fault
from bot.web.talks import SchoolPage, Talks
from bot.web.tokens import SenderTokens, TokenRefused
from dialogues import BotMessage

_HIGHEST_TURN = 10**9


class RestChannel:
    """Two addresses per school: one that opens a conversation, one that takes its messages."""

    def __init__(self, talks: Talks, schools: Mapping[str, SchoolPage], tokens: SenderTokens) -> None:
        self._talks = talks
        self._schools = schools
        self._tokens = tokens

    def blueprint(self) -> Blueprint:
        """The routes."""
        routes = Blueprint("rest")
        routes.add_route(self.open, "/<school:str>/conversation", methods=("POST",), name="open")
        routes.add_route(self.message, "/<school:str>/messages", methods=("POST",), name="message")
        return routes

    async def open(self, request: Request, school: str) -> HTTPResponse:
        """``{"sender", "turn", "messages"}``: a token and the welcome; nothing is stored."""
        school_of(self._schools, school)
        if request.body or "content-type" in request.headers:
            _read(request)
        replies = await self._talks.open(Facts(school, CHANNEL))
        sender = self._tokens.make(school)
        return json({"sender": sender, "turn": replies.turn, "messages": [_message(sender, one) for one in replies.messages]})

    async def message(self, request: Request, school: str) -> HTTPResponse:
        """The answer to one message, as a list; the turn of the next one stands in ``Brievenbus-Turn``."""
        school_of(self._schools, school)
        given = _read(request)
        sender, text = given.get("sender"), given.get("message")
        message_id, turn = given.get("id"), given.get("turn")
        if not isinstance(sender, str) or not isinstance(text, str):
            raise Fault("onleesbaar")
        if message_id is not None and (not isinstance(message_id, str) or len(message_id) > LONGEST_ID):
            raise Fault("onleesbaar")
        if turn is not None and (type(turn) is not int or not 0 <= turn < _HIGHEST_TURN):
            raise Fault("onleesbaar")
        try:
            self._tokens.check(sender, school)
        except TokenRefused as error:
            raise Fault("gesprek") from error
        if len(text) > LONGEST_TEXT:
            raise Fault("te_groot")
        replies = await self._talks.handle(
            Incoming(
                key=sender,
                facts=Facts(school, CHANNEL),
                text=_whole(plain_lines(text)),
                message_id=_whole(message_id or ""),
                turn=turn,
            )
        )
        return json([_message(sender, one) for one in replies.messages], headers={"brievenbus-turn": str(replies.turn)})


def _message(sender: str, said: BotMessage) -> dict[str, Any]:
    message: dict[str, Any] = {"recipient_id": sender, "text": said.text}
    if said.buttons:
        message["buttons"] = [{"title": button.title, "payload": button.payload} for button in said.buttons]
    if said.custom:
        message["custom"] = dict(said.custom)
    return message


def _read(request: Request) -> dict[str, Any]:
    """The object that was sent. A form cannot send this content type, so another site cannot either without asking."""
    if content_type(request) != "application/json":
        raise Fault("formaat")
    try:
        given = request.load_json()
    except (BadRequest, ValueError, RecursionError) as error:
        raise Fault("onleesbaar") from error
    if not isinstance(given, dict):
        raise Fault("onleesbaar")
    return given


def _whole(text: str) -> str:
    """JSON can hold halves of characters, which no file can: they become a sign that something was there."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
