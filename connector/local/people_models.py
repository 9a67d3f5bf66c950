"""What callers send and are answered about the people of this service."""

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from connector.core.mandate import AuthLevel
from connector.core.people import MAX_NAME, MAX_SUBJECT, MAX_SUBJECTS, Role, Standing
from connector.local.answers import Answer, MomentOut
from connector.local.requests import PS_ID_PATTERN, Body
from connector.local.trust_requests import PersonName

PersonId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME)]
_Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role), description="what they may do here")]
_Practitioner = Annotated[
    str | None, Field(pattern=PS_ID_PATTERN, description="PS_IdNat; goes with physician, nurse and intern, nobody else")
]
_Day = Annotated[str | None, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="the last day that counts")]


class SubjectIn(Body):
    """How an identity provider of this connector knows a person."""

    provider: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,31}$", description="`name` of [[sign_in.providers]]")]
    id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_SUBJECT)]


_Subjects = Annotated[list[SubjectIn], Field(max_length=MAX_SUBJECTS)]


class PersonIn(Body):
    """A person to add."""

    by: PersonName
    name: _Name
    roles: _Roles
    practitioner: _Practitioner = None
    subjects: _Subjects = []  # noqa: RUF012 (pydantic copies it)
    vouched_level: Annotated[AuthLevel, Field(description="login level believed of a vendor's software")] = (
        AuthLevel.LOW
    )
    ends_on: _Day = None
    check_only: Annotated[StrictBool, Field(description="true: only say whether this could be kept")] = False


class PersonChangeIn(Body):
    """What is to be changed; what is left out stays. An empty `practitioner` takes it away."""

    by: PersonName
    name: _Name | None = None
    roles: _Roles | None = None
    practitioner: Annotated[str | None, Field(pattern=f"^$|{PS_ID_PATTERN}")] = None
    subjects: _Subjects | None = None
    vouched_level: AuthLevel | None = None


class PersonStepIn(Body):
    """Who does this."""

    by: PersonName


class PersonEndIn(Body):
    """The last day that counts; null takes the end away."""

    by: PersonName
    ends_on: _Day


class ReviewIn(Body):
    """That somebody went through the list: all who may do something here now, by id, and signs with their name."""

    by: PersonName
    confirmed: Annotated[list[PersonId], Field(max_length=100_000)]
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class SubjectOut(Answer):
    """How an identity provider knows a person."""

    provider: str
    id: str


class PersonOut(Answer):
    """A person of this service."""

    id: str
    name: str
    roles: list[Role]
    practitioner: str | None
    subjects: list[SubjectOut]
    vouched_level: AuthLevel
    standing: Standing
    ends_on: str | None
    suspended_at: MomentOut | None
    added_at: MomentOut
    local_account: Annotated[bool, Field(description="they have a local account")]


class PeoplePage(Answer):
    """Everybody, in the order they were added."""

    items: list[PersonOut]


class ReviewedOut(Answer):
    """How many people were confirmed."""

    confirmed: int


class EnrolmentOut(Answer):
    """A one-time code by which a person makes their local account, on the page `/enrol`."""

    code: str
    ends_at: MomentOut


class LaunchTokenIn(Body):
    """A launch token, as `docs/launch.md` says."""

    token: Annotated[str, Field(min_length=1, max_length=4096, description="compact JWS of type spsti-launch+jwt")]


class LaunchAddressOut(Answer):
    """Where the page opens, once."""

    path: Annotated[str, Field(description="on this connector; open it in the browser")]
    ends_at: MomentOut
