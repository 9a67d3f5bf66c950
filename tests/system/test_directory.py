"""The signed directory under real processes: suspensions, wrong copies, joining; and what a service decides alone.

A federation of its own: c asks a and b. Each test leaves all three running, active and answering.
"""

import asyncio
import json

import pytest
import pytest_asyncio
from click.testing import CliRunner

from connector.cli.main import cli
from connector.directory.suspensions import Reason
from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician, Refused
from tests.kit.system import CAST, DAEMON, Caller, assert_sound, begin_download, enlarge, readiness, reload

LARGE = 24_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def signed(tmp_path_factory):
    """Services a, b and c on a signed directory, running; the record of `only_at_a` is large."""
    made = Federation.create(tmp_path_factory.mktemp("directory"), workers=12, directory="signed")
    enlarge(made.services["a"], CAST.only_at_a, LARGE)
    for service in made.services.values():
        service.command = DAEMON
        service.configure("requester", deadline_seconds=30.0)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


@pytest.fixture
def camille(signed):
    """The physician of c."""
    return Physician(signed.services["c"])


@pytest.fixture
def asked(signed):
    """Who is asked."""
    return [signed.services[letter].member_id for letter in "ab"]


async def refresh(service):
    """Let a service ask the copies; gives the report."""
    return await Physician(service).call("POST", "/api/v1/directory/refresh")


async def refresh_all(signed):
    return await asyncio.gather(*(refresh(service) for service in signed.services.values()))


async def is_cut(line, grant) -> None:
    """The transfer that has begun does not come to its end."""
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await line.reader.readexactly(grant.document.size)


# ---------------------------------------------------------------- suspension by the operators


async def test_every_service_is_ready_on_the_directory_of_its_federation(signed):
    for service in signed.services.values():
        status, wrong = await readiness(service)
        directory = await Physician(service).call("GET", "/api/v1/directory")

        assert (status, wrong) == (200, {})
        assert directory["version"].startswith("tuf:")
        assert (directory["signed"], directory["freshness"], directory["members"]) == (True, "fresh", {"active": 3})
        assert directory["copies"] == 4


async def test_a_suspension_closes_connections_and_transfers_at_the_next_refresh(signed, camille, asked):
    holder, us = signed.services["a"], signed.services["c"]
    caller = Caller(us, holder)
    async with caller.line() as idle, caller.line() as line:
        assert (await idle.lookup()).status == 200
        grant = await begin_download(line, caller)
        signed.operators.suspend(us.member_id, Reason.KEY_STOLEN)
        try:
            assert (await refresh(holder))["changed"]

            assert await idle.is_closed()
            await is_cut(line, grant)
            fetch = await camille.fetch(CAST.only_at_a.asked, asked)
        finally:
            signed.operators.lift(us.member_id)
            await refresh_all(signed)

    assert (fetch["services"][0]["reply"], fetch["services"][0]["code"]) == ("refused", "member.suspended")
    ends = await Physician(holder).journal(type="end", ref=grant.handover_id)
    assert [entry["outcome"] for entry in ends] == ["aborted"]
    versions = await Physician(holder).journal(tree="house", type="directory")
    assert versions[-1]["outcome"] == "accepted"
    assert (await camille.fetch_again(CAST.newer_at_b.asked, asked))["state"] == "ready"


async def test_a_service_that_the_operators_suspended_is_not_asked_and_knows_it(signed, camille, asked):
    signed.operators.suspend(asked[0])
    try:
        await refresh_all(signed)
        with pytest.raises(Refused, match=r"member\.suspended"):
            await camille.start_again(CAST.newer_at_b.asked, asked)
        status, wrong = await readiness(signed.services["a"])
    finally:
        signed.operators.lift(asked[0])
        await refresh_all(signed)

    assert status == 503
    assert "stands as suspended" in wrong["membership"]
    assert (await readiness(signed.services["a"]))[0] == 200


# ---------------------------------------------------------------- copies


async def test_with_the_operators_down_members_give_each_other_what_is_newer(signed):
    first, second = signed.services["b"], signed.services["c"]
    signed.operators.publish()
    newer = (await refresh(first))["directory"]["version"]
    signed.operators.close()
    try:
        report = await refresh(second)
    finally:
        signed.operators.serve()

    assert (report["changed"], report["directory"]["version"]) == (True, newer)
    assert {row["refusal"] for row in report["refused"]} <= {"unreachable"}


