"""What may stand in a log line, and what never does."""

import io
import json
import logging

import pytest
import structlog

from connector import logs


@pytest.fixture
def written():
    stream = io.StringIO()
    handlers = logging.getLogger().handlers[:]
    logs.configure(form="json", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers[:] = handlers
    logs.unconfigure()


def test_a_field_outside_the_list_is_dropped_and_counted(written):
    logs.get_logger().info(logs.HANDOVER_ENDED, handover_id="ab", worker="DUPONT", bytes=3)

    (line,) = written()
    assert line["event"] == "handover.ended"
    assert (line["bytes"], line["dropped"]) == (3, 1)
    assert "DUPONT" not in json.dumps(line)


def test_bound_context_stands_in_every_line(written):
    with structlog.contextvars.bound_contextvars(lookup_id="cafe"):
        logs.get_logger().info(logs.PEER_ANSWERED)

    assert written()[0]["lookup_id"] == "cafe"


def test_an_exception_is_told_by_type_and_place_without_its_text(written):
    try:
        raise ValueError("279035121518989")
    except ValueError:
        logs.get_logger().exception(logs.BUG_CAUGHT)

    (line,) = written()
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["where"]
    assert "279035121518989" not in json.dumps(line)


def test_a_library_speaks_by_its_name_only(written):
    logging.getLogger("aiohttp.server").error("Error handling request /x?ins=279035121518989")

    (line,) = written()
    assert line["logger"] == "aiohttp.server"
    assert "279035121518989" not in json.dumps(line)
