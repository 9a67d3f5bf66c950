"""The sections and keys of the configuration file, with their defaults and bounds.

Only the form is checked here; whether files exist and belong together is `check`. Durations and sizes carry their unit
in the key. Secrets are never values: a key, a password or a certificate is named by path, or as `credential:NAME`,
which systemd hands over (`LoadCredential=`).
"""

from connector.config.model.file import ConfigFile
from connector.config.model.forms import Section
from connector.config.model.house import (
    DirectorySection,
    EvidenceSection,
    LogSection,
    MemberSection,
    MembersSection,
    OppositionSection,
    PractitionerSection,
    RetentionSection,
    StateSection,
)
from connector.config.model.insi import InsiSection
from connector.config.model.keys import (
    KeyPair,
    LedgerKey,
    LedgerSection,
    RotatingPair,
    SigningKey,
    SigningSection,
    TokenSection,
)
from connector.config.model.local import ApiKey, LocalAccountsSection, LocalSection, ProviderSection, SignInSection
from connector.config.model.peer import AlertsSection, CrlSection, NetworkSection, PeerSection, ProxySection
from connector.config.model.roles import (
    ActiveContentSection,
    AdapterSection,
    DocumentsSection,
    HolderSection,
    LimitsSection,
    RequesterSection,
    SourceSection,
)

__all__ = [
    "ActiveContentSection",
    "AdapterSection",
    "AlertsSection",
    "ApiKey",
    "ConfigFile",
    "CrlSection",
    "DirectorySection",
    "DocumentsSection",
    "EvidenceSection",
    "HolderSection",
    "InsiSection",
    "KeyPair",
    "LedgerKey",
    "LedgerSection",
    "LimitsSection",
    "LocalAccountsSection",
    "LocalSection",
    "LogSection",
    "MemberSection",
    "MembersSection",
    "NetworkSection",
    "OppositionSection",
    "PeerSection",
    "PractitionerSection",
    "ProviderSection",
    "ProxySection",
    "RequesterSection",
    "RetentionSection",
    "RotatingPair",
    "Section",
    "SignInSection",
    "SigningKey",
    "SigningSection",
    "SourceSection",
    "StateSection",
    "TokenSection",
]