@pytest.mark.long
async def test_a_service_starts_from_its_archive_when_no_copy_answers(signed, camille, asked):
    holder = signed.services["b"]
    before = (await Physician(holder).call("GET", "/api/v1/directory"))["version"]
    signed.operators.close()
    await asyncio.gather(signed.services["a"].stop(), holder.stop())
    try:
        await holder.start()
        directory = await Physician(holder).call("GET", "/api/v1/directory")
        fetch = await camille.fetch_again(CAST.newer_at_b.asked, [holder.member_id])
    finally:
        signed.operators.serve()
        await signed.services["a"].start()

    assert (directory["version"], fetch["state"]) == (before, "ready")


async def test_a_copy_that_was_tampered_with_is_passed_over_and_journalled_once(signed):
    service, operators = signed.services["a"], signed.operators
    before = (await refresh(service))["directory"]["version"]
    timestamp = operators.workspace.repository / "metadata" / "timestamp.json"
    good = timestamp.read_bytes()
    timestamp.write_bytes(good.replace(b'"version": 2', b'"version": 9').replace(b'"expires"', b'"expired"'))
    try:
        reports = [await refresh(service), await refresh(service)]
    finally:
        timestamp.write_bytes(good)

    for report in reports:
        wrong = {row["refusal"] for row in report["refused"] if row["source"] in operators.urls}
        assert wrong & {"malformed", "signatures", "tampered"}, report
        assert report["directory"]["version"] == before
    kept = await Physician(service).journal(tree="house", type="directory", outcome="refused")
    told = [(await Physician(service).entry(entry))["personal"]["source"] for entry in kept]
    assert sorted(source for source in told if source in operators.urls) == sorted({*told} & {*operators.urls})
    assert {*told} & {*operators.urls}


async def test_sighup_asks_the_copies(signed):
    service = signed.services["a"]
    signed.operators.publish()
    await reload(service, "directory.accepted")

    assert (await readiness(service))[0] == 200


# ---------------------------------------------------------------- joining


async def test_a_newcomer_runs_before_it_has_joined_and_is_ready_once_it_has(signed):
    operators, service = signed.operators, signed.services["a"]
    folder = signed.folder
    newcomer = Federation.create(folder / "newcomer", "d", workers=1, directory="signed").services["d"]
    newcomer.command = DAEMON
    text = newcomer.config.read_text()
    begin = text.index("urls = ")
    urls = ", ".join(f'"{url}"' for url in operators.urls)
    newcomer.config.write_text(text[:begin] + f"urls = [{urls}]" + text[text.index("\n", begin) :])
    (newcomer.folder / "root.json").write_bytes(operators.root)
    # Its certificates are of another authority here, which concerns peers and not the directory.

    def next_steps():
        result = CliRunner().invoke(cli, ["next", "--config", str(newcomer.config), "--lang", "en"])
        return result.output.strip().splitlines()[-1]

    try:
        await newcomer.start(ready=False)
        status, wrong = await readiness(newcomer)
        assert (status, next_steps()) == (503, "waiting on the operators")
        assert "is not in it" in wrong["membership"]

        operators.join([(newcomer.folder / "join-request.json").read_bytes()])
        assert (await refresh(newcomer))["changed"]

        assert (await readiness(newcomer))[0] == 200
        assert next_steps() == "joined"
        as_json = ["next", "--config", str(newcomer.config), "--lang", "en", "--json"]
        told = json.loads(CliRunner().invoke(cli, as_json).output)
        assert (told["waiting_on"], {step["done"] for step in told["steps"]}) == (None, {True})
        assert "must be active" in told["steps"][-1]["text"]
    finally:
        await newcomer.stop()
    assert (await refresh(service))["directory"]["members"]["active"] == 4


# ---------------------------------------------------------------- what a service decides alone


