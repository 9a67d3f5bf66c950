"""Why a signed directory, or a part of it, is not believed: one closed list for journal, log and tests."""

from dataclasses import dataclass
from enum import StrEnum

from connector.core.codes import Code
from connector.core.errors import FailedClosed


class Refusal(StrEnum):
    """The rule that was broken. The first block concerns one copy, the second one what was signed."""

    UNREACHABLE = "unreachable"
    MISSING = "missing"
    TOO_LARGE = "too-large"
    TAMPERED = "tampered"
    MIXED = "mixed"
    ROLLBACK = "rollback"
    FROZEN = "frozen"

    MALFORMED = "malformed"
    WRONG_ROOT = "wrong-root"
    SIGNATURES = "signatures"
    EXPIRED = "expired"
    DELEGATION = "delegation"
    ENVIRONMENT = "environment"
    ENTRY = "entry"
    DUPLICATE = "duplicate"
    SHARED_KEY = "shared-key"
    AHEAD = "ahead"


class DirectoryRefused(FailedClosed):
    """A copy of the directory that is not believed; the last good one stays in force."""

    default_code = Code.DIRECTORY_REFUSED

    def __init__(self, refusal: Refusal, what: str, *, hint: str = "", faults: tuple[str, ...] = ()) -> None:
        code = Code.DIRECTORY_EXPIRED if refusal is Refusal.EXPIRED else Code.DIRECTORY_REFUSED
        super().__init__(f"directory: {what}", code=code, hint=hint)
        self.refusal, self.what, self.faults = refusal, what, faults


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of a believed directory that is left out or replaced by its last good form, and why."""

    refusal: Refusal
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.refusal}: {self.detail}"
