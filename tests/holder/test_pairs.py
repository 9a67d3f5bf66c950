"""Which tags were asked together: a dense form of a plain rule, compared with it over any history."""

from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.instant import Instant
from connector.holder.pairs import Pairs

TAGS = [bytes([number]) * 16 for number in range(5)]
tags = st.sampled_from(TAGS)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(tags, tags, st.integers(0, 90)).filter(lambda asked: asked[0] != asked[1]), max_size=12),
    tags,
    tags,
    st.integers(0, 99),
)
def test_the_others_of_a_tag_are_those_that_it_was_asked_with_since(asked, tag, this, since):
    asked = sorted(asked, key=lambda one: one[2])
    pairs, last = Pairs(), {}
    for one, other, at in asked:
        pairs.remember(one, other, Instant(at))
        last[one, other] = last[other, one] = at
    live = {other for (one, other), at in last.items() if one == tag and at > since}

    assert pairs.count_others(tag, this, Instant(since)) == (0 if this in live else len(live))
    pairs.prune(Instant(since))
    assert len(pairs) == len({one for (one, _), at in last.items() if at > since})


def test_a_tag_that_is_forgotten_begins_anew_and_the_other_side_stays():
    pairs = Pairs()
    pairs.remember(TAGS[0], TAGS[1], Instant(10))
    pairs.forget(TAGS[0])

    assert pairs.count_others(TAGS[0], TAGS[2], Instant(0)) == 0
    assert pairs.count_others(TAGS[1], TAGS[2], Instant(0)) == 1
