import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import PeerFault, RequestRefused
from connector.wire import ranges


@given(st.integers(1, 10**14).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))))
def test_holder_reads_the_offset_that_was_asked_for(offset_and_size):
    offset, size = offset_and_size

    assert ranges.parse_range(ranges.encode_range(offset), size) == offset
    ranges.check_content_range(ranges.content_range(offset, size), offset=offset, size=size)


def test_a_request_without_range_is_for_the_whole_document():
    assert ranges.parse_range(None, 10) == 0


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=-5",
        "bytes=0-4",
        "bytes=0-,5-",
        "bytes=5",
        "bytes=+5-",
        "bytes=05-",
        "bytes= 5-",
        "bytes=5- ",
        "bytes=5-\n",
        "Bytes=5-",
        "items=5-",
        "bytes=\u0665-",
        "bytes=" + "9" * 16 + "-",
        "bytes=1e3-",
    ],
)
def test_a_range_of_another_form_is_malformed(header):
    with pytest.raises(RequestRefused) as caught:
        ranges.parse_range(header, 10)

    assert caught.value.code == Code.REQUEST_MALFORMED
    assert not isinstance(caught.value, ranges.RangeNotSatisfiable)


@pytest.mark.parametrize("offset", [10, 11, 10**14])
def test_a_range_behind_the_end_cannot_be_satisfied(offset):
    with pytest.raises(ranges.RangeNotSatisfiable) as caught:
        ranges.parse_range(f"bytes={offset}-", 10)

    assert (caught.value.size, caught.value.content_range) == (10, "bytes */10")


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes 3-9/*", "bytes 2-9/10", "bytes 3-8/10", "bytes 3-9/11", "bytes */10", "bytes 3-9/10\n", "3-9/10"],
)
def test_the_rest_of_another_document_is_not_used(header):
    with pytest.raises(PeerFault):
        ranges.check_content_range(header, offset=3, size=10)


@given(st.text(max_size=20) | st.text("bytes=0123456789-,", max_size=20), st.integers(0, 10**6))
def test_a_range_of_any_text_is_read_or_refused(header, size):
    with contextlib.suppress(RequestRefused):
        assert 0 <= ranges.parse_range(header, size) < size
