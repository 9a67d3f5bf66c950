"""Write a commented configuration, from answers: the one source of `config.example.toml` and of `init`'s file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any

import jinja2


@dataclass(frozen=True, slots=True)
class KeyPairFiles:
    """A certificate and its key: two PEM files, or a PKCS#12 file with the reference of its password."""

    certificate: str = ""
    key: str = ""
    pkcs12: str = ""
    password: str = ""

    def to_toml(self) -> str:
        """Give the lines of its table."""
        given = (("certificate", self.certificate), ("key", self.key), ("pkcs12", self.pkcs12))
        lines = [(name, value) for name, value in given if value]
        if self.password:
            lines.append(("password", self.password))
        return "".join(f"{name} = {_toml(value)}\n" for name, value in lines)


@dataclass(frozen=True, slots=True)
class ApiKeyEntry:
    """A key of the local API by its hash."""

    name: str
    sha256: str
    practitioners: tuple[str, ...]
    scopes: tuple[str, ...] = ("fetch", "status")


@dataclass(frozen=True, slots=True)
class PractitionerEntry:
    """A professional of the service."""

    id: str
    name: str
    profession: str
    auth_level: str = "low"


@dataclass(frozen=True, slots=True)
class AdapterEntry:
    """One half of an adapter and its options."""

    adapter: str
    options: dict[str, Any] = field(default_factory=dict)
    attested_on: date | None = None
    attested_by: str = ""
    isolation: str = ""


@dataclass(frozen=True, slots=True)
class InsiEntry:
    """How INSi is called: the values that have no default, in the order of the file."""

    platform: str
    endpoint: str
    server_name: str
    trusted_cas: tuple[str, ...]
    certificate: str
    authorisation: str
    software_version: str
    software_instance: str
    emitter: str
    key: str = ""
    password: str = ""
    crls: tuple[str, ...] = ()
    software_name: str = "spsti-connector"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Answers:
    """What a configuration needs to be told; everything else has a default."""

    member_id: str
    name: str
    environment: str
    server: KeyPairFiles
    client: KeyPairFiles
    decided_on: date
    decided_by: str
    opposition_authority: str
    peer_listen: str = "0.0.0.0:8443"
    local_listen: str = "127.0.0.1:8480"
    trusted_cas: tuple[str, ...] = ("ca/root.pem", "ca/issuing.pem")
    crls: tuple[str, ...] = ()
    signing_kid: str = "sign-1"
    signing_algorithm: str = "ES256"
    signing_key: str = "keys/sign.key"
    signing: KeyPairFiles = KeyPairFiles()
    """A PKCS#12 file, instead of `signing_key`."""
    ledger_kid: str = "ledger-1"
    ledger_key: str = "keys/ledger.key"
    directory_urls: tuple[str, ...] = ()
    """Addresses of a federation's directory; empty for a trial with a members file."""
    root_file: str = "root.json"
    members_file: str = "members.toml"
    state_directory: str = "state"
    master_key: str = "keys/master.key"
    api_keys: tuple[ApiKeyEntry, ...] = ()
    practitioners: tuple[PractitionerEntry, ...] = ()
    source: AdapterEntry | None = None
    sink: AdapterEntry | None = None
    insi: InsiEntry | None = None


