"""`spsti-connector init`: ask the few questions, make keys, requests, the entry for others, the configuration."""

import os
import sys
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import click

from connector.cli.options import fault_language
from connector.cli.text import clean
from connector.config.given_files import looked_into
from connector.config.layout import CREDENTIAL, SYSTEM, Layout, of_instance, place_of
from connector.config.newcomer import ENTRY_KEY, Joining, Newcomer, create
from connector.config.scaffold import AdapterEntry, Answers, KeyPairFiles, PractitionerEntry
from connector.core.directory import Contact
from connector.core.errors import ConfigFault, ConnectorError
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
_COPY = _Question("directory_urls", "Address of the federation's directory (https://HOST/PATH/), as its operators say")
_CONTACT_PARTS = "technical|security|dpo|medical:ADDRESS of a function"
_SHORTEST_PASSWORD = 12


@click.command("init")
@click.option("--directory", type=click.Path(path_type=Path), help="Where to write (default: here).")
@click.option("--system", is_flag=True, help="For the packaged service: /etc/spsti-connector, keys as credentials.")
@click.option("--instance", metavar="MEMBER", help="For spsti-connector@MEMBER, one service among several.")
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
@click.option("--signing-pkcs12", help="PKCS#12 of the signing certificate (ORG_SIGN); none: a key is made.")
@click.option("--signing-password", help="Its password: a file.")
@click.option("--trial", is_flag=True, help="No federation: a members file, between services that know each other.")
@click.option(
    "--directory-url", "directory_urls", multiple=True, help="Address of the federation's directory; may be repeated."
)
@click.option(
    "--size-class",
    type=click.Choice(["S", "M", "L", "XL"]),
    help="Workers followed: under 50,000, 150,000, 500,000, or more.",
)
@click.option("--mssante", default="", help="Functional MSSanté mailbox.")
@click.option("--contact", "contacts", multiple=True, help=f"{_CONTACT_PARTS}; may be repeated.")
@click.option("--acronym", "acronyms", multiple=True, help="May be repeated.")
@click.option("--departement", "departements", multiple=True, help="Code, such as 44; may be repeated.")
@click.option("--sector", "sectors", multiple=True, help="Sector of activity; may be repeated.")
@click.option(
    "--entry-password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the password of the key that signs your entry (default: a prompt).",
)
@click.option("--practitioner", "practitioners", multiple=True, help="PS_IdNat:profession:NAME; may be repeated.")
@click.pass_context
def command(context: click.Context, /, **given: object) -> None:
    """Make a new member's files under DIRECTORY; nothing that exists is overwritten.

    What is not given by an option is asked. Keys are made here and never leave; where no PKCS#12 file is given, a
    certificate request is written for your authority. Unless it is a trial, a join request for a federation is made.
    """
    try:
        layout = _layout(given)
        options = _complete(given)
        answers = _answers(options, layout)
        endpoint, towns = str(options["endpoint"]), tuple(map(str, _many(options["towns"])))
        folder = Path(str(options["directory"] or (layout.folder if layout else ".")))
        made = create(
            folder,
            answers,
            endpoint=endpoint.rstrip("/"),
            towns=towns,
            now=Instant(int(time.time())),
            joining=None if options["trial"] else _joining(options),
        )
    except ConfigFault as error:
        for fault in error.details:
            click.echo(f"init: {clean(fault.whole(fault_language()))}", err=True)
        context.exit(1)
    except ConnectorError as error:
        click.echo(f"init: {error}", err=True)
        context.exit(1)
    for line in looked_into(answers):
        click.echo(line)
    _tell(made, answers, layout)


def _layout(given: dict[str, object]) -> Layout | None:
    """Give the layout of the packaged service, None for a folder anywhere."""
    instance = given["instance"]
    layout = of_instance(str(instance)) if instance else SYSTEM if given["system"] else None
    if layout is not None and given["directory"] is None and not os.access(layout.folder, os.W_OK):
        kind = "init.folder-instance" if instance else "init.folder-system"
        raise ConfigFault.of(kind, folder=str(layout.folder), instance=str(instance))
    return layout


def _complete(given: dict[str, object]) -> dict[str, object]:
    options = dict(given)
    questions = _QUESTIONS if options["trial"] else (*_QUESTIONS, _COPY)
    missing = [question for question in questions if not options.get(question.option)]
    if missing and not sys.stdin.isatty():
        flags = ", ".join(_flag(question.option) for question in missing)
        raise click.UsageError(f"not a terminal, nobody to ask: give {flags}")
    for question in missing:
        kind = click.Choice(question.choices) if question.choices else None
        answer = click.prompt(question.text, type=kind)
        options[question.option] = (answer,) if question is _COPY else answer
    return options


