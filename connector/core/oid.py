"""The OIDs under which a matricule is an INS, and which of them belong to production or to tests.

Source: reference/ins.md 1.3 ([A], FR Core, CDA schematron). A matricule never travels without its OID; the pair is
`core.matricule.Ins`.
"""

from enum import StrEnum

from connector.core.codes import Code
from connector.core.errors import IdentityFault
from connector.core.private import shape_of

URN_PREFIX = "urn:oid:"

_FAMILY = "1.2.250.1.213.1.4."
_NOT_INS = {
    _FAMILY + "2": ("the OID of INS-C, the calculated identifier that is dead", "obtain the INS from INSi"),
    _FAMILY + "13": (
        "the OID of a NIR used as social-security number, often a parent's",
        "send the worker's own INS, which has an OID of its own",
    ),
    _FAMILY + "14": (
        "the OID of a NIA used as social-security number, often a parent's",
        "send the worker's own INS, which has an OID of its own",
    ),
}


class InsOid(StrEnum):
    """What kind of INS a matricule is; no OID of a test NIA is known."""

    NIR = _FAMILY + "8"
    NIA = _FAMILY + "9"
    TEST = _FAMILY + "10"
    DEMO = _FAMILY + "11"

    @classmethod
    def parse(cls, text: str) -> "InsOid":
        """Read an OID, bare or as `urn:oid:…` (RFC 3061, lower case).

        Raises:
            IdentityFault: `identity.oid`; INS-C and the social-security OIDs are named, others only by their length,
                since a matricule may have been put in the wrong field.
        """
        bare = text.removeprefix(URN_PREFIX)
        oid = _OIDS.get(bare)
        if oid is not None:
            return oid
        got, hint = _NOT_INS.get(bare, (f"{shape_of(text)} that are no OID of an INS", ""))
        raise IdentityFault(
            Code.IDENTITY_OID,
            field="INS OID",
            got=got,
            expected=f"{_FAMILY}8, .9, .10 or .11, with or without {URN_PREFIX}",
            hint=hint,
        )

    @property
    def is_real(self) -> bool:
        """Whether it belongs to real persons: NIR and NIA."""
        return self in _REAL

    @property
    def urn(self) -> str:
        """The `system` of a FHIR identifier."""
        return URN_PREFIX + self


_OIDS = {oid.value: oid for oid in InsOid}
_REAL = frozenset({InsOid.NIR, InsOid.NIA})


class Environment(StrEnum):
    """Whether a connector serves real workers or synthetic ones."""

    PRODUCTION = "production"
    TEST = "test"


def check_real(oid: InsOid, environment: Environment, field: str = "OID") -> None:
    """Refuse a test identity in production, where nobody's identity is anything but real.

    For what stays in this house and with INSi: a connector of test may hold real OIDs, since INSi's qualification
    platform answers with them. What goes to a peer is bound by `oid_belongs`.

    Raises:
        IdentityFault: `identity.oid`.
    """
    if environment is Environment.PRODUCTION and not oid.is_real:
        raise IdentityFault(
            Code.IDENTITY_OID,
            field=field,
            got="a test OID",
            expected="the one of a NIR or a NIA: this connector runs in production",
            hint="test identities belong to a connector of test",
        )


def oid_belongs(oid: InsOid, environment: Environment) -> bool:
    """Whether an INS of that OID may be asked for or answered in that environment, on the peer protocol.

    Production has the real OIDs only, a test the others only. The INSi client is bound by endpoint and certificate
    issuer instead, because INSi's qualification platform answers with real OIDs (DESIGN section 4).
    """
    return oid.is_real == (environment is Environment.PRODUCTION)
