"""`backup` and `restore` on the command line: three files, a rehearsal, and words for what goes wrong."""

import asyncio
import json
import os

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization

from connector.cli.main import cli
from tests.backup.house import PRIVATE, fill, house_in
from tests.kit.state import PEER, US, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A house, a pair of keys, and the three files of a backup."""
    folder = tmp_path_factory.mktemp("cli")
    house_in(folder)

    async def make():
        async with opened(folder) as state:
            await fill(state)

    asyncio.run(make())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "private.pem").write_bytes(PRIVATE.private_bytes(pem, form, serialization.NoEncryption()))
    public = PRIVATE.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "public.pem").write_bytes(public)
    (folder / "words").write_text("six words that nobody has\n")
    done = run(
        folder, "backup", "d", "--keys", "k", "--epochs", "e", "--recipient", "public.pem", "--keys-passphrase-file",
        "words", "--config", "connector.toml", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)["files"]) == {"data", "keys", "epochs"}
    return folder


def run(folder, *words):
    there = {"d", "k", "e", "public.pem", "private.pem", "words", "connector.toml", "state2", "config2", "none"}
    return CliRunner().invoke(cli, [str(folder / word) if word in there else word for word in words])


def test_a_rehearsal_says_what_was_found_and_leaves_nothing(folder):
    before = sorted(path.name for path in folder.iterdir())
    arguments = ("restore", "d", "--epochs", "e", "--rehearse", "--identity", "private.pem", "--json")
    done = run(folder, *arguments)
    said = json.loads(done.stdout)

    assert (done.exit_code, said["member"], said["rehearsed"], said["entries_exchange"]) == (0, US.value, True, 3)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_what_was_restored_is_followed_by_what_is_next(folder):
    done = run(
        folder, "restore", "d", "--epochs", "e", "--keys", "k", "--identity", "private.pem", "--keys-passphrase-file",
        "words", "--state", "state2", "--config-into", "config2",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    assert "journal succeed" in done.stderr
    assert (folder / "config2" / "master.key").read_text() == (folder / "master.key").read_text()
    again = run(folder, "restore", "d", "--identity", "private.pem", "--state", "state2")
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)


@pytest.mark.needs_root
def test_what_stays_roots_is_named_with_the_command_that_gives_it_to_the_service(folder, tmp_path):
    restored = tmp_path / "state"
    arguments = ("restore", "d", "--epochs", "e", "--identity", "private.pem", "--state")
    done = run(folder, *arguments, str(restored))
    assert (done.exit_code, f"chown -R USER: {restored}" in done.stderr) == (0, True), done.output

    (tmp_path / "given").mkdir()
    os.chown(tmp_path / "given", 65534, 65534)
    done = run(folder, *arguments, str(tmp_path / "given"))
    assert (done.exit_code, "chown" in done.stderr) == (0, False), done.output


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("restore", "d", "--identity", "private.pem"), 2, "either --state or --rehearse"),
        (("restore", "d", "--keys", "k", "--state", "none"), 2, "--keys needs --config-into"),
        (("restore", "d", "--rehearse"), 2, "nobody is there to be asked"),
        (("restore", "d", "--rehearse", "--identity", "none"), 2, "cannot be read"),
        (("restore", "d", "--rehearse", "--identity", "public.pem"), 1, "expected an X25519 private key"),
        (("restore", "d", "--rehearse", "--identity", "private.pem", "--passphrase-file", "words"), 2, "or a private"),
        (("restore", "d", "--rehearse", "--identity", "private.pem", "--member", PEER.value), 1, f"not of {PEER}"),
        (("restore", "e", "--rehearse", "--identity", "private.pem"), 1, "it holds the epochs, expected the data"),
        (("restore", "none", "--rehearse", "--identity", "private.pem"), 1, "cannot be read"),
        (("backup", "none", "--recipient", "public.pem", "--config", "none"), 78, "cannot be read"),
        (("backup", "none", "--epochs", "none", "--config", "connector.toml"), 2, "got one file twice"),
        (("backup", "none", "--config", "connector.toml"), 2, "nobody is there to be asked"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(folder, words, status, told):
    done = run(folder, *words)

    assert (done.exit_code, told in done.stderr) == (status, True), done.output
    assert not (folder / "none").exists()
