"""Whether a signature counts: good by a key of the directory, and made before that key ended (PROTOCOL section 4).

A key that has not ended is enough. Where it has, some third party must have seen the signature's leaf before: otherwise
whoever stole or kept the key could have made it since, and all that is said is *signature good, time not proven*.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from connector.core.directory import KeyUse
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.evidence.directories import Directories, KeyLife
from connector.evidence.findings import Found, Verdict
from connector.evidence.heads import Dating, Heads, Tip
from connector.evidence.rows import tree_of
from connector.wire import checkpoint, jose
from connector.wire.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class Judged:
    """What a signature is worth; `dating` is the earliest third word about it, whether it was needed or not."""

    found: Found
    verdict: Verdict
    life: KeyLife | None = None
    dating: Dating | None = None


class Judge:
    """Judges signatures by the directories of a file, as of an instant."""

    def __init__(self, directories: Directories, heads: Heads, at: Instant) -> None:
        self.directories, self.heads, self._at = directories, heads, at

    def token_key(self, compact: bytes, typ: str, signer: MemberId, claimed_at: Instant) -> KeyLife | None:
        """Give the key of that member that signed a token, or None."""
        try:
            jws = jose.read(compact, typ=typ)
        except jose.TokenFault:
            return None
        lives = self.directories.lives(signer, KeyUse.SIGN, claimed_at)
        return next((n for n in lives if n.key.kid == jws.kid and jose.verify(jws, n.key)), None)

    def head(self, note: str, claimed_at: Instant) -> tuple[Checkpoint, KeyLife] | None:
        """Open a checkpoint by the ledger keys of its own member, and say which one signed it; None where none did."""
        try:
            member, tree = tree_of(note.partition("\n")[0])
        except ValueError:
            return None
        for life in self.directories.lives(member, KeyUse.LEDGER, claimed_at):
            try:
                return checkpoint.open_of_member(note, member, tree, [life.key]), life
            except (PeerFault, ConfigFault):
                continue
        return None

    def judge(
        self, life: KeyLife | None, claimed_at: Instant, tips: Iterable[Tip], parties: frozenset[MemberId]
    ) -> Judged:
        """Say what a signature is worth.

        Args:
            life: the key that verified it, None where none did.
            claimed_at: when its signer says it was made.
            tips: the heads under which it lies.
            parties: whose word about the time does not count.
        """
        if life is None:
            return Judged(Found.SIGNATURE_WRONG, Verdict.ALTERED)
        dating = self.heads.dated(tips, parties)
        if not life.key.valid_from <= claimed_at < life.ended_at:
            return Judged(Found.SIGNATURE_AFTER_END, Verdict.NOT_PROVEN, life, dating)
        if life.ended_at > self._at:
            return Judged(Found.SIGNATURE_GOOD, Verdict.PROVEN, life, dating)
        if dating is not None and dating.at < life.ended_at:
            return Judged(Found.SIGNATURE_IN_TIME, Verdict.PROVEN, life, dating)
        return Judged(Found.SIGNATURE_TIME_NOT_PROVEN, Verdict.TIME_NOT_PROVEN, life, dating)


def tip_of(head: Checkpoint) -> Tip:
    """Give a checkpoint as heads are linked by."""
    return str(head.origin), head.size, head.root
