"""What the process that looks into one document may still do: compute, read what it holds open, answer, and end.

Limits of memory, processor time, file size and wall time are the kernel's, set before the first byte is parsed. A
filter of system calls then leaves those that the work needs: no file can be opened, no socket or process made, no
other process touched. Where the kernel or the processor is not known the filter is left out, and `confine` says so.
"""

import ctypes
import math
import platform
import resource
import signal
import struct
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_EPERM: Final = 0x00050000 | 1
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4

# By processor: its AUDIT_ARCH_* value (linux/audit.h) and the numbers of the calls that are left (unistd.h).
_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        {
            "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
            "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "pread64": 17,
            "pwrite64": 18, "readv": 19, "writev": 20, "sched_yield": 24, "mremap": 25, "madvise": 28, "dup": 32,
            "getpid": 39, "sendto": 44, "sendmsg": 46, "exit": 60, "fcntl": 72, "fsync": 74, "ftruncate": 77,
            "gettimeofday": 96, "getrusage": 98, "times": 100, "sigaltstack": 131, "gettid": 186, "time": 201,
            "futex": 202, "clock_gettime": 228, "clock_getres": 229, "exit_group": 231, "newfstatat": 262,
            "getrandom": 318, "membarrier": 324, "statx": 332, "rseq": 334,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226,
            "munmap": 215, "brk": 214, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "ioctl": 29,
            "pread64": 67, "pwrite64": 68, "readv": 65, "writev": 66, "sched_yield": 124, "mremap": 216,
            "madvise": 233, "dup": 23, "getpid": 172, "sendto": 206, "sendmsg": 211, "exit": 93, "fcntl": 25,
            "fsync": 82, "ftruncate": 46, "gettimeofday": 169, "getrusage": 165, "times": 153, "sigaltstack": 132,
            "gettid": 178, "futex": 98, "clock_gettime": 113, "clock_getres": 114, "exit_group": 94,
            "newfstatat": 79, "getrandom": 278, "membarrier": 283, "statx": 291, "rseq": 293,
        },
    ),
}  # fmt: skip


def limit(*, memory_bytes: int, seconds: float, file_bytes: int) -> None:
    """Put limits on this process: what it may map, its time of processor and of wall clock, what it may write.

    At the end of the wall time the kernel ends it (SIGALRM, whose default is to terminate).
    """
    for which, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        resource.setrlimit(which, (value, value))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def confine() -> bool:
    """Leave this process the few system calls that its work needs; says whether the kernel took the filter.

    Every other call fails with EPERM, a call of another architecture ends the process. It cannot be undone.
    """
    known = _CALLS.get(platform.machine())
    if known is None:
        return False
    program = _filter(known[0], sorted(known[1].values()))
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return False
    instructions = ctypes.create_string_buffer(program, len(program))
    header = _Program(len(program) // 8, ctypes.cast(instructions, ctypes.c_void_p))
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0) == 0)


class _Program(ctypes.Structure):
    """`struct sock_fprog` (linux/filter.h)."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _filter(architecture: int, numbers: list[int]) -> bytes:
    """Give the program as `struct sock_filter`s: code, jump if true, jump if false, operand."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for place, number in enumerate(numbers):
        steps.append((_IF_EQUAL, len(numbers) - place, 0, number))
    steps += [(_RETURN, 0, 0, _EPERM), (_RETURN, 0, 0, _ALLOW)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
