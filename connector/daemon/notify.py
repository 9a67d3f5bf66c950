"""What systemd is told of this process (sd_notify(3)): ready, reloading, stopping, a line of status, still alive.

Datagrams of `NAME=value` lines to the socket that `$NOTIFY_SOCKET` names. Without it every call does nothing, so that
the daemon is the same under systemd, in a container and by hand. A lost datagram is no reason to stop answering: what
cannot be sent is dropped. When to say what is the daemon's; that the ledger still writes is the pulse's.
"""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

_MICROSECONDS: Final = 1_000_000
_LONGEST_STATUS: Final = 300


class Notifier(Protocol):
    """Tells the service manager how this process stands."""

    def ready(self) -> None:
        """It listens; also the end of a reload."""
        ...

    def reloading(self) -> None:
        """It reads its configuration again: `ready` ends it."""
        ...

    def stopping(self) -> None:
        """It drains, and ends."""
        ...

    def status(self, line: str) -> None:
        """Show a line in `systemctl status`."""
        ...

    def alive(self) -> None:
        """Let the watchdog wait anew."""
        ...


class Unheard:
    """Started by nobody who listens."""

    def ready(self) -> None:
        """Say nothing."""

    def reloading(self) -> None:
        """Say nothing."""

    def stopping(self) -> None:
        """Say nothing."""

    def status(self, line: str) -> None:
        """Say nothing."""

    def alive(self) -> None:
        """Say nothing."""


class SystemdNotifier:
    """Sends to systemd's socket: a path, or a name of the abstract namespace behind an `@`."""

    def __init__(self, address: str) -> None:
        """Keep the address; it is only looked at when something is sent."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._line = ""

    def ready(self) -> None:
        """It listens."""
        self._send("READY=1")

    def reloading(self) -> None:
        """It reads its configuration again; the instant tells systemd which SIGHUP is meant (Type=notify-reload)."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """It drains, and ends."""
        self._send("STOPPING=1", "STATUS=stopping: what is under way may end, nothing new begins")

    def status(self, line: str) -> None:
        """Show a line; one that is shown already is not sent again."""
        line = " ".join(line.split())[:_LONGEST_STATUS]  # a line feed would begin another assignment
        if line != self._line:
            self._line = line
            self._send(f"STATUS={line}")

    def alive(self) -> None:
        """Let the watchdog wait anew."""
        self._send("WATCHDOG=1")

    def _send(self, *assignments: str) -> None:
        # Nobody to tell it to: systemd is being restarted, or was never there. It asks again by its watchdog.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            sock.sendto("\n".join(assignments).encode(), self._address)


def notifier(environ: Mapping[str, str]) -> Notifier:
    """Give what tells the service manager named by the environment."""
    address = environ.get("NOTIFY_SOCKET", "")
    return SystemdNotifier(address) if address.startswith(("/", "@")) else Unheard()


def watchdog_seconds(environ: Mapping[str, str], pid: int) -> float | None:
    """Give within how many seconds the manager wants to hear from this process, None where it does not wait.

    `$WATCHDOG_PID` may name another process, of which we are only a child (sd_watchdog_enabled(3)).
    """
    given, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not given.isdecimal() or int(given) == 0 or whose != str(pid):
        return None
    return int(given) / _MICROSECONDS
