"""What the operators sign of each member: whether it takes part, under which name and size class (`memberships.json`).

Two operators sign it together (the targets role). A member that has no connector yet stands here alone, as mail-only,
with the description that its row of the first list gave; once it has joined, its own entry describes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connector.core.canonical import canonical
from connector.core.directory import Contact, Member, MemberStatus, TlsBinding
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.directory.entry import SIZE_CLASSES, person_faults
from connector.directory.fields import Fields, endpoint_fault, read_json
from connector.directory.layout import MAX_MEMBERSHIPS
from connector.directory.refusal import DirectoryRefused, Refusal

MEMBERSHIPS_VERSION: Final = 1
_FILE: Final = frozenset({"v", "environment", "urls", "members"})
ROW_FIELDS: Final = frozenset(
    {"id", "name", "standing", "since", "size_class", "successor", "cleared_at", "mssante", "contact", "towns"}
    | {"departements", "sectors", "former_names", "acronyms"}
)  # fmt: skip


class Standing(StrEnum):
    """What the operators say of a member. Only a joined one has a role of its own that counts."""

    MAIL_ONLY = "mail-only"
    JOINED = "joined"
    SUSPENDED = "suspended"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Membership:
    """One member in the operators' words.

    `cleared_at` ends every suspension by a single operator that began at or before it: two operators looked, and did
    not confirm it.
    """

    id: MemberId
    name: str
    standing: Standing
    since: Instant
    size_class: str = ""
    successor: MemberId | None = None
    cleared_at: Instant | None = None
    former_names: tuple[str, ...] = ()
    acronyms: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    mssante: str = ""
    contact: str = ""

    def as_mail_only(self) -> Member:
        """Give the member without any key or endpoint: it can be found and written to, not asked."""
        return Member(
            id=self.id,
            name=self.name,
            status=MemberStatus.LEFT if self.standing is Standing.LEFT else MemberStatus.MAIL_ONLY,
            endpoint="",
            tls=TlsBinding(),
            keys=(),
            former_names=self.former_names,
            towns=self.towns,
            departements=self.departements,
            protocol_versions=(),
            size_class=self.size_class,
            contact=self.contact,
            status_since=self.since,
            acronyms=self.acronyms,
            sectors=self.sectors,
            successor=self.successor,
            mssante=self.mssante,
            contacts=(Contact("technical", self.contact),) if self.contact else (),
        )


@dataclass(frozen=True, slots=True)
class Memberships:
    """The whole list, in the order in which members came, and the addresses where the operators publish."""

    environment: Environment
    members: tuple[Membership, ...] = ()
    urls: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=(), compare=False)

    def get(self, member: MemberId) -> Membership | None:
        """Give what the operators say of a member."""
        return next((row for row in self.members if row.id == member), None)

    def with_member(self, row: Membership) -> "Memberships":
        """Give the list with this row in the place of the member's, or at the end."""
        if self.get(row.id) is None:
            rows: Sequence[Membership] = (*self.members, row)
        else:
            rows = [row if other.id == row.id else other for other in self.members]
        return Memberships(self.environment, tuple(rows), self.urls)


def to_json(list_: Memberships) -> bytes:
    """Give the canonical JSON of the list, after the checks of a reader.

    Raises:
        LocalRefused: it breaks a rule; all faults are in the message.
    """
    data = canonical(
        {
            "v": MEMBERSHIPS_VERSION,
            "environment": list_.environment.value,
            "urls": list_.urls,
            "members": [_row_json(row) for row in list_.members],
        }
    )
    try:
        read_memberships(data, strict=True)
    except DirectoryRefused as error:
        raise LocalRefused("memberships: " + "; ".join(error.faults), hint="correct it and try again") from None
    return data


def _row_json(row: Membership) -> dict[str, object]:
    given: dict[str, object] = {
        "id": row.id.value,
        "name": row.name,
        "standing": row.standing.value,
        "since": rfc3339(row.since),
        "size_class": row.size_class,
        "successor": row.successor.value if row.successor else None,
        "cleared_at": rfc3339(row.cleared_at) if row.cleared_at is not None else None,
        "former_names": row.former_names,
        "acronyms": row.acronyms,
        "towns": row.towns,
        "departements": row.departements,
        "sectors": row.sectors,
        "mssante": row.mssante,
        "contact": row.contact,
    }
    return {key: value for key, value in given.items() if value not in ("", (), None)}


def read_memberships(data: bytes, *, strict: bool = False) -> Memberships:
    """Read the operators' list.

    Raises:
        DirectoryRefused: `malformed`; `duplicate` where a member stands twice.
    """
    faults: list[str] = []
    warnings: list[str] = []
    if len(data) > MAX_MEMBERSHIPS:
        raise DirectoryRefused(Refusal.TOO_LARGE, f"memberships: {len(data)} bytes, at most {MAX_MEMBERSHIPS} are read")
    row = read_json(data, MEMBERSHIPS_VERSION, faults)
    fields = Fields("", row, faults, _FILE, strict=strict)
    environment = fields.choice("environment", Environment, ", ".join(Environment)) or Environment.PRODUCTION
    members = []
    for number, item in enumerate(fields.rows("members"), 1):
        member = read_row(Fields(f"member {number}", item, faults, ROW_FIELDS, strict=strict), environment, warnings)
        if member is not None:
            members.append(member)
    urls = fields.texts("urls")
    for url in urls:
        if fault := url_fault(url, environment):
            fields.fault("urls", fault)
    ids = [member.id for member in members]
    twice = sorted({id_.value for id_ in ids if ids.count(id_) > 1})
    if twice:
        text = f"{', '.join(twice)} stands twice"
        raise DirectoryRefused(Refusal.DUPLICATE, f"memberships: {text}", faults=(text,))
    if faults:
        raise DirectoryRefused(Refusal.MALFORMED, "memberships: " + "; ".join(faults), faults=tuple(faults))
    return Memberships(environment, tuple(members), urls, tuple(warnings))


def url_fault(url: str, environment: Environment) -> str | None:
    """Say what is wrong with the base address of a copy: https://HOST[:PORT]/PATH/, not this machine in production."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if not slash or not url.endswith("/") or "//" in rest or any(character in path for character in "?#\\ "):
        return "expected https://HOST[:PORT]/PATH/ with a slash at its end"
    return endpoint_fault(f"{scheme}://{host}", environment)


def read_row(fields: Fields, environment: Environment, warnings: list[str]) -> Membership | None:
    """Read what the operators say of one member; None after a fault in its id or standing."""
    before = len(fields.faults)
    member_id = fields.member("id", environment, warnings)
    standing = fields.choice("standing", Standing, ", ".join(Standing))
    size_class = fields.text("size_class", needed=False)
    if size_class and size_class not in SIZE_CLASSES:
        fields.fault("size_class", f"expected one of {', '.join(SIZE_CLASSES)}")
    name, since = fields.text("name"), fields.needed_instant("since")
    if member_id is None or standing is None:
        fields.fault("id", "expected a member id and a standing")
        return None
    found = Membership(
        member_id,
        name,
        standing,
        since,
        size_class,
        fields.member("successor", environment),
        fields.instant("cleared_at"),
        fields.texts("former_names"),
        fields.texts("acronyms"),
        fields.texts("towns"),
        fields.texts("departements"),
        fields.texts("sectors"),
        fields.text("mssante", needed=False),
        fields.text("contact", needed=False),
    )
    for fault in person_faults(found.as_mail_only()) if len(fields.faults) == before else ():
        fields.fault("", fault)
    return found
