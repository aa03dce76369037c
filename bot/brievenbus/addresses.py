"""Where readers get their notices: locked for one reader each, and never the same address for two."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, encrypt
from bot.brievenbus.padding import STEPS, pad_to, unpad
from bot.storage import Delete, Insert, NoticeAddressRow, Operation, Replace, Storage

# RFC 5321 4.5.3.1.3: a path of 256 with its two brackets.
LONGEST_MAIL = 254
# Only what every mail server takes, and nothing that could begin another header.
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
# Mailboxes that belong to an office and not to a person: colleagues read there too, the excluded among them.
_SHARED = frozenset(
    {
        "admin",
        "administratie",
        "bestuur",
        "brievenbus",
        "contact",
        "conciërge",
        "conciergerie",
        "directeur",
        "directie",
        "info",
        "kantoor",
        "leerkrachten",
        "mail",
        "noreply",
        "office",
        "ouders",
        "post",
        "receptie",
        "school",
        "secretariaat",
        "team",
        "vertrouwenspersoon",
        "vertrouwenspersonen",
        "webmaster",
    }
)


class Way(Enum):
    """How a notice gets to a reader."""

    MAIL = "mail"
    TELEGRAM = "telegram"


class AddressTaken(Exception):
    """Another reader, here or at another school, has this address."""


class MailWrong(Exception):
    """This is no mail address that we can use; ``shared`` when it is one of an office."""

    def __init__(self, *, shared: bool) -> None:
        super().__init__("shared" if shared else "form")
        self.shared = shared


@dataclass(frozen=True)
class Address:
    """An address that its reader has confirmed.

    Attributes:
        address: a mail address, or the number of a private chat.
        refused: something that was sent there came back for good; nothing is sent any more.
    """

    way: Way
    address: str = field(repr=False)
    refused: bool


def mail_address(typed: str) -> str:
    """A mail address as it was typed, checked.

    Raises:
        MailWrong: it cannot be one person's address.
    """
    address = typed.strip()
    if len(address) > LONGEST_MAIL or not _MAIL.fullmatch(address) or ".." in address:
        raise MailWrong(shared=False)
    if address.partition("@")[0].casefold() in _SHARED:
        raise MailWrong(shared=True)
    return address


class Addresses:
    """Reads and writes the addresses of readers."""

    def __init__(self, storage: Storage, server: ServerKey) -> None:
        self._storage = storage
        self._server = server

    async def of(self, reader: bytes) -> Mapping[Way, Address]:
        """The addresses of a reader; what was altered behind our back is none."""
        return {address.way: address for _, address in await self._rows(reader)}

    async def set(self, reader: bytes, way: Way, address: str) -> tuple[Operation, ...]:
        """The operations that give a reader this address, in place of an earlier one of the same kind.

        Two that do this at the same moment: the second commit is a `Conflict`, and then this says who was first.

        Raises:
            AddressTaken: it is another reader's.
        """
        new = self._seal(reader, Address(way, address, refused=False))
        there = await self._storage.get(NoticeAddressRow, {"id": new.id})
        if there is not None and there.reader != reader and self._opens(there):
            raise AddressTaken
        old = [row for row, found in await self._rows(reader) if found.way is way and row.id != new.id]
        put = Insert(new) if there is None else Replace(new, {"locked": there.locked})
        return (*(Delete(NoticeAddressRow, {"id": row.id}) for row in old), put)

    async def remove(self, reader: bytes, way: Way) -> tuple[Operation, ...]:
        """The operations that forget an address."""
        return tuple(Delete(NoticeAddressRow, {"id": row.id}) for row, found in await self._rows(reader) if found.way is way)

    async def refuse(self, reader: bytes, address: Address) -> tuple[Operation, ...]:
        """The operations that remember that nothing arrives there; none when it was changed meanwhile."""
        return tuple(
            Replace(self._seal(reader, replace(address, refused=True)), {"locked": row.locked})
            for row, found in await self._rows(reader)
            if found == address
        )

    async def _rows(self, reader: bytes) -> Sequence[tuple[NoticeAddressRow, Address]]:
        found = []
        for row in await self._storage.find(NoticeAddressRow, {"reader": reader}):
            try:
                found.append((row, self._open(row)))
            except SealBroken:
                continue
        return found

    def _opens(self, row: NoticeAddressRow) -> bool:
        try:
            self._open(row)
        except SealBroken:
            return False
        return True

    def _seal(self, reader: bytes, address: Address) -> NoticeAddressRow:
        ident = self._server.hash("notice address", f"{address.way.value}\n{_one_spelling(address)}".encode())
        plain = pad_to(json.dumps([address.way.value, address.address, address.refused]).encode(), STEPS[0])
        return NoticeAddressRow(ident, reader, encrypt(self._key(ident, reader), plain, b"notice address"))

    def _open(self, row: NoticeAddressRow) -> Address:
        way, address, refused = json.loads(unpad(decrypt(self._key(row.id, row.reader), row.locked, b"notice address")))
        return Address(Way(way), address, refused)

    def _key(self, ident: bytes, reader: bytes) -> bytes:
        """Only this server makes it, and for no other reader or address: so what opens was written here."""
        return self._server.key("notice address", ident, reader)


def _one_spelling(address: Address) -> str:
    """What is the same mailbox has one spelling: capitals and what follows a + make no difference to who reads it."""
    if address.way is not Way.MAIL:
        return address.address
    name, _, domain = address.address.casefold().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
