"""The door of the inbox: logging in and out, an invitation, and a new password with the recovery key."""

from __future__ import annotations

import contextlib

from sanic import HTTPResponse, Request

from bot.brievenbus.staff import InvitationUnknown, LoginRefused, PasswordWeak
from bot.inbox.desk import HOME, Desk, see
from bot.inbox.forms import Form
from bot.storage import StorageProblem


class Door:
    """Pages for people who are not logged in yet."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def log_in(self, request: Request) -> HTTPResponse:
        """Take a log-in name and a password."""
        form = Form(request)
        username, password = form.text("inlognaam"), form.get("wachtwoord")
        if not username or not password:
            return self._desk.log_in_page(422, why="leeg", username=username)
        try:
            logged_in = await self._desk.staff.login(username, password, self._desk.cookies.device(request))
        except LoginRefused as refused:
            return _slowed(
                self._desk.log_in_page(_status(refused), why=_why(refused), username=username, wait=refused.wait), refused
            )
        await self._end_old(request)
        return self._desk.cookies.begin(see(HOME), logged_in.cookie, logged_in.device)

    async def log_out(self, request: Request) -> HTTPResponse:
        """End the session; the token was checked. Pages that the browser kept go too."""
        await self._end_old(request)
        response = self._desk.cookies.end(see(HOME, "uit"))
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    async def recovery(self, request: Request) -> HTTPResponse:
        """The page for who forgot the password."""
        return self._recovery_page()

    async def recover(self, request: Request) -> HTTPResponse:
        """Take the recovery key and a new password."""
        form = Form(request)
        username, key, password = form.text("inlognaam"), form.text("sleutel"), form.get("wachtwoord")
        typed = {"username": username, "key": key}
        if not username or not key:
            return self._recovery_page(422, why="leeg", **typed)
        if password != form.get("nogmaals"):
            return self._recovery_page(422, weak="ongelijk", **typed)
        try:
            logged_in = await self._desk.staff.recover(username, key, password)
        except LoginRefused as refused:
            return _slowed(self._recovery_page(_status(refused), why=_why(refused), wait=refused.wait, **typed), refused)
        except PasswordWeak as error:
            return self._recovery_page(422, weak=error.weakness.value, **typed)
        await self._end_old(request)
        return self._desk.cookies.begin(see(HOME, "herstel"), logged_in.cookie, logged_in.device)

    async def invitation(self, request: Request, token: str) -> HTTPResponse:
        """The page on which an invited person chooses a password."""
        return await self._invitation_page(token)

    async def accept(self, request: Request, token: str) -> HTTPResponse:
        """Take the password; the answer shows the recovery key, once."""
        form = Form(request)
        password = form.get("wachtwoord")
        if password != form.get("nogmaals"):
            return await self._invitation_page(token, "ongelijk")
        try:
            enrolment = await self._desk.staff.accept(token, password)
        except PasswordWeak as error:
            return await self._invitation_page(token, error.weakness.value)
        except InvitationUnknown:
            return self._desk.problem("uitnodiging", 404)
        await self._end_old(request)
        shown = self._desk.page(
            "key_shown.html", groups=enrolment.recovery_key.split("-"), username=enrolment.username, replaced=False
        )
        return self._desk.cookies.begin(shown, enrolment.cookie)

    async def _invitation_page(self, token: str, weak: str = "") -> HTTPResponse:
        try:
            invitation = await self._desk.staff.invitation(token)
        except InvitationUnknown:
            return self._desk.problem("uitnodiging", 404)
        return self._desk.page(
            "invitation.html",
            None,
            422 if weak else 200,
            name=invitation.name,
            at=self._desk.school_name(invitation.school),
            username=invitation.username,
            token=token,
            weak=weak,
        )

    def _recovery_page(self, status: int = 200, **values: object) -> HTTPResponse:
        shown = {"why": "", "weak": "", "wait": 0, "username": "", "key": "", **values}
        return self._desk.page("recovery.html", None, status, **shown)

    async def _end_old(self, request: Request) -> None:
        """A session that this browser still had does not live on behind a new one."""
        # A full disk must not keep anybody in: without its cookie nobody can use the session either.
        with contextlib.suppress(StorageProblem):
            await self._desk.staff.logout(self._desk.cookies.session(request))


def _status(refused: LoginRefused) -> int:
    return 429 if refused.wait else 401


def _why(refused: LoginRefused) -> str:
    return "klopt_niet" if refused.looked else "te_snel"


def _slowed(response: HTTPResponse, refused: LoginRefused) -> HTTPResponse:
    if refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    return response
