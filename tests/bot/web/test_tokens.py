"""Sender tokens: only this server makes them, and only for one school."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brievenbus.keys import ServerKey
from bot.web.tokens import SenderTokens, TokenRefused

TOKENS = SenderTokens(ServerKey(b"a" * 32))


def test_a_token_that_was_given_out_is_taken() -> None:
    token = TOKENS.make("jps")
    assert len(token) == 64
    TOKENS.check(token, "jps")


def test_no_two_tokens_are_the_same() -> None:
    assert len({TOKENS.make("jps") for _ in range(100)}) == 100


@given(position=st.integers(0, 63), other=st.sampled_from("AZaz09-_"))
def test_one_other_character_and_it_is_refused(position: int, other: str) -> None:
    token = TOKENS.make("jps")
    changed = token[:position] + other + token[position + 1 :]
    if changed == token:
        TOKENS.check(changed, "jps")
    else:
        with pytest.raises(TokenRefused):
            TOKENS.check(changed, "jps")


@given(st.text(max_size=80))
def test_whatever_else_is_refused(text: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.check(text, "jps")


@pytest.mark.parametrize("change", ["{}=", " {}", "{}\n", "{}A"])
def test_a_token_is_written_in_one_way(change: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.check(change.format(TOKENS.make("jps")), "jps")


def test_another_school_or_another_server_refuses_it() -> None:
    token = TOKENS.make("jps")
    with pytest.raises(TokenRefused):
        TOKENS.check(token, "vo")
    with pytest.raises(TokenRefused):
        SenderTokens(ServerKey(b"b" * 32)).check(token, "jps")
