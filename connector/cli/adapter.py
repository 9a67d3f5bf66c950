"""`adapter`: what connects this service's software; listed, checked against the real thing, written, installed."""

from pathlib import Path
from typing import Any, Final

import click

from connector.cli.faults import Exit, Fault
from connector.cli.house import config_option, fault_of, open_house
from connector.cli.options import Call, api_options, ask, fault_language
from connector.cli.screen import Screen
from connector.core.errors import ConfigFault
from connector.core.faults import reason, term

_REPORT: Final = {
    "en": (
        "exists already", "give another name, or --force", "cannot be written", "there is no such directory",
        "make it first",
    ),
    "fr": (
        "existe déjà", "donnez un autre nom, ou --force", "ne peut pas être écrit", "ce dossier n'existe pas",
        "créez-le d'abord",
    ),
}  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group("adapter")
def command() -> None:
    """Check, install and list adapters; count who could be answered about."""


@command.command("list")
@config_option
@_JSON
def list_(*, config: Path, as_json: bool) -> None:
    """List the adapters that are installed; each is imported to learn its contract version.

    The attestation is the controller's word, [source] attested_on, that what the source gives may go to a peer.
    """
    from connector.cli.adapter_list import list_adapters

    house = open_house(config) if config.is_file() else None
    rows = list_adapters(house)
    screen = Screen(as_json=as_json)
    if as_json:
        screen.result({"adapters": [row.to_json() for row in rows]})
        return
    screen.table(
        ["name", "version", "contract", "halves", "used as", "attested", "origin", "fault"],
        [row.cells() for row in rows],
    )


