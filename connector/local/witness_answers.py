"""What the operation on witnesses answers."""

from typing import Annotated

from pydantic import Field

from connector.core.ledger import Tree
from connector.core.witness import LedgerFaultKind
from connector.local.answers import Answer, MomentOut


class StatementOut(Answer):
    """A witness's newest word about one of our ledgers."""

    witness: str
    name: str
    tree: Tree
    origin: str
    size: int
    at: MomentOut
    age_s: int


class KnownHeadOut(Answer):
    """The last head of another service's ledger that went on from all before it."""

    member: str
    name: str
    tree: Tree
    origin: str
    size: int
    at: MomentOut


class LedgerFaultOut(Answer):
    """A fault with the two signed texts that prove it; it stays listed."""

    member: Annotated[str, Field(description="who did wrong")]
    name: str
    kind: LedgerFaultKind
    text: str
    origin: str
    at: MomentOut
    known: str
    shown: str
    told_by: str | None


class LedgerGapOut(Answer):
    """A service began a new ledger: what lies between the two heads cannot be compared; it stays listed.

    `reason` and `highest` are what that service says of it in the new ledger's first leaf; empty until it has shown it.
    """

    member: str
    name: str
    at: MomentOut
    old: str
    last: str
    new: str
    first: str
    reason: str
    highest: str


class WitnessesOut(Answer):
    """Who witnessed our ledgers when, and what is wrong with any. `behind` says what is wrong with ours, in words."""

    behind: str
    asked_at: MomentOut | None
    answered_at: MomentOut | None
    statements: list[StatementOut]
    heads: list[KnownHeadOut]
    faults: list[LedgerFaultOut]
    gaps: list[LedgerGapOut]
