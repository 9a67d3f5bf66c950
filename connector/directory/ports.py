"""What the directory tells and asks of the rest of the house, beside `core.ports.MemberDirectory` that it gives."""

from typing import Protocol

from connector.core.directory import Member
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import DirectoryFiles, MemberDirectory
from connector.directory.age import Staleness
from connector.directory.refusal import Finding, Refusal


class DirectoryObserver(Protocol):
    """Hears what a refresh met, for journal, log and metrics. It returns at once and raises nothing.

    It is called on the event loop, after the refresh. `source` is an operators' URL or a member id; nothing is
    personal.
    """

    def mirror_refused(self, source: str, refusal: Refusal, detail: str) -> None:
        """Say that a mirror was passed over: dead, tampered with, rolled back, frozen, mixed, or another federation."""
        ...

    def part_refused(self, version: str, finding: Finding) -> None:
        """Say that one entry of a believed version is left out, or stays as it was before."""
        ...

    def accepted(self, version: str) -> None:
        """Say that a new version is in force and archived."""
        ...


class Deaf:
    """An observer for whoever only looks at what is kept, and refreshes nothing."""

    def mirror_refused(self, source: str, refusal: Refusal, detail: str) -> None:
        """Hear nothing."""

    def part_refused(self, version: str, finding: Finding) -> None:
        """Hear nothing."""

    def accepted(self, version: str) -> None:
        """Hear nothing."""


class KeptDirectory(MemberDirectory, Protocol):
    """A member directory as the daemon keeps it: the signed one of a federation, or a local file for a trial."""

    @property
    def refreshed_at(self) -> Instant | None:
        """When copies last answered; None where nothing was asked yet, or never is."""
        ...

    @property
    def files(self) -> DirectoryFiles:
        """What other members may take from here."""
        ...

    async def refresh(self) -> bool:
        """Look for a newer version and put it in force; whether there was one.

        Raises:
            ConfigFault: the local file has faults; the list before stays in force.
            FailedClosed: `directory.unavailable`, a new version cannot be kept; the one before stays in force.
        """
        ...

    def reload(self) -> bool:
        """Take anew what lies on this machine: the members file; whether anything changed.

        Raises:
            ConfigFault: it has faults; the list before stays in force.
        """
        ...

    def tick(self) -> None:
        """Tell followers what time alone has changed: to be called about once a minute."""
        ...

    def last_known(self, member: MemberId) -> Member | None:
        """Give a member as it was listed last, also where the directory has closed since: for our own keys of old."""
        ...

    def not_ready(self) -> str | None:
        """Say why this member may not answer for want of a directory, or None."""
        ...

    def staleness(self) -> Staleness:
        """Say how near its end the directory is."""
        ...

    def findings(self) -> tuple[Finding, ...]:
        """Give what is left out of the version in force, or stands as it was before."""
        ...

    def copies(self) -> int | None:
        """Count the copies that can be asked; None where there is nothing to ask."""
        ...
