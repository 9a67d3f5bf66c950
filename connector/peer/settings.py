"""Limits of the endpoint that other members call. Durations are seconds, sizes bytes."""

from dataclasses import dataclass

from connector.core.days import Day

KIB = 1024


@dataclass(frozen=True, slots=True)
class PeerServerSettings:
    """`host` and `port` to listen on; `version` and `released_on` stand in the CapabilityStatement."""

    host: str
    port: int
    version: str
    released_on: Day
    max_connections: int = 400
    max_connections_per_certificate: int = 100
    connection_life_seconds: float = 3600.0
    """A connection is closed after the answer that finds it older, so that TLS looks at the certificate again."""
    idle_seconds: float = 75.0
    """Between two requests, and for the headers of one."""
    slow_client_seconds: float = 15.0
    """For the handshake, for the body of a request, and for each piece of a document to be taken."""
    drain_seconds: float = 30.0
    """What is under way gets this long when the service stops."""
    max_body_bytes: int = 64 * KIB
    max_header_line_bytes: int = 8190
    max_headers: int = 64
