"""`journal succeed-offline`: new ledgers for a state that no daemon can open any more; two people, no API."""

import asyncio
from pathlib import Path

import click

from connector.cli.faults import Exit, Fault
from connector.cli.house import config_option, fault_of
from connector.core.errors import ConfigFault, FailedClosed
from connector.core.witness import MAX_REASON
from connector.store.files import give_to_owner


@click.command("succeed-offline")
@click.option("--reason", required=True, help="Why the old ledgers end here; it is journalled.")
@click.option("--by", required=True, help="Who decides it: name and function.")
@click.option("--confirmed-by", required=True, help="The second person who agrees: name and function.")
@config_option
def command(*, reason: str, by: str, confirmed_by: str, config: Path) -> None:
    """Begin both ledgers anew where they are not what was signed, so that the connector does not start.

    Look for a newer copy of the state directory first, and keep a copy of this one. Works while the connector is
    stopped, with the right to read its keys. Every peer sees the gap and the reason, and shows them for ever: no name,
    and nothing about a worker.
    """
    if _plain(by) == _plain(confirmed_by):
        raise click.BadParameter("got the same person twice, expected two", param_hint="--confirmed-by")
    if not 3 <= len(reason) <= MAX_REASON or not reason.isprintable() or reason.isspace():
        raise click.BadParameter(f"expected a line of 3 to {MAX_REASON} characters", param_hint="--reason")
    # The daemon's own way of reading keys; with it comes all that a daemon loads, which other commands need not.
    from connector.daemon.run import read
    from connector.daemon.system import SystemClock, SystemEntropy
    from connector.ledger.succession import succeed_offline

    try:
        material = read(config, checks_adapters=False)
    except ConfigFault as error:
        raise fault_of(error) from None
    try:
        serial = asyncio.run(
            succeed_offline(
                material.state,
                clock=SystemClock(),
                entropy=SystemEntropy(),
                signer=material.ledger_signer,
                member=material.member.id,
                former_keys=tuple(material.member.ledger_keys()),
                reason=reason,
                by=(by, confirmed_by),
            )
        )
    except FailedClosed as error:
        raise Fault(error.message, do=error.hint, status=Exit.FAILED) from None
    finally:
        give_to_owner(material.state.directory, material.state.directory)
    click.echo(f"New ledgers begun: serial {serial}. Start the connector; then: spsti-connector journal witnesses")


def _plain(name: str) -> str:
    return "".join(name.casefold().split())
