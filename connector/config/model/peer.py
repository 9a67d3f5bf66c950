"""The side that faces other services, and what lies between: the endpoint, revocation, proxies, alerts."""

# ruff: noqa: RUF012 (pydantic copies a default, and the sections are frozen)

from typing import Annotated

from pydantic import Field, model_validator

from connector.config.model.forms import FileRef, HttpProxy, HttpsOrigin, Listen, ProviderUrl, Refused, Section, WebUrl
from connector.config.model.keys import RotatingPair
from connector.core.units import HOUR_SECONDS


class CrlSection(Section):
    """How revocation lists are had beside the files of `[peer] crls`, and what is done where none can be had."""

    fetch: bool = True
    addresses: list[WebUrl] = []
    proxy: WebUrl | None = None
    refresh_minutes: Annotated[int, Field(ge=1, le=1_440)] = 60
    warn_hours: Annotated[int, Field(ge=1, le=720)] = 48
    grace_hours: Annotated[int, Field(ge=0, le=168)] = 0
    fetch_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    max_mb: Annotated[int, Field(ge=1, le=256)] = 32


class PeerSection(Section):
    """The endpoint that other services call, and the certificates on both ways."""

    listen: Listen = "0.0.0.0:8443"
    trusted_cas: Annotated[list[FileRef], Field(min_length=1)]
    crls: list[FileRef] = []
    crl: CrlSection = CrlSection()
    server: RotatingPair
    client: RotatingPair
    max_connections: Annotated[int, Field(ge=8, le=10_000)] = 400
    connection_life_seconds: Annotated[int, Field(ge=10, le=86_400)] = HOUR_SECONDS
    idle_seconds: Annotated[int, Field(ge=5, le=600)] = 75
    slow_client_seconds: Annotated[int, Field(ge=1, le=120)] = 15
    drain_seconds: Annotated[int, Field(ge=0, le=600)] = 30


class ProxySection(Section):
    """One forward proxy, and the hosts that are reached by it: names, or patterns such as `*.ans.fr`."""

    url: HttpProxy
    hosts: Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9.*:-]{0,252}$")]], Field(min_length=1)]


class NetworkSection(Section):
    """What lies between this machine and the others: proxies by destination, first fit counts; `announced` is where
    others call this service, where that is not where it listens (`check` compares it with the directory).
    """

    announced: HttpsOrigin | None = None
    proxies: Annotated[list[ProxySection], Field(max_length=32)] = []


class AlertsSection(Section):
    """Who is told of alerts, beside the log, the metrics and the status: an address of the service's own choice."""

    webhook: ProviderUrl | None = None
    webhook_key: FileRef | None = None
    webhook_ca: FileRef | None = None

    @model_validator(mode="after")
    def _signed(self) -> "AlertsSection":
        if (self.webhook is None) != (self.webhook_key is None):
            raise Refused("section.webhook")
        return self
