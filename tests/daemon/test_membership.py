"""The directory as it runs in the daemon: journalled, measured, announced, and compared with the configuration."""

import io
import json

import pytest

from connector import logs
from connector.config.listing import Own
from connector.core.directory import MemberStatus
from connector.core.errors import FailedClosed, LocalRefused
from connector.core.ledger import EntryType, Tree
from connector.core.measures import BlockReason, PauseReason
from connector.core.units import DAY_SECONDS
from connector.daemon.ears import DirectoryEars
from connector.daemon.membership import Membership
from connector.directory.blocked import WithBlocks
from connector.directory.refusal import Finding, Refusal
from connector.directory.suspending import suspend
from connector.directory.suspensions import Reason
from connector.metrics import Metrics
from tests.kit.directory import NOW, A, B, C, Clock, Federation, Mirror, directory, published, serve
from tests.kit.state import opened


class Desk:
    """A federation with two members, copies of it, and the directory of A as its daemon runs it."""

    def __init__(self, tmp_path, federation, state, clock, urls):
        self.clock, self.state, self.metrics = clock, state, Metrics("0")
        self.ears = DirectoryEars(self.metrics, clock)
        self.kept = directory(tmp_path, federation, urls, clock=clock, ears=self.ears, own=A)
        self.own = Own(A, ("directory", "root"), None, None, None, None)
        self.membership = Membership(
            WithBlocks(self.kept), self.ears, state.measures, state.holder, clock, self.metrics, self.own
        )

    async def journal(self, type_=EntryType.DIRECTORY):
        entries = await self.state.journal.entries(Tree.HOUSE, type=type_)
        return [(entry.outcome, entry.reason) for entry in reversed(entries)]

    def check(self, name):
        return next(check for check in self.membership.checks() if check.name == name)


@pytest.fixture
def clock():
    return Clock(NOW)


@pytest.fixture
def federation(tmp_path):
    made = Federation(tmp_path / "federation")
    made.join(A)
    made.join(B)
    return made


@pytest.fixture
async def desk(tmp_path, federation, clock):
    async with opened(tmp_path / "state", clock) as state:
        with serve(published(federation), Mirror({})) as urls:
            yield Desk(tmp_path, federation, state, clock, urls)


@pytest.fixture
def log():
    stream = io.StringIO()
    logs.configure(form="json", stream=stream)
    return lambda event: [
        line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"] == f"directory.{event}"
    ]


async def test_a_refresh_is_journalled_logged_measured_and_reported(desk, log):
    report = await desk.membership.refresh()

    assert report.changed
    assert [(row.refusal, row.source.startswith("http://")) for row in report.refused] == [("missing", True)]
    assert await desk.journal() == [("refused", "missing"), ("accepted", report.directory.version)]
    assert (log("accepted")[0]["version"], log("mirror_refused")[0]["reason"]) == (report.directory.version, "missing")
    assert "http" not in log("mirror_refused")[0]["address"]
    shown = desk.metrics.render().decode()
    assert 'spsti_directory_members{status="active"} 2.0' in shown
    assert "spsti_directory_refreshed_timestamp_seconds 1.8e+09" in shown
    assert 'spsti_directory_refusals_total{reason="missing"} 1.0' in shown


async def test_a_copy_that_stays_wrong_is_journalled_once_a_day(desk, clock):
    for _ in range(3):
        await desk.membership.refresh()
    before = await desk.journal()
    clock.at += DAY_SECONDS
    await desk.membership.refresh()

    assert [outcome for outcome, _ in before].count("refused") == 1
    assert [outcome for outcome, _ in await desk.journal()].count("refused") == 2


async def test_a_dead_copy_is_logged_and_not_journalled(desk, log):
    desk.ears.mirror_refused("http://127.0.0.1:9/", Refusal.UNREACHABLE, "ConnectionRefusedError")
    desk.ears.part_refused("tuf:1", Finding(Refusal.ENTRY, A.value, "keys"))

    assert [entry.reason for entry in desk.ears.take()] == ["entry"]
    assert desk.ears.take() == []
    assert (len(log("mirror_refused")), log("part_refused")[0]["member"]) == (1, A.value)


