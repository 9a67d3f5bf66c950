"""`fetches`: what became of fetches, and what can still be done with them."""

from pathlib import Path
from typing import Any, Final

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask, run
from connector.cli.output_file import check_free, write_whole
from connector.local.words import Language, label

_URL: Final = "/api/v1/fetches"


@click.group("fetches")
def command() -> None:
    """List, show, choose, cancel, read and discard fetches."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True, help="Fetches at most.")
@click.option("--before", metavar="ID", help="Only those before this one.")
@api_options
def list_(call: Call, /, *, limit: int, before: str | None) -> None:
    """List the newest fetches."""
    query = {"limit": str(limit)} | ({"before": before} if before else {})
    page = ask(call, "GET", _URL, query=query)
    if call.screen.as_json:
        call.screen.result(page)
        return
    language = Language(call.language)
    call.screen.table(
        [label(name, language) for name in ("fetch", "state", "newest_act")] + ["worker", "created"],
        [
            (
                item["id"],
                item["state"],
                f"{item['newest']['last_act_on'] or '-'} ({item['newest']['answered']}/{item['newest']['asked']})",
                _worker(item["worker"]),
                item["created_at"],
            )
            for item in page["items"]
        ],
    )


def _worker(worker: dict[str, str] | None) -> str:
    return f"{worker['birth_name']} {worker['birth_given_names']} {worker['birth_date']}" if worker else ""


@command.command("show")
@click.argument("fetch_id", metavar="ID")
@api_options
@click.pass_context
def show(context: click.Context, call: Call, /, *, fetch_id: str) -> None:
    """Show one fetch; the exit status says how it stands."""
    context.exit(_tell(call, ask(call, "GET", f"{_URL}/{fetch_id}")))


@command.command("choose")
@click.argument("fetch_id", metavar="ID")
@click.argument("member", metavar="MEMBER")
@api_options
@click.pass_context
def choose(context: click.Context, call: Call, /, *, fetch_id: str, member: str) -> None:
    """Bring over the record that a service announced, and wait for it.

    A verified record that is here stays until the other has come. Where that one fails or is cancelled, the fetch is
    ready with the first again; the exit status is then 1.
    """
    found, came = run(_choose(call, fetch_id, member))
    status = _tell(call, found)
    context.exit(status if came else Exit.FAILED)


async def _choose(call: Call, fetch_id: str, member: str) -> tuple[dict[str, Any], bool]:
    """Give the fetch, and False where it went back to the record that was there before."""
    from connector.cli.client import LocalApi
    from connector.cli.progress import follow, progress_for

    async with LocalApi(call.target, call.language) as api:
        found = await api.call("POST", f"{_URL}/{fetch_id}/choose", {"member": member})
        quiet = call.screen.quiet or call.screen.as_json
        with progress_for(quiet=quiet, services=found["services"], language=Language(call.language)) as progress:
            await follow(api, fetch_id, progress)
        chosen, found = found["chosen"], await api.call("GET", f"{_URL}/{fetch_id}")
        return found, found["document"] is None or found["document"]["member"] == chosen


@command.command("cancel")
@click.argument("fetch_id", metavar="ID")
@api_options
def cancel(call: Call, /, *, fetch_id: str) -> None:
    """Cancel a fetch: nothing more is asked for it.

    Where another record was on its way beside a verified one that is here, only that is cancelled: the fetch is
    ready with the first again.
    """
    _tell(call, ask(call, "POST", f"{_URL}/{fetch_id}/cancel"))


@command.command("discard")
@click.argument("fetch_id", metavar="ID")
@api_options
def discard(call: Call, /, *, fetch_id: str) -> None:
    """Delete the copy of a record that is kept here, before its time; journalled."""
    _tell(call, ask(call, "POST", f"{_URL}/{fetch_id}/discard"))


@command.command("read")
@click.argument("fetch_id", metavar="ID")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Write it here.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@api_options
def read(call: Call, /, *, fetch_id: str, output: Path, force: bool) -> None:
    """Write the record of a fetch to a file that only you may read; the access is journalled."""
    check_free(output, force=force)
    count = run(_read(call, fetch_id, output))
    if call.screen.as_json:
        call.screen.result({"output": str(output), "bytes": count})
    else:
        call.screen.facts([(label("written_to", Language(call.language)), output)])


async def _read(call: Call, fetch_id: str, output: Path) -> int:
    from connector.cli.client import LocalApi

    async with LocalApi(call.target, call.language) as api:
        return await write_whole(output, api.download(f"{_URL}/{fetch_id}/document"))


def _tell(call: Call, found: dict[str, Any]) -> Exit:
    from connector.cli.account import exit_of, tell

    if call.screen.as_json:
        call.screen.result(found)
    else:
        tell(found, call.screen, Language(call.language))
    return exit_of(found)
