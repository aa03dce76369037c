"""Searches files for words, in every encoding at hand; for the tests that say what a stolen disk does not show."""

from __future__ import annotations

import base64
import binascii
import encodings.aliases
import gzip
import html
import json
import quopri
import sys
import urllib.parse
import zlib
from collections.abc import Iterable, Iterator, Mapping

# Shorter ones stand in random bytes by chance: six bytes in either case, in 10 MB, once in 400,000 searches.
SHORTEST = 6
_MOST_INFLATED = 1 << 20


def _codecs() -> tuple[str, ...]:
    """Every text encoding of Python that writes letters in a way of its own: UTF-8, -16, -32, -7, EBCDIC…"""
    found = {}
    for name in sorted(set(encodings.aliases.aliases.values())):
        try:
            written = "Aap noot ë Mies".encode(name)
        except (LookupError, UnicodeError, TypeError, ValueError):
            continue
        found.setdefault(written, name)
    return tuple(found.values())


CODECS = _codecs()


def spellings(word: str) -> set[bytes]:
    """A word as it may stand in a file.

    Raises:
        ValueError: the word is so short that it would be found in anything.
    """
    if len(word) < SHORTEST:
        raise ValueError("too short to search for")
    found: set[bytes] = set()
    for cased in {word, word.lower(), word.upper(), word.title(), word.capitalize()}:
        for text in (cased, cased[::-1]):
            found |= set(_in_all_codecs(text))
            found |= set(_escaped(text))
    for plain in set(_in_all_codecs(word)) | set(_in_all_codecs(word.lower())):
        found |= set(_as_text(plain))
    return {spelling for spelling in found if len(spelling) >= SHORTEST}


def _in_all_codecs(text: str) -> Iterator[bytes]:
    for codec in CODECS:
        try:
            yield text.encode(codec).removeprefix(b"\xff\xfe\x00\x00").removeprefix(b"\xff\xfe").removeprefix(b"\xef\xbb\xbf")
        except UnicodeError:
            continue
    yield text.encode("ascii", "ignore")


def _escaped(text: str) -> Iterator[bytes]:
    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(json.dumps(text))[3:-3].encode()
    yield repr(text.encode())[2:-1].encode()
    yield ascii(text)[1:-1].encode()
    yield html.escape(text).encode()
    yield text.encode("ascii", "xmlcharrefreplace")
    yield urllib.parse.quote(text).encode()
    yield urllib.parse.quote_plus(text).encode()
    yield "".join(f"%{byte:02X}" for byte in text.encode()).encode()
    yield "".join(f"%{byte:02x}" for byte in text.encode()).encode()
    yield quopri.encodestring(text.encode())
    yield "\x00".join(text).encode()
    yield " ".join(text).encode()
    yield text.encode().translate(bytes((byte - 1) % 256 for byte in range(256)))  # and the simplest ways to hide something
    yield text.encode().translate(bytes(byte ^ 0xFF for byte in range(256)))


