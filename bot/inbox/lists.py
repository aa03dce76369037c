"""The queue of meldingen, and the people who read."""

from __future__ import annotations

import re

from sanic import HTTPResponse, Request

from bot.brievenbus.entries import State
from bot.brievenbus.roster import ReaderState
from bot.brievenbus.staff import FingerprintWrong
from bot.inbox.desk import Desk, Visit, done, see

PEOPLE = "/inbox/mensen"
_PAGE = re.compile(r"[1-9][0-9]{0,4}")
_IDENT = re.compile(r"[0-9a-f]{32}")


class Lists:
    """The queue, and the readers of the school."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, request: Request) -> HTTPResponse:
        """The queue; the log-in page for who has no session."""
        session = await self._desk.session(request)
        if session is None:
            had_one = bool(self._desk.cookies.session(request))
            # The cookie goes too: so this is said once, and the next page is just the log-in page.
            page = self._desk.log_in_page(why="verlopen" if had_one else "", done=done(request))
            return self._desk.cookies.end(page) if had_one else page
        asked = str(request.args.get("pagina", ""))
        queue = await self._desk.inbox.queue(session, int(asked) - 1 if _PAGE.fullmatch(asked) else 0)
        school = await self._desk.staff.school(session.reader.school)
        addresses = await self._desk.notices.of(session.reader.id)
        return self._desk.page(
            "queue.html",
            session,
            queue=queue,
            counts=[(state.value, queue.counts[state.value]) for state in State if queue.counts.get(state.value)],
            readers=school.readers,
            sound=school.sound,
            accepts=school.accepts,
            refused=[way.value for way, address in addresses.items() if address.refused],
            done=done(request),
        )

    async def people(self, visit: Visit) -> HTTPResponse:
        """Who reads, the own fingerprint, and colleagues who wait."""
        return await self._people(visit, done=done(visit.request))

    async def confirm(self, visit: Visit) -> HTTPResponse:
        """Take the fingerprint of a colleague, as that colleague read it out."""
        who, typed = visit.form.get("wie"), visit.form.text("controlegetal")
        try:
            if not _IDENT.fullmatch(who):
                raise FingerprintWrong
            await self._desk.staff.confirm(visit.session, bytes.fromhex(who), typed)
        except FingerprintWrong:
            return await self._people(visit, 422, wrong=who, typed=typed)
        return see(PEOPLE, "bevestigd")

    async def _people(self, visit: Visit, status: int = 200, **values: object) -> HTTPResponse:
        school = await self._desk.staff.school(visit.session.reader.school)
        shown = {
            "readers": school.readers,
            "sound": school.sound,
            "may_confirm": visit.session.reader.state is ReaderState.ACTIVE,
            "wrong": "",
            "typed": "",
            **values,
        }
        return self._desk.page("people.html", visit.session, status, **shown)
