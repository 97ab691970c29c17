"""No test may talk to the outside world, and none must be kept from the servers it starts on this machine."""

import asyncio
import socket
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use:UserWarning")  # it is said twice, raised once

OUTSIDE = ("192.0.2.1", 9)  # a documentation address (RFC 5737): nobody, even without the guard


def test_an_outside_host_is_refused() -> None:
    with socket.socket() as probe, pytest.raises(SocketConnectBlockedError):
        probe.connect(OUTSIDE)


def test_an_outside_host_is_refused_in_a_helper_function() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(OUTSIDE, timeout=1)


async def test_an_outside_host_is_refused_to_asyncio() -> None:
    with pytest.raises(SocketConnectBlockedError):
        await asyncio.open_connection(*OUTSIDE)


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        listener.accept()[0].close()


def test_unix_sockets_work(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as caller:
        listener.bind(path)
        listener.listen()
        caller.connect(path)
        listener.accept()[0].close()
