"""The reader's own recovery key: typed back from paper, or replaced by a new one."""

from __future__ import annotations

from sanic import HTTPResponse

from bot.brievenbus.recovery import RecoveryKeyWrong
from bot.inbox.desk import HOME, Desk, Visit, see


class Key:
    """Pages about the recovery key. The key itself stands in the answer to a post, never in an address."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, visit: Visit) -> HTTPResponse:
        """The page on which the key is typed back."""
        return self._desk.page("key_typed.html", visit.session, typed="", why="")

    async def take(self, visit: Visit) -> HTTPResponse:
        """Take what was typed."""
        typed = visit.form.text("sleutel")
        try:
            await self._desk.staff.confirm_recovery(visit.session, typed)
        except RecoveryKeyWrong:
            return self._desk.page("key_typed.html", visit.session, 422, typed=typed, why="fout" if typed else "leeg")
        return see(HOME, "sleutel")

    async def renew(self, visit: Visit) -> HTTPResponse:
        """Make a new key, and show it."""
        key = await self._desk.staff.new_recovery_key(visit.session)
        return self._desk.page("key_shown.html", visit.session, groups=key.split("-"), username="", replaced=True)
