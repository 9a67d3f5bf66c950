"""Everything the configuration names, read and checked: keys, certificates, members, each room's settings.

`check` and the start run this same code: it gathers every fault with the key that caused it and gives all or nothing.
What only the running daemon can tell (ports, peers, the vendor's software) is asked by `check` afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from connector.config.adapter_halves import AdapterHalves
from connector.config.adapter_options import adapter_faults
from connector.config.alerts import AlertSettings, alert_settings
from connector.config.evidence import EvidenceSettings, evidence_settings
from connector.config.insi import insi_settings
from connector.config.listing import Own
from connector.config.load import LoadedFile, fault_error
from connector.config.local_certificate import LocalCertificate, read_local
from connector.config.locate import Path as KeyPath
from connector.config.membership import membership_settings
from connector.config.model import KeyPair
from connector.config.network import proxies
from connector.config.own_keys import OwnKeys, Prepared, listed_points
from connector.config.references import References
from connector.config.roles import (
    holder_settings,
    inspection_settings,
    opposition_settings,
    requester_settings,
)
from connector.contract.installed import use_installed
from connector.contract.settings import OppositionSettings
from connector.core.clocks import StoppedClock
from connector.core.directory import Member, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, FailedClosed, IdentityFault
from connector.core.faults import Fault, FaultAt
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import MIB
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import (
    OwnSigner,
    PrivateKeySigner,
)
from connector.crypto.kinds import Use
from connector.directory.age import Staleness
from connector.directory.opening import MembershipSettings, open_membership
from connector.directory.ports import Deaf, KeptDirectory
from connector.holder.settings import HolderSettings
from connector.insi.opening import check_insi
from connector.insi.settings import InsiSettings
from connector.inspection.settings import InspectionSettings
from connector.peer.tls import TlsMaterial
from connector.requester.settings import RequesterSettings
from connector.store.keys import read_master_key
from connector.store.settings import StateSettings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InsiMaterial:
    """How INSi is called, and the certificate that it is called with."""

    settings: InsiSettings
    certificate: PeerCertificate


@dataclass(frozen=True, slots=True)
class Listing:
    """The member list as it was when the configuration was read: what `check` tells of it.

    `copies` is None where there are none to ask; `differences` are empty with a local file, whose are faults.
    """

    version: str
    members: int
    copies: int | None
    staleness: Staleness
    is_ready: bool
    differences: tuple[FaultAt, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """A configuration that can be started: nothing in it is missing or contradicts itself.

    `member` is this service as the list has it, or what the configuration says of it where it is not listed yet.
    """

    file: LoadedFile
    member: Member
    environment: Environment
    signer: OwnSigner
    ledger_signer: PrivateKeySigner
    prepared: Prepared
    server_tls: TlsMaterial = field(repr=False)
    client_tls: TlsMaterial = field(repr=False)
    crl_urls: tuple[str, ...]
    membership: MembershipSettings
    own: Own
    listing: Listing
    state: StateSettings
    holder: HolderSettings
    requester: RequesterSettings
    opposition: OppositionSettings
    insi: InsiMaterial | None
    local: LocalCertificate | None
    references: References
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)
    alerts: AlertSettings | None = None

    def halves(self, now: Callable[[], Instant]) -> AdapterHalves:
        """Give what opens the adapters that are configured."""
        return AdapterHalves(self.file.model, self.file.path, self.state.directory, self.references.credentials, now)

    @property
    def inspection(self) -> InspectionSettings:
        """How received documents are looked into."""
        return inspection_settings(self.file.model)


def prepare(loaded: LoadedFile, *, credentials: Path | None, now: Instant, checks_adapters: bool = True) -> Material:
    """Read everything the file names. A reload leaves the adapters out: theirs counts from the next start on.

    Raises:
        ConfigFault: with every fault, each at its key.
    """
    references = References(loaded.path, credentials)
    return _Reader(loaded, references, now, checks_adapters=checks_adapters).material()


class _Reader:
    def __init__(self, loaded: LoadedFile, references: References, now: Instant, *, checks_adapters: bool) -> None:
        self._loaded, self._model, self._references, self._now = loaded, loaded.model, references, now
        self._keys = OwnKeys(loaded.model, references)
        self._faults: list[Fault] = []
        self._checks_adapters = checks_adapters
        self._crl_urls: tuple[str, ...] = ()

    def material(self) -> Material:
        model = self._model
        environment = model.member.environment
        member_id = self._try(("member", "id"), self._member_id)
        signer = self._try(("signing",), lambda: self._keys.signer(model.signing))
        ledger_signer = self._try(("ledger",), lambda: self._keys.ledger_signer(model.ledger))
        server, client = self._both_tls()
        following = self._prepared()
        state = self._try(("state",), self._state)
        insi = self._try(("insi",), self._insi)
        local = self._try(("local",), self._local)
        evidence = self._try(("evidence",), lambda: evidence_settings(self._loaded, self._references))
        alerts = self._try(("alerts",), lambda: alert_settings(self._loaded, self._references))
        self._try(("state", "directory"), lambda: use_installed(self._references.path(model.state.directory)))
        membership = self._try(("directory",), lambda: membership_settings(self._loaded, self._references))
        directory = self._try(self._list_key, lambda: self._open(membership)) if membership else None
        own = None
        if member_id:
            tls = (half.certificate if half else None for half in (server, client))
            own = Own(member_id, self._list_key, signer, ledger_signer, *tls)
        listing = self._listing(own, directory) if own and directory else None
        if self._checks_adapters:
            for found in adapter_faults(model):
                self._fault(found.path, found.fault)
        if self._faults or not (
            own and signer and ledger_signer and server and client and membership and directory and listing and state
        ):
            raise fault_error(self._faults)
        member = self._member(own.id, directory)
        return Material(
            file=self._loaded,
            member=member,
            environment=environment,
            signer=signer,
            ledger_signer=ledger_signer,
            prepared=following,
            server_tls=server,
            client_tls=client,
            crl_urls=self._crl_urls,
            membership=membership,
            own=own,
            listing=listing,
            state=state,
            holder=holder_settings(model, member.id),
            requester=requester_settings(model, member.id),
            opposition=opposition_settings(model),
            insi=insi,
            local=local,
            references=self._references,
            evidence=evidence or EvidenceSettings(),
            alerts=alerts,
        )

    def _member_id(self) -> MemberId:
        member = self._model.member
        try:
            return MemberId.parse(member.id, strict=member.environment is Environment.PRODUCTION)
        except IdentityFault:
            raise ConfigFault.of("value.member-id-check") from None

    def _prepared(self) -> Prepared:
        """Read what is to follow: it must be usable, and the directory need not know it yet."""
        model = self._model
        signing, ledger = model.signing.next, model.ledger.next
        server, client = model.peer.server.next, model.peer.client.next
        return Prepared(
            self._try(("signing", "next"), lambda: self._keys.signer(signing)) if signing else None,
            self._try(("ledger", "next"), lambda: self._keys.ledger_signer(ledger)) if ledger else None,
            self._following("server", server) if server else None,
            self._following("client", client) if client else None,
        )

    def _following(self, half: str, pair: KeyPair) -> TlsMaterial | None:
        where = ("peer", half, "next")
        read = self._try(where, lambda: self._keys.pair(pair))
        return self._usable(read, where, Use(half), at=None)

    def _both_tls(self) -> tuple[TlsMaterial | None, TlsMaterial | None]:
        peer = self._model.peer
        server = self._try(("peer", "server"), lambda: self._keys.pair(peer.server))
        client = self._try(("peer", "client"), lambda: self._keys.pair(peer.client))
        found = [read for read in (server, client) if read is not None]
        if found and peer.crl.fetch:
            points = self._try(("peer", "trusted_cas"), lambda: listed_points(found))
            self._crl_urls = tuple(dict.fromkeys((*peer.crl.addresses, *(points or ()))))
        return (
            self._usable(server, ("peer", "server"), Use.SERVER, at=self._now),
            self._usable(client, ("peer", "client"), Use.CLIENT, at=self._now),
        )

    def _usable(self, read: TlsMaterial | None, where: KeyPath, use: Use, *, at: Instant | None) -> TlsMaterial | None:
        return self._try(where, lambda: self._keys.usable(read, use, self._crl_urls, at=at)) if read else None

    def _state(self) -> StateSettings:
        section = self._model.state
        settings = StateSettings(
            directory=self._references.path(section.directory),
            master_key=self._references.path(section.master_key),
            min_free_bytes=section.min_free_mb * MIB,
        )
        read_master_key(settings.master_key)
        return settings

    def _local(self) -> LocalCertificate | None:
        section, path = self._model.local, self._references.path
        if section.certificate is None or section.key is None:
            return None
        return read_local(path(section.certificate), path(section.key))

    def _insi(self) -> InsiMaterial | None:
        settings = insi_settings(self._model.insi, self._references, proxies(self._model.network))
        if settings is None:
            return None
        tls, _ = check_insi(settings, self._model.member.environment)
        if not tls.certificate.is_valid_at(self._now):
            raise ConfigFault.of("certificate.now")
        return InsiMaterial(settings, tls.certificate)

    @property
    def _list_key(self) -> KeyPath:
        return ("members", "file") if self._model.members is not None else ("directory", "root")

    def _open(self, settings: MembershipSettings) -> KeptDirectory:
        return open_membership(settings, StoppedClock(self._now), Deaf(), mirror_tls=lambda: None)

    def _listing(self, own: Own, directory: KeptDirectory) -> Listing:
        differences = own.differences(directory, self._now)
        if self._model.members is not None:
            for difference in differences:
                self._fault(difference.path, difference.fault)
            differences = ()
        return Listing(
            version=directory.version,
            members=len(directory.members()),
            copies=directory.copies(),
            staleness=directory.staleness(),
            is_ready=directory.not_ready() is None,
            differences=differences,
        )

    def _member(self, own: MemberId, directory: KeptDirectory) -> Member:
        name = self._model.member.name
        unlisted = Member(own, name, MemberStatus.MAIL_ONLY, endpoint="", tls=TlsBinding(), keys=())
        return directory.last_known(own) or unlisted

    def _try(self, where: KeyPath, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ConfigFault as error:
            for detail in error.details:
                self._fault(where, detail)
            return None
        except FailedClosed as error:
            self._fault(where, error.fault)
            return None

    def _fault(self, where: KeyPath, fault: Fault) -> None:
        self._faults.append(self._loaded.placed(where, fault))
