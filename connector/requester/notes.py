"""What the practitioner is told about a fetch, as codes and numbers: the local side has the words for them.

Kinds of event: `state`, `service`, `progress`, `note`. No data of an event is personal: member ids, states, codes,
days, sizes, times.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from connector.core import b64
from connector.core.codes import Code
from connector.core.evidence import DocumentDigest
from connector.core.fetch import Fetch, FetchedDocument, ServiceReply, most_recent
from connector.core.members import MemberId
from connector.core.states import FetchState

Happening = tuple[str, Mapping[str, Any]]
"""Kind and data of an event that has no number yet."""


class EventKind(StrEnum):
    """The four kinds of event."""

    STATE = "state"
    SERVICE = "service"
    PROGRESS = "progress"
    NOTE = "note"


class Note(StrEnum):
    """What a note says."""

    NEWEST = "newest"
    EQUAL_DAYS = "equal-days"
    RENDERING = "rendering"
    RESUMED = "resumed"
    STARTED_OVER = "started-over"
    ASKED_AGAIN = "asked-again"
    CHOSEN_FAILED = "chosen-failed"
    COPY_STAYS = "copy-stays"
    CHOICE_CANCELLED = "choice-cancelled"
    RESTARTED = "restarted"
    COPY_SHOWN = "copy-shown"
    FOUND_IN_IT = "found-in-it"
    IDENTITY_CHECKED = "identity-checked"
    IDENTITY_VERIFIED = "identity-verified"
    IDENTITY_DIFFERS = "identity-differs"


def prepared(fetch: Fetch) -> Happening:
    """The fetch is there, nothing was asked yet."""
    return EventKind.STATE, {
        "state": fetch.state.value,
        "before": None,
        "members": [reply.member.value for reply in fetch.replies],
    }


def state(fetch: Fetch, end: FetchState) -> Happening:
    """The fetch moves; with its code where it ended badly."""
    data: dict[str, Any] = {"state": end.value, "before": fetch.state.value}
    if fetch.code is not None:
        data |= {"code": fetch.code.value, "detail": fetch.detail}
    return EventKind.STATE, data


def service(reply: ServiceReply) -> Happening:
    """One service replied, or did not in time."""
    return EventKind.SERVICE, {
        "member": reply.member.value,
        "name": reply.name,
        "reply": reply.reply.value,
        "code": reply.code.value if reply.code else None,
        "detail": reply.detail,
        "last_act_on": str(reply.announcement.last_act_on) if reply.announcement else None,
        "ask_again_at": reply.ask_again_at,
        "elapsed_ms": reply.elapsed_ms,
    }


def newest(replies: tuple[ServiceReply, ...]) -> Happening:
    """Which announced record is the most recent, and of how many services: one is never said without the other."""
    found = most_recent(replies)
    return EventKind.NOTE, {
        "note": (Note.EQUAL_DAYS if len(found.offered) > 1 else Note.NEWEST).value,
        "offered": [reply.member.value for reply in found.offered],
        "last_act_on": str(found.offered[0].announcement.last_act_on)
        if found.offered and found.offered[0].announcement
        else None,
        "answered": found.answered,
        "asked": found.asked,
    }


def chosen_failed(failed: ServiceReply, replies: tuple[ServiceReply, ...]) -> Happening:
    """The record chosen could not be brought, why, and what is offered instead."""
    found = most_recent(can_be_brought(replies))
    return EventKind.NOTE, {
        "note": Note.CHOSEN_FAILED.value,
        "member": failed.member.value,
        "name": failed.name,
        "code": failed.code.value if failed.code else None,
        "detail": failed.detail,
        "offered": [reply.member.value for reply in found.offered],
        "answered": found.answered,
        "asked": found.asked,
    }


def copy_stays(failed: ServiceReply) -> Happening:
    """The other record chosen could not be brought, and why; the copy that was here before can be read again."""
    return EventKind.NOTE, {
        "note": Note.COPY_STAYS.value,
        "member": failed.member.value,
        "name": failed.name,
        "code": failed.code.value if failed.code else None,
        "detail": failed.detail,
    }


def choice_cancelled(other: ServiceReply) -> Happening:
    """The practitioner no longer wants the other record; the copy that was here before can be read again."""
    return note(Note.CHOICE_CANCELLED, other.member, name=other.name)


def note(which: Note, member: MemberId | None = None, **data: Any) -> Happening:  # noqa: ANN401 - JSON values
    """Any other note."""
    return EventKind.NOTE, {"note": which.value, "member": member.value if member else None, **data}


def found(document: FetchedDocument) -> Happening:
    """What the document held beside its pages, and whether a copy without it is shown."""
    copied = document.shown is not None
    return EventKind.NOTE, {
        "note": (Note.COPY_SHOWN if copied else Note.FOUND_IN_IT).value,
        "member": document.member.value,
        "findings": [finding.kind.value for finding in document.findings],
        "sha256": b64.encode(document.digest.sha256),
        "shown_sha256": b64.encode(document.shown.sha256) if document.shown else None,
    }


def progress(member: MemberId, received: int, document: DocumentDigest) -> Happening:
    """So many bytes of the document are here."""
    return EventKind.PROGRESS, {"member": member.value, "received": received, "size": document.size}


def can_be_brought(replies: Iterable[ServiceReply]) -> tuple[ServiceReply, ...]:
    """Leave out the announcements that could not be brought; their services still count as having answered."""
    return tuple(_without_announcement(reply) if reply.code is not None else reply for reply in replies)


def common_code(replies: Iterable[ServiceReply]) -> Code:
    """Give the one code for which no service answered, or that they could not be reached."""
    codes = {reply.code for reply in replies if reply.code is not None}
    return codes.pop() if len(codes) == 1 else Code.PEER_UNREACHABLE


def _without_announcement(reply: ServiceReply) -> ServiceReply:
    return ServiceReply(
        member=reply.member, name=reply.name, lookup_id=reply.lookup_id, reply=reply.reply, code=reply.code
    )
