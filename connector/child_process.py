"""Children of this program: one Python module each, in a process that may crash, hang or swell without the daemon.

A child has one socket to its parent and no other descriptor, an environment of a few named variables, a session of its
own, and limits that the kernel keeps. It runs as the same user: files that this user may read, it may read too. What is
said over the socket belongs to the rooms that start children.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import subprocess  # noqa: TID251 - children are this very program (its own modules), never another one
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_INHERITED: Final = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "ODBCINI", "ODBCSYSINI", "ORACLE_HOME", "TNS_ADMIN", "NLS_LANG", "PGSYSCONFDIR",
)  # fmt: skip
"""What database drivers and the C library go by. No credentials directory, no notify socket, no proxy."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_REAP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the kernel holds a child to. `data_bytes` counts what it writes to in memory, not what it maps."""

    data_bytes: int | None = None
    open_files: int = 1024


class Child:
    """The parent's end of one child: its process and the socket to it."""

    def __init__(self, process: "subprocess.Popen[bytes]", sock: socket.socket) -> None:
        self._process, self.socket = process, sock

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the child and whatever it started, at once."""
        self.socket.close()
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait until a child that was killed, or is ending, is gone. Blocks, for a moment as a rule."""
        if self._process.poll() is not None:
            return
        # By the kernel's own handle: `Popen.wait` with a limit sleeps in between.
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(self._process.pid)
            try:
                poller = select.poll()  # not `select`, which takes no descriptor beyond the first thousand
                poller.register(handle, select.POLLIN)
                poller.poll(_REAP_SECONDS * 1000)
            finally:
                os.close(handle)
        self._process.poll()


def spawn(
    module: str,
    *,
    kind: socket.SocketKind = socket.SOCK_STREAM,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start `python -m module`, from the thread that outlives it: the child dies with that thread.

    Args:
        module: a module that calls `settle` first.
        kind: of the socket pair; the child's end is its standard input until `settle` has taken it.
        directory: where it starts; else the root.
        environment: variables beside the inherited few.

    Raises:
        OSError: no process, descriptor or memory is left for one.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    try:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            (sys.executable, "-P", "-m", module),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory or "/",
            env=_environment() | dict(environment or {}),
            start_new_session=True,
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Child(process, ours)


def settle(limits: Limits) -> socket.socket:
    """In the child, before anything else: take the socket, and put the limits in force.

    Raises:
        OSError: standard input is no socket: this was not started by `spawn`.
    """
    parent = os.getppid()
    sock = socket.socket(fileno=os.dup(0))
    sock.set_inheritable(False)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    _limit(resource.RLIMIT_CORE, 0)  # a core dump would hold what the child was reading
    _limit(resource.RLIMIT_NOFILE, limits.open_files)
    if limits.data_bytes is not None:
        _limit(resource.RLIMIT_DATA, limits.data_bytes)
    with contextlib.suppress(OSError):  # the kernel takes this one first when the machine runs out of memory
        Path("/proc/self/oom_score_adj").write_text("700", encoding="ascii")
    _die_with(parent)
    return sock


def keep_memory_private() -> None:
    """Let no process of the same user read or trace this one, and no core dump be made of it (PR_SET_DUMPABLE)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGKILL when the parent ends: a child that hangs would not see its socket close."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended in between
        os._exit(0)


def _environment() -> dict[str, str]:
    given = os.environ  # noqa: TID251 - read to leave nearly all of it behind
    return {name: given[name] for name in _INHERITED if name in given} | {
        # The child imports from where we do, wherever the connector and its adapters are installed.
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
    }
