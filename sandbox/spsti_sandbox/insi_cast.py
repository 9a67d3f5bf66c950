"""The demonstration's workers as the INSi simulator knows them.

Everybody stands there as service *c* states them, but two: whose matricule changed, with the old one as history; and
whose verification fails, with another birth place.
"""

from dataclasses import replace
from typing import Final

from connector.core.matricule import Ins
from spsti_sandbox.cast import Cast, CastMember
from spsti_sandbox.insi_identities import FormerIns, SimulatedIdentity

OTHER_PLACE: Final = "38421"


def simulated(cast: Cast) -> tuple[SimulatedIdentity, ...]:
    """Give the identities that the simulator holds beside the published ones."""
    return tuple(_of(member) for member in cast.members())


def _of(member: CastMember) -> SimulatedIdentity:
    asked = _identity(member, member.asked.ins)
    if member.key == "verification_fails":
        return replace(asked, birth_place=OTHER_PLACE)
    today = member.files["a"].ins if member.key == "matricule_changed" else None
    if today is None:
        return asked
    former = FormerIns(member.asked.ins.matricule.value, member.asked.ins.oid.value)
    return replace(_identity(member, today), history=(former,))


def _identity(member: CastMember, ins: Ins) -> SimulatedIdentity:
    traits = member.asked.traits
    return SimulatedIdentity(
        birth_name=traits.birth_name,
        given_names=" ".join(traits.birth_given_names),
        sex=traits.sex.value,
        birth_date=traits.birth_date.value,
        birth_place=traits.birth_place,
        matricule=ins.matricule.value,
        oid=ins.oid.value,
    )
