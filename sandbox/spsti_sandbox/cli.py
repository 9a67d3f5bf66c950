"""`spsti-sandbox`: the demonstration, a federation to play with, and the simulator of INSi.

Commands are imported when they are called, so that a fault in one keeps no other from working.
"""

from importlib import import_module
from typing import Final

import click

_COMMANDS: Final = {
    "code": ("spsti_sandbox.demo_pages", "code"),
    "demo": ("spsti_sandbox.demo_command", "demo"),
    "federation": ("spsti_sandbox.demo_command", "federation"),
    "insi": ("spsti_sandbox.insi_simulator", "insi_command"),
}


class _Commands(click.Group):
    """Finds each command in its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None


@click.group(cls=_Commands)
def main() -> None:
    """Run SPSTI connectors in a box, with synthetic persons only. Never for production."""
