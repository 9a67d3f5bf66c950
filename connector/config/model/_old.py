"""The sections and keys of the configuration file, with their defaults and bounds.

Only the form is checked here; whether files exist and belong together is `check`. Durations and sizes carry their unit
in the key. Secrets are never values: a key, a password or a certificate is named by path, or as `credential:NAME`,
which systemd hands over (`LoadCredential=`).
"""

from datetime import date
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connector.contract.settings import Isolation
from connector.core.errors import ConnectorError
from connector.core.fetch import DEFAULT_MAX_SERVICES, HARD_MAX_SERVICES
from connector.core.inspection import Handling
from connector.core.mandate import AuthLevel
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.practitioner_id import PractitionerId

HOUR = 3600


def _parsed_by(parse: Any, what: str) -> AfterValidator:  # noqa: ANN401 - any of core's parsers
    def check(text: str) -> str:
        try:
            parse(text)
        except ConnectorError as error:
            raise ValueError(what) from error
        return text

    return AfterValidator(check)


def _listen(text: str) -> str:
    host, _, port = text.rpartition(":")
    try:
        ip_address(host.strip("[]"))
    except ValueError as error:
        msg = "expected ADDRESS:PORT with a numeric address, such as 127.0.0.1:8480 or [::1]:8480"
        raise ValueError(msg) from error
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        msg = "expected ADDRESS:PORT with a port from 0 (any free one) to 65535"
        raise ValueError(msg)
    return text


