"""The rows of the look-up as values of the contract, by the names of their columns (README, "The columns").

Words are the contract's own; a vendor's words are turned into them by the view, where people can read it. A value of
the contract that refuses what the database holds (`IdentityFault`) is let through: it counts as wrong data of this
worker, as does every value of a wrong type here. Only a missing column concerns all of them.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from connector.contract import (
    TYPE_DMST,
    AdapterError,
    Announcement,
    Coded,
    Extent,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    LocalIdentity,
    Look,
    Opposition,
    Problem,
    StrictTraits,
)
from spsti_adapter_sql.moments import read_day, read_moment

IDENTITY_COLUMNS = (
    *("ins_matricule", "ins_oid", "status", "birth_name", "birth_given_names", "sex", "birth_date", "birth_place"),
)
RECORD_COLUMNS = ("record_ref", "version", "last_act_on", "updated_at")
NOBODY = Look(identity=None, opposition=Opposition.UNKNOWN, announcement=None)

_Word = TypeVar("_Word", bound=StrEnum)
Row = Mapping[str, Any]


def missing_columns(names: Sequence[str], *, tells_opposition: bool) -> list[str]:
    """Name the columns that the look-up must give and does not."""
    wanted = (*IDENTITY_COLUMNS, *(("opposition",) if tells_opposition else ()), *RECORD_COLUMNS)
    return [column for column in wanted if column not in names]


def look_of(rows: Sequence[Row], *, tells_opposition: bool, time_zone: str) -> Look:
    """Read what one look-up gave. Rows that are alike in everything are one: a history may name the active INS too.

    Raises:
        AdapterError: `ambiguous`: rows that differ; `data`: a value that cannot be right.
        IdentityFault: an INS, a trait or a day that is none.
    """
    if not rows:
        return NOBODY
    row = rows[0]
    if any(other != row for other in rows[1:]):
        raise AdapterError(Problem.AMBIGUOUS, "the look-up gave several rows that differ")
    opposition = _word(row, "opposition", Opposition, Opposition.UNKNOWN) if tells_opposition else Opposition.UNKNOWN
    return Look(identity=_identity(row), opposition=opposition, announcement=_announcement(row, time_zone))


def _identity(row: Row) -> LocalIdentity:
    matricule, oid = _optional(row, "ins_matricule"), _optional(row, "ins_oid")
    if (matricule is None) != (oid is None):
        raise AdapterError(Problem.DATA, "one of ins_matricule and ins_oid is NULL, expected both or none")
    verified_on = row.get("verified_on")
    return LocalIdentity(
        ins=None if matricule is None or oid is None else Ins.parse(oid, matricule),
        traits=StrictTraits.parse(
            birth_name=_text(row, "birth_name"),
            birth_given_names=_text(row, "birth_given_names"),
            sex=_text(row, "sex"),
            birth_date=_birth_date(row),
            birth_place=_text(row, "birth_place"),
        ),
        status=_word(row, "status", IdentityStatus, None),
        attributes=frozenset(
            _as_word(one.lower(), "attributes", IdentityAttribute) for one in _list(row.get("attributes"), "attributes")
        ),
        former=tuple(_former(one) for one in _list(row.get("former_ins"), "former_ins")),
        verified_on=None if verified_on is None else read_day(verified_on, "verified_on"),
    )


def _announcement(row: Row, time_zone: str) -> Announcement | None:
    if row["record_ref"] is None:
        return None
    system, code = _optional(row, "document_type_system"), _optional(row, "document_type_code")
    if (system is None) != (code is None):
        raise AdapterError(Problem.DATA, "document_type_system and document_type_code: one of them is NULL")
    return Announcement(
        record_ref=reference_text(row["record_ref"], "record_ref"),
        version=reference_text(row["version"], "version"),
        last_act_on=read_day(row["last_act_on"], "last_act_on"),
        updated_at=read_moment(row["updated_at"], "updated_at", time_zone),
        document_type=TYPE_DMST if system is None or code is None else Coded(system, code),
        extent=_word(row, "extent", Extent, Extent.FULL),
        author=_optional(row, "author") or "",
        content_type=_optional(row, "content_type") or "application/pdf",
    )


def reference_text(value: object, column: str) -> str:
    """Give a vendor's reference as text; it is bound as that text again when the document is asked for.

    Raises:
        AdapterError: `data`: NULL, or a type that a text cannot stand for.
    """
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, datetime | date) or type(value).__module__ == "uuid":
        return str(value)
    if isinstance(value, str | int) and not isinstance(value, bool) and (text := str(value).strip(" ")):
        return text
    raise AdapterError(Problem.DATA, f"{column}: got {type(value).__name__}, expected a text or a whole number")


def _birth_date(row: Row) -> str:
    value = row["birth_date"]
    if isinstance(value, datetime | date):
        return str(read_day(value, "birth_date"))
    return _text(row, "birth_date")


def _former(text: str) -> Ins:
    oid, _, matricule = text.partition(" ")
    return Ins.parse(oid, matricule)


def _list(value: object, column: str) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        value = value.split(",")
    if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
        raise AdapterError(Problem.DATA, f"{column}: got {type(value).__name__}, expected a text with commas")
    return [one.strip(" ") for one in value if one.strip(" ")]


def _text(row: Row, column: str) -> str:
    text = _optional(row, column)
    if text is None:
        raise AdapterError(Problem.DATA, f"{column} is NULL or empty")
    return text


def _optional(row: Row, column: str) -> str | None:
    value = row.get(column)
    if value is None:
        return None
    if not isinstance(value, str):
        raise AdapterError(Problem.DATA, f"{column}: got {type(value).__name__}, expected a text")
    return value.strip(" ") or None  # CHAR pads with spaces


def _word(row: Row, column: str, words: type[_Word], default: _Word | None) -> _Word:
    text = _optional(row, column)
    if text is None and default is not None:
        return default
    return _as_word(text, column, words)


def _as_word(text: str | None, column: str, words: type[_Word]) -> _Word:
    for word in words:
        if text is not None and text.casefold() == word.value.casefold():
            return word
    raise AdapterError(Problem.DATA, f"{column}: expected one of {', '.join(words)}")
