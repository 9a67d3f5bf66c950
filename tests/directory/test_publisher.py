"""Automated publishers: several at once, some dead, one of them stolen."""

import json
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Delegations, TargetFile, Targets

from connector.core.canonical import canonical
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.crypto.keys import load_private_key, to_pem
from connector.directory import ceremony, rotation, suspending
from connector.directory.fetch import Patience
from connector.directory.layout import own_entry_file, own_role_file
from connector.directory.publishing import publish, publisher_round
from connector.directory.refusal import DirectoryRefused
from connector.directory.repository import RoleFiles, delegated_role, instant_end, signed_bytes
from connector.directory.suspensions import Reason
from connector.directory.workspace import Workspace
from tests.kit.directory import NOW, A, B, Federation, Mirror, operator_signer, published, serve, source

ROOT = Path(__file__).parents[2]


def second_publisher(federation, tmp_path):
    """Let the root name a second publisher, with a folder of its own."""
    new = operator_signer("publisher-2")
    rotation.renew(federation.workspace, "root", federation.now)
    root = federation.workspace.pending_root()
    root.signed.add_key(new.public_key, "snapshot")
    root.signed.add_key(new.public_key, "timestamp")
    federation.workspace.put_pending(root)
    federation.sign_all(3)
    federation.publish()
    shutil.copytree(federation.workspace.folder, tmp_path / "second")
    return Workspace(tmp_path / "second"), new


def serving(workspace):
    def get(path):
        file = workspace.repository / path
        return file.read_bytes() if file.is_file() else None

    return Mirror(get)


def test_two_publishers_come_to_the_same_content(tmp_path, federation):
    first_house, second_house = federation.join(A), federation.join(B)
    other, key = second_publisher(federation, tmp_path)
    federation.workspace.put_incoming(f"member-{A}", first_house.sign(federation.now, Environment.TEST))
    other.put_incoming(f"member-{B}", second_house.sign(federation.now, Environment.TEST))
    suspending.suspend(other, A, Reason.PRECAUTION, federation.operators[3], federation.now)
    publish(federation.workspace, [federation.publisher], federation.now)
    publish(other, [key], federation.now)

    with serve(serving(federation.workspace), serving(other)) as urls:
        publisher_round(federation.workspace, [federation.publisher], federation.now, [source(urls[1])])
        publisher_round(other, [key], federation.now, [source(urls[0])])
    one, two = (w.needs_published().verified(federation.now) for w in (federation.workspace, other))

    assert one.entries == two.entries
    assert one.seats == two.seats
    assert two.versions["timestamp"] > one.versions["timestamp"]


def test_a_decision_of_the_operators_reaches_the_other_publisher(tmp_path, federation):
    federation.join(A)
    other, key = second_publisher(federation, tmp_path)
    ceremony.remove_member(federation.workspace, A, None, federation.now)
    federation.sign_all()
    rotation.renew(federation.workspace, "root", federation.now)
    federation.sign_all(3)
    federation.publish()

    with serve(published(federation)) as urls:
        publication = publisher_round(other, [key], federation.now, [source(urls[0])])

    assert publication.version is not None
    assert other.needs_published().list_ == federation.workspace.needs_published().list_
    assert other.needs_published().root.version == federation.workspace.needs_published().root.version


def test_a_round_without_news_publishes_a_timestamp_once_a_day(federation):
    quiet = publisher_round(federation.workspace, [federation.publisher], federation.now)
    next_day = publisher_round(federation.workspace, [federation.publisher], Instant(federation.now + DAY_SECONDS))

    assert quiet.version is None
    assert next_day.version.startswith("tuf:1.2.")


def test_a_snapshot_is_renewed_when_half_its_life_is_over(federation):
    before = federation.workspace.needs_published().verified(federation.now).ends["snapshot"]
    late = Instant(federation.now + 16 * DAY_SECONDS)

    publisher_round(federation.workspace, [federation.publisher], late)

    assert federation.workspace.needs_published().verified(late).ends["snapshot"] > before


def test_a_dead_or_forged_copy_is_noted_and_the_round_goes_on(tmp_path, federation):
    joined = federation.join(A)
    federation.workspace.put_incoming(f"member-{A}", joined.sign(federation.now, Environment.TEST))
    other = Federation(tmp_path / "other")

    with serve(published(other)) as urls:
        publication = publisher_round(
            federation.workspace,
            [federation.publisher],
            federation.now,
            [source("http://127.0.0.1:9/directory/"), source(urls[0])],
            patience=Patience(1, 1, 5),
        )

    assert [mirror.refusal.value for mirror in publication.mirrors] == ["unreachable", "signatures"]
    assert publication.taken == (f"member-{A} 2",)


def test_a_member_that_offers_rubbish_or_anothers_entry_stops_nobody(federation):
    first, second = federation.join(A), federation.join(B)
    good = first.sign(federation.now, Environment.TEST, endpoint="https://new.example")
    bad = replace(second, entry_key=first.entry_key).sign(federation.now, Environment.TEST)
    offers = {
        own_role_file(A): good.role,
        own_entry_file(A): good.target,
        own_role_file(B): bad.role,
        own_entry_file(B): bad.target,
    }

    with serve(Mirror(offers)) as urls:
        publication = publisher_round(
            federation.workspace, [federation.publisher], federation.now, members=lambda _id, _url: source(urls[0])
        )
        offers[own_role_file(B)] = b"rubbish"
        again = publisher_round(
            federation.workspace, [federation.publisher], federation.now, members=lambda _id, _url: source(urls[0])
        )

    assert publication.taken == (f"member-{A} 2",)
    assert [text.split(":")[0] for text in publication.refused] == [f"member-{B}"]
    assert [mirror.refusal.value for mirror in again.mirrors] == ["malformed"]


