"""The code of five words: made from server key and nonce, and split into what finds a melding and what opens it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.brievenbus.keys import KEY_BYTES, ServerKey, Stretching, derive
from bot.brievenbus.words import WordList

WORDS = 5
# 2,048 = 2**11 words: five of them are 55 bits. With Argon2id at 0.2 s a try, all codes take 2**55 * 0.2 s.
BITS_A_WORD = 11
NONCE_BYTES = 16
CODE_VERSION = 1


@dataclass(frozen=True)
class CodeKeys:
    """What one run of Argon2id gives.

    Attributes:
        lookup: 32 bytes, stored: finds the melding.
        key: 32 bytes, never stored: opens the thread key.
    """

    lookup: bytes = field(repr=False)
    key: bytes = field(repr=False)


class Codes:
    """Makes codes and turns them into keys."""

    def __init__(self, server: ServerKey, words: WordList, stretching: Stretching) -> None:
        """Take the server key and the list.

        The salt is the server's and the same for all codes: a code must find its melding without a name beside it.
        The parameters are therefore one setting for all codes of a server; `CODE_VERSION` stands with each melding.
        """
        self._server = server
        self._words = words
        self._stretching = stretching
        self._salt = server.key("code salt", size=16)

    def words_for(self, nonce: bytes) -> tuple[str, ...]:
        """The code that belongs to a nonce: always the same, so that a repeat after a crash shows it again."""
        number = int.from_bytes(self._server.key("code words", nonce, size=16), "big")
        size = 1 << BITS_A_WORD
        return tuple(self._words.words[(number >> (BITS_A_WORD * place)) % size] for place in range(WORDS))

    def keys_for(self, words: tuple[str, ...]) -> CodeKeys:
        """Argon2id of a code; slow on purpose, call it in a lane."""
        stretched = self._stretching.stretch(" ".join(words), self._salt, 64)
        return CodeKeys(derive(stretched, "code lookup", size=KEY_BYTES), derive(stretched, "code key", size=KEY_BYTES))
