"""The pupil's side of the brievenbus: post, come back with the code, read, write on."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.brievenbus.code import Codes
from bot.brievenbus.entries import (
    Broken,
    Entry,
    Kind,
    Side,
    State,
    Urgency,
    entry_id,
    open_track,
    seal_entry,
)
from bot.brievenbus.keys import SealBroken, ServerKey
from bot.brievenbus.lanes import Lane
from bot.brievenbus.melding import (
    changed,
    check_key,
    check_melding,
    make_melding,
    nonce_hash,
    open_head,
    open_with_code,
    sent_at,
    with_head,
)
from bot.brievenbus.notices import Notices
from bot.brievenbus.roster import Reader, Roster, SchoolReaders
from bot.clock import Clock, half_day
from bot.effects import AddMessage, PostMelding
from bot.storage import EntryRow, Insert, MeldingKeyRow, MeldingRow, Operation, SeenRow, Storage

# Long enough for a lost connection and a second press, too short for the next pupil at the same computer.
REPEAT_SECONDS = 600


class BoxClosed(Exception):
    """This school takes no meldingen now: there are not two ways in, or the list of readers is not sound."""


class NobodyLeft(Exception):
    """Everybody who could read it is excluded; nothing is stored."""


class CodeUnknown(Exception):
    """No melding has this code."""


@dataclass(frozen=True)
class Thread:
    """What a pupil reads with the code."""

    melding: bytes = field(repr=False)
    thread_key: bytes = field(repr=False)
    state: State
    entries: tuple[Entry | Broken, ...] = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """An earlier *versturen* with the same nonce.

    Attributes:
        code: the five words, or None when it is too long ago to show them again.
    """

    code: tuple[str, ...] | None = field(repr=False)


class Mailbox:
    """Takes meldingen and opens threads; it keeps nothing itself but hands out operations for the turn's commit."""

    def __init__(
        self,
        storage: Storage,
        server: ServerKey,
        codes: Codes,
        lane: Lane,
        roster: Roster,
        notices: Notices,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._server = server
        self._codes = codes
        self._lane = lane
        self._roster = roster
        self._notices = notices
        self._clock = clock

    async def readers(self, school: str) -> SchoolReaders:
        """Who reads this school's brievenbus, and whether it is open."""
        return await self._roster.of(school)

    def code(self, nonce: bytes) -> tuple[str, ...]:
        """The five words that belong to a nonce."""
        return self._codes.words_for(nonce)

    async def sent(self, nonce: bytes) -> Sent | None:
        """Whether *versturen* with this nonce was committed already; within ten minutes with its code.

        Raises:
            SealBroken: the row was altered.
        """
        row = await self._storage.get(MeldingRow, {"nonce_hash": nonce_hash(nonce)})
        if row is None:
            return None
        check_melding(self._server, row)
        age = int(self._clock.now().timestamp()) - sent_at(row, nonce)
        return Sent(self.code(nonce) if 0 <= age < REPEAT_SECONDS else None)

    async def message_sent(self, nonce: bytes) -> bool:
        """Whether a message with this nonce was committed already."""
        return await self._storage.get(SeenRow, {"id": self._message_id(nonce)}) is not None

    async def post(self, post: PostMelding) -> tuple[Operation, ...]:
        """Seal a melding. Slow (one Argon2id): it waits its turn in the pupils' lane.

        Raises:
            BoxClosed: the school takes none now.
            NobodyLeft: nobody may read it.
            QueueFull: too many pupils send at once.
            TooLong: more than the largest entry holds.
        """
        who = await self._roster.of(post.school)
        if not who.accepts:
            raise BoxClosed
        readers = remaining(who, post.excluded_readers, post.excluded_names)
        if not readers:
            raise NobodyLeft
        words = self._codes.words_for(post.nonce)
        keys = await self._lane.run(lambda: self._codes.keys_for(words))
        now = self._clock.now()
        rows = make_melding(self._server, post, keys, readers, half_day(now), int(now.timestamp()))
        return (*rows, *await self._notices.about(post.school, readers, urgent=post.urgent))

    async def tells_at_once(self, school: str, excluded_readers: frozenset[bytes], excluded_names: Sequence[str]) -> bool:
        """Whether a reader hears at once of an urgent melding with these exclusions."""
        return await self._notices.reach(remaining(await self._roster.of(school), excluded_readers, excluded_names))

    async def open(self, words: tuple[str, ...]) -> Thread:
        """Open the thread of a code. Slow, as `post`.

        Raises:
            CodeUnknown: no melding has this code.
            QueueFull: too many at once.
            SealBroken: the melding was damaged.
        """
        keys = await self._lane.run(lambda: self._codes.keys_for(words))
        row = await self._storage.get(MeldingRow, {"code_lookup": keys.lookup})
        if row is None:
            raise CodeUnknown
        check_melding(self._server, row)
        return await self._thread(row, open_with_code(row, keys.key).thread)

    async def again(self, melding: bytes, key: bytes) -> Thread:
        """Read an opened thread once more.

        Raises:
            CodeUnknown: it was deleted meanwhile.
            SealBroken: it was damaged.
        """
        return await self._thread(await self._row(melding), key)

    async def write(self, message: AddMessage) -> tuple[Operation, ...]:
        """Seal a pupil's message in an opened thread.

        Raises:
            CodeUnknown: the melding was deleted meanwhile.
            SealBroken: it was damaged.
            TooLong: more than the largest entry holds.
        """
        row = await self._row(message.melding)
        head = open_head(row, message.thread_key)
        taken = await self._storage.get(EntryRow, {"id": entry_id(message.thread_key, row.id, head.count)})
        if taken is not None and await self._storage.get(MeldingRow, {"id": row.id}) == row:
            raise SealBroken("an old head was put back")
        today = half_day(self._clock.now())
        entry = Entry(head.count, Side.PUPIL, Kind.MESSAGE, today, "", {"tekst": message.text})
        new = with_head(row, message.thread_key, replace(head, count=head.count + 1, unread=True))
        return (
            Insert(SeenRow(self._message_id(message.nonce), today)),
            changed(row, new),
            Insert(seal_entry(message.thread_key, row.id, entry)),
            *await self._notices.about(row.school, await self._holders(row), urgent=head.urgency is Urgency.URGENT),
        )

    async def tells_message_at_once(self, melding: bytes, key: bytes) -> bool:
        """Whether a reader hears at once of a message in this thread.

        Raises:
            CodeUnknown: it was deleted meanwhile.
            SealBroken: it was damaged.
        """
        row = await self._row(melding)
        return open_head(row, key).urgency is Urgency.URGENT and await self._notices.reach(await self._holders(row))

    async def _holders(self, row: MeldingRow) -> Sequence[Reader]:
        """The active readers to whom this server gave a key; one that was put in by somebody else gets no notice."""
        holders = set()
        for key in await self._storage.find(MeldingKeyRow, {"melding": row.id}):
            with suppress(SealBroken):
                check_key(self._server, key)
                holders.add(key.reader)
        return [reader for reader in (await self._roster.of(row.school)).active if reader.id in holders]

    async def _row(self, melding: bytes) -> MeldingRow:
        row = await self._storage.get(MeldingRow, {"id": melding})
        if row is None:
            raise CodeUnknown
        check_melding(self._server, row)
        return row

    async def _thread(self, row: MeldingRow, key: bytes) -> Thread:
        while True:
            head = open_head(row, key)
            rows = {entry.id: entry for entry in await self._storage.find(EntryRow, {"melding": row.id})}
            try:
                return Thread(row.id, key, head.state, open_track(key, row.id, head.count, rows))
            except SealBroken:
                # Entries are read after the head: one that came in between belongs to a newer head, which is read then.
                newer = await self._row(row.id)
                if newer == row:
                    raise
                row = newer

    def _message_id(self, nonce: bytes) -> bytes:
        return self._server.hash("message", nonce)


def remaining(who: SchoolReaders, excluded: frozenset[bytes], names: Sequence[str] = ()) -> Sequence[Reader]:
    """The active readers that are not excluded.

    Args:
        who: the readers of the school.
        excluded: ids.
        names: of everyone excluded: somebody may have become a reader after the pupil chose the name from the school's list.
    """
    folded = {name.casefold() for name in names}
    return [reader for reader in who.active if reader.id not in excluded and reader.name.casefold() not in folded]


__all__ = ["BoxClosed", "CodeUnknown", "Mailbox", "NobodyLeft", "SealBroken", "Sent", "Thread", "remaining"]