def test_a_personal_address_is_not_published_though_its_member_signed_it(federation):
    joined = federation.join(A)
    row = json.loads(joined.sign(federation.now, Environment.TEST).target)
    row["contacts"] = [{"role": "technical", "address": "jean.dupont@spsti.example"}]
    row["director"] = "Jean Dupont"
    files = delegated_role(
        f"members/{A}.json", canonical(row), 2, instant_end(federation.now, DAY_SECONDS), CryptoSigner(joined.entry_key)
    )
    federation.workspace.put_incoming(f"member-{A}", files)

    (refused,) = federation.publish().refused

    assert "unknown field" in refused
    assert "jean" not in refused.lower()


def test_only_a_publisher_of_the_root_publishes(federation):
    with pytest.raises(LocalRefused, match="none of the keys is a publisher's"):
        publish(federation.workspace, [federation.operators[0], operator_signer("x")], federation.now)


def test_what_a_reader_would_refuse_is_not_written(federation):
    federation.join(A)
    before = federation.files()
    late = Instant(federation.now + 100 * DAY_SECONDS)

    with pytest.raises(DirectoryRefused, match="expired") as caught:
        publish(federation.workspace, [federation.publisher], late)

    assert caught.value.code == "directory.expired"
    assert federation.files() == before


def test_a_publisher_without_a_federation_says_what_to_do(tmp_path):
    with pytest.raises(LocalRefused, match="copy the folder"), serve(Mirror({})) as urls:
        publisher_round(Workspace(tmp_path), [operator_signer("p")], Instant(1), [source(urls[0])])


def offered_by(member, key, *, row=None, **changes):
    """Give a member's offer that its own key signed, though its role says something else than it should."""
    path = f"members/{member}.json"
    file = TargetFile.from_data(path, row, ["sha256"])
    signed = Targets(2, targets={path: file}, expires=instant_end(NOW, DAY_SECONDS))
    for name, value in changes.items():
        setattr(file if hasattr(file, name) else signed, name, value)
    return RoleFiles(2, signed_bytes(signed, CryptoSigner(key)), path, row)


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 7},
        {"hashes": {"sha256": None, "sha512": "00"}},
        {"targets": {"../../x": None, f"members/{A}.json": None}},
        {"targets": {f"members/{A}.json": None, "other.json": None}},
        {"delegations": Delegations({}, {})},
        {"unrecognized_fields": {"x-padding": "x" * 40_000}},
    ],
)
def test_an_offer_that_a_reader_would_not_take_stops_nobody(tmp_path, federation, changes):
    """Whatever a member signs of itself, the others' news and the daily timestamp go on, on the next day too."""
    joined = federation.join(A)
    row = joined.sign(federation.now, Environment.TEST).target
    file = TargetFile.from_data("x", row, ["sha256"])
    if "hashes" in changes:
        changes = {"hashes": changes["hashes"] | {"sha256": file.hashes["sha256"]}}
    if "targets" in changes:
        changes = {"targets": dict.fromkeys(changes["targets"], file)}
    files = offered_by(A, joined.entry_key, row=row, **changes)
    federation.workspace.put_incoming(f"member-{A}", files)
    offers = {own_role_file(A): files.role, own_entry_file(A): files.target}

    with serve(Mirror(offers)) as urls:
        for day in (0, 1, 2):
            at = Instant(federation.now + day * DAY_SECONDS)
            publisher_round(federation.workspace, [federation.publisher], at, members=lambda _id, _url: source(urls[0]))

    kept = federation.workspace.needs_published()
    assert kept.verified(at).entries[A].version == 1
    assert kept.verified(at).findings == ()
    assert not list(tmp_path.glob("*.x"))


def test_a_list_that_waited_while_another_publisher_went_on_does_not_come_back(tmp_path, federation):
    federation.join(A)
    other, key = second_publisher(federation, tmp_path)
    ceremony.remove_member(federation.workspace, A, None, federation.now)
    federation.sign_all()
    shutil.copytree(federation.workspace.pending, other.pending, dirs_exist_ok=True)
    federation.publish()
    federation.join(B)

    with serve(published(federation)) as urls:
        publisher_round(other, [key], federation.now, [source(urls[0])])

    assert other.needs_published().list_ == federation.workspace.needs_published().list_
    assert other.pending_targets() is None


def test_a_disk_that_fails_ends_no_publisher_and_leaves_the_version_before(tmp_path):
    """A folder in the place of the file that is written last fails as a full disk does, for root too."""
    federation = Federation(tmp_path / "federation", now=Instant(int(time.time())))
    federation.join(A)
    before = federation.workspace.needs_published()
    suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], federation.now)
    blocked = federation.workspace.repository / "metadata" / ".timestamp.json.new"
    blocked.mkdir()
    key = load_private_key(federation.publisher.private_bytes, None)
    (tmp_path / "publisher-1.key").write_bytes(to_pem(key, b"a sentence of a test"))
    (tmp_path / "password").write_bytes(b"a sentence of a test")
    command = [sys.executable, "-m", "connector", "federation", "publisher", "-F", str(federation.workspace.folder)]
    command += ["--keys", str(tmp_path / "publisher-1.key"), "--password-file", str(tmp_path / "password")]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        said = process.stderr.readline()
        process.terminate()

    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: .*Is a directory", said), said  # noted, as each round is
    assert federation.workspace.needs_published() == before
    blocked.rmdir()
    assert federation.publish().version is not None
