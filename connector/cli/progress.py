"""Following a fetch while the services answer: a live table on a terminal, a line for each event elsewhere.

Everything goes to standard error, so that standard output holds the result alone.
"""

import asyncio
import json
import sys
from contextlib import AbstractContextManager
from typing import Any, Self

import click

from connector.cli.client import Json, LocalApi
from connector.cli.faults import Exit, Fault
from connector.cli.text import clean
from connector.local.words import Language, label, local_day

MAX_RECONNECTS = 5
_PERSONS = frozenset({"choosing", "waiting"})
"""States in which a person has to do something, here or at a holder."""


class Progress(AbstractContextManager["Progress"]):
    """Hears each event of a fetch; this one says nothing."""

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def heard(self, event: Json) -> None:
        """Leave it."""


class Lines(Progress):
    """Writes the sentence of each event."""

    def heard(self, event: Json) -> None:
        """Write it; of a document's progress only the end."""
        data = event["data"]
        if event["kind"] != "progress" or data["received"] == data["size"]:
            click.echo(clean(event["text"]), err=True)


class Live(Progress):
    """Keeps one table up to date: a row for each service, and what happens to the whole fetch."""

    def __init__(self, services: list[Json], language: Language) -> None:
        from rich.console import Console
        from rich.live import Live as RichLive

        self._language = language
        self._rows: dict[str, tuple[str, str, str]] = {row["member"]: (row["name"], "…", "") for row in services}
        self._now = ""
        self._live = RichLive(console=Console(stderr=True), transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def heard(self, event: Json) -> None:
        """Change the table."""
        data = event["data"]
        if event["kind"] == "service":
            day = local_day(data.get("last_act_on") or "", self._language)
            self._rows[data["member"]] = (data["name"], event["text"], day)
        else:
            self._now = event["text"]
        self._live.update(self._drawn())

    def _drawn(self) -> Any:  # noqa: ANN401 - rich's renderable
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("service", "answer", "newest_act"):
            table.add_column(label(name, self._language))
        for row in self._rows.values():
            table.add_row(*(Text(clean(cell)) for cell in row))
        return Group(table, Text(clean(self._now), style="italic"))


def progress_for(*, quiet: bool, services: list[Json], language: Language) -> Progress:
    """Give the form of progress that fits where standard error goes."""
    if quiet:
        return Progress()
    return Live(services, language) if sys.stderr.isatty() else Lines()


async def follow(api: LocalApi, fetch_id: str, progress: Progress, after: int = 0) -> int:
    """Follow until the fetch rests or a person has to choose; gives the number of the last event.

    A connector that stops in between is asked again: the fetch goes on behind it.

    Raises:
        Fault: it stays away.
    """
    lost = 0
    while True:
        before = after
        try:
            async for event in api.events(f"/api/v1/fetches/{fetch_id}/events", after):
                told: Json = json.loads(event.data)
                after = int(told["number"])
                progress.heard(told)
                if told["kind"] == "state" and told["data"]["state"] in _PERSONS and await _waits(api, fetch_id):
                    return after
        except Fault as fault:
            lost = 0 if after > before else lost + 1
            if fault.exit_code != Exit.UNREACHABLE or lost > MAX_RECONNECTS:
                raise
            await _pause(lost)
        else:
            return after


async def _waits(api: LocalApi, fetch_id: str) -> bool:
    """Whether it still is where that event says: a stream that is read again tells what is long past."""
    found = await api.call("GET", f"/api/v1/fetches/{fetch_id}")
    return found["state"] in _PERSONS


async def _pause(tries: int) -> None:
    await asyncio.sleep(0.2 * 2**tries)
