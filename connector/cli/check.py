"""`spsti-connector check`: everything that the start would refuse, and what will soon end, before anything starts."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.core.errors import ConfigFault
from connector.core.instant import Instant

if TYPE_CHECKING:
    from connector.config.material import Listing

COPIES = 3
"""Copies of the directory that a connector wants to be able to ask (issue 6)."""
EX_CONFIG = 78


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that is right today and will not stay so."""

    what: str
    remedy: str


@click.command("check")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    default=Path("connector.toml"),
    show_default=True,
    help="The configuration file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def command(context: click.Context, path: Path, as_json: bool) -> None:
    """Check the configuration and all that it names: files, keys, certificates, members, the adapter's options.

    The start runs the same checks. Exit status: 0 all right, 78 it would not start.
    """
    from connector.config.own_certificates import described, findings
    from connector.daemon.run import read
    from connector.store.coverage import read_last

    try:
        material = read(path)
    except ConfigFault as error:
        faults = error.faults or (error.message,)
        if as_json:
            click.echo(json.dumps({"ok": False, "faults": faults}, ensure_ascii=False))
        else:
            for fault in faults:
                click.echo(fault, err=True)
            click.echo(f"{len(faults)} to put right; nothing would start.", err=True)
        context.exit(EX_CONFIG)
    now = Instant(int(time.time()))
    warned = [Warned(found.what, found.remedy) for found in findings(material, now)]
    source = material.file.model.source
    if source is None:
        warned.append(Warned("no [source]: peers will be told that this service could not look", "configure [source]"))
    elif source.attested_on is None:
        what = "nobody has attested that what the source gives may go to another service"
        warned.append(Warned(what, "set [source] attested_on and attested_by"))
    last = read_last(material.state.database)
    if source is not None and last is not None and last.share is not None and last.share < source.coverage_warn_below:
        what = (
            f"{last.share:.0%} of workers could be answered about, expected {source.coverage_warn_below:.0%} at least"
        )
        warned.append(Warned(what, "spsti-connector adapter coverage says what is lacking"))
    warned += _of_list(material.listing)
    if as_json:
        said = [{"what": w.what, "remedy": w.remedy} for w in warned]
        click.echo(json.dumps({"ok": True, "faults": [], "warnings": said}, ensure_ascii=False))
        return
    click.echo(f"{material.member.name} ({material.member.id.value}), {material.environment}: configuration is valid.")
    click.echo(f"{material.listing.members} members in the list {material.listing.version}.")
    for line in described(material):
        click.echo(line)
    for warning in warned:
        click.echo(f"Attention: {warning.what} - {warning.remedy}")


def _of_list(listing: "Listing") -> list[Warned]:
    """Warn of what the member list says or lacks; what a local file says wrongly is a fault already."""
    remedy = "spsti-connector next says which steps are left"
    if listing.copies is None:
        return [Warned(f"[members] is {listing.staleness.message}", "join a federation: [directory]")]
    found = []
    if listing.not_ready is not None:
        found.append(Warned(listing.not_ready, "start the connector, or directory refresh; then " + remedy))
    else:
        found += [Warned(str(difference), difference.remedy or remedy) for difference in listing.differences]
        if listing.staleness.message:
            found.append(Warned(listing.staleness.message, "directory refresh; federation duty says who must sign"))
    if listing.copies < COPIES:
        what = f"{listing.copies} copies of the directory can be asked, members' own included, expected {COPIES}"
        found.append(Warned(what, "add the operators' other addresses to [directory] urls"))
    return found
