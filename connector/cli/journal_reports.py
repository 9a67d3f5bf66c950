"""`journal prove`, `worker`, `peer`, `review`, `export`: what is shown to others, and what is looked at monthly."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import click

from connector.cli.faults import Exit, Fault
from connector.cli.journal_filters import of_entries
from connector.cli.options import Call, api_options, ask, choice, run
from connector.cli.output_file import check_free, download, write_whole
from connector.cli.worker import ask_worker, read_worker
from connector.cli.worker_text import as_rows, heading
from connector.core import b64
from connector.core.errors import PeerFault
from connector.core.ledger import Tree
from connector.core.merkle import verify_inclusion
from connector.local.words import Language
from connector.wire.checkpoint import Checkpoint

_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("prove")
@click.argument("tree", metavar="TREE|ENTRY")
@click.argument("index", type=click.IntRange(0), required=False)
@api_options
def prove(call: Call, /, *, tree: str, index: int | None) -> None:
    """Prove an entry's place in its ledger: TREE INDEX, or ENTRY as exchange/41. Verified before it is shown."""
    name, _, number = tree.partition("/")
    place = index if index is not None else int(number) if number.isdecimal() else None
    if name not in set(Tree) or place is None:
        raise Fault("entry: expected exchange or house and an index", do="journal list shows them", status=Exit.USAGE)
    proof = ask(call, "GET", f"/api/v1/journal/{name}/{place}/proof")
    _require_path(proof)
    if call.screen.as_json:
        call.screen.result(proof)
        return
    call.screen.facts(
        [
            ("ledger", proof["origin"]),
            ("entry", proof["index"]),
            ("type", proof["type"]),
            ("at", proof["at"]),
            ("leaf", proof["leaf"]),
            ("personal part", "destroyed, as planned" if proof["destroyed"] else "kept"),
            *((f"path {number}", step) for number, step in enumerate(proof["path"], 1)),
        ]
    )
    click.echo(f"\n{proof['checkpoint']}", nl=False)
    for seen in proof["witnesses"]:
        click.echo(seen["line"])
    call.screen.table(
        ["seen by", "at", "entries then"], [(w["witness"], w["at"], w["size"]) for w in proof["witnesses"]]
    )


@click.command("worker")
@click.option("--worker", "given", metavar="-", help="'-': the INS as JSON on standard input, instead of a question.")
@click.option("--pdf", type=_NEW_FILE, help="Write it as a PDF (mode 0600).")
@click.option("--force", is_flag=True, help="Replace the PDF if it is there.")
@api_options
def worker(call: Call, /, *, given: str | None, pdf: Path | None, force: bool) -> None:
    """Tell who asked for and who read a worker's record, when and why; that it was told is in the journal."""
    language = Language(call.language)
    if given not in {None, "-"}:
        raise Fault("--worker: an identity is no argument, others could read it", do="--worker -", status=Exit.USAGE)
    if pdf is not None:
        check_free(pdf, force=force)
    body = read_worker(example='{"matricule": "…"}') if given else ask_worker(language, only_ins=True)
    report = ask(call, "POST", "/api/v1/reports/worker", body, long=True)
    count = _write_pdf(pdf, report, call.language) if pdf is not None else 0
    if call.screen.as_json:
        call.screen.result(report)
        return
    if pdf is not None:
        call.screen.say(f"{pdf}: {count} bytes")
        return
    title, lines, columns = heading(report, call.language)
    for line in (title, *lines):
        call.screen.say(line)
    call.screen.table(columns, as_rows(report, call.language))


