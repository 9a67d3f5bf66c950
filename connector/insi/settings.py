"""What the INSi client is told: which platform, which certificate, which software, how long to wait.

Worlds never mix. INSi's qualification platform answers with real OIDs, so OIDs cannot tell it from production: here a
platform is its endpoint, the issuer of our certificate and the name in the server's, and they must agree with each
other and with the connector's environment before anything is sent (reference/ins.md 0.2 and 4.1).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from connector.core.errors import ConfigFault
from connector.core.faults import Fault
from connector.core.network import STRAIGHT, Proxies
from connector.core.oid import Environment, InsOid
from connector.crypto.names import CertificateNames
from connector.peer.tls import TlsSettings

CLIENT_NAMES: Final = ("INSI-MANU", "INSI-AUTO")
"""The CN that INSi expects, in capitals; any other gets the fault desir_560 (ins.md 4.1, [B])."""

_ISSUER: Final = "AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
_TOKEN = re.compile(r"[!-~]{1,64}")
_SOFTWARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EMITTER = re.compile(r"[0-9A-Za-z]{8,15}")


class InsiPlatform(StrEnum):
    """Which INSi is called. The simulator is the sandbox's."""

    PRODUCTION = "production"
    QUALIFICATION = "qualification"
    SIMULATOR = "simulator"


@dataclass(frozen=True, slots=True)
class _Binding:
    """What belongs together: the endpoint, the names in both certificates, and the OIDs that may be answered."""

    environment: Environment
    endpoint: str
    issuer: str
    server_name: str
    oids: frozenset[InsOid]


_EVERY_OID: Final = frozenset(InsOid)
_REAL_OIDS: Final = frozenset(oid for oid in InsOid if oid.is_real)
_BINDINGS: Final[Mapping[InsiPlatform, _Binding]] = {
    InsiPlatform.PRODUCTION: _Binding(
        Environment.PRODUCTION,
        "https://services-ps-tlsm.ameli.fr/lps",
        _ISSUER,
        "services-ps-tlsm.ameli.fr",
        _REAL_OIDS,
    ),
    InsiPlatform.QUALIFICATION: _Binding(
        Environment.TEST,
        "https://qualiflps-services-ps-tlsm.ameli.fr:443/lps",
        "TEST " + _ISSUER,
        "services-ps-tlsm.ameli.fr",
        _EVERY_OID,
    ),
    InsiPlatform.SIMULATOR: _Binding(
        Environment.TEST,
        "https://localhost:8490/lps",
        "SANDBOX " + _ISSUER,
        "insi-simulator",
        _EVERY_OID,
    ),
}


@dataclass(frozen=True, slots=True)
class Software:
    """What INSi is told of the software that calls: as authorised by CNDA.

    `authorisation` is CNDA's *numéro d'autorisation*; `instance` the UUID of this installation, made once and kept.
    """

    authorisation: str
    name: str
    version: str
    instance: str


