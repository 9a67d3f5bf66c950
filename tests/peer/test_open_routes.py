"""Capabilities, ledger proofs and the directory's files: what needs no mandate."""

import json

import pytest

from connector.core.directory import MemberStatus
from connector.core.ledger import EntryType, Tree
from connector.core.limits import LEDGER_PER_MINUTE, Limits
from connector.core.merkle import verify_consistency
from connector.directory.members_file import NoFiles
from connector.wire import b64
from connector.wire.checkpoint import open_of_member
from tests.kit.holder_asserts import assert_lives_on, assert_outcome, assert_refused_without_receipt, house_notes
from tests.kit.holder_house import a_house, a_line


async def checkpoint(house, line, tree=Tree.EXCHANGE):
    reply = await line.send("GET", f"/ledger/{tree}/checkpoint", {})
    assert (reply.status, reply.header("Content-Type")) == (200, "text/plain; charset=utf-8")
    return open_of_member(reply.body, house.us.id, tree, house.us.member.ledger_keys())


async def test_capabilities_name_the_release_and_what_is_served(house, line):
    reply = await line.send("GET", "/fhir/metadata", {})

    statement = json.loads(reply.body)
    assert (reply.status, statement["resourceType"]) == (200, "CapabilityStatement")
    assert statement["implementation"]["url"] == "https://localhost:8443/fhir"
    await assert_lives_on(house, line)


async def test_a_checkpoint_is_signed_and_grows_with_each_answer(house, line):
    before = await checkpoint(house, line)
    await line.lookup()

    after = await checkpoint(house, line)

    assert (before.size, after.size) == (0, 1)


async def test_consistency_is_proved_between_two_checkpoints(house, line):
    seen = []
    for _ in range(5):
        await line.lookup()
        seen.append(await checkpoint(house, line))
    first, second = seen[2], seen[4]

    reply = await line.send("GET", f"/ledger/exchange/consistency?first={first.size}&second={second.size}", {})

    proof = [b64.decode(step) for step in json.loads(reply.body)["proof"]]
    assert verify_consistency(first.size, second.size, first.root, second.root, proof)


@pytest.mark.parametrize(
    "query",
    ["", "?", "?first=1", "?first=1&second=1&third=1", "?first=1&first=1&second=1", "?first=-1&second=1",
     "?first=1&second=99", "?first=2&second=1", "?first=x&second=1", "?first=%D9%A1&second=1",
     "?first=99999999999999999&second=1"],
)  # fmt: skip
async def test_another_question_about_consistency_is_refused(house, line, query):
    await line.lookup()

    reply = await line.send("GET", f"/ledger/exchange/consistency{query}", {})

    await assert_refused_without_receipt(house, reply, status=400, code="request.malformed")
    await assert_lives_on(house, line)


async def test_the_house_ledger_is_shown_once_a_day_to_each_member(house, line):
    assert (await checkpoint(house, line, Tree.HOUSE)).size >= 0
    again = await line.send("GET", "/ledger/house/checkpoint", {})
    proof = await line.send("GET", "/ledger/house/consistency?first=0&second=0", {})
    async with a_line(house, house.other_leaf) as other:
        for_another = await other.send("GET", "/ledger/house/checkpoint", {})

    assert_outcome(again, 429, "limit.exceeded")
    assert again.header("Retry-After") == str(86_400 - house.clock.now() % 86_400)
    assert (proof.status, for_another.status) == (200, 200)
    house.clock.at += 86_400
    assert (await line.send("GET", "/ledger/house/checkpoint", {})).status == 200


LEDGER_ROUTES = [
    ("GET", "/ledger/exchange/checkpoint", 200),
    ("GET", "/ledger/exchange/consistency?first=0&second=0", 200),
    ("GET", "/ledger/exchange/consistency?first=x", 400),
    ("GET", "/ledger/heads", 404),
    ("POST", "/ledger/witness", 415),
]


@pytest.fixture
async def bounded(tmp_path):
    async with a_house(tmp_path / "bounded", limits=Limits()) as running, a_line(running) as connected:
        yield running, connected


async def ask_of_ledgers(line):
    return [await line.send(method, path, {}, b"{}" if method == "POST" else None) for method, path, _ in LEDGER_ROUTES]


async def test_questions_about_ledgers_are_bounded_by_member_and_minute(bounded):
    house, line = bounded
    usual = [status for _, _, status in LEDGER_ROUTES]
    for _ in range(LEDGER_PER_MINUTE // len(LEDGER_ROUTES)):
        last = await ask_of_ledgers(line)

    over = await ask_of_ledgers(line)
    async with a_line(house, house.other_leaf) as other:
        for_another = await ask_of_ledgers(other)

    assert [reply.status for reply in last] == [reply.status for reply in for_another] == usual
    for reply in over:
        assert_outcome(reply, 429, "limit.exceeded")
        assert reply.header("Retry-After") == "60"
    noted = await house_notes(house, EntryType.LIMITED)
    assert [(entry.peer, entry.reason) for entry in noted] == [(house.asker.id, "limit.ledger")]
    assert house.ears.of("limit_met") == [["ledger", house.asker.id, False]] * len(over)
    assert (await line.lookup()).status == 200
    house.clock.at += 60
    assert [reply.status for reply in await ask_of_ledgers(line)] == usual


async def test_a_member_over_its_lookups_still_sees_the_ledger(bounded):
    house, line = bounded
    statuses = [(await line.lookup(house.demand())).status for _ in range(Limits().per_minute + 1)]

    assert statuses[-1] == 429
    assert (await line.send("GET", "/ledger/exchange/checkpoint", {})).status == 200


def test_a_member_that_may_ask_more_may_follow_more_heads():
    assert Limits().ledger_per_minute == LEDGER_PER_MINUTE
    assert Limits(per_minute=100).ledger_per_minute == 600
    assert Limits(per_minute=1).ledger_per_minute == LEDGER_PER_MINUTE


async def test_a_suspended_member_sees_no_ledger(house, line):
    house.members.change(house.asker.id, tell=False, status=MemberStatus.SUSPENDED)

    for path in ("/ledger/exchange/checkpoint", "/fhir/metadata"):
        assert_outcome(await line.send("GET", path, {}), 403, "member.suspended")


class OneFile:
    """A mirror of the signed directory that holds one file."""

    def read(self, path: str) -> bytes | None:
        return b'{"signed": {}}' if path == "metadata/1.root.json" else None


async def test_the_directorys_files_are_for_anyone_whom_tls_admits(house):
    house.files = OneFile()
    await house.restart()
    async with a_line(house, house.pki.issue("318751275100053", "client")) as stranger:
        found = await stranger.send("GET", "/directory/metadata/1.root.json", {})
        missing = await stranger.send("GET", "/directory/metadata/2.root.json", {})

    assert (found.status, found.body) == (200, b'{"signed": {}}')
    assert_outcome(missing, 404, "request.not_supported")


async def test_a_member_without_a_signed_directory_has_no_such_files(house, line):
    house.members.change(house.asker.id, tell=False, status=MemberStatus.SUSPENDED)

    assert_outcome(await line.send("GET", "/directory/members.json", {}), 404, "request.not_supported")
    assert NoFiles().read("members.json") is None


async def test_a_member_that_is_not_in_its_own_directory_has_no_capabilities(house, line):
    house.members.remove(house.us.id)

    assert_outcome(await line.send("GET", "/fhir/metadata", {}), 503, "ledger.unavailable")
