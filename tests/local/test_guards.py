import asyncio
import json

import aiohttp
import pytest
import structlog

from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import AUDIT_KEY, KEY, OTHER_KEY, STATUS_KEY
from tests.local.calls import assert_problem


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def bare(address):
    async with aiohttp.ClientSession(address) as session:
        yield session


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", f"bearer {KEY}x", KEY, f"Bearer {KEY} {KEY}", "Bearer é"],
)
async def test_a_call_without_a_known_key_is_refused(bare, header):
    async with bare.get("/api/v1/fetches", headers={"Authorization": header} if header else {}) as answer:
        await assert_problem(answer, "local.unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_kind_of_authorization_is_read_in_either_case(bare):
    async with bare.get("/api/v1/fetches", headers={"Authorization": f"bearer {KEY}"}) as answer:
        assert answer.status == 200


async def test_a_refusal_is_logged_with_code_and_route_and_without_what_was_sent(bare):
    with structlog.testing.capture_logs() as logs:
        async with bare.get(f"/api/v1/fetches/{'f' * 32}", headers=bearer("spsti_guessed")) as answer:
            await assert_problem(answer, "local.unauthenticated")
        async with bare.get("/api/v1/fetches", headers=bearer(STATUS_KEY)) as answer:
            await assert_problem(answer, "local.forbidden")
    assert logs == [
        {
            "event": "local.refused",
            "log_level": "warning",
            "code": "local.unauthenticated",
            "http_status": 401,
            "operation": "GET /api/v1/fetches/{id}",
            "caller": None,
        },
        {
            "event": "local.refused",
            "log_level": "warning",
            "code": "local.forbidden",
            "http_status": 403,
            "operation": "GET /api/v1/fetches",
            "caller": "watch",
        },
    ]


@pytest.mark.parametrize(
    ("key", "path", "method"),
    [
        (STATUS_KEY, "/api/v1/fetches", "GET"),
        (STATUS_KEY, "/api/v1/members", "GET"),
        (STATUS_KEY, "/api/v1/journal", "GET"),
        (OTHER_KEY, "/api/v1/status", "GET"),
        (OTHER_KEY, "/api/v1/journal/verify", "POST"),
        (AUDIT_KEY, "/api/v1/ins/check", "POST"),
        (AUDIT_KEY, "/api/v1/members/1750712184/probe", "POST"),
    ],
)
async def test_a_key_opens_its_scopes_only(bare, key, path, method):
    async with bare.request(method, path, headers=bearer(key)) as answer:
        body = await assert_problem(answer, "local.forbidden")
        assert "[[local.keys]]" in body["hint"]


async def test_a_key_that_a_reload_took_away_opens_nothing(house, bare):
    async with bare.get("/api/v1/fetches", headers=bearer(KEY)) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil.example", "[::2]:80", "", "127.0.0.2"]
)
async def test_another_name_in_host_is_refused(bare, host):
    async with bare.get("/health/live", headers={"Host": host}) as answer:
        await assert_problem(answer, "local.forbidden")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8480", "127.0.0.1:1", "[::1]:8480"])
async def test_the_names_of_loopback_are_ours(bare, host):
    async with bare.get("/health/live", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "é"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_page_of_another_site_is_refused(bare, headers):
    async with bare.get("/api/v1/fetches", headers=headers | bearer(KEY)) as answer:
        await assert_problem(answer, "local.forbidden")


async def test_a_page_of_our_own_is_not_refused(bare, address):
    async with bare.get("/api/v1/fetches", headers={"Origin": address} | bearer(KEY)) as answer:
        assert answer.status == 200


async def test_a_path_that_is_not_there_and_another_method_are_problems_too(api):
    async with api.get("/api/v1/nothing") as answer:
        await assert_problem(answer, "local.not_found")
    async with api.put("/api/v1/fetches") as answer:
        await assert_problem(answer, "local.malformed", 405)
        assert answer.headers["Allow"] == "GET,POST"


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{}", {}, "request.not_supported"),
        (b"{}", {"Content-Type": "text/plain"}, "request.not_supported"),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, "request.not_supported"),
        (b" " * 70_000, {"Content-Type": "application/json"}, "request.too_large"),
        (b"", {"Content-Type": "application/json"}, "local.malformed"),
        (b"{", {"Content-Type": "application/json"}, "local.malformed"),
        (b"[]", {"Content-Type": "application/json"}, "local.malformed"),
        (b"\xff{}", {"Content-Type": "application/json"}, "local.malformed"),
        (b"[" * 60_000, {"Content-Type": "application/json"}, "local.malformed"),
        (b'{"services":["1750712184"],"services":[]}', {"Content-Type": "application/json"}, "local.malformed"),
        (b'{"services":NaN}', {"Content-Type": "application/json"}, "local.malformed"),
        (b'{"services":"\\ud800"}', {"Content-Type": "application/json"}, "local.malformed"),
    ],
)
async def test_a_body_that_is_not_one_json_object_is_refused(api, body, headers, code):
    async with api.post("/api/v1/fetches", data=body, headers=headers, skip_auto_headers=["Content-Type"]) as answer:
        await assert_problem(answer, code)


