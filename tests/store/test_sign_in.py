"""What sign-in keeps, on the real state: it survives a restart, is found by tags, and each secret is good once."""

import asyncio

import pytest

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.local_account import Enrolment, LocalAccount
from connector.core.mandate import Auth, AuthLevel, AuthMeans
from connector.core.people import Person, Role, Subject
from connector.core.practitioner_id import PractitionerId
from connector.core.sessions import Session
from connector.local.sign_in.staff import Staff
from tests.kit.local_values import Entropy, PractitionerList
from tests.kit.state import T0
from tests.store.conftest import Kit

RPPS = PractitionerId("899700366240")
TAG = b"t" * 32


@pytest.fixture
async def kit(tmp_path, clock):
    async with Kit(tmp_path, "people", clock) as kit:
        yield kit


def entry(reason="added"):
    return EntryDraft(type=EntryType.PERSON, at=T0, reason=reason)


def person(name="Dominique Essai", number=1, **changes):
    known = {"practitioner": RPPS, "subjects": (Subject("entra", f"s{number}"),), "roles": frozenset({Role.NURSE})}
    return Person(id=f"{number:032x}", name=name, added_at=T0, **(known | changes))


def session(**changes):
    known = {
        "id": "1" * 32,
        "person_id": f"{1:032x}",
        "auth": Auth(AuthMeans.PSC, AuthLevel.LOW, T0),
        "csrf": "c",
        "browser": b"b",
        "address": b"a",
        "used_at": T0,
        "expires_at": Instant(T0 + 100),
    }
    return Session(**(known | changes))


async def test_people_survive_a_restart_with_their_entry(kit):
    await kit.store.add([person()], [entry()])

    await kit.reopen()

    assert list(await kit.store.all()) == [person()]
    assert ("person", "") in await kit.told()


@pytest.mark.parametrize(
    "second",
    [
        {"subjects": ()},
        {"practitioner": None, "roles": frozenset({Role.DPO}), "subjects": (Subject("entra", "s1"),)},
    ],
)
async def test_neither_practitioner_nor_subject_is_two_peoples(kit, second):
    await kit.store.add([person()], [])

    with pytest.raises(LocalRefused, match="another person"):
        await kit.store.add(
            [person(number=3, practitioner=PractitionerId("810002422979")), person(number=2, **second)], []
        )
    assert len(await kit.store.all()) == 1


async def test_a_subject_that_was_given_up_is_free_again(kit):
    await kit.store.add([person()], [])
    await kit.store.change(person(subjects=()), entry("changed"))

    await kit.store.add([person(number=2, practitioner=PractitionerId("810002422979"), subjects=person().subjects)], [])


async def test_the_database_holds_no_name_and_no_identifier_in_clear(kit, tmp_path):
    await kit.store.add([person()], [entry()])
    await kit.state.local_accounts.put(LocalAccount(person().id, "nurse.essai", "$argon2id$", "SECRET"), entry())
    await kit.__aexit__()
    raw = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    await kit.__aenter__()

    assert not [text for text in (b"Dominique", RPPS.value.encode(), b"nurse.essai", b"SECRET") if text in raw]


async def test_a_session_survives_a_restart_and_ends_for_good(kit):
    await kit.store.add([person()], [])
    await kit.state.sessions.open(TAG, session(), entry("in"))
    await kit.reopen()
    assert kit.state.sessions.find(TAG) == session()

    await kit.state.sessions.end(TAG, entry("out"))
    await kit.state.sessions.keep(TAG, session(locked=True))

    assert kit.state.sessions.find(TAG) is None


async def test_one_person_has_twenty_sessions_at_most(kit):
    await kit.store.add([person()], [])
    for number in range(22):
        tag = bytes([number]) * 32
        await kit.state.sessions.open(tag, session(expires_at=Instant(T0 + 100 + number)), entry())

    assert [kit.state.sessions.find(bytes([n]) * 32) is None for n in range(22)] == [True, True] + [False] * 20


async def test_a_secret_gives_its_value_once_and_is_known_afterwards(kit, clock):
    store, value = kit.state.one_time, Enrolment("p")
    assert await store.put("enrolment", "secret", value, Instant(T0 + 60))
    assert not await store.put("enrolment", "secret", value, Instant(T0 + 60))
    assert await store.peek("enrolment", "secret", Enrolment, T0) == value
    assert await store.take("launch", "secret", Enrolment) == (None, False)

    assert await store.take("enrolment", "secret", Enrolment) == (value, False)
    await store.replace("enrolment", "secret", Enrolment("other"))
    await kit.reopen()
    assert await kit.state.one_time.take("enrolment", "secret", Enrolment) == (None, True)


async def test_a_value_whose_time_is_over_is_not_given(kit, clock):
    await kit.state.one_time.put("enrolment", "secret", Enrolment("p"), Instant(clock.now()))

    assert await kit.state.one_time.peek("enrolment", "secret", Enrolment, clock.now()) is None
    assert await kit.state.one_time.take("enrolment", "secret", Enrolment) == (None, False)


async def test_failures_lock_over_a_restart_and_are_forgiven(kit):
    limits = {"allowed": 3, "window": 60, "lock": 100}
    found = [await kit.state.failures.count("account:a", T0, **limits) for _ in range(3)]
    assert found == [None, None, T0 + 100]

    await kit.reopen()

    assert await kit.state.failures.locked_until(["address:b", "account:a"], T0) == T0 + 100
    assert await kit.state.failures.locked_until(["account:a"], Instant(T0 + 100)) is None
    await kit.state.failures.forgive("account:a")
    assert await kit.state.failures.locked_until(["account:a"], T0) is None


async def test_failures_of_another_window_do_not_add_up(kit):
    limits = {"allowed": 2, "window": 60, "lock": 100}
    await kit.state.failures.count("account:a", T0, **limits)

    assert await kit.state.failures.count("account:a", Instant(T0 + 60), **limits) is None


async def test_a_time_step_and_a_recovery_code_are_used_up(kit):
    await kit.store.add([person()], [])
    accounts = kit.state.local_accounts
    await accounts.put(LocalAccount(person().id, "nurse", "h", "S", last_step=5, recovery=("d",)), entry())

    assert [await accounts.use_step("nurse", step) for step in (5, 6, 6, 4)] == [False, True, False, False]
    assert [await accounts.use_recovery("nurse", "d") for _ in range(2)] == [True, False]
    assert await accounts.people() == [person().id]


async def test_a_login_is_one_persons(kit):
    await kit.store.add([person(), person(number=2, practitioner=PractitionerId("810002422979"))], [])
    await kit.state.local_accounts.put(LocalAccount(f"{1:032x}", "nurse", "h", "S"), entry())

    with pytest.raises(LocalRefused):
        await kit.state.local_accounts.put(LocalAccount(f"{2:032x}", "nurse", "h", "S"), entry())


async def test_a_suspension_is_not_taken_back_by_a_change_that_was_made_at_the_same_time(kit, clock):
    await kit.store.add([person()], [entry()])
    staff = Staff(kit.store, PractitionerList(), clock, Entropy())
    await staff.load()

    await asyncio.gather(staff.suspend(person().id, "A"), staff.change(person().id, "B", name="Dominique Autre"))

    (kept,) = await kit.store.all()
    assert staff.person(kept.id) == kept
    assert (kept.name, kept.suspended_at) == ("Dominique Autre", clock.now())
