"""The frames between the daemon and an adapter's process: however they are cut, and whatever is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.contract.frames import BODY_BYTES, HEADER_BYTES, FrameFault, Parser, encode

HEADERS = st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=20), max_size=4)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=5), st.integers(1, 60))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames, step):
    data = b"".join(encode(header, body) for header, body in frames)
    parser, found = Parser(), []

    for at in range(0, len(data), step):
        found += parser.feed(data[at : at + step])

    assert found == frames


@given(st.binary(max_size=400))
def test_any_bytes_are_frames_or_a_fault(data):
    try:
        found = Parser().feed(data)
    except FrameFault:
        return
    assert all(isinstance(header, dict) for header, _ in found)


@pytest.mark.parametrize(
    "data",
    [
        (HEADER_BYTES + 1).to_bytes(4) + bytes(4),
        bytes(4) + (BODY_BYTES + 1).to_bytes(4),
        b"\xff" * 8,
        b"\0\0\0\3\0\0\0\0{]}",
        b"\0\0\0\2\0\0\0\0[]",
        b"\0\0\0\1\0\0\0\0\xff",
        len(b"[" * 100_000).to_bytes(4) + bytes(4) + b"[" * 100_000,
    ],
)
def test_what_is_no_frame_is_refused_before_its_end(data):
    with pytest.raises(FrameFault):
        Parser().feed(data)


@pytest.mark.parametrize(("header", "body"), [({"a": "x" * HEADER_BYTES}, b""), ({}, bytes(BODY_BYTES + 1))])
def test_a_frame_over_its_limits_is_not_sent(header, body):
    with pytest.raises(ValueError, match="at most"):
        encode(header, body)
