"""What the daemon does again and again, and how often."""

from connector.config.material import Material
from connector.core.instant import Instant
from connector.crypto.certificates import PeerCertificate
from connector.daemon.rooms import Rooms
from connector.daemon.rotation import Rotation
from connector.daemon.status import INSI, LOCAL
from connector.directory.settings import SignedDirectorySettings
from connector.holder.purge import purge_expired
from connector.jobs import Job, Jobs


def jobs_of(rooms: Rooms) -> Jobs:
    """Give the jobs of these rooms; none has begun."""
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
