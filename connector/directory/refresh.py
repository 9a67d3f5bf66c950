"""One refresh: ask several copies, take the highest version that is right, say of each other one what is wrong with it.

At least three copies are asked for their newest root and timestamp, at once; a dead one is replaced by the next. Then
the highest timestamp is followed to the end on the copy that gave it, and on the next one if that copy fails. Files
that are known by hash are not fetched again. It blocks: it runs in a thread, and changes nothing outside its result.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tuf.api.metadata import Root, Timestamp

from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.directory import layout
from connector.directory.delegated import Read
from connector.directory.fetch import HttpFetcher, Patience, Source
from connector.directory.metadata import expires_at, file_of, parse
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.verify import Verified, check_timestamp, root_chain, verify

AT_LEAST: Final = 3
"""Copies that must answer before one is chosen, where there are as many (issue 6)."""

FROZEN_AFTER: Final = 2 * DAY_SECONDS
"""A copy whose timestamp ends that much before the newest one's no longer follows; publishers sign daily (our rule)."""


@dataclass(frozen=True, slots=True)
class MirrorRefusal:
    """What was wrong with one copy."""

    source: str
    refusal: Refusal
    detail: str


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The result: a newer version with its files, or none; and what the copies did."""

    verified: Verified | None
    files: dict[str, bytes] = field(repr=False)
    answered: tuple[str, ...]
    refused: tuple[MirrorRefusal, ...]


@dataclass(slots=True)
class _Offer:
    source: Source
    fetcher: HttpFetcher
    roots: tuple[bytes, ...]
    timestamp: bytes
    version: int = 0
    ends_at: int = 0


@dataclass(frozen=True, slots=True)
class Refresh:
    """What stays the same from one refresh to the next.

    `blob` gives files that are kept already, by hash. `anchor` is the root trusted from outside.
    """

    anchor: bytes
    environment: Environment
    blob: Callable[[str], bytes | None]
    patience: Patience = field(default_factory=Patience)
    at_least: int = AT_LEAST

    def run(self, sources: Sequence[Source], trusted: Verified | None, now: Instant) -> Refreshed:
        """Ask the copies.

        Args:
            sources: the copies in the order in which they are tried; the first `at_least` are asked at once.
            trusted: the version in force.
            now: the instant for which they are judged.
        """
        refused: dict[str, MirrorRefusal] = {}
        asked: list[_Offer] = []
        offers: list[_Offer] = []
        waiting = list(sources)
        try:
            while True:
                offers = self._right_timestamps(offers, now, refused)
                if waiting and len(offers) < self.at_least:
                    batch = [waiting.pop(0) for _ in range(min(self.at_least - len(offers), len(waiting)))]
                    new = self._ask_all(batch, trusted, refused)
                    asked.extend(new)
                    offers.extend(new)
                    continue
                files: dict[str, bytes] = {}
                verified = self._follow(offers, trusted, now, files, refused)
                standing = [offer for offer in offers if offer.source.name not in refused]
                if verified is not None or not waiting or len(standing) == len(offers):
                    answered = tuple(offer.source.name for offer in offers)
                    return Refreshed(verified, files, answered, tuple(refused.values()))
                offers = standing
        finally:
            for offer in asked:
                offer.fetcher.close()

    def _ask_all(
        self, batch: list[Source], trusted: Verified | None, refused: dict[str, MirrorRefusal]
    ) -> list[_Offer]:
        known = trusted.roots[-1] if trusted else self.anchor
        offers: list[_Offer] = []
        with ThreadPoolExecutor(max_workers=len(batch), thread_name_prefix="directory") as pool:
            for source, result in zip(batch, pool.map(lambda source: self._ask(source, known), batch), strict=True):
                if isinstance(result, _Offer):
                    offers.append(result)
                else:
                    _refuse(refused, source, result)
        return offers

    def _ask(self, source: Source, known_root: bytes) -> "_Offer | DirectoryRefused":
        fetcher = None
        try:
            fetcher = HttpFetcher(source, self.patience)
            roots = root_chain(known_root, _reader(fetcher))
            path = layout.metadata_file(Timestamp.type, None)
            timestamp = fetcher.get(path, layout.MAX_BYTES[Timestamp.type])
            if timestamp is None:
                raise DirectoryRefused(Refusal.MISSING, f"{path}: this copy does not have it")
        except DirectoryRefused as error:
            if fetcher is not None:
                fetcher.close()
            return error
        return _Offer(source, fetcher, roots, timestamp)

    @staticmethod
    def _right_timestamps(offers: list[_Offer], now: Instant, refused: dict[str, MirrorRefusal]) -> list[_Offer]:
        """Keep the offers whose timestamp counts under the newest root that any has: none can hold a rotation back."""
        newest = max((offer.roots for offer in offers), key=len, default=())
        right = []
        for offer in offers:
            try:
                timestamp = check_timestamp(parse(Root, newest[-1], Root.type).signed, offer.timestamp, now)
            except DirectoryRefused as error:
                _refuse(refused, offer.source, error)
                continue
            offer.roots, offer.version = newest, timestamp.signed.version
            # A stolen publisher's key could date the end far ahead, and have all others pass for frozen.
            offer.ends_at = min(expires_at(timestamp.signed), now + layout.LIFE[Timestamp.type])
            right.append(offer)
        latest = max((offer.ends_at for offer in right), default=now)
        for offer in right:
            if latest - offer.ends_at >= FROZEN_AFTER:
                detail = f"timestamp {offer.version}: others go on, this copy has stood still for days"
                _refuse(refused, offer.source, DirectoryRefused(Refusal.FROZEN, detail))
        return [offer for offer in right if offer.source.name not in refused]

    def _follow(
        self,
        offers: list[_Offer],
        trusted: Verified | None,
        now: Instant,
        files: dict[str, bytes],
        refused: dict[str, MirrorRefusal],
    ) -> Verified | None:
        """Verify the highest offer, else the next one; None when none is newer than what is in force."""
        for offer in sorted(offers, key=lambda offer: offer.version, reverse=True):
            if trusted is not None and offer.roots[-1] == trusted.roots[-1]:
                in_force = trusted.versions["timestamp"]
                if offer.version < in_force:
                    detail = f"timestamp: got version {offer.version}, {in_force} is in force"
                    _refuse(refused, offer.source, DirectoryRefused(Refusal.ROLLBACK, detail))
                if offer.version <= in_force:
                    continue  # of two publishers' equal numbers the one believed first stays until the next
            try:
                return self._verify(offer, trusted, now, files)
            except DirectoryRefused as error:
                files.clear()
                _refuse(refused, offer.source, error)
        return None

    def _verify(self, offer: _Offer, trusted: Verified | None, now: Instant, files: dict[str, bytes]) -> Verified:
        known = {_root_path(data): data for data in (*(trusted.roots if trusted else ()), *offer.roots)}
        known[layout.metadata_file(Timestamp.type, None)] = offer.timestamp

        def read(path: str, limit: int, sha256: str | None) -> bytes | None:
            data = known.get(path)
            if data is None and sha256 is not None:
                data = self.blob(sha256)
            if data is None and path and not path.endswith(".root.json"):
                data = offer.fetcher.get(path, limit)
            if data is not None:
                files[file_of(data)] = data
            return data

        return verify(read, anchor=self.anchor, environment=self.environment, at=now, trusted=trusted)


def _refuse(refused: dict[str, MirrorRefusal], source: Source, error: DirectoryRefused) -> None:
    refused[source.name] = MirrorRefusal(source.name, error.refusal, error.what)


def _reader(fetcher: HttpFetcher) -> Read:
    return lambda path, limit, _sha256: fetcher.get(path, limit)


def _root_path(data: bytes) -> str:
    return layout.metadata_file(Root.type, parse(Root, data, Root.type).signed.version)
