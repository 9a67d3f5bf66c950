"""What verifying an evidence file comes to: findings, each about one part, with a verdict and the facts it tells.

The sentences, in French and English, are `evidence.words`. A verdict says how far something is proven:

    proven           it holds, by signatures and hashes alone
    time-not-proven  the signature is good, but nothing shows that it was made before its key ended or was stolen
    not-proven       it may be so; this file does not prove it
    note             says something beside, and proves nothing
    altered          this part is not what was signed or recorded
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connector.core.instant import Instant
from connector.core.private import Private


class Verdict(StrEnum):
    """How far something is proven."""

    PROVEN = "proven"
    TIME_NOT_PROVEN = "time-not-proven"
    NOT_PROVEN = "not-proven"
    ALTERED = "altered"
    NOTE = "note"


class Found(StrEnum):
    """What was found; each has its sentence in both languages."""

    PART_WHOLE = "part-whole"
    PART_ALTERED = "part-altered"
    MANIFEST_UNSIGNED = "manifest-unsigned"
    DIRECTORY_BELIEVED = "directory-believed"
    DIRECTORY_REFUSED = "directory-refused"
    DIRECTORY_NOT_TRUSTED = "directory-not-trusted"
    KEYS_DIFFER = "keys-differ"
    ASKED = "asked"
    PROBED = "probed"
    ANSWERED = "answered"
    HANDED_OVER = "handed-over"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    SIGNATURE_GOOD = "signature-good"
    SIGNATURE_IN_TIME = "signature-in-time"
    SIGNATURE_TIME_NOT_PROVEN = "signature-time-not-proven"
    SIGNATURE_AFTER_END = "signature-after-end"
    SIGNATURE_WRONG = "signature-wrong"
    SIGNER_UNKNOWN = "signer-unknown"
    NOT_OF_THIS_EXCHANGE = "not-of-this-exchange"
    RECORDED_BY_HOLDER = "recorded-by-holder"
    NOT_RECORDED_BY_HOLDER = "not-recorded-by-holder"
    ENTRY_PROVEN = "entry-proven"
    ENTRY_DESTROYED = "entry-destroyed"
    ENTRY_ALTERED = "entry-altered"
    LINK_ALTERED = "link-altered"
    WITNESSED = "witnessed"
    WITNESS_WRONG = "witness-wrong"
    WITNESS_UNKNOWN = "witness-unknown"
    STAMPED = "stamped"
    STAMP_WRONG = "stamp-wrong"
    STAMP_NOT_TRUSTED = "stamp-not-trusted"
    TOKEN_DESTROYED = "token-destroyed"  # noqa: S105 (a word, no password)
    FORM_WRONG = "form-wrong"


@dataclass(frozen=True, slots=True, repr=False)
class Finding(Private):
    """One finding. `part` is a path into the file (`exchanges[0].receipt`); `facts` fill the sentence."""

    part: str
    found: Found
    verdict: Verdict
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Findings:
    """Findings as they are gathered."""

    rows: list[Finding] = field(default_factory=list)

    def add(self, part: str, found: Found, verdict: Verdict, **facts: object) -> None:
        """Note one."""
        self.rows.append(Finding(part, found, verdict, facts))


@dataclass(frozen=True, slots=True, repr=False)
class EvidenceReport(Private):
    """All that was found in a file, as of an instant."""

    made: Mapping[str, Any]
    at: Instant
    findings: tuple[Finding, ...]

    @property
    def altered(self) -> tuple[str, ...]:
        """The parts that are not what was signed or recorded."""
        return tuple(dict.fromkeys(f.part for f in self.findings if f.verdict is Verdict.ALTERED))

    @property
    def verdict(self) -> Verdict:
        """The worst of all: altered, then not proven, then time not proven."""
        found = {finding.verdict for finding in self.findings}
        order = (Verdict.ALTERED, Verdict.NOT_PROVEN, Verdict.TIME_NOT_PROVEN)
        return next((verdict for verdict in order if verdict in found), Verdict.PROVEN)
