"""The form of the fetch page: what was typed, as a demand, and which fields are wrong where it is none.

Whether a matricule has its key or a service may be asked is decided below, by `intake` and the requester; here a fault
only finds its field, whose sentence is `fault.<field>` of the texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from multidict import MultiMapping

from connector.core.canonical import canonical
from connector.core.codes import Code
from connector.core.datamatrix import ScannedIdentity
from connector.core.errors import ConnectorError, IdentityFault, LocalRefused
from connector.core.fetch import HARD_MAX_SERVICES
from connector.core.identity import QualifiedIdentity
from connector.core.insi import InsiIdentity
from connector.core.instant import Instant, rfc3339
from connector.core.mandate import InformationMeans, VisitKind
from connector.core.members import MemberId
from connector.core.private import Private
from connector.local.problems import FieldFaults
from connector.local.requests import DemandIn, WorkerIn, read_data

WORKER_FIELDS: Final = (
    "matricule", "oid", "birth_name", "birth_given_names", "sex", "birth_date", "birth_place", "verified_on",
)  # fmt: skip
FIELDS: Final = (
    *WORKER_FIELDS, "qualified", "means", "informed_by", "informed_when", "informed_at", "zone",
    "no_objection", "visit", "declared_reason", "unattended", "day", "practitioner",
    "again",
)  # fmt: skip
FAULT_FIELDS: Final = (
    "matricule", "birth_name", "birth_given_names", "sex", "birth_date", "birth_place", "qualified", "verified_on",
    "services",
    "means", "informed_by", "informed_at", "no_objection", "visit", "declared_reason", "day", "practitioner",
)  # fmt: skip
"""Fields that may be wrong, each with its sentence in the texts, in the order of the page."""

MEANS: Final = tuple(InformationMeans)
VISITS: Final = tuple(VisitKind)
MAX_VALUE: Final = 300
_ONCE: Final = re.compile(r"[0-9a-f]{32}")
_TYPED_DAY: Final = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_FRANCE: Final = ZoneInfo("Europe/Paris")
_MAX_ZONE_MINUTES: Final = 14 * 60

# The place of a fault in the demand, or the name core gives a trait, and the field of the form.
_OF_PLACE: Final[Mapping[str, str]] = {
    "worker.matricule": "matricule", "matricule": "matricule", "INS OID": "matricule", "worker.oid": "matricule",
    "worker.birth_name": "birth_name", "birth name": "birth_name",
    "worker.birth_given_names": "birth_given_names", "birth given names": "birth_given_names",
    "worker.sex": "sex", "sex": "sex",
    "worker.birth_date": "birth_date", "birth date": "birth_date",
    "worker.birth_place": "birth_place", "birth place": "birth_place",
    "worker.status": "qualified", "worker.verified_on": "verified_on", "verified on": "verified_on",
    "services": "services", "members": "services",
    "information.means": "means", "information.by": "informed_by", "information.at": "informed_at",
    "information.worker_does_not_object": "no_objection",
    "follow_up.visit": "visit", "follow_up.declared_reason": "declared_reason", "follow_up": "declared_reason",
    "worker": "matricule", "planned_for": "day", "practitioner": "practitioner",
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class FetchForm(Private):
    """What stands in the form; `once` makes a second click, or a second sending, the same fetch."""

    once: str
    values: Mapping[str, str] = field(default_factory=dict)
    services: tuple[str, ...] = ()
    search: str = ""

    @classmethod
    def read(cls, sent: MultiMapping[Any], fresh: str) -> Self:
        """Take what a browser sent; a value that is too long, or a file, is left out."""
        values = {name: text for name in FIELDS if (text := _text(sent, name))}
        members = [text for text in sent.getall("services", []) if isinstance(text, str)]
        once = _text(sent, "once")
        return cls(
            once=once if _ONCE.fullmatch(once) else fresh,
            values=values,
            services=tuple(dict.fromkeys(members))[:HARD_MAX_SERVICES],
            search=_text(sent, "q"),
        )

    def value(self, name: str) -> str:
        """Give one value, empty where there is none."""
        return self.values.get(name, "")

    def with_scanned(self, scanned: ScannedIdentity) -> Self:
        """Put what a label says in; it says nothing of when the identity was verified."""
        return self._with_worker(
            matricule=scanned.ins.matricule.value,
            oid=scanned.ins.oid.value,
            birth_name=scanned.birth_name,
            birth_given_names=" ".join(scanned.given_names),
            sex=scanned.sex.value,
            birth_date=typed_day(scanned.birth_date.value),
            birth_place=scanned.birth_place or "",
        )

    def with_found(self, found: InsiIdentity, on: str) -> Self:
        """Put what INSi answered in, verified by that today."""
        traits = found.traits
        return self._with_worker(
            matricule=found.ins.matricule.value,
            oid=found.ins.oid.value,
            birth_name=traits.birth_name,
            birth_given_names=" ".join(traits.birth_given_names),
            sex=traits.sex.value,
            birth_date=typed_day(traits.birth_date.value),
            birth_place=traits.birth_place,
            verified_on=on,
        )

    def with_stated(self, worker: QualifiedIdentity, services: Sequence[MemberId], visit: VisitKind | None) -> Self:
        """Put in what the vendor's software states: a qualified identity, whom to ask, the occasion; nothing else."""
        traits = worker.traits
        form = self._with_worker(
            matricule=worker.ins.matricule.value,
            oid=worker.ins.oid.value,
            birth_name=traits.birth_name,
            birth_given_names=" ".join(traits.birth_given_names),
            sex=traits.sex.value,
            birth_date=typed_day(traits.birth_date.value),
            birth_place=traits.birth_place,
            verified_on=str(worker.verified_on or ""),
        )
        stated = {"qualified": "yes"} | ({"visit": visit.value} if visit is not None else {})
        members = tuple(member.value for member in services)[:HARD_MAX_SERVICES]
        return replace(form, values={**form.values, **stated}, services=members)

    def with_values(self, **more: str) -> Self:
        """Set values beside those that stand there."""
        return replace(self, values={**self.values, **more})

    def afresh(self, once: str) -> Self:
        """Give the same form as one of its own, where the old one was sent with other content."""
        return replace(self, once=once)

    def digest(self, *more: str) -> bytes:
        """Give the hash of what is meant, whenever it is sent; that a kept copy may go for it is no part of it."""
        values = {name: text for name, text in self.values.items() if name != "again"}
        meant = {"values": values, "services": list(self.services), "more": list(more)}
        return sha256(canonical(meant)).digest()

    def demand(self, now: Instant, *, planned_for: str | None = None) -> DemandIn:
        """Give the demand that the form states.

        Raises:
            FieldFaults: places of the demand that are wrong or empty.
        """
        data = {
            "worker": self._stated(),
            "services": list(self.services),
            "information": {
                "at": self._informed_at(now),
                "by": self.value("informed_by"),
                "means": self.value("means"),
                "worker_does_not_object": self.value("no_objection") == "yes",
            },
            "follow_up": {"visit": self.value("visit"), "declared_reason": self.value("declared_reason")},
            "unattended": self.value("unattended") == "yes",
            "planned_for": planned_for,
        }
        return read_data(data, DemandIn)

    def worker(self, *, verified_on: str) -> WorkerIn:
        """Give the worker as stated, to be verified on that day.

        Raises:
            FieldFaults: a trait that is wrong or empty.
        """
        return read_data(self._stated() | {"verified_on": verified_on, "status": "qualified"}, WorkerIn)

    def _stated(self) -> dict[str, Any]:
        stated: dict[str, Any] = {name: self.value(name).strip() for name in WORKER_FIELDS}
        stated |= {
            "oid": stated["oid"] or None,
            "birth_date": iso_day(stated["birth_date"]),
            "birth_place": stated["birth_place"].upper(),
            "verified_on": iso_day(stated["verified_on"]),
            "status": "qualified" if self.value("qualified") == "yes" else "",
        }
        return stated

    def _informed_at(self, now: Instant) -> str:
        if self.value("informed_when") == "now":
            return rfc3339(now)
        try:
            typed = datetime.fromisoformat(self.value("informed_at")).replace(tzinfo=_zone(self.value("zone")))
            return typed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError):  # the first hours of the year 1 lie before it in UTC
            return ""

    def _with_worker(self, **stated: str) -> Self:
        kept = {name: text for name, text in self.values.items() if name not in WORKER_FIELDS}
        return replace(self, values={**kept, **{name: text for name, text in stated.items() if text}})


