"""Where the pages of the inbox are found."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from sanic import Blueprint, HTTPResponse, Request
from sanic.response import text

from bot.brievenbus.inbox import Inbox
from bot.brievenbus.notices import Notices
from bot.brievenbus.staff import Staff
from bot.clock import Clock
from bot.inbox.cookies import Cookies
from bot.inbox.desk import HOME, Desk, Handler, Visit, see
from bot.inbox.door import Door
from bot.inbox.key import Key
from bot.inbox.lists import PEOPLE, Lists
from bot.inbox.notices import NOTICES, NoticePages
from bot.inbox.thread import Thread


def inbox_blueprint(
    staff: Staff, inbox: Inbox, notices: Notices, schools: Mapping[str, str], clock: Clock, *, secure: bool, demo: bool
) -> Blueprint:
    """The inbox as a blueprint under ``/inbox``.

    The server around it sets the headers that every page has, and refuses posts from elsewhere.

    Args:
        staff: people who read.
        inbox: what they read.
        notices: how they hear that something waits.
        schools: slug to name.
        clock: tells what is today.
        secure: whether browsers reach us over TLS; False only on loopback.
        demo: whether every page says that nobody reads this.
    """
    blueprint = Blueprint("inbox", url_prefix="/inbox")
    desk = Desk(staff, inbox, notices, schools, clock, Cookies(secure), demo=demo)
    door, key, lists, pages, thread = Door(desk), Key(desk), Lists(desk), NoticePages(desk), Thread(desk)
    style = (files("bot.inbox") / "static" / "stijl.css").read_text(encoding="utf-8")

    async def stylesheet(request: Request) -> HTTPResponse:
        return text(style, content_type="text/css; charset=utf-8")

    async def log_out(visit: Visit) -> HTTPResponse:
        return await door.log_out(visit.request)

    def get(path: str, name: str, handler: Handler) -> None:
        blueprint.add_route(handler, path, methods=["GET", "HEAD"], name=name)

    def post(path: str, name: str, handler: Handler, instead: str = "") -> None:
        """A form; where ``instead`` is given, who opens its address without the form goes there."""
        blueprint.add_route(handler, path, methods=["POST"], name=name)
        if instead:
            blueprint.add_route(_elsewhere(instead), path, methods=["GET"], name=f"{name}_address")

    get("/", "queue", desk.anybody(lists.start))
    get("/stijl.css", "style", stylesheet)
    post("/inloggen", "log_in", desk.anybody(door.log_in), HOME)
    post("/uitloggen", "log_out", desk.readers_form(log_out), HOME)
    get("/herstel", "recovery", desk.anybody(door.recovery))
    post("/herstel", "recover", desk.anybody(door.recover))
    get("/uitnodiging/<token:str>", "invitation", desk.anybody(door.invitation))
    post("/uitnodiging/<token:str>", "accept", desk.anybody(door.accept))
    get("/sleutel", "key", desk.readers_only(key.ask))
    post("/sleutel", "key_typed", desk.readers_form(key.take))
    post("/sleutel/nieuw", "key_new", desk.readers_form(key.renew), "/inbox/sleutel")
    get("/mensen", "people", desk.readers_only(lists.people))
    post("/mensen/bevestigen", "confirm", desk.readers_form(lists.confirm), PEOPLE)
    get("/seintjes", "notices", desk.readers_only(pages.show))
    post("/seintjes/mail", "notice_mail", desk.readers_form(pages.mail), NOTICES)
    post("/seintjes/code", "notice_code", desk.readers_form(pages.code), NOTICES)
    post("/seintjes/telegram", "notice_telegram", desk.readers_form(pages.telegram), NOTICES)
    post("/seintjes/uit", "notice_off", desk.readers_form(pages.off), NOTICES)
    get("/melding/<melding:str>", "melding", desk.readers_only(thread.show))
    post("/melding/<melding:str>/antwoord", "answer", desk.readers_form(thread.answer), "/inbox/melding/{melding}")
    post("/melding/<melding:str>/notitie", "note", desk.readers_form(thread.note), "/inbox/melding/{melding}")
    post("/melding/<melding:str>/status", "state", desk.readers_form(thread.set_state), "/inbox/melding/{melding}")
    return blueprint


def _elsewhere(address: str) -> Handler:
    async def handle(request: Request, **path: str) -> HTTPResponse:
        # Only what can be part of an address of ours goes into one.
        return see(address.format(**path) if all(part.isalnum() for part in path.values()) else HOME)

    return handle
