"""`oppositions`: the register of what workers object to (R4624-45-6). A worker is asked for, never an argument."""

from pathlib import Path
from typing import Any, Final

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, api_options, ask, choice
from connector.cli.worker import ask_worker, read_worker
from connector.core.mandate import InformationMeans
from connector.core.oppositions import OppositionKind
from connector.local.words import Language

URL: Final = "/api/v1/oppositions"
_STDIN: Final = click.option(
    "--worker", "stdin", type=click.Choice(["-"]), help="Read {matricule, oid} as JSON from standard input."
)
_BY: Final = click.option("--by", required=True, help="Who noted it: a role, or a PS_IdNat; never a name.")
_ON: Final = click.option("--on", required=True, metavar="DAY", help="Day on which the worker said so (YYYY-MM-DD).")
_MEANS: Final = click.option("--means", required=True, type=choice(InformationMeans), help="How they said it.")
_TELL: Final = click.option("--tell-sink/--no-tell-sink", default=True, help="Have it entered in your software too.")


@click.group("oppositions")
def command() -> None:
    """Keep the register of what workers object to (R4624-45-6)."""


@command.command("add")
@click.option("--kind", required=True, type=choice(OppositionKind), help="1: within care; 2: other services.")
@_ON
@_MEANS
@_BY
@_TELL
@_STDIN
@api_options
def add(call: Call, /, *, stdin: str | None, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Note that a worker objects; it counts at once."""
    added = ask(call, "POST", URL, _worker(call, stdin) | given)
    if call.screen.as_json:
        call.screen.result(added)
        return
    if added["result"] == "already":
        click.echo("The same worker's of this kind stands already, and stays as it is.", err=True)
    _tell(call, added["opposition"])


@command.command("lift")
@click.argument("id")
@_ON
@_MEANS
@_BY
@_TELL
@api_options
def lift(call: Call, /, *, id: str, **given: Any) -> None:  # noqa: A002, ANN401 - click's options
    """Note that the worker no longer objects; the entry stays, with the day."""
    _show_one(call, ask(call, "POST", f"{URL}/{_id(id)}/lift", given))


@command.command("entered")
@click.argument("id")
@api_options
def entered(call: Call, /, *, id: str) -> None:  # noqa: A002 - click's option
    """Note that an entry was entered by hand into your software."""
    _show_one(call, ask(call, "POST", f"{URL}/{_id(id)}/entered"))


@command.command("show")
@click.argument("id", required=False)
@_STDIN
@api_options
def show(call: Call, /, *, id: str | None, stdin: str | None) -> None:  # noqa: A002 - click's option
    """Show one entry, or without ID those about a worker, who is asked for."""
    if id is not None:
        _show_one(call, ask(call, "GET", f"{URL}/{_id(id)}"))
        return
    _table(call, ask(call, "POST", f"{URL}/search", _worker(call, stdin)))


@command.command("list")
@click.option("--before", metavar="ID", help="Only entries before this one.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Entries at most.")
@api_options
def list_(call: Call, /, *, before: str | None, limit: int) -> None:
    """List the register, newest first."""
    _page(call, before, limit, {})


@command.command("pending")
@click.option("--before", metavar="ID", help="Only entries before this one.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Entries at most.")
@api_options
def pending(call: Call, /, *, before: str | None, limit: int) -> None:
    """List what is still to be entered by hand into your software."""
    _page(call, before, limit, {"to_enter": "true"})


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check every line, and keep nothing.")
@click.option("--skip-wrong", is_flag=True, help="Keep the right lines though others are wrong.")
@click.option("--tell-sink", is_flag=True, help="Have each entered in your software too.")
@api_options
@click.pass_context
def import_(
    context: click.Context, call: Call, /, *, file: Path, dry_run: bool, skip_wrong: bool, tell_sink: bool
) -> None:
    """Import a CSV of oppositions: matricule, oid, kind, on, means, by, lifted_on, lifted_means, lifted_by.

    Every line is checked first; if one is wrong nothing is kept, unless --skip-wrong. Each line has its result. The
    same file again changes nothing.
    """
    from connector.cli.opposition_import import import_file

    report = import_file(call, file, dry_run=dry_run, skip_wrong=skip_wrong, tell_sink=tell_sink)
    if call.screen.as_json:
        call.screen.result(report.to_json())
    else:
        call.screen.table(["line", "result", "what"], [(r.line, r.result, r.what) for r in report.results])
        click.echo(report.summary(), err=True)
    context.exit(Exit.OK if report.is_right else Exit.FAILED)


def _page(call: Call, before: str | None, limit: int, query: dict[str, str]) -> None:
    query |= {"limit": str(limit)} | ({"before": _id(before)} if before else {})
    _table(call, ask(call, "GET", URL, query=query))


def _table(call: Call, page: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(page)
        return
    call.screen.table(
        ["id", "INS", "kind", "on", "means", "by", "lifted on", "to enter by hand"],
        [
            (o["id"], o["matricule"], o["kind"], o["on"], o["means"], o["by"], (o["lifted"] or {}).get("on"), o["next"])
            for o in page["items"]
        ],
    )
    if page["next"]:
        click.echo(f"There are more: --before {page['next']}", err=True)


def _show_one(call: Call, opposition: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(opposition)
    else:
        _tell(call, opposition)


def _tell(call: Call, opposition: dict[str, Any]) -> None:
    lifted = opposition["lifted"]
    call.screen.facts(
        [
            ("id", opposition["id"]),
            ("INS", f"{opposition['matricule']} ({opposition['oid']})"),
            ("kind", f"{opposition['kind']}° of R4624-45-6"),
            ("objected", f"{opposition['on']}, {opposition['means']}, noted by {opposition['by']}"),
            ("lifted", f"{lifted['on']}, {lifted['means']}, noted by {lifted['by']}" if lifted else ""),
            ("recorded", f"{opposition['recorded_at']} by {opposition['recorded_by']}"),
            ("means", opposition["text"]),
            ("to do", opposition["next"]),
        ]
    )


def _worker(call: Call, stdin: str | None) -> dict[str, Any]:
    return read_worker() if stdin else ask_worker(Language(call.language), only_ins=True)


def _id(text: str) -> str:
    if len(text) != 32 or not text.isalnum():
        raise Fault("ID: expected the 32 characters that the list shows; never an INS", status=Exit.USAGE)
    return text
