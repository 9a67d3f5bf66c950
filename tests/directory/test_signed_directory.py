"""The signed directory through its front door: copies over HTTP on loopback, real keys, every way to be wrong."""

import asyncio
import json
from dataclasses import replace

import pytest
from securesystemslib.signer import CryptoSigner

from connector.core.directory import KeyUse, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, LocalRefused
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.directory import ceremony, rotation, suspending
from connector.directory.fetch import Source
from connector.directory.layout import DAY
from connector.directory.refresh import Refresh
from connector.directory.repository import Seen, delegated_role, instant_end
from connector.directory.signed import NO_VERSION, Freshness
from connector.directory.suspensions import Reason, to_json
from tests.kit.directory import (
    A,
    B,
    C,
    Clock,
    Ears,
    Federation,
    Mirror,
    directory,
    operator_signer,
    published,
    serve,
)


@pytest.fixture
def federation(tmp_path):
    return Federation(tmp_path / "federation")


async def opened(tmp_path, federation, *mirrors, **settings):
    """Open, refresh once, and give the directory and what was heard."""
    ears = settings.pop("ears", Ears())
    with serve(*mirrors) as urls:
        found = directory(tmp_path, federation, urls, ears=ears, **settings)
        await found.refresh()
    return found, ears


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


# ---------------------------------------------------------------- time


async def test_one_frozen_copy_is_told_apart_once_the_others_have_gone_on(tmp_path, federation):
    federation.join(A)
    frozen = Mirror(federation.files())
    federation.now = Instant(federation.now + 3 * DAY)
    federation.publish()

    found, ears = await opened(tmp_path, federation, frozen, published(federation), published(federation))

    assert found.get(A) is not None
    assert ears.kinds() == ["frozen"]


async def test_an_expired_copy_is_refused(tmp_path, federation):
    federation.join(A)
    clock = Clock(federation.now + 7 * DAY)

    found, ears = await opened(tmp_path, federation, published(federation), clock=clock)

    assert found.version == NO_VERSION
    assert ears.kinds() == ["expired"]


async def test_expired_targets_are_refused_though_the_publisher_goes_on(tmp_path, federation):
    """A stolen publisher's key can hold news back until the operators' targets end, and no longer."""
    federation.join(A)
    repository = federation.workspace.needs_published()
    late = Instant(federation.now + 91 * DAY)
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
    clock.at = federation.now + 5 * DAY
    assert found.staleness().state is Freshness.STALE
    assert "timestamp ends at" in found.staleness().message
    assert found.get(A) is not None
    clock.at = federation.now + 7 * DAY

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
    found, _ = await opened(tmp_path, federation, published(federation), clock=clock, grace_seconds=2 * DAY)

    clock.at = federation.now + 8 * DAY
    assert found.get(A) is not None
    assert found.staleness().state is Freshness.GRACE
    assert found.not_ready() is None
    clock.at = federation.now + 9 * DAY
    assert found.get(A) is None
    assert found.not_ready() is not None


async def test_an_expired_archive_is_opened_under_the_same_grace(tmp_path, federation):
    federation.join(A)
    await opened(tmp_path, federation, published(federation))

    late = Clock(federation.now + 8 * DAY)
    graced = directory(tmp_path, federation, [], clock=late, grace_seconds=2 * DAY)
    closed = directory(tmp_path, federation, [], clock=late)

    assert graced.get(A) is not None
    assert closed.get(A) is None


# ---------------------------------------------------------------- members against each other


def smuggled(federation, role, files):
    """What a publisher that checks nothing would publish."""
    forged = federation.workspace.needs_published().with_role(role, files)
    return Mirror(forged.sealed(federation.publisher, federation.now).files())


async def test_an_entry_signed_by_another_member_leaves_the_right_one_in_force(tmp_path, federation):
    victim, thief = federation.join(A), federation.join(B)
    first, _ = await opened(tmp_path, federation, published(federation))
    victim.entry_key = thief.entry_key
    files = victim.sign(federation.now, federation.environment, endpoint="https://thief.example")
    bad = smuggled(federation, f"member-{A.value}", files)

    found, ears = await opened(tmp_path, federation, bad)

    assert found.version != first.version
    assert found.get(A) == first.get(A)
    assert [(subject, refusal) for subject, refusal, _ in ears.parts] == [(f"member-{A.value}", "signatures")]

    fresh, _ = await opened(tmp_path, federation, bad, name="fresh")

    assert fresh.get(A).status is MemberStatus.MAIL_ONLY
    assert fresh.get(A).keys == ()
    assert fresh.get(B) == found.get(B)
    again = directory(tmp_path, federation, [])
    assert again.get(A) == first.get(A)


