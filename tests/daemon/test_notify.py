"""What the service manager is told, read at the other end of its socket."""

import socket

import pytest

from connector.daemon.notify import SystemdNotifier, Unheard, notifier, watchdog_seconds


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def heard(manager):
    return manager.recv(4096).decode().split("\n")


@pytest.fixture
def told(manager):
    return notifier({"NOTIFY_SOCKET": manager.getsockname()})


def test_it_says_when_it_is_ready(manager, told):
    told.ready()

    assert heard(manager) == ["READY=1"]


def test_a_reload_says_when_it_began_so_that_systemd_knows_which_signal_is_meant(manager, told):
    told.reloading()
    first, second = heard(manager)

    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert int(second.partition("=")[2]) > 0


def test_the_end_is_announced(manager, told):
    told.stopping()

    assert heard(manager)[0] == "STOPPING=1"


def test_a_line_that_is_shown_already_is_not_sent_again(manager, told):
    told.status("ready")
    told.status("ready")
    told.alive()

    assert heard(manager) == ["STATUS=ready"]
    assert heard(manager) == ["WATCHDOG=1"]


def test_a_line_feed_in_a_status_does_not_become_an_assignment(manager, told):
    told.status("source: down\nMAINPID=1")

    assert heard(manager) == ["STATUS=source: down MAINPID=1"]


def test_a_name_of_the_abstract_namespace_is_found():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0spsti-test-notify")
        notifier({"NOTIFY_SOCKET": "@spsti-test-notify"}).ready()

        assert listening.recv(100) == b"READY=1"


def test_a_manager_that_went_away_does_not_stop_the_daemon(tmp_path):
    SystemdNotifier(str(tmp_path / "nobody")).ready()


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_of_this_machine_nothing_is_said(environ):
    assert isinstance(notifier(environ), Unheard)


def test_the_watchdogs_patience_is_told_in_seconds():
    assert watchdog_seconds({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 7) == 60.0
    assert watchdog_seconds({"WATCHDOG_USEC": "500000"}, 7) == 0.5


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"},
    ],
)
def test_a_watchdog_that_is_off_or_another_processs_is_not_fed(environ):
    assert watchdog_seconds(environ, 7) is None
