"""`adapter check`: the conformance kit against the configured, real software, with workers that a person names."""

import asyncio
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import click

from connector import __version__
from connector.cli.adapter_workers import Workers, ask_workers, read_workers
from connector.cli.client import Json
from connector.cli.faults import Exit, Fault
from connector.cli.house import House, fault_of
from connector.cli.text import clean
from connector.config.adapter_halves import AdapterHalves
from connector.config.model import AdapterSection
from connector.contract.adapter import AdapterContext, Source
from connector.contract.discovery import AdapterInfo
from connector.contract.examination import Cutting, Depth, Examination, told_of
from connector.contract.faults import FaultSeen
from connector.contract.findings import Finding, found, not_checked
from connector.contract.guard import guard_sink, guard_source
from connector.contract.interruption import Relay, place_of, through
from connector.contract.isolated import IsolatedSource
from connector.contract.measures import floor_ms, resident_bytes
from connector.contract.reading import Memory
from connector.contract.settings import GuardSettings
from connector.core.coded import PURPOSE_CARE
from connector.core.errors import ConfigFault
from connector.core.fault_words import Language
from connector.core.faults import Fault as FaultValue
from connector.core.faults import reason, term
from connector.core.instant import Instant, rfc3339
from connector.core.matricule import Ins
from connector.core.oid import Environment
from connector.core.ports import new_id
from connector.core.records import Trace, TraceAction
from connector.daemon.run import credentials_directory
from connector.daemon.system import SystemClock, SystemEntropy

_LINES: Final[dict[Language, tuple[str, str, str]]] = {
    "en": (
        "adapter {name} {version} ({distribution}), contract version {contract}",
        "{right} right, {wrong} wrong, {left} not checked.",
        "Nothing that was checked is wrong.",
    ),
    "fr": (
        "adaptateur {name} {version} ({distribution}), version {contract} du contrat",
        "{right} bons, {wrong} faux, {left} non vérifiés.",
        "Rien de ce qui a été vérifié n'est faux.",
    ),
}
_NOT_NAMED: Final[dict[Language, tuple[str, str, str, str]]] = {
    "en": (
        "the configuration names it in no half",
        "it names: {names}",
        "none",
        "set [source] adapter or [sink] adapter, with its options",
    ),
    "fr": (
        "la configuration ne le nomme dans aucune moitié",
        "elle nomme : {names}",
        "aucun",
        "indiquez-le dans [source] adapter ou [sink] adapter, avec ses options",
    ),
}
_NO_FOLDER: Final[dict[Language, tuple[str, str]]] = {
    "en": ("cannot be made", "run it as the connector's user"),
    "fr": ("ne peut pas être créé", "exécutez la commande sous l'utilisateur du connecteur"),
}
_INTERRUPT: Final[dict[Language, tuple[str, str]]] = {
    "en": (
        "Interrupt the connection to the software now (stop it, or pull its cable), then press Enter",
        "Let it through again, then press Enter",
    ),
    "fr": (
        "Coupez maintenant la connexion au logiciel (arrêtez-le ou débranchez son câble), puis appuyez sur Entrée",
        "Rétablissez-la, puis appuyez sur Entrée",
    ),
}