async def test_a_member_cannot_put_an_entry_of_another_under_its_own_role(tmp_path, federation):
    victim, thief = federation.join(A), federation.join(B)
    end = instant_end(federation.now, DAY)
    target = victim.sign(federation.now, federation.environment, endpoint="https://thief.example").target
    for path in (f"members/{A.value}.json", f"members/{B.value}.json", "memberships.json"):
        files = delegated_role(path, target, 2, end, CryptoSigner(thief.entry_key))

        found, ears = await opened(
            tmp_path, federation, smuggled(federation, f"member-{B.value}", files), name=path.replace("/", "-")
        )

        assert found.get(A).endpoint == "https://dmst-318751275100020.example:8443"
        assert found.get(B).status is MemberStatus.MAIL_ONLY
        assert [subject for subject, _, _ in ears.parts] == [f"member-{B.value}"]


async def test_two_members_with_one_key_leave_it_to_the_one_listed_first(tmp_path, federation):
    first, second = federation.join(A), federation.join(B)
    second.signers["sign-1"] = first.signers["sign-1"]
    shared = (first.member.keys[0], second.member.keys[1])
    files = second.sign(federation.now, federation.environment, keys=shared)

    refused = federation.workspace
    refused.put_incoming(f"member-{B.value}", files)
    publication = federation.publish()
    found, ears = await opened(tmp_path, federation, smuggled(federation, f"member-{B.value}", files))

    assert publication.refused == (f"member-{B.value}: lists a key of {A}",)
    assert found.get(A).status is MemberStatus.ACTIVE
    assert found.get(B).status is MemberStatus.MAIL_ONLY
    assert [(subject, refusal) for subject, refusal, _ in ears.parts] == [(B.value, "shared-key")]


async def test_a_key_of_another_cannot_be_listed_without_holding_it(federation):
    """Listing a public key that one does not hold would push its owner out: the proof is missing."""
    first, second = federation.join(A), federation.join(B)
    with pytest.raises(ConfigFault, match="another key than the entry lists"):
        second.sign(federation.now, federation.environment, keys=(first.member.keys[0], second.member.keys[1]))


async def test_a_pinned_certificate_key_of_another_takes_nothing_from_it(tmp_path, federation):
    pin = "A" * 43
    federation.join(A)
    federation.join(B, tls=TlsBinding((pin,)))

    found, _ = await opened(tmp_path, federation, published(federation))

    assert found.by_certificate(pin, ()).id == B
    assert found.by_certificate(pin, (A.value,)).id == A


async def test_a_member_cannot_take_the_name_or_the_size_class_on_which_others_decide(tmp_path, federation):
    federation.join(A, name="Santé au travail Loire")
    second = federation.join(B)
    federation.update(second, name="Autre nom", size_class="XL", former_names=("SANTE AU TRAVAIL LOIRE", "Ancien"))

    found, ears = await opened(tmp_path, federation, published(federation))

    assert found.get(B).name == "SPSTI 00052"
    assert found.get(B).size_class == "M"
    assert found.get(B).former_names == ("Ancien",)
    assert [(subject, refusal) for subject, refusal, _ in ears.parts] == [(B.value, "duplicate")]


async def test_an_entry_that_its_member_did_not_renew_ends_for_that_member_alone(tmp_path, federation):
    federation.join(A)
    federation.now = Instant(federation.now + 200 * DAY)
    _renew(federation)
    federation.join(B)
    federation.now = Instant(federation.now + 201 * DAY)
    _renew(federation)

    found, ears = await opened(tmp_path, federation, published(federation))

    assert found.get(A).status is MemberStatus.MAIL_ONLY
    assert found.get(B).status is MemberStatus.ACTIVE
    assert [(subject, refusal) for subject, refusal, _ in ears.parts] == [(A.value, "expired")]


def _renew(federation):
    rotation.renew(federation.workspace, "root", federation.now)
    rotation.renew(federation.workspace, "targets", federation.now)
    federation.sign_all(3)
    federation.publish()


# ---------------------------------------------------------------- suspensions


async def test_one_operator_suspends_at_once_and_it_ends_after_seven_days(tmp_path, federation):
    federation.join(A)
    clock = Clock(federation.now)
    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls, clock=clock)
        await found.refresh()
        follower = found.changes()
        following = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)

        suspending.suspend(federation.workspace, A, Reason.KEY_STOLEN, federation.operators[4], federation.now)
        federation.publish()
        await found.refresh()

        assert found.get(A).status is MemberStatus.SUSPENDED
        assert found.get(A).status_since == federation.now
        assert (await following).status is MemberStatus.SUSPENDED

        clock.at = federation.now = Instant(federation.now + 6 * DAY)
        federation.publish()
        await found.refresh()
        assert found.get(A).status is MemberStatus.SUSPENDED

        following = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)
        clock.at += DAY
        found.tick()
        assert found.get(A).status is MemberStatus.ACTIVE
        assert (await following).status is MemberStatus.ACTIVE
        await follower.aclose()


