"""The guard in conftest.py: a test that reaches for the network fails, one that talks to itself does not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.conftest import NetworkUsed


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.org", 80), ("2001:db8::1", 80, 0, 0)])
def test_connecting_elsewhere_fails(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as ours, pytest.raises(NetworkUsed):
        ours.connect(address)


def test_a_datagram_elsewhere_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours, pytest.raises(NetworkUsed):
        ours.sendto(b"x", ("192.0.2.1", 53))


def test_looking_up_a_name_fails() -> None:
    with pytest.raises(NetworkUsed):
        socket.getaddrinfo("example.org", 443)


async def test_asyncio_fails_too() -> None:
    with pytest.raises(NetworkUsed):
        await asyncio.open_connection("192.0.2.1", 80)


def test_this_machine_may_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        connection, _ = server.accept()
        connection.close()
        assert client.getpeername() == server.getsockname()
