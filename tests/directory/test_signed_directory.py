"""The signed directory through its front door: copies over HTTP on loopback, real keys, and what is altered in them."""

import json
from dataclasses import replace

import pytest

from connector.core.directory import MemberStatus
from connector.core.errors import ConfigFault
from connector.core.oid import Environment
from connector.directory import ceremony, rotation
from connector.directory.fetch import Source
from connector.directory.refresh import Refresh
from connector.directory.signed import NO_VERSION
from tests.kit.directory import (
    A,
    B,
    C,
    Ears,
    Federation,
    Mirror,
    directory,
    opened,
    published,
    serve,
)


async def test_members_and_their_keys_come_from_a_copy(tmp_path, federation):
    joined = federation.join(A)
    federation.join(B)

    found, ears = await opened(tmp_path, federation, published(federation))

    assert [m.id for m in found.members()] == [A, B]
    member = found.get(A)
    assert member.status is MemberStatus.ACTIVE
    assert member.keys == joined.member.keys
    assert member.contact == "support@spsti.example"
    assert found.by_certificate("x" * 43, (A.value,)) == member
    assert found.version.startswith("tuf:3.")
    assert ears.versions == [found.version]
    assert ears.refused == []
    assert found.not_ready() is None


async def test_nobody_is_a_member_before_the_first_refresh(tmp_path, federation):
    found = directory(tmp_path, federation, [])

    assert found.members() == ()
    assert found.version == NO_VERSION
    assert "directory refresh" in found.not_ready()


async def test_the_directory_starts_from_its_archive_without_any_copy(tmp_path, federation):
    federation.join(A)
    first, _ = await opened(tmp_path, federation, published(federation))

    again = directory(tmp_path, federation, [])

    assert again.version == first.version
    assert again.get(A) == first.get(A)


async def test_a_wiped_disk_falls_back_to_the_root_that_was_given(tmp_path, federation):
    federation.join(A)
    first, _ = await opened(tmp_path, federation, published(federation))

    wiped, _ = await opened(tmp_path, federation, published(federation), name="fresh-disk")

    assert wiped.version == first.version
    assert wiped.get(A) == first.get(A)


async def test_the_highest_version_of_three_copies_is_taken(tmp_path, federation):
    federation.join(A)
    old = Mirror(federation.files())
    federation.join(B)

    found, ears = await opened(tmp_path, federation, old, published(federation), Mirror(federation.files()))

    assert found.get(B) is not None
    assert ears.refused == []


async def test_three_copies_are_asked_and_a_dead_one_is_replaced(tmp_path, federation):
    federation.join(A)
    alive = [published(federation) for _ in range(4)]

    with serve(*alive) as urls:
        ears = Ears()
        found = directory(tmp_path, federation, ["http://127.0.0.1:9/directory/", *urls], ears=ears)
        await found.refresh()

    assert found.get(A) is not None
    assert ears.kinds() in ([], ["unreachable"])
    assert sum(1 for mirror in alive if "metadata/timestamp.json" in mirror.asked) >= 3


async def test_all_copies_dead_leaves_the_last_good_version_in_force(tmp_path, federation):
    federation.join(A)
    found, ears = await opened(tmp_path, federation, published(federation))
    version = found.version

    assert await found.refresh() is False
    assert found.version == version
    assert ears.kinds() == ["unreachable"]


async def test_an_older_version_is_refused_and_the_next_copy_asked(tmp_path, federation):
    federation.join(A)
    old = Mirror(federation.files())
    federation.join(B)
    found, _ = await opened(tmp_path, federation, published(federation))
    federation.join(C)

    ears = Ears()
    with serve(old, published(federation)) as urls:
        again = directory(tmp_path, federation, urls, ears=ears)
        await again.refresh()
        version = again.version
        again_ears, again._observer = ears, Ears()
        await again.refresh()

    assert again.get(C) is not None
    assert again.version == version
    assert again_ears.kinds() in ([], ["rollback"])
    assert again._observer.kinds() == ["rollback"]
    assert found.version != again.version


async def test_only_an_older_version_leaves_the_newer_one_in_force(tmp_path, federation):
    federation.join(A)
    old = Mirror(federation.files())
    federation.join(B)
    found, _ = await opened(tmp_path, federation, published(federation))

    again, ears = await opened(tmp_path, federation, old)

    assert again.version == found.version
    assert again.get(B) is not None
    assert ears.kinds() == ["rollback"]


def altered(federation, pattern, change):
    """A copy in which some files were changed by whoever serves it."""
    files = federation.files()
    hits = [path for path in files if pattern in path]
    assert hits
    return Mirror(files | {path: change(files[path]) for path in hits})