@click.command("peer")
@click.argument("member")
@click.option("--since", metavar="INSTANT", help="From this instant on (RFC 3339).")
@api_options
def peer(call: Call, /, *, member: str, since: str | None) -> None:
    """Tell what went to a service and what came from it, for a service that was compromised."""
    found = ask(call, "GET", f"/api/v1/reports/peers/{member}", query={"since": since} if since else None, long=True)
    if call.screen.as_json:
        call.screen.result(found)
        return
    call.screen.facts([("member", found["member"]), ("since", found["since"]), ("workers concerned", found["workers"]),
                       ("entries whose personal part was destroyed", found["destroyed"])])  # fmt: skip
    call.screen.table(
        ["entry", "outcome", "count"], [(e["type"], e["outcome"] or "-", e["count"]) for e in found["entries"]]
    )
    call.screen.table(
        ["document", "at", "handover", "outcome", "worker"],
        [(d["way"], d["at"], d["handover_id"], d["outcome"] or "-", d["worker"] or "-") for d in found["documents"]],
    )
    call.screen.table(
        ["practitioner", "name", "side", "entries"],
        [(p["id"], p["name"], p["side"], p["entries"]) for p in found["practitioners"]],
    )


@click.command("review")
@click.argument("month", metavar="YYYY-MM")
@click.option("--sign", is_flag=True, help="Sign the month off, once it is over.")
@click.option("--by", metavar="NAME", help="Name and function of who signs.")
@api_options
def review(call: Call, /, *, month: str, sign: bool, by: str | None) -> None:
    """Show a month per practitioner: what a data-protection officer should look at, and who signed it off."""
    if sign != (by is not None):
        raise Fault("review: --sign and --by go together", do="--sign --by 'Name, function'", status=Exit.USAGE)
    path = f"/api/v1/reports/reviews/{month}"
    found = ask(call, "POST", f"{path}/sign", {"by": by}, long=True) if sign else ask(call, "GET", path, long=True)
    if call.screen.as_json:
        call.screen.result(found)
        return
    call.screen.table(
        ["practitioner", "name", "service", "asked", "mean", "without record", "refused", "not opened", "look at"],
        [
            (r["id"], r["name"], r["member"] or "-", r["asked"], r["mean_before"], r["misses"], r["refused"],
             r["unopened"], ", ".join(r["marks"]) or "-")
            for r in found["practitioners"]
        ],
    )  # fmt: skip
    for signature in found["signed"]:
        call.screen.say(f"Signed by {signature['by']} on {signature['at']} (house entry {signature['index']}).")
    if not found["signed"]:
        call.screen.say("Not signed.")


@click.command("export")
@click.option("--format", "form", type=click.Choice(["ndjson", "fhir"]), default="ndjson", show_default=True,
              help="Entries, or FHIR AuditEvents (IHE BALP); one JSON object a line.")  # fmt: skip
@click.option("--tree", type=choice(Tree), help="Only this ledger.")
@of_entries
@click.option("--since", metavar="INSTANT", help="From this instant on (RFC 3339).")
@click.option("--until", metavar="INSTANT", help="Up to this instant (RFC 3339).")
@click.option("-o", "--output", type=_NEW_FILE, required=True, help="File to write (mode 0600).")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@api_options
def export(call: Call, /, *, form: str, output: Path, force: bool, **given: str | None) -> None:
    """Write the journal to a file, newest first; it is as confidential as the journal."""
    from urllib.parse import urlencode

    query = urlencode({"format": form, **{name: value for name, value in given.items() if value is not None}})
    download(call, f"/api/v1/journal/export?{query}", output, force=force)


def _write_pdf(path: Path, report: dict[str, Any], language: str) -> int:
    from connector.cli.worker_pdf import render

    async def pieces() -> AsyncIterator[bytes]:
        yield render(report, language)

    return run(write_whole(path, pieces()))


def _require_path(proof: dict[str, Any]) -> None:
    """Verify here too what the daemon has verified: leaf, path and root must agree.

    Raises:
        Fault: they do not.
    """
    try:
        head = Checkpoint.parse_body(proof["checkpoint"].rpartition("\n\n")[0] + "\n")
        path = [b64.decode(step) for step in proof["path"]]
        holds = verify_inclusion(b64.decode(proof["leaf"]), proof["index"], head.size, path, head.root)
    except (ValueError, PeerFault):
        holds = False
    if not holds:
        raise Fault("proof: leaf, path and checkpoint do not agree", do="journal verify", status=Exit.FAILED)
