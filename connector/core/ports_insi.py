"""The ports of INSi: the identity service that rooms call, and what the client of it needs of this house.

`connector.insi` implements the first; a house that has no INSi of its own gets `connector.insi.off`. Its ledger is
`core.ports.HouseLedger`.
"""

from typing import Protocol, TypeAlias

from connector.core.codes import Code
from connector.core.identity import IdentityAttribute, QualifiedIdentity
from connector.core.insi import InsiAnswer, InsiCaller, InsiCode, InsiOperation, SearchTraits, Verification, VitaleCard
from connector.core.instant import Instant

NO_ATTRIBUTES: frozenset[IdentityAttribute] = frozenset()

Question: TypeAlias = SearchTraits | VitaleCard
"""What one search asked, whole: equal questions have one answer for as long as it is kept."""


class IdentityService(Protocol):
    """INSi, as the rooms see it.

    Every call is journalled before it leaves and after it came back. All methods raise:
        InsiFault: `insi.*`: no answer, or none that can be relied on. Nothing may be qualified.
        LocalRefused: `identity.call_forbidden`: the identity is *douteux* or *fictif* (EXI ID 24 and 26).
        FailedClosed: `ledger.unavailable`: no call was made, or its answer is not given out.
    """

    async def search_by_traits(
        self,
        traits: SearchTraits,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> InsiAnswer:
        """Search by traits in the order of ins.md 4.4; `fresh` asks INSi even where a recent answer is kept."""
        ...

    async def search_by_vitale(
        self,
        card: VitaleCard,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> InsiAnswer:
        """Search with what a Vitale card says."""
        ...

    async def verify(
        self,
        identity: QualifiedIdentity,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> Verification:
        """Hold an identity against INSi. `Verification.method` says how."""
        ...


class AnswerCache(Protocol):
    """Answers 00 that spare a second call for the same person; 01 and 02 are never kept.

    An implementation that writes to disk keys by a MAC of the question and seals the answer: both are identities.
    """

    async def recent(self, question: Question, *, not_before: Instant) -> InsiAnswer | None:
        """Give the answer to that question if it came at `not_before` or later."""
        ...

    async def keep(self, question: Question, answer: InsiAnswer) -> None:
        """Keep an answer 00 in the place of an older one."""
        ...


class InsiObserver(Protocol):
    """Hears of every call, for logs and metrics. Nothing personal is handed to it; it never raises."""

    def insi_answered(self, operation: InsiOperation, code: InsiCode, ms: float) -> None:
        """A call was answered."""
        ...

    def insi_failed(self, operation: InsiOperation, code: Code, service_code: str, ms: float) -> None:
        """A call was not, or not in a way that can be used; `service_code` is INSi's own word, or empty."""
        ...
