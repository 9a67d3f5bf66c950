"""`run`: the daemon."""

from pathlib import Path

import click

from connector.cli.options import fault_language
from connector.cli.target import DEFAULT_CONFIG


@click.command("run")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),  # the reading of it says what to do
    envvar="SPSTI_CONFIG",
    default=DEFAULT_CONFIG,
    show_default=True,
    help="The configuration.",
)
@click.option(
    "--language", "--lang", type=click.Choice(["fr", "en"]), help="Language of faults (default: the locale's)."
)
@click.pass_context
def command(context: click.Context, /, *, config: Path, language: str | None) -> None:
    """Run the connector: the peer endpoint and the local side, until SIGTERM.

    SIGHUP reads the configuration again; one that is invalid is refused as a whole.
    """
    from connector.daemon.system import rest_collector

    rest_collector()
    from connector.daemon.run import run

    context.exit(run(config, language=fault_language(language)))
