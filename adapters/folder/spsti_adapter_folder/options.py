"""The options of both halves, checked before anything starts.

A file-name pattern alone is refused here: a name gives no traits, and a holder compares all five before anything leaves
(DESIGN section 4). The index says who is who; the pattern only says where the files lie.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from connector.contract import AdapterOptions
from spsti_adapter_folder.beneath import PlaceRefused, parse_place
from spsti_adapter_folder.pattern import NamePattern

INDEX_SUFFIXES = (".csv", ".txt", ".json", ".jsonl", ".ndjson")

DateFormat = Literal["YYYY-MM-DD", "DD/MM/YYYY", "YYYYMMDD"]


class Columns(AdapterOptions):
    """What the export calls its columns (CSV) or keys (JSON); ours where it is not said."""

    matricule: str = "matricule"
    oid: str = "oid"
    birth_name: str = "birth_name"
    birth_given_names: str = "birth_given_names"
    sex: str = "sex"
    birth_date: str = "birth_date"
    birth_place: str = "birth_place"
    status: str = "status"
    attributes: str = "attributes"
    former: str = "former"
    verified_on: str = "verified_on"
    opposition: str = "opposition"
    file: str = "file"
    worker: str = "worker"
    last_act_on: str = "last_act_on"
    updated_at: str = "updated_at"
    communicable: str = "communicable"
    extent: str = "extent"
    author: str = "author"


class Words(AdapterOptions):
    """What the export writes in a column, and which of our words it means; ours are understood without an entry."""

    sex: dict[str, Literal["M", "F", "I"]] = Field(default_factory=dict)
    status: dict[str, Literal["PROV", "RECUP", "VALI", "QUAL"]] = Field(default_factory=dict)
    opposition: dict[str, Literal["yes", "no", "unknown"]] = Field(default_factory=dict)
    communicable: dict[str, Literal["yes", "no"]] = Field(default_factory=dict)
    extent: dict[str, Literal["full", "summary"]] = Field(default_factory=dict)

    @field_validator("opposition")
    @classmethod
    def _silence_is_no_answer(cls, value: dict[str, str]) -> dict[str, str]:
        if "" in value:
            raise ValueError("an empty cell is unknown, never yes or no: have the export write a word")
        return value


class FolderSourceOptions(AdapterOptions):
    """`[source.options]`: where the export lies and how it is written."""

    folder: Path
    index: str
    encoding: Literal["utf-8", "cp1252", "iso-8859-15"] = "utf-8"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    date_format: DateFormat = "YYYY-MM-DD"
    file_pattern: str | None = None
    tells_opposition: bool = True
    columns: Columns = Columns()
    words: Words = Words()
    poll_seconds: float = Field(default=60.0, ge=1, le=3600)
    settle_seconds: float = Field(default=10.0, ge=0, le=3600)
    least_share_of_former: float = Field(default=0.5, ge=0, le=1)
    index_max_age_hours: int = Field(default=96, ge=1, le=8760)
    traces: Path | None = None
    file_mode: int = 0o640

    @model_validator(mode="before")
    @classmethod
    def _index_is_needed(cls, data: Any) -> Any:  # noqa: ANN401  whatever the file holds
        if isinstance(data, dict) and "file_pattern" in data and "index" not in data:
            raise ValueError(
                "file_pattern without index: a file name gives no traits, so this folder cannot answer about anybody;"
                " name an index with identity, status and opposition (the pattern then only locates the files)"
            )
        return data

    @field_validator("index")
    @classmethod
    def _index_lies_inside(cls, value: str) -> str:
        try:
            parse_place(value)
        except PlaceRefused as refused:
            raise ValueError(f"expected a path inside the folder ({refused.got})") from None
        if not value.lower().endswith(INDEX_SUFFIXES):
            raise ValueError("expected a name that tells its form: " + ", ".join(INDEX_SUFFIXES))
        return value

    @field_validator("file_pattern")
    @classmethod
    def _pattern_is_one(cls, value: str | None) -> str | None:
        if value is not None:
            NamePattern.parse(value, "YYYY-MM-DD")
        return value

    @field_validator("file_mode")
    @classmethod
    def _others_do_not_read(cls, value: int) -> int:
        return checked_mode(value)


class FolderSinkOptions(AdapterOptions):
    """`[sink.options]`: where the vendor's import looks."""

    inbox: Path
    traces: Path | None = None
    file_mode: int = 0o640

    @field_validator("file_mode")
    @classmethod
    def _others_do_not_read(cls, value: int) -> int:
        return checked_mode(value)


def checked_mode(mode: int) -> int:
    """Give a file mode that lets the owner read and write, and everybody else nothing.

    Raises:
        ValueError: other rights.
    """
    if mode & ~0o660 or mode & 0o600 != 0o600:
        raise ValueError("expected rights of owner and group only, such as 0o640 or 0o660 (TOML writes 0o640)")
    return mode