async def test_a_body_that_does_not_come_is_not_waited_for():
    runner, address = await House(body_seconds=0.05, drain_seconds=2.0).serve()
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST /api/v1/ins/check HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encode()
    )
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    writer.close()
    await runner.cleanup()


@pytest.mark.parametrize(
    "path", ["/api/v1/fetches?limi=1", "/api/v1/fetches?limit=1&limit=2", "/api/v1/members?q=" + "x" * 101]
)
async def test_a_query_that_is_not_described_is_refused_and_not_repeated(api, path):
    async with api.get(path) as answer:
        await assert_problem(answer, "local.malformed", secrets=("limi=", "x" * 20))


async def test_a_bug_is_answered_with_an_incident_id_and_logged_without_its_text(house, api):
    house.errands.faults["list"] = KeyError("PAT-TROIS")
    with structlog.testing.capture_logs() as logs:
        async with api.get("/api/v1/fetches") as answer:
            body = await assert_problem(answer, "internal")
    assert len(body["incident"]) == 32
    assert logs[-1]["event"] == "bug.caught"
    assert logs[-1]["incident"] == body["incident"]
    async with api.get("/api/v1/fetches") as answer:
        assert answer.status == 500
    del house.errands.faults["list"]
    async with api.get("/api/v1/fetches") as answer:
        assert answer.status == 200


async def test_errors_speak_the_language_of_the_caller(api):
    titles = {}
    for language in ("fr", "en"):
        async with api.get("/api/v1/nothing", headers={"Accept-Language": language}) as answer:
            titles[language] = (await assert_problem(answer, "local.not_found"))["title"]
            assert answer.headers["Content-Language"] == language
    assert titles == {
        "fr": "Introuvable ici, ou pas avec cette clé.",
        "en": "There is no such thing here, or not for this key.",
    }


async def test_health_and_metrics_need_no_key_on_loopback(bare):
    for path in ("/health/live", "/health/ready", "/metrics", "/api/openapi.json"):
        async with bare.get(path) as answer:
            assert answer.status == 200


async def test_what_was_sent_is_never_repeated_in_a_fault(api):
    body = new_fetch(worker__sex="PAT-TROIS", worker__matricule=["279035121518989"], spsti_unknown=1)
    async with api.post(
        "/api/v1/fetches", data=json.dumps(body), headers={"Content-Type": "application/json"}
    ) as answer:
        fault = await assert_problem(answer, "local.malformed")
    assert {error["field"] for error in fault["errors"]} == {"worker.sex", "worker.matricule", ""}


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /279035121518989" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: 279035121518989" + b"x" * 9000 + b"\r\n\r\n",
        b"279035121518989 \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 279035121518989x\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_and_logged_without_being_repeated(address, sent, caplog):
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    with structlog.testing.capture_logs() as logs:
        writer.write(sent)
        answer = await reader.read()
    writer.close()
    assert b" 400 Bad Request\r\n" in answer
    assert b'"code": "local.malformed"' in answer
    assert b"application/problem+json" in answer
    assert b"27903" not in answer
    assert [log["operation"] for log in logs] == ["http"]
    assert "27903" not in caplog.text
