"""`members`: the services of the federation."""

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask


@click.group("members")
def command() -> None:
    """Find services of the federation, and test one."""


@command.command("list")
@click.argument("words", nargs=-1)
@click.option("--departement", metavar="CODE", help="Only those of this département.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Services at most.")
@api_options
def list_(call: Call, /, *, words: tuple[str, ...], departement: str | None, limit: int) -> None:
    """Search by name, former name, town or id."""
    query = {"q": " ".join(words), "limit": str(limit)} | ({"departement": departement} if departement else {})
    page = ask(call, "GET", "/api/v1/members", query=query)
    if call.screen.as_json:
        call.screen.result(page)
        return
    call.screen.table(
        ["id", "name", "former names", "towns", "départements"],
        [
            (m["id"], m["name"], ", ".join(m["former_names"]), ", ".join(m["towns"]), ", ".join(m["departements"]))
            for m in page["items"]
        ],
    )
    if page["more"]:
        click.echo(f"There are more than {limit}: add words, or raise --limit.", err=True)


@command.command("show")
@click.argument("member", metavar="ID")
@api_options
def show(call: Call, /, *, member: str) -> None:
    """Show one service."""
    found = ask(call, "GET", f"/api/v1/members/{member}")
    if call.screen.as_json:
        call.screen.result(found)
        return
    call.screen.facts(
        (name.replace("_", " "), ", ".join(value) if isinstance(value, list) else value)
        for name, value in found.items()
    )


@command.command("test")
@click.argument("member", metavar="ID")
@api_options
@click.pass_context
def test(context: click.Context, call: Call, /, *, member: str) -> None:
    """Test the way to a service with a document about nobody: each step, or cause and remedy."""
    found = ask(call, "POST", f"/api/v1/members/{member}/probe", long=True)
    if call.screen.as_json:
        call.screen.result(found)
    else:
        call.screen.table(
            ["step", "result", "after", "cause", "what to do"],
            [
                (
                    step["name"],
                    "ok" if step["ok"] else step["code"] or "failed",
                    f"{step['elapsed_ms']} ms",
                    step["cause"],
                    step["remedy"],
                )
                for step in found["steps"]
            ],
        )
    context.exit(Exit.OK if found["ok"] else Exit.FAILED)
