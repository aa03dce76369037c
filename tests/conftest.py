"""For every test: no network but the loopback, whatever library asks for it; no examples that fail by being slow."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# A busy machine is no failing test; and what CI tried can be tried again.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("house")


class NetworkUsed(BaseException):
    """A test reached for the network. No ``Exception``: code under test that swallows those must not hide it."""


def _refuse_unless_loopback(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return
    try:
        allowed = ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:  # a name: asking for its address is network too
        allowed = False
    if not allowed:
        raise NetworkUsed(f"a test may not use the network; it asked for {name}")


def _guarded(method: Any) -> Any:
    def call(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]  # sendto(data, flags, address), connect(address)
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            _refuse_unless_loopback(address[0])
        return method(self, *arguments)

    return call


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Make connecting to, sending to and looking up anything but this machine fail loudly."""
    patch = pytest.MonkeyPatch()
    # asyncio connects through these too. (uvloop would not; no test runs it inside this process.)
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    look_up = socket.getaddrinfo

    def guarded_look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        _refuse_unless_loopback(host)
        return look_up(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    patch.undo()