def _https(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        msg = "expected https://HOST[:PORT], nothing after it"
        raise ValueError(msg)
    if parts.path not in {"", "/"}:
        msg = "expected https://HOST[:PORT] without a path: the protocol fixes the paths"
        raise ValueError(msg)
    return text.rstrip("/")


def _proxy(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or not parts.hostname or port is None or parts.path not in {"", "/"} or parts.query:
        msg = "expected http://HOST:PORT of a forward proxy, without a name or password in it"
        raise ValueError(msg)
    if parts.username or parts.fragment:
        msg = "expected http://HOST:PORT: a proxy that wants a login cannot be used"
        raise ValueError(msg)
    return text.rstrip("/")


def _copy(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        msg = "expected https://HOST[:PORT]/PATH/, the address of a copy of the directory"
        raise ValueError(msg)
    return text if text.endswith("/") else text + "/"


def _web(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username or parts.fragment:
        msg = "expected http://HOST[:PORT]/PATH or https://, without a name or password in it"
        raise ValueError(msg)
    return text


def _http_origin(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        msg = "expected https://HOST[:PORT], or http:// on loopback"
        raise ValueError(msg)
    if not parts.hostname or parts.username or parts.query or parts.fragment or parts.path not in {"", "/"}:
        msg = "expected https://HOST[:PORT], nothing after it"
        raise ValueError(msg)
    return text.rstrip("/")


def _provider(text: str) -> str:
    parts = urlsplit(text)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    secure = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not secure or not parts.hostname or parts.username or parts.query or parts.fragment:
        msg = "expected https://HOST[:PORT]/PATH as the provider writes it, or http:// on loopback"
        raise ValueError(msg)
    return text


MemberIdText = Annotated[
    str, _parsed_by(lambda text: MemberId.parse(text, strict=False), "expected Struct_IdNat: 3 + SIRET, or 1 + FINESS")
]
PractitionerIdText = Annotated[
    str, _parsed_by(PractitionerId.parse, "expected PS_IdNat: 8 + RPPS, or 3 or 5 + register number")
]
Listen = Annotated[str, AfterValidator(_listen)]
HttpsOrigin = Annotated[str, AfterValidator(_https)]
HttpProxy = Annotated[str, AfterValidator(_proxy)]
CopyUrl = Annotated[str, AfterValidator(_copy)]
HttpOrigin = Annotated[str, AfterValidator(_http_origin)]
ProviderUrl = Annotated[str, AfterValidator(_provider)]
WebUrl = Annotated[str, AfterValidator(_web)]
FileRef = Annotated[str, Field(min_length=1)]
KeyId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class Section(BaseModel):
    """What every table of the file has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)


class KeyPair(Section):
    """A certificate with its private key: two PEM files, or one PKCS#12 file with its password by reference."""

    certificate: FileRef | None = None
    key: FileRef | None = None
    pkcs12: FileRef | None = None
    password: FileRef | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "KeyPair":
        pem = self.certificate is not None or self.key is not None
        if pem == (self.pkcs12 is not None) or (pem and not (self.certificate and self.key)):
            msg = "expected either certificate and key (PEM), or pkcs12"
            raise ValueError(msg)
        return self


class RotatingPair(KeyPair):
    """A certificate in use, and the one prepared to follow it (`keys rotate`)."""

    next: KeyPair | None = None


class MemberSection(Section):
    """Who this service is."""

    id: MemberIdText
    name: Annotated[str, Field(min_length=1, max_length=200)]
    environment: Environment


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
    connection_life_seconds: Annotated[int, Field(ge=10, le=86_400)] = HOUR
    idle_seconds: Annotated[int, Field(ge=5, le=600)] = 75
    slow_client_seconds: Annotated[int, Field(ge=1, le=120)] = 15
    drain_seconds: Annotated[int, Field(ge=0, le=600)] = 30


class TokenSection(Section):
    """A key in a PKCS#11 token: the driver's shared library, the labels of token and key, and the PIN by reference."""

    module: FileRef
    token: Annotated[str, Field(min_length=1, max_length=32)]
    key: Annotated[str, Field(min_length=1, max_length=255)]
    pin: FileRef


class SigningKey(Section):
    """A key that signs mandates, receipts and acknowledgements, as the directory lists it."""

    kid: KeyId
    algorithm: Literal["ES256", "PS256"] = "ES256"
    key: FileRef | None = None
    pkcs12: FileRef | None = None
    password: FileRef | None = None
    pkcs11: TokenSection | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "SigningKey":
        if sum(form is not None for form in (self.key, self.pkcs12, self.pkcs11)) != 1:
            msg = "expected one of key (PEM), pkcs12 and pkcs11"
            raise ValueError(msg)
        return self


class SigningSection(SigningKey):
    """The signing key in use, and the one prepared to follow it."""

    next: SigningKey | None = None


class LedgerKey(Section):
    """An Ed25519 key that signs the checkpoints of both ledgers, as the directory lists it."""

    kid: KeyId
    key: FileRef
    password: FileRef | None = None


class LedgerSection(LedgerKey):
    """The ledger key in use, and the one prepared to follow it."""

    next: LedgerKey | None = None


class MembersSection(Section):
    """The list of members: a local file, for a trial between services that know each other."""

    file: FileRef


class DirectorySection(Section):
    """The signed directory of a federation: what it is believed by, and where copies of it are first asked for."""

    root: FileRef
    urls: Annotated[list[CopyUrl], Field(min_length=1)]
    refresh_minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    grace_hours: Annotated[int, Field(ge=0, le=720)] = 0


class StateSection(Section):
    """Where state, vault and ledgers are kept, and the key that encrypts them."""

    directory: FileRef
    master_key: FileRef
    min_free_mb: Annotated[int, Field(ge=1)] = 500


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
            msg = "launch_vouches needs launch_key: the public key by which the vendor's software signs"
            raise ValueError(msg)
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
            msg = "expected certificate and key together"
            raise ValueError(msg)
        if not ip_address(self.listen.rpartition(":")[0].strip("[]")).is_loopback and self.certificate is None:
            msg = "listening beyond loopback needs certificate and key: identities travel on it"
            raise ValueError(msg)
        return self


class LocalAccountsSection(Section):
    """Accounts with password and second factor, kept here: off unless switched on."""

    enabled: bool = False


class ProviderSection(Section):
    """One OpenID Connect provider, and how its word is read: which claim names the person, which level it reached."""

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

    @model_validator(mode="after")
    def _one_client_proof(self) -> "ProviderSection":
        if (self.client_secret is None) == (self.client_key is None):
            msg = "expected exactly one of client_secret and client_key (private_key_jwt)"
            raise ValueError(msg)
        if (self.tls_certificate is None) != (self.tls_key is None):
            msg = "expected tls_certificate and tls_key together"
            raise ValueError(msg)
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
            msg = "two providers have the same name: it stands in the address to which they send people back"
            raise ValueError(msg)
        if self.providers and self.address is None:
            msg = "providers need address: where browsers reach this connector, to be sent back there"
            raise ValueError(msg)
        return self


class PractitionerSection(Section):
    """A professional of this service who may ask for records."""

    id: PractitionerIdText
    name: Annotated[str, Field(min_length=1, max_length=100)]
    profession: Literal["physician", "nurse", "intern"]
    auth_level: AuthLevel = AuthLevel.LOW
    ends_on: date | None = None


class AdapterSection(Section):
    """One half of an adapter, by the name of its entry point; its own options are checked by the adapter."""

    adapter: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    options: dict[str, Any] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    max_concurrent: Annotated[int, Field(ge=1, le=256)] = 16
    isolation: Isolation = Isolation.PROCESS
    memory_mb: Annotated[int, Field(ge=128, le=65_536)] = 1_024


class SourceSection(AdapterSection):
    """The half that reads, with the controller's word on what it gives, and the share below which coverage is low."""

    attested_on: date | None = None
    attested_by: Annotated[str, Field(min_length=3, max_length=120)] | None = None
    coverage_warn_below: Annotated[float, Field(ge=0, le=1)] = 0.5

    @model_validator(mode="after")
    def _whole_attestation(self) -> "SourceSection":
        if (self.attested_on is None) != (self.attested_by is None):
            msg = "expected attested_on and attested_by together: a date without a name attests nothing"
            raise ValueError(msg)
        return self


class OppositionSection(Section):
    """Who says whether a worker objected: set, dated and signed by name by the controller. There is no default."""

    authority: Literal["adapter", "register", "both"]
    decided_on: date
    decided_by: Annotated[str, Field(min_length=3, max_length=120)]
    register_complete: bool = False


_NEEDED = (
    "platform",
    "trusted_cas",
    "certificate",
    "authorisation",
    "software_name",
    "software_version",
    "software_instance",
)


class InsiSection(Section):
    """INSi: off unless it is switched on, and then complete."""

    enabled: bool = False
    platform: Literal["production", "qualification", "simulator"] | None = None
    endpoint: str | None = None
    server_name: str | None = None
    trusted_cas: list[FileRef] = []
    certificate: FileRef | None = None
    key: FileRef | None = None
    password: FileRef | None = None
    crls: list[FileRef] = []
    authorisation: str = ""
    software_name: str = ""
    software_version: str = ""
    software_instance: str = ""
    emitter: str | None = None
    call_seconds: Annotated[float, Field(ge=1, le=60)] = 10.0
    search_seconds: Annotated[float, Field(ge=1, le=120)] = 25.0
    retries: Annotated[int, Field(ge=0, le=3)] = 1
    pause_seconds: Annotated[float, Field(ge=0, le=10)] = 1.0
    max_at_once: Annotated[int, Field(ge=1, le=16)] = 4
    max_answer_bytes: Annotated[int, Field(ge=4096, le=4 * 1024 * 1024)] = 256 * 1024
    max_age_hours: Annotated[int, Field(ge=0, le=31 * 24)] = 24

    @model_validator(mode="after")
    def _complete(self) -> "InsiSection":
        missing = [name for name in _NEEDED if not getattr(self, name)] if self.enabled else []
        if missing:
            msg = f"enabled, and without {', '.join(missing)}: give these, or set enabled = false"
            raise ValueError(msg)
        return self


class HolderSection(Section):
    """What this service accepts to be asked."""

    accept_declared: bool = True
    accept_unattended: bool = True
    minimum_auth_level: AuthLevel = AuthLevel.LOW
    withheld_floor_ms: Annotated[int, Field(ge=1, le=10_000)] = 150
    max_document_mb: Annotated[int, Field(ge=1, le=2_000)] = 200
    render_seconds: Annotated[int, Field(ge=1, le=3_600)] = 120


class RequesterSection(Section):
    """How this service asks others."""

    max_services: Annotated[int, Field(ge=1, le=HARD_MAX_SERVICES)] = DEFAULT_MAX_SERVICES
    deadline_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    allow_declared: bool = True
    identity_max_age_days: Annotated[int, Field(ge=1, le=3_650)] = 1_825
    fetch_hours: Annotated[int, Field(ge=1, le=72)] = 24
    max_document_mb: Annotated[int, Field(ge=1, le=2_000)] = 200


class LimitsSection(Section):
    """Limits against enumeration (PROTOCOL section 5): higher numbers for tests and measurements; they stay on."""

    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 500
    misses_per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 30
    others_per_person: Annotated[int, Field(ge=1, le=1_000)] = 3
    slow_seconds: Annotated[int, Field(ge=1, le=60)] = 6
    probes_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 10
    probes_per_day: Annotated[int, Field(ge=1, le=100_000_000)] = 200
    practitioner_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 60


class ActiveContentSection(Section):
    """What is done about each kind of thing that a PDF may hold beside its pages (docs/adr/0007)."""

    scripts: Handling = Handling.STRIP
    launch: Handling = Handling.STRIP
    embedded_files: Handling = Handling.STRIP
    external_references: Handling = Handling.STRIP
    media: Handling = Handling.STRIP
    xfa: Handling = Handling.STRIP
    encryption: Handling = Handling.STRIP
    foreign_data: Handling = Handling.STRIP
    damage: Handling = Handling.STRIP


class DocumentsSection(Section):
    """How a document that arrived is looked into before anyone sees it."""

    inspection_seconds: Annotated[float, Field(ge=1, le=300)] = 20.0
    inspection_memory_mb: Annotated[int, Field(ge=128, le=16_384)] = 512
    inspections_at_once: Annotated[int, Field(ge=1, le=16)] = 2
    active_content: ActiveContentSection = ActiveContentSection()


class RetentionSection(Section):
    """How long a received document stays (a transit copy, not the record)."""

    hours_after_opening: Annotated[int, Field(ge=1, le=168)] = 24
    days_at_most: Annotated[int, Field(ge=1, le=7)] = 7


class EvidenceSection(Section):
    """A time-stamping authority (RFC 3161) for the daily heads of the ledgers: optional, and never waited for."""

    tsa_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", max_length=500)] | None = None
    tsa_ca: FileRef | None = None

    @model_validator(mode="after")
    def _both(self) -> "EvidenceSection":
        if (self.tsa_url is None) != (self.tsa_ca is None):
            msg = "expected tsa_url and tsa_ca together: a stamp is believed by the authority's root certificate"
            raise ValueError(msg)
        return self


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
            msg = "expected webhook and webhook_key together: whoever gets an alert must be able to tell whose it is"
            raise ValueError(msg)
        return self


class LogSection(Section):
    """What the technical log looks like."""

    format: Literal["auto", "json", "console"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class ConfigFile(Section):
    """The whole file."""

    member: MemberSection
    peer: PeerSection
    signing: SigningSection
    ledger: LedgerSection
    directory: DirectorySection | None = None
    members: MembersSection | None = None
    state: StateSection
    local: LocalSection = LocalSection()
    sign_in: SignInSection = SignInSection()
    practitioners: list[PractitionerSection] = []
    source: SourceSection | None = None
    sink: AdapterSection | None = None
    opposition: OppositionSection
    insi: InsiSection = InsiSection()
    holder: HolderSection = HolderSection()
    requester: RequesterSection = RequesterSection()
    limits: LimitsSection = LimitsSection()
    documents: DocumentsSection = DocumentsSection()
    retention: RetentionSection = RetentionSection()
    evidence: EvidenceSection = EvidenceSection()
    network: NetworkSection = NetworkSection()
    alerts: AlertsSection = AlertsSection()
    log: LogSection = LogSection()

    @model_validator(mode="after")
    def _one_directory(self) -> "ConfigFile":
        if (self.directory is None) == (self.members is None):
            msg = "expected exactly one of [directory], a federation's signed list, and [members], a file for a trial"
            raise ValueError(msg)
        return self
