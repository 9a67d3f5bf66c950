"""What a person needs to try the pages of a running sandbox: an address, accounts, and a worker that is ready."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click

from connector.core import datamatrix
from spsti_sandbox import people
from spsti_sandbox.account import Account
from spsti_sandbox.cast import cast
from spsti_sandbox.federation import NURSE, PHYSICIAN, TOWNS, Federation
from spsti_sandbox.service import Service
from spsti_sandbox.vendor_db import AS_OF

_FILE: Final = "accounts.json"
_STAFF: Final = ("identity-officer", "administrator", "auditor", "dpo")


async def open_pages(federation: Federation, account: Account) -> None:
    """Make accounts at the service that asks, and say how to come in and whom to try."""
    letter = "c" if "c" in federation.services else list(federation.services)[-1]
    service = federation.services[letter]
    accounts = [
        await people.enrol(service, f"Dr {PHYSICIAN.name}", ["physician"], "camille", practitioner=PHYSICIAN.id),
        await people.enrol(service, NURSE.name, ["nurse"], "dominique", practitioner=NURSE.id),
        await people.enrol(service, "Claude ACCUEIL", ["assistant"], "claude"),
        await people.enrol(service, "Sacha RESEAU", _STAFF, "sacha"),
    ]
    _keep(service, accounts)
    worker = cast(AS_OF).newer_at_b.asked
    others = [TOWNS[other] for other in federation.services if other != letter]
    account.title("The pages, for people")
    account.line(f"address:  {service.local_url}/   ({service.name})")
    account.table(
        ("login", "password", "who", "what they see"),
        [
            (one.login, one.password, one.name, what)
            for one, what in zip(
                accounts,
                (
                    "fetches and reads",
                    "fetches and reads",
                    "prepares, never reads",
                    "status, journal, identities, people",
                ),
                strict=True,
            )
        ],
    )
    account.line("second factor: spsti-sandbox code camille   (in .venv/bin; or add the secret of accounts.json)")
    account.line(f"a code for camille, good for a minute: {accounts[0].code()}")
    account.line("")
    account.line(
        f"a worker to try: {worker.traits.birth_name} {' '.join(worker.traits.birth_given_names)}; as a scanner"
    )
    account.line("types the INS label (paste it into the first field, then Enter):")
    account.line(f"    {datamatrix.encode(worker).replace(datamatrix.GS, '<GS>')}")
    account.line(f"verified with INSi on {worker.verified_on}; ask the services of {' and '.join(others)}.")


@click.command("code")
@click.argument("login")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(".demo"), show_default=True,
    help="Where the sandbox runs.",
)  # fmt: skip
def code(login: str, folder: Path) -> None:
    """Print the code that the authenticator of LOGIN would show now."""
    for path in (folder / "federation").glob(f"service-*/{_FILE}"):
        for kept in json.loads(path.read_text(encoding="utf-8")):
            if kept["login"] == login:
                click.echo(people.Account(**kept).code())
                return
    message = f"no account of {login} in {folder}: is the sandbox running there?"
    raise click.ClickException(message)


def _keep(service: Service, accounts: list[people.Account]) -> None:
    path = service.folder / _FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps([asdict(one) for one in accounts], indent=1), encoding="utf-8")
