"""The code of five words: even, always the same for a nonce, nothing without the server key, and never another child's."""

from __future__ import annotations

import string
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.brievenbus.code import BITS_A_WORD, NONCE_BYTES, WORDS, Codes
from bot.brievenbus.keys import ServerKey
from bot.brievenbus.words import load
from tests.bot.conftest import FAST

LIST = load()
SERVER = ServerKey(b"s" * 32)
CODES = Codes(SERVER, LIST, FAST)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
codes = st.tuples(*[st.sampled_from(LIST.words)] * WORDS)


@given(nonces)
def test_a_nonce_has_one_code(nonce: bytes) -> None:
    words = CODES.words_for(nonce)
    assert words == Codes(ServerKey(b"s" * 32), load(), FAST).words_for(nonce)
    assert len(words) == WORDS
    assert set(words) <= set(LIST.words)


@given(nonces, nonces)
def test_other_nonces_and_other_servers_have_other_codes(one: bytes, other: bytes) -> None:
    assume(one != other)
    assert CODES.words_for(one) != CODES.words_for(other)
    assert CODES.words_for(one) != Codes(ServerKey(b"t" * 32), LIST, FAST).words_for(one)


def test_every_word_comes_up_evenly_in_every_place() -> None:
    # 20,480 codes: each of 2,048 words ten times in a place on average; chi-squared has 2,047 degrees of freedom, so
    # 2047 ± 64, and six times that is far beyond chance. The nonces are fixed: this passes or fails for ever.
    assert len(LIST.words) == 1 << BITS_A_WORD
    made = [CODES.words_for(number.to_bytes(NONCE_BYTES, "big")) for number in range(10 * len(LIST.words))]
    assert len(set(made)) == len(made)
    for place in range(WORDS):
        counts = Counter(words[place] for words in made)
        chi = sum((counts[word] - 10) ** 2 / 10 for word in LIST.words)
        assert abs(chi - 2047) < 6 * 64, place
    # and places do not follow each other: the same word twice in a row is one in 2,048
    twins = sum(words[n] == words[n + 1] for words in made for n in range(WORDS - 1))
    assert 20 < twins < 65


@given(codes, codes)
@settings(max_examples=30, deadline=None)
def test_look_up_and_key_are_apart_and_belong_to_one_code(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assume(one != other)
    mine, theirs = CODES.keys_for(one), CODES.keys_for(other)
    assert mine == CODES.keys_for(one)
    assert len({mine.lookup, mine.key, theirs.lookup, theirs.key}) == 4
    assert mine.key.hex() not in repr(mine)
    # The look-up value is stored: with another server's salt it is another one.
    assert Codes(ServerKey(b"t" * 32), LIST, FAST).keys_for(one).lookup != mine.lookup


def test_the_order_of_the_words_matters() -> None:
    words = LIST.words[:5]
    assert CODES.keys_for(words).lookup != CODES.keys_for(words[::-1]).lookup


def test_five_words_are_55_bits() -> None:
    assert WORDS * BITS_A_WORD == 55
    assert len(set(LIST.words)) == 2048


# --- typing --------------------------------------------------------------------------------------------------------------


@given(codes, st.sampled_from([" ", "-", ", ", "\n", " . ", "  ", "\t"]), st.booleans())
def test_a_code_that_was_typed_rightly_is_read_as_it_is(words: tuple[str, ...], between: str, loud: bool) -> None:
    typed = between.join(words)
    assert LIST.read_code(typed.upper() if loud else typed).code == words


@st.composite
def slips(draw: st.DrawFn) -> tuple[tuple[str, ...], str]:
    """A code, and how it is typed with one slip of the finger in one word."""
    words = draw(codes)
    place = draw(st.integers(0, WORDS - 1))
    word = words[place]
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    kind = draw(st.sampled_from(("other", "more", "less", "swap")))
    if kind == "other":
        wrong = word[:at] + letter + word[at + 1 :]
    elif kind == "more":
        wrong = word[:at] + letter + word[at:]
    elif kind == "less":
        wrong = word[:at] + word[at + 1 :]
    else:
        wrong = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    return words, " ".join((*words[:place], wrong, *words[place + 1 :]))


@given(slips())
@settings(max_examples=400)
def test_one_slip_never_becomes_another_code_in_silence(slip: tuple[tuple[str, ...], str]) -> None:
    """It is read as what was meant, or a choice is offered with what was meant in it: never as somebody else's code."""
    words, typed = slip
    reading = LIST.read_code(typed)
    if reading.code is not None:
        assert reading.code == words
        return
    assert reading.five
    for meant, found in zip(words, reading.corrections, strict=True):
        assert found.word in (meant, None)
        if found.word is None:
            assert meant in found.candidates


@given(st.text(max_size=200))
def test_whatever_is_typed_is_read(typed: str) -> None:
    reading = LIST.read_code(typed)
    assert reading.code is None or (len(reading.code) == WORDS and set(reading.code) <= set(LIST.words))


@pytest.mark.parametrize("typed", ["", " ", "🙂", "a b c d e", "een twee drie", "'; DROP TABLE melding; --", "/" * 5000])
def test_what_is_no_code_opens_nothing(typed: str) -> None:
    assert LIST.read_code(typed).code is None
