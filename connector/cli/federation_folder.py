"""What the commands of `spsti-connector federation` share: the folder, keys, passwords, the clock, words for faults."""

import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import click

from connector.cli.faults import Exit, Fault
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment

if TYPE_CHECKING:
    from connector.directory.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")
PATH: Final = click.Path(path_type=Path)
FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
ENVIRONMENT: Final = click.Choice([each.value for each in Environment])


def telling(function: Callable[P, T]) -> Callable[P, T]:
    """Turn what a command raises on purpose, and what the system refuses it, into words on standard error."""

    @wraps(function)
    def told(*arguments: P.args, **options: P.kwargs) -> T:
        try:
            return function(*arguments, **options)
        except ConfigFault as error:
            heading = error.message.partition("\n")[0].rstrip(":")
            raise Fault(heading, why="; ".join(error.faults), do=error.hint, status=Exit.CONFIG) from None
        except ConnectorError as error:
            raise Fault(error.message, do=error.hint) from None
        except OSError as error:
            what = ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
            raise Fault(what, do="check that file, its owner and the disk") from None

    return told


def now() -> Instant:
    """Give the time."""
    return Instant(int(time.time()))


def password_of(file: Path | None, prompt: str, *, confirm: bool = False) -> bytes:
    """Read a password from its file, or ask for it."""
    if file is not None:
        return file.read_bytes().rstrip(b"\r\n")
    text: str = click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True)
    return text.encode()


folder_option: Final = click.option(
    "-F", "--folder", type=PATH, default=Path("federation"), show_default=True, envvar="SPSTI_FEDERATION",
    help="The federation's folder, carried between operators.",
)  # fmt: skip
keys_option: Final = click.option(
    "--keys", "places", type=click.Path(path_type=Path, exists=True), multiple=True, required=True,
    help="A key file, or the folder of a USB key with *.key files; may be repeated.",
)  # fmt: skip
password_option: Final = click.option(
    "--password-file", type=FILE, help="File with the password of the keys, instead of a prompt."
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def workspace_of(folder: Path) -> "Workspace":
    """Open the federation's folder."""
    from connector.directory.workspace import Workspace

    return Workspace(folder)


def member_of(folder: Path, text: str) -> MemberId:
    """Read a member id as the federation's environment wants it."""
    list_ = workspace_of(folder).needs_published().list_
    return MemberId.parse(text, strict=list_.environment is Environment.PRODUCTION)


def tell_pending(folder: Path) -> None:
    """Say what waits for signatures, and whose."""
    for missing in workspace_of(folder).missing():
        signed = f", signed by {', '.join(missing.signed)}" if missing.signed else ""
        if missing.needed:
            what = f"needs {missing.needed} more of {', '.join(missing.could_sign)}"
        else:
            what = "has its signatures: federation publish"
        click.echo(f"pending: {missing.role} {missing.version} {what}{signed}")
