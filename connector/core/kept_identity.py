"""Identities that the connector keeps for a software that cannot hold statuses and evidence itself.

The rules of their moves are `core.identity_rules`; a kept move holds the answer of INSi as it came, for the day someone
asks what the status rests on (EXI REC 07 and 08, reference/ins.md 2.4 [B]).
"""

from dataclasses import dataclass

from connector.core.identity import LocalIdentity
from connector.core.identity_rules import StatusMove
from connector.core.instant import Instant
from connector.core.private import Private


@dataclass(frozen=True, slots=True, repr=False)
class KeptIdentity(Private):
    """One identity, under an id that says nothing of it. `by` and `reason` are of whoever began it."""

    id: str
    identity: LocalIdentity
    created_at: Instant
    by: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class KeptMove(Private):
    """One move of it, with INSi's answer where it rests on one."""

    move: StatusMove
    answer: bytes = b""
