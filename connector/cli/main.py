"""The command line's entry: a table of commands, each imported only when it runs, so that `--help` starts at once.

A command whose module is not there is not offered. What a command raises on purpose is told on standard error as what,
why and what to do, and becomes an exit status; `docs/cli.md` lists them.
"""

import errno
import io
import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import click

from connector import __version__
from connector.cli.faults import Exit, Fault

PROGRAM: Final = "spsti-connector"
_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EBADF})
"""Why a stream takes nothing more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is, and its line in the help."""

    module: str
    attribute: str
    help: str


COMMANDS: Final = {
    "fetch": Entry("fetch", "fetch", "Fetch a worker's most recent record from services that hold one."),
    "lookup": Entry("fetch", "lookup", "Ask services what they hold, and bring nothing over."),
    "fetches": Entry("fetches", "command", "List, show, choose, cancel, read and discard fetches."),
    "members": Entry("members", "command", "Find services of the federation, test or block one."),
    "directory": Entry("directory", "command", "Show the member directory in force, or ask for a newer one."),
    "answering": Entry("answering", "command", "Pause and resume this service's answers to others."),
    "oppositions": Entry("oppositions", "command", "Keep the register of what workers object to."),
    "people": Entry("people", "command", "Keep the list of people who may sign in; review it."),
    "identity": Entry("identity", "command", "Obtain, verify and qualify identities; handle identity alerts."),
    "adapter": Entry("adapter", "command", "Check, install and list adapters; count who could be answered about."),
    "acceptance": Entry("acceptance", "command", "Try a new peer step by step; a signed report."),
    "evidence": Entry("evidence", "command", "Export evidence of an exchange, and verify it anywhere."),
    "journal": Entry("journal", "command", "Read, verify, prove and review the journal."),
    "proposals": Entry("proposals", "command", "Confirm what takes two people."),
    "status": Entry("status", "command", "Show certificates, directory, adapter, ledgers and queues."),
    "init": Entry("init", "command", "Write a new service's configuration, keys and certificate requests."),
    "next": Entry("next", "command", "Say which steps are left until this service has joined its federation."),
    "check": Entry("check", "command", "Check a configuration: all faults at once."),
    "backup": Entry("backup", "backup", "Take a backup while the connector runs."),
    "restore": Entry("backup", "restore", "Put a backup back, or rehearse it."),
    "run": Entry("run", "command", "Run the connector."),
    "roll-back": Entry("roll_back", "command", "Go back to the database as it was before an upgrade."),
    "keys": Entry("keys", "command", "Show keys and certificates, and prepare their successors."),
    "api-key": Entry("api_key", "command", "Make keys of the local API."),
    "federation": Entry("federation", "command", "Found and run a federation; ask to join one."),
    "completion": Entry("completion", "command", "Print the completion script of a shell."),
}

_EPILOG: Final = """\b
Examples:
  spsti-connector members list lyon
  spsti-connector fetch --service 318751275100020 --practitioner 899700366240 --output record.pdf
  spsti-connector status --json

An identity is typed at a prompt or read from standard input, never given as an argument.
Exit statuses are in docs/cli.md."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the commands whose module is there."""
        return [name for name, entry in COMMANDS.items() if find_spec(f"connector.cli.{entry.module}")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is called for."""
        if cmd_name not in self.list_commands(ctx):
            return None
        entry = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"connector.cli.{entry.module}"), entry.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])


@click.group(
    PROGRAM,
    cls=LazyGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Fetch workers' records from other occupational-health services, and run the connector that does it."""


def main() -> None:
    """Run the command line, and leave with the status of what came of it.

    An output that cannot be written and a Ctrl-C end it in words too. Of other faults that no command foresaw the
    traceback is shown: they are ours.
    """
    _open_streams()
    try:
        status = cli.main(prog_name=PROGRAM, standalone_mode=False)
    except click.ClickException as fault:
        fault.show()
        status = fault.exit_code
    except click.Abort as stop:
        click.echo("Aborted!", err=True)
        # A prompt does not say whether it was Ctrl-C or the end of its input.
        by_person = isinstance(stop.__cause__, KeyboardInterrupt) or sys.stdin.isatty()
        status = Exit.INTERRUPTED if by_person else Exit.FAILED
    except OSError as error:
        if error.filename is not None or error.errno not in _OUTPUT:
            raise
        Fault("the output cannot be written", why=error.strerror or "", do="free the disk, or send it elsewhere").show()
        status = Exit.FAILED
    sys.exit(status if isinstance(status, int) else Exit.OK)


def _open_streams() -> None:
    """Have streams that take whatever is printed: closed ones nothing, those of a narrow encoding an escape."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict" and name != "stdin":
            stream.reconfigure(errors="backslashreplace")
