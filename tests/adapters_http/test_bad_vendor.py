"""Whatever a vendor's side answers ends as one of the contract's problems, and the next question is asked as before."""

import json

import pytest

from connector.contract import AdapterError, Ins, InsOid, Matricule, Opposition, Problem
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from tests.adapters_http.vendor import (
    HANGS,
    IDENTITY,
    INS,
    LOOK,
    NOBODY,
    OTHER,
    RECORD,
    TRACE,
    TRAITS,
    guarded,
    http,
)


def look(**changes):
    return LOOK | changes


BAD_LOOKS = [
    ("401", http(401), Problem.ACCESS_REFUSED),
    ("401 that claims to be busy", http(401, {"problem": "busy"}), Problem.ACCESS_REFUSED),
    ("403", http(403), Problem.ACCESS_REFUSED),
    ("404", http(404), Problem.SCHEMA),
    ("405", http(405), Problem.SCHEMA),
    ("409", http(409), Problem.AMBIGUOUS),
    ("422", http(422), Problem.DATA),
    ("429", http(429), Problem.BUSY),
    ("500", http(500), Problem.UNREACHABLE),
    ("500 as a page", http(500, b"<html>stack trace</html>", kind="text/html"), Problem.UNREACHABLE),
    ("500 that says which", http(500, {"problem": "data"}, kind="application/problem+json"), Problem.DATA),
    ("500 that says nonsense", http(500, {"problem": "DROP TABLE"}), Problem.UNREACHABLE),
    ("503", http(503), Problem.BUSY),
    ("page", http(200, b"<html>Please sign in</html>", kind="text/html"), Problem.SCHEMA),
    ("page called JSON", http(200, b"<html>"), Problem.SCHEMA),
    ("no content", http(204), Problem.SCHEMA),
    ("redirect", http(302, more=["Location: http://127.0.0.1:1/"]), Problem.SCHEMA),
    ("permanent redirect", http(308, more=["Location: /spsti/v1/look"]), Problem.SCHEMA),
    ("half a body", http(200, json.dumps(LOOK)[:100].encode(), length=900), Problem.UNREACHABLE),
    ("half a JSON", http(200, json.dumps(LOOK)[:100].encode()), Problem.SCHEMA),
    ("half a JSON without length", http(200, json.dumps(LOOK)[:100].encode(), length=-1), Problem.SCHEMA),
    ("too large", http(200, {"more": "x" * 300_000} | LOOK), Problem.SCHEMA),
    ("compressed", http(200, LOOK, more=["Content-Encoding: gzip"]), Problem.SCHEMA),
    ("list", http(200, [LOOK]), Problem.SCHEMA),
    ("deep", http(200, b"[" * 100_000), Problem.SCHEMA),
    ("twice a key", http(200, b'{"identity": null, ' + json.dumps(LOOK).encode()[1:]), Problem.SCHEMA),
    ("no number", http(200, b'{"x": NaN}'), Problem.SCHEMA),
    ("no text", http(200, b"\xff\xfe{}"), Problem.SCHEMA),
    ("no HTTP", b"220 mail.example ESMTP\r\n\r\n", Problem.SCHEMA),
    ("nothing", b"", Problem.UNREACHABLE),
    ("opposition missing", http(200, {"identity": None, "record": None}), Problem.SCHEMA),
    ("opposition as a flag", http(200, look(opposition=False)), Problem.SCHEMA),
    ("opposition in French", http(200, look(opposition="non")), Problem.SCHEMA),
    ("record missing", http(200, {"identity": IDENTITY, "opposition": "no"}), Problem.SCHEMA),
    ("status unknown", http(200, look(identity=IDENTITY | {"status": "OK"})), Problem.SCHEMA),
    ("traits missing", http(200, look(identity=IDENTITY | {"traits": {}})), Problem.SCHEMA),
    (
        "matricule as a number",
        http(200, look(identity=IDENTITY | {"ins": {"oid": "x", "matricule": 279}})),
        Problem.SCHEMA,
    ),
    ("instant without a zone", http(200, look(record=RECORD | {"updated_at": "2025-05-13T17:05:00"})), Problem.SCHEMA),
    ("path in a reference", http(200, look(record=RECORD | {"record_ref": "../health"})), Problem.SCHEMA),
    ("matricule in a reference", http(200, look(record=RECORD | {"record_ref": INS.matricule.value})), Problem.SCHEMA),
    ("body of it in a version", http(200, look(record=RECORD | {"version": INS.matricule.body})), Problem.SCHEMA),
]


