"""What has no epoch of its own ends on time as well, and the file gives back what it no longer needs."""

from dataclasses import replace

import pytest
from sqlite_utils import Database

from connector.core.errors import LocalRefused
from connector.core.identity import IdentityStatus, LocalIdentity
from connector.core.identity_alerts import AlertState, Handling, Unqualified
from connector.core.instant import Instant
from connector.core.kept_identity import KeptIdentity
from connector.core.ledger import EntryType, Tree
from connector.core.limits import Counted, LimitBlock, LimitRule
from connector.core.proposals import Proposal, ProposalKind
from connector.ledger.retention import Retention
from connector.store import alerts, identities
from connector.store.upgrade import forget_backups
from tests.kit.state import INS, PEER, T0, TRAITS, HandClock, an_announcement, an_entry, an_id, opened, settings_in
from tests.kit.vigilance import a_near_miss

DAY = 86_400


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def state(tmp_path, clock):
    async with opened(tmp_path, clock) as state:
        yield state


async def test_a_closed_alert_is_kept_for_a_year(state, clock):
    await state.alerts.notice(a_near_miss(an_id()))
    (alert,) = await state.alerts.alerts()
    closing = Handling(AlertState.CLOSED, "desk", Instant(T0 + 10 * DAY), "typing error")
    await state.alerts.handle(alert.near_miss.id, closing, an_entry(EntryType.ALERT))
    clock.at = T0 + 10 * DAY + alerts.CLOSED_KEPT_SECONDS - 1
    assert await state.tidy() == 0
    clock.at += 1
    assert await state.tidy() == 1
    assert await state.alerts.alerts() == []


async def test_an_alert_that_nobody_closed_is_kept_for_three_years_after_it_was_last_seen(state, clock):
    await state.alerts.notice(a_near_miss(an_id()))
    await state.alerts.notice(a_near_miss(an_id(), at=Instant(T0 + DAY)))
    clock.at = T0 + alerts.UNHANDLED_KEPT_SECONDS
    assert await state.tidy() == 0
    clock.at += DAY
    assert await state.tidy() == 1


async def test_nobody_waits_to_be_qualified_for_more_than_a_year(state, clock):
    noticed = Unqualified(INS, IdentityStatus.VALI, T0)
    await state.holder.answer(entry=an_entry(), used=None, noticed=noticed)
    clock.at = T0 + alerts.WAITING_KEPT_SECONDS - 1
    assert await state.tidy() == 0
    clock.at += 1
    assert await state.tidy() == 1
    assert await state.alerts.to_qualify() == []


async def test_an_identity_that_nobody_touched_for_years_goes_with_an_entry(state, clock):
    kept = KeptIdentity(an_id(), LocalIdentity(None, TRAITS, IdentityStatus.PROV), T0, "desk", "first visit")
    await state.identities.add(kept, an_entry(EntryType.IDENTITY))
    clock.at = T0 + identities.KEPT_SECONDS - 1
    assert await state.tidy() == 0
    clock.at += 1
    assert await state.tidy() == 1
    assert await state.identities.identity(kept.id) is None
    (entry,) = await state.journal.entries(Tree.HOUSE, type=EntryType.PURGED)
    assert (entry.ref, entry.reason) == (kept.id, "identity-not-used")


@pytest.mark.parametrize(
    ("block", "kept_days"),
    [
        (LimitBlock(an_id(), PEER, LimitRule.PATTERN, T0, "l", b"t" * 16), 30),
        (LimitBlock(an_id(), PEER, LimitRule.MISSES, T0, "l", lifted_at=Instant(T0 + 5 * DAY)), 35),
        (LimitBlock(an_id(), PEER, LimitRule.MISSES, T0, "l"), 10_000),
    ],
)
async def test_a_block_is_forgotten_once_no_rule_looks_back_to_it(state, clock, block, kept_days):
    await state.limits.block(block, an_entry(EntryType.LIMITED))
    for day in (1, 29, 31, 34, 36, 400):
        clock.at = T0 + day * DAY
        await state.tidy()
        assert len(await state.limits.blocks()) == (day <= kept_days)


