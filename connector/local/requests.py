"""What callers send, as pydantic models: the form is checked here and described in the OpenAPI document.

Whether a matricule has its key, a practitioner is on the list or a service exists is asked by `intake` and below it.
Unknown keys are refused: a misspelt one would silently change what is asked. Texts are never repeated in faults.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from connector.core.fetch import HARD_MAX_SERVICES
from connector.core.mandate import AuthLevel, AuthMeans, InformationMeans, VisitKind
from connector.core.measures import BlockReason, PauseReason
from connector.core.oppositions import OppositionKind
from connector.local.problems import FieldFaults
from connector.wire.json_strict import NotStrictJson, read_object

ROLES: Final = ("physician", "collaborating-physician", "intern", "nurse", "assistant", "secretary", "other-staff")
"""Who may have informed the worker, where not named by PS_IdNat: a closed list, so that no name travels."""

MOMENT_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
PS_ID_PATTERN: Final = r"^(8[0-9]{11}|[35][0-9A-Z]{9,14}/[0-9A-Za-z][0-9A-Za-z._-]{0,31})$"
MEMBER_PATTERN: Final = "^(3[0-9]{14}|1[0-9][0-9AB][0-9]{7})$"


def _is_true(stated: bool) -> bool:  # noqa: FBT001 - pydantic calls it
    if not stated:
        msg = "must be true: nothing is asked about a worker who objects; note it: POST /api/v1/oppositions"
        raise ValueError(msg)
    return stated


Moment = Annotated[str, StringConstraints(pattern=MOMENT_PATTERN), Field(json_schema_extra={"format": "date-time"})]
PractitionerIdText = Annotated[str, StringConstraints(pattern=PS_ID_PATTERN)]
MemberIdText = Annotated[str, StringConstraints(pattern=MEMBER_PATTERN)]
FetchIdText = Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
DayText = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]

_M = TypeVar("_M", bound=BaseModel)


class Body(BaseModel):
    """What every request body has in common."""

    # Built at its first use: there are over a hundred of these, and the daemon should not start with them.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class AuthIn(Body):
    """How the practitioner logged in to the software that calls, how surely, and when."""

    means: AuthMeans
    level: AuthLevel
    at: Moment


class PractitionerIn(Body):
    """The practitioner in whose name is asked. Name and profession come from the service's own list."""

    id: Annotated[PractitionerIdText, Field(description="PS_IdNat: 8 and the RPPS number, or a register number")]
    auth: AuthIn


class WorkerIn(Body):
    """The worker's qualified identity: INS and the five strict traits."""

    matricule: Annotated[
        str,
        StringConstraints(min_length=15, max_length=25),
        Field(description="15 characters, key included; spaces and dots are left out"),
    ]
    oid: Annotated[
        str | None,
        Field(default=None, max_length=64, description="OID of the INS; default .8 in production, .10 elsewhere"),
    ]
    birth_name: Name
    birth_given_names: Annotated[Name, Field(description="all of them in their order, separated by single spaces")]
    sex: Literal["M", "F"]
    birth_date: Annotated[DayText, Field(description="as INSi gives it: may be lunar")]
    birth_place: Annotated[
        str, StringConstraints(pattern="^[0-9A-Za-z]{5}$"), Field(description="COG code of commune or country")
    ]
    status: Annotated[Literal["qualified"], Field(description="only a qualified identity may be asked for")]
    verified_on: Annotated[DayText, Field(description="day on which INSi confirmed the identity")]


class InformationIn(Body):
    """How the worker was informed, and that they do not object (Code du travail R4624-45-7)."""

    at: Moment
    by: Annotated[
        str,
        StringConstraints(pattern=f"^({'|'.join(ROLES)})$|{PS_ID_PATTERN}"),
        Field(description="a role, or the PS_IdNat of the professional; never a name"),
    ]
    means: InformationMeans
    worker_does_not_object: Annotated[
        StrictBool,
        AfterValidator(_is_true),
        Field(json_schema_extra={"const": True}, description="as the person who informed the worker states it"),
    ]


class FollowUpIn(Body):
    """The occasion; and, where the service's own software does not know the worker, why they are followed."""

    visit: VisitKind
    declared_reason: Annotated[str, StringConstraints(max_length=300)] = ""


class DemandIn(Body):
    """What is asked about whom and of whom, whoever asks."""

    worker: WorkerIn
    services: Annotated[
        list[MemberIdText],
        Field(
            min_length=1,
            max_length=HARD_MAX_SERVICES,
            description="member ids, each once; the configuration sets the limit, five by default",
        ),
    ]
    information: InformationIn
    follow_up: FollowUpIn
    lookup_only: Annotated[StrictBool, Field(description="stop once the services have answered")] = False
    unattended: Annotated[StrictBool, Field(description="ask silent services again in the background")] = False
    planned_for: Annotated[
        DayText | None, Field(description="the day of the visit, with start false: kept until the end of that day")
    ] = None


