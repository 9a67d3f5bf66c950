"""A backup taken while the house runs opens elsewhere, whole, and is never answered from as if nothing had been."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.backup.parts import Part
from connector.backup.reading import about_of, extract
from connector.backup.restoring import Source
from connector.config.references import References
from connector.core.codes import Code
from connector.core.errors import ConfigFault, FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryType, Tree
from connector.core.units import DAY_SECONDS
from connector.crypto.envelope import MIN_PASSPHRASE, Passphrase, Recipient, RecipientKey
from connector.store.backup_note import last_backup
from connector.store.copying import standing_of
from tests.backup.house import (
    AT,
    DOCUMENT,
    OPENS,
    WORDS,
    fill,
    forged,
    house_in,
    order_in,
    put_back,
    restored_state,
    taken,
)
from tests.kit.state import PEER, US, HandClock, a_used_mandate, an_entry, an_id, opened

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    """A house, and a backup of it that tests only read: its folder, and the id of its document."""
    folder = tmp_path_factory.mktemp("house")
    house = house_in(folder)

    async def make():
        async with opened(folder) as state:
            document = await fill(state)
            await asyncio.to_thread(taken, house, order_in(folder / "out"))
        return document

    return folder / "out", asyncio.run(make())


async def test_a_rehearsal_restores_elsewhere_what_the_house_held_at_that_instant(backup, tmp_path):
    out, document = backup
    given = {"keys": Source(out / "keys", WORDS), "config": tmp_path / "new" / "config"}
    restored = put_back(out, tmp_path / "new", **given)
    master = tmp_path / "new" / "config" / "master.key"

    assert restored.state.entries == {"exchange": 3}
    async with restored_state(tmp_path / "new", master) as state:
        report = await state.journal.verify()
        entries = await state.journal.entries(Tree.EXCHANGE, limit=10)
        assert report.is_sound
        assert [entry.personal["name"] for entry in entries] == ["CATARINA"] * 3
        assert b"".join(state.vault.read(document)) == DOCUMENT


async def test_a_restored_house_answers_nobody_before_its_ledgers_are_succeeded(backup, tmp_path):
    put_back(backup[0], tmp_path / "new")
    master = backup[0].parent / "master.key"
    for _ in range(2):  # a restart changes nothing
        async with restored_state(tmp_path / "new", master) as state:
            assert "restored from a backup of 2026-11-23" in state.ready()
            with pytest.raises(FailedClosed) as caught:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate(), trace=None)
            assert caught.value.code is Code.LEDGER_UNAVAILABLE
            assert "journal succeed" in caught.value.hint
    assert standing_of(tmp_path / "new" / "state" / "state.db").restored_from == AT

    async with restored_state(tmp_path / "new", master) as state:
        await state.witness.succeed(an_entry(EntryType.SUCCEEDED, peer=None, workers=()), 2)
        state.journal.halt(None)
        await state.holder.answer(entry=an_entry(), used=a_used_mandate(), trace=None)
        assert "/2\n" in await state.journal.checkpoint(Tree.EXCHANGE)
    async with restored_state(tmp_path / "new", master) as state:
        assert state.ready() is None
    assert standing_of(tmp_path / "new" / "state" / "state.db").restored_from is None


async def test_it_is_taken_while_others_write_and_stops_nobody(tmp_path):
    house = house_in(tmp_path)
    async with opened(tmp_path) as state:
        await fill(state)
        taking = asyncio.create_task(asyncio.to_thread(taken, house, order_in(tmp_path / "out")))
        written = 3
        while not taking.done():
            await state.holder.answer(entry=an_entry(), used=a_used_mandate(), trace=None)
            written += 1
        await taking
    restored = put_back(tmp_path / "out", tmp_path / "new")

    assert 3 <= restored.state.entries["exchange"] <= written
    note = last_backup(house.state.directory)
    assert (note.at, note.with_keys, note.with_epochs) == (AT, True, True)
    assert [path.name for path in house.state.backups.iterdir()] == []


async def test_an_epoch_that_begins_during_a_backup_costs_no_entry_its_key(tmp_path):
    """The first key of a day is made between two files of the backup, as at midnight."""
    clock = HandClock()
    house, order = house_in(tmp_path), order_in(tmp_path / "out", keys=None)
    async with opened(tmp_path, clock) as state:
        await fill(state)
        loop, begun = asyncio.get_running_loop(), []

        def progress(done, total):
            if not begun:
                begun.append(total)
                clock.at += 8 * DAY_SECONDS  # of a new day and of a new month
                answer = state.holder.answer(entry=an_entry(at=clock.now()), used=a_used_mandate(), trace=None)
                asyncio.run_coroutine_threadsafe(answer, loop).result()

        await asyncio.to_thread(taken, house, order, progress=progress)
        epochs = len(list(house.state.epochs.glob("*")))
    put_back(tmp_path / "out", tmp_path / "new")

    assert len(list((tmp_path / "new" / "state" / "epochs").glob("*"))) < epochs  # it began after the keys were listed
    settings = replace(house.state, directory=tmp_path / "new" / "state")
    async with opened(tmp_path / "new", clock, settings=settings) as state:
        entries = await state.journal.entries(Tree.EXCHANGE, limit=10)
        assert [(entry.personal or {}).get("name") for entry in entries] == ["CATARINA"] * 3


def test_a_second_backup_at_the_same_time_is_refused_and_leaves_the_first_alone(backup, tmp_path):
    folder = tmp_path / "house"
    shutil.copytree(backup[0].parent, folder, ignore=shutil.ignore_patterns("out"))
    house, order, caught = house_in(folder), order_in(folder / "out"), []

    def progress(done, total):
        if done > 0 and not caught:  # its first file is half written
            with pytest.raises(FailedClosed, match="another backup of this house is under way") as refused:
                taken(house, order, at=Instant(AT + 60))
            caught.append(refused.value.hint)

    taken(house, order, progress=progress)
    assert caught == ["wait until the other has ended"]
    assert {part.value: about_of(folder / "out" / part).taken_at for part in Part} == dict.fromkeys(
        (part.value for part in Part), AT
    )
    put_back(folder / "out", tmp_path / "new")
    assert list(house.state.backups.iterdir()) == []
    taken(house, order, at=Instant(AT + 60))


def contents(path, lock, part, tmp_path) -> dict[str, bytes]:
    into = tmp_path / f"look-{part}"
    into.mkdir()
    extract(path, lock, part, into)
    return {one.relative_to(into).as_posix(): one.read_bytes() for one in into.rglob("*") if one.is_file()}


def test_each_part_holds_its_own_and_nothing_of_the_others(backup, tmp_path):
    out, document = backup
    master = (out.parent / "master.key").read_bytes()
    data = contents(out / "data", OPENS, Part.DATA, tmp_path)
    keys = contents(out / "keys", WORDS, Part.KEYS, tmp_path)
    epochs = contents(out / "epochs", OPENS, Part.EPOCHS, tmp_path)

    assert {"state/state.db", f"state/vault/{document}"} <= set(data)
    assert not [name for name in data if "epochs" in name or "backups" in name or name.endswith((".key", "lock"))]
    assert not [name for name, content in (data | epochs).items() if master.strip() in content]
    assert "config.toml" in keys
    assert master in keys.values()
    assert b"content of sign.key" in keys.values()
    assert [name.split("/")[0] for name in epochs] == ["epochs"] * len(epochs)
    assert epochs


def test_what_systemd_alone_can_read_is_named_as_left_out(tmp_path):
    house = house_in(tmp_path)

    async def make():
        async with opened(tmp_path) as state:
            await fill(state)

    asyncio.run(make())
    assert taken(house, order_in(tmp_path / "out")).left_out == ("credential:client-password",)


def test_what_systemd_hands_over_comes_back_beside_the_configuration(tmp_path):
    house = house_in(tmp_path)
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "client-password").write_text("geheim")

    async def make():
        async with opened(tmp_path) as state:
            await fill(state)

    asyncio.run(make())
    given = replace(house, references=References(house.config, tmp_path / "credentials"))
    assert taken(given, order_in(tmp_path / "out")).left_out == ()
    keys = Source(tmp_path / "out" / "keys", WORDS)
    put_back(tmp_path / "out", tmp_path / "new", keys=keys, config=tmp_path / "new" / "config")

    assert (tmp_path / "new" / "config" / "credentials" / "client-password").read_text() == "geheim"


def test_keys_come_back_under_their_names_beside_the_configuration(backup, tmp_path):
    keys = Source(backup[0] / "keys", WORDS)
    put_back(backup[0], tmp_path / "new", keys=keys, config=tmp_path / "new" / "config")

    config = tmp_path / "new" / "config"
    assert (config / "keys" / "ledger.key").read_text() == "content of keys/ledger.key"
    assert (config / "config.toml").read_text() == (backup[0].parent / "connector.toml").read_text()
    assert {oct(path.stat().st_mode)[-3:] for path in config.rglob("*") if path.is_file()} == {"600"}
    assert not (config / "files").exists()


@pytest.mark.needs_root
@pytest.mark.parametrize("is_there", [True, False])
def test_what_root_restores_belongs_to_the_service_so_that_it_starts(backup, tmp_path, is_there):
    """As with `StateDirectory=`, an empty directory says whose it is; else the one that it lies in does."""
    new = tmp_path / "new"
    owned = [new / "state", new / "config"] if is_there else [new]
    for folder in owned:
        folder.mkdir(parents=True)
        os.chown(folder, 65534, 65534)
    put_back(backup[0], new, keys=Source(backup[0] / "keys", WORDS), config=new / "config")

    made = [path for top in (new / "state", new / "config") for path in (top, *top.rglob("*"))]
    assert new / "state" / "state.db" in made
    assert [path for path in made if (path.stat().st_uid, path.stat().st_gid) != (65534, 65534)] == []


def test_it_can_be_taken_for_a_key_that_is_kept_elsewhere(backup, tmp_path):
    private = X25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    order = order_in(tmp_path / "out", data_lock=Recipient.load(public), keys=None, epochs=None)
    taken(house_in(backup[0].parent), order)
    given = {"epochs": None}

    other = RecipientKey(X25519PrivateKey.generate())
    with pytest.raises(FailedClosed, match="wrong private key"):
        put_back(tmp_path / "out", tmp_path / "a", data=Source(tmp_path / "out" / "data", other), **given)
    mine = Source(tmp_path / "out" / "data", RecipientKey.load(pem))
    assert put_back(tmp_path / "out", tmp_path / "a", data=mine, **given).about.member == US.value
    for wrong in (public, b"no key"):
        with pytest.raises(ConfigFault):
            RecipientKey.load(wrong)
        with pytest.raises(ConfigFault):
            Recipient.load(pem)


# ---------------------------------------------------------------- refused


def refused(out, tmp_path, *words, **changes):
    with pytest.raises(FailedClosed) as caught:
        put_back(out, tmp_path / "new", **changes)
    assert not [word for word in words if word not in caught.value.message], caught.value.message
    assert caught.value.hint
    assert list((tmp_path / "new").iterdir()) == []


def test_a_wrong_passphrase_opens_nothing(backup, tmp_path):
    wrong = Source(backup[0] / "keys", Passphrase("six other words for the key"))
    given = {"keys": wrong, "config": tmp_path / "new" / "config"}
    refused(backup[0], tmp_path, "wrong passphrase", **given)
    of_another_kind = Source(backup[0] / "data", WORDS)
    refused(backup[0], tmp_path, "opened by the private key of its recipient", data=of_another_kind)


def test_a_passphrase_that_is_too_short_is_not_taken(backup, tmp_path):
    house = house_in(backup[0].parent)
    with pytest.raises(ConfigFault, match=f"expected {MIN_PASSPHRASE} or more"):
        taken(house, order_in(tmp_path / "out", keys_lock=Passphrase("too short")))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backup_of_another_member_is_refused(backup, tmp_path):
    refused(backup[0], tmp_path, f"a backup of {US}, not of {PEER}", member=PEER.value)


def test_parts_of_two_backups_are_not_mixed(backup, tmp_path):
    house = house_in(backup[0].parent)
    taken(house, order_in(tmp_path / "later"), at=Instant(AT + 60))
    later, out = tmp_path / "later", backup[0]

    refused(
        out,
        tmp_path,
        "belongs to another backup",
        keys=Source(later / "keys", WORDS),
        config=tmp_path / "new" / "config",
    )
    refused(later, tmp_path, "older than the data", epochs=Source(out / "epochs", OPENS))
    refused(out, tmp_path, "it holds the keys, expected the data", data=Source(out / "keys", OPENS))
    put_back(out, tmp_path / "with-newer-epochs", epochs=Source(later / "epochs", OPENS))


def test_what_is_there_already_is_left_alone(backup, tmp_path):
    (tmp_path / "new" / "state").mkdir(parents=True)
    (tmp_path / "new" / "state" / "state.db").write_text("mine")
    with pytest.raises(FailedClosed, match="is there already"):
        put_back(backup[0], tmp_path / "new")

    assert [path.name for path in (tmp_path / "new").rglob("*")] == ["state", "state.db"]


@pytest.mark.parametrize("at", [0.0, 0.001, 0.3, 0.999])
def test_an_altered_or_cut_backup_is_refused_wherever_it_was_touched(backup, tmp_path, at):
    whole = (backup[0] / "data").read_bytes()
    place = int(len(whole) * at)
    given = {"epochs": None}
    for number, bad in enumerate((whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])):
        path = tmp_path / f"bad{number}"
        path.write_bytes(bad)
        refused(backup[0], tmp_path, data=Source(path, OPENS), **given)


def an_entry_of(kind, name="state/x", linkname="/etc/passwd"):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, linkname
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        "../outside",
        "/etc/outside",
        "state/../../outside",
        "state//outside",
        "state/./outside",
        "epochs/of-another-part",
        "config.toml",
        "state",
        an_entry_of(tarfile.SYMTYPE),
        an_entry_of(tarfile.LNKTYPE),
        an_entry_of(tarfile.FIFOTYPE),
        an_entry_of(tarfile.CHRTYPE),
        an_entry_of(tarfile.DIRTYPE),
    ],
    ids=lambda entry: entry if isinstance(entry, str) else f"type-{entry.type.decode()}",
)
def test_an_archive_that_holds_anything_but_its_own_files_is_refused_whole(backup, tmp_path, entry):
    about = {"form": 1, "id": an_id(), "member": US.value, "taken_at": AT, "part": "data"}
    manifest = json.dumps({"about": about, "manifest": {}}).encode()
    path = forged(tmp_path / "bad", about, [("manifest.json", manifest), (entry, b"x")])

    given = {"epochs": None}
    refused(backup[0], tmp_path, "bad: ", data=Source(path, OPENS), **given)
    assert not (tmp_path / "outside").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad", "new"]


def test_a_manifest_that_says_otherwise_and_a_missing_one_are_refused(backup, tmp_path):
    about = {"form": 1, "id": an_id(), "member": US.value, "taken_at": AT, "part": "data"}
    other = json.dumps({"about": about | {"taken_at": AT + 1}, "manifest": {}}).encode()
    given = {"epochs": None}
    for name, files in (("a", []), ("b", [("manifest.json", other)]), ("c", [("manifest.json", b"[")])):
        refused(backup[0], tmp_path, "manifest", data=Source(forged(tmp_path / name, about, files), OPENS), **given)
    newer = forged(tmp_path / "d", about | {"form": 2}, [])
    refused(backup[0], tmp_path, "it is of form 2", data=Source(newer, OPENS), **given)
    (tmp_path / "e").write_text("no backup at all")
    refused(backup[0], tmp_path, "not a backup", data=Source(tmp_path / "e", OPENS), **given)
    refused(backup[0], tmp_path, "cannot be read", data=Source(tmp_path / "f", OPENS), **given)


# ---------------------------------------------------------------- disturbed


def test_killed_in_the_middle_the_backup_before_is_still_there(backup, tmp_path):
    folder = tmp_path / "house"
    shutil.copytree(backup[0].parent, folder, ignore=shutil.ignore_patterns("out"))
    house = house_in(folder)
    taken(house, order_in(folder / "out", keys=None, epochs=None))
    before = (folder / "out" / "data").read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.backup.house", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()

    assert (folder / "out" / "data").read_bytes() == before
    assert [path.name for path in (folder / "out").iterdir() if path.name != "data"] == [".data.partial"]
    taken(house, order_in(folder / "out", keys=None, epochs=None), at=Instant(AT + 60))
    assert [path.name for path in (folder / "out").iterdir()] == ["data"]
    assert list(house.state.backups.iterdir()) == []
    assert about_of(folder / "out" / "data").taken_at == AT + 60


def test_a_full_disk_leaves_every_part_of_the_backup_before_and_says_what_to_do(backup, tmp_path):
    """The limit on the size of a file is met as a full disk is: by a write that fails in the middle of the last part.

    Parts of two backups do not open each other, so new keys beside old data would be no backup at all.
    """
    folder = tmp_path / "house"
    shutil.copytree(backup[0].parent, folder, ignore=shutil.ignore_patterns("out"))
    (folder / "out").mkdir()
    for part in Part:
        (folder / "out" / part).write_bytes(b"the one before")
    program = (
        "import resource, signal, sys; from pathlib import Path; from tests.backup import house\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from connector.core.errors import FailedClosed\n"
        "of = house.house_in(Path(sys.argv[1])); size = of.state.database.stat().st_size\n"
        "order = house.order_in(Path(sys.argv[1]) / 'out')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, size + 4096))\n"
        "try: house.taken(of, order)\n"
        "except FailedClosed as error: print(error.message, '-', error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "it could not be taken" in done.stdout, done.stderr
    assert "free the disk" in done.stdout
    left = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert left == {part.value: b"the one before" for part in Part}
    assert list((folder / "state" / "backups").iterdir()) == []


def test_a_state_that_is_no_state_is_not_backed_up(tmp_path):
    house = house_in(tmp_path)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").write_text("no database")

    with pytest.raises(FailedClosed, match="cannot be copied"):
        taken(house, order_in(tmp_path / "out", keys=None, epochs=None))
    assert list((tmp_path / "out").iterdir()) == []


def test_a_database_that_an_adapter_keeps_is_copied_and_not_read_as_it_lies(backup, tmp_path):
    folder = tmp_path / "house"
    shutil.copytree(backup[0].parent, folder, ignore=shutil.ignore_patterns("out"))
    kept = folder / "state" / "adapters" / "folder" / "delivered.sqlite"
    kept.parent.mkdir(parents=True)
    db = sqlite3.connect(kept)
    db.execute("pragma journal_mode = wal")
    db.execute("create table t (x)")
    db.execute("insert into t values ('in the log alone')")
    db.commit()
    order = order_in(folder / "out", keys=None, epochs=None)
    taken(house_in(folder), replace(order, documents=False))
    db.close()
    put_back(folder / "out", tmp_path / "new", epochs=None)

    copy = sqlite3.connect(tmp_path / "new" / "state" / "adapters" / "folder" / "delivered.sqlite")
    assert copy.execute("select x from t").fetchall() == [("in the log alone",)]
    copy.close()
    assert not (tmp_path / "new" / "state" / "vault").exists()