async def test_a_proposal_ends_with_its_day(state, clock):
    proposal = Proposal(an_id(), ProposalKind.ERASE, T0, Instant(T0 + DAY), "Mme Un", "one", "because", {"index": 1})
    await state.proposals.keep(proposal, an_entry(EntryType.PROPOSED))
    clock.at = T0 + DAY - 1
    assert await state.tidy() == 0
    clock.at += 1
    assert await state.tidy() == 1
    assert await state.proposals.find(proposal.id) is None


async def test_the_file_shrinks_when_an_epoch_ends(tmp_path, clock):
    """Personal parts are most of an entry: without them a ledger takes a third of its room."""
    database = settings_in(tmp_path).database
    async with opened(tmp_path, clock) as state:
        for _ in range(40):
            entry = an_entry(personal={"mandate": "x" * 2000})
            await state.requester.append([replace(entry, ref=an_id()) for _ in range(50)])
    before = database.stat().st_size
    async with opened(tmp_path, clock) as state:
        retain = Retention(state.writer, state.parts, clock)
        clock.at = T0 + 4 * 365 * DAY
        assert await retain.run() == 1
        assert await state.give_back() > 0
        assert (await state.journal.verify()).is_sound
    after = database.stat().st_size
    db = Database(database)
    unused = db.execute("pragma freelist_count").fetchone()[0]
    db.close()

    assert after < before / 2
    assert unused < 300


def test_copies_of_the_database_are_deleted_after_a_month(tmp_path):
    names = ["before-upgrade-20261123T120000Z-m001_state-0.db", f"replaced-{T0}.db", "somebody-elses.db"]
    for name in names:
        (tmp_path / name).touch()

    assert forget_backups(tmp_path, Instant(T0 + 30 * DAY - 1)) == 0
    assert forget_backups(tmp_path, Instant(T0 + 30 * DAY)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["somebody-elses.db"]


async def test_what_was_dropped_is_not_handled_any_more(state, clock):
    await state.alerts.notice(a_near_miss(an_id()))
    (alert,) = await state.alerts.alerts()
    clock.at = T0 + alerts.UNHANDLED_KEPT_SECONDS
    await state.tidy()
    with pytest.raises(LocalRefused):
        await state.alerts.handle(alert.near_miss.id, Handling(AlertState.TAKEN, "desk", T0), an_entry(EntryType.ALERT))


async def test_what_is_kept_for_long_outlives_a_clock_that_jumped_by_a_day(tmp_path, clock):
    """A machine that starts in the wrong year forgives nobody, and loses no alert; what ends in minutes ends."""
    counted = Counted(PEER, T0, False, b"t" * 16, b"m" * 16, b"r" * 16)
    async with opened(tmp_path, clock) as state:
        await state.alerts.notice(a_near_miss(an_id()))
        await state.holder.answer(entry=an_entry(), used=None, announcement=an_announcement(), counted=counted)
        block = LimitBlock(an_id(), PEER, LimitRule.PATTERN, T0, "", b"p" * 16)
        await state.limits.block(block, an_entry(EntryType.ALERT))
        waiting = Proposal(an_id(), ProposalKind.ERASE, T0, T0 + DAY, "Mme Un", "one", "because", {"index": 1})
        await state.proposals.keep(waiting, an_entry(EntryType.PROPOSED))
    clock.at = T0 + 9 * 365 * DAY
    async with opened(tmp_path, clock) as state:
        assert await state.tidy() == 2  # the announcement and the proposal
    async with opened(tmp_path, clock) as state:  # a restart does not end the wait
        clock.at += DAY - 1
        assert await state.tidy() == 0
        assert len(await state.alerts.alerts()) == 1
        assert await state.limits.blocks() == [block]
        assert await state.limits.counted_of(PEER, T0) == [counted]

        clock.at += 1
        assert await state.tidy() == 3
        assert await state.limits.counted_of(PEER, T0) == []
