"""Notices to readers: "Er staat iets klaar", and nothing else; at fixed school times, or at once for *spoed*."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from bot.brievenbus.addresses import Address, Addresses, AddressTaken, MailWrong, Way, mail_address
from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, encrypt
from bot.brievenbus.notice_texts import notice_texts
from bot.brievenbus.padding import STEPS, pad_to, unpad
from bot.brievenbus.roster import Reader
from bot.brievenbus.school_times import SchoolTimes
from bot.brievenbus.sessions import Session
from bot.brievenbus.slowdown import Slowdown
from bot.clock import Clock, half_day
from bot.outbox import CONFIRMATION, NOTICE, Outbox
from bot.storage import Conflict, Delete, Insert, NoticeLinkRow, Operation, Storage, UnitOfWork

# Long enough for a mail that is slow, too short for who finds the page open next morning.
LINK_TIME = timedelta(hours=1)
# So many codes are mailed for one reader in that time: nobody's mailbox is filled from here.
MOST_CODES = 5
# Before a token in a Telegram link, so that it is never taken for a school; a slug has no underscore.
TOKEN_PREFIX = "inbox_"  # noqa: S105
_URGENT = "spoed"


class LinkUnknown(Exception):
    """The token or code was used, is too old, or never existed."""


class TooManyCodes(Exception):
    """So many codes were mailed that the reader has to wait."""


class TooSoon(Exception):
    """Wrong codes were typed; ``wait`` seconds until the next is looked at."""

    def __init__(self, wait: int) -> None:
        super().__init__("too soon")
        self.wait = wait


class Notices:
    """Everything about notices but the sending: who gets one and when, and how a reader turns them on and off.

    Attributes:
        mail: whether mail can be sent from here.
        telegram_bot: the bot's name on Telegram, without @; empty where there is no bot. Known once the bot runs.
    """

    def __init__(
        self, storage: Storage, server: ServerKey, outbox: Outbox, times: SchoolTimes, clock: Clock, inbox: str, *, mail: bool
    ) -> None:
        """Take the parts; ``inbox`` is the address of the inbox as it stands in a notice."""
        self.mail = mail
        self.telegram_bot = ""
        self.times = times
        self.inbox = inbox
        self._storage = storage
        self._server = server
        self._outbox = outbox
        self._clock = clock
        self._addresses = Addresses(storage, server)
        self._slowdown = Slowdown()
        self._mailed: dict[bytes, list[datetime]] = {}

    # --- when something came ----------------------------------------------------------------------------------------

    async def about(self, school: str, readers: Iterable[Reader], *, urgent: bool) -> tuple[Operation, ...]:
        """The rows that tell these readers that something waits; they belong in the unit of work of what waits.

        Args:
            school: its times hold for what is not urgent.
            readers: only those who may read it.
            urgent: tell it at once.
        """
        at = None if urgent else self.times.next(school, self._clock.now())
        rows = []
        for reader in readers:
            for way, address in (await self._addresses.of(reader.id)).items():
                if not address.refused:
                    # Of two the urgent one is tried, and stands for both.
                    rows.append(
                        self._outbox.row(NOTICE, place_of(reader.id, way), {_URGENT: urgent}, at, order=0 if urgent else 1)
                    )
        return tuple(rows)

    async def reach(self, readers: Iterable[Reader]) -> bool:
        """Whether anybody of these gets notices: then a pupil is told that *spoed* is told at once."""
        for reader in readers:
            for address in (await self._addresses.of(reader.id)).values():
                if not address.refused:
                    return True
        return False

    # --- a reader's own page ----------------------------------------------------------------------------------------

    async def of(self, reader: bytes) -> Mapping[Way, Address]:
        """Where a reader gets notices."""
        return await self._addresses.of(reader)

    async def refused(self, reader: bytes, address: Address) -> None:
        """Remember that nothing arrives at an address; its reader sees that in the inbox."""
        await self._storage.commit(UnitOfWork(await self._addresses.refuse(reader, address)))

    async def remove(self, session: Session, way: Way) -> None:
        """Forget an address, and a link that was begun for one of its kind."""
        reader = session.reader.id
        await self._storage.commit(UnitOfWork((*await self._addresses.remove(reader, way), *await self._drop_links(reader, way))))

    async def mail_code(self, session: Session, typed: str) -> str:
        """Mail a code to an address, to see that it is the reader's own. Whether somebody else has it shows only then.

        Returns:
            The address as it was understood.

        Raises:
            MailWrong: it is no address of one person.
            TooManyCodes: more than a few within an hour.
        """
        address, reader, now = mail_address(typed), session.reader.id, self._clock.now()
        if not self.mail:
            raise MailWrong(shared=False)
        recent = [moment for moment in self._mailed.get(reader, []) if now - moment < LINK_TIME]
        if len(recent) >= MOST_CODES:
            raise TooManyCodes
        self._mailed[reader] = [*recent, now]
        code = f"{secrets.randbelow(10**8):08d}"
        link = self._link(_mail_token(reader, code), reader, Way.MAIL, address)
        texts = notice_texts()
        payload = {
            "onderwerp": texts.code_onderwerp,
            "tekst": texts.code_tekst.format(code=code, minuten=int(LINK_TIME.total_seconds()) // 60),
            "tot": int((now + LINK_TIME).timestamp()),
        }
        # In order: the last one that arrives has the code that counts.
        mail = self._outbox.row(CONFIRMATION, address, payload, order=int(now.timestamp()))
        await self._storage.commit(UnitOfWork((*await self._drop_links(reader, Way.MAIL), Insert(link), mail)))
        self._outbox.wake()
        return address

    async def waits_for_code(self, reader: bytes) -> str:
        """The address to which a code was mailed that can still be typed; empty when there is none."""
        for row in await self._storage.find(NoticeLinkRow, {"reader": reader}):
            way, address, until = self._open_link(row)
            if way is Way.MAIL and self._clock.now().timestamp() < until:
                return address
        return ""

    async def type_code(self, session: Session, typed: str) -> None:
        """Take the code that was mailed.

        Raises:
            LinkUnknown: it is not the code, or it is too old.
            AddressTaken: the mailbox is another reader's too.
            TooSoon: after wrong codes.
        """
        reader, now = session.reader.id, self._clock.now()
        if wait := self._slowdown.wait(reader, known_device=False, now=now):
            raise TooSoon(wait)
        self._slowdown.failed(reader, known_device=False, now=now)
        try:
            await self._use(_mail_token(reader, "".join(typed.split())), lambda way, address: address)
        except AddressTaken:
            self._slowdown.succeeded(reader, known_device=False)  # the code was right
            raise
        self._slowdown.succeeded(reader, known_device=False)

    async def telegram_token(self, session: Session) -> str:
        """A token that links the private chat in which it is sent as ``/start TOKEN``: once, within an hour."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(16)
        link = self._link(token.encode(), session.reader.id, Way.TELEGRAM, "")
        await self._storage.commit(UnitOfWork((*await self._drop_links(session.reader.id, Way.TELEGRAM), Insert(link))))
        return token

    async def link_telegram(self, token: str, chat: int) -> None:
        """Link a private chat to the reader who was shown this token.

        Raises:
            LinkUnknown: the token was used, is too old, or never existed.
            AddressTaken: the chat is another reader's.
        """
        await self._use(token.encode(), lambda way, _: str(chat) if way is Way.TELEGRAM else "")

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _use(self, token: bytes, address_of: Callable[[Way, str], str]) -> None:
        ident = self._server.hash("notice link", token)
        for _ in range(3):
            row = await self._storage.get(NoticeLinkRow, {"id": ident})
            if row is None:
                raise LinkUnknown
            way, given, until = self._open_link(row)
            address = address_of(way, given)
            if not address or self._clock.now().timestamp() >= until:
                raise LinkUnknown
            used = Delete(NoticeLinkRow, {"id": ident}, must_exist=True)
            try:
                await self._storage.commit(UnitOfWork((used, *await self._addresses.set(row.reader, way, address))))
            except Conflict:
                # Used at the same moment, or somebody else got the address: look again.
                continue
            return
        raise LinkUnknown

    def _link(self, token: bytes, reader: bytes, way: Way, address: str) -> NoticeLinkRow:
        now = self._clock.now()
        ident = self._server.hash("notice link", token)
        plain = pad_to(json.dumps([way.value, address, int((now + LINK_TIME).timestamp())]).encode(), STEPS[0])
        return NoticeLinkRow(ident, reader, half_day(now), encrypt(self._link_key(ident, reader), plain, b"notice link"))

    def _open_link(self, row: NoticeLinkRow) -> tuple[Way, str, int]:
        """What a link is for; one that was altered behind our back is for nothing."""
        try:
            way, address, until = json.loads(unpad(decrypt(self._link_key(row.id, row.reader), row.locked, b"notice link")))
        except SealBroken:
            return Way.MAIL, "", 0
        return Way(way), address, until

    def _link_key(self, ident: bytes, reader: bytes) -> bytes:
        return self._server.key("notice link", ident, reader)

    async def _drop_links(self, reader: bytes, way: Way) -> list[Operation]:
        rows = await self._storage.find(NoticeLinkRow, {"reader": reader})
        return [Delete(NoticeLinkRow, {"id": row.id}) for row in rows if self._open_link(row)[0] is way]


def _mail_token(reader: bytes, code: str) -> bytes:
    """A code counts for one reader only: others may be mailed the same eight digits."""
    return b"mail" + reader + code.encode()


def place_of(reader: bytes, way: Way) -> str:
    """The destination of a notice in the outbox. The address is looked up when it is sent: it may be another one by then."""
    return f"{way.value} {reader.hex()}"


def reader_of(place: str) -> tuple[bytes, Way]:
    """Undo `place_of`."""
    way, _, reader = place.partition(" ")
    return bytes.fromhex(reader), Way(way)


__all__ = ["AddressTaken", "LinkUnknown", "MailWrong", "Notices", "TooManyCodes", "TooSoon", "Way"]
