"""`evidence`: one file that proves an exchange, exported by the running connector, verified by anybody offline."""

import json
import sys
import time
from pathlib import Path

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, api_options, locale_language
from connector.cli.output_file import download
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant, parse_rfc3339
from connector.core.oid import Environment

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("evidence")
def command() -> None:
    """Export and verify evidence of an exchange."""


@command.command("export")
@click.argument("ref", metavar="ID")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write (mode 0600)."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@api_options
def export(call: Call, /, *, ref: str, output: Path, force: bool) -> None:
    """Write what this service has of a fetch, a lookup or a handover into one file.

    ID is the fetch's, the lookup's or the handover's. The file names the worker: it is as confidential as the journal.
    """
    check = f"Check it: spsti-connector evidence verify {output} --root ROOT"
    download(call, f"/api/v1/evidence/{ref}", output, force=force, then=check)


@command.command("verify")
@click.argument("file", type=_FILE)
@click.option("--root", type=_FILE, help="Root file of the signed directory, as the operators give it.")
@click.option("--members", type=_FILE, multiple=True, help="Members file that you trust (again for an older one).")
@click.option("--tsa-ca", type=_FILE, help="Root certificate of the time-stamping authority, PEM.")
@click.option("--at", "instant", metavar="INSTANT", help="As of this instant (RFC 3339, UTC) instead of now.")
@click.option("--language", type=click.Choice(["fr", "en"]), help="Language of the report (default: the locale's).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(
    *,
    file: Path,
    root: Path | None,
    members: tuple[Path, ...],
    tsa_ca: Path | None,
    instant: str | None,
    language: str | None,
    as_json: bool,
) -> None:
    """Say what an evidence file proves, by whom and when, and what it does not. Needs no connector and no network.

    The exit status is 0 when all is proven, 6 when something is not (a signature's time, or its signer), 1 when a part
    was altered, 2 when the file is no evidence file.
    """
    from connector.crypto.timestamps import read_roots
    from connector.directory.members_file import read_members
    from connector.evidence.findings import Verdict
    from connector.evidence.form import read_evidence
    from connector.evidence.report import as_json as json_of
    from connector.evidence.report import as_text
    from connector.evidence.verify import Trust, TrustedList, verify_evidence

    if root is None and not members:
        raise Fault(
            "evidence verify: nothing to trust was given",
            why="who is a member, and by which keys it signs, a file cannot say of itself",
            do="give --root (the federation's root file) or --members (a members file that you know)",
            status=Exit.USAGE,
        )
    try:
        evidence = read_evidence(file.read_bytes())
        environment = _environment(evidence.parts["made"].get("environment"))
        lists = tuple(
            TrustedList(version, found)
            for found, version in (read_members(path.read_bytes(), environment, path.name) for path in members)
        )
        trust = Trust(
            root=root.read_bytes() if root else None,
            lists=lists,
            stamp_roots=read_roots(tsa_ca.read_bytes(), tsa_ca.name) if tsa_ca else (),
        )
        at = parse_rfc3339(instant) if instant else Instant(int(time.time()))
    except ConfigFault as fault:
        raise Fault(fault.message, do=fault.hint, status=Exit.CONFIG) from None
    except ConnectorError as error:
        raise Fault(error.message, do=error.hint, status=Exit.USAGE) from None
    report = verify_evidence(evidence, trust, at)
    chosen = language or locale_language()
    if as_json:
        click.echo(json.dumps(json_of(report, chosen), ensure_ascii=False, indent=2))
    else:
        click.echo(as_text(report, chosen))
    sys.exit({Verdict.PROVEN: Exit.OK, Verdict.ALTERED: Exit.FAILED}.get(report.verdict, Exit.PARTIAL))


def _environment(word: object) -> Environment:
    try:
        return Environment(str(word))
    except ValueError:
        raise Fault("evidence file: names no environment", do="ask for the file again", status=Exit.USAGE) from None
