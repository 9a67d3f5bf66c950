"""`completion`: the script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class

from connector.cli.faults import Fault

_VARIABLE = "_SPSTI_CONNECTOR_COMPLETE"


_HELP = """Print the completion script of a shell.

\b
bash: spsti-connector completion bash > ~/.local/share/bash-completion/completions/spsti-connector
zsh:  spsti-connector completion zsh > "${fpath[1]}/_spsti-connector"
fish: spsti-connector completion fish > ~/.config/fish/completions/spsti-connector.fish"""


@click.command("completion", help=_HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell."""
    from connector.cli.main import PROGRAM, cli

    found = get_completion_class(shell)
    if found is None:
        raise Fault(f"{shell}: no completion is known for it")
    click.echo(found(cli, {}, PROGRAM, _VARIABLE).source())
