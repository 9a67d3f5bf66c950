"""`members`: the services of the federation."""

from typing import Any

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask, choice
from connector.cli.proposals import propose
from connector.core.measures import BlockReason
from connector.core.proposals import ProposalKind


@click.group("members")
def command() -> None:
    """Find services of the federation, test one, and block one."""


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
        for name, value in [*found.items(), *_ledgers_of(call, member)]
    )


def _ledgers_of(call: Call, member: str) -> list[tuple[str, str]]:
    """Say what is wrong with a service's ledgers, for ever; nothing where the key may not look at witnesses."""
    found = ask(call, "GET", "/api/v1/journal/witnesses", accept=frozenset({403}))
    faults = [(f"ledger fault, {f['at']}", f["text"]) for f in found.get("faults", ()) if f["member"] == member]
    gaps = [
        (f"ledger gap, {g['at']}", f"{g['old']} to {g['new']}") for g in found.get("gaps", ()) if g["member"] == member
    ]
    return [*faults, *gaps]


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


@command.command("block")
@click.argument("member", metavar="ID")
@click.option("--reason", type=choice(BlockReason), required=True, help="Why; it stands in the journal.")
@api_options
def block(call: Call, /, *, member: str, reason: str) -> None:
    """Neither ask nor answer a service from now on, also after a restart.

    It is this service's own decision and counts here alone; the operators suspend for everybody.
    """
    _tell_block(call, ask(call, "POST", f"/api/v1/members/{member}/block", {"reason": reason}))


@command.command("unblock")
@click.argument("member", metavar="ID")
@api_options
def unblock(call: Call, /, *, member: str) -> None:
    """Lift this service's own block."""
    _tell_block(call, ask(call, "POST", f"/api/v1/members/{member}/unblock"))


def _tell_block(call: Call, found: dict[str, Any]) -> None:
    block = found["block"]
    if call.screen.as_json:
        call.screen.result(found)
    elif found["result"] == "unblocked":
        click.echo(f"{block['member']} {block['name']} is no longer blocked here.")
    else:
        since = f", as it was since {block['since']}" if found["result"] == "already" else ""
        click.echo(f"{block['member']} {block['name']} is blocked here{since} ({block['reason']}).")


@command.group("limits")
def limits() -> None:
    """Show, set and lift the limits of a service (PROTOCOL section 5)."""


@limits.command("show")
@click.argument("member", metavar="ID", required=False)
@api_options
def limits_show(call: Call, /, *, member: str | None) -> None:
    """Show how a service stands today, or without ID everything that is blocked."""
    if member is None:
        found = ask(call, "GET", "/api/v1/limits")
    else:
        found = ask(call, "GET", f"/api/v1/members/{member}/limits")
    _show_limits(call, found)


@limits.command("set")
@click.argument("member", metavar="ID")
@click.option("--per-minute", type=click.IntRange(1), help="Lookups in a minute.")
@click.option("--per-day", type=click.IntRange(1), help="Lookups in a day.")
@click.option("--misses-per-day", type=click.IntRange(1), help="Lookups without a record before it is slowed.")
@click.option("--as-configured", is_flag=True, help="Back to the numbers of [limits].")
@click.option("--reason", required=True, help="Why; it stands in the journal.")
@click.option("--by", required=True, help="Who does this: name and function.")
@api_options
def limits_set(call: Call, /, *, member: str, as_configured: bool, **given: Any) -> None:  # noqa: ANN401 - click's
    """Set other numbers for one service."""
    body = {name: value for name, value in given.items() if value is not None}
    if as_configured == bool(body.keys() - {"reason", "by"}):
        raise click.UsageError("give numbers, or --as-configured")
    _show_limits(call, ask(call, "POST", f"/api/v1/members/{member}/limits", body))


@limits.command("lift")
@click.argument("block", metavar="BLOCK")
@click.option("--reason", required=True, help="Why; it stands in the journal.")
@click.option("--by", required=True, help="Who does this: name and function.")
@api_options
def limits_lift(call: Call, /, *, block: str, reason: str, by: str) -> None:
    """Propose to lift a block; a second person confirms it."""
    propose(call, {"kind": ProposalKind.LIFT_BLOCK.value, "block": block, "reason": reason, "by": by})


def _show_limits(call: Call, found: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(found)
        return
    blocks = found.pop("items", None)
    if blocks is None:
        blocks = found.pop("blocks")
        numbers = found.pop("limits")
        call.screen.facts((name.replace("_", " "), value) for name, value in {**found, **numbers}.items())
    call.screen.table(
        ["block", "service", "rule", "since", "about", "lookup"],
        [
            (b["id"], b["member"], b["rule"], b["since"], "one person" if b["person"] else "all", b["ref"])
            for b in blocks
        ],
    )
