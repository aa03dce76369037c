"""What every page of the inbox shares: who is there, how a page is made, and what is said when something fails."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sanic import HTTPResponse, Request
from sanic.response import html, redirect

from bot.brievenbus.inbox import ChangedMeanwhile, Inbox, MeldingUnknown
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.lanes import QueueFull
from bot.brievenbus.notices import Notices
from bot.brievenbus.sessions import Session
from bot.brievenbus.staff import Staff
from bot.clock import Clock, half_day, half_day_text
from bot.inbox.cookies import Cookies
from bot.inbox.forms import LONGEST_TEXT, Form
from bot.storage import StorageFull, StorageProblem

HOME = "/inbox/"
Handler = Callable[..., Coroutine[Any, Any, HTTPResponse]]

# What can go wrong on any page: the name of its text in problem.html, and the status.
_PROBLEMS: Mapping[type[Exception], tuple[str, int]] = {
    QueueFull: ("druk", 503),
    StorageFull: ("vol", 503),
    StorageProblem: ("tegelijk", 409),
    ChangedMeanwhile: ("tegelijk", 409),
    MeldingUnknown: ("onbekend", 404),
    SealBroken: ("lijst", 500),
}


@dataclass(frozen=True)
class Visit:
    """A request of a reader who is logged in.

    Attributes:
        form: of a post, with the right CSRF token.
    """

    request: Request
    session: Session
    form: Form


class Desk:
    """Makes pages, and lets readers through to them."""

    def __init__(
        self,
        staff: Staff,
        inbox: Inbox,
        notices: Notices,
        schools: Mapping[str, str],
        clock: Clock,
        cookies: Cookies,
        *,
        demo: bool,
    ) -> None:
        """Take the parts; ``schools`` gives each slug its name."""
        self.staff = staff
        self.inbox = inbox
        self.notices = notices
        self.cookies = cookies
        self._schools = schools
        self._templates = Environment(
            loader=PackageLoader("bot.inbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.filters["half_day"] = half_day_text
        self._templates.filters["days_ago"] = lambda number: half_day(clock.now()) // 2 - number // 2
        self._templates.globals.update(demo=demo, home=HOME, longest_text=LONGEST_TEXT)

    # --- pages ------------------------------------------------------------------------------------------------------

    def page(self, template: str, session: Session | None = None, status: int = 200, **values: object) -> HTTPResponse:
        """A page; with a session it has the menu and the CSRF token."""
        who = None if session is None else session.reader
        return html(
            self._templates.get_template(template).render(
                me=who,
                school="" if who is None else self.school_name(who.school),
                csrf="" if session is None else session.csrf,
                **{"done": "", **values},
            ),
            status,
        )

    def problem(self, what: str, status: int, session: Session | None = None) -> HTTPResponse:
        """A page that says what went wrong and what to do."""
        response = self.page("problem.html", session, status, what=what)
        if status == 503:
            response.headers["Retry-After"] = "60"
        return response

    def log_in_page(self, status: int = 200, **values: object) -> HTTPResponse:
        """The page to log in on."""
        shown = {"why": "", "username": "", "wait": 0, **values}
        return self.page("login.html", None, status, **shown)

    def school_name(self, slug: str) -> str:
        """A school as people call it."""
        return self._schools.get(slug, slug)

    # --- letting people through -------------------------------------------------------------------------------------

    def anybody(self, work: Handler) -> Handler:
        """A handler for people who may not be logged in yet: ``work(request, **path)``."""

        async def handle(request: Request, **path: str) -> HTTPResponse:
            return await self._guarded(work(request, **path), None)

        return handle

    def readers_only(self, work: Handler) -> Handler:
        """A handler for readers: ``work(visit, **path)``; others get the log-in page."""
        return self._for_readers(work, post=False)

    def readers_form(self, work: Handler) -> Handler:
        """A handler for a form of a reader, with the CSRF token of the session."""
        return self._for_readers(work, post=True)

    async def session(self, request: Request) -> Session | None:
        """The session of a request."""
        return await self.staff.session(self.cookies.session(request))

    def _for_readers(self, work: Handler, *, post: bool) -> Handler:
        async def handle(request: Request, **path: str) -> HTTPResponse:
            session = await self.session(request)
            if session is None:
                return self._log_in_first(request, post=post)
            visit = Visit(request, session, Form(request))
            if post and not _ours(visit):
                return self.problem("formulier", 403, session)
            return await self._guarded(work(visit, **path), session)

        return handle

    def _log_in_first(self, request: Request, *, post: bool) -> HTTPResponse:
        had_one = bool(self.cookies.session(request))
        if post:
            return self.log_in_page(401, why="verlopen_formulier")
        # The address alone tells nobody anything: the log-in page is the same for every page that is asked for.
        return self.log_in_page(401, why="verlopen" if had_one else "eerst_inloggen")

    async def _guarded(self, work: Awaitable[HTTPResponse], session: Session | None) -> HTTPResponse:
        try:
            return await work
        except tuple(_PROBLEMS) as error:
            what, status = next(found for kind, found in _PROBLEMS.items() if isinstance(error, kind))
            return self.problem(what, status, session)


def see(path: str, done: str = "") -> HTTPResponse:
    """Send the browser to another page; ``done`` names the sentence there that says what happened."""
    # The fragment of a form's address would go along: "top" replaces it.
    return redirect(f"{path}?gedaan={done}#top" if done else path, status=303)


def done(request: Request) -> str:
    """Which sentence the page was asked to say; what it does not know it leaves out."""
    return str(request.args.get("gedaan", ""))


def _ours(visit: Visit) -> bool:
    return hmac.compare_digest(visit.form.get("csrf").encode(), visit.session.csrf.encode())
