"""Whether this connector can answer and ask, why not, and what to do: for `/health/ready`, `status` and the metrics."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version

from connector import logs
from connector.config.own_certificates import Finding, ending, stage_of
from connector.contract.discovery import AdapterInfo
from connector.contract.guard import SinkGuard, SourceGuard
from connector.contract.opposition import OppositionAuthority
from connector.core.alerts import Bell, NoBell
from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.ports import Clock, MemberDirectory
from connector.core.units import DAY_SECONDS
from connector.crypto.certificates import PeerCertificate
from connector.crypto.keys import OwnSigner, Switched
from connector.daemon.alerts import CheckWatch
from connector.daemon.coverage import ServiceCoverage
from connector.daemon.membership import Membership
from connector.daemon.peer_watch import PeerWatch
from connector.daemon.revocation import Revocation
from connector.daemon.witnessing import WitnessDesk
from connector.holder.limits import HolderLimits
from connector.ledger.service import OpenState
from connector.local.ports import AdapterStatus, CertificateStatus, Check, LedgerStatus, StatusReport
from connector.metrics import Metrics
from connector.store.backup_note import last_backup
from connector.store.settings import StateSettings

_LIBRARIES = ("aiohttp", "cryptography", "pyjwt", "sqlite-utils")


@dataclass(slots=True)
class Watched:
    """What the status looks at; a reload of the configuration changes it in place."""

    state: OpenState
    directory: MemberDirectory
    membership: Membership
    oppositions: OppositionAuthority
    source: SourceGuard | None
    sink: SinkGuard | None
    adapters: Mapping[str, AdapterInfo]
    certificates: Mapping[str, PeerCertificate]
    revocation: Revocation
    signer: Switched[OwnSigner]
    coverage: ServiceCoverage
    attested_on: date | None
    limits: HolderLimits
    witnesses: WitnessDesk | None = None
    peers: PeerWatch | None = None
    settings: StateSettings | None = None
    draining: bool = False
    listening: bool = False
    started_at: Instant = field(default=Instant(0))


INSI, LOCAL = "insi", "local"
"""The uses of certificates without which peers are still answered."""


class DaemonStatus:
    """`connector.local.ports.StatusProvider`."""

    def __init__(
        self,
        watched: Watched,
        clock: Clock,
        metrics: Metrics,
        connector_version: str,
        bell: Bell | None = None,
    ) -> None:
        self._watched, self._clock, self._metrics, self._version = watched, clock, metrics, connector_version
        self._changes = CheckWatch(bell or NoBell())
        self._red: tuple[str, ...] = ()
        self._stages: dict[str, int | None] = {}

    async def readiness(self) -> Sequence[Check]:
        """Check what must be right before anything is answered or asked; nothing is asked of the network."""
        w, now = self._watched, self._clock.now()
        state = w.state.ready()
        oppositions = w.oppositions.not_ready()
        ended = [use for use in ("server", "client") if not w.certificates[use].is_valid_at(now)]
        silent = await asyncio.to_thread(w.signer.not_ready)  # it asks the token, after those who wait for a signature
        checks = (
            Check("listening", w.listening, "", "" if w.listening else "it is still starting"),
            Check("draining", not w.draining, "stopping: no new work" if w.draining else ""),
            Check("state", state is None, state or "", "" if state is None else "free disk space, look at the clock"),
            Check(
                "source",
                w.source is not None,
                "" if w.source else "no [source]: every lookup is answered could_not_look",
                "" if w.source else "configure [source] with the adapter of your software",
            ),
            Check("opposition", oppositions is None, oppositions or "", "" if oppositions is None else "see the guide"),
            Check(
                "certificates",
                not ended,
                f"not valid now: {', '.join(ended)}" if ended else self._ending(now),
                "renew them, or look at the clock" if ended else self._ending_remedy(now),
            ),
            Check("signing", not silent, silent, "put the token back" if silent else ""),
            w.revocation.check(),
            *w.membership.checks(),
            *self._warnings(),
            await self._limits(),
            *([await w.witnesses.check()] if w.witnesses is not None else []),
        )
        red = tuple(check.name for check in checks if not check.ok)
        self._metrics.ready.set(not red)
        if red != self._red:
            self._red = red
            logs.get_logger().warning(logs.DAEMON_READY_CHANGED, state="red" if red else "green", cause=", ".join(red))
        return checks

    def _ending(self, now: Instant) -> str:
        return "; ".join(finding.what for finding in self._endings(now))

    def _ending_remedy(self, now: Instant) -> str:
        return "; ".join(dict.fromkeys(finding.remedy for finding in self._endings(now)))

    def _endings(self, now: Instant) -> list[Finding]:
        """Warn of certificates that end within 60 days; the log is told at 60, 30 and 7."""
        found = []
        for use, certificate in self._watched.certificates.items():
            finding, stage = ending(use, certificate.not_after, now), stage_of(certificate.not_after, now)
            if finding is not None:
                found.append(finding)
            if stage is not None and stage != self._stages.get(use):
                log = logs.get_logger()
                log.warning(logs.CERTIFICATE_ENDING, half=use, count=(certificate.not_after - now) // DAY_SECONDS)
            self._stages[use] = stage
        return found

    def _warnings(self) -> tuple[Check, ...]:
        """Give what is right for now and should be better: checks that are green and have a remedy."""
        return (*self._warnings_of_insi(), *self._warnings_of_source())

    async def _limits(self) -> Check:
        """Tell of limits met on either side: they do not stop this connector, and a person should look at them."""
        w = self._watched
        blocked = sorted({block.peer.value for block in w.limits.blocks()})
        try:
            alerts = await w.state.journal.alerts(Instant(self._clock.now() - DAY_SECONDS))
        except FailedClosed:  # told by the check of the state
            alerts = {}
        by = sorted({peer.value for reason, peer in alerts if reason == Code.LIMIT_EXCEEDED and peer is not None})
        told = [
            f"{what} {', '.join(members)}"
            for what, members in (("blocked here:", blocked), ("limit us:", by))
            if members
        ]
        remedy = "spsti-connector members limits show, journal list --tree house --type alert; call the service"
        return Check("limits", ok=True, detail="; ".join(told), remedy=remedy if told else "")

    def _warnings_of_insi(self) -> tuple[Check, ...]:
        certificate = self._watched.certificates.get(INSI)
        if certificate is None or certificate.is_valid_at(self._clock.now()):
            return ()
        remedy = "renew it, then restart: until then no identity is verified"
        return (Check(INSI, ok=True, detail="the certificate for INSi is not valid now", remedy=remedy),)

    def _warnings_of_source(self) -> tuple[Check, ...]:
        w = self._watched
        if w.source is None:
            return ()
        attested = Check(
            "attestation",
            ok=True,
            detail="" if w.attested_on else "nobody has attested that what the source gives may go to a peer",
            remedy="" if w.attested_on else "set [source] attested_on and attested_by, or take the adapter out",
        )
        try:
            last = w.coverage.last()
        except FailedClosed:  # told by the check of the state
            return (attested,)
        if not last.is_low or last.last is None or last.last.share is None:
            return (attested, Check("coverage", ok=True))
        detail = f"{last.last.share:.0%} of workers could be answered about, expected {last.warn_below:.0%} at least"
        return (attested, Check("coverage", ok=True, detail=detail, remedy="spsti-connector adapter coverage says why"))

    async def status(self) -> StatusReport:
        """Tell everything; the vendor's software is really asked."""
        w, now = self._watched, self._clock.now()
        members = w.directory.members()
        return StatusReport(
            started_at=w.started_at,
            checks=await self.readiness(),
            certificates=tuple(
                CertificateStatus(use, c.not_after, (c.not_after - now) // DAY_SECONDS)
                for use, c in w.certificates.items()
            ),
            directory_version=w.directory.version,
            members=len(members),
            members_active=sum(member.status is MemberStatus.ACTIVE for member in members),
            adapters=[await self._adapter(half) for half in w.adapters],
            ledgers=[await self._ledger(tree) for tree in Tree],
            outbox=await w.state.pending(),
            versions={"spsti-connector": self._version} | {name: version(name) for name in _LIBRARIES},
            peers=w.peers.seen() if w.peers is not None else (),
            free_bytes=shutil.disk_usage(w.settings.directory).free if w.settings is not None else None,
            last_backup_at=self._last_backup(),
        )

    def _last_backup(self) -> Instant | None:
        if self._watched.settings is None:
            return None
        noted = last_backup(self._watched.settings.directory)
        return noted.at if noted is not None else None

    async def measure(self) -> None:
        """Look at readiness, ring where it changed, and put what is pending into the metrics: a job's regular turn."""
        self._changes.look(await self.readiness())
        for kind, count in (await self._watched.state.pending()).items():
            self._metrics.outbox.labels(kind).set(count)
        self._metrics.identity_alerts.set(await self._watched.state.alerts.open_alerts())

    def measure_certificates(self) -> None:
        """Put the ends of our certificates into the metrics."""
        for use, certificate in self._watched.certificates.items():
            self._metrics.certificate_expiry.labels(use).set(certificate.not_after)

    async def _adapter(self, half: str) -> AdapterStatus:
        guard = self._watched.source if half == "source" else self._watched.sink
        name = self._watched.adapters[half].name
        if guard is None:
            return AdapterStatus(half, name, ok=False, detail="not loaded")
        health = await guard.health()
        read_at = guard.read_at if isinstance(guard, SourceGuard) else None
        return AdapterStatus(half, name, health.ok, health.detail, read_at)

    async def _ledger(self, tree: Tree) -> LedgerStatus:
        origin, size = (await self._watched.state.journal.checkpoint(tree)).splitlines()[:2]
        return LedgerStatus(tree, origin, int(size))
