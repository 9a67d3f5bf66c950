"""Connections to the vendor's database, in pools of their own for questions, documents, counts and writes: a document
that is read slowly takes no connection from the questions.

Reading sessions cannot write (see `dialects`), and what they did is always rolled back. Nothing is opened before the
first use, and a connection that the database has dropped is noticed before it is used (pre-ping).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.engine import Dialect

from connector.contract import AdapterContext, AdapterError, Problem
from spsti_adapter_sql.dialects import Session, begin, driver_arguments, limit_sqlite, located, prepare
from spsti_adapter_sql.faults import translated
from spsti_adapter_sql.options import DatabaseOptions
from spsti_adapter_sql.secret import read_secret

_RECYCLE_SECONDS = 1800


class Database:
    """One pool of sessions of one kind. `connections` None keeps none open between two uses."""

    def __init__(
        self,
        options: DatabaseOptions,
        context: AdapterContext,
        *,
        connections: int | None,
        reads_only: bool,
        statement_seconds: float | None = None,
    ) -> None:
        self._session = Session(
            reads_only=reads_only,
            statement_seconds=statement_seconds or options.statement_timeout_seconds,
            connect_seconds=options.connect_timeout_seconds,
            time_zone=options.time_zone,
        )
        url = located(options.parsed_url, context.config_directory)
        pool: dict[str, Any] = {"poolclass": NullPool}
        if connections is not None:
            pool = {
                "pool_size": connections,
                "max_overflow": 0,
                "pool_timeout": options.wait_seconds,
                "pool_pre_ping": True,
                "pool_recycle": _RECYCLE_SECONDS,
            }
        self._closed = Event()
        self._engine = create_engine(url, hide_parameters=True, **pool)
        self.dialect = url.get_backend_name()
        _listen(self._engine, self._session, options.password, context.config_directory)

    @contextmanager
    def using(self) -> Iterator[Connection]:
        """Lend a connection inside one transaction: rolled back where this pool only reads, else durable at the end.

        Raises:
            AdapterError: what the driver raised stands for.
            DuplicateError: a unique key is already there.
        """
        if self._closed.is_set():
            raise AdapterError(Problem.UNREACHABLE, "closed")
        pool = self._engine.pool
        try:
            with translated(), self._engine.connect() as connection, connection.begin() as transaction:
                yield connection
                if self._session.reads_only:
                    transaction.rollback()
        finally:
            if self._closed.is_set():  # meanwhile: the connection went back into a pool that nobody looks into any more
                pool.dispose()

    def close(self) -> None:
        """Close every connection that is not in use; those in use close when they are given back."""
        self._closed.set()
        self._engine.dispose()


def _listen(engine: Engine, session: Session, password: str | None, directory: Path) -> None:
    url = engine.url
    extra = driver_arguments(url, session)

    @event.listens_for(engine, "do_connect")
    def connect(dialect: Dialect, *_: Any) -> Any:  # noqa: ANN401  SQLAlchemy's own signature
        # The password is read for each connection and enters nothing that lives on.
        secret = None if password is None else read_secret(password, directory)
        args, named = dialect.create_connect_args(url if secret is None else url.set(password=secret))
        return dialect.connect(*args, **{**named, **extra})

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:  # noqa: ANN401
        prepare(engine.dialect.name, connection, session)

    if statement := begin(engine.dialect.name, session):

        @event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql(statement)

    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "before_cursor_execute")
        def limited(connection: Connection, *_: Any) -> None:  # noqa: ANN401
            driver: Any = connection.connection.driver_connection
            limit_sqlite(driver, session.statement_seconds)


def bound(connection: Connection, query: str, names: frozenset[str], values: dict[str, Any]) -> Any:  # noqa: ANN401
    """Execute a query with those of the values that it names."""
    return connection.execute(text(query), {name: values[name] for name in names})
