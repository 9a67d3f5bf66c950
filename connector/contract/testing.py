"""The conformance kit: asks a source what a connector would ask and says in words what is right and what is wrong.

For an author's tests and for the configured, real software (`spsti-connector adapter check`). It reads only; a trace is
written where one is handed in. Findings name workers by their place in the lists given, never by identity. The source
is asked through the same guard as in service, so whatever the guard would refuse is found here.
"""

import asyncio
from collections.abc import Sequence

from connector.contract.adapter import Source
from connector.contract.examination import Depth, Examination, Finding
from connector.core.matricule import Ins
from connector.core.records import Trace

__all__ = ["Finding", "check_source", "examine_source", "words"]


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
    if not (known and unknown):
        msg = "examine_source: got no known or no unknown worker, expected at least one of each"
        raise ValueError(msg)
    examination = Examination(source, known, unknown, Depth())
    await examination.run(trace)
    return examination.findings