async def test_without_a_directory_this_service_is_not_ready_and_says_what_to_do(desk):
    check = desk.check("directory")

    assert not check.ok
    assert "no version has been received yet" in check.detail
    assert "directory refresh" in check.remedy
    assert desk.membership.report().freshness == "closed"


async def test_a_service_that_has_not_joined_is_not_ready(desk):
    await desk.membership.refresh()
    desk.membership.own = Own(C, ("directory", "root"), *[None] * 4)

    check = desk.check("membership")
    assert not check.ok
    assert "is not in it" in check.detail
    assert "spsti-connector next" in check.remedy


async def test_a_listed_service_is_ready_and_an_ageing_directory_is_announced_then_closes(desk, clock, log):
    await desk.membership.refresh()
    assert (desk.check("directory").ok, desk.check("directory").remedy, desk.check("membership").ok) == (True, "", True)

    clock.at += 5 * DAY_SECONDS
    await desk.membership.tick()
    assert desk.check("directory").ok
    assert "the publishers must sign it again" in desk.check("directory").detail
    clock.at += 3 * DAY_SECONDS
    await desk.membership.tick()

    assert not desk.check("directory").ok
    assert [line["state"] for line in log("aged")] == ["stale", "closed"]
    assert desk.membership.directory.members() == ()


async def test_a_suspension_ends_by_time_for_whoever_holds_the_same_version(desk, federation, clock):
    suspend(federation.workspace, B, Reason.PRECAUTION, federation.operators[4], NOW)
    federation.publish()
    await desk.membership.refresh()
    version = desk.membership.directory.version
    assert desk.membership.directory.get(B).status is MemberStatus.SUSPENDED

    clock.at += 7 * DAY_SECONDS - 3600
    assert desk.membership.directory.get(B) is not None
    clock.at = NOW + 7 * DAY_SECONDS + 1
    federation.now = clock.at
    federation.publish()
    await desk.membership.refresh()

    assert desk.membership.directory.version != version
    assert desk.membership.directory.get(B).status is MemberStatus.ACTIVE


async def test_a_block_and_a_pause_are_journalled_before_they_count(desk):
    await desk.membership.refresh()
    membership = desk.membership

    block, is_new = await membership.block(B, BlockReason.ENUMERATION, "operations")
    pause = await membership.pause(PauseReason.INCIDENT, "operations")

    assert (is_new, block.member, membership.directory.get(B).status) == (True, B, MemberStatus.SUSPENDED)
    assert (membership.is_paused(), pause.reason) == (True, PauseReason.INCIDENT)
    assert "incident" in desk.check("answering").detail
    assert await desk.journal(EntryType.BLOCK) == [("blocked", "enumeration")]
    assert await desk.journal(EntryType.ANSWERING) == [("paused", "incident")]
    await membership.unblock(B, "operations")
    await membership.resume("operations")
    assert (membership.directory.get(B).status, membership.is_paused()) == (MemberStatus.ACTIVE, False)
    assert (await desk.journal(EntryType.BLOCK))[-1] == ("unblocked", None)


async def test_what_cannot_be_journalled_does_not_count(desk):
    await desk.membership.refresh()
    desk.clock.at -= 3600  # a clock that goes back: nothing is written (PROTOCOL section 7)

    with pytest.raises(FailedClosed):
        await desk.membership.block(B, BlockReason.ENUMERATION, "operations")
    with pytest.raises(FailedClosed):
        await desk.membership.pause(PauseReason.INCIDENT, "operations")

    assert desk.membership.directory.get(B).status is MemberStatus.ACTIVE
    assert not desk.membership.is_paused()


async def test_neither_oneself_nor_a_stranger_can_be_blocked(desk):
    await desk.membership.refresh()

    with pytest.raises(LocalRefused, match="this service itself"):
        await desk.membership.block(A, BlockReason.ENUMERATION, "operations")
    with pytest.raises(LocalRefused, match="none of that id"):
        await desk.membership.block(C, BlockReason.ENUMERATION, "operations")
    with pytest.raises(LocalRefused, match="not blocked here"):
        await desk.membership.unblock(B, "operations")
