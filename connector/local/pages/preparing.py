"""Preparing a fetch for a day, in one's own name or, as an assistant, in a practitioner's; and from a CSV file.

Nothing is sent: a prepared fetch waits in the work list until the practitioner starts it under a login of their own.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.fetch import Fetch
from connector.core.mandate import Practitioner
from connector.core.people import Person
from connector.core.ports import Idempotency
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private
from connector.local.guards import PORTS, SETTINGS
from connector.local.intake import read_demand
from connector.local.pages.fetch_form import FIELDS, FetchForm, faults_of, iso_day
from connector.local.sign_in.acting import as_practitioner
from connector.local.sign_in.session import require

COLUMNS: Final = (
    "matricule", "birth_name", "birth_given_names", "sex", "birth_date", "birth_place", "verified_on", "services",
    "day", "practitioner", "informed_by", "informed_at", "means", "visit",
)  # fmt: skip
"""The columns that a file must have; the others of the form may be there too."""

MAX_ROWS: Final = 200
_STATED: Final = {"qualified": "yes", "no_objection": "yes", "informed_when": "other"}
"""What a file states by its form: only workers who were informed, do not object and are qualified stand in it.

A file that has these columns says it for each line, and its word counts.
"""


@dataclass(frozen=True, slots=True, repr=False)
class Row(Private):
    """One line of a file: kept as a fetch, or the fault and the fields it is about."""

    line: int
    fetch: Fetch | None = None
    fault: ConnectorError | None = None
    fields: tuple[str, ...] = ()


def practitioners(request: web.Request) -> Sequence[Person]:
    """Give the people in whose name somebody may prepare: an assistant for everybody, others for themselves."""
    signed_in, desk = require(request), request.app[PORTS].sign_in
    if signed_in.practitioner_id is not None or desk is None:
        return (signed_in.person,)
    listed = request.app[PORTS].practitioners
    return [
        person
        for person in desk.staff.people()
        if person.practitioner is not None and listed.may_ask(person.practitioner.value)
    ]


async def prepare(request: web.Request, form: FetchForm, day: str, practitioner_id: str) -> Fetch:
    """Keep a fetch for a day; the same form again is the same fetch.

    Raises:
        FieldFaults, IdentityFault, LocalRefused, AdapterFault, FailedClosed: as a fetch that is sent.
    """
    ports, settings = request.app[PORTS], request.app[SETTINGS]
    signed_in, now = require(request), ports.clock.now()
    by_another = signed_in.practitioner_id is None
    practitioner = _named(request, practitioner_id) if by_another else as_practitioner(signed_in)
    body = form.demand(now, planned_for=iso_day(day))
    new = replace(read_demand(body, practitioner, settings=settings, now=now), by_another=by_another)
    caller = f"person:{signed_in.person_id}"
    key = Idempotency(caller=caller, key=form.once, body_sha256=form.digest(day, practitioner_id))
    return await ports.errands.prepare(new, caller, key)


async def read_file(request: web.Request, content: str) -> list[Row]:
    """Prepare each line of a CSV file by itself; a line that is wrong keeps no other from being prepared.

    Raises:
        LocalRefused: `local.malformed`: no CSV with these columns, or too many lines.
    """
    rows = []
    for line, values in _lines(content):
        services = tuple(values["services"].replace(",", " ").split())
        stated = {name: text.strip() for name in FIELDS if (text := values.get(name)) is not None}
        stated = {name: text for name, text in {**_STATED, **stated}.items() if text}
        form = FetchForm(f"line-{line}", stated, services)
        # The same file again is the same fetches: the key is made of what the line says.
        form = form.afresh(form.digest(values["day"], values["practitioner"]).hex()[:32])
        try:
            fetch = await prepare(request, form, values["day"].strip(), values["practitioner"].strip())
        except ConnectorError as fault:
            rows.append(Row(line, fault=fault, fields=faults_of(fault)))
        else:
            rows.append(Row(line, fetch))
    return rows


def _lines(content: str) -> list[tuple[int, Mapping[str, str]]]:
    head = content.lstrip("\ufeff").partition("\n")[0]
    reader = csv.DictReader(io.StringIO(content.lstrip("\ufeff")), delimiter=";" if ";" in head else ",", strict=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise _refused(f"lacks the columns {', '.join(missing)}")
    try:
        found = [(reader.line_num, row) for row in reader]
    except csv.Error:
        raise _refused("is no CSV: a quotation mark is not closed, or stands in the middle") from None
    if not 0 < len(found) <= MAX_ROWS:
        raise _refused(f"has {len(found)} lines, expected 1 to {MAX_ROWS}")
    if odd := [line for line, row in found if None in row or None in row.values()]:
        raise _refused(f"has another number of values than columns in line {odd[0]}")
    return [(line, dict(row)) for line, row in found]


def _refused(what: str) -> LocalRefused:
    return LocalRefused(f"file: it {what}", code=Code.LOCAL_MALFORMED, field="file")


def _named(request: web.Request, practitioner_id: str) -> Practitioner:
    """Give the practitioner somebody prepares for. The login is the preparer's, and starts nothing (`by_another`)."""
    person = next((one for one in practitioners(request) if _id(one) == practitioner_id), None)
    if person is None or person.practitioner is None or person.profession is None:
        raise LocalRefused(
            "practitioner: not one of those who may ask in this service's name",
            code=Code.LOCAL_FORBIDDEN,
            field="practitioner",
        )
    return Practitioner(PractitionerId.parse(practitioner_id), person.name, person.profession, require(request).auth)


def _id(person: Person) -> str:
    return person.practitioner.value if person.practitioner is not None else ""
