"""The quick part of the conformance kit on the configured adapters: their health, and that strangers are nobody.

Each runs in a process of its own as in service, beside the connector's. Known workers take a person: `adapter check`.
"""

from collections.abc import AsyncIterator

from connector.config.adapter_halves import AdapterHalves
from connector.config.model import AdapterSection
from connector.contract.examination import Depth, Examination, told_of
from connector.contract.faults import FaultSeen
from connector.contract.findings import Finding as Examined
from connector.contract.guard import guard_sink
from connector.contract.strangers import strangers
from connector.core.errors import ConfigFault
from connector.core.faults import Fault, unworded
from connector.daemon.system import SystemClock
from connector.doctor.finding import Finding, critical, ok
from connector.doctor.patient import Patient


async def adapters(patient: Patient) -> AsyncIterator[Finding]:
    """Ask each configured half."""
    for half, section in (("source", patient.model.source), ("sink", patient.model.sink)):
        if section is None:
            continue
        try:
            yield await (_source if half == "source" else _sink)(patient, section)
        except ConfigFault as error:
            yield critical("adapters", "adapter.wrong", half=half, name=section.adapter, what=error.details[0])


async def _source(patient: Patient, section: AdapterSection) -> Finding:
    halves = _halves(patient, section)
    made, info = await halves.source(section)
    some = strangers(patient.material.environment)[:1]
    examination = Examination(made, (), some, Depth(), halves.guard(section))
    try:
        await examination.run_quick()
    finally:
        await examination.close()
    wrong = [finding for finding in examination.findings if finding.ok is False]
    if wrong:
        return critical("adapters", "adapter.wrong", half="source", name=info.name, what=_at(wrong[0]))
    return ok(
        "adapters",
        "adapter.right",
        half="source",
        name=info.name,
        version=info.version,
        what=examination.findings[0].fault,
    )


async def _sink(patient: Patient, section: AdapterSection) -> Finding:
    halves = _halves(patient, section)
    made, info = await halves.sink(section)
    seen: list[FaultSeen] = []
    guard = guard_sink(made, halves.guard(section), name=section.adapter, clock=SystemClock(), report=seen.append)
    try:
        health = await guard.health()
    finally:
        await guard.close()
    told = told_of(health, seen[-1] if seen else None)
    if not health.ok:
        return critical("adapters", "adapter.wrong", half="sink", name=info.name, what=told)
    return ok(
        "adapters",
        "adapter.right",
        half="sink",
        name=info.name,
        version=info.version,
        what=told,
    )


def _halves(patient: Patient, section: AdapterSection) -> AdapterHalves:
    halves = patient.material.halves(SystemClock().now)
    if patient.material.state.directory.is_dir():  # before the first start nothing is made for a look
        halves.folder(section.adapter)
    return halves


def _at(found: Examined) -> Fault:
    """Say what of the quick part went wrong, and in which step."""
    subject = "set-up" if found.subject == "set up" else found.check
    return Fault("examined.at", {"subject": subject, "what": found.fault or unworded(found.text)})
