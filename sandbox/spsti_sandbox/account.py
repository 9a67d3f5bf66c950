"""What the demonstration tells: lines a person can read, and each expectation checked and kept.

Colours only where the output is a terminal and NO_COLOR is not set (rich looks at both); elsewhere plain lines.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape


class Account:
    """Tells and checks; `differences` is what was not as expected."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self.differences: list[str] = []
        self.checked = 0

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self._print(f"\n[bold]{escape(text)}[/bold]")

    def line(self, text: str = "") -> None:
        """Tell something."""
        self._print(f"  {escape(text)}" if text else "")

    def at(self, seconds: float, text: str) -> None:
        """Tell what happened so many seconds after the beginning of something."""
        self._print(f"  [cyan]{seconds:7.3f} s[/cyan]  {escape(text)}")

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Tell rows in columns as wide as they need."""
        texts = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
        self._print("  [dim]" + escape(_row(heads, widths)) + "[/dim]")
        for row in texts:
            self.line(_row(row, widths))

    def expect(self, what: str, *, expected: object, got: object) -> bool:
        """Check one thing; a difference is told at once and remembered."""
        return self.expect_that(what, expected == got, expected=expected, got=got)

    def expect_that(self, what: str, holds: Any, *, expected: object, got: object) -> bool:  # noqa: ANN401 - any truth
        """Check what an equality does not say."""
        self.checked += 1
        if not holds:
            difference = f"{what}: got {got}, expected {expected}"
            self.differences.append(difference)
            self._print(f"  [bold red]NOT AS EXPECTED[/bold red]  {escape(difference)}")
        return bool(holds)

    def verdict(self) -> None:
        """Say in the end whether all of it happened as expected."""
        self.title("In short")
        if not self.differences:
            self._print(f"  [bold green]All of it happened as expected[/bold green] ({self.checked} checks).")
            return
        self._print(f"  [bold red]{len(self.differences)} of {self.checked} checks differ:[/bold red]")
        for difference in self.differences:
            self.line(f"- {difference}")

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
