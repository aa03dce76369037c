"""Sending notices: what was true when a notice was written is looked at again when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.brievenbus.addresses import Way
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.notice_texts import notice_texts
from bot.brievenbus.notices import Notices, reader_of
from bot.brievenbus.roster import ReaderState, Roster
from bot.clock import Clock
from bot.outbox import Later, Refused, Sender
from bot.storage import ReaderRow, Storage

# A way that is not there now (no bot, no mail server in the settings) may be there after the next start.
_NO_WAY_SECONDS = 3600
_UNREAD = "nieuw"


class NoticeSender:
    """Sends "Er staat iets klaar" to one reader in one way."""

    def __init__(self, notices: Notices, storage: Storage, roster: Roster, clock: Clock, ways: Mapping[Way, Sender]) -> None:
        """Take the parts; ``ways`` bring a text (``onderwerp``, ``tekst``) to an address."""
        self._notices = notices
        self._storage = storage
        self._roster = roster
        self._clock = clock
        self._ways = ways

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """Send it, unless nothing waits any more; outside of school hours only *spoed* goes.

        Raises:
            Later: no school now, or no such way.
            Exception: as the way says; but what it refuses for good is remembered, for its reader to see.
        """
        ident, way = reader_of(destination)
        row = await self._storage.get(ReaderRow, {"id": ident})
        address = (await self._notices.of(ident)).get(way)
        if row is None or address is None or address.refused:
            return
        try:
            reader = self._roster.open(row)
        except SealBroken:
            return
        if reader.state is not ReaderState.ACTIVE:
            return
        now, times = self._clock.now(), self._notices.times
        if not payload["spoed"] and not times.open(reader.school, now):
            raise Later((times.next(reader.school, now) - now).total_seconds())
        # What a colleague has opened meanwhile needs no notice. Its reader sees in the inbox that it is read: nothing is hidden.
        if not (await self._storage.count(ident)).get(_UNREAD):
            return
        if way not in self._ways:
            raise Later(_NO_WAY_SECONDS)
        texts = notice_texts()
        content = {"onderwerp": texts.onderwerp, "tekst": texts.tekst.format(inbox=self._notices.inbox)}
        try:
            await self._ways[way].send(address.address, content)
        except Refused:
            await self._notices.refused(ident, address)


class ConfirmationSender:
    """Mails a code, as long as it can still be typed."""

    def __init__(self, mail: Sender, clock: Clock) -> None:
        self._mail = mail
        self._clock = clock

    async def send(self, destination: str, payload: Mapping[str, Any]) -> None:
        """Send it. Errors as the mail says."""
        if self._clock.now().timestamp() < payload["tot"]:
            await self._mail.send(destination, {"onderwerp": payload["onderwerp"], "tekst": payload["tekst"]})
