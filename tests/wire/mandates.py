"""Mandates sealed for a test, and the same with something changed."""

import pytest

from connector.core.errors import RequestRefused
from connector.core.mandate import Kind
from connector.wire import jose, mandate
from tests.kit.resealed import with_claim
from tests.wire.values import (
    HOLDER,
    JTI,
    NOW,
    REQUESTER,
    X5T,
    demand,
    probe,
)

DRAFTS = [*(demand(kind) for kind in Kind), *(probe(kind) for kind in Kind)]
BINDING = ("ver", "kind", "aud", "iat", "exp", "jti", "cnf", "cnf/x5t#S256")


def seal(draft=None, *, signer=REQUESTER.signer, **changes):
    values = {"x5t": X5T, "now": NOW, "jti": JTI, "signer": signer} | changes
    return mandate.seal(draft or demand(), **values)


def claims_of(compact):
    return dict(jose.read(compact, typ=mandate.TYP).claims)


def check(compact, *, kind=Kind.LOOKUP, audience=HOLDER.id, x5t=X5T, now=NOW, peer=REQUESTER.member):
    verified = mandate.open_mandate(compact, peer=peer, now=now)
    return mandate.check_mandate(verified, kind=kind, audience=audience, x5t=x5t, now=now)


def changed(path, value, draft=None):
    """A mandate with one claim changed or left out, signed by the right key."""
    return with_claim(seal(draft), path, value, REQUESTER.signer)


def refusal(compact, **options):
    with pytest.raises(RequestRefused) as caught:
        check(compact, **options)
    return caught.value.code
