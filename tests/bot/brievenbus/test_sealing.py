"""Keys, sealing and what they are bound to: properties that hold for any input."""

from __future__ import annotations

from dataclasses import replace

import nacl.utils
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from bot.brievenbus.code import CodeKeys
from bot.brievenbus.entries import (
    Entry,
    Kind,
    Side,
    StaffHead,
    State,
    ThreadHead,
    Urgency,
    entry_id,
    open_entry,
    open_staff_head,
    open_thread_head,
    open_track,
    seal_entry,
    seal_staff_head,
    seal_thread_head,
    thread_key,
)
from bot.brievenbus.keys import SealBroken, ServerKey, Stretching, decrypt, derive, encrypt
from bot.brievenbus.melding import check_melding, make_melding, nonce_hash, open_as_reader, open_head, open_with_code, sent_at
from bot.brievenbus.padding import STEPS, TooLong
from bot.brievenbus.roster import Reader, ReaderState
from bot.effects import PostMelding
from bot.storage import EntryRow, Insert, MeldingKeyRow, MeldingRow

KEY, MELDING = b"k" * 32, b"m" * 16
keys = st.binary(min_size=32, max_size=32)
texts = st.text(max_size=400)
entries = st.builds(
    Entry,
    number=st.integers(0, 2**31 - 1),
    side=st.sampled_from(Side),
    kind=st.sampled_from(Kind),
    half_day=st.integers(0, 100_000),
    author=texts,
    body=st.dictionaries(texts, texts | st.lists(st.lists(texts, max_size=2), max_size=3), max_size=2),
)


# --- derive --------------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_no_two_lists_of_parts_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (derive(KEY, "p", *one) == derive(KEY, "p", *other)) is (one == other)


def test_parts_do_not_flow_into_each_other() -> None:
    ways = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc"), (b"a", b"b", b"c"), ()]
    assert len({derive(KEY, "p", *parts) for parts in ways}) == len(ways)
    # A part that looks like a length followed by a part is still one part.
    assert derive(KEY, "p", (1).to_bytes(8, "big") + b"a") != derive(KEY, "p", b"a")


@given(keys, keys)
def test_another_key_or_purpose_gives_other_bytes(one: bytes, other: bytes) -> None:
    assume(one != other)
    assert derive(one, "p") != derive(other, "p")
    assert derive(one, "p") != derive(one, "q")
    assert thread_key(one) not in (one, thread_key(other))


def test_the_uses_of_the_server_key_are_apart() -> None:
    server = ServerKey(KEY)
    made = [server.key("x", b"v"), server.mac("x", b"v"), server.hash("x", b"v"), server.key("xv"), server.key("x", b"", b"v")]
    assert len({one[:16] for one in made}) == len(made)
    assert KEY not in made
    assert KEY.hex() not in repr(server)


def test_a_server_key_has_32_bytes() -> None:
    for length in (0, 16, 31, 33):
        with pytest.raises(ValueError, match="32 bytes"):
            ServerKey(bytes(length))


# --- encrypt and decrypt -------------------------------------------------------------------------------------------------


@given(keys, st.binary(max_size=2000), st.binary(max_size=40))
def test_what_was_sealed_opens(key: bytes, plain: bytes, bound: bytes) -> None:
    sealed = encrypt(key, plain, bound)
    assert decrypt(key, sealed, bound) == plain
    assert plain not in sealed or len(plain) < 6
    assert encrypt(key, plain, bound) != sealed


@given(keys, keys, st.binary(max_size=100))
def test_the_wrong_key_never_opens(key: bytes, other: bytes, plain: bytes) -> None:
    assume(key != other)
    with pytest.raises(SealBroken):
        decrypt(other, encrypt(key, plain, b""), b"")


@given(st.binary(max_size=100), st.binary(max_size=20), st.binary(max_size=20))
def test_it_opens_only_where_it_belongs(plain: bytes, bound: bytes, elsewhere: bytes) -> None:
    assume(bound != elsewhere)
    with pytest.raises(SealBroken):
        decrypt(KEY, encrypt(KEY, plain, bound), elsewhere)


