"""Members of the signed directory against each other, and their suspension."""

import asyncio
from dataclasses import replace

import pytest
from securesystemslib.signer import CryptoSigner

from connector.core.directory import KeyUse, MemberStatus, TlsBinding
from connector.core.errors import ConfigFault, LocalRefused
from connector.core.instant import Instant
from connector.core.units import DAY_SECONDS
from connector.directory import ceremony, rotation, suspending
from connector.directory.repository import Seen, delegated_role, instant_end
from connector.directory.suspensions import Reason, to_json
from tests.kit.directory import (
    A,
    B,
    Clock,
    Mirror,
    directory,
    opened,
    published,
    serve,
)

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
    end = instant_end(federation.now, DAY_SECONDS)
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
    federation.now = Instant(federation.now + 200 * DAY_SECONDS)
    _renew(federation)
    federation.join(B)
    federation.now = Instant(federation.now + 201 * DAY_SECONDS)
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

        clock.at = federation.now = Instant(federation.now + 6 * DAY_SECONDS)
        federation.publish()
        await found.refresh()
        assert found.get(A).status is MemberStatus.SUSPENDED

        following = asyncio.ensure_future(anext(follower))
        await asyncio.sleep(0)
        clock.at += DAY_SECONDS
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
        clock.at = federation.now = Instant(began + 3 * DAY_SECONDS)
        suspending.confirm_suspension(federation.workspace, A, federation.now)
        federation.sign_all()
        federation.publish()
        clock.at = federation.now = Instant(began + 9 * DAY_SECONDS)
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
    end = instant_end(federation.now, 300 * DAY_SECONDS)
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
