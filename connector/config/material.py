"""Everything the configuration names, read and checked: keys, certificates, members, each room's settings.

`check` and the start run this same code: it gathers every fault with the key that caused it and gives all or nothing.
What only the running daemon can tell (ports, peers, the vendor's software) is asked by `check` afterwards.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from connector.config.alerts import AlertSettings, alert_settings
from connector.config.evidence import EvidenceSettings, evidence_settings
from connector.config.insi import insi_settings
from connector.config.listing import Own
from connector.config.load import LoadedFile, fault_error
from connector.config.locate import Path as KeyPath
from connector.config.membership import membership_settings
from connector.config.model import AdapterSection, KeyPair, LedgerKey, SigningKey
from connector.config.network import proxies
from connector.config.own_certificates import LocalCertificate, read_local
from connector.config.references import References
from connector.contract.discovery import sink_option_faults, source_option_faults
from connector.contract.installed import use_installed
from connector.contract.process import option_faults
from connector.contract.settings import Authority, GuardSettings, Isolation, OppositionSettings, ProcessSettings
from connector.core.days import Day
from connector.core.directory import Member, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, FailedClosed, IdentityFault
from connector.core.faults import Fault, FaultAt
from connector.core.inspection import FindingKind
from connector.core.instant import Instant
from connector.core.limits import Limits
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.policy import HolderPolicy
from connector.crypto.certificates import Authorities, PeerCertificate
from connector.crypto.crls import believable, distribution_points
from connector.crypto.keys import (
    OwnSigner,
    PrivateKeySigner,
    SigningAlgorithm,
    load_certificates,
    load_pkcs12,
    load_private_key,
)
from connector.crypto.kinds import Use, require_fit
from connector.crypto.token import TokenKey, TokenSigner
from connector.directory.age import Staleness
from connector.directory.opening import MembershipSettings, open_membership
from connector.directory.ports import Deaf, KeptDirectory
from connector.holder.settings import HolderSettings
from connector.insi.opening import check_insi
from connector.insi.settings import InsiSettings
from connector.inspection.settings import InspectionSettings
from connector.peer.tls import TlsMaterial, TlsSettings, Trust, client_context, server_context
from connector.requester.settings import HOUR, RequesterSettings
from connector.store.kept_crls import KeptCrls
from connector.store.keys import read_master_key
from connector.store.settings import StateSettings

DAY_SECONDS = 86_400
MIB = 1024 * 1024
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
class Prepared:
    """What was prepared to follow the keys and certificates in use; None where nothing was."""

    signer: OwnSigner | None = None
    ledger_signer: PrivateKeySigner | None = None
    server_tls: TlsMaterial | None = field(default=None, repr=False)
    client_tls: TlsMaterial | None = field(default=None, repr=False)


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

    def guard(self, section: AdapterSection) -> GuardSettings:
        """Give the limits of one half of the adapter."""
        return GuardSettings(
            look_seconds=section.timeout_seconds,
            question_places=section.max_concurrent,
            max_document_bytes=self.holder.max_document_bytes,
        )

    def process(self, section: AdapterSection) -> ProcessSettings:
        """Give the limits of the process of one half."""
        return ProcessSettings(memory_bytes=section.memory_mb * MIB, credentials=self.references.credentials)

    @property
    def inspection(self) -> InspectionSettings:
        """How received documents are looked into."""
        section = self.file.model.documents
        return InspectionSettings(
            policy={kind: getattr(section.active_content, kind.value) for kind in FindingKind},
            seconds=section.inspection_seconds,
            memory_bytes=section.inspection_memory_mb * MIB,
            places=section.inspections_at_once,
        )


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
        self._faults: list[Fault] = []
        self._checks_adapters = checks_adapters
        self._crl_urls: tuple[str, ...] = ()

    def material(self) -> Material:
        model = self._model
        environment = model.member.environment
        member_id = self._try(("member", "id"), self._member_id)
        signer = self._try(("signing",), lambda: self._signer(model.signing))
        ledger_signer = self._try(("ledger",), lambda: self._ledger_signer(model.ledger))
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
            self._check_adapters()
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
            holder=self._holder(member.id, environment),
            requester=self._requester(member.id, environment),
            opposition=self._opposition(),
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

    def _signer(self, section: SigningKey) -> OwnSigner:
        algorithm = SigningAlgorithm(section.algorithm)
        if section.pkcs11 is not None:
            token = section.pkcs11
            pin = (self._password(token.pin) or b"").decode(errors="replace")
            return TokenSigner(
                section.kid, algorithm, TokenKey(token.module, token.token, token.key, pin), time.monotonic
            )
        data = self._references.read(section.key or section.pkcs12 or "")
        if section.pkcs12 is not None:
            bundle = load_pkcs12(data, self._password(section.password))
            require_fit(bundle.certificate, Use.SIGNING)
            return PrivateKeySigner(section.kid, algorithm, bundle.key)
        key = load_private_key(data, self._password(section.password))
        return PrivateKeySigner(section.kid, algorithm, key)

    def _ledger_signer(self, section: LedgerKey) -> PrivateKeySigner:
        key = load_private_key(self._references.read(section.key), self._password(section.password))
        return PrivateKeySigner(section.kid, SigningAlgorithm.ED25519, key)

    def _prepared(self) -> Prepared:
        """Read what is to follow: it must be usable, and the directory need not know it yet."""
        model = self._model
        signing, ledger = model.signing.next, model.ledger.next
        server, client = model.peer.server.next, model.peer.client.next
        return Prepared(
            self._try(("signing", "next"), lambda: self._signer(signing)) if signing else None,
            self._try(("ledger", "next"), lambda: self._ledger_signer(ledger)) if ledger else None,
            self._following("server", server) if server else None,
            self._following("client", client) if client else None,
        )

    def _following(self, half: str, pair: KeyPair) -> TlsMaterial | None:
        where = ("peer", half, "next")
        read = self._try(where, lambda: self._pair(pair))
        return self._usable(read, where, Use(half), is_needed_now=False)

    def _password(self, reference: str | None) -> bytes | None:
        return self._references.read(reference).split(b"\n", 1)[0].rstrip(b"\r") if reference else None

    def _both_tls(self) -> tuple[TlsMaterial | None, TlsMaterial | None]:
        peer = self._model.peer
        halves = (("server", peer.server), ("client", peer.client))
        read = [self._try(("peer", half), lambda pair=pair: self._pair(pair)) for half, pair in halves]  # type: ignore[misc]
        server, client = read
        found = [material for material in read if material is not None]
        if found and peer.crl.fetch:
            points = self._try(("peer", "trusted_cas"), lambda: distribution_points(_certificates(found)))
            self._crl_urls = tuple(dict.fromkeys((*peer.crl.addresses, *(points or ()))))
        return (
            self._usable(server, ("peer", "server"), Use.SERVER),
            self._usable(client, ("peer", "client"), Use.CLIENT),
        )

    def _pair(self, pair: KeyPair) -> TlsMaterial:
        peer, path = self._model.peer, self._references.path
        return TlsSettings(
            trusted_cas=tuple(map(path, peer.trusted_cas)),
            certificate=path(pair.pkcs12 or pair.certificate or ""),
            key=path(pair.key) if pair.key else None,
            password=path(pair.password) if pair.password else None,
            crls=tuple(map(path, peer.crls)),
        ).read()

    def _usable(
        self, material: TlsMaterial | None, where: KeyPath, use: Use, *, is_needed_now: bool = True
    ) -> TlsMaterial | None:
        """Add the revocation lists kept here, and see whether TLS takes it all."""
        if material is None:
            return None
        peer, read = self._model.peer, material

        def whole() -> TlsMaterial:
            require_fit(load_certificates(read.chain)[0], use)
            authorities = Authorities.load((read.trusted_cas,)).certificates
            kept = KeptCrls(self._references.path(self._model.state.directory)).read() if self._crl_urls else ()
            made = replace(
                read,
                crls=(*read.crls, *(crl.der for crl in believable(kept, authorities))),
                awaits_crls=bool(self._crl_urls),
                grace_seconds=peer.crl.grace_hours * HOUR,
            )
            Trust.of(made)
            (client_context if use is Use.CLIENT else server_context)(made)
            if is_needed_now and not made.certificate.is_valid_at(self._now):
                raise ConfigFault.of("certificate.now")
            return made

        return self._try(where, whole)

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
        return open_membership(settings, _At(self._now), Deaf(), mirror_tls=lambda: None)

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

    def _check_adapters(self) -> None:
        """Check each half's options by the adapter's own model, where the adapter will run: its code may crash."""
        halves = {"source": self._model.source, "sink": self._model.sink}
        given = [(half, section) for half, section in halves.items() if section is not None]
        apart = [(half, section) for half, section in given if section.isolation is Isolation.PROCESS]
        process = ProcessSettings()
        found = option_faults([(half, s.adapter, s.options) for half, s in apart], process)
        for (half, _), faults in zip(apart, found, strict=True):
            self._tell_options(half, faults)
        for half, section in given:
            if section.isolation is Isolation.NONE:
                ask = source_option_faults if half == "source" else sink_option_faults
                try:
                    self._tell_options(half, ask(section.adapter, section.options))
                except ConfigFault as error:
                    self._tell_options(half, error)

    def _tell_options(self, half: str, found: tuple[FaultAt, ...] | ConfigFault) -> None:
        if isinstance(found, ConfigFault):
            for detail in found.details:
                self._fault((half, "adapter"), detail)
            return
        for option in found:
            self._fault((half, "options", *option.path), option.fault)

    def _holder(self, member: MemberId, environment: Environment) -> HolderSettings:
        section = self._model.holder
        return HolderSettings(
            member=member,
            limits=Limits(**self._model.limits.model_dump()),
            policy=HolderPolicy(
                environment=environment,
                minimum_auth_level=section.minimum_auth_level,
                accept_declared=section.accept_declared,
                accept_unattended=section.accept_unattended,
            ),
            withheld_floor_seconds=section.withheld_floor_ms / 1000,
            render_seconds=section.render_seconds,
            max_document_bytes=section.max_document_mb * MIB,
        )

    def _requester(self, member: MemberId, environment: Environment) -> RequesterSettings:
        section, retention = self._model.requester, self._model.retention
        return RequesterSettings(
            member=member,
            environment=environment,
            max_services=section.max_services,
            allow_declared=section.allow_declared,
            identity_max_age_days=section.identity_max_age_days,
            deadline_seconds=section.deadline_seconds,
            max_document_bytes=section.max_document_mb * MIB,
            fetch_seconds=section.fetch_hours * HOUR,
            opened_seconds=min(retention.hours_after_opening * HOUR, retention.days_at_most * DAY_SECONDS),
            practitioner_per_day=self._model.limits.practitioner_per_day,
            kept_seconds=retention.days_at_most * DAY_SECONDS,
        )

    def _opposition(self) -> OppositionSettings:
        section = self._model.opposition
        return OppositionSettings(
            Authority(section.authority),
            Day.parse(section.decided_on.isoformat()),
            section.decided_by,
            section.register_complete,
        )

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


def _certificates(materials: list[TlsMaterial]) -> tuple[Any, ...]:
    """Our own certificates and the configured authorities', which name where their issuers' lists are."""
    return tuple(found for one in materials for found in load_certificates(one.chain + b"\n" + one.trusted_cas))


class _At:
    """The instant for which a configuration is judged, as a clock."""

    def __init__(self, at: Instant) -> None:
        self._at = at

    def now(self) -> Instant:
        """Give it."""
        return self._at

    def monotonic(self) -> float:
        """Give it as seconds."""
        return float(self._at)
