"""Local accounts (`core.ports_sign_in.LocalAccountStore`), found by a tag of the login."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.ledger import EntryDraft
from connector.core.local_account import LocalAccount
from connector.store.keys import TAG_BYTES, StateKeys
from connector.store.readers import Readers
from connector.store.sealing import Sealer
from connector.store.sql import Connection, one, rows
from connector.store.transaction import Transaction
from connector.store.writer import Writer

_TABLE: Final = "local_accounts"
_FIND: Final = "select person_id, sealed from local_accounts where login_tag = ?"
_KEEP: Final = "insert or replace into local_accounts values (?, ?, ?)"


class SqliteLocalAccounts:
    """`core.ports_sign_in.LocalAccountStore` on the state's database."""

    def __init__(self, writer: Writer, readers: Readers, sealer: Sealer, keys: StateKeys) -> None:
        self._writer, self._readers, self._sealer, self._keys = writer, readers, sealer, keys

    def find(self, login: str) -> LocalAccount | None:
        """Give the account of a login, by one indexed row.

        Raises:
            FailedClosed: the state cannot be read.
        """
        return self._readers.here(lambda db: self._find(db, login))

    async def people(self) -> Sequence[str]:
        """Give the ids of those who have an account.

        Raises:
            FailedClosed: the state cannot be read.
        """
        return [row[0] for row in await self._readers.run(lambda db: rows(db, "select person_id from local_accounts"))]

    async def put(self, account: LocalAccount, entry: EntryDraft) -> None:
        """Keep the account of a person, instead of the one they had.

        Raises:
            LocalRefused: `local.conflict`, the login is somebody else's.
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> None:
            found = self._find(transaction.db, account.login)
            if found is not None and found.person_id != account.person_id:
                raise LocalRefused("login: somebody else has it", code=Code.LOCAL_CONFLICT, field="login")
            self._keep(transaction.db, account)
            transaction.append(entry)

        await self._writer.do(operation)

    async def use_step(self, login: str, step: int) -> bool:
        """Use up a time step of the second factor, and all before it.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            account = self._find(transaction.db, login)
            if account is None or step <= account.last_step:
                return lambda: False
            self._keep(transaction.db, replace(account, last_step=step))
            return lambda: True

        return await self._writer.run(operation)

    async def use_recovery(self, login: str, digest: str) -> bool:
        """Use up a recovery code.

        Raises:
            FailedClosed: nothing of it was kept.
        """

        def operation(transaction: Transaction) -> Callable[[], bool]:
            account = self._find(transaction.db, login)
            if account is None or digest not in account.recovery:
                return lambda: False
            left = tuple(code for code in account.recovery if code != digest)
            self._keep(transaction.db, replace(account, recovery=left))
            return lambda: True

        return await self._writer.run(operation)

    def _find(self, db: Connection, login: str) -> LocalAccount | None:
        row = one(db, _FIND, self._tag(login))
        return self._sealer.open(LocalAccount, _TABLE, row[0], row[1]) if row else None

    def _keep(self, db: Connection, account: LocalAccount) -> None:
        sealed = self._sealer.seal(_TABLE, account.person_id, account)
        db.execute(_KEEP, (account.person_id, self._tag(account.login), sealed))

    def _tag(self, login: str) -> bytes:
        return self._keys.tags.tag("login", login)[:TAG_BYTES]
