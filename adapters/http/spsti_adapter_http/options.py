"""The options of both halves: where the vendor serves the contract, and how each side knows the other."""

import ipaddress
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from connector.contract import AdapterOptions

UNIX = "unix:"


class BearerOptions(AdapterOptions):
    """The key that signs a bearer for each request: EC P-256 (ES256) or RSA from 2048 bits (PS256), as PEM."""

    key: Path
    kid: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$")
    audience: str | None = None
    """What the vendor takes itself for, where that is not `url` (behind a proxy of this house)."""


class HttpOptions(AdapterOptions):
    """`[source.options]` and `[sink.options]`. Files are relative to the configuration."""

    url: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    min_tls: Literal["1.2", "1.3"] = "1.3"
    bearer: BearerOptions | None = None
    tells_opposition: bool = True
    connect_seconds: float = Field(default=3.0, gt=0, le=60)
    answer_seconds: float = Field(default=4.5, gt=0, le=120)
    silence_seconds: float = Field(default=9.0, gt=0, le=120)

    @property
    def is_unix(self) -> bool:
        """Whether the vendor's side listens on a socket of this machine, whose rights say who may ask."""
        return self.url.startswith(UNIX)

    @property
    def is_tls(self) -> bool:
        """Whether the connection is one of TLS."""
        return self.url.startswith("https:")

    @field_validator("url")
    @classmethod
    def _place_is_safe(cls, value: str) -> str:
        if value.startswith(UNIX):
            if not value.removeprefix(UNIX).startswith("/"):
                raise ValueError("expected unix: and the absolute path of a socket")
            return value
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            raise ValueError("expected a URL") from None
        if parts.scheme not in {"https", "http"} or not host:
            raise ValueError("expected a URL with https, or a socket with unix")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("expected scheme, host, port and path only: no password, query or fragment")
        if parts.scheme == "http" and not _is_loopback(host):
            raise ValueError("expected https: without TLS only the loopback addresses of this machine are asked")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _each_side_is_known(self) -> "HttpOptions":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: give both or neither")
        if not self.is_tls and (self.ca or self.certificate):
            raise ValueError("ca, certificate and key are for https")
        if self.certificate is None and self.bearer is None and not self.is_unix:
            raise ValueError("nothing says who asks: give certificate and key (mutual TLS), or bearer")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
