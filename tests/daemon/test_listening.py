"""Sockets that are handed over, and addresses that cannot be had."""

import errno
import os
import socket

import pytest

from connector.core.errors import ConfigFault
from connector.daemon import listening
from connector.daemon.listening import Address, HandedOver, handed_over


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def of(listener):
    return HandedOver({"peer": listener})


def environ(count, names, pid=None):
    return {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names}


@pytest.fixture
def placed(monkeypatch):
    """Let the descriptors begin where a test can put some: 3 and 4 are pytest's own."""

    def place(*sockets):
        copies = [os.dup(sock.fileno()) for sock in sockets]
        first = 200
        for number, copy in enumerate(copies, first):
            os.dup2(copy, number)
            os.close(copy)
        monkeypatch.setattr(listening, "_FIRST_DESCRIPTOR", first)

    return place


def test_sockets_are_taken_up_by_their_names_and_not_passed_on(placed, listener):
    with socket.create_server(("127.0.0.1", 0)) as other:
        placed(listener, other)
        found = handed_over(environ(2, "local:peer"), os.getpid()).sockets
        names = {name: sock.getsockname() for name, sock in found.items()}

        assert names == {"local": listener.getsockname(), "peer": other.getsockname()}
        assert not any(sock.get_inheritable() for sock in found.values())
    for sock in found.values():
        sock.close()


@pytest.mark.parametrize("given", [{}, environ(2, "peer:local", pid=1), environ("many", "peer")])
def test_what_was_handed_to_another_process_is_left_alone(given):
    assert handed_over(given, os.getpid()).sockets == {}


@pytest.mark.parametrize(("count", "names"), [(1, "connection"), (1, ""), (2, "peer:peer")])
def test_a_name_that_is_not_known_or_comes_twice_is_refused(placed, listener, count, names):
    placed(listener, listener)

    with pytest.raises(ConfigFault) as refused:
        handed_over(environ(count, names), os.getpid())

    assert "peer, local" in str(refused.value)
    assert "FileDescriptorName=peer" in str(refused.value)


def test_a_socket_that_does_not_listen_is_refused(placed):
    with socket.socket() as idle:
        placed(idle)
        with pytest.raises(ConfigFault, match="no listening TCP socket"):
            handed_over(environ(1, "peer"), os.getpid())


def test_a_socket_of_this_machine_only_is_refused(placed, tmp_path):
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "socket"))
        local.listen()
        placed(local)
        with pytest.raises(ConfigFault, match="no listening TCP socket"):
            handed_over(environ(1, "local"), os.getpid())


def test_a_descriptor_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(listening, "_FIRST_DESCRIPTOR", 900)

    with pytest.raises(ConfigFault, match="descriptor 900"):
        handed_over(environ(1, "peer"), os.getpid())


def test_the_socket_must_be_the_one_that_the_configuration_names(listener):
    port = listener.getsockname()[1]

    assert of(listener).address("peer", f"127.0.0.1:{port}").sock is listener
    for elsewhere in (f"127.0.0.1:{port - 1}", f"0.0.0.0:{port}", f"[::1]:{port}", f"127.0.0.2:{port}"):
        with pytest.raises(ConfigFault, match="the socket handed over listens on 127.0.0.1"):
            of(listener).address("peer", elsewhere)


def test_a_socket_for_the_whole_network_is_no_socket_for_loopback():
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        port = everywhere.getsockname()[1]

        with pytest.raises(ConfigFault):
            HandedOver({"local": everywhere}).address("local", f"127.0.0.1:{port}")
        assert HandedOver({"local": everywhere}).address("local", f"[::]:{port}").sock is everywhere


def test_without_a_socket_the_address_is_the_configurations():
    assert HandedOver().address("local", "[::1]:8480") == Address("local", "::1", 8480)


@pytest.mark.parametrize(
    ("number", "port", "says"),
    [
        (errno.EADDRINUSE, 8443, "[peer] listen = 192.0.2.1:8443: cannot be listened on (address already in use)"),
        (errno.EADDRINUSE, 8443, "another program listens there: ss -ltnp 'sport = :8443' names it"),
        (errno.EADDRNOTAVAIL, 8443, "this machine has no such address"),
        (errno.EACCES, 443, "take a port from 1024 on"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_had_is_named_with_a_remedy(number, port, says):
    refused = Address("peer", "192.0.2.1", port).refused(OSError(number, "whatever"))

    assert says in refused.strerror