def render(answers: Answers) -> str:
    """Give the text of the configuration file."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - TOML, not HTML
    )
    environment.filters["toml"] = _toml
    template = environment.from_string(
        resources.files("connector.config").joinpath("template.toml.j2").read_text("utf-8")
    )
    return template.render(
        {name: getattr(answers, name) for name in Answers.__slots__}
        | {
            "server": answers.server.to_toml(),
            "client": answers.client.to_toml(),
            "signing": _signing(answers),
            "decided_on": answers.decided_on.isoformat(),
            "directory": _directory(answers),
            "api_keys": _api_keys(answers.api_keys),
            "practitioners": _practitioners(answers.practitioners),
            "source": _adapter("source", answers.source),
            "sink": _adapter("sink", answers.sink),
            "insi": _insi(answers.insi),
        }
    )


EXAMPLE = Answers(
    member_id="318751275100020",
    name="SPSTI Exemple",
    environment="production",
    trusted_cas=("/etc/spsti-connector/ca/ACR-EL.cer", "/etc/spsti-connector/ca/ACI-EL-ORG.cer"),
    crls=("/etc/spsti-connector/ca/ACR-EL.crl", "/etc/spsti-connector/ca/ACI-EL-ORG.crl"),
    server=KeyPairFiles(pkcs12="/etc/spsti-connector/keys/serv_ssl.p12", password="credential:server-password"),  # noqa: S106
    client=KeyPairFiles(pkcs12="/etc/spsti-connector/keys/org_auth_cli.p12", password="credential:client-password"),  # noqa: S106
    signing_kid="sign-2026",
    signing_key="credential:sign-key",
    ledger_kid="ledger-2026",
    ledger_key="credential:ledger-key",
    directory_urls=("https://annuaire.federation.example/", "https://annuaire-2.federation.example/"),
    root_file="/etc/spsti-connector/root.json",
    state_directory="/var/lib/spsti-connector",
    master_key="credential:master-key",
    decided_on=date(2026, 1, 5),
    decided_by="Dr Camille Exemple, directrice médicale",
    opposition_authority="adapter",
    api_keys=(ApiKeyEntry("dmst-software", "0" * 64, ("810002422979",)),),
    practitioners=(PractitionerEntry("810002422979", "Camille EXEMPLE", "physician"),),
    source=AdapterEntry(
        "demo",
        {"database": "/var/lib/vendor/dmst.sqlite"},
        attested_on=date(2026, 1, 5),
        attested_by="Dr Camille Exemple, directrice médicale",
    ),
    sink=AdapterEntry("demo", {"database": "/var/lib/vendor/dmst.sqlite"}),
    insi=InsiEntry(
        enabled=False,
        platform="production",
        endpoint="https://services-ps-tlsm.ameli.fr/lps",
        server_name="services-ps-tlsm.ameli.fr",
        trusted_cas=("/etc/spsti-connector/ca/ACR-EL.cer", "/etc/spsti-connector/ca/ACI-EL-ORG.cer"),
        crls=("/etc/spsti-connector/ca/ACR-EL.crl", "/etc/spsti-connector/ca/ACI-EL-ORG.crl"),
        certificate="/etc/spsti-connector/keys/insi-auto.p12",
        password="credential:insi-password",  # noqa: S106
        authorisation="CNDA-AUTORISATION",
        software_version="1.0.0",
        software_instance="8f0c2f7e-4f4e-4a55-9d0c-2d0a6f1a7f11",
        emitter="318751275100020",
    ),
)
"""What `config.example.toml` shows."""


def _signing(answers: Answers) -> str:
    if answers.signing.pkcs12:
        return answers.signing.to_toml()
    return (
        f"key = {_toml(answers.signing_key)}\n"
        '# pkcs12 = "org_sign.p12"           # instead of key\n'
        '# password = "credential:sign-password"\n'
    )


def table_text(name: str, rows: Mapping[str, str]) -> str:
    """Give one table of the file."""
    return f"[{name}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in rows.items())


def _toml(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    msg = f"a {type(value).__name__} has no form in this file"
    raise TypeError(msg)


def _directory(answers: Answers) -> str:
    urls = answers.directory_urls or ("https://annuaire.federation.example/",)
    signed = (
        "# The signed directory of a federation (docs/directory.md). `root` is the file that its operators gave back\n"
        "# at joining; `urls` are asked for copies, and so are addresses that are signed later, and other members.\n"
        f"[directory]\nroot = {_toml(answers.root_file)}\nurls = {_toml(urls)}\n"
        "# refresh_minutes = 15              # a suspension takes effect within this time\n"
        "# grace_hours = 0                   # after its end, known members stay so long; then nobody is answered\n"
    )
    local = (
        "# A local list, for a trial between services that know each other: exchange your entry with theirs. Nobody\n"
        "# signs it; receipts then say file:... instead of tuf:..., so that everybody sees what was believed.\n"
        f"[members]\nfile = {_toml(answers.members_file)}\n"
    )
    if answers.directory_urls:
        return f"{signed}\n{_commented(local)}"
    return f"{_commented(signed)}\n{local}"


def _api_keys(entries: tuple[ApiKeyEntry, ...]) -> str:
    head = (
        "# Keys of programs that call the local API, by the SHA-256 of the key, each limited to named practitioners\n"
        "# (`spsti-connector api-key new NAME` makes one and prints this block).\n"
    )
    shown = entries or (ApiKeyEntry("dmst-software", "0" * 64, ()),)
    blocks = [
        f"[[local.keys]]\nname = {_toml(e.name)}\nsha256 = {_toml(e.sha256)}\n"
        f"practitioners = {_toml(e.practitioners)}\nscopes = {_toml(e.scopes)}\n"
        '# launch_key = "dmst-launch.pub.pem"   # public key by which it signs launches (docs/launch.md)\n'
        "# launch_vouches = false            # whether a launch also signs its practitioners in, at the vendor's word\n"
        for e in shown
    ]
    return head + "\n".join(blocks if entries else map(_commented, blocks))


def _practitioners(entries: tuple[PractitionerEntry, ...]) -> str:
    shown = entries or (PractitionerEntry("8", "", "physician"),)
    blocks = [
        f"[[practitioners]]\nid = {_toml(e.id)}              # PS_IdNat: 8 followed by the RPPS number\n"
        f"name = {_toml(e.name)}\nprofession = {_toml(e.profession)}        # physician, nurse, intern\n"
        f"auth_level = {_toml(e.auth_level)}             # of the login that your software makes\n"
        "# ends_on = 2027-12-31\n"
        for e in shown
    ]
    return "\n".join(blocks if entries else map(_commented, blocks))


def _adapter(half: str, entry: AdapterEntry | None) -> str:
    shown = entry or AdapterEntry("folder")
    text = (
        f"[{half}]\nadapter = {_toml(shown.adapter)}\n# timeout_seconds = 5.0\n# max_concurrent = 16\n"
        + (f"isolation = {_toml(shown.isolation)}\n" if shown.isolation else _ISOLATION)
        + "# memory_mb = 1024                 # of its process\n"
    )
    if half == "source":
        text += (
            _attestation(shown)
            + "# coverage_warn_below = 0.5        # warned about when fewer could be answered about\n"
        )
    if shown.options:
        text += f"[{half}.options]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in shown.options.items())
    return text if entry else _commented(text)


_ISOLATION = '# isolation = "process"            # a process of its own; "none": inside the daemon, with its keys\n'


def _attestation(entry: AdapterEntry) -> str:
    head = (
        "# The controller's word, dated and by name, that what it gives may go to another service: the newest record,\n"
        "# without what concerns third parties (R4624-45-7 al. 3).\n"
    )
    if entry.attested_on is None:
        return head + '# attested_on = 2027-01-31\n# attested_by = "Name, function"\n'
    return head + f"attested_on = {entry.attested_on.isoformat()}\nattested_by = {_toml(entry.attested_by)}\n"


def _insi(entry: InsiEntry | None) -> str:
    shown = entry or EXAMPLE.insi
    if shown is None:
        msg = "the example shows [insi]"
        raise ValueError(msg)
    given = {name: getattr(shown, name) for name in _INSI_KEYS if getattr(shown, name) not in {"", ()}}
    lines = "".join(f"{name} = {_toml(value)}\n" for name, value in given.items())
    text = f"[insi]\n{lines}{_INSI_DEFAULTS}"
    return text if entry else _commented(text)


_INSI_KEYS = (
    "enabled", "platform", "endpoint", "server_name", "trusted_cas", "crls", "certificate", "key", "password",
    "authorisation", "software_name", "software_version", "software_instance", "emitter",
)  # fmt: skip
_INSI_DEFAULTS = """\
# call_seconds = 10.0               # one call, whole
# search_seconds = 25.0             # all the calls of one search
# retries = 1                       # how often a call that INSi or the network failed is made again
# pause_seconds = 1.0
# max_at_once = 4
# max_answer_bytes = 262144
# max_age_hours = 24                # how long an answer spares a second call; 0: never
"""


def _commented(block: str) -> str:
    return "".join(f"# {line}\n" if line else "#\n" for line in block.splitlines())