async def test_a_block_counts_at_once_and_over_a_restart_until_it_is_lifted(signed, camille, asked):
    holder, us = signed.services["a"], signed.services["c"]
    staff = Physician(holder)
    caller = Caller(us, holder)
    async with caller.line() as idle, caller.line() as line:
        assert (await idle.lookup()).status == 200
        grant = await begin_download(line, caller)
        blocked = await staff.call("POST", f"/api/v1/members/{us.member_id}/block", {"reason": "key-stolen"})
        try:
            assert blocked["result"] == "blocked"
            assert await idle.is_closed()
            await is_cut(line, grant)
            await holder.stop()
            await holder.start()
            again = await staff.call("POST", f"/api/v1/members/{us.member_id}/block", {"reason": "precaution"})
            fetch = await camille.fetch(CAST.only_at_a.asked, asked)
            with pytest.raises(Refused, match=r"member\.suspended"):
                await staff.start(CAST.newer_at_b.asked, [us.member_id])
        finally:
            await staff.call("POST", f"/api/v1/members/{us.member_id}/unblock")

    assert (again["result"], again["block"]) == ("already", blocked["block"])
    assert fetch["services"][0]["code"] == "member.suspended"
    entries = await staff.journal(tree="house", type="block")
    assert [(entry["outcome"], entry["peer"], entry["reason"]) for entry in entries] == [
        ("blocked", us.member_id, "key-stolen"),
        ("unblocked", us.member_id, None),
    ]
    assert (await camille.fetch_again(CAST.newer_at_b.asked, asked))["state"] == "ready"
    with pytest.raises(Refused, match=r"local\.not_found"):
        await staff.call("POST", f"/api/v1/members/{us.member_id}/unblock")


@pytest.mark.parametrize(("member", "code"), [("own", "local.conflict"), ("318751275100020", "local.not_found")])
async def test_neither_this_service_itself_nor_a_stranger_can_be_blocked(signed, member, code):
    service = signed.services["a"]
    named = service.member_id if member == "own" else member

    with pytest.raises(Refused, match=code.replace(".", r"\.")):
        await Physician(service).call("POST", f"/api/v1/members/{named}/block", {"reason": "precaution"})


async def test_a_pause_stops_answers_alone_and_holds_over_a_restart(signed, camille, asked):
    holder = signed.services["a"]
    staff, caller = Physician(holder), Caller(signed.services["c"], signed.services["a"])
    async with caller.line() as line:
        grant = await begin_download(line, caller)
        await staff.call("POST", "/api/v1/answering/pause", {"reason": "maintenance"})
        try:
            content = await line.reader.readexactly(grant.document.size)
            line.ask_document(grant)
            refused = await line.read_head()
            await holder.stop()
            await holder.start()
            fetch = await camille.fetch_again(CAST.newer_at_b.asked, asked)
            own = await staff.fetch(CAST.newer_at_b.asked, [signed.services["b"].member_id])
            status = await staff.call("GET", "/api/v1/status")
        finally:
            await staff.call("POST", "/api/v1/answering/resume")

    assert (len(content), refused.status) == (grant.document.size, 503)
    assert [reply["reply"] for reply in fetch["services"]] == ["could-not-look", "announced"]
    assert own["state"] == "ready"
    assert "maintenance" in next(check["detail"] for check in status["checks"] if check["name"] == "answering")
    answered = await staff.journal(type="answered", outcome="could_not_look")
    assert {entry["reason"] for entry in answered} == {"answering.paused"}
    entries = await staff.journal(tree="house", type="answering")
    assert [(entry["outcome"], entry["reason"]) for entry in entries] == [("paused", "maintenance"), ("resumed", None)]
    again = await camille.fetch_again(CAST.newer_at_b.asked, asked)
    assert [reply["reply"] for reply in again["services"]] == ["announced", "announced"]


async def test_a_key_without_the_scope_decides_nothing(signed):
    service = signed.services["b"]
    text = service.config.read_text()
    try:
        service.config.write_text(text.replace(', "operate"', ""))
        await reload(service, "config.reloaded")
        for path, body in (
            (f"/api/v1/members/{signed.services['a'].member_id}/block", {"reason": "precaution"}),
            ("/api/v1/answering/pause", {"reason": "incident"}),
        ):
            with pytest.raises(Refused, match=r"local\.forbidden"):
                await Physician(service).call("POST", path, body)
    finally:
        service.config.write_text(text)
        await reload(service, "config.reloaded")


async def test_after_all_this_every_ledger_of_the_federation_is_sound(signed):
    await assert_sound(*signed.services.values())
