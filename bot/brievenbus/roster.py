"""The readers of a school, as the server vouches for them: nobody can be added by writing in the database alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from functools import lru_cache

from bot.brievenbus.keys import SealBroken, ServerKey, decrypt, derive, encrypt
from bot.storage import Insert, Operation, ReaderRow, Replace, RosterRow, Storage

# Rows of readers, of all schools together. Each is read several times in a turn of the form.
_REMEMBERED = 2048


class ReaderState(Enum):
    """Whether a person may read."""

    WAITING = "wacht"
    ACTIVE = "actief"
    GONE = "weg"


@dataclass(frozen=True)
class Reader:
    """A vertrouwenspersoon (or somebody else with that task) who reads the brievenbus of one school."""

    id: bytes
    school: str
    name: str
    state: ReaderState
    public_key: bytes = field(repr=False)
    recovery_confirmed: bool

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits (96 bits) of the public key: two people read them to each other."""
        digest = derive(b"brievenbus fingerprint", "fingerprint", self.public_key, size=16)
        return " ".join(f"{int.from_bytes(digest[i : i + 2], 'big'):05d}" for i in range(0, 12, 2))


@dataclass(frozen=True)
class SchoolReaders:
    """All readers of a school that were not removed.

    Attributes:
        sound: False when the list was changed behind the server's back; then no melding is taken.
    """

    school: str
    readers: tuple[Reader, ...]
    sound: bool

    @property
    def active(self) -> tuple[Reader, ...]:
        """Who reads new meldingen."""
        return tuple(reader for reader in self.readers if reader.state is ReaderState.ACTIVE)

    @property
    def accepts(self) -> bool:
        """Two ways in: two readers, or one whose recovery key was typed back once."""
        return self.sound and (len(self.active) >= 2 or any(reader.recovery_confirmed for reader in self.active))


class Roster:
    """Reads and writes the rows of readers, with the server's proofs on them."""

    def __init__(self, storage: Storage, server: ServerKey) -> None:
        self._storage = storage
        self._server = server
        # A row is checked and opened once: with one other byte it is another row. What is refused is never remembered.
        self._opened = lru_cache(maxsize=_REMEMBERED)(self._open)

    async def of(self, school: str) -> SchoolReaders:
        """The readers of a school; a row that this server did not write is left out and makes the list unsound."""
        return self._read(school, *await self._rows(school))

    async def _rows(self, school: str) -> tuple[RosterRow | None, Sequence[ReaderRow]]:
        """The proof and the rows of one moment: a change that was written between the reads must not look like a forgery."""
        while True:
            proof = await self._storage.get(RosterRow, {"school": school})
            rows = await self._storage.find(ReaderRow, {"school": school})
            if await self._storage.get(RosterRow, {"school": school}) == proof:
                return proof, rows

    def _read(self, school: str, proof: RosterRow | None, rows: Sequence[ReaderRow]) -> SchoolReaders:
        sound = self._proves(school, proof, rows)
        readers = []
        for row in rows:
            try:
                readers.append(self.open(row))
            except SealBroken:
                sound = False
        there = [reader for reader in readers if reader.state is not ReaderState.GONE]
        present = tuple(sorted(there, key=lambda reader: (reader.name.casefold(), reader.id)))
        return SchoolReaders(school, present, sound)

    def open(self, row: ReaderRow) -> Reader:
        """Check a row and read it.

        Raises:
            SealBroken: this server did not write it like this.
        """
        return self._opened(row)

    def _open(self, row: ReaderRow) -> Reader:
        self._server.check(row.mac, row.table, *_row_parts(row))
        name = decrypt(self._server.key("reader name", row.id), row.name_locked, b"name").decode()
        return Reader(row.id, row.school, name, ReaderState(row.state), row.public_key, bool(row.recovery_confirmed))

    def lock_name(self, ident: bytes, name: str) -> bytes:
        """A name as it is stored: only with the server key does the disk say who works here."""
        return encrypt(self._server.key("reader name", ident), name.encode(), b"name")

    def signed(self, row: ReaderRow) -> ReaderRow:
        """The row with the server's proof on it."""
        return replace(row, mac=self._server.mac(row.table, *_row_parts(row)))

    async def change(self, new: ReaderRow, old: ReaderRow | None) -> tuple[Operation, ...]:
        """The operations that add a reader (``old`` is None) or replace one, with the proof of the whole list.

        Raises:
            SealBroken: the list is not sound; a new proof would make what was changed behind our back look right.
        """
        signed = self.signed(new)
        proof, found = await self._rows(new.school)
        if not self._read(new.school, proof, found).sound:
            raise SealBroken("roster")
        rows = sorted([*(row for row in found if row.id != new.id), signed], key=lambda row: row.id)
        version = 1 if proof is None else proof.version + 1
        fresh = RosterRow(new.school, version, self._server.mac("roster", *_proof_parts(new.school, version, rows)))
        return (
            Insert(signed) if old is None else Replace(signed, {"mac": old.mac}),
            Insert(fresh) if proof is None else Replace(fresh, {"version": proof.version, "mac": proof.mac}),
        )

    def _proves(self, school: str, proof: RosterRow | None, rows: Sequence[ReaderRow]) -> bool:
        if proof is None:
            return not rows
        try:
            self._server.check(proof.mac, "roster", *_proof_parts(school, proof.version, rows))
        except SealBroken:
            return False
        return True


def _row_parts(row: ReaderRow) -> tuple[bytes, ...]:
    return tuple(_as_bytes(getattr(row, f.name)) for f in fields(row) if f.name != "mac")


def _as_bytes(value: bytes | str | int) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _proof_parts(school: str, version: int, rows: Sequence[ReaderRow]) -> tuple[bytes, ...]:
    return (school.encode(), str(version).encode(), *(row.mac for row in rows))
