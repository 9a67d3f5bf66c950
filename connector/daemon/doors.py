"""The two doors: the endpoint that other members call, and the local side with its API and pages."""

import ssl

from connector import __version__
from connector.config.model import ApiKey as ApiKeySection
from connector.core.days import Day
from connector.core.proposals import ProposalKind
from connector.crypto.names import hosts_of
from connector.daemon.four_eyes import FourEyes, LiftBlock
from connector.daemon.journal import LocalJournal
from connector.daemon.prober import LocalProber
from connector.daemon.retention import EraseEntry
from connector.daemon.rooms import Rooms
from connector.daemon.witnessing import Succeed
from connector.local.keys import ApiKey, Scope
from connector.local.ports import LocalPorts
from connector.local.server import build_app, build_runner
from connector.local.settings import LocalSettings
from connector.local.site import Site, local_context
from connector.peer.server import PeerServer, ServerPorts
from connector.peer.settings import PeerServerSettings

RELEASED_ON = Day.parse("2026-11-23")


async def listen_to_peers(rooms: Rooms) -> None:
    """Answer other members from now on.

    Raises:
        OSError: the address cannot be had.
    """
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


async def listen_locally(rooms: Rooms) -> None:
    """Answer this service's own people and software from now on.

    Raises:
        ConfigFault: its certificate cannot be used.
        OSError: the address cannot be had.
    """
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


def api_keys(sections: list[ApiKeySection]) -> tuple[ApiKey, ...]:
    """Give the keys of the local API as its room takes them."""
    return tuple(
        ApiKey(s.name, s.sha256, frozenset(Scope(scope) for scope in s.scopes), frozenset(s.practitioners))
        for s in sections
    )
