"""INS that belong to nobody, to ask a source about somebody whom it does not hold."""

from typing import Final

from connector.core.matricule import Ins, Matricule, key_of
from connector.core.oid import Environment, InsOid

_BODIES: Final = tuple(f"1009999999{number}" for number in (999, 998, 997))
"""Bodies of matricules that are attributed to nobody we could think of: month and place of birth not known."""


def oid_of(environment: Environment) -> InsOid:
    """Give the OID that an INS of that world has by default."""
    return InsOid.NIR if environment is Environment.PRODUCTION else InsOid.TEST


def strangers(environment: Environment) -> tuple[Ins, ...]:
    """Give three of them."""
    return tuple(Ins(Matricule(body + key_of(body)), oid_of(environment)) for body in _BODIES)
