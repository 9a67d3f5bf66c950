"""What the local side can be told. Durations are in seconds, sizes in bytes."""

from dataclasses import dataclass

from connector.contract.settings import Authority
from connector.core.fetch import DEFAULT_MAX_SERVICES
from connector.core.members import MemberId
from connector.core.oid import Environment, InsOid

KIB = 1024


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Settings of the local API.

    `hostnames` are the names under which it may be called beside those of loopback: the address it listens on and
    those of its certificate. Another `Host` is refused, which ends DNS rebinding. `keep_alive_seconds` is the pause
    after which a silent event stream bears a comment; `max_streams` bounds streams of events and documents open at
    once, `write_seconds` the wait for a reader of one; `auth_age_seconds` is how old a practitioner's login may be.
    """

    member: MemberId
    member_name: str
    environment: Environment
    version: str
    hostnames: tuple[str, ...] = ()
    max_services: int = DEFAULT_MAX_SERVICES
    authority: Authority = Authority.ADAPTER
    max_body_bytes: int = 64 * KIB
    body_seconds: float = 10.0
    write_seconds: float = 60.0
    keep_alive_seconds: float = 15.0
    max_streams: int = 64
    auth_age_seconds: int = 86_400
    drain_seconds: float = 10.0

    @property
    def default_oid(self) -> InsOid:
        """The OID of a matricule that comes without one: NIR in production, the test OID elsewhere."""
        return self.worker_oids[0]

    @property
    def worker_oids(self) -> tuple[InsOid, ...]:
        """The OIDs under which workers are known here, the usual one first: a page offers the choice of them."""
        return (InsOid.NIR, InsOid.NIA) if self.environment is Environment.PRODUCTION else (InsOid.TEST,)
