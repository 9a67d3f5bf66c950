"""The operators' folder on a disk that is full, or that refuses, and under two commands at once."""

import contextlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from connector.cli.main import cli
from connector.core.codes import Code
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.instant import Instant
from connector.crypto.keys import load_private_key, to_pem
from connector.directory import ceremony, rotation, suspending
from connector.directory.duty import duties
from connector.directory.folder import alone
from connector.directory.joining import make_request
from connector.directory.keyring import public_json
from connector.directory.publishing import publish, publisher_round
from connector.directory.suspensions import Reason
from connector.directory.workspace import Workspace
from tests.kit.directory import NOW, A, B, Federation, house, operator_signer, published, serve, source

ROOT = Path(__file__).parents[2]
PASSWORD = "a sentence of a test"
PAGE = 4096


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets the tests mount no disk of their own")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk, *, pages_left=0):
    """Fill a disk, but for some pages."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(PAGE)):
            pass
    os.truncate(ballast, ballast.stat().st_size - pages_left * PAGE)


def tree(folder):
    """Give all files in a folder, but for the empty lock."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def keys(folder, federation):
    """Put the keys of operators and publisher where commands read them, with the password; gives the options."""
    folder.mkdir()
    labelled = {f"op-{n}": signer for n, signer in enumerate(federation.operators, 1)}
    for label, signer in (labelled | {"publisher-1": federation.publisher}).items():
        pem = to_pem(load_private_key(signer.private_bytes, None), PASSWORD.encode())
        (folder / f"{label}.key").write_bytes(pem)
    (folder / "password").write_text(PASSWORD)
    return lambda label: ["--keys", str(folder / f"{label}.key"), "--password-file", str(folder / "password")]


def real_time():
    return Instant(int(time.time()))


def test_a_publication_on_a_full_disk_changes_nothing_and_is_made_once_there_is_room(small_disk):
    federation = Federation(small_disk / "federation")
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], NOW)
    before, refused = tree(federation.workspace.folder), []
    for pages in range(64):
        fill(small_disk, pages_left=pages)
        try:
            federation.publish()
            break
        except FailedClosed as error:
            refused.append((error.code, error.message.partition(": ")[2], tree(federation.workspace.folder) == before))

    assert set(refused) == {(Code.DIRECTORY_UNAVAILABLE, "cannot be written (No space left on device)", True)}
    assert len(refused) > 3  # nothing fitted; then one file, then two
    assert [s.member for s in suspending.in_force(federation.workspace, NOW)] == [A]
    assert not list(federation.workspace.folder.rglob(".*.new"))


def test_every_command_says_that_the_disk_is_full_and_changes_nothing(tmp_path, small_disk):
    federation = Federation(small_disk / "federation", now=real_time())
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], federation.now)
    rotation.renew(federation.workspace, "targets", federation.now)
    joining, new = house(B, now=federation.now), operator_signer("op-6")
    request, public = tmp_path / "join-request.json", tmp_path / "op-6.pub.json"
    asked = make_request(joining.member, joining.signers, joining.entry_key, federation.environment, federation.now)
    request.write_bytes(asked)
    public.write_bytes(public_json(new.public_key))
    key_of = keys(tmp_path / "usb", federation)
    (tmp_path / "list.csv").write_text("id,name\n1750712184,Un service\n")
    fill(small_disk)
    folder, before = ["-F", str(federation.workspace.folder)], tree(small_disk)
    commands = (
        ["publish", *folder, *key_of("publisher-1")],
        ["publisher", *folder, "--once", *key_of("publisher-1")],
        ["sign", *folder, "--yes", *key_of("op-2")],
        ["suspend", *folder, A.value, "--reason", "precaution", *key_of("op-2")],
        ["confirm-suspension", *folder, A.value],
        ["lift-suspension", *folder, A.value],
        ["add-member", *folder, "--yes", str(request)],
        ["remove-member", *folder, A.value],
        ["import", *folder, str(tmp_path / "list.csv")],
        ["renew", *folder, "root"],
        ["rotate-key", *folder, "--old", "op-5", "--new", str(public)],
        ["key", "--to", str(small_disk), "--label", "op-7", *key_of("op-1")[2:]],
    )

    said = {words[0]: CliRunner().invoke(cli, ["federation", *words]) for words in commands}

    assert {name: result.exit_code for name, result in said.items()} == dict.fromkeys(said, 1)
    for name, result in said.items():
        assert "cannot be written (No space left on device)" in result.output, name
        assert "do: " in result.output, name
    assert tree(small_disk) == before