class NewFetchIn(DemandIn):
    """A fetch to prepare, and by default to start."""

    practitioner: PractitionerIn
    start: Annotated[StrictBool, Field(description="false only prepares: nothing is sent")] = True
    replaces: Annotated[
        list[FetchIdText],
        Field(
            max_length=HARD_MAX_SERVICES,
            description="fetches that `fetch.copy_kept` named: their copies are deleted, and services are asked again",
        ),
    ] = []

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.planned_for is not None and self.start:
            msg = "planned_for goes with start false"
            raise ValueError(msg)
        if self.replaces and (self.lookup_only or not self.start):
            msg = "replaces goes with start true, and not with lookup_only: nothing else deletes a copy"
            raise ValueError(msg)
        return self


class HandOnIn(Body):
    """The colleague who may read the document that is here."""

    colleague: PractitionerIdText


class ChooseIn(Body):
    """The service whose announced record is to be brought over."""

    member: MemberIdText


class InsIn(Body):
    """A matricule to check: 15 characters, or 13 with the key apart."""

    matricule: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    key: Annotated[str | None, Field(default=None, max_length=4)]
    oid: Annotated[str | None, Field(default=None, max_length=64)]


class JournalSearchIn(Body):
    """A worker whose entries are looked for: in a body, because an INS never stands in a URL."""

    matricule: Annotated[str, StringConstraints(min_length=15, max_length=25)]
    oid: Annotated[str | None, Field(default=None, max_length=64)]


class ObjectionIn(Body):
    """What a worker objects to, as they said it: of the 2°, that services have each other's record of them."""

    matricule: Annotated[str, StringConstraints(min_length=15, max_length=25)]
    oid: Annotated[str | None, Field(default=None, max_length=64)]
    kind: Annotated[OppositionKind, Field(description="1 or 2: the 1° or the 2° of R4624-45-6")]
    on: Annotated[DayText, Field(description="day on which the worker said so")]
    means: InformationMeans
    by: Annotated[
        str,
        StringConstraints(pattern=f"^({'|'.join(ROLES)})$|{PS_ID_PATTERN}"),
        Field(description="who noted it: a role, or the PS_IdNat of the professional; never a name"),
    ]
    tell_sink: Annotated[
        StrictBool, Field(description="hand it to your software, or list it as still to be entered there by hand")
    ] = True
    check_only: Annotated[StrictBool, Field(description="say what would be done, and keep nothing")] = False


class LiftIn(Body):
    """That the worker no longer objects, as they said it."""

    on: Annotated[DayText, Field(description="day on which the worker said so")]
    means: InformationMeans
    by: Annotated[str, StringConstraints(pattern=f"^({'|'.join(ROLES)})$|{PS_ID_PATTERN}")]
    tell_sink: StrictBool = True


class WorkerSearchIn(Body):
    """A worker whose entries are looked for: in a body, because an INS never stands in a URL."""

    matricule: Annotated[str, StringConstraints(min_length=15, max_length=25)]
    oid: Annotated[str | None, Field(default=None, max_length=64)]


class BlockIn(Body):
    """Why a member is blocked; a closed list, since it stands in the ledger."""

    reason: BlockReason


class PauseIn(Body):
    """Why nobody is answered."""

    reason: PauseReason


def read_body(raw: bytes, model: type[_M]) -> _M:
    """Read a JSON body into its model.

    Raises:
        FieldFaults: `local.malformed`: no strict JSON object, or each place that does not fit.
    """
    try:
        data = read_object(raw)
    except NotStrictJson as fault:
        raise FieldFaults([("", str(fault))]) from None
    return read_data(data, model)


def read_data(data: Mapping[str, Any], model: type[_M]) -> _M:
    """Read what a JSON body or a form holds into its model.

    Raises:
        FieldFaults: `local.malformed`: each place that does not fit.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # `from None`: pydantic's error keeps what it was given.
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise FieldFaults([_place_and_message(fault) for fault in faults]) from None


def _place_and_message(fault: ErrorDetails) -> tuple[str, str]:
    """Give the place in the JSON and pydantic's sentence; an unknown key is not named, since it may hold anything."""
    place = fault["loc"]
    if fault["type"] == "extra_forbidden":
        return ".".join(map(str, place[:-1])), "holds a key that is not known"
    return ".".join(map(str, place)), fault["msg"]
