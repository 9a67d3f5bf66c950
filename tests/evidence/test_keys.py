"""What a signature is worth once its key was rotated, stolen or has expired: good for ever, in time only if seen."""

from dataclasses import replace

import pytest

from connector.core.directory import KeyUse
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.directory.members_text import members_text
from connector.evidence.findings import Found, Verdict
from connector.evidence.packing import KeptLists
from connector.evidence.report import as_text
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import DAY, Bench

YEAR = 365 * DAY


@pytest.fixture
async def bench(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        made = Bench(pair)
        await made.keep_list(at=-10)
        yield made


async def exchanged(bench, *, witnessed: bool):
    """An exchange, whose ledgers a third member saw an hour later, or nobody did; gives the requester's file."""
    fetch = await bench.pair.fetch(bench.holder.id)
    await bench.pair.shown(fetch.id)
    if witnessed:
        ours, theirs = bench.pair.state, bench.house.state
        await bench.witness(bench.us, ours, ours, later=3600)
        await bench.witness(bench.holder, theirs, ours, later=3600)
    return await bench.of_requester(fetch.id)


def newer(bench, *members):
    """The list of the day, and a later one in which some members are otherwise."""
    return bench.list_text(), bench.list_text(*members)


def of(report, kind):
    return [finding for finding in report.findings if finding.found is kind]


async def test_a_key_that_was_stolen_later_proves_what_a_third_member_saw_before(bench):
    whole = await exchanged(bench, witnessed=True)
    stolen = bench.with_key(bench.holder, KeyUse.SIGN, compromised_since=Instant(bench.now + 2 * DAY))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.PROVEN
    in_time = of(report, Found.SIGNATURE_IN_TIME)
    assert in_time
    assert {f.facts["why"] for f in in_time} == {"stolen"}
    assert all(f.facts["seen_by"].startswith("SPSTI Est") for f in in_time)


async def test_a_key_that_was_stolen_later_proves_no_time_where_nobody_saw_it(bench):
    whole = await exchanged(bench, witnessed=False)
    stolen = bench.with_key(bench.holder, KeyUse.SIGN, compromised_since=Instant(bench.now + 2 * DAY))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.TIME_NOT_PROVEN
    assert not report.altered
    assert {f.facts["member"] for f in of(report, Found.SIGNATURE_TIME_NOT_PROVEN)} == {
        f"SPSTI Nord ({bench.holder.id})"
    }
    assert "the signature is good, its time is not proven" in as_text(report, "en")
    assert "la signature est bonne, sa date n'est pas prouvée" in as_text(report, "fr")


async def test_a_third_word_that_came_after_the_theft_is_too_late(bench):
    whole = await exchanged(bench, witnessed=True)
    stolen = bench.with_key(bench.holder, KeyUse.SIGN, compromised_since=Instant(bench.now + 1800))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.TIME_NOT_PROVEN


async def test_what_says_it_was_signed_after_the_theft_is_not_proven(bench):
    whole = await exchanged(bench, witnessed=True)
    stolen = bench.with_key(bench.holder, KeyUse.SIGN, compromised_since=Instant(bench.now - 1))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.NOT_PROVEN
    assert {f.part for f in of(report, Found.SIGNATURE_AFTER_END)} == {"exchanges[0].receipt", "exchanges[1].receipt"}


@pytest.mark.parametrize("witnessed", [True, False])
async def test_expired_keys_prove_what_a_third_member_saw_before(bench, witnessed):
    whole = await exchanged(bench, witnessed=witnessed)

    report = bench.verify(whole, at=bench.now + 20 * YEAR)

    assert report.verdict is (Verdict.PROVEN if witnessed else Verdict.TIME_NOT_PROVEN)


@pytest.mark.parametrize(("witnessed", "verdict"), [(True, Verdict.PROVEN), (False, Verdict.TIME_NOT_PROVEN)])
async def test_a_rotated_key_still_verifies_by_the_directory_of_the_time(bench, witnessed, verdict):
    whole = await exchanged(bench, witnessed=witnessed)
    old = next(key for key in bench.us.member.keys if key.use is KeyUse.SIGN)
    der = public_key_to_der(generate(SigningAlgorithm.ES256).public_key())
    rotated = bench.with_key(bench.us, KeyUse.SIGN, drop=True)
    rotated = replace(rotated, keys=(*rotated.keys, replace(old, kid="sign-2", public_der=der)))

    report = bench.verify(whole, *newer(bench, rotated), at=bench.now + 5 * DAY)

    assert report.verdict is verdict
    assert "withdrawn" in {f.facts.get("why") for f in report.findings}


async def test_an_acknowledgement_that_is_sent_after_the_keys_were_rotated_is_proven(bench):
    bench.house.store.failing = {"acknowledge"}
    fetch = await bench.pair.fetch(bench.holder.id)
    begins = Instant(bench.now + 1800)
    following = PrivateKeySigner("sign-2", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))
    sign, ledger = (replace(key, valid_until=begins) for key in bench.us.member.keys)
    fresh = replace(
        sign,
        kid=following.kid,
        public_der=public_key_to_der(following.public_key),
        valid_from=begins,
        valid_until=Instant(begins + YEAR),
    )
    bench.us.signer, bench.us.member = following, replace(bench.us.member, keys=(sign, ledger, fresh))
    bench.house.members.change(bench.us.id, keys=bench.us.member.keys)
    await bench.pair.crash()
    bench.house.store.failing = set()
    bench.pair.clock.at += 3600

    await bench.pair.errands.run_due_work()

    assert await bench.pair.state.requester.due_acks(Instant(bench.now + YEAR)) == []
    whole = await bench.of_requester(fetch.id)
    report = bench.verify(whole, *newer(bench, bench.us.member))
    (good,) = [f for f in report.findings if f.part == "exchanges[1].ack" and f.found is not Found.ACKNOWLEDGED]
    assert (good.found, good.verdict, good.facts["kid"]) == (Found.SIGNATURE_GOOD, Verdict.PROVEN, "sign-2")