def _flag(option: str) -> str:
    return "--directory-url or --trial" if option == _COPY.option else "--" + option.replace("_", "-")


def _joining(options: dict[str, object]) -> Joining:
    return Joining(
        environment=Environment(str(options["environment"])),
        password=_entry_password(options["entry_password_file"]),
        size_class=str(options["size_class"] or ""),
        mssante=str(options["mssante"]),
        contacts=tuple(_contact(text) for text in _texts(options["contacts"])),
        acronyms=_texts(options["acronyms"]),
        departements=_texts(options["departements"]),
        sectors=_texts(options["sectors"]),
    )


def _entry_password(file: object) -> bytes:
    if isinstance(file, Path):
        password = file.read_bytes().rstrip(b"\r\n")
    elif sys.stdin.isatty():
        text = "Password of the key that signs your entry"
        password = str(click.prompt(text, hide_input=True, confirmation_prompt=True, err=True)).encode()
    else:
        raise click.UsageError("not a terminal, nobody to ask: give --entry-password-file")
    if len(password) < _SHORTEST_PASSWORD:
        raise click.UsageError(f"password of the entry key: expected at least {_SHORTEST_PASSWORD} characters")
    return password


def _contact(text: str) -> Contact:
    role, _, address = text.partition(":")
    if not address:
        raise click.UsageError(f"--contact: expected {_CONTACT_PARTS}")
    return Contact(role, address)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, _many(value)))


def _answers(options: dict[str, object], layout: Layout | None) -> Answers:
    environment = str(options["environment"])
    identifier = MemberId.parse(str(options["member_id"]), strict=environment == Environment.PRODUCTION)
    adapter = AdapterEntry(str(options["adapter"])) if options["adapter"] else None
    answers = Answers(
        member_id=identifier.value,
        name=str(options["name"]),
        environment=environment,
        server=_pair(options["server_pkcs12"], options["server_password"]),
        client=_pair(options["client_pkcs12"], options["client_password"]),
        signing=_pair(options["signing_pkcs12"], options["signing_password"]),
        decided_on=datetime.now().astimezone().date(),
        decided_by=str(options["decided_by"]),
        opposition_authority=str(options["opposition"]),
        peer_listen=str(options["listen"]),
        local_listen=str(options["local_listen"]),
        trusted_cas=tuple(map(str, _many(options["cas"]))) or ("ca/root.pem", "ca/issuing.pem"),
        crls=tuple(map(str, _many(options["crls"]))),
        directory_urls=() if options["trial"] else _texts(options["directory_urls"]),
        practitioners=tuple(_practitioner(str(text)) for text in _many(options["practitioners"])),
        source=adapter,
        sink=adapter,
    )
    if layout is None:
        return answers
    return replace(
        answers,
        signing_key=f"{CREDENTIAL}sign-key",
        ledger_key=f"{CREDENTIAL}ledger-key",
        master_key=f"{CREDENTIAL}master-key",
        state_directory=str(layout.state),
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


def _tell(made: Newcomer, answers: Answers, layout: Layout | None) -> None:
    click.echo(f"Configuration: {made.config}")
    whose = "to sign anew after each change" if made.join_request else "to send to the services you exchange with"
    click.echo(f"Your entry, {whose}: {made.entry}")
    master_key = place_of(made.config.parent, answers.master_key)
    click.echo(f"The key without which nothing kept here can be read, to copy to a safe: {master_key}")
    certificates = [
        *(
            f"send {request} to your certificate authority, put its answer beside it as .pem"
            for request in made.requests
        ),
        f"put the CAs where [peer] trusted_cas says: {', '.join(answers.trusted_cas)}",
    ]
    others = [f"paste the other services' entries into {answers.members_file}"]
    if made.join_request is not None:
        others = _tell_request(made.join_request, answers)
    steps = [
        *certificates,
        *others,
        f"spsti-connector check --config {made.config}",
        f"systemctl enable --now {layout.unit}" if layout else f"spsti-connector run --config {made.config}",
    ]
    click.echo("Next:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")


def _tell_request(request: Path, answers: Answers) -> list[str]:
    """Tell of the join request; give the steps that it is part of."""
    from connector.directory.joining import read_request

    asked = read_request(request.read_bytes(), Instant(int(time.time())))
    click.echo(f"Your join request, in which nothing is secret: {request}")
    click.echo(f"Its fingerprint, to read out when an operator calls: {asked.fingerprint}")
    click.echo(f"The key that signs your entry, to keep on a USB key, with a copy in a safe: {ENTRY_KEY}")
    return [
        "send the join request to an operator of the federation",
        f"put the root file that comes back where [directory] root says: {answers.root_file}",
    ]