class Interrupt(StrEnum):
    """How the connection to the software is cut."""

    RELAY = "relay"
    """By a relay on this machine, where an option `url` allows one."""
    ASK = "ask"
    """By a person who is asked to."""
    NONE = "none"
    """Not at all."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the kit found, as shown and as handed to the vendor: no identity stands in it."""

    info: tuple[AdapterInfo, ...]
    at: Instant
    environment: Environment
    findings: tuple[Finding, ...]
    p99_ms: float | None
    configured_floor_ms: int
    language: Language = "en"

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not any(finding.ok is False for finding in self.findings)

    def to_text(self) -> str:
        """Give it as text, in its language."""
        adapter, total, nothing_wrong = _LINES[self.language]
        wrong = sum(finding.ok is False for finding in self.findings)
        right = sum(finding.ok is True for finding in self.findings)
        left = sum(not finding.is_checked for finding in self.findings)
        return "\n".join(
            (
                *(
                    adapter.format(
                        name=i.name, version=i.version, distribution=i.distribution, contract=i.contract_version
                    )
                    for i in self.info
                ),
                f"spsti-connector {__version__}, {self.environment}, {rfc3339(self.at)}",
                "",
                *(clean(finding.told(self.language)) for finding in self.findings),
                "",
                total.format(right=right, wrong=wrong, left=left) + ("" if wrong else f" {nothing_wrong}"),
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
            "findings": [
                {
                    "check": f.check,
                    "ok": f.ok,
                    "checked": f.is_checked,
                    "subject": f.about_in(self.language),
                    "text": f.text_in(self.language),
                    **({"fault": f.fault.as_json()} if f.fault is not None else {}),
                }
                for f in self.findings
            ],
        }


def check_adapter(
    house: House, name: str, *, stdin: bool, allow_trace: bool, looks: int, interrupt: Interrupt, language: Language
) -> Checked:
    """Ask whom to ask about, then examine the halves that the configuration gives to this adapter.

    Raises:
        Fault: the configuration does not name it, it cannot be made with its options, or nobody can be asked.
    """
    model = house.model
    source = model.source if model.source is not None and model.source.adapter == name else None
    sink = model.sink if model.sink is not None and model.sink.adapter == name else None
    if source is None and sink is None:
        used = sorted({section.adapter for section in (model.source, model.sink) if section is not None})
        what, why, none, do = _NOT_NAMED[language]
        names = ", ".join(used) or none
        raise Fault(f"{name}: {what}", why=why.format(names=names), do=do, status=Exit.CONFIG)
    try:
        opened = _Opened(
            house, name, stdin=stdin, allow_trace=allow_trace, looks=looks, interrupt=interrupt, language=language
        )
        asyncio.run(opened.examine(source, sink))
    except ConfigFault as error:
        raise fault_of(error, language) from None
    floor = model.holder.withheld_floor_ms
    at = SystemClock().now()
    return Checked(
        tuple(opened.infos), at, model.member.environment, tuple(opened.findings), opened.p99_ms, floor, language
    )


class _Opened:
    """The halves of one adapter, opened as the daemon opens them: in a process of their own, unless configured so."""

    def __init__(
        self, house: House, name: str, *, stdin: bool, allow_trace: bool, looks: int, interrupt: Interrupt,
        language: Language,
    ) -> None:  # fmt: skip
        self.infos: list[AdapterInfo] = []
        self.findings: list[Finding] = []
        self.p99_ms: float | None = None
        self._house, self._name, self._environment = house, name, house.model.member.environment
        self._halves = AdapterHalves(
            house.model, house.path, house.state, credentials_directory(house.path), SystemClock().now
        )
        try:
            self._halves.folder(name)
        except OSError as error:
            folder = self._halves.context(name).data_directory
            what, do = _NO_FOLDER[language]
            raise Fault(f"{folder}: {what}", why=term(reason(error), language), do=do) from None
        self._language = language
        self._stdin, self._allow_trace, self._looks, self._interrupt = stdin, allow_trace, looks, interrupt

    async def examine(self, source: AdapterSection | None, sink: AdapterSection | None) -> None:
        """Examine the halves that are configured."""
        if source is not None:
            await self._source(source)
        if sink is not None:
            await self._sink(sink)

    async def _source(self, section: AdapterSection) -> None:
        made, info = await self._halves.source(section)
        self.infos.append(info)
        relay: Relay | None = None
        try:
            workers = _workers(self._environment, self._language, stdin=self._stdin)
            cutting, relay = await self._cutting(section)
            depth = Depth(
                repeats=self._looks,
                newest=workers.newest,
                recorded=workers.recorded,
                cases=workers.cases,
                floor_ms=self._house.model.holder.withheld_floor_ms,
                cutting=cutting,
                memory=_memory_of(made),
            )
            guard = self._halves.guard(section)
            examination = Examination(made, workers.known, workers.unknown, depth, guard)
            await examination.run(
                _trace(self._halves.context(self._name), workers.known[0]) if self._allow_trace else None
            )
        finally:
            await _close(made)
            if relay is not None:
                await relay.close()
        self.findings += examination.findings
        self.p99_ms = examination.p99_ms

    async def _cutting(self, section: AdapterSection) -> tuple[Cutting, Relay | None]:
        """Find a way to cut the connection; without one, say why."""
        if self._interrupt is Interrupt.ASK:
            if self._stdin or not sys.stdin.isatty():
                return Cutting(why_not=FaultValue("kit.nobody-to-ask")), None
            return Cutting(AskedPerson(self._language)), None
        place = place_of(section.options)
        if self._interrupt is Interrupt.NONE or place is None:
            is_left = self._interrupt is Interrupt.NONE
            return Cutting(why_not=FaultValue("kit.left-out" if is_left else "kit.no-relay")), None
        relay = Relay(*place)
        options = through(section.options, await relay.start())
        try:
            made, _ = await self._halves.source(section, options)
        except ConfigFault as fault:
            return Cutting(why_not=FaultValue("kit.relay-refused", {"what": fault.details[0]})), relay
        return Cutting(relay, made), relay

    async def _sink(self, section: AdapterSection) -> None:
        """Ask the sink how it is: whatever else it does, it writes."""
        made, info = await self._halves.sink(section)
        self.infos += [] if self.infos else [info]
        seen: list[FaultSeen] = []
        guard = guard_sink(made, self._halves.guard(section), name=self._name, clock=SystemClock(), report=seen.append)
        try:
            health = await guard.health()
        finally:
            await guard.close()
        told = told_of(health, seen[-1] if seen else None)
        self.findings += [
            found(FaultValue("kit.sink-health"), told, ok=health.ok).of("health"),
            not_checked(FaultValue("kit.sink"), FaultValue("kit.nothing-filed")),
        ]


class AskedPerson:
    """A person who interrupts the connection, for what no program can."""

    def __init__(self, language: Language) -> None:
        self._cut, self._mend = _INTERRUPT[language]

    async def cut(self) -> None:
        """Ask for it, and wait for the word."""
        await asyncio.to_thread(click.prompt, self._cut, default="", show_default=False, err=True)

    async def mend(self) -> None:
        """Ask for it back."""
        await asyncio.to_thread(click.prompt, self._mend, default="", show_default=False, err=True)


def _workers(environment: Environment, language: Language, *, stdin: bool) -> Workers:
    return read_workers(environment, language) if stdin else ask_workers(environment, language)


def _memory_of(source: Source) -> Memory:
    """How much the process holds that the adapter runs in."""
    if not isinstance(source, IsolatedSource):
        return resident_bytes
    process = source.process
    return lambda: resident_bytes(process.pid)


async def _close(source: Source) -> None:
    guard = guard_source(source, GuardSettings(), name="under test", clock=SystemClock())
    await guard.close()


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
