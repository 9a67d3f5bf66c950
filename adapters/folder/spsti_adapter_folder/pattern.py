"""A file-name pattern: `pdf/{matricule}_{last_act_on}.pdf` locates the files of a worker whom the index names.

Every part of a name that is not written out is a field that can be put together again from what is known when somebody
asks: so the cache needs no name of any file.
"""

import re
from dataclasses import dataclass

from connector.contract import Day, IdentityFault
from spsti_adapter_folder.beneath import Place, PlaceRefused, parse_place

_FIELDS = {
    "matricule": r"(?P<matricule>[0-9]{5}(?:[0-9]{2}|2[AB])[0-9]{8})",
    "worker": r"(?P<worker>[0-9A-Za-z](?:[0-9A-Za-z.-]{0,62}[0-9A-Za-z])?)",
    "last_act_on": "",
    "version": r"(?P<version>[0-9]{1,9})",
}
_DATES = {
    "YYYY-MM-DD": r"(?P<last_act_on>[0-9]{4}-[0-9]{2}-[0-9]{2})",
    "YYYYMMDD": r"(?P<last_act_on>[0-9]{8})",
}
_FIELD = re.compile(r"\{([a-z_]+)(?::([YMD-]+))?\}")


@dataclass(frozen=True, slots=True)
class Named:
    """What a file name says: the key of its worker, the day of the newest act (ISO, or empty), the version."""

    key: str
    last_act_on: str
    version: str


class NamePattern:
    """One pattern: `match` takes a name apart, `build` puts it together again."""

    def __init__(self, folder: Place, expression: re.Pattern[str], template: str, date_format: str) -> None:
        self.folder = folder
        self._expression, self._template, self._date_format = expression, template, date_format
        self.key_field = "matricule" if "{matricule}" in template else "worker"
        self.tells_day = "{last_act_on}" in template

    @classmethod
    def parse(cls, text: str, date_format: str = "YYYY-MM-DD") -> "NamePattern":
        """Read a pattern; `{last_act_on:YYYYMMDD}` says how the day is written.

        Raises:
            ValueError: an unknown field, one that comes twice, one in a folder's name, or no worker in it.
        """
        *folders, name = text.replace("\\", "/").split("/")
        if any("{" in part or "}" in part for part in folders):
            raise ValueError("fields belong into the file name, not into the folders before it")
        folder = parse_folder("/".join(folders))
        expression, template, at, seen = "", "", 0, set()
        for found in _FIELD.finditer(name):
            field, written = found.group(1), found.group(2)
            if field not in _FIELDS or (written and field != "last_act_on"):
                raise ValueError("unknown field; known: {" + "}, {".join(_FIELDS) + "}, {last_act_on:YYYYMMDD}")
            if field in seen:
                raise ValueError("a field that comes twice")
            seen.add(field)
            if field == "last_act_on":
                date_format = written or date_format
                if date_format not in _DATES:
                    raise ValueError("days in file names are written YYYY-MM-DD or YYYYMMDD")
            literal = name[at : found.start()]
            expression += re.escape(literal) + (_DATES[date_format] if field == "last_act_on" else _FIELDS[field])
            template += literal + "{" + field + "}"
            at = found.end()
        rest = name[at:]
        if re.search(r"[{}]", _FIELD.sub("", name)) or not rest.lower().endswith(".pdf"):
            raise ValueError("expected fields in braces, and .pdf at the end")
        if len(seen & {"matricule", "worker"}) != 1:
            raise ValueError("expected {matricule} or {worker}, one of them")
        return cls(folder, re.compile(expression + re.escape(rest)), template + rest, date_format)

    def match(self, name: str) -> Named | None:
        """Take a name apart; None where it is another kind of file, or its day does not exist."""
        found = self._expression.fullmatch(name)
        if found is None:
            return None
        parts = found.groupdict()
        written = parts.get("last_act_on") or ""
        day = written if "-" in written or not written else f"{written[:4]}-{written[4:6]}-{written[6:]}"
        if day and not _is_day(day):
            return None
        return Named(parts[self.key_field], day, parts.get("version") or "")

    def build(self, named: Named) -> Place:
        """Give the path of the file that is so named."""
        day = named.last_act_on if self._date_format == "YYYY-MM-DD" else named.last_act_on.replace("-", "")
        fields = {self.key_field: named.key, "last_act_on": day, "version": named.version}
        return (*self.folder, self._template.format(**fields))


def parse_folder(text: str) -> Place:
    """Read the folders before a file name, none or several.

    Raises:
        ValueError: a path that is absolute or leads upwards.
    """
    if not text:
        return ()
    try:
        return parse_place(text)
    except PlaceRefused as refused:
        raise ValueError(f"expected a path inside the folder ({refused.got})") from None


def _is_day(text: str) -> bool:
    try:
        Day.parse(text)
    except IdentityFault:
        return False
    return True