@given(st.binary(max_size=60), st.data())
def test_any_flipped_bit_and_any_cut_is_seen(plain: bytes, data: st.DataObject) -> None:
    sealed = encrypt(KEY, plain, b"bound")
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    altered = bytearray(sealed)
    altered[bit // 8] ^= 1 << bit % 8
    for broken in (bytes(altered), sealed[: data.draw(st.integers(0, len(sealed) - 1))], sealed + b"\0"):
        with pytest.raises(SealBroken):
            decrypt(KEY, broken, b"bound")


@given(st.binary(max_size=80), st.binary(max_size=40))
def test_rubbish_is_refused_whatever_the_key(rubbish: bytes, key: bytes) -> None:
    with pytest.raises(SealBroken) as refused:
        decrypt(key, rubbish, b"")
    assert rubbish.hex() not in str(refused.value) or not rubbish


# --- entries and heads ---------------------------------------------------------------------------------------------------


@given(entries)
@settings(max_examples=60)
def test_an_entry_comes_back_as_it_was(entry: Entry) -> None:
    try:
        row = seal_entry(KEY, MELDING, entry)
    except TooLong:
        return
    assert row.size in STEPS
    assert len(row.sealed) == row.size + 40  # nonce of 24 bytes, proof of 16
    assert open_entry(KEY, entry.number, row) == entry


@given(entries, st.integers(0, 2**31 - 1), keys)
@settings(max_examples=40)
def test_an_entry_opens_in_its_own_place_only(entry: Entry, number: int, other: bytes) -> None:
    assume(number != entry.number)
    assume(other != KEY)
    row = seal_entry(KEY, MELDING, replace(entry, author="", body={}))
    for key, place, found in (
        (KEY, number, row),
        (KEY, number, replace(row, id=entry_id(KEY, MELDING, number))),
        (other, entry.number, row),
        (thread_key(KEY), entry.number, row),
        (KEY, entry.number, replace(row, melding=b"n" * 16)),
        (KEY, entry.number, replace(row, size=row.size * 4)),
    ):
        with pytest.raises(SealBroken):
            open_entry(key, place, found)


def test_a_text_of_4000_smileys_fits_and_a_longer_one_is_refused() -> None:
    entry = Entry(0, Side.PUPIL, Kind.MESSAGE, 1, "", {"tekst": "😀" * 4000})
    assert seal_entry(KEY, MELDING, entry).size == STEPS[-1]
    with pytest.raises(TooLong):
        seal_entry(KEY, MELDING, replace(entry, body={"tekst": "😀" * 4100}))


@given(st.integers(0, 10**6), st.sampled_from(State), st.booleans(), st.sampled_from(Urgency), st.none() | st.integers(0, 10**5))
def test_heads_come_back_and_have_one_length(count: int, state: State, unread: bool, urgency: Urgency, due: int | None) -> None:
    head = ThreadHead(count, state, unread, urgency, due)
    sealed = seal_thread_head(KEY, MELDING, head)
    assert open_thread_head(KEY, MELDING, sealed) == head
    staff = seal_staff_head(KEY, MELDING, StaffHead(count, "vriendelijke winterkoning"))
    assert open_staff_head(KEY, MELDING, staff).count == count
    assert len(sealed) == len(staff) == 256 + 40
    # One is never taken for the other, nor for that of another melding.
    for wrong in (lambda: open_thread_head(KEY, MELDING, staff), lambda: open_staff_head(KEY, MELDING, sealed)):
        with pytest.raises(SealBroken):
            wrong()
    with pytest.raises(SealBroken):
        open_thread_head(KEY, b"n" * 16, sealed)


def test_a_track_shows_what_is_missing_and_refuses_an_old_head() -> None:
    rows = [seal_entry(KEY, MELDING, Entry(n, Side.PUPIL, Kind.MESSAGE, 1, "", {"tekst": str(n)})) for n in range(3)]
    by_id = {row.id: row for row in rows}
    assert [getattr(one, "body", None) for one in open_track(KEY, MELDING, 3, by_id)] == [{"tekst": str(n)} for n in range(3)]
    without = {ident: row for ident, row in by_id.items() if row is not rows[1]}
    assert [type(one).__name__ for one in open_track(KEY, MELDING, 3, without)] == ["Entry", "Broken", "Entry"]
    for count in (0, 1, 2):
        with pytest.raises(SealBroken):
            open_track(KEY, MELDING, count, by_id)


# --- a whole melding -----------------------------------------------------------------------------------------------------


class Made:
    """A melding for two readers."""

    def __init__(self) -> None:
        self.server = ServerKey(KEY)
        self.private = [PrivateKey.generate() for _ in range(2)]
        readers = [
            Reader(bytes([n]) * 16, "jps", f"Lezer {n}", ReaderState.ACTIVE, bytes(one.public_key), True)
            for n, one in enumerate(self.private)
        ]
        self.code, self.nonce = CodeKeys(b"l" * 32, nacl.utils.random(32)), nacl.utils.random(16)
        post = PostMelding("jps", self.nonce, (("Wat?", "Mijn jas is weg."),), frozenset(), ("Meester Jan",), True)
        rows = [
            op.row for op in make_melding(self.server, post, self.code, readers, 41_000, 1_700_000_000) if isinstance(op, Insert)
        ]
        [self.row] = [row for row in rows if isinstance(row, MeldingRow)]
        self.keys = [row for row in rows if isinstance(row, MeldingKeyRow)]
        self.entries = [row for row in rows if isinstance(row, EntryRow)]


@pytest.fixture(scope="module")
def made() -> Made:
    return Made()


def test_both_ways_in_give_the_same_thread_key(made: Made) -> None:
    pupil = open_with_code(made.row, made.code.key)
    assert pupil.staff is None
    for key, private in zip(made.keys, made.private, strict=True):
        opened = open_as_reader(made.server, made.row, key, bytes(private))
        assert opened.staff is not None
        assert opened.thread == pupil.thread == thread_key(opened.staff)
    assert open_head(made.row, pupil.thread).unread
    assert sent_at(made.row, made.nonce) == 1_700_000_000


def test_every_melding_has_keys_of_its_own() -> None:
    ones = [Made() for _ in range(3)]
    threads = {open_with_code(one.row, one.code.key).thread for one in ones}
    assert len(threads) == len({one.row.id for one in ones}) == 3


@pytest.mark.parametrize(
    "column", ["id", "school", "half_day", "version", "code_lookup", "thread_locked", "nonce_hash", "sent_locked", "mac"]
)
def test_each_fixed_column_is_vouched_for(made: Made, column: str) -> None:
    value = getattr(made.row, column)
    other = value + 1 if isinstance(value, int) else value + value[:1]
    with pytest.raises(SealBroken):
        check_melding(made.server, replace(made.row, **{column: other}))
    check_melding(made.server, made.row)


@pytest.mark.parametrize(
    ("column", "other"), [("state", "gelezen"), ("state", "afgesloten"), ("urgency", "gewoon"), ("due", 41_000)]
)
def test_each_changing_column_agrees_with_the_head(made: Made, column: str, other: object) -> None:
    thread = open_with_code(made.row, made.code.key).thread
    with pytest.raises(SealBroken):
        open_head(replace(made.row, **{column: other}), thread)  # type: ignore[arg-type]


def test_a_readers_key_opens_for_that_reader_only(made: Made) -> None:
    other = Made()
    for server, row, key, private in (
        (made.server, made.row, made.keys[0], made.private[1]),
        (made.server, made.row, made.keys[0], PrivateKey.generate()),
        (ServerKey(b"x" * 32), made.row, made.keys[0], made.private[0]),
        (made.server, other.row, made.keys[0], made.private[0]),
        (made.server, made.row, replace(made.keys[0], reader=made.keys[1].reader), made.private[0]),
        (made.server, made.row, replace(made.keys[0], sealed=made.keys[0].sealed[:-1]), made.private[0]),
    ):
        with pytest.raises(SealBroken):
            open_as_reader(server, row, key, bytes(private))


def test_a_key_of_another_melding_with_a_true_proof_is_refused(made: Made) -> None:
    """Even the server's own proof does not make another melding's key fit."""
    other = Made()
    sealed = other.keys[0].sealed
    mac = made.server.mac(MeldingKeyRow.table, made.row.id, made.keys[0].reader, sealed)
    with pytest.raises(SealBroken):
        open_as_reader(made.server, made.row, replace(made.keys[0], sealed=sealed, mac=mac), bytes(other.private[0]))


def test_the_nonce_is_not_to_be_made_from_its_hash(made: Made) -> None:
    assert made.row.nonce_hash == nonce_hash(made.nonce)
    assert made.nonce not in b"".join(value for value in vars(made.row).values() if isinstance(value, bytes))
    with pytest.raises(SealBroken):
        sent_at(made.row, made.row.nonce_hash[:16])


def test_nothing_of_a_melding_is_told_in_a_log(made: Made) -> None:
    told = repr((made.row, made.keys, made.entries, made.code, open_with_code(made.row, made.code.key)))
    for secret in (made.code.key, made.nonce, made.row.thread_locked, made.keys[0].sealed, made.entries[0].sealed):
        assert repr(secret)[2:-1] not in told
        assert secret.hex() not in told


# --- passwords and codes are stretched -----------------------------------------------------------------------------------


def test_the_product_stretches_with_argon2id_at_64_mib_and_4_passes() -> None:
    assert Stretching() == Stretching(ops=4, memory=64 * 1024 * 1024)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_stretching_is_stable_and_tells_secrets_and_salts_apart(one: str, other: str) -> None:
    fast = Stretching(1, 8192)
    assume(one != other)
    first = fast.stretch(one, bytes(16), 64)
    assert first == fast.stretch(one.encode(), bytes(16), 64)
    others = (
        fast.stretch(other, bytes(16), 64),
        fast.stretch(one, b"s" * 16, 64),
        Stretching(2, 8192).stretch(one, bytes(16), 64),
    )
    assert first not in others
    assert len(set(others)) == 3
