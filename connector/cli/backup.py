"""`backup` and `restore`: the whole house into three files, each for the safe it belongs to, and back again."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from connector.cli.faults import Exit, Fault
from connector.cli.house import config_option, fault_of
from connector.cli.screen import Screen
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.instant import Instant, rfc3339

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.command("backup")
@click.argument("file", type=_FILE)
@click.option("--keys", type=_FILE, help="Also write the keys and the configuration, to be kept by another person.")
@click.option(
    "--epochs", type=_FILE, help="Also write the epoch keys, always into the same file: no older one may stay."
)
@click.option("--passphrase-file", type=_FILE, help="Passphrase of data and epoch keys (default: asked for).")
@click.option("--recipient", type=_FILE, help="Instead: a public key (X25519, PEM), whose private half is elsewhere.")
@click.option("--keys-passphrase-file", type=_FILE, help="Passphrase of the keys (default: asked for).")
@click.option("--keys-recipient", type=_FILE, help="Instead: a public key of whoever keeps the keys.")
@click.option("--without-documents", is_flag=True, help="Leave the documents of the vault out: they pass in days.")
@config_option
@_JSON
def backup(
    file: Path, *, keys: Path | None, epochs: Path | None, passphrase_file: Path | None, recipient: Path | None,
    keys_passphrase_file: Path | None, keys_recipient: Path | None, without_documents: bool, config: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Take a backup into FILE while the connector runs, as its user, or as root where only root reads the keys.

    Three files, since three people may keep them: the data, the keys (--keys), the epoch keys (--epochs). Each is
    there whole or not at all, and takes the place of the file of its name. Exit status 0: taken.
    """
    from connector.backup.writing import House, Order, take
    from connector.config.load import load
    from connector.config.references import References
    from connector.core.ports import new_id
    from connector.daemon.run import credentials_directory
    from connector.daemon.system import SystemEntropy
    from connector.store.settings import StateSettings

    named = [path.resolve() for path in (file, keys, epochs) if path is not None]
    if len(set(named)) < len(named):
        raise click.UsageError("FILE, --keys and --epochs: got one file twice, expected one for each part")
    try:
        loaded = load(config)
        references = References(config, credentials_directory(config))
        directory = references.path(loaded.model.state.directory)
        # The master key is only copied, never used here: where systemd alone has it, the rest can still be taken.
        house = House(loaded.model, config, references, StateSettings(directory, Path(loaded.model.state.master_key)))
        data_lock = _lock(passphrase_file, recipient, "data and epoch keys")
        keys_lock = _lock(keys_passphrase_file, keys_recipient, "keys") if keys is not None else None
        order = Order(file, data_lock, keys, keys_lock, epochs, data_lock, documents=not without_documents)
        with _bar("backup") as progress:
            taken = take(
                house, order, now=Instant(int(time.time())), backup_id=new_id(SystemEntropy()), progress=progress
            )
    except ConfigFault as error:
        raise fault_of(error) from None
    except ConnectorError as error:
        raise Fault(error.message, do=error.hint) from None
    screen = Screen(as_json=as_json)
    if as_json:
        screen.result({"files": {part.value: size for part, size in taken.files.items()}, "left_out": taken.left_out})
        return
    screen.facts([(part.value, f"{size} bytes") for part, size in taken.files.items()])
    for name in taken.left_out:
        click.echo(f"left out, keep it yourself: {name}", err=True)
    if epochs is None:
        click.echo("No --epochs: from this alone, nobody will read the personal part of the journal.", err=True)


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--keys", type=_FILE, help="The file of the keys that was taken with it.")
@click.option("--epochs", type=_FILE, help="The newest file of epoch keys.")
@click.option("--state", type=_FOLDER, help="The state directory to make; it must not be there yet.")
@click.option("--config-into", type=_FOLDER, help="The directory to make for configuration and keys (--keys).")
@click.option("--member", metavar="ID", help="Refuse a backup of another member than this one.")
@click.option("--rehearse", is_flag=True, help="Restore below a directory that is removed again: does it all open?")
@click.option("--passphrase-file", type=_FILE, help="Passphrase of data and epoch keys (default: asked for).")
@click.option("--identity", type=_FILE, help="Instead: the private key that it was taken for.")
@click.option("--keys-passphrase-file", type=_FILE, help="Passphrase of the keys (default: asked for).")
@click.option("--keys-identity", type=_FILE, help="Instead: the private key that the keys were taken for.")
@_JSON
def restore(
    file: Path, *, keys: Path | None, epochs: Path | None, state: Path | None, config_into: Path | None,
    member: str | None, rehearse: bool, as_json: bool, **secrets: Path | None,
) -> None:  # fmt: skip
    """Put a backup back, the connector being stopped, into directories that are not there yet.

    The restored house answers nobody before `journal succeed`: what it signed since the backup is known to others and
    lost here. Objections that workers made since must be entered again.
    """
    from connector.backup.restoring import Source

    if rehearse == (state is not None):
        raise Fault("restore: expected either --state or --rehearse", status=Exit.USAGE)
    if keys is not None and config_into is None and not rehearse:
        raise Fault("restore: --keys needs --config-into", status=Exit.USAGE)
    try:
        lock = _key(secrets["passphrase_file"], secrets["identity"], "data and epoch keys")
        found = Source(file, lock)
        key_source = None
        if keys is not None:
            key_source = Source(keys, _key(secrets["keys_passphrase_file"], secrets["keys_identity"], "keys"))
        epoch_source = Source(epochs, lock) if epochs is not None else None
        given = {"keys": key_source, "epochs": epoch_source, "member": member}
        if state is not None:
            said = _put_back(found, given, state, config_into)
        else:
            with tempfile.TemporaryDirectory(prefix="spsti-rehearsal-") as folder:
                place = Path(folder)
                said = _put_back(found, given, place / "state", place / "config") | {"rehearsed": True}
    except ConnectorError as error:
        raise Fault(error.message, do=error.hint) from None
    if as_json:
        Screen(as_json=True).result(said)
        return
    Screen(as_json=False).facts([(name, value) for name, value in said.items() if name != "elsewhere"])
    for reference, path in said["elsewhere"].items():
        click.echo(f"{path} was {reference}: put it back there", err=True)
    if not rehearse:
        for made in (state, config_into if keys is not None else None):
            if made is not None and made.stat().st_uid == 0:
                click.echo(f"{made} is root's: give it to the connector's user, chown -R USER: {made}", err=True)
        click.echo("Next: spsti-connector check, run, then two people: spsti-connector journal succeed", err=True)


