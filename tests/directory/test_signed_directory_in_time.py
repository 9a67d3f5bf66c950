"""The signed directory as time goes on: what ends, what was true in the past, and what follows."""

import asyncio
from dataclasses import replace

from connector.core.instant import Instant
from connector.core.units import DAY_SECONDS
from connector.directory import rotation
from connector.directory.repository import Seen
from connector.directory.signed import NO_VERSION, Freshness
from tests.kit.directory import (
    A,
    B,
    Clock,
    Mirror,
    directory,
    opened,
    operator_signer,
    published,
    serve,
)

# ---------------------------------------------------------------- time


async def test_one_frozen_copy_is_told_apart_once_the_others_have_gone_on(tmp_path, federation):
    federation.join(A)
    frozen = Mirror(federation.files())
    federation.now = Instant(federation.now + 3 * DAY_SECONDS)
    federation.publish()

    found, ears = await opened(tmp_path, federation, frozen, published(federation), published(federation))

    assert found.get(A) is not None
    assert ears.kinds() == ["frozen"]


async def test_an_expired_copy_is_refused(tmp_path, federation):
    federation.join(A)
    clock = Clock(federation.now + 7 * DAY_SECONDS)

    found, ears = await opened(tmp_path, federation, published(federation), clock=clock)

    assert found.version == NO_VERSION
    assert ears.kinds() == ["expired"]


async def test_expired_targets_are_refused_though_the_publisher_goes_on(tmp_path, federation):
    """A stolen publisher's key can hold news back until the operators' targets end, and no longer."""
    federation.join(A)
    repository = federation.workspace.needs_published()
    late = Instant(federation.now + 91 * DAY_SECONDS)
    clock = Clock(late)

    found, ears = await opened(
        tmp_path, federation, Mirror(repository.sealed(federation.publisher, late).files()), clock=clock
    )

    assert found.version == NO_VERSION
    assert ears.kinds() == ["expired"]


async def test_an_end_is_announced_and_then_nobody_is_a_member(tmp_path, federation):
    federation.join(A)
    clock = Clock(federation.now)
    found, _ = await opened(tmp_path, federation, published(federation), clock=clock)
    follower = found.changes()
    following = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)

    assert found.staleness().state is Freshness.FRESH
    clock.at = federation.now + 5 * DAY_SECONDS
    assert found.staleness().state is Freshness.STALE
    assert "timestamp ends at" in found.staleness().message
    assert found.get(A) is not None
    clock.at = federation.now + 7 * DAY_SECONDS

    assert found.get(A) is None
    assert found.members() == ()
    assert found.by_certificate("x" * 43, (A.value,)) is None
    assert "closed" in found.not_ready()
    change = await following
    assert (change.id, change.status) == (A, None)
    await follower.aclose()


async def test_a_configured_grace_keeps_known_members_for_a_while(tmp_path, federation):
    federation.join(A)
    clock = Clock(federation.now)
    found, _ = await opened(tmp_path, federation, published(federation), clock=clock, grace_seconds=2 * DAY_SECONDS)

    clock.at = federation.now + 8 * DAY_SECONDS
    assert found.get(A) is not None
    assert found.staleness().state is Freshness.GRACE
    assert found.not_ready() is None
    clock.at = federation.now + 9 * DAY_SECONDS
    assert found.get(A) is None
    assert found.not_ready() is not None


async def test_an_expired_archive_is_opened_under_the_same_grace(tmp_path, federation):
    federation.join(A)
    await opened(tmp_path, federation, published(federation))

    late = Clock(federation.now + 8 * DAY_SECONDS)
    graced = directory(tmp_path, federation, [], clock=late, grace_seconds=2 * DAY_SECONDS)
    closed = directory(tmp_path, federation, [], clock=late)

    assert graced.get(A) is not None
    assert closed.get(A) is None


# ---------------------------------------------------------------- the past, and the mirror


