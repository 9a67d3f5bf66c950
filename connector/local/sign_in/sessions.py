"""Sessions: opened at a sign-in, asked at every request, locked when idle, ended on demand.

The cookie is 256 random bits and is kept as its hash. A session counts only in the browser that opened it, only while
the person may do anything here, and not beyond its absolute life; from another address it locks.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, Protocol

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant, day_in_france
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import Auth
from connector.core.people import Person, Standing
from connector.core.ports import Clock, Entropy, new_id
from connector.core.ports_sign_in import SessionStore
from connector.core.private import Private
from connector.core.sessions import Session, SessionEnd, SessionRules
from connector.local.sign_in.values import Seen, SignedIn

_TOKEN_BYTES: Final = 32
_CSRF_BYTES: Final = 24
_NOTED_EVERY_SECONDS: Final = 60
"""How exactly the last use is kept: a write at each request would cost a commit each."""


class People(Protocol):
    """Where a person is looked up at every request, as they are now."""

    def person(self, person_id: str) -> Person | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, repr=False)
class Opened(Private):
    """A session that was just opened, and the cookie that is kept nowhere else."""

    token: str
    session: Session


class Sessions:
    """The open sessions of this connector."""

    def __init__(
        self, store: SessionStore, people: People, rules: SessionRules, clock: Clock, entropy: Entropy
    ) -> None:
        self._store, self._people, self.rules = store, people, rules
        self._clock, self._entropy = clock, entropy

    async def open(self, person: Person, auth: Auth, seen: Seen, *, provider: str = "", replacing: str = "") -> Opened:
        """Open a session for a person who proved who they are; the one of the cookie `replacing` ends.

        Raises:
            LocalRefused: `sign_in.withdrawn`, the person may do nothing here now.
            FailedClosed: it could not be kept, with its journal entry.
        """
        now = self._clock.now()
        self.check_standing(person)
        if replacing:
            await self.end(replacing, SessionEnd.SIGNED_IN_AGAIN)
        token, session_id = b64.encode(self._entropy.token(_TOKEN_BYTES)), new_id(self._entropy)
        session = Session(
            id=session_id,
            person_id=person.id,
            auth=auth,
            csrf=b64.encode(self._entropy.token(_CSRF_BYTES)),
            browser=seen.agent_tag(session_id),
            address=seen.address_tag(session_id),
            used_at=now,
            expires_at=Instant(now + self.rules.life_seconds),
            provider=provider,
        )
        entry = _entry(EntryType.SIGNED_IN, session, now, outcome=f"{auth.means}/{auth.level}", reason=provider or None)
        await self._store.open(_hash(token), session, entry)
        return Opened(token, session)

    async def find(self, token: str, seen: Seen, *, is_use: bool = True) -> SignedIn | None:
        """Give who is signed in by a cookie; None where there is no such session. `is_use` puts off the idle lock.

        Raises:
            LocalRefused: `sign_in.other_browser`, `sign_in.withdrawn`: the session is ended; `sign_in.locked`.
            FailedClosed: the state cannot be read, or the end not be kept.
        """
        tag, now = _hash(token), self._clock.now()
        session = self._store.find(tag)
        if session is None or now >= session.expires_at:
            return None
        if session.browser != seen.agent_tag(session.id):
            await self._store.end(tag, _ended(session, now, SessionEnd.OTHER_BROWSER))
            raise LocalRefused("session: its cookie came from another browser", code=Code.SIGN_IN_OTHER_BROWSER)
        person = self._people.person(session.person_id)
        try:
            if person is None:
                raise withdrawn(Standing.ENDED)
            self.check_standing(person)
        except LocalRefused:
            await self._store.end(tag, _ended(session, now, SessionEnd.WITHDRAWN))
            raise
        if not session.locked and session.address != seen.address_tag(session.id):
            session = replace(session, locked=True)
            await self._store.keep(tag, session)
        if session.is_locked(self.rules, now):
            raise LocalRefused("session: it is locked", code=Code.SIGN_IN_LOCKED)
        if is_use and now >= session.used_at + _NOTED_EVERY_SECONDS:
            await self._store.keep(tag, replace(session, used_at=now))
        return SignedIn(person, session.id, session.auth, session.csrf, session.provider)

    async def end(self, token: str, why: SessionEnd = SessionEnd.SIGNED_OUT) -> Session | None:
        """End the session of a cookie; gives it as it was.

        Raises:
            FailedClosed: that could not be kept.
        """
        tag = _hash(token)
        session = self._store.find(tag)
        if session is not None:
            await self._store.end(tag, _ended(session, self._clock.now(), why))
        return session

    def check_standing(self, person: Person) -> None:
        """Let a person go on who may do something here now.

        Raises:
            LocalRefused: `sign_in.withdrawn`.
        """
        standing = person.standing(day_in_france(self._clock.now()))
        if standing is not Standing.ACTIVE:
            raise withdrawn(standing)


def withdrawn(standing: Standing) -> LocalRefused:
    """Give the error of a person who may do nothing here now."""
    return LocalRefused(f"person: access is {standing} at this service", code=Code.SIGN_IN_WITHDRAWN)


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _ended(session: Session, now: Instant, why: SessionEnd) -> EntryDraft:
    return _entry(EntryType.SIGNED_OUT, session, now, outcome=None, reason=why.value)


def _entry(kind: EntryType, session: Session, now: Instant, *, outcome: str | None, reason: str | None) -> EntryDraft:
    return EntryDraft(
        type=kind, at=now, outcome=outcome, reason=reason, ref=session.id, personal={"person": session.person_id}
    )
