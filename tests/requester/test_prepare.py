"""What a fetch may be prepared for, and by whom: refusals, with what the house ledger keeps of them."""

from dataclasses import replace

import pytest

from connector.core.coded import Coded
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.directory import MemberStatus
from connector.core.errors import AdapterFault, FailedClosed, LocalRefused
from connector.core.identity import IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.ledger import EntryType
from connector.core.mandate import FollowUpBasis
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Idempotency
from connector.core.records import Look, Opposition
from connector.core.states import FetchState
from connector.core.traits import StrictTraits
from connector.requester.settings import RequesterSettings
from tests.kit.holder_fakes import GIVEN, UNKNOWN_HERE
from tests.kit.requester_office import WORKER, A, B, an_office, known_as
from tests.kit.state import INS, OTHER_INS, OWNER, TRAITS, US

STRANGER = MemberId("318751275100111")
OTHER_TRAITS = StrictTraits.parse(
    birth_name="AUTRE", birth_given_names="CATARINA BELLA", sex="F", birth_date="1979-03-00", birth_place="51215"
)


async def refused(work) -> LocalRefused:
    with pytest.raises(LocalRefused) as raised:
        await work
    assert not any(word in str(raised.value) for word in ("TCHITCHI", "CATARINA", "2790351", OWNER))
    return raised.value


async def test_a_prepared_fetch_asks_nobody(office):
    fetch = await office.errands.prepare(office.new(A, B), "desk")

    assert (fetch.state, fetch.owner, fetch.requested_by) == (FetchState.PREPARED, OWNER, "desk")
    assert [reply.name for reply in fetch.replies] == ["SPSTI Ardèche", "SPSTI Bocage"]
    assert office.a.asked == []
    (event,) = await office.events(fetch.id)
    assert event.data["state"] == "prepared"


# ---------------------------------------------------------------- services


@pytest.mark.parametrize(
    ("members", "code", "words"),
    [
        ((), Code.LOCAL_MALFORMED, "got 0"),
        ((A, A), Code.LOCAL_MALFORMED, "each once"),
        ((A, US), Code.LOCAL_MALFORMED, US.value),
        ((A, STRANGER), Code.MEMBER_UNKNOWN, STRANGER.value),
    ],
)
async def test_services_are_named_by_a_person_and_listed(office, members, code, words):
    error = await refused(office.errands.prepare(replace(office.new(), members=members), "desk"))

    assert (error.code, error.field) == (code, "members")
    assert words in error.message


async def test_no_more_services_than_the_limit_are_asked(tmp_path):
    async with an_office(tmp_path, max_services=1) as office:
        error = await refused(office.errands.prepare(office.new(A, B), "desk"))

    assert error.code is Code.FETCH_TOO_MANY_MEMBERS


async def test_a_member_that_is_not_active_is_named_with_whom_to_call(office):
    office.members.change(A, status=MemberStatus.MAIL_ONLY, contact="accueil@example.org")

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.MEMBER_SUSPENDED
    assert "SPSTI Ardèche" in error.message
    assert "accueil@example.org" in error.hint


# ---------------------------------------------------------------- who asks


async def test_a_practitioner_who_may_not_ask_is_refused_and_the_house_knows(office):
    office.people.asking.clear()

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.LOCAL_FORBIDDEN
    (entry,) = await office.entries(EntryType.FETCH_REFUSED)
    assert (entry.reason, entry.personal["requested_by"]) == ("local.forbidden", "desk")
    assert entry.personal["practitioner"]["id"] == OWNER


async def test_a_profession_that_may_not_read_a_whole_record_is_refused(office):
    new = office.new(A)
    assistant = replace(new.practitioner, profession=Coded("urn:x", "assistant"))

    error = await refused(office.errands.prepare(replace(new, practitioner=assistant), "desk"))

    assert error.code is Code.PRACTITIONER_PROFESSION


# ---------------------------------------------------------------- the worker


async def test_a_real_identity_is_not_asked_for_by_a_test_connector(office):
    real = QualifiedIdentity(Ins.parse("1.2.250.1.213.1.4.8", "279035121518989"), TRAITS)

    error = await refused(office.errands.prepare(office.new(A, worker=real), "desk"))

    assert error.code is Code.IDENTITY_OID


async def test_a_worker_who_objected_is_not_asked_about(office):
    office.vendor.looks[INS] = replace(GIVEN, opposition=Opposition.YES)

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.FETCH_OPPOSED
    (entry,) = await office.entries(EntryType.FETCH_REFUSED)
    assert entry.reason == "fetch.opposed"


async def test_an_opposition_in_the_register_stops_the_question_too(tmp_path):
    class Register:
        def not_ready(self):
            return None

        async def opposition(self, ins, look):
            assert ins == (INS,)
            return Opposition.YES

    async with an_office(tmp_path, house={"oppositions": Register(), "source": None}) as office:
        error = await refused(office.errands.prepare(office.new(A, declared_reason="embauche"), "desk"))

    assert error.code is Code.FETCH_OPPOSED


async def test_an_opposition_that_is_not_known_does_not_stop_the_question(office):
    office.vendor.looks[INS] = replace(GIVEN, opposition=Opposition.UNKNOWN)

    assert (await office.errands.prepare(office.new(A), "desk")).state is FetchState.PREPARED


async def test_a_worker_known_here_is_asked_for_by_our_own_identity(office):
    fetch = await office.errands.prepare(office.new(A), "desk")

    assert fetch.follow_up.basis is FollowUpBasis.KNOWN_LOCALLY
    assert fetch.worker.verified_on == Day(2026, 10, 1)


