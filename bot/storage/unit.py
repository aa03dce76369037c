"""The unit of work: everything that one turn writes, committed together or not at all; and the store's contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from bot.storage.rows import MeldingKeyRow, MeldingRow, Row

Value = bytes | str | int | None
R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Insert:
    """Adds a row; a row with the same key or another unique value makes the unit fail with `Conflict`."""

    row: Row


@dataclass(frozen=True)
class Replace:
    """Replaces the row with the same key, if its columns still have the values in ``when`` (compare and set)."""

    row: Row
    when: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Delete:
    """Deletes the rows of one table that match ``where``; with ``must_exist`` none is a `Conflict`."""

    table: type[Row]
    where: Mapping[str, Value]
    must_exist: bool = False


Operation = Insert | Replace | Delete


@dataclass(frozen=True)
class UnitOfWork:
    """Operations in the order in which they are carried out, in one transaction."""

    operations: tuple[Operation, ...]


class StorageProblem(Exception):
    """Something could not be kept. Nothing of the unit was written."""


class Conflict(StorageProblem):
    """Somebody else was first: a unique value is taken, or a row changed since it was read.

    Attributes:
        table: the table of the operation that failed.
    """

    def __init__(self, table: str) -> None:
        """Remember the table; never a value."""
        super().__init__(f"conflict in {table}")
        self.table = table


class StorageFull(StorageProblem):
    """The disk is full, read-only or failing."""


class Storage(Protocol):
    """What the rest of the program may ask of a store: SQLite today, PostgreSQL for a school board later.

    Everything may raise `StorageFull`: a failing disk cannot be read either.
    """

    async def commit(self, unit: UnitOfWork) -> None:
        """Carry out a unit and make it durable.

        Raises:
            Conflict: an operation found another state than it expected; nothing was written.
            StorageFull: the disk would not take it; nothing was written.
            StorageProblem: the store was closed.
        """

    async def get(self, table: type[R], where: Mapping[str, Value]) -> R | None:
        """The one row that matches, or None."""

    async def find(self, table: type[R], where: Mapping[str, Value]) -> Sequence[R]:
        """All rows that match, in the order of their keys."""

    async def queue(self, reader: bytes, limit: int, offset: int) -> Sequence[tuple[MeldingRow, MeldingKeyRow]]:
        """The meldingen for which a reader holds a key: spoed first, then what is new, then the newest half-day."""

    async def count(self, reader: bytes) -> Mapping[str, int]:
        """How many meldingen a reader holds a key for, by state."""

    async def sweep(self, conversations: int, seen: int, sessions: int, invitations: int, meldingen: int, links: int = 0) -> None:
        """Delete what is older than the given half-days, and the closed meldingen that were due before ``meldingen``.

        What is remembered of a Telegram chat goes with the marks of what it delivered (``seen``).
        """

    async def close(self) -> None:
        """Finish what waits and close the files."""
