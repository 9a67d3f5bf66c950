from connector.core.fetch import Reply
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.daemon.peer_watch import PeerWatch

A, B = MemberId("1750712184"), MemberId("1690781810")


class Clock:
    at = Instant(1_795_424_400)

    def now(self):
        return self.at

    def monotonic(self):
        return 0.0


def test_a_peer_is_known_by_its_last_answer_and_its_last_call():
    watch = PeerWatch(Clock())
    watch.replied(A, Reply.TOO_LATE, None)
    watch.replied(A, Reply.WITHHELD, 48)
    watch.replied(B, Reply.UNREACHABLE, None)
    watch.called(B)

    b, a = watch.seen()

    assert (a.member, a.is_reachable, a.elapsed_ms, a.called_us_at) == (A, True, 48, None)
    assert (b.member, b.is_reachable, b.called_us_at) == (B, False, Clock.at)


def test_a_peer_that_only_called_us_is_not_said_to_be_reachable():
    watch = PeerWatch(Clock())
    watch.called(A)

    assert [peer.is_reachable for peer in watch.seen()] == [None]