async def test_a_worker_not_known_here_may_be_declared_with_a_reason(office):
    office.vendor.looks.clear()

    fetch = await office.errands.prepare(office.new(A, declared_reason="visite d'embauche demain"), "desk")

    assert fetch.follow_up.basis is FollowUpBasis.DECLARED
    assert fetch.follow_up_reason == "visite d'embauche demain"


@pytest.mark.parametrize("reason", ["", "   "])
async def test_a_worker_not_known_here_is_not_asked_about_without_a_reason(office, reason):
    office.vendor.looks.clear()

    error = await refused(office.errands.prepare(office.new(A, declared_reason=reason), "desk"))

    assert error.code is Code.FETCH_NOT_FOLLOWED
    assert "with a reason" in error.hint


async def test_a_house_that_allows_no_declaration_wants_the_worker_registered(tmp_path):
    async with an_office(tmp_path, allow_declared=False) as office:
        office.vendor.looks.clear()

        error = await refused(office.errands.prepare(office.new(A, declared_reason="embauche"), "desk"))

    assert (error.code, error.hint) == (Code.FETCH_NOT_FOLLOWED, "register the worker in your own software first")


async def test_traits_that_differ_from_our_own_software_are_an_alert(office):
    office.vendor.looks[INS] = known_as(traits=OTHER_TRAITS)

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.IDENTITY_DISCREPANCY
    assert "birth name" in error.message


async def test_a_former_ins_is_not_asked_for(office):
    office.vendor.looks[INS] = known_as(ins=OTHER_INS, former=(INS,))

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert "matricule-changed" in error.message


async def test_an_identity_that_is_not_qualified_here_is_not_asked_for(office):
    local = LocalIdentity(INS, TRAITS, IdentityStatus.RECUP)
    office.vendor.looks[INS] = Look(local, Opposition.NO, None)

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.IDENTITY_NOT_QUALIFIED
    assert "RECUP" in error.message


async def test_a_verification_that_is_too_old_is_renewed_first(office):
    office.vendor.looks[INS] = known_as(verified_on=Day(2020, 1, 1))

    error = await refused(office.errands.prepare(office.new(A), "desk"))

    assert error.code is Code.IDENTITY_NOT_QUALIFIED
    assert "days ago" in error.message


async def test_the_age_of_a_verification_may_be_left_out(tmp_path):
    async with an_office(tmp_path, identity_max_age_days=None) as office:
        office.vendor.looks[INS] = known_as(verified_on=Day(1999, 1, 1))

        assert (await office.errands.prepare(office.new(A), "desk")).state is FetchState.PREPARED


async def test_our_own_software_must_answer_before_anyone_is_asked(office):
    office.vendor.fault = AdapterFault("vendor: down", code=Code.ADAPTER_TIMEOUT)

    with pytest.raises(AdapterFault) as raised:
        await office.errands.prepare(office.new(A), "desk")

    assert raised.value.code is Code.ADAPTER_TIMEOUT


# ---------------------------------------------------------------- rules again at the start


async def test_the_rules_are_looked_at_again_at_the_start(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.vendor.looks[INS] = replace(GIVEN, opposition=Opposition.YES)

    error = await refused(office.errands.start(fetch.id, OWNER))

    assert (error.code, office.a.asked) == (Code.FETCH_OPPOSED, [])
    assert await office.types() == []


async def test_a_worker_who_is_no_longer_known_here_stops_the_start(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.vendor.looks[INS] = UNKNOWN_HERE

    assert (await refused(office.errands.start(fetch.id, OWNER))).code is Code.FETCH_NOT_FOLLOWED


async def test_a_prepared_fetch_is_not_started_after_its_time(office):
    fetch = await office.errands.prepare(office.new(A), "desk")
    office.clock.at += 86_400

    assert (await refused(office.errands.start(fetch.id, OWNER))).code is Code.FETCH_EXPIRED


async def test_a_fetch_is_started_once(office):
    fetch = await office.fetch(A)

    assert (await refused(office.errands.start(fetch.id, OWNER))).code is Code.FETCH_STATE


# ---------------------------------------------------------------- idempotency


async def test_the_same_key_with_the_same_body_gives_the_same_fetch(office):
    key = Idempotency("desk", "key-1", bytes(32))

    first = await office.errands.prepare(office.new(A), "desk", key)
    second = await office.errands.prepare(office.new(A), "desk", key)

    assert first == second
    assert len(await office.errands.list(OWNER)) == 1


async def test_the_same_key_with_another_body_is_a_conflict(office):
    await office.errands.prepare(office.new(A), "desk", Idempotency("desk", "key-1", bytes(32)))

    error = await refused(office.errands.prepare(office.new(B), "desk", Idempotency("desk", "key-1", b"1" * 32)))

    assert error.code is Code.LOCAL_CONFLICT


async def test_a_fetch_that_cannot_be_kept_is_not_prepared(office):
    office.store.failing = {"create_fetch"}

    with pytest.raises(FailedClosed):
        await office.errands.prepare(office.new(A), "desk")

    assert await office.errands.list(OWNER) == []


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "changes",
    [
        {"max_services": 0},
        {"max_services": 21},
        {"fetch_seconds": 4 * 86_400},
        {"waiting_seconds": 4 * 86_400},
        {"opened_seconds": 8 * 86_400},
        {"kept_seconds": 8 * 86_400},
    ],
)
def test_settings_beyond_the_rules_are_refused(changes):
    with pytest.raises(ValueError, match="expected"):
        RequesterSettings(US, Environment.TEST, **changes)


def test_a_new_fetch_does_not_print_its_worker():
    assert "TCHITCHI" not in repr(WORKER)
