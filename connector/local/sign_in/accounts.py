"""Local accounts: made by a one-time code, opened by password and second factor, locked after failures."""

from dataclasses import dataclass, replace
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.local_account import Enrolment, LocalAccount
from connector.core.people import Person
from connector.core.ports import Clock, Entropy
from connector.core.ports_sign_in import LocalAccountStore, OneTimeStore
from connector.core.private import Private
from connector.local.sign_in import factors
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.staff import Staff

_KIND: Final = "enrolment"
_ENROLMENT_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True, repr=False)
class Begun(Private):
    """What a person enters into their authenticator program, to go on with the enrolment."""

    secret: str
    uri: str


class LocalAccounts:
    """The accounts that are kept here."""

    def __init__(
        self,
        store: LocalAccountStore,
        one_time: OneTimeStore,
        staff: Staff,
        lockout: Lockout,
        clock: Clock,
        entropy: Entropy,
        *,
        issuer: str,
        passwords: factors.Passwords | None = None,
    ) -> None:
        self._store, self._one_time, self._staff, self._lockout = store, one_time, staff, lockout
        self._clock, self._entropy, self._issuer = clock, entropy, issuer
        self._passwords = passwords or factors.Passwords()
        self._people: set[str] = set()

    async def load(self) -> None:
        """Read who has an account."""
        self._people = set(await self._store.people())

    def has(self, person_id: str) -> bool:
        """Whether a person has an account."""
        return person_id in self._people

    async def sign_in(self, login: str, password: str, code: str, address: str) -> Person:
        """Give the person of an account whose password and second factor, or recovery code, are right.

        Raises:
            LocalRefused: `sign_in.failed`, which of the three is not told; `sign_in.locked_out`.
            FailedClosed: the state cannot be relied on.
        """
        login = login.strip().lower()[:64]
        async with self._lockout.attempt(address, account=f"account:{login}") as attempt:
            account = self._store.find(login)
            is_right = await self._passwords.verify(account.password_hash if account else None, password)
            # The second factor is looked at only behind the password: else it could be used up from outside.
            if account is None or not is_right or not await self._second(account, code):
                raise attempt.failed(LocalRefused("sign-in: login, password or code", code=Code.SIGN_IN_FAILED))
            return self._staff.find(account.person_id)

    async def _second(self, account: LocalAccount, code: str) -> bool:
        step = factors.step_of(account.totp_secret, code, self._clock.now())
        if step is not None:
            return await self._store.use_step(account.login, step)
        digest = factors.code_digest(code)
        return digest in account.recovery and await self._store.use_recovery(account.login, digest)

    # ------------------------------------------------------------------ making one

    async def invite(self, person_id: str, by: str) -> tuple[str, Instant]:
        """Give a one-time code by which a person makes their account, also instead of one they had; and its end.

        Raises:
            FailedClosed: it could not be kept, with its journal entry.
        """
        now = self._clock.now()
        code = factors.grouped_code(self._entropy.token(factors.CODE_BYTES))
        ends_at = Instant(now + _ENROLMENT_SECONDS)
        entry = EntryDraft(type=EntryType.PERSON, at=now, reason="invited", ref=person_id, personal={"by": by})
        await self._one_time.put(_KIND, factors.plain_code(code), Enrolment(person_id), ends_at, entry)
        return code, ends_at

    async def begin(self, code: str, login: str, password: str, address: str) -> Begun:
        """Take login and password, and give the secret of the second factor.

        Raises:
            LocalRefused: `sign_in.enrolment`, `sign_in.password`, `sign_in.locked_out`; `local.malformed`, the login;
                `local.conflict`, it is somebody else's.
        """
        enrolment = await self._enrolment(code, address)
        login = factors.check_login(login)
        known = self._store.find(login)
        if known is not None and known.person_id != enrolment.person_id:
            raise LocalRefused("login: somebody else has it", code=Code.LOCAL_CONFLICT, field="login")
        factors.check_password(password, login)
        secret = factors.totp_secret(self._entropy.token(factors.TOTP_BYTES))
        begun = replace(enrolment, login=login, password_hash=await self._passwords.hash(password), totp_secret=secret)
        await self._one_time.replace(_KIND, factors.plain_code(code), begun)
        return self._shown(begun)

    async def begun(self, code: str, address: str) -> Begun:
        """Give once more what `begin` gave, to somebody who mistyped the code of their second factor.

        Raises:
            LocalRefused: `sign_in.enrolment`, also where nothing was begun; `sign_in.locked_out`.
        """
        enrolment = await self._enrolment(code, address)
        if not enrolment.login:
            raise _no_enrolment()
        return self._shown(enrolment)

    def _shown(self, begun: Enrolment) -> Begun:
        return Begun(begun.totp_secret, factors.totp_uri(begun.totp_secret, begun.login, self._issuer))

    async def finish(self, code: str, second: str, address: str) -> tuple[str, ...]:
        """Keep the account of a person who showed a code of their second factor; gives the recovery codes, once.

        Raises:
            LocalRefused: `sign_in.enrolment`, `sign_in.failed`, `sign_in.locked_out`.
        """
        enrolment = await self._enrolment(code, address)
        async with self._lockout.attempt(address) as attempt:
            step = factors.step_of(enrolment.totp_secret, second, self._clock.now()) if enrolment.login else None
            if step is None:
                raise attempt.failed(LocalRefused("enrolment: code of the second factor", code=Code.SIGN_IN_FAILED))
        taken, _ = await self._one_time.take(_KIND, factors.plain_code(code), Enrolment)
        if taken is None:
            raise _no_enrolment()
        codes = tuple(
            factors.grouped_code(self._entropy.token(factors.CODE_BYTES)) for _ in range(factors.RECOVERY_CODES)
        )
        account = LocalAccount(
            person_id=taken.person_id,
            login=taken.login,
            password_hash=taken.password_hash,
            totp_secret=taken.totp_secret,
            last_step=step,
            recovery=tuple(map(factors.code_digest, codes)),
        )
        entry = EntryDraft(
            type=EntryType.PERSON, at=self._clock.now(), reason="enrolled", ref=taken.person_id,
            personal={"login": taken.login},
        )  # fmt: skip
        await self._store.put(account, entry)
        self._people.add(taken.person_id)
        return codes

    async def _enrolment(self, code: str, address: str) -> Enrolment:
        async with self._lockout.attempt(address) as attempt:
            now = self._clock.now()
            found = await self._one_time.peek(_KIND, factors.plain_code(code), Enrolment, now)
            if found is None:
                raise attempt.failed(_no_enrolment())
            return found


def _no_enrolment() -> LocalRefused:
    return LocalRefused("enrolment: the code is unknown, used or over", code=Code.SIGN_IN_ENROLMENT)
