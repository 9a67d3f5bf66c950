"""Identity alerts over the real store: counted while they are not closed, handled by persons, in no ledger before."""

import pytest

from connector.core.codes import Code
from connector.core.errors import AdapterFault, LocalRefused
from connector.core.identity import IdentityStatus, LocalIdentity
from connector.core.identity_alerts import AlertState, Unqualified
from connector.core.ledger import EntryType, Tree
from connector.core.records import Look, Opposition
from connector.vigilance.alerts import Alerts
from tests.kit.state import INS, OTHER_INS, PEER, T0, TRAITS, HandClock, a_used_mandate, an_entry, an_id, opened
from tests.kit.vigilance import a_near_miss

WHO, OTHER, KEY = "referent-1", "referent-2", "vendor"


@pytest.fixture
async def state(tmp_path):
    async with opened(tmp_path) as state:
        yield state


@pytest.fixture
def alerts(state):
    return Alerts(state.alerts, None, HandClock())


async def seen(state, **changes):
    near_miss = a_near_miss(an_id(), **changes)
    await state.alerts.notice(near_miss)
    return near_miss.id


async def refused(awaitable):
    with pytest.raises(LocalRefused) as caught:
        await awaitable
    return caught.value


async def house_size(state):
    return len(await state.journal.entries(Tree.HOUSE))


async def test_the_same_near_miss_is_one_alert_that_counts(state, alerts):
    first = await seen(state)
    for later in (60, 120):
        await seen(state, at=T0 + later)

    (alert,) = await alerts.page()

    assert (alert.near_miss.id, alert.count, alert.last_at) == (first, 3, T0 + 120)


@pytest.mark.parametrize("changes", [{"ins": OTHER_INS}, {"peer": PEER}, {"differing": ("sex",)}, {"other": OTHER_INS}])
async def test_another_near_miss_is_another_alert(state, alerts, changes):
    await seen(state)
    await seen(state, **changes)

    assert len(await alerts.page()) == 2


async def test_an_alert_is_taken_and_closed_with_person_and_reason(state, alerts):
    alert_id = await seen(state)

    taken = await alerts.take(alert_id, WHO, KEY)
    closed = await alerts.close(alert_id, WHO, "date corrigée", KEY)

    assert (taken.state, closed.state) == (AlertState.TAKEN, AlertState.CLOSED)
    assert [(h.by, h.reason) for h in closed.handled] == [(WHO, ""), (WHO, "date corrigée")]
    entries = await state.journal.entries(Tree.HOUSE, type=EntryType.ALERT, worker=INS)
    assert [(e.outcome, e.ref) for e in entries] == [("identity-closed", alert_id), ("identity-taken", alert_id)]


async def test_an_alert_may_be_taken_over_but_not_taken_twice(state, alerts):
    alert_id = await seen(state)
    await alerts.take(alert_id, WHO, KEY)

    assert (await refused(alerts.take(alert_id, WHO, KEY))).code is Code.LOCAL_CONFLICT
    assert (await alerts.take(alert_id, OTHER, KEY)).handled[-1].by == OTHER


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
async def test_nobody_closes_an_alert_without_a_reason(state, alerts, reason):
    alert_id = await seen(state)

    assert (await refused(alerts.close(alert_id, WHO, reason, KEY))).field == "reason"
    assert (await alerts.get(alert_id)).state is AlertState.OPEN


async def test_a_closed_alert_stays_closed_and_the_same_again_is_a_new_one(state, alerts):
    alert_id = await seen(state)
    await alerts.close(alert_id, WHO, "homonymes", KEY)

    assert (await refused(alerts.take(alert_id, WHO, KEY))).code is Code.LOCAL_CONFLICT
    again = await seen(state)

    assert [a.near_miss.id for a in await alerts.page(state=AlertState.OPEN)] == [again]
    assert [a.near_miss.id for a in await alerts.page(state=AlertState.CLOSED)] == [alert_id]


async def test_alerts_come_in_pages_and_an_unknown_one_is_not_found(state, alerts):
    ids = [await seen(state, ref=an_id(), differing=(name,)) for name in ("sex", "birth_name", "birth_place")]

    page = await alerts.page(before=ids[2], limit=1)

    assert [a.near_miss.id for a in page] == [ids[1]]
    for call in (alerts.page(before=an_id()), alerts.get(an_id()), alerts.take(an_id(), WHO, KEY)):
        assert (await refused(call)).code is Code.LOCAL_NOT_FOUND


async def test_an_alert_adds_nothing_to_the_house_ledger_until_a_person_acts(state, alerts):
    before = await house_size(state)
    near_miss = a_near_miss(an_id(), peer=PEER)
    await state.holder.answer(entry=an_entry(), used=a_used_mandate(), noticed=near_miss)
    await state.holder.answer(
        entry=an_entry(), used=a_used_mandate(), noticed=Unqualified(INS, IdentityStatus.PROV, T0)
    )

    assert await house_size(state) == before
    await alerts.take(near_miss.id, WHO, KEY)
    assert await house_size(state) == before + 1


async def test_an_alert_goes_with_its_answer_or_not_at_all(state, alerts):
    used = a_used_mandate()
    await state.holder.answer(entry=an_entry(), used=used)

    with pytest.raises(Exception, match="used before"):
        await state.holder.answer(entry=an_entry(), used=used, noticed=a_near_miss(an_id()))

    assert await alerts.page() == []


# ---------------------------------------------------------------- to qualify


class Vendor:
    """Our software, as it answers now."""

    def __init__(self, local):
        self.local = local

    async def look(self, ins):
        if isinstance(self.local, Exception):
            raise self.local
        return Look(self.local, Opposition.NO, None)


def held(status):
    return LocalIdentity(INS if status.has_ins else None, TRAITS, status)


async def waits(state, *instants, status=IdentityStatus.RECUP):
    for at in instants or (T0,):
        noticed = Unqualified(INS, status, at)
        await state.holder.answer(entry=an_entry(), used=a_used_mandate(), noticed=noticed)


async def test_a_record_that_waits_is_listed_once_with_how_often_it_was_asked_for(state):
    await waits(state, T0, T0 + 3600)

    (waiting,) = await Alerts(state.alerts, Vendor(held(IdentityStatus.PROV)), HandClock()).to_qualify()

    assert (waiting.worker.count, waiting.worker.last_at, waiting.confirmed) == (2, T0 + 3600, True)
    assert waiting.worker.status is IdentityStatus.PROV


@pytest.mark.parametrize("local", [held(IdentityStatus.QUAL), None])
async def test_who_is_qualified_by_now_or_no_longer_known_leaves_the_list(state, local):
    await waits(state)

    assert await Alerts(state.alerts, Vendor(local), HandClock()).to_qualify() == []
    assert await state.alerts.to_qualify() == []


@pytest.mark.parametrize("vendor", [None, Vendor(AdapterFault("vendor: down", code=Code.ADAPTER_TIMEOUT))])
async def test_a_software_that_cannot_be_asked_leaves_the_list_as_it_was(state, vendor):
    await waits(state)

    (waiting,) = await Alerts(state.alerts, vendor, HandClock()).to_qualify()

    assert (waiting.confirmed, waiting.worker.status) == (False, IdentityStatus.RECUP)
