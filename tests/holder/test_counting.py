"""Counting against enumeration (PROTOCOL section 5), on its own: pure memory, no store, a clock by hand."""

import hashlib
from dataclasses import replace

import pytest

from connector.core.directory import Member, MemberStatus, TlsBinding
from connector.core.instant import Instant
from connector.core.limits import LimitBlock, LimitRule, Limits, PeerOverride
from connector.core.members import MemberId
from connector.core.traits import StrictTraits
from connector.holder.counting import Counting, Reached
from tests.kit.people import a_guess, a_matricule, a_person
from tests.kit.state import T0, TRAITS, an_id

PEER = Member(MemberId("318751275100038"), "SPSTI Sud", MemberStatus.ACTIVE, "https://x", TlsBinding(), ())
OTHER = replace(PEER, id=MemberId("318751275100046"))
DAY = 86_400
MIDNIGHT = Instant(T0 // DAY * DAY)


def tag(purpose, *parts):
    return hashlib.sha256("\0".join((purpose, *parts)).encode()).digest()[:16]


class Asker:
    """Somebody who asks at an instant that moves on by itself, slowly enough for the minute."""

    def __init__(self, limits=None, peer=PEER, at=MIDNIGHT, step=4):
        self.counting, self.peer, self.at, self.step = Counting(limits or Limits(), tag), peer, at, step
        self.kept, self.refused, self.waited = [], [], []

    def ask(self, worker, lookup_id=None, *, hit=False, at=None, peer=None):
        self.at = Instant(self.at + self.step) if at is None else at
        try:
            place = self.counting.reserve(peer or self.peer, worker, lookup_id or an_id(), self.at, float(self.at))
        except Reached as reached:
            self.refused.append(reached)
            return reached
        self.waited.append(place.wait_seconds)
        if hit:
            place.hit()
        if place.counted is not None:
            self.kept.append(place.counted.as_hit() if hit else place.counted)
        return place

    @property
    def rules(self):
        return [reached.rule for reached in self.refused]

    def restarted(self, blocks=(), *, lifted=()):
        """The same after a restart; `lifted` are blocks that are lifted before anything of the peer is recalled."""
        again = Asker(peer=self.peer, at=self.at, step=self.step)
        again.counting.restore(blocks, {})
        for block in lifted:
            again.counting.lift(replace(block, lifted_at=self.at))
        for _ in range(2):  # as where the first time is cut off
            again.counting.recall_pairs(self.peer.id, self.kept)
        again.counting.recall_today(self.peer.id, self.kept, self.at)
        return again


def test_an_enumerator_with_known_traits_stops_at_the_fourth_matricule():
    asker = Asker()
    for order in range(1, 5):
        last = asker.ask(a_guess(order))

    assert (last.rule, last.blocks, len(asker.kept)) == (LimitRule.PATTERN, True, 3)


def test_a_matricule_cannot_be_tried_with_a_fourth_set_of_traits():
    asker = Asker()
    for name in ("UN", "DEUX", "TROIS", "QUATRE"):
        traits = replace(TRAITS, birth_name=name)
        last = asker.ask(replace(a_guess(1), traits=traits))

    assert (last.rule, last.tag) == (LimitRule.PATTERN, asker.kept[0].matricule)


@pytest.mark.parametrize(
    "written",
    [
        {"birth_given_names": "CATARINA"},
        {"birth_given_names": "CATARINA BELLA MARIE"},
        {"birth_given_names": "CATARINA-BELLA"},
        {"birth_date": "1979-03-01"},
        {"birth_name": "TCHITCHI"},
    ],
)
def test_another_way_of_writing_one_person_gives_no_further_try(written):
    values = TRAITS.to_json()
    asker = Asker()
    for order in range(1, 4):
        asker.ask(a_guess(order))

    last = asker.ask(replace(a_guess(4), traits=StrictTraits.parse(**(values | written))))

    assert last.rule is LimitRule.PATTERN


def test_identities_asked_before_may_be_asked_again_until_the_block():
    asker = Asker()
    for order in (1, 2, 3, 1, 2, 3, 1):
        asker.ask(a_guess(order))

    assert asker.refused == []


def test_a_block_stops_every_identity_of_that_person_and_no_other_person():
    asker = Asker()
    for order in range(1, 5):
        reached = asker.ask(a_guess(order))
    asker.counting.block(LimitBlock("b", PEER.id, reached.rule, asker.at, "", reached.tag))

    assert asker.ask(a_guess(1)).rule is LimitRule.PATTERN
    assert not asker.refused[-1].blocks
    assert asker.ask(a_person(7)).counted is not None
    with pytest.raises(Reached):
        asker.counting.check(PEER, a_guess(2), asker.at)


def test_what_one_member_asks_does_not_count_for_another():
    asker = Asker()
    for order in range(1, 4):
        asker.ask(a_guess(order))

    assert asker.ask(a_guess(4), peer=OTHER).counted is not None


def test_a_pattern_is_forgotten_after_thirty_days():
    asker = Asker()
    for order in range(1, 4):
        asker.ask(a_guess(order))

    late = asker.ask(a_guess(4), at=Instant(asker.at + 30 * DAY))

    assert late.counted is not None
    asker.counting.prune(Instant(asker.at + 31 * DAY))
    assert len(asker.counting._pairs) == 0


def test_twenty_a_minute_and_then_again_when_the_minute_is_over():
    asker = Asker(step=0)
    for number in range(20):
        asker.ask(a_person(number))
    over = asker.ask(a_person(20))

    assert (over.rule, over.retry_after, over.blocks) == (LimitRule.MINUTE, 60, False)
    assert asker.ask(a_person(21), at=Instant(asker.at + 59)).rule is LimitRule.MINUTE
    assert asker.ask(a_person(22), at=Instant(MIDNIGHT + 60)).counted is not None


def test_a_demand_that_is_refused_has_its_place_in_the_minute():
    asker = Asker(step=0)
    for _ in range(20):
        asker.counting.refused(PEER, asker.at)

    assert asker.ask(a_person(1)).rule is LimitRule.MINUTE
    with pytest.raises(Reached):
        asker.counting.refused(PEER, asker.at)


def test_a_lookup_repeated_within_ten_minutes_about_the_same_worker_counts_once():
    asker = Asker()
    first = asker.ask(a_person(1), "a" * 32)
    again = asker.ask(a_person(1), "a" * 32)
    late = asker.ask(a_person(1), "a" * 32, at=Instant(first.counted.at + 600))

    assert (first.counted is None, again.counted is None, late.counted is None) == (False, True, False)
    assert asker.counting.count_of(PEER.id, asker.at).total == 2


def test_the_same_lookup_id_about_another_worker_counts():
    asker = Asker()
    asker.ask(a_person(1), "a" * 32)

    assert asker.ask(a_person(2), "a" * 32).counted is not None


def test_repeats_are_no_way_round_the_minute():
    asker = Asker(step=0)
    for _ in range(21):
        asker.ask(a_person(1), "a" * 32)

    assert asker.ask(a_person(1), "a" * 32).rule is LimitRule.MINUTE


def test_misses_are_slowed_above_thirty_and_blocked_at_ten_times_that():
    asker = Asker(step=7)
    for number in range(301):
        asker.ask(a_person(number))

    assert asker.waited[:30] == [0.0] * 30
    assert asker.rules == [LimitRule.MISSES]
    assert (asker.refused[0].blocks, asker.refused[0].tag) == (True, b"")


def test_a_slowed_pair_is_answered_one_after_the_other():
    asker = Asker(step=4)
    for number in range(30):
        asker.ask(a_person(number))
    asker.waited.clear()
    asker.step = 1
    for number in range(30, 40):
        asker.ask(a_person(number))

    assert asker.waited[:2] == [0.0, 5.0]
    assert set(asker.rules) == {LimitRule.MISSES}
    assert not any(reached.blocks for reached in asker.refused)


def test_hits_give_room_for_misses():
    asker = Asker(Limits(per_minute=1000), step=7)
    for number in range(20):
        asker.ask(a_person(number), hit=True)
    for number in range(20, 80):
        asker.ask(a_person(number))

    assert set(asker.waited) == {0.0}


@pytest.mark.parametrize(("size", "most"), [("", 500), ("S", 250), ("M", 500), ("L", 1000), ("XL", 2000)])
def test_the_day_is_scaled_by_the_size_that_the_directory_lists(size, most):
    asker = Asker(Limits(per_minute=10**6), peer=replace(PEER, size_class=size), step=0)
    for number in range(most + 1):
        asker.ask(a_person(number), hit=True)

    assert (asker.rules, len(asker.kept)) == ([LimitRule.DAY], most)
    assert asker.refused[0].retry_after == DAY - MIDNIGHT % DAY
    assert asker.ask(a_person(most), at=Instant(MIDNIGHT + DAY)).counted is not None


def test_probes_have_a_quota_of_their_own():
    asker = Asker(Limits(probes_per_minute=3, per_minute=1))
    for _ in range(3):
        asker.counting.reserve_probe(PEER, MIDNIGHT)

    with pytest.raises(Reached) as reached:
        asker.counting.reserve_probe(PEER, MIDNIGHT)
    assert reached.value.rule is LimitRule.PROBES
    assert asker.ask(a_person(1), at=MIDNIGHT).counted is not None


def test_an_operator_sets_other_numbers_for_one_peer():
    asker = Asker(step=0)
    asker.counting.set_override(PEER.id, PeerOverride(per_minute=2))
    for number in range(3):
        asker.ask(a_person(number))
    asker.counting.set_override(PEER.id, None)

    assert asker.rules == [LimitRule.MINUTE]
    assert asker.counting.limits_of(PEER).per_minute == 20
    assert asker.counting.limits_of(OTHER).per_minute == 20


def test_a_lifted_person_begins_again_at_nothing():
    asker = Asker()
    for order in range(1, 5):
        reached = asker.ask(a_guess(order))
    block = LimitBlock("b", PEER.id, reached.rule, asker.at, "", reached.tag)
    asker.counting.block(block)
    asker.counting.lift(block)

    for order in (5, 6, 7):
        assert asker.ask(a_guess(order)).counted is not None
    assert asker.ask(a_guess(8)).rule is LimitRule.PATTERN


def test_what_was_counted_counts_after_a_restart():
    asker = Asker()
    for order in range(1, 4):
        asker.ask(a_guess(order))
    restarted = asker.restarted()

    assert restarted.ask(a_guess(4)).rule is LimitRule.PATTERN
    assert restarted.ask(a_guess(1), at=asker.at).counted is not None


def test_a_block_and_its_lifting_outlive_a_restart():
    asker = Asker()
    for order in range(1, 5):
        reached = asker.ask(a_guess(order))
    block = LimitBlock("b", PEER.id, reached.rule, asker.at, "", reached.tag)
    blocked, lifted = asker.restarted([block]), asker.restarted([replace(block, lifted_at=asker.at)])

    assert blocked.ask(a_guess(1)).rule is LimitRule.PATTERN
    assert lifted.ask(a_guess(4)).counted is not None


def test_a_pair_that_was_lifted_is_not_blocked_again_by_the_same_misses_after_a_restart():
    asker = Asker(step=7)
    for number in range(301):
        asker.ask(a_person(number))
    block = LimitBlock("b", PEER.id, LimitRule.MISSES, asker.at, "")
    restarted = asker.restarted([replace(block, lifted_at=asker.at)])

    assert restarted.ask(a_person(400)).counted is not None
    assert restarted.counting.count_of(PEER.id, restarted.at).misses == 1


def test_a_lifting_counts_for_what_is_recalled_after_it():
    asker = Asker()
    for order in range(1, 5):
        reached = asker.ask(a_guess(order))
    block = LimitBlock("b", PEER.id, reached.rule, asker.at, "", reached.tag)
    restarted = asker.restarted([block], lifted=[block])

    for order in (4, 5, 6):
        assert restarted.ask(a_guess(order)).counted is not None
    assert restarted.ask(a_guess(7)).rule is LimitRule.PATTERN


def test_what_was_counted_yesterday_counts_for_the_pattern_alone_after_a_restart():
    asker = Asker(at=Instant(MIDNIGHT - 40))
    for order in range(1, 4):
        asker.ask(a_guess(order), hit=order == 1)
    asker.at = Instant(MIDNIGHT - 4)
    asker.ask(a_person(1))
    restarted = asker.restarted()
    count = restarted.counting.count_of(PEER.id, asker.at)

    assert (count.total, count.hits, count.misses, len(count.minute)) == (1, 0, 1, 4)
    assert restarted.ask(a_guess(4)).rule is LimitRule.PATTERN


def test_a_repeat_is_known_and_a_minute_full_after_a_restart():
    asker = Asker(step=2)
    lookup_id = an_id()
    asker.ask(a_person(0), lookup_id)
    for number in range(1, 20):
        asker.ask(a_person(number))
    restarted = asker.restarted()

    assert restarted.ask(a_person(0), lookup_id, at=asker.at).counted is None
    assert restarted.ask(a_person(21), at=asker.at).rule is LimitRule.MINUTE


def test_probes_of_today_count_after_a_restart():
    asker = Asker(Limits(probes_per_day=3))
    asker.kept = [asker.counting.reserve_probe(PEER, MIDNIGHT).counted for _ in range(3)]
    restarted = asker.restarted()

    assert restarted.counting.count_of(PEER.id, MIDNIGHT).probes_today == 3
    assert restarted.counting.count_of(PEER.id, MIDNIGHT).total == 0


def test_a_large_services_honest_day_passes_untouched():
    """A service of over a million workers asks one neighbour about 900 workers between 7 and 19 h, a third known there.

    It types a matricule wrong now and then, and asks again after an adapter failed.
    """
    asker = Asker(peer=replace(PEER, size_class="XL"), at=Instant(MIDNIGHT + 7 * 3600), step=0)
    for number in range(900):
        at = Instant(MIDNIGHT + 7 * 3600 + number * 48)
        worker = a_person(number)
        if number % 50 == 0:
            wrong = replace(worker, ins=a_matricule(number % 900 + 2, "01999"))
            asker.ask(wrong, at=at)
        lookup_id = an_id()
        asker.ask(worker, lookup_id, hit=number % 3 == 0, at=at)
        if number % 40 == 0:
            asker.ask(worker, lookup_id, at=Instant(at + 30))

    assert (asker.refused, set(asker.waited)) == ([], {0.0})


def test_no_limit_can_be_switched_off():
    with pytest.raises(ValueError, match="counting is never off"):
        Limits(per_minute=0)