async def test_the_directory_of_a_past_instant_is_judged_again_from_the_archive(tmp_path, federation):
    joined = federation.join(A)
    old_key = joined.member.keys[0]
    clock = Clock(federation.now)
    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls, clock=clock)
        await found.refresh()
        version, first = found.version, federation.now
        clock.at = federation.now = Instant(first + 30 * DAY_SECONDS)
        stolen = replace(old_key, compromised_since=Instant(first + DAY_SECONDS))
        federation.update(joined, keys=(stolen, joined.member.keys[1]))
        await found.refresh()

    then, now = found.as_of(Instant(first + DAY_SECONDS)), found.as_of(federation.now)

    assert found.as_of(Instant(first - 1)) is None
    assert then.version == version
    assert then.was_expired is False
    assert found.as_of(Instant(first + 8 * DAY_SECONDS)).was_expired is True
    assert then.get(A).keys[0].compromised_since is None
    assert now.get(A).keys[0].compromised_since == first + DAY_SECONDS
    assert found.of_version(version).get(A) == then.get(A)
    assert found.of_version("tuf:9.9.none") is None


async def test_an_archived_file_that_was_altered_is_not_believed(tmp_path, federation):
    federation.join(A)
    found, _ = await opened(tmp_path, federation, published(federation))
    (victim,) = [p for p in (tmp_path / "house").rglob("*") if p.is_file() and b'"members"' in p.read_bytes()[:2000]][
        :1
    ]
    victim.write_bytes(victim.read_bytes().replace(b"SPSTI", b"ITSPS"))

    again = directory(tmp_path, federation, [])

    assert again.version == NO_VERSION
    assert found.version != NO_VERSION


async def test_what_a_member_received_it_serves_to_others(tmp_path, federation):
    federation.join(A)
    first, _ = await opened(tmp_path, federation, published(federation))

    second, ears = await opened(tmp_path, federation, Mirror(first.archive.read), name="second")

    assert second.version == first.version
    assert second.get(A) == first.get(A)
    assert ears.refused == []
    for path in ("../house-root.json", "accepted/00000001.json", "own/../accepted/00000001.json", "/etc/passwd", ""):
        assert first.archive.read(path) is None


async def test_only_what_changed_is_fetched_again(tmp_path, federation):
    joined = federation.join(A)
    federation.join(B)
    mirror = published(federation)
    with serve(mirror) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()
        mirror.asked.clear()
        federation.update(joined, endpoint="https://moved.example")
        await found.refresh()

    assert found.get(A).endpoint == "https://moved.example"
    assert [path for path in mirror.asked if B.value in path or "targets.json" in path] == []


async def test_keys_are_rotated_without_a_new_root_file_at_the_members(tmp_path, federation):
    federation.join(A)
    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls)
        await found.refresh()
        new = operator_signer("op-6")
        rotation.rotate_operator_key(federation.workspace, "op-1", new.public_key, federation.now)
        federation.operators[0] = new
        federation.workspace.sign([new])
        for signer in federation.operators[1:4]:
            federation.workspace.sign([signer])
        federation.publish()
        federation.join(B)
        await found.refresh()

    assert found.get(B) is not None
    again = directory(tmp_path, federation, [])
    assert again.get(B) is not None


async def test_a_replaced_publisher_ends_what_its_thief_had_pushed_up(tmp_path, federation):
    """Version numbers that a thief made huge no longer count once the root names another publisher (TUF 5.3.11)."""
    federation.join(A)
    thief = federation.workspace.needs_published().sealed(federation.publisher, federation.now, after=Seen(0, 10**6))
    found, _ = await opened(tmp_path, federation, Mirror(thief.files()))
    assert f".{10**6 + 1}." in found.version

    new = operator_signer("publisher-2")
    rotation.rotate_operator_key(federation.workspace, "publisher-1", new.public_key, federation.now)
    federation.sign_all(3)
    federation.publisher = new
    federation.publish()
    again, ears = await opened(tmp_path, federation, published(federation))

    assert ears.refused == []
    assert f".{10**6 + 1}." not in again.version
    assert again.get(A) is not None
