"""The local side: the API with its keys, and how people sign in at the pages."""

# ruff: noqa: RUF012 (pydantic copies a default, and the sections are frozen)

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import Field, model_validator

from connector.config.model.forms import (
    FileRef,
    HttpOrigin,
    KeyId,
    Listen,
    PractitionerIdText,
    ProviderUrl,
    Refused,
    Section,
)
from connector.core.mandate import AuthLevel


class ApiKey(Section):
    """A key of the local API, by its hash, and the practitioners it may speak for."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    practitioners: list[PractitionerIdText] = []
    scopes: list[Literal["fetch", "status", "journal", "oppositions", "identity", "operate", "people"]] = [
        "fetch",
        "status",
    ]
    launch_key: FileRef | None = None
    launch_vouches: bool = False

    @model_validator(mode="after")
    def _vouching_launch(self) -> "ApiKey":
        if self.launch_vouches and self.launch_key is None:
            raise Refused("section.launch-key")
        return self


class LocalSection(Section):
    """The local side: API, metrics and health."""

    listen: Listen = "127.0.0.1:8480"
    certificate: FileRef | None = None
    key: FileRef | None = None
    keys: list[ApiKey] = []

    @model_validator(mode="after")
    def _tls_outside_loopback(self) -> "LocalSection":
        if (self.certificate is None) != (self.key is None):
            raise Refused("section.local-pair")
        if not ip_address(self.listen.rpartition(":")[0].strip("[]")).is_loopback and self.certificate is None:
            raise Refused("section.local-open")
        return self


class LocalAccountsSection(Section):
    """Accounts with password and second factor, kept here: off unless switched on."""

    enabled: bool = False


class ProviderSection(Section):
    """One OpenID Connect provider, and how its word is read: which claim names the person, which level it reached.

    `fresh` says which sign-ins want a person's act at the provider: each, each without a recent one, or unlocking only.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    kind: Literal["pro-sante-connect", "generic"]
    title: Annotated[str, Field(min_length=1, max_length=60)]
    issuer: ProviderUrl
    discovery: ProviderUrl | None = None
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret: FileRef | None = None
    client_key: FileRef | None = None
    client_key_id: KeyId | None = None
    client_key_algorithm: Literal["RS256", "PS256", "ES256"] = "RS256"
    tls_certificate: FileRef | None = None
    tls_key: FileRef | None = None
    trusted_cas: list[FileRef] = []
    scope: Annotated[str, Field(pattern=r"^[!-~]+( [!-~]+)*$")] | None = None
    acr_values: Annotated[str, Field(pattern=r"^[!-~]+( [!-~]+)*$")] | None = None
    person_claim: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./-]{1,128}$")] | None = None
    levels: dict[str, AuthLevel] | None = None
    level: AuthLevel | None = None
    fresh: Literal["always", "recent", "unlocking"] = "always"

    @model_validator(mode="after")
    def _one_client_proof(self) -> "ProviderSection":
        if (self.client_secret is None) == (self.client_key is None):
            raise Refused("section.client-proof")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise Refused("section.provider-tls")
        return self


class SignInSection(Section):
    """How people sign in at the pages, and for how long. `contact` is whom to call, in the service's own words."""

    idle_minutes: Annotated[int, Field(ge=1, le=30)] = 30
    session_hours: Annotated[int, Field(ge=1, le=24)] = 10
    contact: Annotated[str, Field(max_length=120)] = ""
    address: HttpOrigin | None = None
    local: LocalAccountsSection = LocalAccountsSection()
    providers: Annotated[list[ProviderSection], Field(max_length=8)] = []

    @model_validator(mode="after")
    def _each_name_once(self) -> "SignInSection":
        if len({provider.name for provider in self.providers}) < len(self.providers):
            raise Refused("section.provider-twice")
        if self.providers and self.address is None:
            raise Refused("section.provider-address")
        return self
