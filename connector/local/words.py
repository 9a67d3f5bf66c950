"""What people are told about a fetch, in French and English, always with what to do next.

One catalogue for API, events, CLI and pages: replies, states, codes and notes each have their sentence, and a test
checks that none is missing. The words "most recent" never stand without the number of services that answered, and a
withheld answer is told as PROTOCOL section 4 and the issue of the pages say: what no service gave may well exist. The
sentences themselves are `words_fr` and `words_en`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import ModuleType
from typing import Any, Final

from connector.core.codes import Code
from connector.core.fetch import FetchEvent, Newest, Reply
from connector.core.states import FetchState
from connector.local import words_en, words_fr
from connector.requester.notes import EventKind, Note


class Language(StrEnum):
    """The two languages, the first is the default."""

    FR = "fr"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """A sentence on what happened, and one on what to do next (may be empty)."""

    text: str
    next: str

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.text} {self.next}".strip()


_CATALOGUES: Final[Mapping[Language, ModuleType]] = {Language.FR: words_fr, Language.EN: words_en}
_SAID_BY: Final[Mapping[Reply, Code]] = {
    Reply.UNREACHABLE: Code.PEER_UNREACHABLE,
    Reply.TOO_LATE: Code.PEER_TIMEOUT,
    Reply.UNAVAILABLE: Code.PEER_UNAVAILABLE,
    Reply.LIMITED: Code.LIMIT_EXCEEDED,
}
"""Codes that tell nothing beyond the reply they come with."""

_WITH_REASON: Final = frozenset({Note.CHOSEN_FAILED, Note.COPY_STAYS})

_RANGE: Final = re.compile(r"\s*([A-Za-z*]{1,8})(?:-[A-Za-z0-9-]{1,32})?\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?))?\s*")


def choose_language(accept_language: str | None) -> Language:
    """Choose by an Accept-Language header (RFC 9110 section 12.5.4); French where it says nothing usable."""
    best, best_quality = Language.FR, 0.0
    for part in (accept_language or "")[:500].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        name, quality = match[1].lower(), float(match[2] or 1)
        found = Language.FR if name == "*" else next((known for known in Language if known == name), None)
        if found is not None and quality > best_quality:
            best, best_quality = found, quality
    return best


def of_reply(
    reply: Reply,
    language: Language,
    *,
    member: str,
    day: str = "",
    code: Code | None = None,
    unasked: bool = False,
    awaited: bool = True,
) -> Words:
    """Tell how one service answered; a refusal, or a record that could not be brought, with the reason of its code.

    `unasked`: the fetch was never started. Without `awaited` nothing more is asked or heard of services in it.
    """
    catalogue = _CATALOGUES[language]
    text, then = catalogue.REPLIES[reply]
    if unasked and reply is Reply.PENDING:
        text, then = catalogue.NOT_ASKED
    elif not awaited:
        text, then = catalogue.NOT_AWAITED.get(reply, (text, then))
    words = Words(text.format(member=member, day=local_day(day, language)), then.format(member=member))
    if code is None or reply is Reply.WITHHELD or code is _SAID_BY.get(reply):
        return words
    why = of_code(code, language)
    return Words(f"{words.text} {why.text}", why.next)


def of_state(state: FetchState, language: Language, code: Code | None = None) -> Words:
    """Tell where a fetch stands; one that failed, with the reason of its code."""
    text, then = _CATALOGUES[language].STATES[state]
    if code is None or state is not FetchState.FAILED:
        return Words(text, then)
    why = of_code(code, language)
    return Words(f"{text} {why.text}", why.next)


def of_code(code: Code, language: Language) -> Words:
    """Tell what a code means."""
    return Words(*_CATALOGUES[language].CODES[code])


def of_newest(newest: Newest, language: Language) -> str:
    """Tell how recent the offered records are: always of how many services."""
    catalogue = _CATALOGUES[language]
    if not newest.offered:
        form = catalogue.NO_OFFER
    elif len(newest.offered) > 1:
        form = catalogue.MOST_RECENT_SHARED
    else:
        form = catalogue.MOST_RECENT_OF_ONE if newest.answered == 1 else catalogue.MOST_RECENT
    return str(form.format(answered=newest.answered, asked=newest.asked, count=len(newest.offered)))


def of_event(event: FetchEvent, language: Language, names: Mapping[str, str]) -> Words:
    """Tell one event of a fetch. `names` gives a member's name by its id, where the event itself does not."""
    data, catalogue = event.data, _CATALOGUES[language]
    if event.kind == EventKind.STATE:
        return of_state(FetchState(data["state"]), language, _code(data))
    if event.kind == EventKind.SERVICE:
        return of_reply(
            Reply(data["reply"]),
            language,
            member=str(data["name"]),
            day=str(data.get("last_act_on") or ""),
            code=_code(data),
        )
    if event.kind == EventKind.PROGRESS:
        return Words(catalogue.PROGRESS.format(received=data["received"], size=data["size"]), "")
    form = catalogue.NOTES.get(data.get("note"))
    if form is None:
        return Words(catalogue.SOMETHING_HAPPENED, "")
    member = str(data.get("member") or "")
    text = form.format(
        member=data.get("name") or names.get(member, member),
        day=local_day(str(data.get("last_act_on") or ""), language),
        count=len(data.get("offered", ())),
        traits=of_traits(data.get("differing", ()), language),
        findings=of_findings(data.get("findings", ()), language),
        answered=data.get("answered"),
        asked=data.get("asked"),
    )
    why = of_code(code, language) if data.get("note") in _WITH_REASON and (code := _code(data)) else None
    return Words(f"{text} {why.text}" if why else text, "")


def of_findings(kinds: Iterable[str], language: Language) -> str:
    """Name what was found in a document, in one line; a kind of a later version stands as it is."""
    told: Mapping[str, str] = _CATALOGUES[language].FINDINGS
    return ", ".join(told.get(kind, kind) for kind in kinds)


def label(name: str, language: Language) -> str:
    """Give one of the short headings that CLI and pages share."""
    return str(_CATALOGUES[language].LABELS[name])


def of_traits(names: Iterable[str], language: Language) -> str:
    """Name strict traits, and the INS, in one line; a name of a later version stands as it is."""
    labels = _CATALOGUES[language].LABELS
    return ", ".join(str(labels.get(name if name == "ins" else f"trait_{name}", name)) for name in names)


def local_day(day: str, language: Language) -> str:
    """Write `YYYY-MM-DD` as people read it: `05/01/2026` in French, `5 January 2026` in English; else as it is."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return day
    if language is Language.FR:
        return f"{found.day:02}/{found.month:02}/{found.year:04}"
    return f"{found.day} {_MONTHS[found.month - 1]} {found.year}"


def _code(data: Mapping[str, Any]) -> Code | None:
    code = data.get("code")
    return Code(code) if code else None


# Not strftime: its month names follow the process's locale.
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
