"""`spsti-connector check`: the doctor. Everything that the start would refuse, what will soon end, and who stands in
the way; the firewall's matrix; exit statuses as monitoring expects them.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import fault_language
from connector.cli.screen import Screen
from connector.cli.text import clean
from connector.core.instant import Instant, rfc3339

if TYPE_CHECKING:
    from connector.core.fault_words import Language
    from connector.doctor.finding import Finding
    from connector.doctor.patient import Patient

EX_CONFIG = 78
_NOTHING_STARTS: Final[dict[str, str]] = {
    "en": "{count} to put right; nothing would start.",
    "fr": "{count} à corriger ; rien ne démarrerait.",
}
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("check")
@click.option(
    "--config", "path", type=click.Path(path_type=Path, readable=False), default=Path("connector.toml"),
    show_default=True, envvar="SPSTI_CONFIG", help="The configuration file.",
)  # fmt: skip
@click.option("--start", is_flag=True, help="Only what the start would refuse: exit status 0 or 78 (for systemd).")
@click.option("--offline", is_flag=True, help="Only this machine: no adapter, no network.")
@click.option("--flows", is_flag=True, help="Print the firewall matrix instead: who opens which connection.")
@click.option("--language", "--lang", type=click.Choice(["fr", "en"]), help="Language (default: the locale's).")
@click.option("--url", envvar="SPSTI_URL", help="Address of the local API, to probe peers by it.")
@click.option("--key-file", type=_FILE, envvar="SPSTI_API_KEY_FILE", help="File with an API key: probe every peer.")
@click.option("-v", "--verbose", is_flag=True, help="Also say what is right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(
    context: click.Context, /, *, path: Path, start: bool, offline: bool, flows: bool, language: str | None,
    verbose: bool, as_json: bool, **api: Any,  # noqa: ANN401 - click's options
) -> None:  # fmt: skip
    """Examine this service: configuration, files, certificates, clock, network, peers, adapters, ledgers, backups.

    Each finding comes with what to do. The connector need not run. Exit status, as of a Nagios or Centreon plugin: 0
    all right, 1 warnings, 2 something is wrong, 3 something could not be looked at.
    """
    from connector.doctor.examine import here, open_patient
    from connector.doctor.finding import worst

    words = fault_language(language)
    patient = open_patient(path, Instant(int(time.time())))
    if start:
        _start_only(context, patient, words, as_json=as_json)
    if flows:
        _print_flows(patient, words, as_json=as_json)
        return
    if isinstance(patient, list):
        found = patient
    elif offline:
        found = list(here(patient))
    else:
        found = asyncio.run(_examine(patient, words, url=api["url"], key_file=api["key_file"]))
    level = worst(found)
    if as_json:
        said = [
            {
                "check": f.check,
                "level": f.level.name.lower(),
                "key": f.key,
                "what": f.text(words),
                "remedy": f.remedy(words),
                **({"fault": f.fault.as_json()} if f.fault else {}),
            }
            for f in found
        ]
        click.echo(json.dumps({"level": level.name.lower(), "findings": said}, ensure_ascii=False))
    else:
        _print(found, words, verbose=verbose)
    context.exit(int(level))


async def _examine(
    patient: "Patient", language: "Language", *, url: str | None, key_file: Path | None
) -> "list[Finding]":
    from connector.doctor.examine import around, here

    found = list(here(patient))
    found += [finding async for finding in around(patient)]
    return found + await _probes(patient, language, url, key_file)


async def _probes(patient: "Patient", language: "Language", url: str | None, key_file: Path | None) -> "list[Finding]":
    """Probe every active peer by the running connector, which alone may sign and journal it."""
    from connector.cli.client import LocalApi
    from connector.cli.target import resolve
    from connector.core.directory import MemberStatus
    from connector.doctor.finding import critical, ok
    from connector.doctor.house import no_probe

    peers = [m for m in patient.members if m.id != patient.material.member.id and m.status is MemberStatus.ACTIVE]
    if key_file is None or not peers:
        return [no_probe()] if peers and patient.is_running() else []
    found = []
    async with LocalApi(resolve(patient.config, url, key_file, None), language) as api:
        for member in peers:
            said = {"name": member.name, "member": member.id}
            try:
                answer = await api.call("POST", f"/api/v1/members/{member.id}/probe", long=True)
            except Fault as fault:
                found.append(critical("peers", "probe.wrong", step="-", why=fault.what, **said))
                continue
            wrong = next((step for step in answer["steps"] if not step["ok"]), None)
            if wrong is None:
                found.append(ok("peers", "probe.right", **said))
            else:
                found.append(critical("peers", "probe.wrong", step=wrong["name"], why=wrong["cause"], **said))
    return found


def _start_only(
    context: click.Context, patient: "Patient | list[Finding]", language: "Language", *, as_json: bool
) -> None:
    found = patient if isinstance(patient, list) else []
    faults = [finding.text(language) for finding in found]
    if as_json:
        details = [finding.fault.as_json() for finding in found if finding.fault]
        said = {"ok": not faults, "faults": faults} | ({"details": details} if details else {})
        click.echo(json.dumps(said, ensure_ascii=False))
    for fault in faults if not as_json else ():
        click.echo(clean(fault), err=True)
    if faults and not as_json:
        click.echo(_NOTHING_STARTS[language].format(count=len(faults)), err=True)
    context.exit(EX_CONFIG if faults else 0)


def _print(found: "list[Finding]", language: "Language", *, verbose: bool) -> None:
    """Print what is to be done first, and what is right only where it was asked for; the last line counts."""
    for finding in sorted(found, key=lambda one: (2, 1, 3, 0).index(int(one.level))):
        if finding.level or verbose or finding.key == "config.right":
            remedy = finding.remedy(language)
            click.echo(clean(f"{finding.level.name:8} {finding.check}: {finding.text(language)}"))
            if remedy:
                click.echo(clean(f"         -> {remedy}"))
    counts = {name: sum(f.level.name == name for f in found) for name in ("CRITICAL", "WARNING", "UNKNOWN", "OK")}
    click.echo(", ".join(f"{name} {count}" for name, count in counts.items()))


def _print_flows(patient: "Patient | list[Finding]", language: "Language", *, as_json: bool) -> None:
    from connector.doctor.flows import flows
    from connector.doctor.labels import Label

    if isinstance(patient, list):
        raise Fault("the matrix needs a configuration without faults", do="spsti-connector check", status=Exit.CONFIG)
    found = [flow.in_words(language) for flow in flows(patient)]
    screen = Screen(as_json=as_json)
    if as_json:
        screen.result({"at": rfc3339(patient.now), "flows": found})
        return
    titles = {
        "en": ["direction", "from", "to", "port", "protocol", "why", "by proxy"],
        "fr": ["sens", "de", "vers", "port", "protocole", "pourquoi", "par le proxy"],
    }
    rows = [(Label(str(flow["direction"])).text(language), *list(map(str, flow.values()))[1:]) for flow in found]
    screen.table(titles[language], rows)