def faults_of(error: ConnectorError) -> tuple[str, ...]:
    """Give the fields of the form that an error is about, in the order of the page."""
    places: tuple[str, ...] = ()
    if isinstance(error, FieldFaults):
        places = tuple(place for place, _ in error.faults)
    elif isinstance(error, IdentityFault | LocalRefused) and error.field:
        places = (error.field,)
    elif error.code is Code.FETCH_NOT_FOLLOWED:
        places = ("follow_up",)
    # A fault of one service of the list is a fault of the list.
    found = {_OF_PLACE.get(place) or _OF_PLACE.get(place.split(".")[0], "") for place in places}
    return tuple(name for name in FAULT_FIELDS if name in found)


def iso_day(text: str) -> str:
    """Give a day as `YYYY-MM-DD` where it was typed as `DD/MM/YYYY`; else as it is."""
    found = _TYPED_DAY.fullmatch(text.strip())
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text.strip()


def typed_day(text: str) -> str:
    """Give a day, or a birth date that may be none, as people in France type it."""
    year, month, day = text.split("-")
    return f"{day}/{month}/{year}"


def _text(sent: MultiMapping[Any], name: str) -> str:
    value = sent.get(name, "")
    return value if isinstance(value, str) and len(value) <= MAX_VALUE else ""


def _zone(minutes: str) -> ZoneInfo | timezone:
    """Give the zone of the browser, whose script tells it in minutes behind UTC; France where it did not."""
    if re.fullmatch(r"-?[0-9]{1,3}", minutes) and abs(int(minutes)) <= _MAX_ZONE_MINUTES:
        return timezone(timedelta(minutes=-int(minutes)))
    return _FRANCE
