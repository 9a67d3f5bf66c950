"""The whole way over real processes: the cast, the probe, events, choosing, both ledgers, and privacy."""

import asyncio
import sqlite3

import aiohttp
import pytest

from connector.core import b64
from spsti_sandbox.leaks import Needles, find_in_files, kept_files
from spsti_sandbox.physician import Physician, Refused, request_of
from tests.kit.system import CAST, Caller, assert_ledgers_agree, assert_sound, digest_of, eventually, now, pdf_of

GIVEN = {
    # member of the cast: (answer of a, answer of b, who gives it)
    "newer_at_b": ("announced", "announced", "b"),
    "only_at_a": ("announced", "withheld", "a"),
    "spelling_differs": ("withheld", "announced", "b"),
    "amended": ("withheld", "announced", "b"),
    "cancelled": ("withheld", "announced", "b"),
    "two_on_one_day": ("withheld", "announced", "b"),
    "acquired": ("withheld", "announced", "b"),
}
NOT_GIVEN = {
    # member of the cast: the reasons that a and b keep to themselves
    "unknown": ("no_local_worker", "no_local_worker"),
    "objected": ("opposed", "opposed"),
    "opposition_unknown": ("opposition_unknown", "no_local_worker"),
    "traits_differ": ("identity_differs", "no_local_worker"),
    "not_qualified": ("identity_not_qualified", "no_local_worker"),
    "not_communicable": ("nothing_communicable", "no_local_worker"),
    "matricule_changed": ("identity_differs", "no_local_worker"),
}
WITHHELD_WORDS = ("rien", "inconnu", "oppos", "nothing", "unknown", "identit")


@pytest.fixture
def camille(federation):
    """The physician of c."""
    return Physician(federation.services["c"])


@pytest.fixture
def asked(federation):
    """Who is asked."""
    return [federation.services[letter].member_id for letter in "ab"]


def test_the_tables_name_the_whole_cast() -> None:
    assert {*GIVEN, *NOT_GIVEN, "equal_dates", "verification_fails"} == {member.key for member in CAST.members()}


@pytest.mark.parametrize("name", GIVEN)
async def test_the_newest_record_is_brought_as_its_holder_has_it(federation, camille, asked, name) -> None:
    member = getattr(CAST, name)
    *answers, letter = GIVEN[name]

    fetch = await camille.fetch_again(member.asked, asked)

    holder = federation.services[letter]
    assert [reply["reply"] for reply in fetch["services"]] == answers
    assert fetch["state"] == "ready"
    assert (fetch["newest"]["answered"], fetch["newest"]["asked"]) == (2, 2)
    assert "2 services" in fetch["newest"]["text"]
    assert fetch["document"]["member"] == holder.member_id
    content = await camille.read(fetch["id"])
    assert content == pdf_of(holder, member)
    assert fetch["document"]["sha256"] == b64.encode(digest_of(content))


async def test_an_identity_verified_too_long_ago_is_refused_where_insi_is_not_called(camille, asked) -> None:
    with pytest.raises(Refused) as refused:
        await camille.fetch(CAST.verification_fails.asked, asked)

    assert (refused.value.status, refused.value.code) == (422, "identity.not_qualified")
    assert "INSi" in refused.value.problem["hint"]


@pytest.mark.parametrize("name", NOT_GIVEN)
async def test_what_is_withheld_looks_alike_and_only_the_holder_knows_why(federation, camille, asked, name) -> None:
    fetch = await camille.fetch(getattr(CAST, name).asked, asked)

    assert fetch["state"] == "no-record-given"
    assert [(r["reply"], r["code"], r["detail"]) for r in fetch["services"]] == [("withheld", None, "")] * 2
    shown = " ".join([fetch["text"], *(reply["text"] for reply in fetch["services"])]).lower()
    assert not [word for word in WITHHELD_WORDS if word in shown]
    for letter, reply, reason in zip("ab", fetch["services"], NOT_GIVEN[name], strict=True):
        kept = await Physician(federation.services[letter]).journal(ref=reply["lookup_id"])
        assert [(entry["type"], entry["outcome"], entry["reason"]) for entry in kept] == [
            ("answered", "withheld", reason)
        ]


async def test_records_of_one_day_are_both_offered_and_each_can_be_had(federation, camille, asked) -> None:
    fetch = await camille.fetch_again(CAST.equal_dates.asked, asked)

    assert fetch["state"] == "choosing"
    assert sorted(fetch["newest"]["members"]) == sorted(asked)
    for letter in "ab":
        holder = federation.services[letter]
        await camille.call("POST", f"/api/v1/fetches/{fetch['id']}/choose", {"member": holder.member_id})
        assert (await camille.settled(fetch["id"]))["document"]["member"] == holder.member_id
        assert await camille.read(fetch["id"]) == pdf_of(holder, CAST.equal_dates)


async def test_the_older_record_can_be_chosen_after_the_newest(federation, camille, asked) -> None:
    fetch = await camille.fetch_again(CAST.newer_at_b.asked, asked)

    await camille.call("POST", f"/api/v1/fetches/{fetch['id']}/choose", {"member": asked[0]})

    await camille.settled(fetch["id"])
    assert await camille.read(fetch["id"]) == pdf_of(federation.services["a"], CAST.newer_at_b)


async def test_events_tell_each_answer_once_in_their_order_and_go_on_where_one_left(camille, asked) -> None:
    started = await camille.start_again(CAST.newer_at_b.asked, asked)

    events = [event async for event in camille.follow(started["id"])]

    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    answers = {event["data"]["member"]: event["data"]["reply"] for event in events if event["kind"] == "service"}
    assert answers == dict.fromkeys(asked, "announced")
    states = [event["data"]["state"] for event in events if event["kind"] == "state"]
    assert states == ["prepared", "asking", "downloading", "checking", "ready"]
    assert [event async for event in camille.follow(started["id"], after=3)] == events[3:]


