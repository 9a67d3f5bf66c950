import aiohttp

from connector.core.errors import FailedClosed
from connector.local.guards import is_loopback
from connector.local.ports import Check
from connector.local.streams import STREAMS
from tests.kit.local_values import STATUS_KEY
from tests.local.calls import assert_problem


async def test_ready_names_what_is_wrong_and_what_to_do(house, api):
    async with api.get("/health/ready") as answer:
        assert (answer.status, (await answer.json())["ready"]) == (200, True)
    house.status.checks = [Check("ledger", ok=True), Check("state", False, "disk full", "free some space")]
    async with api.get("/health/ready") as answer:
        body = await answer.json()
    assert (answer.status, body["ready"]) == (503, False)
    assert body["checks"][1] == {"name": "state", "ok": False, "detail": "disk full", "remedy": "free some space"}


async def test_ready_is_red_while_the_daemon_drains_and_live_stays_green(house):
    runner, address = await house.serve()
    runner.app[STREAMS].stopping.set()
    async with aiohttp.ClientSession(address) as session:
        async with session.get("/health/ready") as answer:
            assert answer.status == 503
        async with session.get("/health/live") as answer:
            assert (answer.status, await answer.json()) == (200, {"live": True})
    await runner.cleanup()


async def test_metrics_are_in_the_text_form_of_prometheus(api):
    async with api.get("/metrics") as answer:
        text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'spsti_build_info{version="0.0.0"} 1.0' in text


async def test_status_tells_it_staff_everything(address):
    async with (
        aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {STATUS_KEY}"}) as session,
        session.get("/api/v1/status") as answer,
    ):
        body = await answer.json()
    assert (body["ready"], body["certificates"][0]["days_left"]) == (True, 20)
    assert body["directory"] == {"version": "file:test", "members": 4, "active": 3}
    assert (body["outbox"], body["versions"]) == (
        {"acknowledgements": 2},
        {"spsti-connector": "0.0.0", "protocol": "1"},
    )


async def test_a_status_that_cannot_be_told_is_a_problem(house, api):
    async def status():
        raise FailedClosed("state")

    house.status.status = status
    async with api.get("/api/v1/status") as answer:
        await assert_problem(answer, "ledger.unavailable")


async def test_from_another_machine_health_and_metrics_need_a_key(house):
    """A machine whose loopback is not 127.0.0.0/8 cannot be had in a test: a stand-in for the request can."""

    class Elsewhere:
        def __init__(self, remote):
            self.remote = remote

    assert is_loopback(Elsewhere("127.0.0.9"))
    assert is_loopback(Elsewhere("::1"))
    assert not is_loopback(Elsewhere("192.0.2.7"))
    assert not is_loopback(Elsewhere(None))
