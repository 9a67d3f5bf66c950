"""A row of the vendor's tables as values of the contract: the one place that knows what the vendor's words mean.

A value of the contract that refuses what the database holds (`IdentityFault`) is let through: the connector counts it
as wrong data of this worker.
"""

from datetime import datetime
from typing import Any

from connector.contract import (
    TYPE_DMST,
    AdapterError,
    Announcement,
    Day,
    Extent,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    LocalIdentity,
    Look,
    Opposition,
    Problem,
    StrictTraits,
    instant_of,
)

_OPPOSITION = {"s'oppose": Opposition.YES, "ne s'oppose pas": Opposition.NO, None: Opposition.UNKNOWN}
_STATUS = {status.value: status for status in IdentityStatus}
_NO_ATTRIBUTE: frozenset[IdentityAttribute] = frozenset()
_EXTENT = {"complet": Extent.FULL, "synthese": Extent.SUMMARY}

UNKNOWN_WORKER = Look(identity=None, opposition=Opposition.UNKNOWN, announcement=None)


def look_of(row: tuple[Any, ...], asked: Ins) -> Look:
    """Read a row of `schema.LOOK`, found under the INS asked for.

    Raises:
        AdapterError: `data`: a version without the day of its newest act.
        IdentityFault: an INS, a trait or a day that is none.
    """
    name, given_names, sex, born_on, born_at, status, attribute, matricule, oid, verified_on, former, answer = row[1:13]
    ins: Ins | None
    if matricule == asked.matricule.value and oid == asked.oid:
        ins = asked  # read once already
    else:
        ins = None if matricule is None else Ins.parse(oid, matricule)
    identity = LocalIdentity(
        ins,
        StrictTraits.parse(
            birth_name=name, birth_given_names=given_names, sex=sex, birth_date=born_on, birth_place=born_at
        ),
        _STATUS[status],
        _NO_ATTRIBUTE if attribute is None else frozenset({IdentityAttribute(attribute)}),
        () if former is None else tuple(Ins.parse(*one.split(" ")) for one in former.split(",")),
        None if verified_on is None else Day.parse(verified_on),
    )
    return Look(identity, _OPPOSITION[answer], None if row[13] is None else _announcement(row[13:]))


def _announcement(row: tuple[Any, ...]) -> Announcement:
    version_id, number, extent, last_act_on, author, recorded_at = row
    if last_act_on is None:
        raise AdapterError(Problem.DATA, f"dossier_version {version_id}: date_dernier_acte is NULL")
    return Announcement(
        record_ref=str(version_id),
        version=str(number),
        last_act_on=Day.parse(last_act_on),
        updated_at=instant_of(datetime.fromisoformat(recorded_at)),
        document_type=TYPE_DMST,
        extent=_EXTENT[extent],
        author=author,
    )
