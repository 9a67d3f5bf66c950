"""What the conformance kit says: one finding for each thing that it looked at, and the names of its checks in order."""

from dataclasses import dataclass, replace
from typing import Final

from connector.core.faults import Fault

CHECKS: Final = (
    "health",
    "known-workers",
    "unknown-workers",
    "opposition",
    "traits",
    "newest",
    "other-oid",
    "steadiness",
    "concurrency",
    "documents",
    "readings-broken-off",
    "counts",
    "latency",
    "connection-lost",
    "trace",
)
"""In the order in which a vendor would put things right: nothing is asked after a health that is not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked: `ok` is None for what is only told, and then `is_checked` says whether it was looked at.

    `fault` is the text as a value, of what the doctor tells as well: in the language asked.
    """

    ok: bool | None
    subject: str
    text: str
    check: str = ""
    is_checked: bool = True
    fault: Fault | None = None

    def __str__(self) -> str:
        mark = {True: "right", False: "WRONG", None: "note "}[self.ok]
        return f"{mark if self.is_checked else 'NOT CHECKED'}  {self.subject}: {self.text}"

    def of(self, check: str) -> "Finding":
        """Give it as found by that check."""
        return replace(self, check=check)


def not_checked(subject: str, why: str) -> Finding:
    """Say what was left out: it must never be taken for right."""
    return Finding(None, subject, why, is_checked=False)
