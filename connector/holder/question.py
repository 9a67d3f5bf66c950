"""What a peer asks and is told, between the HTTP routes and the holder: no HTTP in it, no socket, no clock."""

from dataclasses import dataclass

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.outcome import Outcome
from connector.core.private import Private
from connector.core.slots import set_by_slot


@set_by_slot
@dataclass(frozen=True, slots=True, repr=False)
class Question(Private):
    """One request: who sent it, over which certificate (`x5t`), with which mandate, and when it started.

    `at` is the wall clock, against which the mandate's times count; `started` is monotonic, for the time floor.
    """

    peer: Member
    x5t: str
    mandate: bytes
    at: Instant
    started: float


@set_by_slot
@dataclass(frozen=True, slots=True)
class Answer:
    """The exact body, and the receipt over it. `retry_after` is in seconds."""

    outcome: Outcome
    body: bytes
    receipt: bytes
    code: Code | None = None
    retry_after: int | None = None
    lookup_id: str | None = None
