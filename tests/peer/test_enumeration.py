"""The limits against enumeration over the wire (PROTOCOL section 5): 429, no receipt, no leaf, kept over restarts."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from connector.core.errors import AdapterFault
from connector.core.ledger import EntryType, Tree
from connector.core.limits import Limits, PeerOverride
from connector.core.oid import InsOid
from tests.kit.holder_fakes import GIVEN, KNOWN, WORKER
from tests.kit.holder_house import a_house, a_line, opened_receipt
from tests.kit.people import a_guess, a_person
from tests.kit.state import INS, an_id

DAY = 86_400
REAL = Limits()


@pytest.fixture
async def house(tmp_path):
    async with a_house(tmp_path, limits=REAL) as running:
        yield running


async def ask(house, line, worker, **changes):
    house.clock.at += 4
    return await line.lookup(house.demand(worker=worker, **changes))


async def enumerate_(house, line, orders):
    return [await ask(house, line, a_guess(order)) for order in orders]


def limits(house, type=EntryType.LIMITED):  # noqa: A002 (the entry's word)
    return house.entries(Tree.HOUSE, type)


async def test_an_enumerator_with_known_traits_gets_no_answer_to_the_fourth_matricule(house, line):
    replies = await enumerate_(house, line, range(1, 5))

    last = replies[-1]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert (last.header("DMST-Receipt"), last.header("Retry-After")) == (None, str(DAY))
    assert b"limit.exceeded" in last.body
    assert b"call its contact" in last.body
    assert house.vendor.looked == 3
    assert len(await house.entries()) == 3


async def test_a_block_is_an_alert_with_the_mandate_that_met_it(house, line):
    await enumerate_(house, line, range(1, 5))

    (alert,) = await limits(house, EntryType.ALERT)
    assert (alert.peer, alert.outcome, alert.reason) == (house.asker.id, "blocked", "limit.pattern")
    assert alert.personal["mandate"].count(".") == 2
    assert alert.workers == (a_guess(4).ins,)
    assert house.ears.of("limit_met") == [["pattern", house.asker.id, True]]


async def test_a_limit_is_one_house_entry_per_peer_and_hour(house):
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 9))
    assert len(await limits(house)) == 1

    house.clock.at += 3600
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 9))

    found = await limits(house)
    assert [(entry.peer, entry.reason) for entry in found] == [(house.asker.id, "limit.pattern")] * 2
    assert len(await house.entries()) == 3


async def test_a_blocked_person_stays_blocked_after_a_restart_and_others_are_answered(house):
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 5))
    await house.restart()

    async with a_line(house) as line:
        assert (await ask(house, line, a_guess(1))).status == 429
        assert (await ask(house, line, a_person(1))).status == 200


async def test_what_was_counted_is_not_forgotten_by_a_restart(house):
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 4))
    await house.restart()

    async with a_line(house) as line:
        assert (await ask(house, line, a_guess(4))).status == 429


async def test_demands_that_come_together_after_a_restart_are_counted_on_what_was_before(house):
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 4))
    await house.restart()

    async with a_line(house) as one, a_line(house) as two:
        demands = (one, house.demand(worker=a_guess(4))), (two, house.demand(worker=a_person(1)))
        replies = await asyncio.gather(*(line.lookup(demand) for line, demand in demands))
        assert [reply.status for reply in replies] == [429, 200]
    assert (await house.holder.limits.standing(house.asker.member)).total == 4


async def test_a_member_about_whom_nothing_can_be_read_is_given_nothing(house):
    async with a_line(house) as line:
        await enumerate_(house, line, range(1, 3))
    with closing(sqlite3.connect(house.state.parts.readers._path)) as db, db:
        (kept,) = db.execute("select sealed from counted where number = 1").fetchone()
        db.execute("update counted set sealed = zeroblob(length(sealed)) where number = 1")
    await house.restart()

    async with a_line(house) as line:
        assert (await ask(house, line, a_person(1))).status == 503
        with closing(sqlite3.connect(house.state.parts.readers._path)) as db, db:
            db.execute("update counted set sealed = ? where number = 1", (kept,))
        assert (await ask(house, line, a_person(1))).status == 200
    assert (await house.holder.limits.standing(house.asker.member)).total == 3


@pytest.mark.parametrize(
    "looked", [GIVEN, replace(GIVEN, announcement=None), AdapterFault("the software is away"), None]
)
async def test_whatever_is_answered_counts_for_the_pattern(house, line, looked):
    for order in range(1, 4):
        ins = a_guess(order).ins
        if looked is GIVEN:
            house.vendor.looks[ins] = replace(GIVEN, identity=replace(KNOWN, ins=ins))
        elif looked is not None:
            house.vendor.looks[ins] = looked
        await ask(house, line, a_guess(order))

    assert (await ask(house, line, a_guess(4))).status == 429


async def test_a_lookup_that_could_not_look_counts_as_a_miss(house, line):
    house.vendor.looks[INS] = AdapterFault("the software is away")
    await ask(house, line, WORKER)
    del house.vendor.looks[INS]
    await ask(house, line, WORKER)
    house.vendor.looks[INS] = GIVEN
    await ask(house, line, WORKER)

    standing = await house.holder.limits.standing(house.asker.member)
    assert (standing.total, standing.hits, standing.misses) == (3, 1, 2)


async def test_the_twenty_first_lookup_of_a_minute_waits_for_the_next(house, line):
    for number in range(20):
        assert (await line.lookup(house.demand(worker=a_person(number)))).status == 200

    over = await line.lookup(house.demand(worker=a_person(20)))

    assert (over.status, over.header("Retry-After")) == (429, "60")
    house.clock.at += 60
    assert (await line.lookup(house.demand(worker=a_person(20)))).status == 200


async def test_the_minute_is_counted_over_a_restart(house):
    async with a_line(house) as line:
        for number in range(20):
            await line.lookup(house.demand(worker=a_person(number)))
    await house.restart()

    async with a_line(house) as line:
        assert (await line.lookup(house.demand(worker=a_person(20)))).status == 429


async def test_demands_refused_for_what_they_say_cannot_fill_the_ledger(house, line):
    stranger = replace(WORKER, ins=replace(WORKER.ins, oid=InsOid.NIR))
    statuses = [(await line.lookup(house.demand(worker=stranger))).status for _ in range(25)]

    assert statuses == [403] * 20 + [429] * 5
    assert len(await house.entries()) == 20


async def test_misses_are_slowed_and_the_floor_is_not_learnt_from_the_waiting(house, line):
    house.vendor.looks.clear()
    for number in range(31):
        await ask(house, line, a_person(number))
    house.clock.at += 1
    house.pauses.clear()

    await line.lookup(house.demand(worker=a_person(31)))

    assert house.pauses[0] == pytest.approx(5.0)
    assert house.holder._emitter.floor.seconds == house.holder.settings.withheld_floor_seconds
    assert (await house.holder.limits.standing(house.asker.member)).slowed


async def test_a_pair_with_ten_times_too_many_misses_is_blocked_until_it_is_lifted(tmp_path):
    async with a_house(tmp_path, limits=Limits(misses_per_day=2)) as house:
        house.vendor.looks.clear()
        async with a_line(house) as line:
            for number in range(20):
                house.clock.at += 20
                await line.lookup(house.demand(worker=a_person(number)))
            assert (await ask(house, line, a_person(20))).status == 429
        (block,) = house.holder.limits.blocks()
        house.clock.at += DAY
        await house.restart()

        async with a_line(house) as line:
            assert (await ask(house, line, a_person(21))).status == 429
            await house.holder.limits.lift(block.id, "called them: a wrong import", ("Mme A", "M. B"))
            assert (await ask(house, line, a_person(21))).status == 200
        (changed,) = await limits(house, EntryType.LIMIT_CHANGED)
        assert (changed.outcome, changed.personal["by"]) == ("lifted", ["Mme A", "M. B"])
        await house.restart()
        assert house.holder.limits.blocks() == []


async def test_probes_have_a_quota_of_their_own(tmp_path):
    async with a_house(tmp_path, limits=Limits(probes_per_minute=2)) as house, a_line(house) as line:
        statuses = [(await line.lookup(house.probe())).status for _ in range(3)]

        assert statuses == [200, 200, 429]
        assert (await line.lookup(house.demand())).status == 200


async def test_a_repeated_lookup_counts_once_and_is_answered(house, line):
    lookup_id = an_id()
    for _ in range(4):
        demand = house.demand(lookup_id=lookup_id)
        compact = house.seal(demand)
        opened_receipt(house, await line.lookup(demand, compact=compact), compact, lookup_id)

    assert (await house.holder.limits.standing(house.asker.member)).total == 1
    assert len(await house.entries()) == 4


async def test_a_handover_is_not_given_once_the_person_is_blocked(house, line):
    announced = await line.announced()
    await enumerate_(house, line, range(1, 5))

    reply = await line.handover(announced)

    assert (reply.status, reply.header("DMST-Receipt")) == (429, None)
    assert house.vendor.rendered == 0


async def test_an_operator_changes_the_numbers_of_one_peer_for_good(house):
    await house.holder.limits.set_override(house.asker.id, PeerOverride(per_minute=1), "agreed by telephone", "Mme A")
    await house.restart()

    async with a_line(house) as line:
        assert (await line.lookup()).status == 200
        assert (await line.lookup()).status == 429
    await house.holder.limits.set_override(house.asker.id, None, "back to normal", "Mme A")
    assert [entry.outcome for entry in await limits(house, EntryType.LIMIT_CHANGED)] == ["set", "configured"]
    assert (await house.holder.limits.standing(house.asker.member)).limits.per_minute == 20


async def test_nothing_that_was_counted_names_anybody_in_the_database(house, line):
    await enumerate_(house, line, range(1, 5))
    database = house.state.journal._parts.readers._path
    held = b"".join(path.read_bytes() for path in database.parent.glob("state.db*"))

    assert a_guess(1).ins.matricule.value.encode() not in held
    tag = house.state.limits.tag("limit matricule", house.asker.id.value, INS.oid.value, a_guess(1).ins.matricule.value)
    assert tag not in held