def _put_back(found: Any, given: dict[str, Any], state: Path, config: Path | None) -> dict[str, Any]:  # noqa: ANN401
    from connector.backup.restoring import restore as put_back

    now = Instant(int(time.time()))
    config = config if given["keys"] is not None else None
    restored = put_back(found, state=state, config=config, now=now, **given)
    return {
        "member": restored.about.member,
        "taken_at": rfc3339(restored.about.taken_at),
        "schema": restored.state.schema,
        **{f"entries_{tree}": count for tree, count in sorted(restored.state.entries.items())},
        "elsewhere": {reference: str(path) for reference, path in restored.placed},
    }


def _lock(passphrase_file: Path | None, recipient: Path | None, what: str) -> Any:  # noqa: ANN401 - either kind
    from connector.crypto.envelope import Passphrase, Recipient

    if recipient is not None:
        if passphrase_file is not None:
            raise Fault(f"{what}: expected a passphrase or a recipient", status=Exit.USAGE)
        return Recipient.load(_read(recipient))
    return Passphrase(_secret(passphrase_file, what, confirms=True))


def _key(passphrase_file: Path | None, identity: Path | None, what: str) -> Any:  # noqa: ANN401 - either kind
    from connector.crypto.envelope import Passphrase, RecipientKey

    if identity is not None:
        if passphrase_file is not None:
            raise Fault(f"{what}: expected a passphrase or a private key", status=Exit.USAGE)
        return RecipientKey.load(_read(identity))
    return Passphrase(_secret(passphrase_file, what, confirms=False))


def _secret(path: Path | None, what: str, *, confirms: bool) -> str:
    if path is not None:
        from connector.crypto.keys import password_in

        return password_in(_read(path)).decode(errors="replace")
    if not sys.stdin.isatty():
        raise Fault(f"passphrase of the {what}: nobody is there to be asked", do="--passphrase-file", status=Exit.USAGE)
    text: str = click.prompt(f"Passphrase of the {what}", hide_input=True, confirmation_prompt=confirms, err=True)
    return text


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Fault(f"{path}: cannot be read", why=error.strerror or "", status=Exit.USAGE) from None


class _bar:  # noqa: N801 - used as a function
    """A bar on standard error where that is a terminal, else nothing."""

    def __init__(self, label: str) -> None:
        self._bar: Any = None
        self._label = label

    def __enter__(self) -> Callable[[int, int], None]:
        if sys.stderr.isatty():
            self._bar = click.progressbar(length=1, label=self._label, file=sys.stderr)
            self._bar.__enter__()
        return self._tell

    def __exit__(self, *raised: object) -> None:
        if self._bar is not None:
            self._bar.__exit__(*raised)

    def _tell(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.length = max(total, 1)
            self._bar.update(done - self._bar.pos)