def unsigned(data):
    return json.dumps(json.loads(data) | {"signatures": []}).encode()


@pytest.mark.parametrize(
    ("pattern", "change", "refusal"),
    [
        ("timestamp.json", unsigned, "signatures"),
        ("timestamp.json", lambda _: b"{}", "malformed"),
        ("timestamp.json", lambda _: b"not json", "malformed"),
        ("timestamp.json", lambda data: data + b" " * 20_000, "too-large"),
        ("timestamp.json", lambda data: data.replace(b'"version":2', b'"version":9'), "signatures"),
        (".snapshot.json", unsigned, "mixed"),
        (".targets.json", unsigned, "mixed"),
        (".targets.json", lambda data: data[:-1], "mixed"),
        ("memberships.json", lambda data: data.replace(b"joined", b"left"), "tampered"),
        ("member-", unsigned, "tampered"),
        ("targets/members/", lambda data: data.replace(b"8443", b"8444"), "tampered"),
        ("targets/members/", lambda _: None, "missing"),
        (".snapshot.json", lambda _: None, "missing"),
        ("timestamp.json", lambda _: None, "missing"),
        ("timestamp.json", lambda _: 302, "unreachable"),
        ("timestamp.json", lambda _: 500, "unreachable"),
    ],
)
async def test_a_tampered_copy_is_refused_and_the_next_one_taken(tmp_path, federation, pattern, change, refusal):
    federation.join(A)
    bad = altered(federation, pattern, change)

    alone, ears = await opened(tmp_path, federation, bad)

    assert alone.version == NO_VERSION
    assert ears.kinds() == [refusal]

    found, ears = await opened(tmp_path, federation, bad, published(federation), name="both")

    assert found.get(A) is not None
    assert set(ears.kinds()) <= {refusal}


async def test_another_federations_directory_is_refused(tmp_path, federation):
    other = Federation(tmp_path / "other")
    other.join(A)

    found, ears = await opened(tmp_path, federation, published(other))

    assert found.members() == ()
    assert ears.kinds() == ["signatures"]


async def test_a_root_that_the_known_root_did_not_sign_is_refused(tmp_path, federation):
    other = Federation(tmp_path / "other")
    rotation.renew(other.workspace, "root", other.now)
    other.sign_all(3)
    other.publish()

    found, ears = await opened(tmp_path, federation, Mirror(other.files()))

    assert found.members() == ()
    assert ears.kinds() == ["wrong-root"]


async def test_a_root_file_of_another_federation_than_the_archive_is_a_config_fault(tmp_path, federation):
    await opened(tmp_path, federation, published(federation))
    other = Federation(tmp_path / "other")
    (tmp_path / "house-root.json").write_bytes(other.root)

    with pytest.raises(ConfigFault, match="archive of another federation"):
        directory(tmp_path, federation, [])


async def test_a_root_file_that_nobody_signed_is_a_config_fault(tmp_path, federation):
    (tmp_path / "house-root.json").write_bytes(unsigned(federation.root))

    with pytest.raises(ConfigFault, match="signed by 0 of its keys"):
        directory(tmp_path, federation, [])


def test_a_test_federation_cannot_serve_production(federation):
    federation.join(A)

    with serve(published(federation)) as urls:
        refresh = Refresh(federation.root, Environment.PRODUCTION, lambda _: None)
        result = refresh.run([Source(url, url) for url in urls], None, federation.now)

    assert result.verified is None
    assert [refused.refusal.value for refused in result.refused] == ["environment"]


async def test_targets_below_their_threshold_are_refused(tmp_path, federation):
    """One operator's key is not enough, whatever a stolen publisher's key adds to it."""
    federation.join(A)
    ceremony.remove_member(federation.workspace, A, None, federation.now)
    federation.sign_all(1)
    files = _forged_with_one_signature(federation)

    found, ears = await opened(tmp_path, federation, Mirror(files))

    assert found.version == NO_VERSION
    assert ears.kinds() == ["signatures"]


def _forged_with_one_signature(federation):
    workspace = federation.workspace
    targets = workspace.pending_targets()
    forged = replace(
        workspace.needs_published(),
        targets=(workspace.pending / "targets.json").read_bytes(),
        memberships=workspace.pending_list_bytes(targets),
    ).sealed(federation.publisher, federation.now)
    return forged.files()


async def test_an_incomplete_ceremony_publishes_nothing_of_it(tmp_path, federation):
    federation.join(A)
    ceremony.remove_member(federation.workspace, A, None, federation.now)
    federation.sign_all(1)
    publication = federation.publish()

    found, _ = await opened(tmp_path, federation, published(federation))

    assert [missing.needed for missing in publication.waiting] == [1]
    assert found.get(A).status is MemberStatus.ACTIVE
