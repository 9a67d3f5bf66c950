"""`adapter check`: the conformance kit against the configured, real software, with workers that a person names."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import click

from connector import __version__
from connector.cli.client import Json
from connector.cli.faults import Exit, Fault
from connector.cli.house import House, fault_of, give_to_owner
from connector.cli.text import clean
from connector.cli.worker import MAX_INPUT, need_terminal
from connector.config.model import AdapterSection
from connector.contract.adapter import AdapterContext, Source
from connector.contract.discovery import AdapterInfo, load_sink, load_source
from connector.contract.examination import Depth, Examination, Finding
from connector.contract.guard import guard_sink
from connector.contract.measures import floor_ms
from connector.contract.settings import MIB, GuardSettings
from connector.contract.testing import words
from connector.core.coded import PURPOSE_CARE
from connector.core.days import Day
from connector.core.errors import ConfigFault, IdentityFault
from connector.core.instant import Instant, rfc3339
from connector.core.matricule import Ins, Matricule, key_of
from connector.core.members import MemberId
from connector.core.oid import Environment, InsOid
from connector.core.ports import new_id
from connector.core.private import Private
from connector.core.records import Trace, TraceAction
from connector.daemon.system import SystemClock, SystemEntropy

MOST_WORKERS: Final = 5
_NOBODY: Final = tuple(f"1009999999{number}" for number in (999, 998, 997))
"""Bodies of matricules that are attributed to nobody we could think of: month and place of birth not known."""


@dataclass(frozen=True, slots=True, repr=False)
class Workers(Private):
    """Whom the kit asks about; `newest` is the day that a person sees, by place."""

    known: tuple[Ins, ...]
    unknown: tuple[Ins, ...]
    newest: dict[int, Day]


@dataclass(frozen=True, slots=True)
class Checked:
    """What the kit found, as shown and as handed to the vendor: no identity stands in it."""

    info: tuple[AdapterInfo, ...]
    at: Instant
    environment: Environment
    findings: tuple[Finding, ...]
    p99_ms: float | None
    configured_floor_ms: int

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.ok is False for finding in self.findings)

    def to_text(self) -> str:
        """Give it as text."""
        wrong = sum(finding.ok is False for finding in self.findings)
        right = sum(finding.ok is True for finding in self.findings)
        return "\n".join(
            (
                *(_line_of(info) for info in self.info),
                f"spsti-connector {__version__}, {self.environment}, {rfc3339(self.at)}",
                "",
                clean_lines(words(self.findings)),
                "",
                f"{right} right, {wrong} wrong." + ("" if wrong else " Nothing is wrong."),
            )
        )

    def to_json(self) -> Json:
        """Give it for programs."""
        return {
            "ok": self.is_right,
            "adapters": [
                {"name": i.name, "version": i.version, "contract_version": i.contract_version, "halves": list(i.halves)}
                for i in self.info
            ],
            "connector": __version__,
            "environment": self.environment.value,
            "at": rfc3339(self.at),
            "p99_ms": round(self.p99_ms, 1) if self.p99_ms is not None else None,
            "withheld_floor_ms": {
                "configured": self.configured_floor_ms,
                "needed": floor_ms(self.p99_ms) if self.p99_ms is not None else None,
            },
            "findings": [{"ok": f.ok, "subject": f.subject, "text": f.text} for f in self.findings],
        }


def check_adapter(house: House, name: str, *, stdin: bool, allow_trace: bool, looks: int) -> Checked:
    """Ask whom to ask about, then examine the halves that the configuration gives to this adapter.

    Raises:
        Fault: the configuration does not name it, it cannot be made with its options, or nobody can be asked.
    """
    model = house.model
    source = model.source if model.source is not None and model.source.adapter == name else None
    sink = model.sink if model.sink is not None and model.sink.adapter == name else None
    if source is None and sink is None:
        used = sorted({section.adapter for section in (model.source, model.sink) if section is not None})
        raise Fault(
            f"{name}: the configuration names it in no half",
            why=f"it names: {', '.join(used) or 'none'}",
            do="set [source] adapter or [sink] adapter, with its options",
            status=Exit.CONFIG,
        )
    context = _context(house, name)
    infos: list[AdapterInfo] = []
    findings: list[Finding] = []
    p99: float | None = None
    try:
        if source is not None:
            made, info = load_source(name, source.options, context)
            infos.append(info)
            workers = _read_workers(model.member.environment) if stdin else _ask_workers(model.member.environment)
            depth = Depth(repeats=looks, newest=workers.newest, floor_ms=model.holder.withheld_floor_ms)
            found, p99 = asyncio.run(_examine(made, workers, depth, _guard(house, source), context, trace=allow_trace))
            findings += found
        if sink is not None:
            findings += asyncio.run(_sink_health(name, sink, house, context))
            infos += [] if infos else [load_sink(name, sink.options, context)[1]]
    except ConfigFault as error:
        raise fault_of(error) from None
    at = SystemClock().now()
    floor = model.holder.withheld_floor_ms
    return Checked(tuple(infos), at, model.member.environment, tuple(findings), p99, floor)


async def _examine(
    source: Source, workers: Workers, depth: Depth, settings: GuardSettings, context: AdapterContext, *, trace: bool
) -> tuple[list[Finding], float | None]:
    examination = Examination(source, workers.known, workers.unknown, depth, settings)
    try:
        await examination.run(_trace(context, workers.known[0]) if trace else None)
    finally:
        await examination.close()
    return examination.findings, examination.p99_ms


async def _sink_health(name: str, section: AdapterSection, house: House, context: AdapterContext) -> list[Finding]:
    """Ask the sink how it is: whatever else it does, it writes."""
    made, _ = load_sink(name, section.options, context)
    guard = guard_sink(made, _guard(house, section), name=name, clock=SystemClock())
    try:
        health = await guard.health()
    finally:
        await guard.close()
    told = health.detail or ("it can be asked" if health.ok else "it cannot be asked")
    return [Finding(health.ok, "sink, health", told), Finding(None, "sink", "nothing was filed: that would write")]


def _context(house: House, name: str) -> AdapterContext:
    data = house.state / "adapters" / name
    if not data.is_dir():
        try:
            data.mkdir(mode=0o700, parents=True)
            give_to_owner(data, house.state)
        except OSError as error:
            raise Fault(
                f"{data}: cannot be made", why=error.strerror or "", do="run it as the connector's user"
            ) from None
    return AdapterContext(
        member=MemberId.parse(house.model.member.id, strict=False),
        environment=house.model.member.environment,
        config_directory=house.path.resolve().parent,
        data_directory=data,
        now=SystemClock().now,
    )


def _guard(house: House, section: AdapterSection) -> GuardSettings:
    return GuardSettings(
        look_seconds=section.timeout_seconds,
        question_places=section.max_concurrent,
        max_document_bytes=house.model.holder.max_document_mb * MIB,
    )


def _trace(context: AdapterContext, ins: Ins) -> Trace:
    """Make the access that is written with leave: by this service itself, in nobody's name."""
    return Trace(
        trace_id=new_id(SystemEntropy()),
        at=context.now(),
        action=TraceAction.LOOKED_UP,
        ins=ins,
        peer=context.member,
        practitioner_id="adapter-check",
        practitioner_name="adapter check",
        purpose=PURPOSE_CARE,
        outcome="checked",
    )


