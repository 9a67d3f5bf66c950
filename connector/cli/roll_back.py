"""`roll-back`: the database as it was before an upgrade, with what nobody may forget; the connector does not run."""

from pathlib import Path

import click

from connector.cli.faults import Exit, Fault
from connector.cli.house import config_option, open_house
from connector.core.errors import FailedClosed
from connector.daemon.system import SystemClock
from connector.store.files import give_to_owner
from connector.store.rollback import roll_back
from connector.store.settings import StateSettings


@click.command("roll-back")
@click.argument("copy", required=False)
@config_option
def command(*, copy: str | None, config: Path) -> None:
    """Go back to the database as it was before an upgrade: to COPY, or the newest one that this version can use.

    For when an older version is to run again. Used mandates, objections, blocks and the ledgers come along; fetches on
    their way are as they were before the upgrade. The newer database is kept beside, for a month.
    """
    house = open_house(config)
    settings = StateSettings(house.state, master_key=house.state)  # no key is needed, and none is read
    try:
        done = roll_back(settings, copy, SystemClock().now())
    except FailedClosed as error:
        raise Fault(error.message, do=error.hint, status=Exit.FAILED) from None
    give_to_owner(settings.database, house.state)
    give_to_owner(done.aside, house.state)
    click.echo(f"In place: {done.backup.path.name} (version {done.backup.program}, schema {done.backup.schema}).")
    click.echo(f"Kept beside: {done.aside}")
    if not done.has_ledgers:
        click.echo(
            "The ledgers are those of before the upgrade, and nobody is answered from them. Begin new ones: "
            "spsti-connector journal succeed",
            err=True,
        )
