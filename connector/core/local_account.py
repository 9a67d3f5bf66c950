"""A local account: a login, a password's hash, a second factor, and codes for the day that the factor is lost."""

from dataclasses import dataclass

from connector.core.private import Private


@dataclass(frozen=True, slots=True, repr=False)
class LocalAccount(Private):
    """An account. `last_step` is the last time step of the second factor that was used: each is good once."""

    person_id: str
    login: str
    password_hash: str
    totp_secret: str
    last_step: int = 0
    recovery: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment(Private):
    """What a one-time code lets a person do: make their account. All but the person is known once they began."""

    person_id: str
    login: str = ""
    password_hash: str = ""
    totp_secret: str = ""