async def test_a_confirmed_suspension_stays_until_two_lift_it(tmp_path, federation):
    federation.join(A)
    began = federation.now
    clock = Clock(began)
    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls, clock=clock)
        suspending.suspend(federation.workspace, A, Reason.PRECAUTION, federation.operators[0], began)
        federation.publish()
        clock.at = federation.now = Instant(began + 3 * DAY)
        suspending.confirm_suspension(federation.workspace, A, federation.now)
        federation.sign_all()
        federation.publish()
        clock.at = federation.now = Instant(began + 9 * DAY)
        federation.publish()
        await found.refresh()
        assert found.get(A).status is MemberStatus.SUSPENDED
        assert found.get(A).status_since == began

        suspending.lift_suspension(federation.workspace, A, federation.now)
        federation.sign_all()
        federation.publish()
        await found.refresh()
        assert found.get(A).status is MemberStatus.ACTIVE


async def test_two_operators_clear_what_one_suspended_before_the_seven_days(tmp_path, federation):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.MISBEHAVIOUR, federation.operators[3], federation.now)
    federation.publish()
    suspending.lift_suspension(federation.workspace, A, federation.now)
    federation.sign_all()
    federation.publish()

    found, _ = await opened(tmp_path, federation, published(federation))

    assert found.get(A).status is MemberStatus.ACTIVE


async def test_one_operator_cannot_lift_what_another_suspended(tmp_path, federation):
    federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.ENUMERATION, federation.operators[0], federation.now)
    federation.publish()
    end = instant_end(federation.now, 300 * DAY)
    files = delegated_role("suspensions/op-1.json", to_json(()), 2, end, federation.operators[1])
    federation.workspace.put_incoming("suspensions-op-1", files)
    publication = federation.publish()

    found, _ = await opened(tmp_path, federation, published(federation))

    assert len(publication.refused) == 1
    assert found.get(A).status is MemberStatus.SUSPENDED


async def test_a_member_cannot_lift_its_own_suspension(tmp_path, federation):
    joined = federation.join(A)
    suspending.suspend(federation.workspace, A, Reason.ENUMERATION, federation.operators[0], federation.now)
    federation.publish()
    federation.update(joined, status=MemberStatus.ACTIVE, endpoint="https://new.example")

    found, _ = await opened(tmp_path, federation, published(federation))

    assert found.get(A).status is MemberStatus.SUSPENDED
    assert found.get(A).endpoint == "https://new.example"
    for status in (MemberStatus.SUSPENDED, MemberStatus.LEFT):
        with pytest.raises(LocalRefused, match="only the operators"):
            joined.sign(federation.now, federation.environment, status=status)
        joined.member = replace(joined.member, status=MemberStatus.ACTIVE)


async def test_a_publisher_that_drops_a_suspension_is_refused_as_rolled_back(tmp_path, federation):
    federation.join(A)
    before = federation.workspace.needs_published()
    suspending.suspend(federation.workspace, A, Reason.ENUMERATION, federation.operators[0], federation.now)
    federation.publish()
    found, _ = await opened(tmp_path, federation, published(federation))

    later = before.sealed(federation.publisher, federation.now, after=Seen(90, 90))
    again, ears = await opened(tmp_path, federation, Mirror(later.files()))

    assert again.version == found.version
    assert again.get(A).status is MemberStatus.SUSPENDED
    assert ears.kinds() == ["rollback"]


async def test_a_member_that_left_stays_with_its_keys_and_names_its_successor(tmp_path, federation):
    federation.join(A)
    federation.join(B)
    ceremony.remove_member(federation.workspace, A, B, federation.now)
    federation.sign_all()
    federation.publish()

    found, _ = await opened(tmp_path, federation, published(federation))

    assert found.get(A).status is MemberStatus.LEFT
    assert found.get(A).successor == B
    assert {key.use for key in found.get(A).keys} == set(KeyUse)


# ---------------------------------------------------------------- the past, and the mirror


async def test_the_directory_of_a_past_instant_is_judged_again_from_the_archive(tmp_path, federation):
    joined = federation.join(A)
    old_key = joined.member.keys[0]
    clock = Clock(federation.now)
    with serve(published(federation)) as urls:
        found = directory(tmp_path, federation, urls, clock=clock)
        await found.refresh()
        version, first = found.version, federation.now
        clock.at = federation.now = Instant(first + 30 * DAY)
        stolen = replace(old_key, compromised_since=Instant(first + DAY))
        federation.update(joined, keys=(stolen, joined.member.keys[1]))
        await found.refresh()

    then, now = found.as_of(Instant(first + DAY)), found.as_of(federation.now)

    assert found.as_of(Instant(first - 1)) is None
    assert then.version == version
    assert then.was_expired is False
    assert found.as_of(Instant(first + 8 * DAY)).was_expired is True
    assert then.get(A).keys[0].compromised_since is None
    assert now.get(A).keys[0].compromised_since == first + DAY
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
