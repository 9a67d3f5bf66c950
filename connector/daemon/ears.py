"""What refreshes of the directory meet becomes log events and metrics at once, and entries of the house ledger after.

A copy that is merely dead is told to the log alone. One that is wrong is journalled, once a day for each kind of wrong:
a mirror that stays frozen for weeks must not fill the ledger.
"""

from typing import Final
from urllib.parse import urlsplit

from connector import logs
from connector.core.errors import ConnectorError
from connector.core.ledger import EntryDraft, EntryType
from connector.core.members import MemberId
from connector.core.ports import Clock
from connector.core.units import DAY_SECONDS
from connector.directory.refusal import Finding, Refusal
from connector.metrics import Metrics

_MAX_KNOWN: Final = 4096


class DirectoryEars:
    """`directory.ports.DirectoryObserver`."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics, self._clock, self._log = metrics, clock, logs.get_logger()
        self._entries: list[EntryDraft] = []
        self._told: dict[tuple[str, Refusal], int] = {}
        self._refused: list[tuple[str, str, str]] = []

    def mirror_refused(self, source: str, refusal: Refusal, detail: str) -> None:
        """Tell that a copy was passed over."""
        self._refused.append((source, refusal.value, detail))
        member = _member(source)
        self._metrics.directory_refusals.labels(refusal).inc()
        self._log.warning(
            logs.DIRECTORY_MIRROR_REFUSED,
            member=member.value if member else None,
            address=None if member else urlsplit(source).netloc,
            reason=refusal.value,
            cause=detail,
        )
        if refusal is not Refusal.UNREACHABLE:
            self._journal(source, refusal, member, {"source": source, "detail": detail})

    def part_refused(self, version: str, finding: Finding) -> None:
        """Tell that a part of a believed version is left out, or stays as it was before."""
        self._metrics.directory_refusals.labels(finding.refusal).inc()
        member = _member(finding.subject)
        self._log.warning(
            logs.DIRECTORY_PART_REFUSED,
            version=version,
            member=member.value if member else None,
            reason=finding.refusal.value,
            cause=f"{finding.subject}: {finding.detail}",
        )
        told = {"version": version, "subject": finding.subject, "detail": finding.detail}
        self._journal(finding.subject, finding.refusal, member, told)

    def accepted(self, version: str) -> None:
        """Tell that a new version is in force and archived."""
        self._log.info(logs.DIRECTORY_ACCEPTED, version=version)
        self._entries.append(
            EntryDraft(type=EntryType.DIRECTORY, at=self._clock.now(), outcome="accepted", reason=version)
        )

    def refused(self) -> list[tuple[str, str, str]]:
        """Give the copies that were passed over since this was asked last: source, refusal and detail."""
        taken, self._refused = self._refused, []
        return taken

    def take(self) -> list[EntryDraft]:
        """Give what is to be journalled, once."""
        taken, self._entries = self._entries, []
        return taken

    def _journal(self, about: str, refusal: Refusal, member: MemberId | None, told: dict[str, str]) -> None:
        now, key = self._clock.now(), (about, refusal)
        if now - self._told.get(key, now - DAY_SECONDS) < DAY_SECONDS:
            return
        if len(self._told) >= _MAX_KNOWN:
            self._told.clear()
        self._told[key] = now
        entry = EntryDraft(
            type=EntryType.DIRECTORY,
            at=now,
            peer=member,
            outcome="refused",
            reason=refusal.value,
            personal=told,
        )
        self._entries.append(entry)


def _member(source: str) -> MemberId | None:
    try:
        return MemberId.parse(source, strict=False)
    except ConnectorError:
        return None
