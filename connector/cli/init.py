"""`spsti-connector init`: ask the few questions, make keys, requests, the entry for others, the configuration."""

import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from connector.config.newcomer import Newcomer, create
from connector.config.scaffold import AdapterEntry, Answers, KeyPairFiles, PractitionerEntry
from connector.core.errors import ConnectorError
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.practitioner_id import PractitionerId


@dataclass(frozen=True, slots=True)
class _Question:
    option: str
    text: str
    choices: tuple[str, ...] = ()


_QUESTIONS = (
    _Question("member_id", "Struct_IdNat of this service (3 + SIRET, or 1 + FINESS)"),
    _Question("name", "Name of this service"),
    _Question("environment", "Environment", tuple(e.value for e in Environment)),
    _Question("endpoint", "Address that the other services will call (https://HOST[:PORT])"),
    _Question("opposition", "Who says whether a worker objected", ("adapter", "register", "both")),
    _Question("decided_by", "Who decided that (name and function; it is kept with today's date)"),
)


@click.command("init")
@click.option("--directory", type=click.Path(path_type=Path), default=Path(), help="Where to write (default: here).")
@click.option("--member-id", help="Struct_IdNat: 3 + SIRET, or 1 + FINESS.")
@click.option("--name", help="Name of the service.")
@click.option("--environment", type=click.Choice([e.value for e in Environment]), help="production or test.")
@click.option("--endpoint", help="https://HOST[:PORT] that the other services will call.")
@click.option("--town", "towns", multiple=True, help="A town of one of its centres; may be repeated.")
@click.option("--listen", default="0.0.0.0:8443", show_default=True, help="Address the peer endpoint listens on.")
@click.option("--local-listen", default="127.0.0.1:8480", show_default=True, help="Address of the local side.")
@click.option("--opposition", type=click.Choice(["adapter", "register", "both"]), help="Authority on oppositions.")
@click.option("--decided-by", help="Who decided the opposition authority: name and function.")
@click.option("--adapter", help="Entry point of the vendor's adapter, for source and sink.")
@click.option("--trusted-ca", "cas", multiple=True, help="A CA file; give the root's and the issuing CA's.")
@click.option("--crl", "crls", multiple=True, help="A CRL file; give those of both CAs.")
@click.option("--server-pkcs12", help="PKCS#12 of the TLS server certificate (SERV_SSL).")
@click.option("--server-password", help="Reference of its password: a file, or credential:NAME.")
@click.option("--client-pkcs12", help="PKCS#12 of the TLS client certificate (ORG_AUTH_CLI).")
@click.option("--client-password", help="Reference of its password: a file, or credential:NAME.")
@click.option("--practitioner", "practitioners", multiple=True, help="PS_IdNat:profession:NAME; may be repeated.")
@click.pass_context
def command(context: click.Context, /, **given: object) -> None:
    """Make a new member's files under DIRECTORY; nothing that exists is overwritten.

    What is not given by an option is asked. Keys are made here and never leave; where no PKCS#12 file is given, a
    certificate request is written for your authority.
    """
    try:
        options = _complete(given)
        answers = _answers(options)
        endpoint, towns = str(options["endpoint"]), tuple(map(str, _many(options["towns"])))
        folder = Path(str(options["directory"]))
        made = create(folder, answers, endpoint=endpoint.rstrip("/"), towns=towns, now=Instant(int(time.time())))
    except ConnectorError as error:
        click.echo(f"init: {error}", err=True)
        context.exit(1)
    _tell(made, answers)


def _complete(given: dict[str, object]) -> dict[str, object]:
    options = dict(given)
    missing = [question for question in _QUESTIONS if not options.get(question.option)]
    if missing and not sys.stdin.isatty():
        flags = ", ".join("--" + question.option.replace("_", "-") for question in missing)
        raise click.UsageError(f"not a terminal, nobody to ask: give {flags}")
    for question in missing:
        kind = click.Choice(question.choices) if question.choices else None
        options[question.option] = click.prompt(question.text, type=kind)
    return options


def _answers(options: dict[str, object]) -> Answers:
    environment = str(options["environment"])
    identifier = MemberId.parse(str(options["member_id"]), strict=environment == Environment.PRODUCTION)
    adapter = AdapterEntry(str(options["adapter"])) if options["adapter"] else None
    return Answers(
        member_id=identifier.value,
        name=str(options["name"]),
        environment=environment,
        server=_pair(options["server_pkcs12"], options["server_password"]),
        client=_pair(options["client_pkcs12"], options["client_password"]),
        decided_on=datetime.now().astimezone().date(),
        decided_by=str(options["decided_by"]),
        opposition_authority=str(options["opposition"]),
        peer_listen=str(options["listen"]),
        local_listen=str(options["local_listen"]),
        trusted_cas=tuple(map(str, _many(options["cas"]))) or ("ca/root.pem", "ca/issuing.pem"),
        crls=tuple(map(str, _many(options["crls"]))),
        practitioners=tuple(_practitioner(str(text)) for text in _many(options["practitioners"])),
        source=adapter,
        sink=adapter,
    )


def _pair(pkcs12: object, password: object) -> KeyPairFiles:
    # Paths given on the command line start where it was typed, those of the file where the file is.
    def absolute(reference: object) -> str:
        text = str(reference)
        return text if text.startswith("credential:") else str(Path(text).resolve())

    if not pkcs12:
        return KeyPairFiles()
    return KeyPairFiles(pkcs12=absolute(pkcs12), password=absolute(password) if password else "")


def _practitioner(text: str) -> PractitionerEntry:
    identifier, _, rest = text.partition(":")
    profession, _, name = rest.partition(":")
    if profession not in {"physician", "nurse", "intern"} or not name:
        raise click.UsageError("--practitioner: expected PS_IdNat:physician|nurse|intern:NAME")
    return PractitionerEntry(PractitionerId.parse(identifier).value, name, profession)


def _many(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


def _tell(made: Newcomer, answers: Answers) -> None:
    click.echo(f"Configuration: {made.config}")
    click.echo(f"Your entry, to send to the services you exchange with: {made.entry}")
    click.echo(f"The key without which nothing kept here can be read, to copy to a safe: {answers.master_key}")
    steps = [
        *(
            f"send {request} to your certificate authority, put its answer beside it as .pem"
            for request in made.requests
        ),
        f"put the CAs where [peer] trusted_cas says: {', '.join(answers.trusted_cas)}",
        f"paste the other services' entries into {answers.members_file}",
        f"spsti-connector check --config {made.config}",
        f"spsti-connector run --config {made.config}",
    ]
    click.echo("Next:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")
