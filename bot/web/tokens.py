"""Sender tokens: the name of a web conversation, given out without a row being written.

A token is 16 random bytes and a proof under the server key over those bytes and the school. So nobody can make one up,
nobody can take one to another school, and the server remembers none.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets

from bot.brievenbus.keys import KEY_BYTES, SealBroken, ServerKey

_RANDOM_BYTES = 16  # 128 bits, as every id here
_LENGTH = (_RANDOM_BYTES + KEY_BYTES) * 4 // 3  # 48 bytes: base64 without padding, so that each token is written in one way
_SHAPE = re.compile(rf"[A-Za-z0-9_-]{{{_LENGTH}}}")


class TokenRefused(Exception):
    """A sender token that this server did not give out, or gave out for another school."""


class SenderTokens:
    """Makes and checks sender tokens."""

    def __init__(self, key: ServerKey) -> None:
        self._key = key

    def make(self, school: str) -> str:
        """A fresh token for one conversation at ``school``: 64 characters that may stand in a form."""
        random = secrets.token_bytes(_RANDOM_BYTES)
        return base64.urlsafe_b64encode(random + self._key.mac("sender", random, school.encode())).decode()

    def check(self, token: str, school: str) -> None:
        """Compare in constant time.

        Raises:
            TokenRefused: whatever is wrong with it; the message never says what.
        """
        if not _SHAPE.fullmatch(token):
            raise TokenRefused("not a token of ours")
        try:
            raw = base64.urlsafe_b64decode(token)
            self._key.check(raw[_RANDOM_BYTES:], "sender", raw[:_RANDOM_BYTES], school.encode())
        except (SealBroken, binascii.Error) as error:
            raise TokenRefused("not a token of ours") from error
