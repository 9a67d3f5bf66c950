"""The professional of a session, as a mandate names them: how they signed in, how surely and when (PROTOCOL 3)."""

from aiohttp import web

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.mandate import Practitioner
from connector.local.sign_in.session import require
from connector.local.sign_in.values import SignedIn


def practitioner_of(request: web.Request) -> Practitioner:
    """Give the professional who is signed in.

    Raises:
        LocalRefused: `sign_in.required` and the like; `sign_in.role`, nothing is asked for in their name.
    """
    return as_practitioner(require(request))


def acting_as(request: web.Request, practitioner_id: str) -> Practitioner:
    """Give the professional who is signed in, who must be the one that is named.

    Raises:
        LocalRefused: `local.forbidden`, somebody else is named; as `practitioner_of`.
    """
    practitioner = practitioner_of(request)
    if practitioner.id.value != practitioner_id:
        raise LocalRefused(
            "practitioner: not the one who is signed in", code=Code.LOCAL_FORBIDDEN, field="practitioner.id"
        )
    return practitioner


def as_practitioner(signed_in: SignedIn) -> Practitioner:
    """Give a signed-in person as a mandate names them.

    Raises:
        LocalRefused: `sign_in.role`, nothing is asked for in their name.
    """
    person = signed_in.person
    if person.practitioner is None or person.profession is None:
        raise LocalRefused("practitioner: nothing is asked for in the name of this person", code=Code.SIGN_IN_ROLE)
    return Practitioner(id=person.practitioner, name=person.name, profession=person.profession, auth=signed_in.auth)
