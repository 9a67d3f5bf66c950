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
_EXTENT = {"complet": Extent.FULL, "synthese": Extent.SUMMARY}

UNKNOWN_WORKER = Look(identity=None, opposition=Opposition.UNKNOWN, announcement=None)


def look_of(row: tuple[Any, ...]) -> Look:
    """Read a row of `schema.LOOK`.

    Raises:
        AdapterError: `data`: a version without the day of its newest act.
        IdentityFault: an INS, a trait or a day that is none.
    """
    name, given_names, sex, born_on, born_at, status, attribute, matricule, oid, verified_on, former, answer = row[1:13]
    identity = LocalIdentity(
        ins=None if matricule is None else Ins.parse(oid, matricule),
        traits=StrictTraits.parse(
            birth_name=name, birth_given_names=given_names, sex=sex, birth_date=born_on, birth_place=born_at
        ),
        status=IdentityStatus(status),
        attributes=frozenset() if attribute is None else frozenset({IdentityAttribute(attribute)}),
        former=() if former is None else tuple(Ins.parse(*one.split(" ")) for one in former.split(",")),
        verified_on=None if verified_on is None else Day.parse(verified_on),
    )
    return Look(identity=identity, opposition=_OPPOSITION[answer], announcement=_announcement(row[13:]))


def _announcement(row: tuple[Any, ...]) -> Announcement | None:
    version_id, number, extent, last_act_on, author, recorded_at = row
    if version_id is None:
        return None
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
