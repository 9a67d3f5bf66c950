"""What a practitioner, or the software in their name, hands in to have a record fetched; and the fetch made of it.

The checks here depend on the demand, the member directory and the settings alone. Whether this service follows the
worker, and whether the worker objects, is asked of the vendor's software by `rules`.
"""

from dataclasses import dataclass

from connector.core.codes import Code
from connector.core.directory import Member, MemberStatus
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch, ServiceReply
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.mandate import FollowUp, Information, Practitioner, VisitKind
from connector.core.members import MemberId
from connector.core.ports import Entropy, MemberDirectory, new_id
from connector.core.private import Private
from connector.core.states import FetchState
from connector.requester.settings import RequesterSettings


@dataclass(frozen=True, slots=True, repr=False)
class NewFetch(Private):
    """A fetch as it is asked for.

    `declared_reason` is the practitioner's own reason to ask where this service's software does not know the worker.
    `lookup_only` stops once the services have answered; `unattended` lets those that did not be asked again later.
    """

    worker: QualifiedIdentity
    practitioner: Practitioner
    information: Information
    visit: VisitKind
    members: tuple[MemberId, ...]
    declared_reason: str = ""
    lookup_only: bool = False
    unattended: bool = False


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
        expires_at=Instant(now + settings.fetch_seconds),
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
    )
