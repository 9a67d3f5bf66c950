"""What the directory tells and asks of the rest of the house, beside `core.ports.MemberDirectory` that it gives."""

from typing import Protocol

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
