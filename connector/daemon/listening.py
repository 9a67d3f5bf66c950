"""Where the daemon listens: on sockets that systemd bound and hands over (sd_listen_fds(3)), or on its own addresses.

A socket that is handed over outlives the daemon: while it restarts, callers wait in the kernel's queue instead of being
refused. It must be the one that the configuration names: a unit that binds the local side to the whole network, where
the configuration says loopback, would show identities in clear.
"""

import errno
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from connector.core.errors import ConfigFault
from connector.core.faults import reason

NAMES: Final = ("peer", "local")
"""`FileDescriptorName=` of the two sockets, and the sections of the configuration that hold their `listen`."""

_FIRST_DESCRIPTOR: Final = 3
_PRIVILEGED: Final = 1024


class CannotListen(OSError):
    """An address cannot be had; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where one side listens, and the socket for it where one was handed over."""

    section: str
    host: str
    port: int
    sock: socket.socket | None = None

    def refused(self, error: OSError) -> CannotListen:
        """Say why this address cannot be listened on."""
        where = f"[{self.section}] listen = {_text(self.host, self.port)}"
        remedies = {
            errno.EADDRINUSE: f"another program listens there: ss -ltnp 'sport = :{self.port}' names it; stop it, or "
            "change the address",
            errno.EADDRNOTAVAIL: "this machine has no such address: ip -brief address lists those it has",
            errno.EACCES: "this user may not listen there"
            + (f": take a port from {_PRIVILEGED} on, or the .socket unit" if self.port < _PRIVILEGED else ""),
        }
        remedy = remedies.get(error.errno or 0, "choose another address")
        reason = os.strerror(error.errno) if error.errno else "no such host"
        return CannotListen(error.errno, f"{where}: cannot be listened on ({reason.lower()}) - {remedy}")


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The sockets that the service manager bound, by name; each is used once."""

    sockets: Mapping[str, socket.socket] = field(default_factory=dict)

    def address(self, section: str, listen: str) -> Address:
        """Join what the configuration says of one side to the socket for it.

        Raises:
            ConfigFault: the socket listens elsewhere.
        """
        host, port = split(listen)
        sock = self.sockets.get(section)
        if sock is not None:
            bound_host, bound_port = sock.getsockname()[:2]
            if not _agree((host, port), (bound_host, bound_port)):
                got = _text(bound_host, bound_port)
                raise ConfigFault.of("socket.elsewhere", section=section, got=got, listen=listen)
        return Address(section, host, port, sock)


def handed_over(environ: Mapping[str, str], pid: int) -> HandedOver:
    """Take up the sockets that were handed to this very process; none where it was started otherwise.

    They are not passed on to children.

    Raises:
        ConfigFault: a descriptor has another name, or is no listening TCP socket, or there are two of one name.
    """
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return HandedOver()
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    names = (names + [""] * int(count))[: int(count)]
    for place, name in enumerate(names):
        if name not in NAMES or name in names[:place]:
            raise ConfigFault.of("socket.name", name=name, allowed=list(NAMES))
    return HandedOver({name: _take(descriptor, name) for descriptor, name in enumerate(names, _FIRST_DESCRIPTOR)})


def _take(descriptor: int, name: str) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the library's signature
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ConfigFault.of("socket.unusable", descriptor=descriptor, name=name, reason=reason(error)) from None
    is_tcp = sock.family in {socket.AF_INET, socket.AF_INET6} and sock.type == socket.SOCK_STREAM
    if not is_tcp or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        sock.close()
        raise ConfigFault.of("socket.not-listening", descriptor=descriptor, name=name)
    sock.settimeout(0)
    return sock


def split(listen: str) -> tuple[str, int]:
    """Give host and port of an address of the configuration, which is known to be one."""
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def _agree(configured: tuple[str, int], bound: tuple[str, int]) -> bool:
    ours, theirs = _ip(configured[0]), _ip(bound[0])
    same_host = ours == theirs or (ours.is_unspecified and theirs.is_unspecified)
    return same_host and configured[1] in {bound[1], 0}


def _ip(host: str) -> IPv4Address | IPv6Address:
    found = ip_address(host)
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _text(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
