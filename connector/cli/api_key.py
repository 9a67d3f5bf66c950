"""`api-key`: keys of the local API. The key itself is shown once; the configuration keeps its hash only."""

import re
import secrets
from typing import Final

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import choice
from connector.cli.screen import Screen
from connector.core.errors import IdentityFault
from connector.core.practitioner_id import PractitionerId
from connector.local.keys import KEY_BYTES, Scope, key_hash, key_text

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@click.group("api-key")
def command() -> None:
    """Make keys of the local API."""


@command.command("new")
@click.argument("name")
@click.option("--practitioner", "practitioners", multiple=True, metavar="PS_ID", help="May speak for this PS_IdNat.")
@click.option("--scope", "scopes", multiple=True, type=choice(Scope), help="What it opens (default: fetch and status).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def new(*, name: str, practitioners: tuple[str, ...], scopes: tuple[str, ...], as_json: bool) -> None:
    """Print a new key once, and the block of configuration that knows it by its hash.

    Put the key alone into a file that only its user may read, and reload the connector.
    """
    if not _NAME.fullmatch(name):
        raise Fault(
            "NAME: expected lower-case letters, digits, dot, hyphen and underscore, 64 at most", status=Exit.USAGE
        )
    for practitioner in practitioners:
        try:
            PractitionerId.parse(practitioner)
        except IdentityFault as error:
            raise Fault(f"--practitioner: {error.message}", do=error.hint, status=Exit.USAGE) from None
    key = key_text(secrets.token_bytes(KEY_BYTES))
    opens = scopes or (Scope.FETCH.value, Scope.STATUS.value)
    block = _block(name, key_hash(key), practitioners, opens)
    if as_json:
        Screen(as_json=True).result({"name": name, "key": key, "sha256": key_hash(key), "toml": block})
        return
    click.echo("The key, shown this once:", err=True)
    click.echo(key)
    click.echo("\nFor the configuration:\n", err=True)
    click.echo(block)


def _block(name: str, digest: str, practitioners: tuple[str, ...], scopes: tuple[str, ...]) -> str:
    # What is quoted has been checked: it holds nothing that TOML would have to escape.
    listed = ", ".join(f'"{one}"' for one in practitioners)
    opens = ", ".join(f'"{one}"' for one in scopes)
    return f'[[local.keys]]\nname = "{name}"\nsha256 = "{digest}"\npractitioners = [{listed}]\nscopes = [{opens}]'
