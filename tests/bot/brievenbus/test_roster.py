"""The list of readers: who counts, when the box is open, and that only the server adds to it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.keys import SealBroken, ServerKey
from bot.brievenbus.roster import Reader, ReaderState, Roster, SchoolReaders
from bot.storage import Conflict, ReaderRow, RosterRow, UnitOfWork
from tests.bot.brievenbus.rig import Rig

STATES = [ReaderState.WAITING, ReaderState.ACTIVE]


def reader(number: int, state: ReaderState, *, typed_back: bool) -> Reader:
    return Reader(bytes([number]) * 16, "jps", f"Lezer {number}", state, bytes([number]) * 32, typed_back)


people = st.lists(st.tuples(st.sampled_from(STATES), st.booleans()), max_size=5)


@given(people, st.booleans())
def test_the_box_is_open_with_two_ways_in_and_a_sound_list(found: list[tuple[ReaderState, bool]], sound: bool) -> None:
    school = SchoolReaders("jps", tuple(reader(n, state, typed_back=typed) for n, (state, typed) in enumerate(found)), sound)
    active = [typed for state, typed in found if state is ReaderState.ACTIVE]
    assert school.accepts is (sound and (len(active) >= 2 or active == [True]))
    assert len(school.active) == len(active)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_fingerprint_belongs_to_one_key(one: bytes, other: bytes) -> None:
    mine, theirs = (replace(reader(1, ReaderState.ACTIVE, typed_back=True), public_key=key) for key in (one, other))
    groups = mine.fingerprint.split(" ")
    assert len(groups) == 6
    assert all(len(group) == 5 and group.isdigit() for group in groups)
    assert (mine.fingerprint == theirs.fingerprint) is (one == other)


async def test_a_school_without_readers_is_sound_and_closed(rig: Rig) -> None:
    found = await rig.roster.of("jps")
    assert found.sound
    assert not found.accepts
    assert found.readers == ()


async def test_each_column_is_vouched_for(rig: Rig) -> None:
    await rig.person("Ivonne")
    [row] = await rig.storage.find(ReaderRow, {"school": "jps"})
    assert rig.roster.open(row).name == "Ivonne"
    for f in fields(ReaderRow):
        value = getattr(row, f.name)
        other = value + (1 if isinstance(value, int) else b"\0" if isinstance(value, bytes) else "x")
        with pytest.raises(SealBroken):
            rig.roster.open(replace(row, **{f.name: other}))


async def test_another_servers_key_reads_no_names_and_trusts_nobody(rig: Rig) -> None:
    await rig.person("Ivonne")
    [row] = await rig.storage.find(ReaderRow, {"school": "jps"})
    stranger = Roster(rig.storage, ServerKey(b"x" * 32))
    with pytest.raises(SealBroken):
        stranger.open(row)
    found = await stranger.of("jps")
    assert not found.sound
    assert found.readers == ()


async def test_the_proof_of_one_school_is_none_for_another(rig: Rig) -> None:
    await rig.person("Ivonne")
    await rig.person("Mina", "mijlpaal")
    proofs = {proof.school: proof for proof in await rig.storage.find(RosterRow, {})}
    await rig.overwrite(replace(proofs["jps"], mac=proofs["mijlpaal"].mac, version=proofs["mijlpaal"].version))
    assert not (await rig.roster.of("jps")).sound
    assert (await rig.roster.of("mijlpaal")).sound


async def test_two_changes_made_on_the_same_list_do_not_both_count(rig: Rig) -> None:
    await rig.person("Ivonne")
    [row] = await rig.storage.find(ReaderRow, {"school": "jps"})
    one = await rig.roster.change(replace(row, half_day=row.half_day + 1), row)
    other = await rig.roster.change(replace(row, half_day=row.half_day + 2), row)
    await rig.storage.commit(UnitOfWork(one))
    with pytest.raises(Conflict):
        await rig.storage.commit(UnitOfWork(other))
    assert (await rig.roster.of("jps")).sound


async def test_an_older_list_put_back_whole_is_not_seen(rig: Rig) -> None:
    """The threat model says so: whoever puts everything of a moment back, proof included, makes it that moment again."""
    first = await rig.person("Ivonne")
    rows, proof = await rig.storage.find(ReaderRow, {"school": "jps"}), await rig.storage.get(RosterRow, {"school": "jps"})
    assert proof is not None
    await rig.staff.new_recovery_key(first.session)
    await rig.overwrite(rows[0])
    assert not (await rig.roster.of("jps")).sound
    await rig.overwrite(proof)
    assert (await rig.roster.of("jps")).sound
