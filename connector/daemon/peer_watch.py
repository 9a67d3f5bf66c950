"""When each peer was last heard of since this process started: what the status shows of peers beside the directory."""

from collections.abc import Sequence
from dataclasses import dataclass

from connector.core.fetch import Reply
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.ports import Clock
from connector.local.ports import PeerSeen

_SILENT = frozenset({Reply.UNREACHABLE, Reply.TOO_LATE, Reply.UNAVAILABLE})


@dataclass(slots=True)
class _Heard:
    asked_at: Instant | None = None
    reply: Reply | None = None
    elapsed_ms: int | None = None
    called_us_at: Instant | None = None
    version: str = ""


class PeerWatch:
    """What was heard of peers, told by the observers; of nobody but services."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heard: dict[MemberId, _Heard] = {}

    def replied(self, member: MemberId, reply: Reply, elapsed_ms: int | None) -> None:
        """Note how a peer answered us."""
        heard = self._heard.setdefault(member, _Heard())
        heard.asked_at, heard.reply, heard.elapsed_ms = self._clock.now(), reply, elapsed_ms

    def called(self, member: MemberId) -> None:
        """Note that a peer asked us."""
        self._heard.setdefault(member, _Heard()).called_us_at = self._clock.now()

    def runs(self, member: MemberId, version: str) -> None:
        """Note which version of the connector a peer said it has."""
        self._heard.setdefault(member, _Heard()).version = version

    def seen(self) -> Sequence[PeerSeen]:
        """Give what was heard, by member."""
        return [
            PeerSeen(
                member=member,
                asked_at=heard.asked_at,
                is_reachable=None if heard.reply is None else heard.reply not in _SILENT,
                elapsed_ms=heard.elapsed_ms,
                called_us_at=heard.called_us_at,
                version=heard.version,
            )
            for member, heard in sorted(self._heard.items())
        ]