async def test_the_probe_goes_the_whole_way_and_names_nobody(federation, camille, asked) -> None:
    for member in asked:
        result = await camille.call("POST", f"/api/v1/members/{member}/probe")
        assert result["ok"], result
        assert [step["name"] for step in result["steps"]] == ["lookup", "handover", "document", "acknowledgement"]
    found = await Physician(federation.services["a"]).journal()
    assert "acknowledged" in {e["type"] for e in await Physician(federation.services["a"]).journal(tree="house")}
    assert found


async def test_every_access_reaches_the_vendors_database_on_both_sides(federation, camille, asked) -> None:
    fetch = await camille.fetch_again(CAST.amended.asked, asked)
    await camille.read(fetch["id"])
    wanted = {"a": set(), "b": {"looked-up", "handed-over"}, "c": {"received"}}

    async def written():
        return {letter: _accesses(federation.services[letter], CAST.amended) for letter in wanted}

    async def there():
        return all(wanted[letter] <= found for letter, found in (await written()).items())

    assert await eventually(there), await written()


def _accesses(service, member):
    with sqlite3.connect(f"file:{service.vendor_database}?mode=ro", uri=True) as database:
        rows = database.execute("select action from acces where ins_matricule = ?", (member.asked.ins.matricule.value,))
        found = {action for (action,) in rows}
    database.close()
    return found


async def test_the_same_idempotency_key_gives_the_same_fetch(camille, asked) -> None:
    body = request_of(CAST.unknown.asked, asked, now=now())
    first = await camille.call("POST", "/api/v1/fetches", body, **{"Idempotency-Key": "visit-1"})
    again = await camille.call("POST", "/api/v1/fetches", body, **{"Idempotency-Key": "visit-1"})

    assert again["id"] == first["id"]
    other = body | {"services": asked[:1]}
    with pytest.raises(Refused, match=r"local\.conflict"):
        await camille.call("POST", "/api/v1/fetches", other, **{"Idempotency-Key": "visit-1"})
    await camille.settled(first["id"])


async def test_a_second_daemon_on_the_same_state_says_so_and_ends(federation) -> None:
    service = federation.services["c"]
    ports = service.config.with_name("second.toml")
    text = service.config.read_text()
    for port in (service.peer_port, service.local_port):
        text = text.replace(f'"127.0.0.1:{port}"', '"127.0.0.1:0"')
    ports.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *service.command, "run", "--config", str(ports), stderr=asyncio.subprocess.PIPE
    )
    try:
        _, told = await asyncio.wait_for(process.communicate(), 90)
    finally:
        ports.unlink()

    assert process.returncode == 69
    assert b"state" in told
    assert b"in use" in told or b"another" in told, told
    assert b"Traceback" not in told


async def test_the_ledgers_verify_and_agree_and_every_arrival_is_acknowledged(federation, camille, asked) -> None:
    services = federation.services
    await camille.fetch_again(CAST.newer_at_b.asked, asked)
    holders = {service.member_id: service for service in services.values()}

    await assert_sound(*services.values())
    assert await assert_ledgers_agree(services["c"], holders) >= 1
    for entry in await camille.journal(type="arrived"):
        if not (await camille.entry(entry))["personal"].get("probe"):
            ack = await Physician(holders[entry["peer"]]).awaited(tree="house", type="acknowledged", ref=entry["ref"])
            assert (ack["outcome"], ack["document_sha256"]) == ("verified", entry["document_sha256"])


async def test_no_identity_stands_in_any_log_metric_error_or_file(federation, camille, asked) -> None:
    needles = Needles(CAST.members())
    errors = []
    for member in CAST.members():
        wrong = {"matricule": member.asked.ins.matricule.value, "oid": "1.2.250.1.213.1.4.2"}
        errors.append(await camille.service.call("POST", "/api/v1/ins/check", wrong))
        body = {"worker": {**member.asked.traits.to_json(), "matricule": wrong["matricule"]}}
        errors.append(await camille.service.call("POST", "/api/v1/fetches", body))
        errors.append(await camille.service.call("POST", "/api/v1/journal/search", wrong | {"more": "x"}))
    errors += await _peer_errors(federation)
    metrics = [await Physician(service).call("GET", "/metrics") for service in federation.services.values()]

    leaks, files, _ = find_in_files(needles, (p for s in federation.services.values() for p in kept_files(s)))

    leaks += needles.find("error", repr(errors).encode())
    leaks += needles.find("metrics", b"".join(metrics))
    assert leaks == []
    assert files > 12
    assert {status for status, _ in errors} >= {400, 401}


async def _peer_errors(federation):
    """What a holder says of wrong requests that name workers."""
    caller = Caller(federation.services["c"], federation.services["a"])
    found = []
    for member in CAST.members():
        async with caller.line() as line:
            demand = caller.demand(member=member)
            ins = member.asked.ins.matricule.value
            bad = caller.seal(demand)[:-8] + b"AAAAAAAA"
            found.append(await line.lookup(demand, compact=bad))
            found.append(await line.lookup(demand, body=f"patient.identifier={ins}&name=MOREAU".encode()))
            found.append(await line.send("GET", f"/fhir/{ins}?name=MOREAU", {}))
    return [(reply.status, reply.body) for reply in found]


async def test_nothing_but_loopback_answers_metrics_and_health(federation) -> None:
    service = federation.services["c"]
    async with aiohttp.ClientSession() as session, session.get(f"{service.local_url}/metrics") as answer:
        text = await answer.text()

    assert answer.status == 200
    assert "spsti_requester_replies_total" in text
