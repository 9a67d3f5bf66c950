"""What sign-in needs of the state: people, sessions, local accounts, one-time secrets, and what counts as a failure."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from connector.core.instant import Instant
from connector.core.ledger import EntryDraft
from connector.core.local_account import LocalAccount
from connector.core.people import Person
from connector.core.sessions import Session

V = TypeVar("V")


class PeopleStore(Protocol):
    """The people of this service; all raise FailedClosed where nothing could be read or kept."""

    async def all(self) -> Sequence[Person]: ...
    async def add(self, people: Sequence[Person], entries: Sequence[EntryDraft]) -> None:
        """Keep new people, all or none; raises LocalRefused `local.conflict`: practitioner or subject is another's."""
        ...

    async def change(self, person: Person, entry: EntryDraft) -> None: ...

    async def note(self, entry: EntryDraft) -> None:
        """Keep an entry that changes nobody."""
        ...


class SessionStore(Protocol):
    """Open sessions by the hash of their cookie; all raise FailedClosed."""

    def find(self, token_hash: bytes) -> Session | None: ...
    async def open(self, token_hash: bytes, session: Session, entry: EntryDraft) -> None: ...
    async def keep(self, token_hash: bytes, session: Session) -> None:
        """Keep when it was used, or that it is locked; one that was ended meanwhile stays ended."""
        ...

    async def end(self, token_hash: bytes, entry: EntryDraft | None) -> None: ...


class OneTimeStore(Protocol):
    """Values that a secret opens once: enrolments, launches; all raise FailedClosed."""

    async def put(
        self, kind: str, secret: str, value: object, expires_at: Instant, entry: EntryDraft | None = None
    ) -> bool:
        """Keep a value under a secret; False where the secret was used before, and has not been forgotten since."""
        ...

    async def peek(self, kind: str, secret: str, cls: type[V], now: Instant) -> V | None: ...
    async def take(self, kind: str, secret: str, cls: type[V]) -> tuple[V | None, bool]:
        """Give the value and whether it was taken before; None where there is none or its time is over."""
        ...

    async def replace(self, kind: str, secret: str, value: object) -> None: ...


class LocalAccountStore(Protocol):
    """Accounts with password and second factor; all raise FailedClosed."""

    def find(self, login: str) -> LocalAccount | None: ...
    async def people(self) -> Sequence[str]: ...
    async def put(self, account: LocalAccount, entry: EntryDraft) -> None:
        """Keep the account of a person, not the one they had; raises LocalRefused `local.conflict`: the login."""
        ...

    async def use_step(self, login: str, step: int) -> bool:
        """Use up a time step of the second factor, and all before it; False where it was used already."""
        ...

    async def use_recovery(self, login: str, digest: str) -> bool:
        """Use up a recovery code; False where there is none such."""
        ...


class FailureStore(Protocol):
    """Failed attempts by account and by address, so that a restart forgives nothing; all raise FailedClosed."""

    async def locked_until(self, subjects: Sequence[str], now: Instant) -> Instant | None: ...
    async def count(self, subject: str, now: Instant, *, allowed: int, window: int, lock: int) -> Instant | None:
        """Count one; gives until when the subject is locked now, None where it is not."""
        ...

    async def forgive(self, subject: str) -> None: ...
