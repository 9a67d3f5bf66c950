"""What a practitioner, or the software in their name, hands in to have a record fetched; and the fetch made of it.

The checks here depend on the demand, the member directory and the settings alone. Whether this service follows the
worker, and whether the worker objects, is asked of the vendor's software by `rules`.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from connector.core.codes import Code
from connector.core.days import Day
from connector.core.directory import Member, MemberStatus
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, ServiceReply
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant, day_in_france, end_of_day_in_france
from connector.core.mandate import FollowUp, Information, Practitioner, VisitKind
from connector.core.members import MemberId
from connector.core.ports import Entropy, MemberDirectory, new_id
from connector.core.private import Private
from connector.core.states import FetchState
from connector.requester.settings import RequesterSettings

MAX_PLANNED_DAYS: Final = 31
"""Our rule: no fetch is prepared for a day further ahead."""


@dataclass(frozen=True, slots=True, repr=False)
class NewFetch(Private):
    """A fetch as it is asked for.

    `declared_reason` is the practitioner's own reason to ask where this service's software does not know the worker.
    `lookup_only` stops once the services have answered; `unattended` lets those that did not be asked again later.
    With `planned_for` it is prepared for that day and started then. `by_another`: an assistant prepares it, and only a
    login of the practitioner starts it.
    """

    worker: QualifiedIdentity
    practitioner: Practitioner
    information: Information
    visit: VisitKind
    members: tuple[MemberId, ...]
    declared_reason: str = ""
    lookup_only: bool = False
    unattended: bool = False
    planned_for: Day | None = None
    by_another: bool = False


def members_to_ask(
    members: tuple[MemberId, ...], directory: MemberDirectory, settings: RequesterSettings
) -> tuple[Member, ...]:
    """Look up the services named by a person (DESIGN section 1: five at most, never all).

    Raises:
        LocalRefused: `fetch.too_many_members`; `local.malformed`, none, one named twice or this service itself;
            `member.unknown`, `member.suspended`, with the member's name.
    """
    if not members or len(set(members)) != len(members) or settings.member in members:
        raise LocalRefused(
            f"services: got {len(members)}, expected one at least, each once, other than {settings.member} itself",
            code=Code.LOCAL_MALFORMED,
            field="members",
        )
    if len(members) > settings.max_services:
        raise LocalRefused(
            f"services: got {len(members)}, this service asks {settings.max_services} at most",
            code=Code.FETCH_TOO_MANY_MEMBERS,
            hint="name the services where the worker is likely to have been followed",
            field="members",
        )
    return tuple(active_member(member, directory) for member in members)


def active_member(member_id: MemberId, directory: MemberDirectory) -> Member:
    """Give a member that may be asked now.

    Raises:
        LocalRefused: `member.unknown`, not in the directory; `member.suspended`, there but not active.
    """
    member = directory.get(member_id)
    if member is None:
        raise LocalRefused(
            f"service {member_id}: not in the member directory",
            code=Code.MEMBER_UNKNOWN,
            hint="choose one of the members listed",
            field="members",
        )
    if member.status is not MemberStatus.ACTIVE:
        raise LocalRefused(
            f"service {member.name} ({member_id}): it is {member.status}, expected active",
            code=Code.MEMBER_SUSPENDED,
            hint="ask this service by other means" + (f": {member.contact}" if member.contact else ""),
            field="members",
        )
    return member


def check_planned(day: Day | None, now: Instant) -> None:
    """See that a fetch is planned for today or a day that is near: information given to the worker ages.

    Raises:
        LocalRefused: `local.malformed`.
    """
    if day is None:
        return
    ahead = (day.to_date() - date.fromisoformat(day_in_france(now))).days
    if not 0 <= ahead <= MAX_PLANNED_DAYS:
        raise LocalRefused(
            f"planned day: got one {abs(ahead)} days {'ahead' if ahead > 0 else 'ago'}, "
            f"expected today or up to {MAX_PLANNED_DAYS} days ahead",
            code=Code.LOCAL_MALFORMED,
            hint="plan it for the day of the visit",
            field="planned_for",
        )


def build_fetch(
    new: NewFetch,
    *,
    worker: QualifiedIdentity,
    follow_up: FollowUp,
    members: tuple[Member, ...],
    caller: str,
    now: Instant,
    entropy: Entropy,
    settings: RequesterSettings,
) -> Fetch:
    """Make the fetch, prepared: one fresh `lookup_id` for each service, never the same at two (PROTOCOL section 3)."""
    return Fetch(
        id=new_id(entropy),
        state=FetchState.PREPARED,
        created_at=now,
        expires_at=_prepared_until(new.planned_for, now, settings),
        owner=new.practitioner.id.value,
        practitioner=new.practitioner,
        worker=worker,
        information=new.information,
        follow_up=follow_up,
        follow_up_reason=new.declared_reason,
        purpose=settings.flow.purpose,
        document_type=settings.flow.document_type,
        replies=tuple(ServiceReply(member=m.id, name=m.name, lookup_id=new_id(entropy)) for m in members),
        requested_by=caller,
        lookup_only=new.lookup_only,
        unattended=new.unattended,
        planned_for=new.planned_for,
        by_another=new.by_another,
    )


def _prepared_until(planned_for: Day | None, now: Instant, settings: RequesterSettings) -> Instant:
    if planned_for is None:
        return Instant(now + settings.fetch_seconds)
    return end_of_day_in_france(planned_for.to_date())