def test_a_publication_that_meets_a_limit_of_the_system_ends_in_words(tmp_path):
    """As on a full disk, for those who may mount none."""
    federation = Federation(tmp_path / "federation", now=real_time())
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], federation.now)
    before, key_of = tree(federation.workspace.folder), keys(tmp_path / "usb", federation)
    command = [sys.executable, "-c", _LIMITED, str(resource.RLIMIT_FSIZE), "federation", "publish"]
    command += ["-F", str(federation.workspace.folder), *key_of("publisher-1")]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {federation.workspace.repository}")
    assert "cannot be written (" in done.stderr
    assert "do: what was there before is whole" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(federation.workspace.folder) == before
    assert federation.publish().version is not None


_LIMITED = """
import resource, sys
from connector.cli.main import cli
resource.setrlimit(int(sys.argv[1]), (300, resource.RLIM_INFINITY))
cli(sys.argv[2:])
"""


@pytest.mark.parametrize("path", ["repository/metadata/timestamp.json", "pending/targets.json", "pending/root.json"])
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(federation, path):
    """A folder in its place cannot be read, not even by root."""
    file = federation.workspace.folder / path
    file.unlink(missing_ok=True)
    file.mkdir(parents=True)

    result = CliRunner().invoke(cli, ["federation", "duty", "-F", str(federation.workspace.folder)])

    assert result.exit_code == 1
    assert f"error: {file}: cannot be read (Is a directory)" in result.output
    assert "do: check its owner and disk" in result.output


def test_a_folder_of_what_waits_that_cannot_be_read_is_told_and_ends_no_timestamp(federation):
    federation.workspace.incoming.write_bytes(b"")

    publication = federation.publish()

    assert publication.version is not None
    assert publication.refused == (f"incoming: {federation.workspace.incoming}: cannot be read (Not a directory)",)


def test_of_the_keys_on_a_usb_key_the_one_with_a_seat_suspends(tmp_path):
    federation = Federation(tmp_path / "federation", now=real_time())
    federation.join(A)
    key_of = keys(tmp_path / "usb", federation)
    (tmp_path / "usb" / "publisher-1.key").rename(tmp_path / "usb" / "a-publisher.key")
    words = ["suspend", "-F", str(federation.workspace.folder), A.value, "--reason", "precaution"]

    result = CliRunner().invoke(cli, ["federation", *words, "--keys", str(tmp_path / "usb"), *key_of("op-1")[2:]])

    assert "Signed by op-1." in result.output


def test_a_role_that_waits_and_cannot_be_read_is_told_and_stops_no_other(federation):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], NOW)
    unreadable = federation.workspace.incoming / "suspensions-op-2.json"
    unreadable.mkdir()
    (federation.workspace.incoming / "suspensions-op-3.json").write_bytes(b"half of a f")

    publication = federation.publish()

    assert publication.taken == ("suspensions-op-1 1",)
    assert publication.refused[0].startswith(f"suspensions-op-2: {unreadable}: cannot be read (Is a directory)")
    assert publication.refused[1].startswith("suspensions-op-3: one of its two files is not there")
    waiting = [duty.what for duty in duties(federation.workspace, NOW) if "cannot be published" in duty.what]
    assert len(waiting) == 2


# ---------------------------------------------------------------- two at once


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.publish(),
        lambda f: publisher_round(f.workspace, [f.publisher], f.now),
        lambda f: f.workspace.sign([f.operators[0]]),
        lambda f: rotation.renew(f.workspace, "root", f.now),
        lambda f: rotation.rotate_operator_key(f.workspace, "op-1", operator_signer("op-9").public_key, f.now),
        lambda f: ceremony.remove_member(f.workspace, A, None, f.now),
        lambda f: suspending.suspend(f.workspace, A, Reason.PRECAUTION, f.operators[0], f.now),
    ],
    ids=["publish", "round", "sign", "renew", "rotate", "remove", "suspend"],
)
def test_who_changes_the_folder_while_another_does_is_told_to_wait(federation, change):
    federation.join(A)
    rotation.renew(federation.workspace, "targets", NOW)
    before = tree(federation.workspace.folder)

    with alone(federation.workspace.folder), pytest.raises(LocalRefused, match="another command is changing it"):
        change(federation)

    assert tree(federation.workspace.folder) == before
    change(federation)


def test_a_publishers_round_does_not_undo_what_was_published_during_it(federation):
    federation.join(A)
    another = Workspace(federation.workspace.folder)
    serving = published(federation)

    def during(path):
        if not another.needs_published().version_of("suspensions-op-1"):
            suspending.suspend(another, A, Reason.KEY_STOLEN, federation.operators[0], NOW)
            publish(another, [federation.publisher], NOW)
        return serving.files(path)

    mirror = published(federation)
    mirror.files = during
    with serve(mirror) as urls:
        with pytest.raises(LocalRefused, match="another command published meanwhile"):
            publisher_round(federation.workspace, [federation.publisher], NOW, [source(urls[0])])
        publisher_round(federation.workspace, [federation.publisher], NOW, [source(urls[0])])

    assert [s.member for s in suspending.in_force(federation.workspace, NOW)] == [A]