@dataclass(frozen=True, slots=True)
class InsiSettings:
    """Everything the client needs.

    `endpoint` and `server_name` are the platform's where None; `emitter` is the structure identifier in the
    certificate's OU where None. `call_seconds` bounds one call whole (connection, TLS, answer), `search_seconds` all
    the calls of one search with their pauses; `retries` is how often a call that INSi or the network failed is made
    again; `max_age_hours` how long an answer 00 spares a second call (0: never).
    """

    platform: InsiPlatform
    tls: TlsSettings
    software: Software
    endpoint: str | None = None
    server_name: str | None = None
    emitter: str | None = None
    call_seconds: float = 10.0
    search_seconds: float = 25.0
    retries: int = 1
    pause_seconds: float = 1.0
    max_at_once: int = 4
    max_answer_bytes: int = 256 * 1024
    max_age_hours: int = 24
    proxies: Proxies = STRAIGHT

    @property
    def url(self) -> str:
        """The endpoint that is called."""
        return self.endpoint or _BINDINGS[self.platform].endpoint

    @property
    def server_name_end(self) -> str:
        """What the CN of INSi's certificate must end with (ins.md 4.1, [B] SAPA)."""
        return self.server_name or _BINDINGS[self.platform].server_name

    @property
    def oids(self) -> frozenset[InsOid]:
        """The OIDs that an answer may have: production never gives a test one."""
        return _BINDINGS[self.platform].oids

    def check(self, environment: Environment, names: CertificateNames) -> str:
        """Check the settings against the environment and our own certificate; give the emitter that is sent.

        Raises:
            ConfigFault: with every contradiction in `faults`; nothing may be called.
        """
        faults = (
            *self._world_faults(environment),
            *self._certificate_faults(names),
            *self._software_faults(),
            *self._number_faults(),
        )
        if faults:
            raise ConfigFault.of_all(
                f"insi: {'; '.join(fault.without_remedy('en') for fault in faults)}", faults, faults[0].remedy("en")
            )
        return self.emitter or names.organisational_units[0]

    def _world_faults(self, environment: Environment) -> tuple[Fault, ...]:
        own, faults = _BINDINGS[self.platform], list[Fault]()
        if own.environment is not environment:
            values = {"wanted": own.environment.value, "environment": environment.value}
            faults.append(Fault("insi.platform", {"platform": self.platform.value, **values}))
        url = urlsplit(self.url)
        if url.scheme != "https" or not url.hostname or url.username or url.query or url.fragment:
            faults.append(Fault("insi.endpoint", part="endpoint"))
        for platform, binding in _BINDINGS.items():
            if platform is not self.platform and url.hostname == urlsplit(binding.endpoint).hostname:
                values = {"other": platform.value, "platform": self.platform.value}
                faults.append(Fault("insi.endpoint-other", values, part="endpoint"))
        if self.platform is not InsiPlatform.SIMULATOR and not self.server_name_end.endswith("ameli.fr"):
            faults.append(Fault("insi.server-name", part="server_name"))
        return tuple(faults)

    def _certificate_faults(self, names: CertificateNames) -> tuple[Fault, ...]:
        own, faults = _BINDINGS[self.platform], list[Fault]()
        if len(names.common_names) != 1 or names.common_names[0] not in CLIENT_NAMES:
            named = {"got": list(names.common_names) or ["missing"], "allowed": list(CLIENT_NAMES)}
            faults.append(Fault("insi.certificate-name", named, part="certificate"))
        if names.issuer_common_names != (own.issuer,):
            issuer = ", ".join(names.issuer_common_names) or "nobody"
            issued = {"got": issuer, "platform": self.platform.value, "wanted": own.issuer}
            faults.append(Fault("insi.certificate-issuer", issued, part="certificate"))
        if self.emitter is None and len(names.organisational_units) != 1:
            faults.append(Fault("insi.certificate-units", part="certificate"))
        if self.emitter is not None and self.emitter not in names.organisational_units:
            faults.append(Fault("insi.emitter-other", part="emitter"))
        emitter = self.emitter or "".join(names.organisational_units[:1])
        if emitter and not _EMITTER.fullmatch(emitter):
            faults.append(Fault("insi.emitter-form", part="emitter"))
        return tuple(faults)

    def _software_faults(self) -> tuple[Fault, ...]:
        wanted = (
            ("authorisation", self.software.authorisation, _TOKEN, "insi.authorisation"),
            ("software_name", self.software.name, _SOFTWARE_NAME, "insi.name"),
            ("software_version", self.software.version, _SOFTWARE_NAME, "insi.name"),
            ("software_instance", self.software.instance, _UUID, "insi.instance"),
        )
        return tuple(
            Fault("insi.software", {"expected": expected}, part=key)
            for key, value, form, expected in wanted
            if not form.fullmatch(value)
        )

    def _number_faults(self) -> tuple[Fault, ...]:
        bounds = (
            ("call_seconds", self.call_seconds, 1, 60),
            ("search_seconds", self.search_seconds, 1, 120),
            ("retries", self.retries, 0, 3),
            ("pause_seconds", self.pause_seconds, 0, 10),
            ("max_at_once", self.max_at_once, 1, 16),
            ("max_answer_bytes", self.max_answer_bytes, 4096, 4 * 1024 * 1024),
            ("max_age_hours", self.max_age_hours, 0, 31 * 24),
        )
        return tuple(
            Fault("insi.number", {"got": value, "low": low, "high": high}, part=key)
            for key, value, low, high in bounds
            if not low <= value <= high
        )
