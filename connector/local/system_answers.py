"""What callers are answered about the connector itself and its peers: health, status, probes."""

from typing import Annotated

from pydantic import Field

from connector.core.codes import Code
from connector.core.ledger import Tree
from connector.core.oid import Environment
from connector.local.answers import Answer, MomentOut


class CheckOut(Answer):
    """One thing that must be right."""

    name: str
    ok: bool
    detail: str
    remedy: str


class ReadyOut(Answer):
    """Whether the connector can answer and ask, and what is wrong where not."""

    ready: bool
    checks: list[CheckOut]


class LiveOut(Answer):
    """That the process answers."""

    live: bool = True


class CertificateOut(Answer):
    """A certificate of ours."""

    use: str
    ends_at: MomentOut
    days_left: int


class DirectoryOut(Answer):
    """The member directory in use."""

    version: str
    members: int
    active: int


class AdapterOut(Answer):
    """One half of the vendor's adapter."""

    half: str
    name: str
    ok: bool
    detail: str
    read_at: Annotated[MomentOut | None, Field(description="when a source last answered, since the start")]


class LedgerOut(Answer):
    """How far a ledger reaches."""

    tree: Tree
    origin: str
    size: int


class StatusOut(Answer):
    """What IT staff look at first."""

    member: str
    name: str
    environment: Environment
    ready: bool
    started_at: MomentOut
    checks: list[CheckOut]
    certificates: list[CertificateOut]
    directory: DirectoryOut
    adapters: list[AdapterOut]
    ledgers: list[LedgerOut]
    outbox: Annotated[dict[str, int], Field(description="what still has to be delivered, by kind")]
    versions: dict[str, str]


class ProbeStepOut(Answer):
    """One step of testing a peer; `cause` and `remedy` say why it failed and what to do."""

    name: str
    ok: bool
    elapsed_ms: Annotated[int, Field(description="from the start of the test")]
    code: Code | None
    cause: str
    remedy: str


class ProbeOut(Answer):
    """Whether a peer can be reached, answers, hands over and takes the acknowledgement of a test document."""

    member: str
    name: str
    ok: bool
    steps: list[ProbeStepOut]
