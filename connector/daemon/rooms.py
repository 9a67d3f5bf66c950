"""The open rooms of one daemon, as those that build, steer and ask them see them; how they open is `daemon.build`."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from connector.config.material import Material
from connector.config.people import PractitionerList
from connector.contract.discovery import AdapterInfo
from connector.contract.guard import SinkGuard, SourceGuard
from connector.contract.opposition import OppositionAuthority
from connector.core.alerts import Bell
from connector.core.ports import Clock, Entropy
from connector.core.ports_insi import IdentityService
from connector.crypto.keys import OwnSigner, PrivateKeySigner, Switched
from connector.daemon.coverage import ServiceCoverage
from connector.daemon.evidence import Keeping
from connector.daemon.listening import HandedOver
from connector.daemon.membership import Membership
from connector.daemon.observe import Observers
from connector.daemon.peer_watch import PeerWatch
from connector.daemon.retention import Housekeeping
from connector.daemon.revocation import Revocation
from connector.daemon.rotation import Rotation
from connector.daemon.status import DaemonStatus, Watched
from connector.daemon.witnessing import WitnessDesk
from connector.directory.blocked import WithBlocks
from connector.evidence.desk import EvidenceDesk
from connector.holder.service import Holder
from connector.insi.off import InsiOff
from connector.ledger.service import OpenState
from connector.local.keys import KeyRing
from connector.local.sign_in.desk import SignInDesk
from connector.local.site import Site
from connector.metrics import Metrics
from connector.peer.client import HttpPeerClient
from connector.peer.server import PeerServer
from connector.peer.tls import ClientTls, ServerTls
from connector.requester.integrate import Errands
from connector.requester.register import Register
from connector.vigilance.alerts import Alerts
from connector.vigilance.desk import IdentityDesk

Wrap = Callable[[str, Any], Any]
"""Is handed each port by name as it is joined, and gives it back."""


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
