"""`journal`: who asked for what, who was answered and what was read; and whether the ledgers are sound."""

from typing import Any

import click

from connector.cli import journal_reports, succession
from connector.cli.faults import Exit
from connector.cli.journal_filters import of_entries
from connector.cli.options import Call, api_options, ask, choice
from connector.cli.proposals import propose
from connector.cli.worker import ask_worker
from connector.core.ledger import Tree
from connector.local.words import Language


@click.group("journal")
def command() -> None:
    """Read, verify, prove and review the journal."""


@command.command("list")
@click.option("--tree", type=choice(Tree), default="exchange", show_default=True, help="Which ledger.")
@of_entries
@click.option("--since", metavar="INSTANT", help="Only entries from this instant on (RFC 3339).")
@click.option("--until", metavar="INSTANT", help="Only entries up to this instant (RFC 3339).")
@click.option("--before", metavar="INDEX", help="Only entries before this index.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Entries at most.")
@click.option("--worker", is_flag=True, help="Only entries about a worker, whose INS is asked for.")
@api_options
def list_(call: Call, /, *, worker: bool, **given: Any) -> None:  # noqa: ANN401 - click's options
    """List entries, newest first."""
    query = {name: str(value) for name, value in given.items() if value is not None}
    if worker:
        asked_for = ask_worker(Language(call.language), only_ins=True)
        page = ask(call, "POST", "/api/v1/journal/search", asked_for, query=query)
    else:
        page = ask(call, "GET", "/api/v1/journal", query=query)
    if call.screen.as_json:
        call.screen.result(page)
        return
    call.screen.table(
        ["index", "at", "type", "peer", "outcome", "reason", "ref", "destroyed"],
        [
            (e["index"], e["at"], e["type"], e["peer"], e["outcome"], e["reason"], e["ref"], _destroyed(e))
            for e in page["items"]
        ],
    )
    if page["next"]:
        click.echo(f"There are more: --before {page['next']}", err=True)


@command.command("show")
@click.argument("tree", type=choice(Tree))
@click.argument("index", type=click.IntRange(0))
@api_options
def show(call: Call, /, *, tree: str, index: int) -> None:
    """Show one entry with its personal part; that is for those who may know it."""
    entry = ask(call, "GET", f"/api/v1/journal/{tree}/{index}")
    if call.screen.as_json:
        call.screen.result(entry)
        return
    personal = entry.pop("personal") or {}
    entry["destroyed"] = _destroyed(entry)
    del entry["destroyed_at"], entry["destroyed_by"]
    call.screen.facts([*entry.items(), *((f"personal.{name}", value) for name, value in sorted(personal.items()))])


@command.command("erase")
@click.argument("tree", type=choice(Tree))
@click.argument("index", type=click.IntRange(0))
@click.option("--reason", required=True, help="Why it must not be kept until its time is over; it is journalled.")
@click.option("--by", required=True, help="Who proposes it: name and function.")
@api_options
def erase(call: Call, /, *, tree: str, index: int, reason: str, by: str) -> None:
    """Propose to erase one entry's personal part before its time; a second person confirms it.

    For an entry that is about the wrong person, or a right to erasure that holds. The entry still proves what it
    proved, and the journal shows that it was erased. No backup of the database can show it again.
    """
    propose(call, {"kind": "erase", "tree": tree, "index": index, "by": by, "reason": reason})


def _destroyed(entry: dict[str, Any]) -> str:
    if not entry["destroyed"]:
        return ""
    if entry["destroyed_at"] is None:
        return "its key is not here"
    return f"on {entry['destroyed_at']}, by {entry['destroyed_by']}"


@command.command("witnesses")
@api_options
@click.pass_context
def witnesses(context: click.Context, call: Call, /) -> None:
    """Show who witnessed our ledgers and when, and every fault and gap that was ever found in a ledger.

    The exit status is 1 while a ledger of ours is behind what it signed.
    """
    found = ask(call, "GET", "/api/v1/journal/witnesses")
    if call.screen.as_json:
        call.screen.result(found)
    else:
        _tell_witnesses(call, found)
    context.exit(Exit.FAILED if found["behind"] else Exit.OK)


def _tell_witnesses(call: Call, found: dict[str, Any]) -> None:
    call.screen.facts(
        [
            ("our ledgers", found["behind"] or "as they were signed, for all that witnesses know"),
            ("witnesses asked", found["asked_at"] or "not since the start"),
            ("witness answered", found["answered_at"] or "never"),
        ]
    )
    call.screen.table(
        ["witness", "name", "ledger", "entries", "at", "hours ago"],
        [(s["witness"], s["name"], s["origin"], s["size"], s["at"], s["age_s"] // 3600) for s in found["statements"]],
    )
    if found["heads"]:
        call.screen.table(
            ["service", "name", "ledger", "entries", "compared"],
            [(h["member"], h["name"], h["origin"], h["size"], h["at"]) for h in found["heads"]],
        )
    if found["faults"]:
        call.screen.table(
            ["at fault", "name", "fault", "what", "found"],
            [(f["member"], f["name"], f["kind"], f["text"], f["at"]) for f in found["faults"]],
        )
    if found["gaps"]:
        call.screen.table(
            ["service", "name", "gap between", "and", "seen", "why, in its own words"],
            [(g["member"], g["name"], g["old"], g["new"], g["at"], g["reason"]) for g in found["gaps"]],
        )


@command.command("succeed")
@click.option("--reason", required=True, help="Why the old ledgers end here; it is journalled.")
@click.option("--by", required=True, help="Who proposes it: name and function.")
@api_options
def succeed(call: Call, /, *, reason: str, by: str) -> None:
    """Propose to begin both ledgers anew, where ours is behind its own signature; a second person confirms it.

    Every peer sees the gap and the reason, and shows them for ever: no name, and nothing about a worker.
    """
    propose(call, {"kind": "succeed", "by": by, "reason": reason})


@command.command("verify")
@api_options
@click.pass_context
def verify(context: click.Context, call: Call, /) -> None:
    """Verify both ledgers, leaf by leaf; takes as long as they are large."""
    report = ask(call, "POST", "/api/v1/journal/verify", long=True)
    if call.screen.as_json:
        call.screen.result(report)
    else:
        call.screen.table(
            ["ledger", "entries", "result"],
            [(t["origin"], t["size"], "sound" if t["ok"] else f"{len(t['faults'])} faults") for t in report["trees"]],
        )
        for fault in (fault for tree in report["trees"] for fault in tree["faults"]):
            click.echo(fault, err=True)
    context.exit(Exit.OK if report["ok"] else Exit.FAILED)


command.add_command(succession.command)
for _reports in (
    journal_reports.prove,
    journal_reports.worker,
    journal_reports.peer,
    journal_reports.review,
    journal_reports.export,
):
    command.add_command(_reports)
