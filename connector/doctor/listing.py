"""The member list as it was last received, and whether it knows this service as it is configured."""

from collections.abc import Iterator
from typing import Final

from connector.doctor.finding import Finding, ok, warning
from connector.doctor.patient import Patient

COPIES: Final = 3
"""Copies of the directory that a connector wants to be able to ask (issue 6)."""


def listing(patient: Patient) -> Iterator[Finding]:
    """Tell what the list says or lacks; what a local file says wrongly is a fault of the configuration already."""
    found = patient.material.listing
    yield ok("directory", "directory.right", members=found.members, version=found.version)
    if found.copies is None:
        yield warning("directory", "directory.trial", what=found.staleness.fault)
        return
    if not found.is_ready:
        yield warning("directory", "directory.not-ready", what=found.staleness.fault)
    else:
        for one in found.differences:
            yield warning("directory", "directory.difference", where=one.where, difference=one.fault)
        if found.staleness.fault:
            yield warning("directory", "directory.stale", what=found.staleness.fault)
    if found.copies < COPIES:
        yield warning("directory", "directory.copies", copies=found.copies, wanted=COPIES)
