"""What commands print: tables and facts in colours on a terminal, plain lines elsewhere, or one JSON object.

Plain means: values separated by tabs, nothing cut, so that other programs can read it. `NO_COLOR` is honoured by rich.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from connector.cli.text import clean


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output, for one command."""

    as_json: bool = False
    quiet: bool = False

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads the result."""
        return sys.stdout.isatty() and not self.as_json

    def result(self, value: Any) -> None:  # noqa: ANN401 - JSON
        """Print the one JSON object of `--json`."""
        click.echo(json.dumps(value, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print rows under their heads."""
        cells = [[clean("" if cell is None else cell) for cell in row] for row in rows]
        if not self.is_terminal:
            for line in (heads, *cells):
                click.echo("\t".join(line))
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for head in heads:
            table.add_column(head, overflow="fold")
        for row in cells:
            table.add_row(*map(Text, row))
        Console().print(table)

    def facts(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Print names with their values; those without a value are left out."""
        kept = [(name, clean(value)) for name, value in pairs if value not in {None, ""}]
        width = max((len(name) for name, _ in kept), default=0)
        for name, value in kept:
            head = f"{name + ':':<{width + 1}}" if self.is_terminal else f"{name}:"
            click.echo(f"{click.style(head, bold=True) if self.is_terminal else head} {value}")

    def say(self, text: str) -> None:
        """Print a sentence."""
        click.echo(clean(text))


def note(text: str) -> None:
    """Tell something beside the result, on standard error."""
    click.echo(clean(text), err=True)
