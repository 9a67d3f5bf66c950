"""What a vendor's developer subclasses: the two halves of an adapter, its options, and the ways to say what is wrong.

A *source* reads the records that the service's software holds; a *sink* delivers into it. Methods may be plain or
`async`, each as its author likes. How they are found is `contract.discovery`, what protects the connector from them
`contract.guard`. Nothing else of the connector is needed to write one: see docs/adapters.md, examples first.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.network import STRAIGHT, Proxies
from connector.core.oid import Environment
from connector.core.records import (
    AdapterHealth,
    Announcement,
    Counts,
    Look,
    ReceivedDocument,
    Remark,
    ToldToWorker,
    Trace,
)

CONTRACT_VERSION = 1
"""What this connector speaks. It grows by things that have a default; only what breaks an adapter makes it 2."""


class AdapterOptions(BaseModel):
    """Base of an adapter's options: the keys of `[source.options]` or `[sink.options]`, with their types.

    An unknown key is a fault, and no fault repeats the value that was given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """What the connector tells an adapter of the house it runs in.

    Relative paths of the options start at `config_directory`; `data_directory` is the adapter's own and survives
    upgrades (it exists when the first question comes). `now()` is the connector's clock. `proxies` are the forward
    proxies of `[network]`: an adapter that calls beyond this machine asks `proxy_for` for the way.
    """

    member: MemberId
    environment: Environment
    config_directory: Path
    data_directory: Path
    now: Callable[[], Instant]
    proxies: Proxies = STRAIGHT

    def proxy_for(self, host: str) -> str | None:
        """Give the URL of the proxy that leads to a host (`http://HOST:PORT`), None for the straight way."""
        return self.proxies.of(host)


class Problem(StrEnum):
    """What keeps an adapter from answering; the only thing of an `AdapterError` that the connector repeats."""

    UNREACHABLE = "unreachable"
    """The software or its database does not answer."""
    ACCESS_REFUSED = "access-refused"
    """It answers, and refuses our login or a right."""
    BUSY = "busy"
    """It asks to come back later."""
    SCHEMA = "schema"
    """A table, column, route or field is not as configured."""
    DATA = "data"
    """What it holds about this worker cannot be right: a missing date, a broken matricule."""
    AMBIGUOUS = "ambiguous"
    """Two workers, or two current records, where there must be one."""
    DOCUMENT_GONE = "document-gone"
    """The announced version is no longer the one to give."""
    DOCUMENT_UNREADABLE = "document-unreadable"
    """The document is there and cannot be read, or is of another kind than announced."""
    NOT_SUPPORTED = "not-supported"
    """The software has no place for what it was asked to keep."""


class AdapterError(Exception):
    """Raised by an adapter that knows why it cannot answer. The text after `problem` stays in the adapter."""

    def __init__(self, problem: Problem, *texts: object) -> None:
        super().__init__(problem, *texts)
        self.problem = Problem(problem)


class Adapter(ABC):
    """What both halves have in common. The constructor opens nothing: it may run for `check` alone.

    A plain method runs in a thread of the adapter's own, several calls at once, each call from beginning to end in one
    thread. An `async` one runs on the connector's event loop and must never block it.
    """

    contract_version: ClassVar[int]
    """The contract this adapter was written for: a literal 1, not `CONTRACT_VERSION`."""
    Options: ClassVar[type[AdapterOptions]] = AdapterOptions

    @abstractmethod
    def __init__(self, options: Any, context: AdapterContext) -> None:  # noqa: ANN401  the subclass names its own
        """Take the validated options (an instance of `Options`) and the house."""

    def start(self) -> Awaitable[None] | None:
        """Open what is kept open. Asked before the first call, and again at the next one while it fails."""
        return None

    def close(self) -> Awaitable[None] | None:
        """Let go of what `start` and the calls opened; nothing is asked afterwards."""
        return None

    @abstractmethod
    def health(self) -> AdapterHealth | Awaitable[AdapterHealth]:
        """Say whether the vendor's software can be asked now, by really asking it something small."""

    @abstractmethod
    def trace(self, trace: Trace) -> Awaitable[None] | None:
        """Write one access into the DMST of the worker and return once it is durable (R4624-45-5).

        The same `trace_id` may come again: it is still one access.
        """


class Source(Adapter):
    """Reads the vendor's records. Nothing here may change them; `trace` only adds."""

    tells_opposition: bool = True
    """False where the software keeps no opposition at all: then the service needs the connector's register."""

    @abstractmethod
    def look(self, ins: Ins) -> Look | Awaitable[Look]:
        """Answer the one question: who is this here, do they object, and which record may a peer have.

        One read, all at one moment. The worker is found by matricule and OID together, the active ones or those of
        their history, never by a name. Known and unknown workers take the same way, so that time tells nothing.
        """

    @abstractmethod
    def document(self, announcement: Announcement) -> Iterable[bytes] | AsyncIterable[bytes]:
        """Give the document of exactly that `record_ref` and `version`, piece by piece, of at most 1 MiB each.

        Write it as a generator (`yield`), plain or `async`. Raise `AdapterError(Problem.DOCUMENT_GONE)` when that
        version is no longer the one to give.
        """

    def counts(self) -> Counts | Awaitable[Counts | None] | None:
        """Count the workers who could be answered about; None where the software cannot tell."""
        return None

    def remarks(self) -> Sequence[Remark] | Awaitable[Sequence[Remark]]:
        """Say what `adapter check` shall show of how this is set up: a look-up that scans, say. No identities."""
        return ()


class Sink(Adapter):
    """Delivers into the vendor's software what the connector received."""

    @abstractmethod
    def file(self, document: ReceivedDocument, content: Any) -> str | Awaitable[str]:  # noqa: ANN401  see below
        """File a received document in the worker's DMST; give the reference under which people find it there.

        `content` gives pieces of bytes: to a plain method as an `Iterator[bytes]`, to an `async` one as an
        `AsyncIterator[bytes]`. The same `sha256_hex` for the same worker may come again: it is still one document.
        """

    @abstractmethod
    def told(self, told: ToldToWorker) -> Awaitable[None] | None:
        """Record in the DMST what the worker was told and whether they object (R4624-45-6)."""
