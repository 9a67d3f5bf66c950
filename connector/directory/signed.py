"""The member directory of a federation: signed by its operators and members, kept here, refreshed from any copy.

It implements `core.ports.MemberDirectory` over what `verify` believed last, seen through `roster` as of now. Time alone
moves it too: suspensions begin and end, the whole ends. It starts from its archive, without network; a refresh runs in
a thread and swaps the whole at once. Who asks for a refresh, and when, is left to the daemon's jobs.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tuf.api.metadata import Root

from connector.core.directory import Member, MemberChange, MemberStatus
from connector.core.errors import ConfigFault
from connector.core.faults import Fault, reason
from connector.core.instant import Instant, rfc3339
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Clock, DirectoryFiles
from connector.directory import layout
from connector.directory.age import Freshness, Staleness
from connector.directory.archive import Accepted, Archive
from connector.directory.fetch import Patience, Source
from connector.directory.followers import Followers
from connector.directory.memberships import Standing
from connector.directory.metadata import file_of, parse, require_signed
from connector.directory.ports import DirectoryObserver
from connector.directory.refresh import Refresh, Refreshed
from connector.directory.refusal import DirectoryRefused, Finding, Refusal
from connector.directory.roster import Roster, roster
from connector.directory.settings import Contexts, SignedDirectorySettings
from connector.directory.verify import Verified, verify

NO_VERSION: Final = "tuf:none"
_MIRROR_PATH: Final = "/directory/"


@dataclass(frozen=True, slots=True)
class DirectoryAt:
    """The directory as this member believed it at a past instant, judged again from its signatures."""

    version: str
    accepted_at: Instant
    at: Instant
    was_expired: bool
    _roster: Roster

    def get(self, member: MemberId) -> Member | None:
        """Give the member as it was listed then."""
        return self._roster.members.get(member)

    def members(self) -> Sequence[Member]:
        """Give all members of then."""
        return tuple(self._roster.members.values())


class SignedDirectory:
    """The directory port over signed files. Its methods belong to one event loop; refreshes work in a thread."""

    def __init__(
        self,
        settings: SignedDirectorySettings,
        clock: Clock,
        observer: DirectoryObserver,
        *,
        public_tls: Contexts,
        mirror_tls: Contexts,
    ) -> None:
        self._settings, self._clock, self._observer = settings, clock, observer
        self._public_tls, self._mirror_tls = public_tls, mirror_tls
        self._lock = asyncio.Lock()
        self._followers = Followers()
        self.archive: Final = Archive(settings.archive)
        self.refreshed_at: Instant | None = None
        self._anchor, self._verified = self._load()
        self._roster = self._roster_at(clock.now())

    # ------------------------------------------------------------ core.ports.MemberDirectory

    @property
    def version(self) -> str:
        """The version in force, `tuf:<targets>.<timestamp>.<hash>`, as receipts carry it."""
        return self._verified.version if self._verified else NO_VERSION

    def get(self, member: MemberId) -> Member | None:
        """Give the member of that id, whatever its status; nobody once the directory has closed."""
        return self._now().members.get(member)

    def members(self) -> Sequence[Member]:
        """Give all members in the order in which they came."""
        return tuple(self._now().members.values())

    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None:
        """Give the member of a certificate that the configured CAs issued."""
        return self._now().by_certificate(spki_sha256, subject_ous)

    def changes(self) -> AsyncIterator[MemberChange]:
        """Follow the members that change, by a refresh or by time, from now on."""
        return self._followers.changes()

    @property
    def files(self) -> DirectoryFiles:
        """What this member mirrors: the versions in force, and its own entry as offered to publishers."""
        return self.archive

    # ------------------------------------------------------------ refreshing

    async def refresh(self) -> bool:
        """Ask the copies, and put a newer version in force; whether there was one.

        A copy that is dead, older, frozen, mixed or tampered with is told to the observer and passed over; when none
        is right, the version in force stays.

        Raises:
            FailedClosed: `directory.unavailable`, the archive cannot keep the new version, which is then not in force.
        """
        async with self._lock:
            now, before = self._clock.now(), self._verified
            result = await asyncio.to_thread(self._refresh, self._sources(now), before, now)
            for refusal in result.refused:
                self._observer.mirror_refused(refusal.source, refusal.refusal, refusal.detail)
            if result.answered:
                self.refreshed_at = now
            if result.verified is None:
                self.tick()
                return False
            self._verified = result.verified
            self._swap(self._roster_at(self._clock.now()))
            self._observer.accepted(result.verified.version)
            for finding in self.findings():
                self._observer.part_refused(result.verified.version, finding)
            return True

    def _refresh(self, sources: list[Source], trusted: Verified | None, now: Instant) -> Refreshed:
        settings = self._settings
        patience = Patience(settings.connect_seconds, settings.read_seconds, settings.whole_seconds)
        refresh = Refresh(self._anchor, settings.environment, self.archive.blob, patience, settings.at_least)
        result = refresh.run(sources, trusted, now)
        if result.verified is not None:
            self.archive.accept(result.verified, result.files, now)
        return result

    def _sources(self, now: Instant) -> list[Source]:
        """Give the copies in the order in which they are tried: the operators' and members' mirrors in turn.

        Each refresh begins at others, so that no copy is always believed first.
        """
        operators = [self._operators_source(url) for url in self._urls()]
        context = self._mirror_tls()
        mirrors = [
            Source(member.id.value, member.endpoint + _MIRROR_PATH, context, self._proxy(member.endpoint))
            for member in self._mirrors()
            if context is not None
        ]
        turn = now // max(1, self._settings.refresh_seconds)
        operators, mirrors = _rotated(operators, turn), _rotated(mirrors, turn)
        found: list[Source] = []
        while operators or mirrors:
            found += operators[:1] + mirrors[: self._settings.at_least - 1]
            operators, mirrors = operators[1:], mirrors[self._settings.at_least - 1 :]
        return found

    def copies(self) -> int:
        """Count the copies that can be asked: the operators' addresses and other members' mirrors."""
        return len(self._urls()) + len(self._mirrors())

    def _urls(self) -> tuple[str, ...]:
        signed = self._verified.memberships.urls if self._verified else ()
        return tuple(dict.fromkeys((*self._settings.urls, *signed)))

    def _mirrors(self) -> list[Member]:
        listed = self._roster.members.values()
        return [m for m in listed if m.status is MemberStatus.ACTIVE and m.id != self._settings.own]

    def _operators_source(self, url: str) -> Source:
        plain = url.startswith("http://") and self._settings.environment is Environment.TEST
        return Source(
            url, url if url.endswith("/") else url + "/", None if plain else self._public_tls(), self._proxy(url)
        )

    def _proxy(self, url: str) -> str | None:
        return self._settings.proxies.of(urlsplit(url).hostname)

    def reload(self) -> bool:
        """Do nothing: what is in force was fetched, and a refresh fetches the next."""
        return False

    def tick(self) -> None:
        """Tell followers what time alone has changed: to be called about once a minute."""
        self._now()

    def last_known(self, member: MemberId) -> Member | None:
        """Give a member as it was listed last, also where the directory has closed since."""
        if self._verified is None:
            return None
        now = self._clock.now()
        grace = max(0, now - self._verified.ends_at) + 1
        return roster(self._verified, now, grace_seconds=grace).members.get(member)

    # ------------------------------------------------------------ age and findings

    def staleness(self) -> Staleness:
        """Say how near its end the directory is, well before it comes."""
        now = self._clock.now()
        if self._verified is None:
            return Staleness(Freshness.CLOSED, None, Fault("age.none"))
        ends_at, ends = self._verified.ends_at, self._verified.ends
        role = min(ends, key=lambda name: ends[name])
        who = "publishers" if role in {"timestamp", "snapshot"} else "operators"
        said = {"role": role, "at": rfc3339(ends_at), "who": who}
        if now >= ends_at + self._settings.grace_seconds:
            return Staleness(Freshness.CLOSED, ends_at, Fault("age.closed", said))
        if now >= ends_at:
            closes = rfc3339(Instant(ends_at + self._settings.grace_seconds))
            return Staleness(Freshness.GRACE, ends_at, Fault("age.grace", said | {"closes": closes}))
        soon = [name for name, end in ends.items() if now >= end - layout.WARN_BEFORE[name]]
        if soon:
            return Staleness(Freshness.STALE, ends_at, Fault("age.ending", said))
        return Staleness(Freshness.FRESH, ends_at)

    def not_ready(self) -> str | None:
        """Say why this member may not answer for want of a directory, or None."""
        staleness = self.staleness()
        return f"directory: {staleness.message}" if staleness.state is Freshness.CLOSED else None

    def findings(self) -> tuple[Finding, ...]:
        """Give the entries that are left out of the version in force, or stand as they were before."""
        found = self._verified.findings if self._verified else ()
        return (*found, *self._roster.findings)

    def has_joined(self, member: MemberId) -> bool:
        """Whether the operators once let the member in, though its own entry may still be missing."""
        row = self._verified.memberships.get(member) if self._verified else None
        return row is not None and row.standing is not Standing.MAIL_ONLY

    # ------------------------------------------------------------ the past

    def as_of(self, at: Instant) -> DirectoryAt | None:
        """Give the directory as it was believed at an instant, or None where nothing had been received yet.

        Raises:
            DirectoryRefused: the archived files are no longer what was signed.
        """
        record = next((r for r in self.archive.accepted() if r.accepted_at <= at), None)
        return self._at(record, at) if record else None

    def of_version(self, version: str) -> DirectoryAt | None:
        """Give an archived version by the name that receipts carry, as of the instant it was accepted.

        Raises:
            DirectoryRefused: the archived files are no longer what was signed.
        """
        record = next((r for r in self.archive.accepted() if r.version == version), None)
        return self._at(record, record.accepted_at) if record else None

    def _at(self, record: Accepted, at: Instant) -> DirectoryAt:
        verified = self._verify_archived(record, at, file_of(self._anchor))
        was_expired = at >= verified.ends_at
        grace = self._settings.grace_seconds if not was_expired else at - verified.ends_at + 1
        return DirectoryAt(
            record.version, record.accepted_at, at, was_expired, roster(verified, at, grace_seconds=grace)
        )

    # ------------------------------------------------------------ inside

    def _now(self) -> Roster:
        now = self._clock.now()
        if not self._roster.holds_from <= now < self._roster.holds_until:
            self._swap(self._roster_at(now))
        return self._roster

    def _roster_at(self, now: Instant) -> Roster:
        if self._verified is None:
            return Roster({}, now, Instant(now + self._settings.refresh_seconds), is_closed=True)
        return roster(self._verified, now, grace_seconds=self._settings.grace_seconds)

    def _swap(self, new: Roster) -> None:
        before, self._roster = self._roster.members, new
        self._followers.tell(before, new.members)

    def _load(self) -> tuple[bytes, Verified | None]:
        """Read the root that was configured, and the newest archived version that can be believed."""
        try:
            configured = self._settings.root.read_bytes()
            root = parse(Root, configured, "root")
            require_signed(root.signed, Root.type, root)
        except OSError as error:
            raise ConfigFault.of("directory.root-unreadable", reason=reason(error)) from None
        except DirectoryRefused as error:
            raise ConfigFault.of("directory.root-refused", text=error.what, refusal=error.refusal.value) from None
        own = file_of(configured)
        is_foreign = False
        for record in self.archive.accepted():  # newest first, and read one by one: the history may be long
            if own not in record.roots:
                is_foreign = is_foreign or root.signed.version <= self._newest_root_version(record)
                continue
            try:
                verified = self._verify_archived(record, record.accepted_at, record.roots[0])
            except DirectoryRefused:
                continue  # altered on disk: an older one, then the copies
            self.archive.serve(verified)
            return verified.roots[0], verified
        if is_foreign:
            raise ConfigFault.of(
                "directory.root-foreign", version=root.signed.version, archive=str(self._settings.archive)
            )
        return configured, None

    def _newest_root_version(self, record: Accepted) -> int:
        data = self.archive.blob(record.roots[-1]) if record.roots else None
        return parse(Root, data, Root.type).signed.version if data is not None else 0

    def _verify_archived(self, record: Accepted, at: Instant, anchor: str) -> Verified:
        """Judge an archived version; `anchor` is the hash of the root that its chain must begin with."""
        data = self.archive.blob(anchor)
        if data is None or record.roots[:1] != (anchor,):
            raise DirectoryRefused(Refusal.WRONG_ROOT, "archive: the version does not begin with the trusted root")
        return verify(
            self.archive.files(record),
            anchor=data,
            environment=self._settings.environment,
            at=at,
            kept=record.carried,
            check_expiry=False,
        )


def _rotated(sources: list[Source], turn: int) -> list[Source]:
    start = turn % len(sources) if sources else 0
    return sources[start:] + sources[:start]
