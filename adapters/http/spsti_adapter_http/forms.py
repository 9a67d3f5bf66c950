"""The JSON of docs/vendor-api/openapi.json as values of the contract, and back.

Members that are not known are ignored, so that a vendor's side may be newer. An INS, a trait or a day that is none is
let through as the contract's IdentityFault: wrong data of one worker.
"""

from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connector.contract import (
    AdapterError,
    Announcement,
    Coded,
    Counts,
    Day,
    Extent,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    Instant,
    LocalIdentity,
    Look,
    Opposition,
    Problem,
    ReceivedDocument,
    StrictTraits,
    ToldToWorker,
    Trace,
    instant_of,
)

CONTRACT_VERSION = 1
_SEGMENT = r"^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,127}$"
"""What goes into an address as it is (RFC 3986 section 2.3), and is neither `.` nor `..`."""

_Form = TypeVar("_Form", bound=BaseModel)


class _Json(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class InsForm(_Json):
    """An INS."""

    oid: str
    matricule: str


class TraitsForm(_Json):
    """The five strict traits, given names as one text."""

    birth_name: str
    birth_given_names: str
    sex: str
    birth_date: str
    birth_place: str


class IdentityForm(_Json):
    """The worker's identity in the vendor's software."""

    ins: InsForm | None
    traits: TraitsForm
    status: Literal["PROV", "RECUP", "VALI", "QUAL"]
    attributes: list[Literal["homonyme", "douteux", "fictif"]] = []
    former: list[InsForm] = []
    verified_on: str | None = None


class CodedForm(_Json):
    """A code in its system."""

    system: str
    code: str


class RecordForm(_Json):
    """The newest record that may be given."""

    record_ref: str = Field(pattern=_SEGMENT)
    version: str = Field(pattern=_SEGMENT)
    last_act_on: str
    updated_at: AwareDatetime = Field(strict=False)
    document_type: CodedForm
    extent: Literal["full", "summary"]
    author: str = Field(default="", max_length=256)
    content_type: str = "application/pdf"


class LookForm(_Json):
    """The whole answer."""

    identity: IdentityForm | None
    opposition: Literal["yes", "no", "unknown"]
    record: RecordForm | None


class HealthForm(_Json):
    """Whether the software can be asked, and which contract it serves."""

    ok: bool
    contract_version: int
    detail: str = ""


class CountsForm(_Json):
    """How many workers, by what they have."""

    workers: int
    with_ins: int | None = None
    qualified: int | None = None
    opposition_known: int | None = None
    document_available: int | None = None
    answerable: int | None = None


class FilingForm(_Json):
    """Where to put a document, or under which reference it is filed already."""

    filing_id: str | None = Field(default=None, pattern=_SEGMENT)
    reference: str | None = None


def parsed(form: type[_Form], value: dict[str, Any]) -> _Form:
    """Read an answer.

    Raises:
        AdapterError: `schema`.
    """
    try:
        return form.model_validate(value)
    except ValidationError:
        # pydantic's text has key paths only, but a chain of exceptions is not needed to know them.
        raise AdapterError(Problem.SCHEMA, f"an answer that is no {form.__name__.removesuffix('Form')}") from None


def look_of(form: LookForm, asked: Ins) -> Look:
    """Give the look.

    Raises:
        AdapterError: `schema`, a reference that holds the matricule: it goes into the address of the document.
        IdentityFault: an INS, a trait or a day that is none.
    """
    identity = None
    if form.identity is not None:
        told = form.identity
        identity = LocalIdentity(
            ins=None if told.ins is None else _ins(told.ins),
            traits=StrictTraits.parse(**told.traits.model_dump()),
            status=IdentityStatus(told.status),
            attributes=frozenset(IdentityAttribute(one) for one in told.attributes),
            former=tuple(_ins(one) for one in told.former),
            verified_on=None if told.verified_on is None else Day.parse(told.verified_on),
        )
    record = form.record
    if record is None:
        return Look(identity, Opposition(form.opposition), None)
    if asked.matricule.body in record.record_ref + " " + record.version:
        raise AdapterError(Problem.SCHEMA, "a record_ref or version that holds a matricule")
    announcement = Announcement(
        record_ref=record.record_ref,
        version=record.version,
        last_act_on=Day.parse(record.last_act_on),
        updated_at=instant_of(record.updated_at),
        document_type=Coded(record.document_type.system, record.document_type.code),
        extent=Extent(record.extent),
        author=record.author,
        content_type=record.content_type,
    )
    return Look(identity, Opposition(form.opposition), announcement)


def counts_of(form: CountsForm) -> Counts:
    """Give the counts."""
    return Counts(**form.model_dump())


def ins_json(ins: Ins) -> dict[str, str]:
    """Write an INS."""
    return {"oid": ins.oid.value, "matricule": ins.matricule.value}


def trace_json(trace: Trace) -> dict[str, Any]:
    """Write one access."""
    return {
        "trace_id": trace.trace_id,
        "at": moment(trace.at),
        "action": trace.action.value,
        "ins": ins_json(trace.ins),
        "peer": trace.peer.value,
        "practitioner_id": trace.practitioner_id,
        "practitioner_name": trace.practitioner_name,
        "purpose": trace.purpose.to_json(),
        "outcome": trace.outcome,
    }


def filing_json(document: ReceivedDocument) -> dict[str, Any]:
    """Write what is known of a document that is to be filed."""
    original = {"original_sha256": document.original_sha256_hex} if document.original_sha256_hex else {}
    return {
        "ins": ins_json(document.ins),
        "peer": document.peer.value,
        "peer_name": document.peer_name,
        "last_act_on": str(document.last_act_on),
        "received_at": moment(document.received_at),
        "document_type": document.document_type.to_json(),
        "sha256": document.sha256_hex,
        **original,
        "size": document.size,
        "content_type": document.content_type,
    }


def told_json(told: ToldToWorker) -> dict[str, Any]:
    """Write what the worker was told and said."""
    return {
        "ins": ins_json(told.ins),
        "at": moment(told.at),
        "by": told.by,
        "means": told.means,
        "objects": told.objects,
        **({"told_id": told.told_id} if told.told_id else {}),
    }


def moment(at: Instant) -> str:
    """Write an instant as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ins(form: InsForm) -> Ins:
    return Ins.parse(form.oid, form.matricule)