# ---------------------------------------------------------------- whom to ask about


def _ask_workers(environment: Environment) -> Workers:
    need_terminal("the INS of a worker or two", "give them as JSON on standard input: --workers -")
    click.echo(
        "It is best to name: one with a large document, one with two records of one day, one who objects.", err=True
    )
    known: list[Ins] = []
    newest: dict[int, Day] = {}
    while len(known) < MOST_WORKERS:
        place = len(known) + 1
        ins = _prompt_ins(f"INS of known worker {place}" + (" (empty: no more)" if known else ""), environment)
        if ins is None:
            if known:
                break
            continue
        known.append(ins)
        day = _prompt_day("  Day of the newest act that you see in your software (YYYY-MM-DD, empty: not compared)")
        if day is not None:
            newest[place] = day
    stranger = _prompt_ins("INS of a worker whom it does not hold (empty: one that belongs to nobody)", environment)
    return Workers(tuple(known), (stranger,) if stranger else _nobody(environment), newest)


def _prompt_ins(question: str, environment: Environment) -> Ins | None:
    while True:
        text: str = click.prompt(question, default="", show_default=False, err=True)
        if not text.strip():
            return None
        try:
            return Ins(Matricule.parse(text), _oid(environment))
        except IdentityFault as fault:
            click.echo(clean(fault), err=True)


def _prompt_day(question: str) -> Day | None:
    while True:
        text: str = click.prompt(question, default="", show_default=False, err=True)
        if not text.strip():
            return None
        try:
            return Day.parse(text.strip())
        except IdentityFault as fault:
            click.echo(clean(fault), err=True)


def _read_workers(environment: Environment) -> Workers:
    """Read `{"known": [{"matricule", "oid"?, "newest"?}], "unknown": [{"matricule", "oid"?}]}`.

    Raises:
        Fault: standard input is no such JSON; nothing of it is repeated.
    """
    try:
        given = json.loads(sys.stdin.read(MAX_INPUT))
        known, unknown = list(given["known"]), list(given.get("unknown", ()))
        days = {place: Day.parse(one["newest"]) for place, one in enumerate(known, 1) if one.get("newest")}
        if not known:
            raise ValueError
        strangers = _many(unknown, environment) or _nobody(environment)
        return Workers(_many(known, environment), strangers, days)
    except IdentityFault as fault:
        raise Fault("standard input: a worker cannot be read", why=fault.message, status=Exit.USAGE) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Fault(
            "standard input: holds no workers",
            do='give {"known": [{"matricule": …, "newest": "2025-05-13"}], "unknown": [{"matricule": …}]}',
            status=Exit.USAGE,
        ) from None


def _many(given: Sequence[Any], environment: Environment) -> tuple[Ins, ...]:
    return tuple(
        Ins(Matricule.parse(one["matricule"]), InsOid.parse(one["oid"]) if "oid" in one else _oid(environment))
        for one in given
    )


def _nobody(environment: Environment) -> tuple[Ins, ...]:
    return tuple(Ins(Matricule(body + key_of(body)), _oid(environment)) for body in _NOBODY)


def _oid(environment: Environment) -> InsOid:
    return InsOid.NIR if environment is Environment.PRODUCTION else InsOid.TEST


def _line_of(info: AdapterInfo) -> str:
    return f"adapter {info.name} {info.version} ({info.distribution}), contract version {info.contract_version}"


def clean_lines(text: str) -> str:
    """Keep the lines, and nothing else that could command a terminal: details come from the vendor's software."""
    return "\n".join(clean(line) for line in text.splitlines())