async def test_a_rotated_key_is_nobodys_by_the_newest_list_alone(bench):
    whole = await exchanged(bench, witnessed=True)
    old = next(key for key in bench.us.member.keys if key.use is KeyUse.SIGN)
    der = public_key_to_der(generate(SigningAlgorithm.ES256).public_key())
    rotated = bench.with_key(bench.us, KeyUse.SIGN, drop=True)
    rotated = replace(rotated, keys=(*rotated.keys, replace(old, kid="sign-2", public_der=der)))

    report = bench.verify(whole, bench.list_text(rotated), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.ALTERED
    assert of(report, Found.DIRECTORY_NOT_TRUSTED)


async def test_a_stolen_ledger_key_leaves_the_time_of_unseen_entries_unproven(bench):
    whole = await exchanged(bench, witnessed=False)
    stolen = bench.with_key(bench.us, KeyUse.LEDGER, compromised_since=Instant(bench.now + DAY))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert report.verdict is Verdict.TIME_NOT_PROVEN
    assert {f.part.partition("[")[0] for f in of(report, Found.SIGNATURE_TIME_NOT_PROVEN)} == {"entries"}


async def test_the_word_of_a_party_is_no_third_word(bench):
    fetch = await bench.pair.fetch(bench.holder.id)
    await bench.pair.shown(fetch.id)
    third, bench.third = bench.third, bench.holder
    await bench.witness(bench.us, bench.pair.state, bench.pair.state, later=3600)
    bench.third = third
    whole = await bench.of_requester(fetch.id)
    stolen = bench.with_key(bench.us, KeyUse.SIGN, compromised_since=Instant(bench.now + 2 * DAY))

    report = bench.verify(whole, *newer(bench, stolen), at=bench.now + 5 * DAY)

    assert whole["witnesses"]
    assert report.verdict is Verdict.TIME_NOT_PROVEN


async def test_a_list_that_the_reader_does_not_trust_proves_nothing(bench):
    whole = await exchanged(bench, witnessed=True)
    bench.members.pop(bench.holder.id)

    report = bench.verify(whole, bench.list_text())

    assert report.verdict is Verdict.NOT_PROVEN or report.verdict is Verdict.ALTERED
    assert of(report, Found.DIRECTORY_NOT_TRUSTED)
    assert of(report, Found.SIGNER_UNKNOWN)


async def test_a_list_that_came_back_is_the_one_in_force_from_then_on(tmp_path):
    async with a_pair(tmp_path / "pair") as pair:
        bench = Bench(pair)
        without = members_text(m for m in bench.members.values() if m.id != bench.third.id).encode()
        for content, at in ((None, -30), (without, -20), (None, -10)):
            await bench.keep_list(content, at=at)
        lists = KeptLists(pair.state.evidence, Environment.TEST)

        found = await lists.pack(frozenset(), [Instant(bench.now - ago) for ago in (25, 15, 5)])

        assert [row["accepted_at"] - bench.now for row in found.rows] == [-30, -20, -10]
        assert found.rows[0]["version"] == found.rows[2]["version"] != found.rows[1]["version"]
