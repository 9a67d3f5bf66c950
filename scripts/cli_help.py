"""Puts the `--help` of every command into docs/cli.md, between the markers; the tests compare the two.

Run it after changing an option: `python scripts/cli_help.py`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from connector.cli.main import PROGRAM, cli

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
BEGIN, END = "<!-- help: begin -->\n", "<!-- help: end -->\n"


def commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    """Give each command with its help, groups before what they hold."""
    context = click.Context(command, parent, name, terminal_width=100, **command.context_settings)
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from commands(found, context, inner)


def helps() -> str:
    """Give the help of every command as Markdown."""
    parts = [f"### {path}\n\n```\n{text}\n```\n" for path, text in commands(cli, None, PROGRAM)]
    return "\n" + "\n".join(re.sub(r" +$", "", part, flags=re.MULTILINE) for part in parts) + "\n"


def main() -> None:
    """Rewrite the page."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    PAGE.write_text(head + BEGIN + helps() + END + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
