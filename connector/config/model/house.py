"""Who this service is, which list of members it believes, where its state lies, and who says what leaves."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from connector.config.model.forms import CopyUrl, FileRef, MemberIdText, PractitionerIdText, Refused, Section
from connector.core.mandate import AuthLevel
from connector.core.oid import Environment


class MemberSection(Section):
    """Who this service is."""

    id: MemberIdText
    name: Annotated[str, Field(min_length=1, max_length=200)]
    environment: Environment


class MembersSection(Section):
    """The list of members: a local file, for a trial between services that know each other."""

    file: FileRef


class DirectorySection(Section):
    """The signed directory of a federation: what it is believed by, and where copies of it are first asked for."""

    root: FileRef
    urls: Annotated[list[CopyUrl], Field(min_length=1)]
    refresh_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    grace_hours: Annotated[int, Field(ge=0, le=720)] = 0


class StateSection(Section):
    """Where state, vault and ledgers are kept, and the key that encrypts them."""

    directory: FileRef
    master_key: FileRef
    min_free_mb: Annotated[int, Field(ge=1)] = 500


class PractitionerSection(Section):
    """A professional of this service who may ask for records."""

    id: PractitionerIdText
    name: Annotated[str, Field(min_length=1, max_length=100)]
    profession: Literal["physician", "nurse", "intern"]
    auth_level: AuthLevel = AuthLevel.LOW
    ends_on: date | None = None


class OppositionSection(Section):
    """Who says whether a worker objected: set, dated and signed by name by the controller. There is no default."""

    authority: Literal["adapter", "register", "both"]
    decided_on: date
    decided_by: Annotated[str, Field(min_length=3, max_length=120)]
    register_complete: bool = False


class RetentionSection(Section):
    """How long a received document stays (a transit copy, not the record)."""

    hours_after_opening: Annotated[int, Field(ge=1, le=168)] = 24
    days_at_most: Annotated[int, Field(ge=1, le=7)] = 7


class EvidenceSection(Section):
    """A time-stamping authority (RFC 3161) for the daily heads of the ledgers: optional, and never waited for."""

    tsa_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", max_length=500)] | None = None
    tsa_ca: FileRef | None = None

    @model_validator(mode="after")
    def _both(self) -> "EvidenceSection":
        if (self.tsa_url is None) != (self.tsa_ca is None):
            raise Refused("section.stamp")
        return self


class LogSection(Section):
    """What the technical log looks like."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
