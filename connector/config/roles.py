"""From the sections of the file to what the rooms are told: holder, requester, opposition, documents."""

from connector.config.model import ConfigFile
from connector.contract.settings import Authority, OppositionSettings
from connector.core.days import Day
from connector.core.inspection import FindingKind
from connector.core.limits import Limits
from connector.core.members import MemberId
from connector.core.policy import HolderPolicy
from connector.core.units import DAY_SECONDS, HOUR_SECONDS, MIB
from connector.holder.settings import HolderSettings
from connector.inspection.settings import InspectionSettings
from connector.requester.settings import RequesterSettings


def holder_settings(model: ConfigFile, member: MemberId) -> HolderSettings:
    """Give what this service answers others by."""
    section = model.holder
    return HolderSettings(
        member=member,
        limits=Limits(**model.limits.model_dump()),
        policy=HolderPolicy(
            environment=model.member.environment,
            minimum_auth_level=section.minimum_auth_level,
            accept_declared=section.accept_declared,
            accept_unattended=section.accept_unattended,
        ),
        withheld_floor_seconds=section.withheld_floor_ms / 1000,
        render_seconds=section.render_seconds,
        max_document_bytes=section.max_document_mb * MIB,
    )


def requester_settings(model: ConfigFile, member: MemberId) -> RequesterSettings:
    """Give what this service asks others by."""
    section, retention = model.requester, model.retention
    kept_seconds = retention.days_at_most * DAY_SECONDS
    return RequesterSettings(
        member=member,
        environment=model.member.environment,
        max_services=section.max_services,
        allow_declared=section.allow_declared,
        identity_max_age_days=section.identity_max_age_days,
        deadline_seconds=section.deadline_seconds,
        max_document_bytes=section.max_document_mb * MIB,
        fetch_seconds=section.fetch_hours * HOUR_SECONDS,
        opened_seconds=min(retention.hours_after_opening * HOUR_SECONDS, kept_seconds),
        practitioner_per_day=model.limits.practitioner_per_day,
        kept_seconds=kept_seconds,
    )


def opposition_settings(model: ConfigFile) -> OppositionSettings:
    """Give who says whether a worker objects."""
    section = model.opposition
    return OppositionSettings(
        Authority(section.authority),
        Day.parse(section.decided_on.isoformat()),
        section.decided_by,
        section.register_complete,
    )


def inspection_settings(model: ConfigFile) -> InspectionSettings:
    """Give how received documents are looked into."""
    section = model.documents
    return InspectionSettings(
        policy={kind: getattr(section.active_content, kind.value) for kind in FindingKind},
        seconds=section.inspection_seconds,
        memory_bytes=section.inspection_memory_mb * MIB,
        places=section.inspections_at_once,
    )
