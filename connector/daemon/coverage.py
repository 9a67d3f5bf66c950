"""How many workers could be answered about, counted by the vendor's software each night and kept; never an identity.

Beside it stands why peers were given nothing in the last 30 days, from the ledger: what the next night's count should
be better in.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from connector.contract.guard import SourceGuard
from connector.contract.settings import Authority, OppositionSettings
from connector.core.codes import Code
from connector.core.coverage import CoverageCount, with_register
from connector.core.errors import AdapterFault
from connector.core.instant import Instant, day_in_france
from connector.core.oppositions import OppositionKind
from connector.core.outcome import Outcome, WithheldReason
from connector.core.ports import Clock
from connector.core.records import Counts
from connector.ledger.service import OpenState
from connector.local.ports import CoverageReport

_W = TypeVar("_W", WithheldReason, Code)

DAYS = 30
NIGHT_SECONDS = 2 * 3600
"""A day's count is due from two o'clock in the morning on, in France."""


@dataclass(frozen=True, slots=True)
class CoverageSettings:
    """The share below which to warn, and who says who objects: it decides whose objections are known."""

    warn_below: float
    opposition: OppositionSettings


class ServiceCoverage:
    """`connector.local.ports.Coverage` over the guarded source, the state and the ledgers."""

    def __init__(self, settings: CoverageSettings, state: OpenState, source: SourceGuard | None, clock: Clock) -> None:
        self._settings, self._state, self._source, self._clock = settings, state, source, clock
        self._counting = asyncio.Lock()

    async def report(self) -> CoverageReport:
        """Give the last count, and the reasons of withheld answers.

        Raises:
            FailedClosed: the state cannot be read.
        """
        since = Instant(self._clock.now() - DAYS * 86_400)
        found = await self._state.journal.reasons((Outcome.WITHHELD, Outcome.COULD_NOT_LOOK), since)
        return CoverageReport(
            last=self._state.coverage.last(),
            warn_below=self._settings.warn_below,
            since=since,
            withheld=_of(found, Outcome.WITHHELD, WithheldReason),
            could_not_look=_of(found, Outcome.COULD_NOT_LOOK, Code),
        )

    async def measure(self) -> CoverageReport:
        """Count now; a count that cannot be had is kept as such, with the code of its fault.

        Raises:
            FailedClosed: the count cannot be kept.
        """
        async with self._counting:
            await self._state.coverage.keep(await self._count())
        return await self.report()

    async def measure_if_due(self) -> None:
        """Count once a night: a job's regular turn.

        Raises:
            FailedClosed: the count cannot be kept.
        """
        last, now = self._state.coverage.last(), self._clock.now()
        if self._source is not None and (last is None or _night(last.at) != _night(now)):
            await self.measure()

    def last(self) -> CoverageReport:
        """Give the last count alone, for the status: no ledger is read."""
        return CoverageReport(self._state.coverage.last(), self._settings.warn_below, self._clock.now(), {}, {})

    async def _count(self) -> CoverageCount:
        now = self._clock.now()
        if self._source is None:
            return CoverageCount(now, None, fault=Code.ADAPTER_ABSENT.value)
        try:
            counts = await self._source.counts()
        except AdapterFault as fault:
            return CoverageCount(now, None, fault=fault.code.value)
        if counts is None:
            return CoverageCount(now, None, fault="not-counted")
        return await self._as_authority_says(counts, now)

    async def _as_authority_says(self, counts: Counts, now: Instant) -> CoverageCount:
        opposition = self._settings.opposition
        if opposition.authority is Authority.ADAPTER:
            return CoverageCount(now, counts)
        if opposition.register_complete:
            return CoverageCount(now, with_register(counts, known=counts.workers), is_bound=True)
        if opposition.authority is Authority.BOTH:
            return CoverageCount(now, counts)
        known = await self._state.oppositions.workers(OppositionKind.PEERS)
        return CoverageCount(now, with_register(counts, known=known), is_bound=True)


def _night(at: Instant) -> str:
    return day_in_france(Instant(at - NIGHT_SECONDS))


def _of(found: Mapping[tuple[Outcome, str], int], outcome: Outcome, words: type[_W]) -> dict[_W, int]:
    known = {word.value for word in words}
    return {words(reason): count for (said, reason), count in found.items() if said is outcome and reason in known}
