"""Evidence as it runs: the desk of exports and reports, the members files of the time, and the daily stamp of heads."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector import __version__, logs
from connector.config.evidence import EvidenceSettings
from connector.config.network import proxies
from connector.core.errors import ConnectorError
from connector.directory.members_file import MembersFile
from connector.directory.settings import SignedDirectorySettings
from connector.evidence.collect import Exporter, PackedDirectories
from connector.evidence.desk import EvidenceDesk
from connector.evidence.packing import ArchivedDirectories, KeptLists
from connector.evidence.stamping import Stamping
from connector.peer.stamping import StampingClient
from connector.store.evidence import KeptList

if TYPE_CHECKING:
    from connector.daemon.rooms import Rooms


class Keeping:
    """What a job looks after: that a members file in force is kept, and that heads are stamped."""

    def __init__(self, rooms: "Rooms", stamping: Stamping | None) -> None:
        self._store, self._directory, self._clock = rooms.state.evidence, rooms.directory, rooms.clock
        self._stamping = stamping
        self._kept = ""

    async def run(self) -> None:
        """Do what is due; an authority that does not answer is told to the log, and asked again at the next turn."""
        await self.keep_list()
        if self._stamping is None:
            return
        try:
            await self._stamping.stamp_if_due()
        except ConnectorError as error:
            logs.get_logger().warning(logs.JOB_FAILED, job="stamp", code=error.code)

    async def keep_list(self) -> None:
        """Keep the members file in force, once."""
        kept = self._directory.kept
        if isinstance(kept, MembersFile) and kept.version != self._kept:
            await self._store.keep_list(KeptList(kept.version, self._clock.now(), kept.content))
            self._kept = kept.version


async def open_evidence(rooms: "Rooms", settings: EvidenceSettings) -> tuple[EvidenceDesk, Keeping]:
    """Open the desk and what the job looks after; the members file in force is kept at once."""
    material, state = rooms.material, rooms.state
    membership = material.membership
    packed: PackedDirectories = KeptLists(state.evidence, material.environment)
    if isinstance(membership, SignedDirectorySettings):
        from connector.directory.archive import Archive  # noqa: PLC0415 - it brings tuf, which a local list does not need

        packed = ArchivedDirectories(Archive(membership.archive), material.environment)
    exporter = Exporter(
        member=material.member.id,
        environment=material.environment,
        version=__version__,
        journal=state.journal,
        store=state.evidence,
        fetches=state.requester,
        witness=state.witness,
        directories=packed,
        signer=rooms.signer,
        clock=rooms.clock,
    )
    stamping = None
    if settings.tsa_url is not None:
        network = rooms.material.file.model.network
        proxy = proxies(network).of(urlsplit(settings.tsa_url).hostname)
        client = await rooms.stack.enter_async_context(StampingClient(settings.tsa_url, proxy))
        stamping = Stamping(state.journal, state.evidence, client, settings.tsa_roots, rooms.clock)
    keeping = Keeping(rooms, stamping)
    await keeping.keep_list()
    return EvidenceDesk(exporter, state.holder, rooms.register.known_as), keeping
