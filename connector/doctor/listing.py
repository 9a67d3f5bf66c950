"""The member list as it was last received, and whether it knows this service as it is configured."""

from collections.abc import Iterator
from typing import Final

from connector.directory.age import Freshness
from connector.doctor.finding import Finding, critical, ok, warning
from connector.doctor.patient import Patient

COPIES: Final = 3
"""Copies of the directory that a connector wants to be able to ask (issue 6)."""


def listing(patient: Patient) -> Iterator[Finding]:
    """Tell what the list says or lacks; what a local file says wrongly is a fault of the configuration already."""
    found = patient.material.listing
    yield ok("directory", "directory.right", members=found.members, version=found.version)
    if found.copies is None:
        yield warning("directory", "directory.trial", what=found.staleness.message)
        return
    if found.not_ready is not None:
        yield warning("directory", "directory.not-ready", what=found.not_ready)
    else:
        for one in found.differences:
            yield warning("directory", "directory.difference", where=one.dotted, difference=one.fault)
        if found.staleness.message:
            level = critical if found.staleness.state is Freshness.CLOSED else warning
            yield level("directory", "directory.stale", what=found.staleness.message)
    if found.copies < COPIES:
        yield warning("directory", "directory.copies", copies=found.copies, wanted=COPIES)
