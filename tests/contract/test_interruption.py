"""The connection to the software, lost and back: what a source may say meanwhile, and that it answers again."""

import asyncio

import pytest

from connector.contract import AdapterError, Problem
from connector.contract import interruption as interruption_module
from connector.contract.examination import Cutting, Depth, Examination, SystemClock
from connector.contract.guard import guard_source
from connector.contract.interruption import Relay, lost_and_back, place_of, through
from connector.contract.settings import GuardSettings
from connector.contract.testing import words
from tests.contract.vendors import INS, LOOK, NOBODY, OTHER_INS, AsyncSource


class Remote(AsyncSource):
    """Its software is behind a TCP port: one line asked, one answered, over a connection that is kept."""

    reconnects = True
    says_nobody = False
    port = 0
    _connection = None

    async def look(self, ins):
        try:
            if self._connection is None:
                self._connection = await asyncio.open_connection("127.0.0.1", self.port)
            reader, writer = self._connection
            writer.write(b"look\n")
            if await reader.readline() != b"here\n":
                raise ConnectionResetError
        except OSError:
            if self.reconnects:
                self._connection = None
            if self.says_nobody:
                return NOBODY
            raise AdapterError(Problem.UNREACHABLE) from None
        return LOOK if ins == INS else NOBODY

    async def close(self):
        if self._connection is not None:
            self._connection[1].close()


@pytest.fixture
async def relay():
    """A relay before a software that answers every line."""

    async def serve(reader, writer):
        while await reader.readline():
            writer.write(b"here\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made = Relay("127.0.0.1", server.sockets[0].getsockname()[1])
    made.port = await made.start()
    yield made
    await made.close()
    server.close()


async def told_of(relay, **more) -> str:
    source = Remote(port=relay.port, **more)
    guard = guard_source(source, GuardSettings(failures_to_open=1000), name="x", clock=SystemClock())
    try:
        return words(await lost_and_back(guard, INS, LOOK, relay, SystemClock()))
    finally:
        await guard.close()


async def test_a_source_that_says_so_and_comes_back_is_right(relay):
    told = await told_of(relay)

    assert "right  connection lost and back: while it was cut: adapter x, look: " in told
    assert "(adapter.failed)" in told
    assert "answered again by itself after" in told


async def test_a_source_that_says_nobody_while_it_is_cut_off_is_wrong(relay):
    assert "WRONG  connection lost and back: while it was cut it answered nobody" in await told_of(
        relay, says_nobody=True
    )


async def test_a_source_that_keeps_its_dead_connection_is_wrong(relay, monkeypatch):
    monkeypatch.setattr(interruption_module, "BACK_SECONDS", 0.6)

    assert "WRONG  connection lost and back: no answer within" in await told_of(relay, reconnects=False)


async def test_an_answer_kept_by_the_adapter_is_told_and_not_called_wrong(relay):
    source = AsyncSource()
    guard = guard_source(source, GuardSettings(), name="x", clock=SystemClock())

    told = words(await lost_and_back(guard, INS, LOOK, relay, SystemClock()))
    assert "note   connection lost and back: while it was cut, the right answer came all the same" in told


async def test_what_does_not_go_through_the_relay_is_said_not_to_be_checked(relay):
    await relay.cut()

    assert (await told_of(relay)).startswith("NOT CHECKED  connection lost and back: cannot be tried")


async def test_the_kit_says_that_it_cut_nothing_where_it_cannot():
    examination = Examination(AsyncSource(), [INS], [OTHER_INS], Depth(repeats=1))
    await examination.run(None)

    assert "NOT CHECKED  connection lost and back: nothing here can cut it" in words(examination.findings)


async def test_the_kit_cuts_another_way_to_the_same_software(relay):
    cutting = Cutting(relay, Remote(port=relay.port))
    examination = Examination(AsyncSource(), [INS], [OTHER_INS], Depth(repeats=1, cutting=cutting))
    await examination.run(None)

    found = [finding for finding in examination.findings if finding.check == "connection-lost"]
    assert [finding.ok for finding in found] == [True, True]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql+psycopg://reader@dmst.example/dmst", ("dmst.example", 5432)),
        ("mysql+pymysql://reader@10.0.0.4:3307/dmst?charset=utf8mb4", ("10.0.0.4", 3307)),
        ("http://127.0.0.1:8080/spsti/v1", ("127.0.0.1", 8080)),
        ("https://dmst.example/spsti/v1", None),
        ("sqlite:////var/lib/dmst.sqlite", None),
        ("unix:/run/dmst.sock", None),
        ("http://[::1", None),
        ("postgresql://host:port/x", None),
        (7, None),
        (None, None),
    ],
)
def test_a_relay_fits_where_an_url_names_host_and_port_and_no_name_is_checked(url, place):
    assert place_of({"url": url}) == place


def test_only_the_place_is_changed_in_the_options():
    options = {"url": "postgresql+psycopg://reader:x@dmst.example:5433/dmst?sslmode=disable", "schema": "spsti"}

    assert through(options, 4000) == {
        "url": "postgresql+psycopg://reader:x@127.0.0.1:4000/dmst?sslmode=disable",
        "schema": "spsti",
    }