@pytest.mark.parametrize(("answer", "problem"), [bad[1:] for bad in BAD_LOOKS], ids=[bad[0] for bad in BAD_LOOKS])
async def test_a_bad_answer_is_a_problem_and_the_next_question_is_answered(source, vendor, answer, problem):
    vendor.answers = [answer, answer, http(200, NOBODY)] if not answer else [answer, http(200, NOBODY)]

    with pytest.raises(AdapterError) as raised:
        await source.look(INS)
    assert raised.value.problem is problem
    assert (await source.look(OTHER)).identity is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (
            {"identity": IDENTITY | {"ins": {"oid": INS.oid.value, "matricule": OTHER.matricule.value}}},
            "adapter.contract",
        ),
        ({"identity": IDENTITY | {"ins": {"oid": INS.oid.value, "matricule": "2" * 15}}}, "adapter.contract"),
        ({"identity": IDENTITY | {"ins": {"oid": "1.2.250.1.213.1.4.2", "matricule": "2" * 15}}}, "adapter.contract"),
        ({"identity": IDENTITY | {"traits": TRAITS | {"birth_name": "X Æ A-12"}}}, "adapter.contract"),
        ({"identity": IDENTITY | {"status": "PROV"}}, "adapter.contract"),
        ({"identity": None}, "adapter.contract"),
        ({"record": RECORD | {"last_act_on": "2999-01-01"}}, "adapter.contract"),
        ({"record": RECORD | {"last_act_on": "13/05/2025"}}, "adapter.contract"),
    ],
    ids=["another worker", "wrong key", "INS-C", "no name", "PROV with INS", "nobody's record", "future", "no day"],
)
async def test_what_cannot_be_right_of_one_worker_is_a_stable_code_through_the_guard(source, vendor, changes, code):
    guard = guarded(source)
    vendor.answers = [http(200, look(**changes)), http(200, NOBODY)]

    with pytest.raises(AdapterFault) as raised:
        await guard.look(INS)
    assert raised.value.code == Code(code)
    assert (await guard.look(OTHER)).identity is None
    assert INS.matricule.value not in str(raised.value)


async def test_an_answer_that_does_not_come_is_given_up(vendor, opened):
    source = await opened(f"http://127.0.0.1:{vendor.port}", answer_seconds=0.2)
    vendor.answers = [HANGS]

    with pytest.raises(AdapterError) as raised:
        await source.look(INS)
    assert raised.value.problem is Problem.UNREACHABLE


async def test_a_connection_closed_while_it_lay_idle_is_not_noticed_by_who_asks(source, vendor):
    vendor.answers = [http(200, NOBODY), b"", http(200, LOOK)]

    assert (await source.look(OTHER)).identity is None
    assert (await source.look(INS)).opposition is Opposition.NO
    assert [request.path for request in vendor.requests] == ["/spsti/v1/look"] * 3


async def test_nobody_there_is_unreachable(opened, unused_port):
    source = await opened(f"http://127.0.0.1:{unused_port}")

    with pytest.raises(AdapterError) as raised:
        await source.look(INS)
    assert raised.value.problem is Problem.UNREACHABLE
    assert (await source.health()).detail == "unreachable no connection"


async def test_the_ins_is_in_the_body_and_nowhere_else(source, vendor):
    vendor.answers = [http(200, LOOK), http(204)]
    await source.look(INS)
    await source.trace(TRACE)

    for request in vendor.requests:
        assert INS.matricule.value.encode() in request.body
        assert INS.matricule.value not in request.path + str(request.headers)


async def test_a_refused_login_is_told_in_health_and_nothing_of_the_answer_is(source, vendor):
    vendor.answers = [http(401, {"detail": f"no right to {INS.matricule.value}"})]

    health = await source.health()

    assert not health.ok
    assert health.detail == "access-refused status 401"


@pytest.mark.parametrize(
    ("answer", "ok", "detail"),
    [
        ({"ok": True, "contract_version": 1, "detail": "release 7"}, True, "release 7"),
        ({"ok": False, "contract_version": 1}, False, ""),
        ({"ok": True, "contract_version": 2}, False, "serves contract 2, not 1"),
        ({"status": "UP"}, False, "schema an answer that is no Health"),
    ],
)
async def test_health_is_the_vendors_word_and_its_contract_version(source, vendor, answer, ok, detail):
    vendor.answers = [http(200, answer)]

    health = await source.health()

    assert (health.ok, health.detail) == (ok, detail)


@pytest.mark.parametrize("answer", [http(404), http(501), http(400, {"problem": "not-supported"})])
async def test_counts_may_be_left_out(source, vendor, answer):
    vendor.answers = [answer]

    assert await source.counts() is None


async def test_an_identity_of_the_past_and_of_little_trust_is_told_as_it_is(source, vendor):
    former = {"ins": None, "status": "VALI", "former": [IDENTITY["ins"]], "attributes": ["homonyme"]}
    vendor.answers = [http(200, look(identity=IDENTITY | former, record=None, opposition="yes", new_member=[1]))]

    found = await source.look(INS)

    assert found.identity.former == (INS,)
    assert found.identity.status.value == "VALI"
    assert found.opposition is Opposition.YES


def test_the_ins_of_these_tests_are_synthetic():
    assert {INS.oid, OTHER.oid} == {InsOid.TEST}
    assert Ins(Matricule("279035121518989"), InsOid.TEST) == INS
