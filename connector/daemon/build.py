"""Builds the rooms in one visible order and joins them by their ports; ends them in the reverse one.

`wrap` is handed each port by name as it is joined: the sandbox uses it for the pause points of its kill tests. The
daemon itself never does.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from connector import __version__, logs
from connector.config.material import Material
from connector.config.network import proxies
from connector.config.people import PractitionerList
from connector.contract.guard import guard_sink, guard_source
from connector.contract.opposition import OppositionAuthority
from connector.core.ledger import EntryDraft, EntryType
from connector.crypto.keys import Switched
from connector.daemon.absent import AbsentSource
from connector.daemon.alerts import open_bell
from connector.daemon.coverage import CoverageSettings, ServiceCoverage
from connector.daemon.doors import api_keys, listen_locally, listen_to_peers
from connector.daemon.ears import DirectoryEars
from connector.daemon.evidence import open_evidence
from connector.daemon.listening import HandedOver
from connector.daemon.membership import Membership
from connector.daemon.observe import Observers
from connector.daemon.peer_watch import PeerWatch
from connector.daemon.retention import Housekeeping
from connector.daemon.revocation import Revocation, crl_settings
from connector.daemon.rooms import Rooms, Wrap
from connector.daemon.rotation import Rotation
from connector.daemon.sign_in import open_sign_in
from connector.daemon.status import DaemonStatus, Watched
from connector.daemon.system import SystemClock, SystemEntropy
from connector.daemon.turns import certificates_of, jobs_of
from connector.daemon.witnessing import WitnessDesk
from connector.directory.blocked import WithBlocks
from connector.directory.opening import open_membership
from connector.holder.evidence import Ports as HolderPorts
from connector.holder.service import Holder
from connector.insi.opening import open_insi
from connector.inspection.inspector import PdfInspector
from connector.ledger.service import open_state
from connector.local.keys import KeyRing
from connector.metrics import Metrics
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls, ServerTls
from connector.requester.integrate import Errands, House
from connector.requester.register import Register
from connector.store.kept_crls import KeptCrls
from connector.vigilance.alerts import Alerts
from connector.vigilance.desk import IdentityDesk

BINDS_ITSELF: Final = HandedOver()
JOIN_AS_IT_IS: Wrap = lambda _name, port: port  # noqa: E731 - a value with a type


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
        await listen_to_peers(rooms)
        await rooms.errands.resume_all()
        await listen_locally(rooms)
        jobs = jobs_of(rooms)
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
    halves = material.halves(rooms.clock.now)
    if (read := model.source) is not None:
        halves.folder(read.adapter)
        source, rooms.adapters["source"] = await halves.source(read)
        rooms.source = guard_source(
            source,
            halves.guard(read),
            name=read.adapter,
            clock=rooms.clock,
            report=rooms.observers.adapter_fault,
        )
        rooms.stack.push_async_callback(rooms.source.close)
    if (section := model.sink) is not None:
        halves.folder(section.adapter)
        sink, rooms.adapters["sink"] = await halves.sink(section)
        rooms.sink = guard_sink(
            sink,
            halves.guard(section),
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