@command.command("check")
@click.argument("name")
@config_option
@click.option("--workers", "stdin", type=click.Choice(["-"]), help="Read the workers as JSON from standard input.")
@click.option("--allow-trace", is_flag=True, help="Also write one access into the first worker's record, twice.")
@click.option("--looks", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Looks for each worker.")
@click.option(
    "--interrupt",
    type=click.Choice(["relay", "ask", "none"]),
    default="relay",
    show_default=True,
    help="Who cuts the connection to the software for a moment: a relay in between, or a person who is asked.",
)
@click.option("--report", type=click.Path(path_type=Path, dir_okay=False), help="Write the findings for the vendor.")
@click.option("--force", is_flag=True, help="Replace the report that is there.")
@click.option("--language", "--lang", type=click.Choice(["fr", "en"]), help="Language (default: the locale's).")
@_JSON
@click.pass_context
def check(
    context: click.Context, /, *, name: str, config: Path, stdin: str | None, interrupt: str, report: Path | None,
    force: bool, language: str | None, as_json: bool, **depth: Any,  # noqa: ANN401 - click's options
) -> None:  # fmt: skip
    """Run the conformance kit against the configured software, and say each thing that is right or wrong.

    It reads only. What the software itself says stands in its own words. The INS of a worker or two is asked for,
    never an argument; the report names them by their place.
    Exit status: 0 nothing is wrong, 1 something is, 78 the adapter cannot be had as configured.
    """
    from connector.cli.adapter_check import Interrupt, check_adapter

    words, way = fault_language(language), Interrupt(interrupt)
    if report is not None and report.exists() and not force:
        raise Fault(f"{report}: {_REPORT[words][0]}", do=_REPORT[words][1], status=Exit.USAGE)
    if report is not None and not report.parent.is_dir():  # not known only after minutes of examining
        raise Fault(f"{report.parent}: {_REPORT[words][3]}", do=_REPORT[words][4], status=Exit.USAGE)
    house = open_house(config, words)
    checked = check_adapter(house, name, stdin=bool(stdin), interrupt=way, language=words, **depth)
    if as_json:
        Screen(as_json=True).result(checked.to_json())
    else:
        click.echo(checked.to_text())
    if report is not None:
        try:
            report.write_text(checked.to_text(), encoding="utf-8")
        except OSError as error:
            raise Fault(f"{report}: {_REPORT[words][2]}", why=term(reason(error), words)) from None
    context.exit(Exit.OK if checked.is_right else Exit.FAILED)


@command.command("new")
@click.argument("name")
@click.argument("directory", type=click.Path(path_type=Path))
def new(*, name: str, directory: Path) -> None:
    """Write a distribution for a new adapter NAME under DIRECTORY: it installs and passes the kit as it is."""
    from connector.cli.adapter_new import write_skeleton

    for path in write_skeleton(name, directory):
        click.echo(path)
    click.echo(
        f"Next: read {directory / 'README.md'}, then put your own software's queries into source.py and sink.py.",
        err=True,
    )


@command.command("install")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE...")
@config_option
@_JSON
def install(*, files: tuple[Path, ...], config: Path, as_json: bool) -> None:
    """Install an adapter from its wheel, and the wheels it needs beside it; nothing is fetched from a network.

    It goes into a folder of its own in the state directory, which survives upgrades. Compare the hash that is shown
    with the one the vendor publishes. Restart the connector afterwards.
    """
    from connector.cli.adapter_install import install_adapter

    try:
        installed, missing = install_adapter(open_house(config), files)
    except ConfigFault as error:
        raise fault_of(error) from None
    screen = Screen(as_json=as_json)
    if as_json:
        screen.result({"installed": installed, "missing": missing})
    else:
        wheels = [(f"sha256 of {wheel['name']}", wheel["sha256"]) for wheel in installed["wheels"]]
        screen.facts(
            [
                ("installed", f"{installed['distribution']} {installed['version']}"),
                ("adapters", ", ".join(installed["adapters"])),
                *wheels,
                ("folder", installed["folder"]),
            ]
        )
    for name in missing:
        click.echo(f"Attention: it asks for {name}, which is not here: install it again with that wheel too.", err=True)
    click.echo("Restart the connector; then: spsti-connector adapter check NAME", err=True)


@command.command("remove")
@click.argument("name")
@config_option
@click.option("--force", is_flag=True, help="Even where the configuration names it.")
def remove(*, name: str, config: Path, force: bool) -> None:
    """Remove an adapter, by its name or its distribution's, that `adapter install` put there."""
    from connector.cli.adapter_install import remove_adapter

    gone = remove_adapter(open_house(config), name, force=force)
    click.echo(f"removed: {gone.distribution} {gone.version} ({', '.join(gone.adapters)})")


@command.command("coverage")
@click.option("--measure", is_flag=True, help="Have your software count now; it may take minutes.")
@api_options
@click.pass_context
def coverage(context: click.Context, call: Call, /, *, measure: bool) -> None:
    """Show how many workers could be answered about, and why other services were given nothing for 30 days.

    Counts, never identities. The exit status is 1 when fewer could be answered about than [source] coverage_warn_below.
    """
    found = ask(call, "POST" if measure else "GET", "/api/v1/coverage", long=measure)
    if call.screen.as_json:
        call.screen.result(found)
    else:
        _tell_coverage(call, found)
    context.exit(Exit.FAILED if found["low"] else Exit.OK)


def _tell_coverage(call: Call, found: dict[str, Any]) -> None:
    last = found["last"]
    if last is None:
        click.echo("Not counted yet: it is counted each night, or now with --measure.", err=True)
    else:
        share = f"{last['share']:.0%}" if last["share"] is not None else ""
        most = "at most " if last["answerable_at_most"] else ""
        names = ("workers", "with_ins", "qualified", "opposition_known", "document_available")
        call.screen.facts(
            [
                ("counted", last["at"]),
                ("not counted because", last["fault"]),
                *((name.replace("_", " "), last[name]) for name in names),
                ("answerable", f"{most}{last['answerable']} {share}" if last["answerable"] is not None else ""),
                ("warned below", f"{found['warn_below']:.0%}"),
            ]
        )
        call.screen.table(
            ["workers", "lack", "what to do"], [(one["workers"], one["text"], one["next"]) for one in last["lacking"]]
        )
    call.screen.table(
        [f"given nothing since {found['since']}", "why", "what to do"],
        [(one["count"], one["text"], one["next"]) for one in (*found["withheld"], *found["could_not_look"])],
    )
