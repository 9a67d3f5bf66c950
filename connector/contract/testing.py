"""The conformance kit: asks a source what a connector would ask and says in words what is right and what is wrong.

For an author's tests and for the configured, real software (`spsti-connector adapter check`). It reads only; a trace is
written where one is handed in. Findings name workers by their place in the lists given, never by identity. The source
is asked through the same guard as in service, so whatever the guard would refuse is found here.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.contract.adapter import Source
from connector.contract.examination import Cutting, Depth, Examination
from connector.contract.findings import Finding
from connector.contract.newest import Version, VersionState
from connector.core.days import Day
from connector.core.faults import Fault
from connector.core.matricule import Ins
from connector.core.records import Trace

__all__ = ["Finding", "KitCase", "Version", "VersionState", "check_source", "examine_source", "words"]


@dataclass(frozen=True, slots=True, eq=False)
class KitCase:
    """What the pytest plugin examines (`connector.contract.pytest_plugin`): the fixture `spsti_case` gives one.

    `newest` is by the place of a known worker, from 1. `cut` makes the test software unreachable and `mend` reachable
    again; without them that check is skipped. `trace` is written twice; without it nothing is written.
    """

    source: Source
    known: Sequence[Ins]
    unknown: Sequence[Ins]
    newest: Mapping[int, Day] = field(default_factory=dict)
    trace: Trace | None = None
    cut: Callable[[], None] | None = None
    mend: Callable[[], None] | None = None


def words(findings: Sequence[Finding]) -> str:
    """Give the findings as text, one a line."""
    return "\n".join(str(finding) for finding in findings)


def check_source(
    source: Source, *, known: Sequence[Ins], unknown: Sequence[Ins], trace: Trace | None = None
) -> list[Finding]:
    """Check a source from a plain test; `assert not [f for f in findings if f.ok is False]` is the whole assertion.

    Args:
        source: made and not closed; it is left open.
        known: workers that it holds, at least one of them with a record that may be given.
        unknown: INS that it does not hold.
        trace: written twice, to see that it is one access; nothing is written without it.
    """
    return asyncio.run(examine_source(source, known=known, unknown=unknown, trace=trace))


async def examine_source(
    source: Source, *, known: Sequence[Ins], unknown: Sequence[Ins], trace: Trace | None = None
) -> list[Finding]:
    """Check a source from async code; as `check_source`.

    Raises:
        ValueError: no known or no unknown worker was given.
    """
    return await examine_case(KitCase(source, known, unknown, trace=trace))


async def examine_case(case: KitCase) -> list[Finding]:
    """Check what a case names; as `check_source`.

    Raises:
        ValueError: no known or no unknown worker was given.
    """
    if not (case.known and case.unknown):
        msg = "examine_source: got no known or no unknown worker, expected at least one of each"
        raise ValueError(msg)
    cutting = Cutting(why_not=Fault("kit.no-functions"))
    if case.cut is not None and case.mend is not None:
        cutting = Cutting(_Called(case.cut, case.mend))
    examination = Examination(case.source, case.known, case.unknown, Depth(newest=case.newest, cutting=cutting))
    await examination.run(case.trace)
    return examination.findings


@dataclass(frozen=True, slots=True)
class _Called:
    """An interruption by an author's own functions."""

    cut_it: Callable[[], None]
    mend_it: Callable[[], None]

    async def cut(self) -> None:
        """Cut it."""
        self.cut_it()

    async def mend(self) -> None:
        """Mend it."""
        self.mend_it()
