import asyncio
import json

import aiohttp
import pytest
import structlog

from connector.core.errors import FailedClosed
from connector.core.people import Role
from connector.core.states import FetchState
from connector.requester import notes
from tests.kit.local_side import House, new_fetch
from tests.kit.local_values import KEY, PHYSICIAN_ID, A
from tests.local.calls import assert_problem

URL = "/api/v1/fetches"


async def created(api, **changes):
    async with api.post(URL, json=new_fetch(**changes)) as answer:
        assert answer.status == 201
        return (await answer.json())["id"]


def parsed(text):
    """The events of a stream, without comments, as pairs of number and data."""
    events = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith((":", "retry")))
        if lines:
            data = json.loads(lines["data"])
            assert (int(lines["id"]), lines["event"]) == (data["number"], data["kind"])
            events.append(data)
    return events


async def some(answer, marker):
    """Read until a text has come."""
    text = ""
    while marker not in text:
        text += (await answer.content.readany()).decode()
    return text


async def test_a_stream_tells_every_event_in_words_and_ends_with_the_fetch(api):
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events", headers={"Accept-Language": "en"}) as answer:
        events = parsed(await answer.text())
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert [e["data"]["state"] for e in events if e["kind"] == "state"] == [
        "prepared",
        "asking",
        "downloading",
        "checking",
        "ready",
    ]
    assert "The most recent record is of 12 May 2026; 2 of 2 services answered." in [e["text"] for e in events]


async def test_events_come_as_they_happen_and_silence_is_bridged(house, api):
    house.errands.hold = True
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        assert "prepared" in await some(answer, '"asking"')
        await some(answer, ": still here")
        house.errands.go_on(fetch_id)
        rest = (await answer.content.read()).decode()
    assert parsed(rest.partition("\n\n")[2] if rest.startswith(":") else rest)[-1]["data"]["state"] == "ready"


@pytest.mark.parametrize("how", ["query", "header", "both"])
async def test_a_reader_that_comes_back_goes_on_behind_what_it_saw(api, how):
    fetch_id = await created(api)
    query = {"header": "", "query": "?after=3", "both": "?after=3"}[how]
    headers = {"header": {"Last-Event-ID": "3"}, "query": {}, "both": {"Last-Event-ID": "1"}}[how]
    async with api.get(f"{URL}/{fetch_id}/events{query}", headers=headers) as answer:
        assert parsed(await answer.text())[0]["number"] == 4


@pytest.mark.parametrize("header", ["x", "-1", "9" * 40, "٣"])
async def test_a_last_event_id_that_is_no_number_begins_at_the_start(api, header):
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events", headers={"Last-Event-ID": header}) as answer:
        assert parsed(await answer.text())[0]["number"] == 1


async def test_a_fetch_that_rests_and_was_seen_to_its_end_is_answered_204(house, api):
    fetch_id = await created(api)
    last = len(house.errands.told[fetch_id])
    async with api.get(f"{URL}/{fetch_id}/events?after={last}") as answer:
        assert (answer.status, await answer.read()) == (204, b"")
    looked = await created(api, lookup_only=True)
    last = len(house.errands.told[looked])
    async with api.get(f"{URL}/{looked}/events", headers={"Last-Event-ID": str(last)}) as answer:
        assert answer.status == 204


@pytest.mark.parametrize("query", ["after=x", "after=-1", "before=3", "after=1&after=2"])
async def test_a_query_that_cannot_be_is_refused(api, query):
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events?{query}") as answer:
        await assert_problem(answer, "local.malformed")


async def test_no_more_streams_are_open_than_the_limit_and_one_that_ends_gives_its_place_back(house, api):
    house.errands.hold = True
    fetch_id = await created(api)
    streams = [await api.get(f"{URL}/{fetch_id}/events") for _ in range(3)]
    for stream in streams:
        await some(stream, '"asking"')
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        body = await assert_problem(answer, "limit.exceeded")
        assert "close the streams" in body["hint"]
        assert answer.headers["Retry-After"] == "10"
    house.errands.go_on(fetch_id)
    for stream in streams:
        await stream.read()
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        assert answer.status == 200


async def test_a_reader_that_leaves_frees_its_place(house, address):
    house.errands.hold = True
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        fetch_id = await created(session)
        for _ in range(3):
            answer = await session.get(f"{URL}/{fetch_id}/events")
            await some(answer, '"asking"')
            answer.close()
        async with asyncio.timeout(60):
            while True:
                async with session.get(f"{URL}/{fetch_id}/events") as answer:
                    if answer.status == 200:
                        answer.close()
                        break
                    assert answer.status == 429


async def test_streams_end_when_the_daemon_stops():
    house = House()
    house.errands.hold = True
    runner, address = await house.serve()
    async with aiohttp.ClientSession(address, headers={"Authorization": f"Bearer {KEY}"}) as session:
        fetch_id = await created(session)
        async with session.get(f"{URL}/{fetch_id}/events") as answer:
            await some(answer, '"asking"')
            async with asyncio.timeout(60):
                await runner.cleanup()
            assert answer.content.at_eof() or await answer.content.read() == b""


@pytest.mark.parametrize("error", [FailedClosed("disk"), KeyError("PAT-TROIS")])
async def test_a_fault_in_the_middle_breaks_the_stream_off_and_is_logged(house, api, error):
    house.errands.hold = True
    fetch_id = await created(api)
    with structlog.testing.capture_logs() as logs:
        async with api.get(f"{URL}/{fetch_id}/events") as answer:
            await some(answer, '"asking"')
            house.errands.faults["events"] = error
            house.errands.tell(fetch_id, notes.note(notes.Note.RENDERING, A))
            with pytest.raises(aiohttp.ClientError):
                await answer.content.read()
    assert logs[-1]["event"] == ("local.refused" if isinstance(error, FailedClosed) else "bug.caught")


async def test_a_fault_before_the_first_byte_is_a_problem(house, api):
    fetch_id = await created(api)
    house.errands.faults["events"] = FailedClosed("disk")
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        await assert_problem(answer, "ledger.unavailable")


async def test_an_event_holds_no_identity(house, api):
    house.errands.hold = True
    fetch_id = await created(api)
    house.errands.move(fetch_id, FetchState.CANCELLED)
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        text = await answer.text()
    assert not [secret for secret in ("PAT-TROIS", "279035121518989", "8997") if secret in text]


async def test_a_stream_of_a_key_breaks_off_when_the_practitioner_is_suspended(house, api):
    house.errands.hold = True
    person = await house.sign_in.person(Role.PHYSICIAN, practitioner=PHYSICIAN_ID)
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        await some(answer, '"asking"')
        await house.sign_in.staff.suspend(person.id, "Camille")
        house.errands.go_on(fetch_id)
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()


async def test_a_stream_breaks_off_when_its_key_is_taken_away(house, api):
    house.errands.hold = True
    fetch_id = await created(api)
    async with api.get(f"{URL}/{fetch_id}/events") as answer:
        await some(answer, '"asking"')
        house.ring.replace(house.keys[1:])
        house.errands.go_on(fetch_id)
        with pytest.raises(aiohttp.ClientError):
            await answer.content.read()
