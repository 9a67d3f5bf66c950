"""What callers send to the identity desk, as pydantic models like those of `local.requests`.

An identity stands in a body only. `by` is the id of a person in this service: an account or a PS_IdNat, never a name.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StringConstraints, model_validator

from connector.core.identity import IdentityAttribute
from connector.core.identity_alerts import MAX_WORDS
from connector.core.identity_rules import DocumentKind, Nationality
from connector.local.requests import Body, DayText, Name, WorkerIn
from connector.vigilance.desk import Wish

MAX_SCANNED: Final = 1000

PersonText = Annotated[
    str,
    StringConstraints(pattern="^[0-9A-Za-z][0-9A-Za-z._/@+-]{0,99}$"),
    Field(description="who decides or asks: an account of your service or a PS_IdNat, never a name"),
]
ReasonText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_WORDS)]
PlaceText = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z]{5}$")]
MatriculeText = Annotated[str, StringConstraints(min_length=15, max_length=25)]
OidText = Annotated[str | None, Field(default=None, max_length=64)]
TraitName = Literal["birth_name", "birth_given_names", "sex", "birth_date", "birth_place"]


class SearchedTraitsIn(Body):
    """Traits to search with: given names as many as are known, in their order; the place where it is known."""

    birth_name: Name
    birth_given_names: Name
    sex: Literal["M", "F"]
    birth_date: DayText
    birth_place: PlaceText | None = None


class TraitsIn(Body):
    """The five strict traits as a document shows them; `I` is a sex that is not known yet."""

    birth_name: Name
    birth_given_names: Name
    sex: Literal["M", "F", "I"]
    birth_date: DayText
    birth_place: PlaceText


class VitaleIn(Body):
    """What a Vitale card says of one person: the insured's number, the person's own where it has one."""

    insured: MatriculeText
    birth_date: DayText
    rank: Annotated[int, Field(ge=1, le=9)] = 1
    individual: MatriculeText | None = None
    birth_name: Name | None = None


class IdentitySearchIn(Body):
    """A search by traits or by a Vitale card: exactly one of them."""

    by: PersonText
    traits: SearchedTraitsIn | None = None
    vitale: VitaleIn | None = None
    fresh: Annotated[StrictBool, Field(description="ask INSi even where a recent answer is kept")] = False

    @model_validator(mode="after")
    def _one(self) -> "IdentitySearchIn":
        if (self.traits is None) == (self.vitale is None):
            msg = "expected either traits or vitale"
            raise ValueError(msg)
        return self


class StatedIdentityIn(Body):
    """An INS with its traits, of whatever status."""

    matricule: MatriculeText
    oid: OidText
    birth_name: Name
    birth_given_names: Name
    sex: Literal["M", "F"]
    birth_date: DayText
    birth_place: PlaceText


class IdentityVerifyIn(Body):
    """An identity to be held against INSi."""

    by: PersonText
    worker: StatedIdentityIn
    fresh: StrictBool = False


class IdentityKeepIn(Body):
    """An identity to be kept, provisional: what is to be done with it later needs evidence."""

    traits: TraitsIn
    by: PersonText
    reason: ReasonText
    attribute: Annotated[
        IdentityAttribute | None, Field(description="where it is marked from the beginning", default=None)
    ]


class DocumentIn(Body):
    """The document of high trust that was seen: its kind and the day, no number and no image."""

    kind: DocumentKind
    nationality: Annotated[Nationality, Field(description="the holder's; european: EU, EEA, Switzerland, UK")]
    seen_on: DayText
    further_proof: Annotated[
        str, StringConstraints(max_length=200), Field(description="beside a birth record or livret de famille")
    ] = ""


class IdentityMoveIn(Body):
    """A move of an identity that is kept here: what it is, who decides it and why, and what it needs."""

    move: Wish
    by: PersonText
    reason: ReasonText
    document: Annotated[DocumentIn | None, Field(description="to validate", default=None)]
    accepting: Annotated[
        list[TraitName],
        Field(max_length=5, default_factory=list, description="to recover: the traits that differ and are accepted"),
    ]
    attribute: Annotated[IdentityAttribute | None, Field(description="to mark or unmark", default=None)]
    traits: Annotated[TraitsIn | None, Field(description="to change traits", default=None)]


class IdentityFindIn(Body):
    """An INS whose kept identities are looked for."""

    matricule: MatriculeText
    oid: OidText


class LabelReadIn(Body):
    """What a scanner typed of an INS label."""

    payload: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SCANNED)]


class LabelWriteIn(Body):
    """The qualified identity that a label is to carry."""

    worker: WorkerIn


class AlertTakeIn(Body):
    """Who takes an alert."""

    by: PersonText


class AlertCloseIn(Body):
    """Who closes an alert, and why."""

    by: PersonText
    reason: ReasonText
