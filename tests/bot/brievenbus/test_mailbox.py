"""The pupil's side: one press makes one melding, the code comes back for ten minutes, and a thread opens only with its code."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.brievenbus.entries import Entry, Kind, Side, State
from bot.brievenbus.keys import SealBroken
from bot.brievenbus.lanes import QueueFull
from bot.brievenbus.mailbox import REPEAT_SECONDS, BoxClosed, CodeUnknown, NobodyLeft
from bot.brievenbus.padding import TooLong
from bot.clock import FixedClock
from bot.effects import AddMessage, PostMelding
from bot.house import House
from bot.storage import Conflict, EntryRow, Insert, MeldingKeyRow, MeldingRow, SeenRow, UnitOfWork
from tests.bot.conftest import Account

POST = PostMelding("jps", b"n" * 16, (("Wat is er gebeurd?", "Ze gooien mijn schoenen weg."),), frozenset(), (), False)


async def posted(house: House, post: PostMelding = POST) -> tuple[str, ...]:
    await house.storage.commit(UnitOfWork(await house.mailbox.post(post)))
    return house.mailbox.code(post.nonce)


async def test_a_melding_opens_with_its_code_and_with_no_other(house: House, readers: list[Account]) -> None:
    words = await posted(house)
    thread = await house.mailbox.open(words)
    [first] = thread.entries
    assert isinstance(first, Entry)
    assert (first.kind, first.side, first.author) == (Kind.MELDING, Side.PUPIL, "")
    assert first.body == {"antwoorden": [["Wat is er gebeurd?", "Ze gooien mijn schoenen weg."]]}
    assert thread.state is State.NEW
    for wrong in (words[::-1], words[:4], (*words[:4], "beker"), ("",) * 5):
        with pytest.raises(CodeUnknown):
            await house.mailbox.open(wrong)


async def test_one_nonce_makes_one_melding_however_often_it_is_committed(house: House, readers: list[Account]) -> None:
    await posted(house)
    with pytest.raises(Conflict):
        await posted(house)
    both = await asyncio.gather(*(posted(house, replace(POST, nonce=b"o" * 16)) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["Conflict", "Conflict", "tuple"]
    assert len(await house.storage.find(MeldingRow, {})) == 2
    # What lost the race left nothing behind: two keys and two entries a melding.
    assert len(await house.storage.find(MeldingKeyRow, {})) == len(await house.storage.find(EntryRow, {})) == 4


async def test_the_code_is_shown_again_for_ten_minutes(house: House, clock: FixedClock, readers: list[Account]) -> None:
    assert await house.mailbox.sent(POST.nonce) is None
    words = await posted(house)
    for seconds, shown in ((0, words), (REPEAT_SECONDS - 1, words), (1, None), (3600, None)):
        clock.advance(seconds=seconds)
        sent = await house.mailbox.sent(POST.nonce)
        assert sent is not None
        assert sent.code == shown
    clock.advance(hours=-3)  # a clock that was set back shows no old code either
    sent = await house.mailbox.sent(POST.nonce)
    assert sent is not None
    assert sent.code is None
    assert await house.mailbox.sent(b"another nonce 16") is None


async def test_a_closed_box_and_nobody_left_store_nothing(house: House) -> None:
    with pytest.raises(BoxClosed):
        await house.mailbox.post(POST)


async def test_when_everybody_is_excluded_nothing_is_made(house: House, readers: list[Account]) -> None:
    everybody = frozenset(account.session.reader.id for account in readers)
    with pytest.raises(NobodyLeft):
        await house.mailbox.post(replace(POST, excluded_readers=everybody))
    assert await house.storage.find(MeldingRow, {}) == []


async def test_who_became_a_reader_meanwhile_is_excluded_by_name(house: House, readers: list[Account]) -> None:
    """The pupil chose a name from the school's list; before *versturen* that person enrolled."""
    words = await posted(house, replace(POST, excluded_names=("ANTJE",)))
    thread = await house.mailbox.open(words)
    keys = await house.storage.find(MeldingKeyRow, {"melding": thread.melding})
    assert [key.reader for key in keys] == [readers[0].session.reader.id]


async def test_too_much_text_is_refused_before_anything_is_made(house: House, readers: list[Account]) -> None:
    with pytest.raises(TooLong):
        await house.mailbox.post(replace(POST, answers=(("Wat?", "😀" * 5000),)))


async def test_writing_on_is_bound_to_the_thread_and_its_nonce(house: House, readers: list[Account]) -> None:
    words, others = await posted(house), await posted(house, replace(POST, nonce=b"o" * 16))
    thread, other = await house.mailbox.open(words), await house.mailbox.open(others)
    message = AddMessage(thread.melding, thread.thread_key, b"m" * 16, "Het was vandaag weer zo.")
    assert not await house.mailbox.message_sent(message.nonce)
    await house.storage.commit(UnitOfWork(await house.mailbox.write(message)))
    assert await house.mailbox.message_sent(message.nonce)
    with pytest.raises(Conflict) as refused:
        await house.storage.commit(UnitOfWork(await house.mailbox.write(message)))
    assert refused.value.table == SeenRow.table
    assert len((await house.mailbox.again(thread.melding, thread.thread_key)).entries) == 2
    # Another melding's key opens nothing and writes nothing.
    for wrong in (replace(message, thread_key=other.thread_key), replace(message, melding=other.melding)):
        with pytest.raises(SealBroken):
            await house.mailbox.write(wrong)
        with pytest.raises(SealBroken):
            await house.mailbox.again(wrong.melding, wrong.thread_key)
    with pytest.raises(CodeUnknown):
        await house.mailbox.write(replace(message, melding=b"x" * 16))


async def test_two_who_write_at_once_both_stay(house: House, readers: list[Account]) -> None:
    """A pupil's message and a reader's answer that were made on the same head: one is refused, none is lost in silence."""
    thread = await house.mailbox.open(await posted(house))
    await house.inbox.open(readers[0].session, thread.melding)
    made = await house.mailbox.write(AddMessage(thread.melding, thread.thread_key, b"m" * 16, "Nog iets."))
    await house.inbox.answer(readers[0].session, thread.melding, "Dank je.", "form-1")
    with pytest.raises(Conflict):
        await house.storage.commit(UnitOfWork(made))
    entries = (await house.mailbox.again(thread.melding, thread.thread_key)).entries
    assert [entry.kind for entry in entries if isinstance(entry, Entry)] == [Kind.MELDING, Kind.STATE, Kind.MESSAGE]


async def test_too_many_at_once_are_told_so(house: House, readers: list[Account], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.lanes.pupils, "_room", 0)
    with pytest.raises(QueueFull):
        await house.mailbox.post(POST)
    with pytest.raises(QueueFull):
        await house.mailbox.open(house.mailbox.code(POST.nonce))


async def test_the_operations_hold_one_key_for_each_reader(house: House, readers: list[Account]) -> None:
    rows = [operation.row for operation in await house.mailbox.post(POST) if isinstance(operation, Insert)]
    assert {row.reader for row in rows if isinstance(row, MeldingKeyRow)} == {one.session.reader.id for one in readers}
    assert [row.size for row in rows if isinstance(row, EntryRow)] == [1024, 1024]
