"""What operators and members meet when files are damaged, missing or not those that are meant."""

import os
import shutil

import pytest
from click.testing import CliRunner

from connector.cli.federation_publishing import copy_source
from connector.cli.main import cli
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.directory import ceremony, layout, rotation, suspending
from connector.directory.joining import make_request, read_request
from connector.directory.metadata import file_of
from connector.directory.publishing import publish, publisher_round
from connector.directory.refusal import DirectoryRefused
from connector.directory.suspensions import Reason
from connector.directory.workspace import Workspace
from tests.kit.directory import NOW, A, B, C, operator_signer

PASSWORD = "a sentence of a test"
DAMAGED = "do: copy the folder whole"


def run(*words, code):
    result = CliRunner().invoke(cli, ["federation", *map(str, words)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


# ---------------------------------------------------------------- the published copy

FILES = {
    "timestamp": lambda _: "metadata/timestamp.json",
    "snapshot": lambda copy: f"metadata/{copy.verified(NOW).versions['snapshot']}.snapshot.json",
    "targets": lambda copy: f"metadata/{copy.targets_signed.version}.targets.json",
    "root": lambda _: "metadata/1.root.json",
    "role": lambda _: f"metadata/1.member-{A}.json",
    "list": lambda copy: layout.target_file(layout.MEMBERSHIPS, file_of(copy.memberships)),
    "entry": lambda copy: layout.target_file(
        layout.entry_path(A), file_of(copy.roles[layout.member_role(A)].target)
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", FILES)
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_copy_with_a_file_cut_or_gone_is_told_with_what_to_do(federation, which, how):
    federation.join(A)
    folder = federation.workspace.folder
    file = federation.workspace.repository / FILES[which](federation.workspace.needs_published())
    os.truncate(file, file.stat().st_size // 2) if how == "cut" else file.unlink()

    for command in ("show", "duty"):
        said = run(command, "-F", folder, code=1)
        assert said.startswith(f"error: {federation.workspace.repository}")
        assert DAMAGED in said


def test_a_federation_is_not_founded_over_what_is_left_of_another(federation):
    (federation.workspace.repository / "metadata" / "timestamp.json").unlink()
    key, publisher = operator_signer("op-1").public_key, operator_signer("publisher-1").public_key

    with pytest.raises(LocalRefused, match=r"timestamp\.json: is not there"):
        ceremony.found(federation.workspace, ceremony.Founding(Environment.TEST, [key], 1, [key], 1, [publisher]), NOW)


def test_a_first_publication_that_was_cut_off_is_made_again(tmp_path):
    key, publisher = operator_signer("op-1"), operator_signer("publisher-1")
    workspace = Workspace(tmp_path)
    ceremony.found(
        workspace,
        ceremony.Founding(Environment.TEST, [key.public_key], 1, [key.public_key], 1, [publisher.public_key]),
        NOW,
    )
    workspace.sign([key])
    shutil.copytree(workspace.pending, tmp_path / "kept")
    publish(workspace, [publisher], NOW)
    shutil.copytree(tmp_path / "kept", workspace.pending, dirs_exist_ok=True)
    (workspace.repository / "metadata" / "timestamp.json").unlink()

    assert publish(workspace, [publisher], NOW).version is not None


def test_a_folder_that_is_not_there_is_told_and_not_made(tmp_path, federation):
    (tmp_path / "publisher-1.pub.json").write_bytes(b"[" * 100_000)

    with pytest.raises(LocalRefused, match="is no folder of a federation"):
        publish(Workspace(tmp_path / "federatoin"), [federation.publisher], NOW)
    said = run("rotate-key", "-F", federation.workspace.folder, "--old", "op-1",
               "--new", tmp_path / "publisher-1.pub.json", code=1)  # fmt: skip

    assert not (tmp_path / "federatoin").exists()
    assert "is no public key" in said


# ---------------------------------------------------------------- what waits


def _damage(federation):
    rotation.renew(federation.workspace, "targets", federation.now)
    path = federation.workspace.pending / "targets.json"
    os.truncate(path, path.stat().st_size // 2)


def _forge(federation):
    rotation.renew(federation.workspace, "targets", federation.now)
    federation.sign_all()
    (federation.workspace.pending / "memberships.json").write_bytes(b"{}")


def _outgrow(federation):
    """Let a root be complete under which the targets in force no longer count, without the targets that would."""
    for old in ("op-1", "op-2"):
        rotation.rotate_operator_key(
            federation.workspace, old, operator_signer(f"{old}-new").public_key, federation.now
        )
    federation.workspace.drop_pending("targets")
    federation.sign_all(5)


@pytest.mark.parametrize("spoil", [_damage, _forge, _outgrow])
def test_what_waits_and_cannot_be_published_keeps_no_suspension_back(federation, spoil):
    federation.join(A)
    federation.now = Instant(NOW + DAY_SECONDS)
    suspending.suspend(federation.workspace, A, Reason.KEY_STOLEN, federation.operators[2], federation.now)
    spoil(federation)

    with pytest.raises((DirectoryRefused, LocalRefused)) as caught:
        federation.publish()
    assert caught.value.hint != ""
    publication = publisher_round(federation.workspace, [federation.publisher], federation.now)

    assert publication.taken == ("suspensions-op-3 1",)
    assert [text.startswith("pending: ") for text in publication.refused] == [True]
    assert [s.member for s in suspending.in_force(federation.workspace, federation.now)] == [A]
    assert list(federation.workspace.pending.iterdir()) != []


# ---------------------------------------------------------------- decisions that mean something else


def test_an_operator_and_a_publisher_have_labels_of_their_own(tmp_path):
    key, publisher = operator_signer("op-1").public_key, operator_signer("op-1").public_key

    with pytest.raises(LocalRefused, match="two have the same label"):
        ceremony.found(Workspace(tmp_path), ceremony.Founding(Environment.TEST, [key], 1, [key], 1, [publisher]), NOW)


def test_a_member_leaves_once_and_to_one_that_stays(federation):
    for member in (A, B, C):
        federation.join(member)
    workspace = federation.workspace
    with pytest.raises(LocalRefused, match="takes over from nobody"):
        ceremony.remove_member(workspace, A, A, NOW)
    with pytest.raises(LocalRefused, match="is not listed"):
        ceremony.remove_member(workspace, A, MemberId.parse("339172288100060", strict=False), NOW)
    ceremony.remove_member(workspace, A, B, NOW)

    with pytest.raises(LocalRefused, match="has left already"):
        ceremony.remove_member(workspace, A, C, NOW)
    with pytest.raises(LocalRefused, match="takes over from nobody"):
        ceremony.remove_member(workspace, B, A, NOW)


def test_a_member_that_comes_back_has_no_successor(federation):
    joined = federation.join(A)
    federation.join(B)
    ceremony.remove_member(federation.workspace, A, B, NOW)
    federation.sign_all()
    federation.publish()
    data = make_request(joined.member, joined.signers, joined.entry_key, Environment.TEST, NOW)

    ceremony.add_member(federation.workspace, read_request(data, NOW), NOW)

    assert federation.workspace.pending_list().get(A).successor is None


# ---------------------------------------------------------------- a publisher's options


def test_a_publisher_is_given_all_of_its_tls_or_none(tmp_path, federation):
    key, words = tmp_path / "no.pem", ["publisher", "--once", "-F", federation.workspace.folder]
    key.write_text(PASSWORD)
    usb = tmp_path / "usb"
    run("key", "--to", usb, "--label", "publisher-9", "--password-file", key, code=0)
    words += ["--keys", usb, "--password-file", key]

    half = run(*words, "--tls-ca", key, code=2)
    wrong = run(*words, "--tls-ca", key, "--tls-certificate", key, "--tls-key", key, code=1)

    assert "together, or none of them" in half
    assert f"error: {key}, {key}, {key}: no CAs, certificate and its key in PEM (" in wrong


def test_the_address_of_a_copy_needs_no_slash_at_its_end():
    assert copy_source("https://annuaire.example/spsti", Environment.TEST).url == "https://annuaire.example/spsti/"


# ---------------------------------------------------------------- at a member


@pytest.fixture
def member(tmp_path, monkeypatch):
    """A service that has run `init`, in its folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text(PASSWORD)
    result = CliRunner().invoke(
        cli,
        ["init", "--directory", ".", "--member-id", A.value, "--name", "SPSTI A", "--environment", "test",
         "--endpoint", "https://dmst-a.example:8443", "--town", "Nantes", "--opposition", "adapter",
         "--decided-by", "Medical director", "--directory-url", "https://annuaire.example/",
         "--contact", "technical:support@spsti.example", "--entry-password-file", "password"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return tmp_path


SIGN = ("sign-entry", "--environment", "test", "--own", "state/directory", "--version", "2",
        "--contact", "technical:support@spsti.example", "--entry-password-file", "password")  # fmt: skip


def test_an_entry_is_not_signed_by_a_key_of_which_nobody_knows(member):
    """The key lies on a USB key that is not plugged in: one made in its place would sign what no publisher takes."""
    (member / "keys" / "entry.key").rename(member / "entry.key")

    said = run(*SIGN, code=1)

    assert "keys/entry.key: is not there" in said
    assert not (member / "keys" / "entry.key").exists()
    assert not (member / "state" / "directory" / "own").exists()
    run(*SIGN, "--entry-key", "entry.key", code=0)


def test_the_key_of_a_new_request_has_a_long_password_too(member):
    (member / "keys" / "entry.key").unlink()
    (member / "password").write_text("short")

    said = run("join-request", "--environment", "test", "--entry-password-file", "password",
               "--contact", "technical:support@spsti.example", "--output", "again.json", code=1)  # fmt: skip

    assert "expected at least 12 characters" in said
    assert not (member / "keys" / "entry.key").exists()


def test_the_faults_of_an_entry_are_told_one_by_one(member):
    (member / "my-entry.toml").write_text("")

    said = run(*SIGN, code=78)

    assert said.startswith("error: members file\nwhy: my-entry.toml: expected at least one [[member]]\n")
