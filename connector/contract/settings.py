"""The limits that the guard keeps a vendor's adapter to, and who decided where an opposition is recorded."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from connector.core.days import Day
from connector.core.units import MIB


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Time in seconds, sizes in bytes. A place is one call under way: a hung call keeps its place until it returns.

    The defaults leave a lookup enough of the requester's ten seconds to be answered, and let a handful of documents
    flow beside the questions.
    """

    look_seconds: float = 5.0
    trace_seconds: float = 10.0
    file_seconds: float = 60.0
    health_seconds: float = 5.0
    counts_seconds: float = 120.0
    start_seconds: float = 20.0
    close_seconds: float = 5.0
    chunk_seconds: float = 10.0
    document_seconds: float = 300.0
    max_document_bytes: int = 100 * MIB
    question_places: int = 16
    document_places: int = 24
    write_places: int = 4
    wait_seconds: float = 1.0
    """How long a call waits for a place before the adapter counts as busy."""
    failures_to_open: int = 5
    """Failures in a row after which the adapter is left alone…"""
    reopen_seconds: float = 15.0
    """…and for how long, before one call tries again."""


class Isolation(StrEnum):
    """Where an adapter runs (docs/adr/0008)."""

    PROCESS = "process"
    """In a child of its own: its crash, hang and memory concern it alone."""
    NONE = "none"
    """In the daemon."""


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """How an adapter's process is held. Memory is what it writes to, not what it maps.

    A call that was called off has `hang_seconds` to say so; then the process counts as hanging and is replaced, as it
    is when half of its question places are held by calls that do not end. After `restart_seconds` of life a death is
    an accident; sooner ones in a row double the pause before the next start, up to `longest_pause_seconds`.
    """

    memory_bytes: int = 1024 * MIB
    start_seconds: float = 20.0
    hang_seconds: float = 10.0
    restart_seconds: float = 60.0
    longest_pause_seconds: float = 60.0
    credentials: Path | None = None
    """Where systemd put this service's credentials: the process sees those that its options name, and no other."""


CREDENTIAL_PREFIX = "spsti_"
"""systemd names the files of a directory that it loads as one (`LoadCredential=spsti:DIRECTORY`) so."""


def credential_in(directory: Path, name: str) -> Path:
    """Give the file of a credential, loaded alone under its name, or with the others of a directory."""
    together = directory / f"{CREDENTIAL_PREFIX}{name}"
    return together if together.exists() else directory / name


class Authority(StrEnum):
    """Who says whether a worker objects: the vendor's software, the connector's register, or both (DESIGN 5)."""

    ADAPTER = "adapter"
    REGISTER = "register"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class OppositionSettings:
    """The controller's decision, dated and signed by name; it has no default.

    `register_complete` is the controller's word that every opposition is in the register, so that no entry means no.
    """

    authority: Authority
    decided_on: Day
    decided_by: str
    register_complete: bool = False