def _as_text(plain: bytes) -> Iterator[bytes]:
    """Bytes written as text: hexadecimal, base64 at each of its three alignments, base32 at each of its five, base85."""
    yield binascii.hexlify(plain)
    yield binascii.hexlify(plain).upper()
    yield binascii.hexlify(plain, " ")
    yield binascii.hexlify(plain, ":")
    for before in range(3):
        whole = base64.b64encode(bytes(before) + plain)
        inner = whole[-(-before * 8 // 6) : len(whole) - (3 if (before + len(plain)) % 3 else 0)]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
    for before in range(5):
        whole = base64.b32encode(bytes(before) + plain)
        yield whole[-(-before * 8 // 5) : len(whole) - (8 if (before + len(plain)) % 5 else 0)]
    yield base64.b85encode(plain)
    yield base64.a85encode(plain)


class Haystack:
    """The content of files, and of what is compressed in them."""

    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = dict(parts)
        for name, part in parts.items():
            for number, inflated in enumerate(_inflated(part)):
                self._parts[f"{name}, inflated {number}"] = inflated
        self._lower = {name: part.lower() for name, part in self._parts.items()}
        # Every four bytes that stand somewhere: nearly all spellings are ruled out without reading a file again.
        self._fours: set[int] = set()
        for part in {*self._parts.values(), *self._lower.values()}:
            for offset in range(4):
                self._fours.update(memoryview(part[offset : offset + (len(part) - offset) // 4 * 4]).cast("I"))

    def find(self, words: Iterable[str]) -> list[str]:
        """Which words stand where; empty when none does."""
        found = []
        for word in words:
            exact = [spelling for spelling in spellings(word) if self._may_hold(spelling)]
            lower = [word.lower().encode(), word[::-1].lower().encode(), urllib.parse.quote(word).lower().encode()]
            lower = [spelling for spelling in lower if self._may_hold(spelling)]
            for name, part in self._parts.items():
                if any(spelling in part for spelling in exact) or any(spelling in self._lower[name] for spelling in lower):
                    found.append(f"{word!r} in {name}")
        return found

    def holds(self, raw: bytes) -> list[str]:
        """Where bytes stand: as they are, in hexadecimal, or in base64."""
        ways = {raw, *_as_text(raw)}
        ways = {way for way in ways if self._may_hold(way)}
        return [name for name, part in self._parts.items() if any(way in part for way in ways)]

    def _may_hold(self, spelling: bytes) -> bool:
        ends = (spelling[:4], spelling[-4:])
        return all(int.from_bytes(end, sys.byteorder) in self._fours for end in ends)


def _inflated(part: bytes) -> Iterator[bytes]:
    """What zlib and gzip streams hold, wherever they begin; and raw deflate, where a file begins with it."""
    begins = [(place, 15) for head in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda") for place in _places(part, head)]
    begins += [(place, 31) for place in _places(part, b"\x1f\x8b\x08")]
    begins += [(0, -15)]
    for place, bits in begins:
        try:
            inflated = zlib.decompressobj(bits).decompress(part[place:], _MOST_INFLATED)
        except zlib.error:
            continue
        if len(inflated) >= SHORTEST:
            yield inflated


def _places(part: bytes, head: bytes) -> Iterator[int]:
    place = part.find(head)
    while place >= 0:
        yield place
        place = part.find(head, place + 1)


def planted(word: str) -> dict[str, bytes]:
    """A word in a file in each way that must be found: to test the search itself."""
    text, raw = f"Vandaag zei {word} niets.", word.encode()
    ways: dict[str, bytes] = {codec: text.encode(codec, "ignore") for codec in CODECS if _fits(word, codec)}
    ways |= {
        "upper case": text.upper().encode(),
        "hex": text.encode().hex().encode(),
        "hex of utf-16": text.encode("utf-16-le").hex().encode(),
        "json": json.dumps({"a": text}).encode(),
        "json in json": json.dumps(json.dumps(text)).encode(),
        "percent": urllib.parse.quote(text).encode(),
        "html": html.escape(text).encode(),
        "repr": repr(text.encode()).encode(),
        "reversed": text[::-1].encode(),
        "zlib": b"\x00\x01" + zlib.compress(text.encode()),
        "zlib, quick": b"?" + zlib.compress(text.encode(), 1),
        "gzip": b"head" + gzip.compress(text.encode()),
        "deflate": zlib.compress(text.encode(), wbits=-15),
        "inverted": bytes(byte ^ 0xFF for byte in raw),
    }
    for before in range(5):
        plain = b"x" * before + raw + b"yz"
        ways[f"base64 {before}"] = base64.b64encode(plain)
        ways[f"base64url {before}"] = base64.urlsafe_b64encode(plain)
        ways[f"base32 {before}"] = base64.b32encode(plain)
        ways[f"base64 of utf-16 {before}"] = base64.b64encode(b"x" * before + word.encode("utf-16-le"))
    return ways


def _fits(word: str, codec: str) -> bool:
    try:
        word.encode(codec)
    except UnicodeError:
        return False
    return True
