import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.cli.sse import MAX_EVENT_BYTES, SseEvent, StreamTooLong, read_events
from connector.cli.text import clean, size


def events(*pieces):
    async def stream():
        for piece in pieces:
            yield piece

    async def read():
        return [event async for event in read_events(stream())]

    return asyncio.run(read())


STREAM = (
    b'retry: 2000\n\nid: 1\nevent: state\ndata: {"a":1}\n\n: still here\n\n'
    b"data: two\ndata: lines\r\nid: 2\r\n\r\ndata: cut"
)


def test_events_are_read_and_one_that_breaks_off_is_left_out():
    assert events(STREAM) == [SseEvent("1", "state", '{"a":1}'), SseEvent("2", "message", "two\nlines")]


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_how_the_bytes_are_cut(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(edges)]
    assert events(*pieces) == events(STREAM)


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_nothing(data):
    events(data)


def test_an_event_without_end_is_refused():
    with pytest.raises(StreamTooLong):
        events(b"data: " + b"x" * MAX_EVENT_BYTES + b"x")


@pytest.mark.parametrize("hostile", ["a\x1b[2Jb", "a\nb", "a\u202eb", "a\x07b", "a\r b", "a\u2028b"])
def test_a_text_from_elsewhere_cannot_command_the_terminal(hostile):
    shown = clean(hostile)
    assert shown.isprintable()
    assert "\N{REPLACEMENT CHARACTER}" in shown


def test_sizes_are_told_as_people_read_them():
    assert [size(count) for count in (0, 999, 1500, 2_500_000)] == ["0 B", "999 B", "2 kB", "2.5 MB"]
