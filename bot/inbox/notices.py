"""Where a reader turns notices on and off: by mail, and in a private Telegram chat."""

from __future__ import annotations

from sanic import HTTPResponse

from bot.brievenbus.addresses import AddressTaken, MailWrong, Way
from bot.brievenbus.notices import LinkUnknown, TooManyCodes, TooSoon
from bot.inbox.desk import Desk, Visit, done, see
from bot.inbox.forms import Form

NOTICES = "/inbox/seintjes"


class NoticePages:
    """The page "Seintjes". A token or code stands in the answer to a post or in a mail, never in an address of ours."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, visit: Visit) -> HTTPResponse:
        """What is on, and what can be turned on."""
        return await self._page(visit, done=done(visit.request))

    async def mail(self, visit: Visit) -> HTTPResponse:
        """Mail a code to the address that was typed."""
        typed = visit.form.text("adres")
        try:
            await self._desk.notices.mail_code(visit.session, typed)
        except MailWrong as wrong:
            why = "gedeeld" if wrong.shared else "adres" if typed else "leeg"
            return await self._page(visit, 422, mail_why=why, typed=typed)
        except TooManyCodes:
            return await self._page(visit, 429, mail_why="vaak", typed=typed)
        return see(NOTICES, "code")

    async def code(self, visit: Visit) -> HTTPResponse:
        """Take the code that was mailed."""
        try:
            await self._desk.notices.type_code(visit.session, visit.form.text("code"))
        except TooSoon as early:
            response = await self._page(visit, 429, code_why="te_snel", wait=early.wait)
            response.headers["Retry-After"] = str(early.wait)
            return response
        except LinkUnknown:
            return await self._page(visit, 422, code_why="fout")
        except AddressTaken:
            return await self._page(visit, 422, code_why="bezet")
        return see(NOTICES, "seintje_mail")

    async def telegram(self, visit: Visit) -> HTTPResponse:
        """Make a link for a private chat, and show it."""
        if not self._desk.notices.telegram_bot:
            return see(NOTICES)
        return await self._page(visit, token=await self._desk.notices.telegram_token(visit.session))

    async def off(self, visit: Visit) -> HTTPResponse:
        """Forget an address."""
        way = _way(visit.form)
        if way is None:
            return self._desk.problem("formulier", 403, visit.session)
        await self._desk.notices.remove(visit.session, way)
        return see(NOTICES, "seintje_uit")

    async def _page(self, visit: Visit, status: int = 200, **values: object) -> HTTPResponse:
        notices, reader = self._desk.notices, visit.session.reader.id
        addresses = await notices.of(reader)
        shown = {
            "mail": addresses.get(Way.MAIL),
            "telegram": addresses.get(Way.TELEGRAM),
            "by_mail": notices.mail,
            "bot": notices.telegram_bot,
            "waits": await notices.waits_for_code(reader),
            "times": [moment.strftime("%H:%M") for moment in notices.times.times],
            "mail_why": "",
            "code_why": "",
            "typed": "",
            "wait": 0,
            "token": "",
            **values,
        }
        return self._desk.page("notices.html", visit.session, status, **shown)


def _way(form: Form) -> Way | None:
    return next((way for way in Way if way.value == form.get("weg")), None)
