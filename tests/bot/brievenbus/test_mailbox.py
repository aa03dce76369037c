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
from bot.effects import AddMessage, PostMelding
from bot.storage import Conflict, EntryRow, Insert, MeldingKeyRow, MeldingRow, SeenRow, UnitOfWork
from tests.bot.brievenbus.rig import Person, Rig

POST = PostMelding("jps", b"n" * 16, (("Wat is er gebeurd?", "Ze gooien mijn schoenen weg."),), frozenset(), (), False)


@pytest.fixture
async def readers(rig: Rig) -> list[Person]:
    first = await rig.person("Ivonne")
    return [first, await rig.person("Antje", by=first)]


async def posted(rig: Rig, post: PostMelding = POST) -> tuple[str, ...]:
    await rig.storage.commit(UnitOfWork(await rig.mailbox.post(post)))
    return rig.mailbox.code(post.nonce)


async def test_a_melding_opens_with_its_code_and_with_no_other(rig: Rig, readers: list[Person]) -> None:
    words = await posted(rig)
    thread = await rig.mailbox.open(words)
    [first] = thread.entries
    assert isinstance(first, Entry)
    assert (first.kind, first.side, first.author) == (Kind.MELDING, Side.PUPIL, "")
    assert first.body == {"antwoorden": [["Wat is er gebeurd?", "Ze gooien mijn schoenen weg."]]}
    assert thread.state is State.NEW
    for wrong in (words[::-1], words[:4], (*words[:4], "beker"), ("",) * 5):
        with pytest.raises(CodeUnknown):
            await rig.mailbox.open(wrong)


async def test_one_nonce_makes_one_melding_however_often_it_is_committed(rig: Rig, readers: list[Person]) -> None:
    await posted(rig)
    with pytest.raises(Conflict):
        await posted(rig)
    both = await asyncio.gather(*(posted(rig, replace(POST, nonce=b"o" * 16)) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["Conflict", "Conflict", "tuple"]
    assert len(await rig.storage.find(MeldingRow, {})) == 2
    # What lost the race left nothing behind: two keys and two entries a melding.
    assert len(await rig.storage.find(MeldingKeyRow, {})) == len(await rig.storage.find(EntryRow, {})) == 4


async def test_the_code_is_shown_again_for_ten_minutes(rig: Rig, readers: list[Person]) -> None:
    assert await rig.mailbox.sent(POST.nonce) is None
    words = await posted(rig)
    for seconds, shown in ((0, words), (REPEAT_SECONDS - 1, words), (1, None), (3600, None)):
        rig.clock.advance(seconds=seconds)
        sent = await rig.mailbox.sent(POST.nonce)
        assert sent is not None
        assert sent.code == shown
    rig.clock.advance(hours=-3)  # a clock that was set back shows no old code either
    sent = await rig.mailbox.sent(POST.nonce)
    assert sent is not None
    assert sent.code is None
    assert await rig.mailbox.sent(b"another nonce 16") is None


async def test_a_closed_box_and_nobody_left_store_nothing(rig: Rig) -> None:
    with pytest.raises(BoxClosed):
        await rig.mailbox.post(POST)


async def test_when_everybody_is_excluded_nothing_is_made(rig: Rig, readers: list[Person]) -> None:
    everybody = frozenset(account.session.reader.id for account in readers)
    with pytest.raises(NobodyLeft):
        await rig.mailbox.post(replace(POST, excluded_readers=everybody))
    assert await rig.storage.find(MeldingRow, {}) == []


async def test_who_became_a_reader_meanwhile_is_excluded_by_name(rig: Rig, readers: list[Person]) -> None:
    """The pupil chose a name from the school's list; before *versturen* that person enrolled."""
    words = await posted(rig, replace(POST, excluded_names=("ANTJE",)))
    thread = await rig.mailbox.open(words)
    keys = await rig.storage.find(MeldingKeyRow, {"melding": thread.melding})
    assert [key.reader for key in keys] == [readers[0].session.reader.id]


async def test_too_much_text_is_refused_before_anything_is_made(rig: Rig, readers: list[Person]) -> None:
    with pytest.raises(TooLong):
        await rig.mailbox.post(replace(POST, answers=(("Wat?", "😀" * 5000),)))


async def test_writing_on_is_bound_to_the_thread_and_its_nonce(rig: Rig, readers: list[Person]) -> None:
    words, others = await posted(rig), await posted(rig, replace(POST, nonce=b"o" * 16))
    thread, other = await rig.mailbox.open(words), await rig.mailbox.open(others)
    message = AddMessage(thread.melding, thread.thread_key, b"m" * 16, "Het was vandaag weer zo.")
    assert not await rig.mailbox.message_sent(message.nonce)
    await rig.storage.commit(UnitOfWork(await rig.mailbox.write(message)))
    assert await rig.mailbox.message_sent(message.nonce)
    with pytest.raises(Conflict) as refused:
        await rig.storage.commit(UnitOfWork(await rig.mailbox.write(message)))
    assert refused.value.table == SeenRow.table
    assert len((await rig.mailbox.again(thread.melding, thread.thread_key)).entries) == 2
    # Another melding's key opens nothing and writes nothing.
    for wrong in (replace(message, thread_key=other.thread_key), replace(message, melding=other.melding)):
        with pytest.raises(SealBroken):
            await rig.mailbox.write(wrong)
        with pytest.raises(SealBroken):
            await rig.mailbox.again(wrong.melding, wrong.thread_key)
    with pytest.raises(CodeUnknown):
        await rig.mailbox.write(replace(message, melding=b"x" * 16))


async def test_two_who_write_at_once_both_stay(rig: Rig, readers: list[Person]) -> None:
    """A pupil's message and a reader's answer that were made on the same head: one is refused, none is lost in silence."""
    thread = await rig.mailbox.open(await posted(rig))
    await rig.inbox.open(readers[0].session, thread.melding)
    made = await rig.mailbox.write(AddMessage(thread.melding, thread.thread_key, b"m" * 16, "Nog iets."))
    await rig.inbox.answer(readers[0].session, thread.melding, "Dank je.", "form-1")
    with pytest.raises(Conflict):
        await rig.storage.commit(UnitOfWork(made))
    entries = (await rig.mailbox.again(thread.melding, thread.thread_key)).entries
    assert [entry.kind for entry in entries if isinstance(entry, Entry)] == [Kind.MELDING, Kind.STATE, Kind.MESSAGE]


async def test_too_many_at_once_are_told_so(rig: Rig, readers: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.lanes.pupils, "_room", 0)
    with pytest.raises(QueueFull):
        await rig.mailbox.post(POST)
    with pytest.raises(QueueFull):
        await rig.mailbox.open(rig.mailbox.code(POST.nonce))


async def test_the_operations_hold_one_key_for_each_reader(rig: Rig, readers: list[Person]) -> None:
    rows = [operation.row for operation in await rig.mailbox.post(POST) if isinstance(operation, Insert)]
    assert {row.reader for row in rows if isinstance(row, MeldingKeyRow)} == {one.session.reader.id for one in readers}
    assert [row.size for row in rows if isinstance(row, EntryRow)] == [1024, 1024]
