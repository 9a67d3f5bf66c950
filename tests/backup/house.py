"""A house with something in it, and backups of it; also run by itself, to be killed in the middle of one."""

import hashlib
import io
import sys
import tarfile
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.backup.restoring import Source, restore
from connector.backup.writing import House, Order, take
from connector.config import load
from connector.config.references import References
from connector.core.instant import Instant
from connector.crypto.envelope import EnvelopeWriter, Passphrase, Recipient, RecipientKey
from tests.config.test_load import GOOD
from tests.kit.state import T0, US, HandClock, a_used_mandate, an_entry, an_id, opened, settings_in

# A passphrase is made slow on purpose: most tests use a key.
PRIVATE = X25519PrivateKey.generate()
SEALS, OPENS = Recipient(PRIVATE.public_key()), RecipientKey(PRIVATE)
WORDS = Passphrase("six other words for the keys")
DOCUMENT = b"%PDF-1.7" + b"the record of a worker " * 5000
AT = Instant(T0 + 100)


def house_in(folder: Path) -> House:
    """The house whose state `tests.kit.state` opens in that folder."""
    config = folder / "connector.toml"
    if not config.exists():
        folder.mkdir(exist_ok=True)
        config.write_text(GOOD.replace("credential:master", "master.key").replace('"ledger.key"', '"keys/ledger.key"'))
        (folder / "keys").mkdir()
        for name in ("server.pem", "server.key", "client.p12", "sign.key", "keys/ledger.key", "members.toml"):
            (folder / name).write_text(f"content of {name}")
    return House(load(config).model, config, References(config, None), settings_in(folder))


def order_in(folder: Path, **changes) -> Order:
    """All three parts into a folder: data and epoch keys for a key, the keys under a passphrase."""
    folder.mkdir(exist_ok=True)
    order = Order(folder / "data", SEALS, folder / "keys", WORDS, folder / "epochs", SEALS)
    return replace(order, **changes)


def taken(house: House, order: Order, at: Instant = AT, progress=lambda done, total: None):
    return take(house, order, now=at, backup_id=an_id(), progress=progress)


async def fill(state, entries: int = 3) -> str:
    """Answer some lookups and keep a document; gives its id."""
    for _ in range(entries):
        await state.holder.answer(entry=an_entry(), used=a_used_mandate(), trace=None)
    document = state.vault.create(hashlib.sha256(an_id().encode()).hexdigest()[:32])
    document.write(DOCUMENT)
    await document.finish()
    return state.vault.ids()[-1]


def put_back(folder: Path, into: Path, **changes):
    given = {
        "keys": None,
        "epochs": Source(folder / "epochs", OPENS),
        "state": into / "state",
        "config": None,
        "member": US.value,
        "now": Instant(AT + 1000),
    } | changes
    data = given.pop("data", Source(folder / "data", OPENS))
    into.mkdir(exist_ok=True)
    return restore(data, **given)


def forged(path: Path, about: dict, files, lock=SEALS) -> Path:
    """An archive made by hand, with whatever stands in `files`: names and contents, or whole entries."""
    with path.open("wb") as out:
        envelope = EnvelopeWriter(out, about, lock)
        with tarfile.open(fileobj=envelope, mode="w|") as tar:
            for entry, content in files:
                info = entry if isinstance(entry, tarfile.TarInfo) else tarfile.TarInfo(entry)
                info.size = len(content) if info.isreg() else 0
                tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
        envelope.finish()
    return path


@asynccontextmanager
async def restored_state(into: Path, key: Path, **more):
    settings = replace(settings_in(into.parent), directory=into / "state", master_key=key)
    async with opened(into, HandClock(AT + 2000), settings=settings, **more) as state:
        yield state


def stall(folder: Path) -> None:
    """Take a backup that never gets beyond its first file, and say when it is there."""

    def progress(done: int, total: int) -> None:
        if done > 0:
            sys.stdout.write("half\n")
            sys.stdout.flush()
            time.sleep(600)

    taken(house_in(folder), order_in(folder / "out", keys=None, epochs=None), progress=progress)


if __name__ == "__main__":
    stall(Path(sys.argv[1]))
