"""Writes the manual pages: section 1 from the commands' own help, 5 from the commented configuration, 8 for instances.

They are made where the package is built, so they say what that version does. Nothing is written twice: a page is the
text of `--help`, or the example configuration, in roff.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click

from connector import __version__
from connector.cli.main import PROGRAM, cli

ROOT = Path(__file__).resolve().parents[1]
INSTANCE = "spsti-connector-instance"
FILES = """\
.SH FILES
.TP
.I /etc/spsti-connector/connector.toml
The configuration, see
.BR spsti-connector.toml (5).
.TP
.I /etc/spsti-connector/credentials/
Keys and passwords, for root alone: the service gets a copy of those that its unit names.
.TP
.I /var/lib/spsti-connector/
Database, ledgers, encrypted documents, installed adapters.
.TP
.I /usr/share/doc/spsti-connector/
Guide, example of a configuration, list of the libraries in the package.
"""


def main() -> None:
    """Write every page into a directory."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    context = click.Context(cli, info_name=PROGRAM, **cli.context_settings)
    inner = [name for name in cli.list_commands(context) if cli.get_command(context, name) is not None]
    pages = {
        f"{PROGRAM}.1": overview(context, inner),
        f"{PROGRAM}.toml.5": configuration(),
        f"{INSTANCE}.8": instance(),
    }
    for name in inner:
        pages[f"{PROGRAM}-{name}.1"] = page_of(name, context)
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def overview(context: click.Context, inner: list[str]) -> str:
    """Give the page of the program."""
    lines = [*head(PROGRAM, 1), section("NAME", f"{PROGRAM} \\- {sentence(cli)}"), *usage(cli, context, PROGRAM)]
    lines.append(".SH COMMANDS")
    for name in inner:
        found = cli.get_command(context, name)
        if found is not None:
            lines += [".TP", rf".BR {quoted(f'{PROGRAM}-{name}')} (1)", plain(sentence(found))]
    lines.append(FILES.rstrip())
    lines += [".SH SEE ALSO", rf".BR {quoted(f'{PROGRAM}.toml')} (5),", rf".BR {quoted(INSTANCE)} (8),"]
    lines += [".BR systemd.unit (5)"]
    return "\n".join(lines) + "\n"


def page_of(name: str, parent: click.Context) -> str:
    """Give the page of one command, with what is below it."""
    command = cli.get_command(parent, name)
    if command is None:
        raise SystemExit(f"{name}: no such command")
    title = f"{PROGRAM}-{name}"
    lines = [*head(title, 1), section("NAME", f"{title} \\- {sentence(command)}")]
    for index, (path, found, context) in enumerate(walk(command, parent, name)):
        lines += usage(found, context, path, first=index == 0)
    lines += [".SH SEE ALSO", rf".BR {quoted(PROGRAM)} (1)"]
    return "\n".join(lines) + "\n"


def walk(
    command: click.Command, parent: click.Context, name: str
) -> Iterator[tuple[str, click.Command, click.Context]]:
    """Give a command and all below it, each with its whole name."""
    context = click.Context(command, parent=parent, info_name=name, **command.context_settings)
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None and not found.hidden:
                yield from walk(found, context, inner)


def usage(command: click.Command, context: click.Context, path: str, *, first: bool = True) -> list[str]:
    """Give how a command is called, what it does, and its options."""
    call = " ".join([rf"\fB{quoted(path)}\fR", *map(plain, command.collect_usage_pieces(context))])
    lines = [".SH SYNOPSIS" if first else f".SH {quoted(path).upper()}", call]
    text = (command.help or "").replace("\f", "\n")
    if text:
        lines += [".SH DESCRIPTION" if first else ".PP", *paragraphs(text)]
    records = (one.get_help_record(context) for one in command.get_params(context))
    shown = [record for record in records if record and record[1]]
    if shown:
        lines.append(".SH OPTIONS" if first else ".PP")
        for names, what in shown:
            lines += [".TP", rf"\fB{plain(names)}\fR", plain(what)]
    return lines


