"""Builds the rooms in one visible order and joins them by their ports; ends them in the reverse one.

`wrap` is handed each port by name as it is joined: the sandbox uses it for the pause points of its kill tests. The
daemon itself never does.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from connector import __version__, logs
from connector.config.material import Material
from connector.config.model import AdapterSection
from connector.config.model import ApiKey as ApiKeySection
from connector.config.network import proxies
from connector.config.people import PractitionerList
from connector.contract.adapter import AdapterContext, Sink, Source
from connector.contract.discovery import AdapterInfo, load_sink, load_source
from connector.contract.guard import SinkGuard, SourceGuard, guard_sink, guard_source
from connector.contract.isolated import open_sink, open_source
from connector.contract.opposition import OppositionAuthority
from connector.contract.settings import Isolation
from connector.core.alerts import Bell
from connector.core.days import Day
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock, Entropy
from connector.core.ports_insi import IdentityService
from connector.core.proposals import ProposalKind
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import OwnSigner, PrivateKeySigner, Switched
from connector.crypto.names import hosts_of
from connector.daemon.absent import AbsentSource
from connector.daemon.alerts import open_bell
from connector.daemon.coverage import CoverageSettings, ServiceCoverage
from connector.daemon.ears import DirectoryEars
from connector.daemon.evidence import Keeping, open_evidence
from connector.daemon.four_eyes import FourEyes, LiftBlock
from connector.daemon.journal import LocalJournal
from connector.daemon.listening import HandedOver
from connector.daemon.membership import Membership
from connector.daemon.observe import Observers
from connector.daemon.peer_watch import PeerWatch
from connector.daemon.prober import LocalProber
from connector.daemon.retention import EraseEntry, Housekeeping
from connector.daemon.revocation import Revocation, crl_settings
from connector.daemon.rotation import Rotation
from connector.daemon.sign_in import open_sign_in
from connector.daemon.status import INSI, LOCAL, DaemonStatus, Watched
from connector.daemon.system import SystemClock, SystemEntropy
from connector.daemon.witnessing import Succeed, WitnessDesk
from connector.directory.blocked import WithBlocks
from connector.directory.opening import open_membership
from connector.directory.settings import SignedDirectorySettings
from connector.evidence.desk import EvidenceDesk
from connector.holder.evidence import Ports as HolderPorts
from connector.holder.purge import purge_expired
from connector.holder.service import Holder
from connector.insi.off import InsiOff
from connector.insi.opening import open_insi
from connector.inspection.inspector import PdfInspector
from connector.jobs import Job, Jobs
from connector.ledger.service import OpenState, open_state
from connector.local.keys import ApiKey, KeyRing, Scope
from connector.local.ports import LocalPorts
from connector.local.server import build_app, build_runner
from connector.local.settings import LocalSettings
from connector.local.sign_in.desk import SignInDesk
from connector.local.site import Site, local_context
from connector.metrics import Metrics
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.server import PeerServer, ServerPorts
from connector.peer.settings import PeerServerSettings
from connector.peer.tls import ClientTls, ServerTls
from connector.requester.integrate import Errands, House
from connector.requester.register import Register
from connector.store.kept_crls import KeptCrls
from connector.vigilance.alerts import Alerts
from connector.vigilance.desk import IdentityDesk

T = TypeVar("T")
Wrap = Callable[[str, Any], Any]
RELEASED_ON = Day.parse("2026-11-23")
BINDS_ITSELF: Final = HandedOver()
JOIN_AS_IT_IS: Wrap = lambda _name, port: port  # noqa: E731 - a value with a type


@dataclass(slots=True)
class Rooms:
    """What runs, for the daemon to steer: reload, status, stop. Filled in the order in which the rooms open."""

    material: Material
    wrap: Wrap
    stack: AsyncExitStack
    clock: Clock
    entropy: Entropy
    metrics: Metrics
    bell: Bell
    observers: Observers
    peer_watch: PeerWatch
    server_tls: ServerTls
    client_tls: ClientTls
    signer: Switched[OwnSigner]
    ledger_signer: Switched[PrivateKeySigner]
    people: PractitionerList
    keys: KeyRing
    sockets: HandedOver
    adapters: dict[str, AdapterInfo] = field(default_factory=dict)
    peer_port: int = 0
    local_port: int = 0
    state: OpenState = field(init=False)
    housekeeping: Housekeeping = field(init=False)
    insi: IdentityService = field(default_factory=InsiOff)
    membership: Membership = field(init=False)
    revocation: Revocation = field(init=False)
    rotation: Rotation = field(init=False)
    peers: HttpPeerClient = field(init=False)
    source: SourceGuard | None = None
    sink: SinkGuard | None = None
    oppositions: OppositionAuthority = field(init=False)
    register: Register = field(init=False)
    identities: IdentityDesk = field(init=False)
    alerts: Alerts = field(init=False)
    coverage: ServiceCoverage = field(init=False)
    holder: Holder = field(init=False)
    server: PeerServer = field(init=False)
    errands: Errands = field(init=False)
    witnesses: WitnessDesk = field(init=False)
    sign_in: SignInDesk = field(init=False)
    site: Site = field(init=False)
    watched: Watched = field(init=False)
    status: DaemonStatus = field(init=False)
    evidence: EvidenceDesk = field(init=False)
    keeping: Keeping = field(init=False)

    @property
    def directory(self) -> WithBlocks:
        """The member directory as this service acts on it."""
        return self.membership.directory


@asynccontextmanager
async def build(
    material: Material, *, wrap: Wrap = JOIN_AS_IT_IS, sockets: HandedOver = BINDS_ITSELF
) -> AsyncIterator[Rooms]:
    """Open, join and start everything; on leaving, drain and close it.

    Raises:
        ConfigFault: an adapter cannot be had, or refuses its options; a socket handed over is not the configured one.
        FailedClosed: the state cannot be opened.
        CannotListen: an address cannot be listened on.
    """
    clock, metrics = SystemClock(), Metrics(__version__)
    peer_watch = PeerWatch(clock)
    async with AsyncExitStack() as stack:
        own = material.member.id
        bell = await open_bell(material.alerts, stack, own, material.environment, clock, SystemEntropy(), metrics)
        rooms = Rooms(
            material=material,
            wrap=wrap,
            stack=stack,
            clock=clock,
            entropy=SystemEntropy(),
            metrics=metrics,
            bell=bell,
            observers=Observers(metrics, peer_watch, bell),
            peer_watch=peer_watch,
            server_tls=ServerTls(material.server_tls),
            client_tls=ClientTls(material.client_tls),
            signer=Switched(material.signer),
            ledger_signer=Switched(material.ledger_signer),
            people=PractitionerList(material.file.model.practitioners, clock),
            keys=KeyRing(api_keys(material.file.model.local.keys)),
            sockets=sockets,
        )
        await _open_state(rooms)
        _open_revocation(rooms)
        rooms.sign_in = await open_sign_in(
            material.file.model,
            rooms.state,
            rooms.people,
            clock,
            rooms.entropy,
            member_name=material.member.name,
            environment=material.environment,
            references=material.references,
        )
        _open_insi(rooms)
        _open_membership(rooms)
        _open_rotation(rooms)
        await _open_adapters(rooms)
        await _open_requester(rooms)
        _open_witnesses(rooms)
        rooms.holder = await _open_holder(rooms)
        rooms.evidence, rooms.keeping = await open_evidence(rooms, material.evidence)
        _watch(rooms)
        await rooms.revocation.start()
        await rooms.membership.start()
        await rooms.witnesses.start()
        await _listen_to_peers(rooms)
        await rooms.errands.resume_all()
        await _listen_locally(rooms)
        jobs = _jobs(rooms)
        await rooms.state.holder.record(EntryDraft(type=EntryType.STARTED, at=clock.now(), reason=__version__))
        jobs.start()
        rooms.watched.listening = True
        try:
            yield rooms
        finally:
            rooms.watched.draining = True
            jobs.stop()
            logs.get_logger().info(logs.DAEMON_STOPPING)
            await rooms.state.holder.record(EntryDraft(type=EntryType.STOPPED, at=clock.now(), reason=__version__))


async def _open_state(rooms: Rooms) -> None:
    material = rooms.material
    rooms.state = await open_state(
        material.state,
        clock=rooms.clock,
        entropy=rooms.entropy,
        signer=rooms.ledger_signer,
        member=material.member.id,
        former_keys=tuple(material.member.ledger_keys()),
    )
    rooms.stack.push_async_callback(rooms.state.close)
    rooms.housekeeping = Housekeeping(rooms.state, material.state, rooms.clock)


def _open_revocation(rooms: Rooms) -> None:
    """Watch over the revocation lists; they are first fetched before anyone is asked or answered."""
    material = rooms.material
    rooms.revocation = Revocation(
        crl_settings(material),
        server=rooms.server_tls,
        client=rooms.client_tls,
        kept=KeptCrls(material.state.directory),
        ledger=rooms.state.holder,
        clock=rooms.clock,
        metrics=rooms.metrics,
    )
    rooms.stack.push_async_callback(rooms.revocation.close)


def _open_insi(rooms: Rooms) -> None:
    """Open what calls INSi, or what says that it is not called from here."""
    material, state = rooms.material, rooms.state
    if material.insi is None:
        return
    rooms.insi = open_insi(
        material.insi.settings,
        material.environment,
        clock=rooms.clock,
        entropy=rooms.entropy,
        ledger=state.holder,
        cache=state.insi_answers,
        observer=rooms.observers,
    )


def _open_membership(rooms: Rooms) -> None:
    """Open the directory on what is kept here; the first refresh comes before anyone is answered."""
    ears = DirectoryEars(rooms.metrics, rooms.clock)
    kept = open_membership(rooms.material.membership, rooms.clock, ears, mirror_tls=lambda: rooms.client_tls.context)
    rooms.membership = Membership(
        WithBlocks(kept),
        ears,
        rooms.state.measures,
        rooms.state.holder,
        rooms.clock,
        rooms.metrics,
        rooms.material.own,
    )
    rooms.stack.push_async_callback(rooms.membership.close)


def _open_rotation(rooms: Rooms) -> None:
    """Choose between keys in use and prepared ones before anything is signed, answered or asked."""
    rooms.rotation = Rotation(
        rooms.material,
        signer=rooms.signer,
        ledger_signer=rooms.ledger_signer,
        revocation=rooms.revocation,
        membership=rooms.membership,
        ledger=rooms.state.holder,
        clock=rooms.clock,
    )


async def _open_adapters(rooms: Rooms) -> None:
    model, material = rooms.material.file.model, rooms.material
    if (read := model.source) is not None:
        source, rooms.adapters["source"] = await _source(rooms, read)
        rooms.source = guard_source(
            source,
            material.guard(read),
            name=read.adapter,
            clock=rooms.clock,
            report=rooms.observers.adapter_fault,
        )
        rooms.stack.push_async_callback(rooms.source.close)
    if (section := model.sink) is not None:
        sink, rooms.adapters["sink"] = await _sink(rooms, section)
        rooms.sink = guard_sink(
            sink,
            material.guard(section),
            name=section.adapter,
            clock=rooms.clock,
            report=rooms.observers.adapter_fault,
        )
        rooms.stack.push_async_callback(rooms.sink.close)
    rooms.oppositions = OppositionAuthority(
        material.opposition,
        register=rooms.state.oppositions,
        source_tells=rooms.source is not None and rooms.source.tells_opposition,
        unreachable=rooms.observers.register_failed,
    )
    rooms.register = Register(
        rooms.state.oppositions,
        environment=material.environment,
        sink=rooms.sink,
        source=rooms.source,
        clock=rooms.clock,
        entropy=rooms.entropy,
    )
    rooms.identities = IdentityDesk(
        rooms.state.identities,
        rooms.state.alerts,
        rooms.insi,
        environment=material.environment,
        clock=rooms.clock,
        entropy=rooms.entropy,
    )
    rooms.alerts = Alerts(rooms.state.alerts, rooms.source, rooms.clock)
    warn_below = model.source.coverage_warn_below if model.source else 0.0
    settings = CoverageSettings(warn_below, material.opposition)
    rooms.coverage = ServiceCoverage(settings, rooms.state, rooms.source, rooms.clock)


async def _source(rooms: Rooms, section: AdapterSection) -> tuple[Source, AdapterInfo]:
    name, options, context, material = section.adapter, section.options, _context(rooms, section), rooms.material
    if section.isolation is Isolation.NONE:
        return load_source(name, options, context)
    guard, process = material.guard(section), material.process(section)
    return await open_source(name, options, context, guard=guard, process=process)


async def _sink(rooms: Rooms, section: AdapterSection) -> tuple[Sink, AdapterInfo]:
    name, options, context, material = section.adapter, section.options, _context(rooms, section), rooms.material
    if section.isolation is Isolation.NONE:
        return load_sink(name, options, context)
    guard, process = material.guard(section), material.process(section)
    return await open_sink(name, options, context, guard=guard, process=process)


def _context(rooms: Rooms, section: AdapterSection) -> AdapterContext:
    material = rooms.material
    data = material.state.directory / "adapters" / section.adapter
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return AdapterContext(
        member=material.member.id,
        environment=material.environment,
        config_directory=material.file.path.resolve().parent,
        data_directory=data,
        now=rooms.clock.now,
    )


async def _open_holder(rooms: Rooms) -> Holder:
    material, wrap = rooms.material, rooms.wrap
    ports = HolderPorts(
        store=wrap("holder_store", rooms.state.holder),
        source=wrap("source", rooms.source) if rooms.source is not None else AbsentSource(),
        oppositions=rooms.oppositions,
        directory=rooms.directory,
        signer=rooms.signer,
        clock=rooms.clock,
        entropy=rooms.entropy,
        observer=rooms.observers,
        limits=rooms.state.limits,
        limit_observer=rooms.observers,
        answering=rooms.membership,
        heads=rooms.witnesses.watch,
    )
    holder = Holder(material.holder, ports, wrap("holder_vault", rooms.state.vault))
    await holder.limits.load()
    rooms.stack.push_async_callback(holder.close)
    return holder


def _open_witnesses(rooms: Rooms) -> None:
    """Join what watches over ledgers; witnesses are first asked before anyone is answered."""
    rooms.witnesses = WitnessDesk(
        rooms.state,
        rooms.material.member.id,
        rooms.ledger_signer,
        rooms.peers,
        rooms.directory,
        rooms.clock,
        rooms.entropy,
        rooms.metrics,
        rooms.bell,
    )
    rooms.stack.push_async_callback(rooms.witnesses.close)


async def _open_requester(rooms: Rooms) -> None:
    material, wrap = rooms.material, rooms.wrap
    peers = await rooms.stack.enter_async_context(
        HttpPeerClient(
            rooms.directory,
            rooms.signer,
            rooms.client_tls,
            rooms.clock,
            rooms.entropy,
            PeerClientSettings(proxies=proxies(material.file.model.network)),
        )
    )
    rooms.peers = peers
    inspector = PdfInspector(material.inspection)
    rooms.stack.push_async_callback(inspector.close)
    inspector.start()  # it loads its parser while the rest opens
    house = House(
        store=wrap("requester_store", rooms.state.requester),
        vault=wrap("requester_vault", rooms.state.vault),
        peers=wrap("peer_client", peers),
        directory=rooms.directory,
        practitioners=rooms.sign_in.staff,
        source=rooms.source,
        sink=rooms.sink,
        traces=rooms.state.traces,
        inspector=wrap("inspector", inspector),
        clock=rooms.clock,
        entropy=rooms.entropy,
        observer=rooms.observers,
        oppositions=rooms.oppositions,
        insi=rooms.insi if material.insi is not None else None,
        alerts=rooms.state.alerts,
    )
    rooms.errands = Errands(material.requester, house)
    rooms.stack.push_async_callback(rooms.errands.close)


def _watch(rooms: Rooms) -> None:
    material = rooms.material
    rooms.watched = Watched(
        state=rooms.state,
        directory=rooms.directory,
        membership=rooms.membership,
        oppositions=rooms.oppositions,
        source=rooms.source,
        sink=rooms.sink,
        adapters=rooms.adapters,
        certificates=certificates_of(material, rooms.rotation),
        signer=rooms.signer,
        revocation=rooms.revocation,
        started_at=rooms.clock.now(),
        coverage=rooms.coverage,
        attested_on=source.attested_on if (source := material.file.model.source) else None,
        limits=rooms.holder.limits,
    )
    rooms.watched.witnesses, rooms.watched.peers = rooms.witnesses, rooms.peer_watch
    rooms.watched.settings = material.state
    rooms.status = DaemonStatus(rooms.watched, rooms.clock, rooms.metrics, __version__, rooms.bell)
    rooms.status.measure_certificates()


async def _listen_to_peers(rooms: Rooms) -> None:
    section = rooms.material.file.model.peer
    address = rooms.sockets.address("peer", section.listen)
    rooms.server = PeerServer(
        PeerServerSettings(
            host=address.host,
            port=address.port,
            version=__version__,
            released_on=RELEASED_ON,
            max_connections=section.max_connections,
            connection_life_seconds=section.connection_life_seconds,
            idle_seconds=section.idle_seconds,
            slow_client_seconds=section.slow_client_seconds,
            drain_seconds=section.drain_seconds,
        ),
        rooms.server_tls,
        rooms.holder,
        ServerPorts(
            directory=rooms.directory,
            ledgers=rooms.state.journal,
            clock=rooms.clock,
            entropy=rooms.entropy,
            observer=rooms.observers,
            files=rooms.directory.files,
            answering=rooms.membership,
            witness=rooms.witnesses.watch,
        ),
    )
    try:
        rooms.peer_port = await rooms.server.start(address.sock)
    except OSError as error:
        raise address.refused(error) from None
    rooms.stack.push_async_callback(rooms.server.close)

    def look_again() -> None:
        rooms.server.recheck()
        rooms.peers.recheck()

    rooms.revocation.on_change = look_again


async def _listen_locally(rooms: Rooms) -> None:
    material, section = rooms.material, rooms.material.file.model.local
    address = rooms.sockets.address("local", section.listen)
    tls: ssl.SSLContext | None = None
    names: tuple[str, ...] = (address.host,)
    if section.certificate and section.key:
        path = material.references.path
        tls = local_context(path(section.certificate), path(section.key))
        names = (address.host, *hosts_of(path(section.certificate).read_bytes()))
    settings = LocalSettings(
        member=material.member.id,
        member_name=material.member.name,
        environment=material.environment,
        version=__version__,
        hostnames=names,
        max_services=material.requester.max_services,
        authority=material.opposition.authority,
    )
    ports = LocalPorts(
        errands=rooms.errands,
        directory=rooms.directory,
        journal=LocalJournal(rooms.state.journal),
        evidence=rooms.evidence,
        status=rooms.status,
        prober=LocalProber(rooms.errands, rooms.directory, rooms.peers, rooms.peer_watch),
        register=rooms.register,
        coverage=rooms.coverage,
        identities=rooms.identities,
        alerts=rooms.alerts,
        membership=rooms.membership,
        limits=rooms.holder.limits,
        witnesses=rooms.witnesses,
        proposals=FourEyes(
            rooms.state.proposals,
            {
                ProposalKind.LIFT_BLOCK: LiftBlock(rooms.holder.limits),
                ProposalKind.ERASE: EraseEntry(rooms.housekeeping.retention),
                ProposalKind.SUCCEED: Succeed(rooms.witnesses),
            },
            rooms.clock,
            rooms.entropy,
        ),
        metrics=rooms.metrics,
        clock=rooms.clock,
        entropy=rooms.entropy,
        keys=rooms.keys,
        practitioners=rooms.sign_in.staff,
        sign_in=rooms.sign_in,
    )
    rooms.site = Site(build_runner(build_app(ports, settings), settings), tls)
    rooms.stack.push_async_callback(rooms.site.close)
    try:
        rooms.local_port = await rooms.site.start(address.host, address.port, address.sock)
    except OSError as error:
        raise address.refused(error) from None


def _jobs(rooms: Rooms) -> Jobs:
    store, vault, clock = rooms.state.holder, rooms.state.vault, rooms.clock

    async def purge_spools() -> None:
        await purge_expired(store, vault, clock)

    async def due_work() -> None:
        await rooms.errands.run_due_work(may_end=not await rooms.housekeeping.retention.waits())

    async def forget_answers() -> None:
        hours = rooms.material.insi.settings.max_age_hours if rooms.material.insi is not None else 0
        await rooms.state.insi_answers.forget(Instant(clock.now() - hours * 3600))

    async def watch_lists() -> None:
        rooms.revocation.tick()

    async def look_at_keys() -> None:
        await rooms.rotation.tick()
        rooms.watched.certificates = certificates_of(rooms.rotation.material, rooms.rotation)
        rooms.status.measure_certificates()

    settings = rooms.material.membership
    refreshing: tuple[Job, ...] = ()
    if isinstance(settings, SignedDirectorySettings):
        refreshing = (Job("directory", float(settings.refresh_seconds), rooms.membership.refresh),)
    return Jobs(
        (
            *refreshing,
            Job("crls", rooms.material.file.model.peer.crl.refresh_minutes * 60.0, rooms.revocation.refresh),
            Job("crl-age", 30.0, watch_lists),
            Job("keys", 10.0, look_at_keys),
            Job("membership", 60.0, rooms.membership.tick),
            rooms.witnesses.job(),
            Job("due-work", 2.0, due_work),
            Job("readiness", 10.0, rooms.status.measure),
            Job("spools", 30.0, purge_spools),
            Job("tidy", 60.0, rooms.state.tidy),
            rooms.housekeeping.job(),
            Job("evidence", 300.0, rooms.keeping.run),
            Job("insi-answers", 900.0, forget_answers),
            Job("oppositions", 600.0, rooms.register.pass_on_due),
            Job("coverage", 600.0, rooms.coverage.measure_if_due),
        ),
        rooms.metrics,
    )


def certificates_of(material: Material, rotation: Rotation) -> dict[str, PeerCertificate]:
    """Give our certificates by their use, whose ends are watched."""
    found = rotation.certificates()
    if material.local is not None:
        found[LOCAL] = material.local.certificate
    return found | ({INSI: material.insi.certificate} if material.insi is not None else {})


def api_keys(sections: list[ApiKeySection]) -> tuple[ApiKey, ...]:
    """Give the keys of the local API as its room takes them."""
    return tuple(
        ApiKey(s.name, s.sha256, frozenset(Scope(scope) for scope in s.scopes), frozenset(s.practitioners))
        for s in sections
    )
