"""The chat as pages: every message is a form post, and the answer is the next page. Works without JavaScript.

The script posts the same form and takes what is new from the same page, so there is one way to show a message.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from jinja2 import Environment
from sanic import Blueprint, HTTPResponse, Request

from bot.messages import Facts, Incoming, Replies
from bot.web.errors import Fault
from bot.web.policy import page
from bot.web.show import is_short, show, wipes
from bot.web.talks import SchoolPage, Talks
from bot.web.tokens import SenderTokens, TokenRefused

CHANNEL = "rest"  # Rasa's name for it, also when the page is ours
LONGEST_TEXT = 20_000  # characters; how much of it a melding may hold is the conversation's to say
LONGEST_ID = 128
MOST_FIELDS = 400  # a title for each button, and a handful; more is no form of ours
_LONGEST_TITLE = 200
# What stays in the text field for the next page: whoever asks for help in the middle of writing goes on where it stopped.
_KEEPS_DRAFT = "/help"


@dataclass(frozen=True)
class _Form:
    """What a page posted.

    Attributes:
        token: the sender token.
        page_id: the random id of the page, the same for everything that is sent from it.
        turn: the turn that the page shows; None when it is no number.
        typed: what stood in the text field.
        pressed: payload of the button that was pressed; None for the button of the text field.
        title: what stood on that button.
    """

    token: str = field(repr=False)
    page_id: str
    turn: int | None
    typed: str = field(repr=False)
    pressed: str | None = field(repr=False)
    title: str = field(repr=False)


class ChatPages:
    """The pages of the chat, for all schools of this server."""

    def __init__(self, talks: Talks, schools: Mapping[str, SchoolPage], tokens: SenderTokens, templates: Environment) -> None:
        self._talks = talks
        self._schools = schools
        self._tokens = tokens
        self._chat = templates.get_template("gesprek.html")
        self._choice = templates.get_template("scholen.html")

    def blueprint(self) -> Blueprint:
        """The routes."""
        pages = Blueprint("chat")
        pages.add_route(self.choose, "/", methods=("GET", "HEAD"), name="choose")
        pages.add_route(self.begin, "/<school:str>/", methods=("GET", "HEAD"), name="begin")
        pages.add_route(self.answer, "/<school:str>/", methods=("POST",), name="answer")
        return pages

    async def choose(self, _request: Request) -> HTTPResponse:
        """The list of schools."""
        return page(self._choice.render(schools=self._schools.values()))

    async def begin(self, _request: Request, school: str) -> HTTPResponse:
        """A new conversation: the welcome, and a token that nothing is stored for yet."""
        shown = school_of(self._schools, school)
        replies = await self._talks.open(Facts(school, CHANNEL))
        return self._page(shown, self._tokens.make(school), replies, first=True)

    async def answer(self, request: Request, school: str) -> HTTPResponse:
        """What was typed or pressed goes to the conversation; its answer is the next page."""
        shown = school_of(self._schools, school)
        form = _read(request)
        try:
            self._tokens.check(form.token, school)
        except TokenRefused as error:
            raise Fault("gesprek") from error
        text = form.typed if form.pressed is None else form.pressed
        if form.pressed is None and len(text) > LONGEST_TEXT:
            return self._too_long(shown, form)
        if len(text) > LONGEST_TEXT:  # no button of ours
            raise Fault("onleesbaar")
        replies = await self._talks.handle(
            Incoming(key=form.token, facts=Facts(school, CHANNEL), text=text, message_id=form.page_id, turn=form.turn)
        )
        said = form.typed if form.pressed is None else form.title
        draft = form.typed if form.pressed == _KEEPS_DRAFT else ""
        if form.pressed is None and not replies.kept:
            # What did not count goes back into the field, to be sent again as it is.
            said, draft = "", form.typed
        return self._page(shown, form.token, replies, said=said, draft=draft)

    def _page(
        self, school: SchoolPage, token: str, replies: Replies, *, said: str = "", draft: str = "", first: bool = False
    ) -> HTTPResponse:
        shown, buttons = show(replies.messages)
        said = said.strip()
        return page(
            self._chat.render(
                school=school,
                token=token,
                page_id=secrets.token_urlsafe(12),
                turn=replies.turn,
                said=said,
                shown=shown,
                buttons=buttons,
                wiped=wipes(replies.messages),
                text_allowed=replies.text_allowed,
                draft=draft,
                first=first,
                focus=replies.text_allowed and not first and is_short(said, shown, buttons),
                too_long=None,
            )
        )

    def _too_long(self, school: SchoolPage, form: _Form) -> HTTPResponse:
        """The same page with the text in it, to be made shorter: nothing went to the conversation."""
        return page(
            self._chat.render(
                school=school,
                token=form.token,
                page_id=form.page_id,
                turn="" if form.turn is None else form.turn,
                said="",
                shown=(),
                buttons=(),
                wiped=False,
                text_allowed=True,
                draft=form.typed,
                first=False,
                focus=True,
                too_long=(len(form.typed), LONGEST_TEXT),
            ),
            status=413,
        )


def school_of(schools: Mapping[str, SchoolPage], slug: str) -> SchoolPage:
    """The school of an address.

    Raises:
        Fault: there is no such school here.
    """
    try:
        return schools[slug]
    except KeyError as error:
        raise Fault("school_onbekend") from error


def content_type(request: Request) -> str:
    """The content type without its parameters; empty when there is none."""
    return str(request.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _read(request: Request) -> _Form:
    if content_type(request) != "application/x-www-form-urlencoded":
        raise Fault("formaat")
    try:
        # Own parsing: Sanic's leaves out empty fields and takes files as well. Bytes that are no UTF-8 become a sign for that.
        body = request.body.decode(errors="replace")
        fields = dict(parse_qsl(body, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise Fault("onleesbaar") from error
    page_id, pressed = fields.get("id", ""), fields.get("knop")
    if len(page_id) > LONGEST_ID:
        raise Fault("onleesbaar")
    return _Form(
        token=fields.get("token", ""),
        page_id=page_id,
        turn=_number(fields.get("turn", "")),
        typed=plain_lines(fields.get("text", "")),
        pressed=pressed,
        title=fields.get(f"op:{pressed}", "")[:_LONGEST_TITLE],
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def plain_lines(text: str) -> str:
    """Lines as everywhere else: browsers end them with two characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