def configuration() -> str:
    """Give the page of the configuration: the commented example is its own explanation."""
    name = f"{PROGRAM}.toml"
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    text = "The configuration of one connector, in TOML. A key that is not known is refused, and the nearest one named."
    return "\n".join([
        *head(name, 5),
        section("NAME", rf"{name} \- configuration of the SPSTI connector"),
        section("DESCRIPTION", text),
        r"\fBspsti\-connector check \-\-config\fR \fIFILE\fR reads it exactly as the service does.",
        ".SH EXAMPLE",
        ".nf",
        *map(plain, example.rstrip().splitlines()),
        ".fi",
        FILES.rstrip(),
        ".SH SEE ALSO",
        rf".BR {quoted(PROGRAM)} (1)",
    ]) + "\n"  # fmt: skip


def instance() -> str:
    """Give the page of the script that prepares one member among several."""
    name = quoted(INSTANCE)
    return "\n".join([
        *head(INSTANCE, 8),
        section("NAME", rf"{INSTANCE} \- prepare one member among several on a machine"),
        ".SH SYNOPSIS",
        rf"\fB{name} create\fR \fIMEMBER\fR",
        ".br",
        rf"\fB{name} list\fR",
        ".br",
        rf"\fB{name} remove\fR \fIMEMBER\fR",
        ".SH DESCRIPTION",
        "A host that runs the connectors of several members gives each a user, folders and a unit of its own, so that",
        "no instance can read another's keys, journal or documents.",
        ".TP",
        r".BI create\~ MEMBER",
        r"Makes the user \fBspsti\-\fR\fIMEMBER\fR, \fI/etc/spsti\-connector\-instances/MEMBER\fR and",
        r"\fI/var/lib/spsti\-connector\-instances/MEMBER\fR, and says the next command. The unit is",
        r"\fBspsti\-connector@\fR\fIMEMBER\fR.",
        ".TP",
        ".B list",
        "Names the members that are prepared.",
        ".TP",
        r".BI remove\~ MEMBER",
        "Takes back what create prepared, once the unit is stopped. Configuration, keys and state stay.",
        ".SH SEE ALSO",
        rf".BR {quoted(PROGRAM)} (1)",
    ]) + "\n"  # fmt: skip


def head(name: str, number: int) -> list[str]:
    """Give the first line; its date is that of the commit."""
    moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]) if "SOURCE_DATE_EPOCH" in os.environ else None)
    return [f'.TH "{name.upper()}" "{number}" "{time.strftime("%Y-%m-%d", moment)}" "{PROGRAM} {__version__}"']


def section(title: str, text: str) -> str:
    """Give a section of one paragraph."""
    return f".SH {title}\n{plain(text) if title != 'NAME' else quoted_name(text)}"


def sentence(command: click.Command) -> str:
    """Give what a command does in one line, as its parent lists it."""
    return command.get_short_help_str(limit=200).rstrip(".")


def paragraphs(text: str) -> Iterator[str]:
    """Give the paragraphs of a help text; one behind click's mark keeps its lines."""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in block.splitlines()]
        if lines[0] == "\b":
            yield ".nf"
            yield from (plain(line) for line in lines[1:])
            yield ".fi"
        else:
            yield plain(" ".join(lines))
        yield ".PP"


def plain(text: str) -> str:
    """Escape a text; a line may not begin as a request of roff does."""
    escaped = quoted(text).replace("'", r"\(aq")
    return rf"\&{escaped}" if escaped.startswith((".", "\\(aq")) else escaped


def quoted(text: str) -> str:
    """Escape backslashes and hyphens: those of commands must stay hyphens when they are copied."""
    return text.replace("\\", r"\e").replace("-", r"\-")


def quoted_name(text: str) -> str:
    """Escape the line that whatis reads: the hyphen between name and description is roff's own."""
    name, _, what = text.partition(r" \- ")
    return rf"{quoted(name)} \- {quoted(what)}"


if __name__ == "__main__":
    main()
