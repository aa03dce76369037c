"""The recovery key on paper: what is forgiven in typing it, and what is not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.recovery import RecoveryKeyWrong, lock_secret, new_recovery_key, open_secret

READER = b"r" * 16
SECRET = b"s" * 32


def test_it_is_eight_groups_of_four_and_never_the_same() -> None:
    keys = {new_recovery_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){7}", key) for key in keys)


@pytest.mark.parametrize(
    "slip",
    [
        str.lower,
        lambda key: key.replace("-", ""),
        lambda key: key.replace("-", "  "),
        lambda key: f"  {key}\n",
        lambda key: key.replace("O", "0").replace("I", "1").replace("B", "8"),
        lambda key: key.replace("-", "–"),
    ],
)
def test_a_slip_of_the_pen_does_not_matter(slip) -> None:  # type: ignore[no-untyped-def]
    key = "OIBA-2345-67AB-CDEF-GHIJ-KLMN-OPQR-STUV"
    assert open_secret(slip(key), READER, lock_secret(key, READER, SECRET)) == SECRET


def test_another_key_another_reader_or_an_altered_lock_opens_nothing() -> None:
    key = new_recovery_key()
    locked = lock_secret(key, READER, SECRET)
    for typed, reader, lock in (
        (new_recovery_key(), READER, locked),
        (key, b"q" * 16, locked),
        (key, READER, locked[:-1]),
        (key, READER, locked[:-1] + bytes([locked[-1] ^ 1])),
        (key[:-1], READER, locked),
        (key + "A", READER, locked),
    ):
        with pytest.raises(RecoveryKeyWrong):
            open_secret(typed, reader, lock)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_answered(typed: str) -> None:
    locked = lock_secret("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH", READER, SECRET)
    with pytest.raises(RecoveryKeyWrong):
        open_secret(typed, READER, locked)
