"""The test of a peer, over real mutual TLS: its steps, and what its connector says of itself."""

import pytest

from connector.core.codes import Code
from connector.core.directory import MemberStatus
from connector.daemon.peer_watch import PeerWatch
from connector.daemon.prober import STEPS, LocalProber
from tests.kit.connector_pair import a_pair


@pytest.fixture
async def pair(tmp_path):
    async with a_pair(tmp_path) as made:
        yield made


def prober_of(pair) -> tuple[LocalProber, PeerWatch]:
    watch = PeerWatch(pair.clock)
    return LocalProber(pair.errands, pair.members, pair.client, watch), watch


async def test_a_test_of_a_peer_learns_which_version_its_connector_has(pair):
    prober, watch = prober_of(pair)
    peer = pair.holders[0].us.id

    steps = await prober.probe(peer)

    assert [(step.name, step.ok) for step in steps] == [(name, True) for name in STEPS]
    (seen,) = watch.seen()
    assert (seen.member, seen.version) == (peer, "0.0.0")


async def test_a_peer_that_cannot_be_tested_keeps_the_version_it_had(pair):
    prober, watch = prober_of(pair)
    peer = pair.holders[0].us.id
    watch.runs(peer, "0.0.9")
    pair.members.change(peer, status=MemberStatus.SUSPENDED)

    (step,) = await prober.probe(peer)

    assert (step.ok, step.code) == (False, Code.MEMBER_SUSPENDED)
    assert [seen.version for seen in watch.seen()] == ["0.0.9"]
