"""Padding: what goes in comes out, and the length says which of three sizes, no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.keys import SealBroken
from bot.brievenbus.padding import STEPS, TooLong, pad, pad_to, unpad

LARGEST = STEPS[-1] - 4


@given(st.binary(max_size=LARGEST))
def test_what_goes_in_comes_out(data: bytes) -> None:
    padded = pad(data)
    assert len(padded) in STEPS
    assert unpad(padded) == data


@given(st.sampled_from(STEPS), st.data())
def test_the_length_says_only_the_step(step: int, data: st.DataObject) -> None:
    smallest = 0 if step == STEPS[0] else STEPS[STEPS.index(step) - 1] - 3
    length = data.draw(st.integers(smallest, step - 4))
    assert len(pad(b"a" * length)) == step


@pytest.mark.parametrize("step", STEPS)
def test_the_edges_of_each_step(step: int) -> None:
    assert len(pad(bytes(step - 4))) == step
    if step == STEPS[-1]:
        with pytest.raises(TooLong):
            pad(bytes(step - 3))
    else:
        assert len(pad(bytes(step - 3))) == STEPS[STEPS.index(step) + 1]


def test_what_does_not_fit_is_refused() -> None:
    assert unpad(pad_to(bytes(252), 256)) == bytes(252)
    with pytest.raises(TooLong):
        pad_to(bytes(253), 256)
    with pytest.raises(TooLong):
        pad(bytes(LARGEST + 1))


@given(st.binary(max_size=64))
def test_whatever_is_unpadded_is_opened_or_refused(padded: bytes) -> None:
    try:
        assert len(unpad(padded)) <= max(0, len(padded) - 4)
    except SealBroken:
        assert len(padded) < 4 or int.from_bytes(padded[:4], "big") > len(padded) - 4
