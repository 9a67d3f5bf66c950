"""What this service answers and asks: the adapter's two halves, both roles, their limits, and documents."""

# ruff: noqa: RUF012 (pydantic copies a default, and the sections are frozen)

from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator

from connector.config.model.forms import Refused, Section
from connector.contract.settings import Isolation
from connector.core.fetch import DEFAULT_MAX_SERVICES, HARD_MAX_SERVICES
from connector.core.inspection import Handling
from connector.core.mandate import AuthLevel


class AdapterSection(Section):
    """One half of an adapter, by the name of its entry point; its own options are checked by the adapter."""

    adapter: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    options: dict[str, Any] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    max_concurrent: Annotated[int, Field(ge=1, le=256)] = 16
    isolation: Isolation = Isolation.PROCESS
    memory_mb: Annotated[int, Field(ge=128, le=65_536)] = 1_024


class SourceSection(AdapterSection):
    """The half that reads, with the controller's word on what it gives, and the share below which coverage is low."""

    attested_on: date | None = None
    attested_by: Annotated[str, Field(min_length=3, max_length=120)] | None = None
    coverage_warn_below: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _whole_attestation(self) -> "SourceSection":
        if (self.attested_on is None) != (self.attested_by is None):
            raise Refused("section.attestation")
        return self


class HolderSection(Section):
    """What this service accepts to be asked."""

    accept_declared: bool = True
    accept_unattended: bool = True
    minimum_auth_level: AuthLevel = AuthLevel.LOW
    withheld_floor_ms: Annotated[int, Field(ge=1, le=10_000)] = 150
    max_document_mb: Annotated[int, Field(ge=1, le=2_000)] = 200
    render_seconds: Annotated[int, Field(ge=1, le=3_600)] = 120


class RequesterSection(Section):
    """How this service asks others."""

    max_services: Annotated[int, Field(ge=1, le=HARD_MAX_SERVICES)] = DEFAULT_MAX_SERVICES
    deadline_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    allow_declared: bool = True
    identity_max_age_days: Annotated[int, Field(ge=1, le=3_650)] = 1_825
    fetch_hours: Annotated[int, Field(ge=1, le=72)] = 24
    max_document_mb: Annotated[int, Field(ge=1, le=2_000)] = 200


class LimitsSection(Section):
    """Limits against enumeration (PROTOCOL section 5): higher numbers for tests and measurements; they stay on."""

    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 500
    misses_per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 30
    others_per_person: Annotated[int, Field(ge=1, le=1_000)] = 3
    slow_seconds: Annotated[int, Field(ge=1, le=60)] = 6
    probes_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    probes_per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 200
    practitioner_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 60


class ActiveContentSection(Section):
    """What is done about each kind of thing that a PDF may hold beside its pages (docs/adr/0007)."""

    scripts: Handling = Handling.STRIP
    launch: Handling = Handling.STRIP
    embedded_files: Handling = Handling.STRIP
    external_references: Handling = Handling.STRIP
    media: Handling = Handling.STRIP
    xfa: Handling = Handling.STRIP
    encryption: Handling = Handling.STRIP
    foreign_data: Handling = Handling.STRIP
    damage: Handling = Handling.STRIP


class DocumentsSection(Section):
    """How a document that arrived is looked into before anyone sees it."""

    inspection_seconds: Annotated[float, Field(ge=1, le=300)] = 20.0
    inspection_memory_mb: Annotated[int, Field(ge=128, le=16_384)] = 512
    inspections_at_once: Annotated[int, Field(ge=1, le=16)] = 2
    active_content: ActiveContentSection = ActiveContentSection()
