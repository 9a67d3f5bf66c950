"""The part of `spsti-connector federation` that publishes: once by hand, or by itself for years."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from connector.cli.faults import Fault
from connector.cli.federation_folder import (
    FILE,
    folder_option,
    keys_option,
    now,
    password_of,
    password_option,
    telling,
    workspace_of,
)
from connector.cli.screen import note
from connector.core.errors import ConnectorError
from connector.core.instant import rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment

if TYPE_CHECKING:
    from connector.directory.fetch import Source
    from connector.directory.publishing import Publication

_OLDEST_TLS: Final = ssl.TLSVersion.TLSv1_3


@click.command("publish")
@folder_option
@keys_option
@password_option
@telling
def publish(folder: Path, places: tuple[Path, ...], password_file: Path | None) -> None:
    """Publish all that is completely signed, with a publisher's key; the copy is FOLDER/repository."""
    from connector.directory.keyring import signers_in
    from connector.directory.publishing import publish as put_in_force
    from connector.directory.publishing import root_fingerprint

    workspace = workspace_of(folder)
    publication = put_in_force(workspace, signers_in(places, password_of(password_file, "Password of the key")), now())
    _tell_publication(publication)
    click.echo(f"Copy to serve: {workspace.repository}")
    click.echo(f"Root file for members: {workspace.folder / 'root.json'}")
    click.echo(f"Its fingerprint: {root_fingerprint(workspace.needs_published().roots[-1])}")


@click.command("publisher")
@folder_option
@keys_option
@password_option
@click.option("--copy", "copies", multiple=True, help="Address of another publisher's copy; may be repeated.")
@click.option("--every", type=click.IntRange(10), default=300, show_default=True, help="Seconds between two rounds.")
@click.option("--once", is_flag=True, help="One round, then end.")
@click.option("--tls-ca", type=FILE, help="CAs of the members' endpoints (PEM), to ask members for their entries.")
@click.option("--tls-certificate", type=FILE, help="Our client certificate for members' endpoints (PEM).")
@click.option("--tls-key", type=FILE, help="Its key (PEM).")
@telling
def publisher(
    folder: Path,
    places: tuple[Path, ...],
    password_file: Path | None,
    copies: tuple[str, ...],
    every: int,
    once: bool,
    tls_ca: Path | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
) -> None:
    """Publish by itself, for years: members' renewed entries, suspensions, and a timestamp every day."""
    import threading

    from connector.directory.keyring import signers_in
    from connector.directory.publishing import publisher_round

    workspace = workspace_of(folder)
    environment = workspace.needs_published().list_.environment
    signers = signers_in(places, password_of(password_file, "Password of the key"))
    sources = [copy_source(url, environment) for url in copies]
    members = _members_sources(tls_ca, tls_certificate, tls_key)
    while True:
        try:
            publication = publisher_round(workspace, signers, now(), sources, members)
        except (ConnectorError, OSError) as error:  # a disk that is full today is not tomorrow
            if once:
                raise
            note(f"{rfc3339(now())}: {error}")
        else:
            _tell_publication(publication)
        if once:
            return
        threading.Event().wait(every)


def copy_source(url: str, environment: Environment) -> "Source":
    """Give how an operators' copy is reached: TLS 1.3 with the system's authorities, plain HTTP only in a test."""
    from connector.directory.fetch import Source

    url = url if url.endswith("/") else f"{url}/"
    if url.startswith("http://") and environment is Environment.TEST:
        return Source(url, url)
    context = ssl.create_default_context()
    context.minimum_version = _OLDEST_TLS
    return Source(url, url, context)


def _members_sources(
    ca: Path | None, certificate: Path | None, key: Path | None
) -> "Callable[[MemberId, str], Source | None]":
    if ca is None and certificate is None and key is None:
        return lambda _member, _endpoint: None
    if ca is None or certificate is None or key is None:
        raise click.UsageError("give --tls-ca, --tls-certificate and --tls-key together, or none of them")
    from connector.directory.fetch import Source

    try:
        context = ssl.create_default_context(cafile=str(ca))
        context.load_cert_chain(certificate, key)
    except OSError as error:
        files = f"{ca}, {certificate}, {key}"
        raise Fault(f"{files}: no CAs, certificate and its key in PEM ({error.strerror or error})") from None
    context.minimum_version = _OLDEST_TLS
    return lambda member, endpoint: Source(member.value, endpoint + "/directory/", context)


def _tell_publication(publication: "Publication") -> None:
    if publication.version is not None:
        taken = f": {', '.join(publication.taken)}" if publication.taken else ""
        click.echo(f"{rfc3339(now())} published {publication.version}{taken}")
    for text in publication.refused:
        note(f"refused: {text}")
    for mirror in publication.mirrors:
        note(f"{mirror.source}: {mirror.refusal}: {mirror.detail}")
    for missing in publication.waiting:
        note(f"{missing.role} {missing.version} still needs {missing.needed} of {', '.join(missing.could_sign)}")


COMMANDS: Final = (publish, publisher)
