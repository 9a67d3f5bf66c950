"""The options of both halves, as `[source.options]` and `[sink.options]` have them. Each fault stands at its key and
repeats no value; secrets are named by reference and never given.
"""

import re
from abc import abstractmethod
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from connector.contract import AdapterOptions
from spsti_adapter_sql.queries import parameters, query_faults, standard, without_end
from spsti_adapter_sql.secret import reference_fault

DocumentForm = Literal["blob", "large-object", "path", "url"]

COLUMN_OF: dict[DocumentForm, str] = {
    "blob": "content",
    "large-object": "large_object",
    "path": "path",
    "url": "url",
}

_MIB = 1024 * 1024
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_SECRET_KEYS = frozenset({"password", "passwd", "pwd"})

_Seconds = Annotated[float, Field(gt=0, le=600)]
_Places = Annotated[int, Field(ge=1, le=64)]


def _reference(value: str) -> str:
    if fault := reference_fault(value):
        raise ValueError(fault)
    return value


class _Queries(AdapterOptions):
    """Each left out asks the recommended view or tables."""

    @field_validator("*")
    @classmethod
    def _as_its_rule_says(cls, value: str, info: ValidationInfo) -> str:
        name = info.field_name or ""
        query = without_end(value)
        if query and (faults := query_faults(name, query)):
            raise ValueError("; ".join(faults))
        return query


class SourceQueries(_Queries):
    """What a source asks; without `counts` nothing is counted."""

    look: str = ""
    document: str = ""
    trace: str = ""
    counts: str = ""


class SinkQueries(_Queries):
    """What a sink writes; `filed` finds what is already there, and its reference."""

    file: str = ""
    filed: str = ""
    told: str = ""
    trace: str = ""


class FilesOptions(AdapterOptions):
    """Where the documents are whose path the database gives. `prefix` is cut off each path first."""

    root: Path
    prefix: str = ""
    backslashes: bool = False


class WebOptions(AdapterOptions):
    """Whom documents may be fetched from by URL: `host` or `host:port`, over https alone."""

    hosts: tuple[str, ...] = Field(min_length=1)
    trusted_ca: Path | None = None
    authorization: str | None = None

    @field_validator("hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(host) for host in value):
            raise ValueError("each is a host in lower case, or host and port; no scheme and no path")
        return value

    @field_validator("authorization")
    @classmethod
    def _referenced(cls, value: str | None) -> str | None:
        return None if value is None else _reference(value)


class DatabaseOptions(AdapterOptions):
    """What both halves say of the database. `parsed_url` gives the URL as SQLAlchemy reads it."""

    url: str
    password: str | None = None
    db_schema: str = Field(default="", alias="schema", pattern=r"^([A-Za-z_][A-Za-z0-9_$#]{0,62})?$")
    time_zone: Literal["", "UTC", "Europe/Paris"] = ""
    connect_timeout_seconds: _Seconds = 3.0
    statement_timeout_seconds: _Seconds = 4.0
    wait_seconds: _Seconds = 2.0
    write_connections: _Places = 2
    max_document_bytes: int = Field(default=100 * _MIB, ge=1)

    @field_validator("url")
    @classmethod
    def _is_usable(cls, value: str) -> str:
        try:
            url = make_url(value)
            dialect = url.get_dialect()
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise ValueError("expected DIALECT+DRIVER://USER@HOST:PORT/DATABASE of a known dialect") from None
        if url.password is not None or _SECRET_KEYS & {key.lower() for key in url.query}:
            raise ValueError("holds a secret: name it by reference beside the URL, in a key of its own")
        if dialect.is_async:
            raise ValueError("names an asynchronous driver, expected a synchronous one: calls run in threads")
        if dialect.name == "sqlite" and (not url.database or url.database.startswith((":", "file:"))):
            raise ValueError("expected the file of a database, as sqlite:///FILE")
        try:
            dialect.import_dbapi()
        except ImportError as error:
            raise ValueError(f"its driver is not installed here: {error.name}") from None
        return value

    @field_validator("password")
    @classmethod
    def _referenced(cls, value: str | None) -> str | None:
        return None if value is None else _reference(value)

    @property
    def parsed_url(self) -> URL:
        """The URL, which holds no password."""
        return make_url(self.url)

    def query(self, name: str, column: str = "") -> str:
        """Give a query as configured, or the one over the recommended view; empty where there is none."""
        configured: str = getattr(self._configured(), name)
        dialect = self.parsed_url.get_backend_name()
        return configured or standard(name, dialect=dialect, schema=self.db_schema, column=column)

    @abstractmethod
    def _configured(self) -> _Queries:
        """Give the queries of this half as they are configured."""


class SourceOptions(DatabaseOptions):
    """`[source.options]`."""

    queries: SourceQueries = SourceQueries()
    documents: DocumentForm = "blob"
    tells_opposition: bool = True
    question_connections: _Places = 8
    document_connections: _Places = 4
    counts_timeout_seconds: _Seconds = 100.0
    files: Annotated[FilesOptions | None, Field(validate_default=True)] = None
    web: Annotated[WebOptions | None, Field(validate_default=True)] = None

    @field_validator("documents")
    @classmethod
    def _known_there(cls, value: DocumentForm, info: ValidationInfo) -> DocumentForm:
        url = info.data.get("url")
        if value == "large-object" and url is not None and make_url(url).get_backend_name() != "postgresql":
            raise ValueError("only PostgreSQL has large objects")
        return value

    @field_validator("files")
    @classmethod
    def _files_where_needed(cls, value: FilesOptions | None, info: ValidationInfo) -> FilesOptions | None:
        if (info.data.get("documents") == "path") != (value is not None):
            raise ValueError("wanted exactly where documents are named by their place in a folder")
        return value

    @field_validator("web")
    @classmethod
    def _web_where_needed(cls, value: WebOptions | None, info: ValidationInfo) -> WebOptions | None:
        if (info.data.get("documents") == "url") != (value is not None):
            raise ValueError("wanted exactly where documents are named by their web address")
        return value

    def _configured(self) -> _Queries:
        return self.queries


class SinkOptions(DatabaseOptions):
    """`[sink.options]`."""

    queries: SinkQueries = SinkQueries()
    files: FilesOptions | None = None

    @model_validator(mode="after")
    def _files_where_needed(self) -> Self:
        if ("path" in parameters(self.queries.file)) != (self.files is not None):
            raise ValueError("[files] is wanted exactly where queries.file uses :path")
        return self

    def _configured(self) -> _Queries:
        return self.queries
