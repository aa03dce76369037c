"""The keys that are not a person's: what is made from the server key, and the small steps that every sealing uses.

Nothing here is cryptography of our own: BLAKE2b (keyed, with a purpose) derives and authenticates, XChaCha20-Poly1305
(``nacl.secret.Aead``) encrypts, Argon2id stretches what a person can remember.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import nacl.exceptions
import nacl.pwhash
from nacl.secret import Aead

KEY_BYTES = 32


class SealBroken(Exception):
    """Something sealed does not open: it was altered, swapped or cut off, or the key is another one."""


def derive(key: bytes, purpose: str, *parts: bytes, size: int = KEY_BYTES) -> bytes:
    """Bytes that only the holder of ``key`` can make; another purpose or other parts give unrelated bytes.

    Args:
        key: 16 to 64 bytes.
        purpose: at most 16 ASCII characters (BLAKE2b's ``person``).
        parts: bound with their lengths, so that no two lists of parts collide.
        size: 16 to 64 bytes.
    """
    digest = hashlib.blake2b(key=key, person=purpose.encode("ascii"), digest_size=size)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Encrypt ``plain``; it opens only with the same key and the same ``bound``. Returns nonce and ciphertext."""
    return bytes(Aead(key).encrypt(plain, bound))


def decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Undo `encrypt`.

    Raises:
        SealBroken: whatever the cause; the message never says which.
    """
    try:
        return bytes(Aead(key).decrypt(sealed, bound))
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as error:
        raise SealBroken("does not open") from error


@dataclass(frozen=True)
class Stretching:
    """Parameters of Argon2id. They are stored with each record, so that they can grow.

    Attributes:
        ops: passes over the memory.
        memory: bytes.
    """

    ops: int = 4
    memory: int = 64 * 1024 * 1024

    def stretch(self, secret: str | bytes, salt: bytes, size: int) -> bytes:
        """Argon2id of a secret: slow on purpose (about 0.2 s with the defaults); call it in a `Lane`.

        Args:
            secret: a password, or a code of five words.
            salt: 16 bytes.
            size: bytes of the result.
        """
        raw = secret.encode() if isinstance(secret, str) else secret
        return bytes(nacl.pwhash.argon2id.kdf(size, raw, salt, opslimit=self.ops, memlimit=self.memory))


class ServerKey:
    """The key of this server. It opens no melding: it proves who wrote a row, hides names, and locks chat state."""

    def __init__(self, secret: bytes) -> None:
        """Take 32 secret bytes.

        Raises:
            ValueError: the key has another length.
        """
        if len(secret) != KEY_BYTES:
            raise ValueError("a server key has 32 bytes")
        self._secret = secret

    def __repr__(self) -> str:
        return "ServerKey()"

    def mac(self, table: str, *parts: bytes) -> bytes:
        """Proof that this server wrote a row: whoever can only write the database cannot make it."""
        return derive(self._secret, "row", table.encode(), *parts)

    def check(self, mac: bytes, table: str, *parts: bytes) -> None:
        """Compare a proof in constant time.

        Raises:
            SealBroken: this server did not write the row like this.
        """
        if not hmac.compare_digest(mac, self.mac(table, *parts)):
            raise SealBroken(f"a row of {table} was not written by this server")

    def hash(self, purpose: str, value: bytes) -> bytes:
        """A look-up value (16 bytes) that says nothing without the server key."""
        return derive(self._secret, "hash", purpose.encode(), value, size=16)

    def key(self, purpose: str, *parts: bytes, size: int = KEY_BYTES) -> bytes:
        """A key for one purpose."""
        return derive(self._secret, "key", purpose.encode(), *parts, size=size)
