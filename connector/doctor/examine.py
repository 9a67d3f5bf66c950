"""The whole examination, in the order in which one would put things right: this machine first, then the network."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant
from connector.daemon.run import read
from connector.doctor import adapters, house, keys, ledgers, listing
from connector.doctor.finding import Finding, critical, ok, warning
from connector.doctor.network import network, ports
from connector.doctor.patient import Patient


def open_patient(config: Path, now: Instant) -> Patient | list[Finding]:
    """Read the configuration as the start does; its faults instead, where the connector would not start."""
    try:
        return Patient.of(config, read(config), now)
    except ConfigFault as error:
        return [critical("configuration", "config.fault", fault=fault) for fault in error.details]
    except ConnectorError as error:
        return [critical("configuration", "config.fault", fault=error.fault)]


def here(patient: Patient) -> Iterator[Finding]:
    """Look at everything that this machine tells, without a connector that runs and without a network."""
    member = patient.material.member
    said = {"name": member.name, "member": member.id, "environment": patient.material.environment}
    yield ok("configuration", "config.right", **said)
    yield from house.rights(patient)
    yield from keys.certificates(patient)
    yield from keys.others(patient)
    yield from keys.revocation(patient)
    yield from listing.listing(patient)
    yield from announced(patient)
    yield house.disk(patient)
    yield from house.standing(patient)
    yield from ledgers.ledgers(patient)
    yield house.backups(patient)
    yield from house.source(patient)
    yield from ports(patient)


async def around(patient: Patient) -> AsyncIterator[Finding]:
    """Look at the adapters, in processes of their own, and at what can be reached from here."""
    async for finding in adapters.adapters(patient):
        yield finding
    async for finding in network(patient):
        yield finding


def announced(patient: Patient) -> Iterator[Finding]:
    """Compare where others call us by the list with where they are to call."""
    wanted, listed = patient.model.network.announced, patient.material.member.endpoint
    if wanted is not None and listed and wanted.rstrip("/") != listed.rstrip("/"):
        yield warning("directory", "announced.other", wanted=wanted, listed=listed)
