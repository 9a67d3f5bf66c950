"""Everything the configuration names, read and checked: keys, certificates, members, each room's settings.

`check` and the start run this same code: it gathers every fault with the key that caused it and gives all or nothing.
What only the running daemon can tell (ports, peers, the vendor's software) is asked by `check` afterwards.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from connector.config.insi import insi_settings
from connector.config.load import Fault, LoadedFile, fault_error
from connector.config.locate import Path as KeyPath
from connector.config.model import AdapterSection, KeyPair
from connector.config.references import References
from connector.contract.discovery import sink_option_faults, source_option_faults
from connector.contract.installed import use_installed
from connector.contract.options import OptionFault
from connector.contract.settings import Authority, GuardSettings, OppositionSettings
from connector.core.days import Day
from connector.core.directory import KeyUse, Member, MemberKey
from connector.core.errors import ConfigFault
from connector.core.inspection import FindingKind
from connector.core.instant import Instant
from connector.core.limits import Limits
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.policy import HolderPolicy
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, load_private_key, public_key_to_der
from connector.directory.members_file import MembersFile
from connector.holder.settings import HolderSettings
from connector.insi.opening import check_insi
from connector.insi.settings import InsiSettings
from connector.inspection.settings import InspectionSettings
from connector.peer.tls import TlsMaterial, TlsSettings, client_context, server_context
from connector.requester.settings import HOUR, RequesterSettings
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
class Material:
    """A configuration that can be started: nothing in it is missing or contradicts itself."""

    file: LoadedFile
    member: Member
    environment: Environment
    signer: PrivateKeySigner
    ledger_signer: PrivateKeySigner
    server_tls: TlsMaterial = field(repr=False)
    client_tls: TlsMaterial = field(repr=False)
    directory: MembersFile
    state: StateSettings
    holder: HolderSettings
    requester: RequesterSettings
    opposition: OppositionSettings
    insi: InsiMaterial | None
    references: References

    def guard(self, section: AdapterSection) -> GuardSettings:
        """Give the limits of one half of the adapter."""
        return GuardSettings(
            look_seconds=section.timeout_seconds,
            question_places=section.max_concurrent,
            max_document_bytes=self.holder.max_document_bytes,
        )


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


def prepare(loaded: LoadedFile, *, credentials: Path | None, now: Instant) -> Material:
    """Read everything the file names.

    Raises:
        ConfigFault: with every fault, each at its key.
    """
    return _Reader(loaded, References(loaded.path, credentials), now).material()


class _Reader:
    def __init__(self, loaded: LoadedFile, references: References, now: Instant) -> None:
        self._loaded, self._model, self._references, self._now = loaded, loaded.model, references, now
        self._faults: list[Fault] = []

    def material(self) -> Material:
        model = self._model
        environment = model.member.environment
        member_id = self._try(("member", "id"), self._member_id)
        signer = self._try(("signing",), self._signer)
        ledger_signer = self._try(("ledger",), self._ledger_signer)
        server = self._tls(("peer", "server"), model.peer.server, client=False)
        client = self._tls(("peer", "client"), model.peer.client, client=True)
        directory = self._try(
            ("members", "file"), lambda: MembersFile(self._references.path(model.members.file), environment)
        )
        state = self._try(("state",), self._state)
        insi = self._try(("insi",), self._insi)
        self._try(("state", "directory"), lambda: use_installed(self._references.path(model.state.directory)))
        member = None
        if directory and member_id:
            member = directory.get(member_id)
            if member is None:
                self._fault(("members", "file"), f"{member_id.value} is not in it", "add your own entry to it")
        if member and signer and ledger_signer:
            self._check_listed(member, KeyUse.SIGN, signer, "signing")
            self._check_listed(member, KeyUse.LEDGER, ledger_signer, "ledger")
        if member and directory and server and client:
            self._check_ours(member, directory, server, "server")
            self._check_ours(member, directory, client, "client")
        for half, section, ask in (
            ("source", model.source, source_option_faults),
            ("sink", model.sink, sink_option_faults),
        ):
            if section is not None:
                self._check_options(half, section, ask)
        if self._faults or not (member and signer and ledger_signer and server and client and directory and state):
            raise fault_error(self._faults)
        return Material(
            file=self._loaded,
            member=member,
            environment=environment,
            signer=signer,
            ledger_signer=ledger_signer,
            server_tls=server,
            client_tls=client,
            directory=directory,
            state=state,
            holder=self._holder(member, environment),
            requester=self._requester(member.id, environment),
            opposition=self._opposition(),
            insi=insi,
            references=self._references,
        )

    def _member_id(self) -> MemberId:
        return MemberId.parse(self._model.member.id, strict=self._model.member.environment is Environment.PRODUCTION)

    def _signer(self) -> PrivateKeySigner:
        section = self._model.signing
        data = self._references.read(section.key or section.pkcs12 or "")
        key = load_private_key(data, self._password(section.password))
        return PrivateKeySigner(section.kid, SigningAlgorithm(section.algorithm), key)

    def _ledger_signer(self) -> PrivateKeySigner:
        section = self._model.ledger
        key = load_private_key(self._references.read(section.key), self._password(section.password))
        return PrivateKeySigner(section.kid, SigningAlgorithm.ED25519, key)

    def _password(self, reference: str | None) -> bytes | None:
        return self._references.read(reference).split(b"\n", 1)[0].rstrip(b"\r") if reference else None

    def _tls(self, where: KeyPath, pair: KeyPair, *, client: bool) -> TlsMaterial | None:
        peer, path = self._model.peer, self._references.path

        def read() -> TlsMaterial:
            material = TlsSettings(
                trusted_cas=tuple(map(path, peer.trusted_cas)),
                certificate=path(pair.pkcs12 or pair.certificate or ""),
                key=path(pair.key) if pair.key else None,
                password=path(pair.password) if pair.password else None,
                crls=tuple(map(path, peer.crls)),
            ).read()
            (client_context if client else server_context)(material)
            certificate = material.certificate
            if not certificate.is_valid_at(self._now):
                raise ConfigFault("certificate is not valid now", hint="renew it, or look at this machine's clock")
            return material

        return self._try(where, read)

    def _state(self) -> StateSettings:
        section = self._model.state
        settings = StateSettings(
            directory=self._references.path(section.directory),
            master_key=self._references.path(section.master_key),
            min_free_bytes=section.min_free_mb * MIB,
        )
        read_master_key(settings.master_key)
        return settings

    def _insi(self) -> InsiMaterial | None:
        settings = insi_settings(self._model.insi, self._references)
        if settings is None:
            return None
        tls, _ = check_insi(settings, self._model.member.environment)
        if not tls.certificate.is_valid_at(self._now):
            raise ConfigFault("certificate is not valid now", hint="renew it, or look at this machine's clock")
        return InsiMaterial(settings, tls.certificate)

    def _check_listed(self, member: Member, use: KeyUse, signer: PrivateKeySigner, section: str) -> None:
        listed: MemberKey | None = next((k for k in member.keys if k.kid == signer.kid and k.use is use), None)
        if listed is None or listed.public_der != public_key_to_der(signer.public_key):
            self._fault(
                (section, "kid"),
                f"the members list has no {use} key {signer.kid} that is this one",
                "update your entry there, or name the key that is listed",
            )
        elif listed.algorithm != signer.algorithm:
            self._fault((section, "algorithm"), f"the members list says {listed.algorithm} for {signer.kid}")
        elif not listed.is_valid_at(self._now):
            self._fault((section, "kid"), f"the members list says that {signer.kid} is not valid now", "list a new key")

    def _check_ours(self, member: Member, directory: MembersFile, tls: TlsMaterial, half: str) -> None:
        certificate: PeerCertificate = tls.certificate
        owner = directory.by_certificate(certificate.spki_sha256, certificate.subject_ous)
        if owner is None or owner.id != member.id:
            self._fault(
                ("peer", half),
                f"the certificate is {owner.id.value + chr(39) + 's' if owner else 'of no member of the list'}, "
                f"expected {member.id.value}'s",
                "its subject OU must be the member id, or its key be pinned in the members list",
            )

    def _check_options(
        self, half: str, section: AdapterSection, ask: Callable[[str, Mapping[str, Any]], tuple[OptionFault, ...]]
    ) -> None:
        for fault in self._try((half, "adapter"), lambda: ask(section.adapter, section.options)) or ():
            self._fault((half, "options", *fault.path), fault.message, fault.remedy)

    def _holder(self, member: Member, environment: Environment) -> HolderSettings:
        section = self._model.holder
        return HolderSettings(
            member=member.id,
            base_url=member.endpoint,
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
            for message in error.faults or (error.message,):
                self._fault(where, message, error.hint)
            return None

    def _fault(self, where: KeyPath, message: str, remedy: str = "") -> None:
        self._faults.append(self._loaded.fault(where, message, remedy))
