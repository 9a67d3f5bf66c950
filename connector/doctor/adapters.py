"""The quick part of the conformance kit on the configured adapters: their health, and that strangers are nobody.

Each runs in a process of its own as in service, beside the connector's. Known workers take a person: `adapter check`.
"""

import os
from collections.abc import AsyncIterator

from connector.config.model import AdapterSection
from connector.config.network import proxies
from connector.contract.adapter import AdapterContext
from connector.contract.discovery import load_sink, load_source
from connector.contract.examination import Depth, Examination, told_of
from connector.contract.faults import FaultSeen
from connector.contract.findings import Finding as Examined
from connector.contract.guard import guard_sink
from connector.contract.isolated import open_sink, open_source
from connector.contract.settings import Isolation
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
    guard, context = patient.material.guard(section), _context(patient, section)
    if section.isolation is Isolation.NONE:
        made, info = load_source(section.adapter, section.options, context)
    else:
        process = patient.material.process(section)
        made, info = await open_source(section.adapter, section.options, context, guard=guard, process=process)
    examination = Examination(made, (), strangers(patient.material.environment)[:1], Depth(), guard)
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
    settings, context = patient.material.guard(section), _context(patient, section)
    if section.isolation is Isolation.NONE:
        made, info = load_sink(section.adapter, section.options, context)
    else:
        process = patient.material.process(section)
        made, info = await open_sink(section.adapter, section.options, context, guard=settings, process=process)
    seen: list[FaultSeen] = []
    guard = guard_sink(made, settings, name=section.adapter, clock=SystemClock(), report=seen.append)
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


def _at(found: Examined) -> Fault:
    """Say what of the quick part went wrong, and in which step."""
    subject = "set-up" if found.subject == "set up" else found.check
    return Fault("examined.at", {"subject": subject, "what": found.fault or unworded(found.text)})


def _context(patient: Patient, section: AdapterSection) -> AdapterContext:
    state = patient.material.state.directory
    data = state / "adapters" / section.adapter
    if state.is_dir() and not data.is_dir():
        data.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:  # root looks, and leaves nothing of its own behind
            for made in (data.parent, data):
                os.chown(made, state.stat().st_uid, state.stat().st_gid)
    return AdapterContext(
        member=patient.material.member.id,
        environment=patient.material.environment,
        config_directory=patient.config.resolve().parent,
        data_directory=data,
        now=SystemClock().now,
        proxies=proxies(patient.model.network),
    )
