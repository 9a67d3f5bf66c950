"""The whole file: which sections there are."""

# ruff: noqa: RUF012 (pydantic copies a default, and the sections are frozen)

from pydantic import model_validator

from connector.config.model.forms import Refused, Section
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
from connector.config.model.keys import LedgerSection, SigningSection
from connector.config.model.local import LocalSection, SignInSection
from connector.config.model.peer import AlertsSection, NetworkSection, PeerSection
from connector.config.model.roles import (
    AdapterSection,
    DocumentsSection,
    HolderSection,
    LimitsSection,
    RequesterSection,
    SourceSection,
)


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
            raise Refused("section.one-directory")
        return self
