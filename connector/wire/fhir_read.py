"""What a holder answered in FHIR, read into values. Elements that are not needed are ignored, with FHIR's exception: a
`modifierExtension` or `implicitRules` changes the meaning of what stands around it, so one that is there is refused
(FHIR R4 2.4.1, 2.6.3). The receipt's hash over the exact body is checked before anything here is believed.
"""

import re
from datetime import datetime
from typing import Final

from connector.core.coded import Coded
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import IdentityFault, PeerFault
from connector.core.fetch import PeerAnnouncement
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.records import Extent
from connector.wire import fhir_terms as terms
from connector.wire.claims import LAST_INSTANT, ClaimFault, Claims
from connector.wire.fhir import MAX_TEXT
from connector.wire.json_strict import NotStrictJson, read_object
from connector.wire.peer_codes import PEER_CODES

MAX_BODY_BYTES: Final = 65_536
"""Our rule: a Bundle with one announcement takes about 1 kB."""

_CHANGES_MEANING: Final = frozenset({"modifierExtension", "implicitRules"})
_NAMES_A_CHANGE: Final = re.compile("|".join(_CHANGES_MEANING).encode())
_MAX_FORMAT: Final = 200
_FHIR_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_SPACES: Final = re.compile(r"\s+")


def parse_bundle(body: bytes, *, asked: Ins | None) -> PeerAnnouncement | None:
    """Read the answer to a lookup; None where nothing is announced.

    Args:
        body: the exact body, whose hash the receipt holds.
        asked: the worker asked about, whom the announcement must name; None for a probe, which must name nobody.

    Raises:
        PeerFault: `peer.misbehaved`: no searchset of one or no match, another worker's, or one that cannot be read.
    """
    try:
        bundle = _read_resource(body, "Bundle")
        if bundle.string("type") != "searchset":
            raise bundle.fault("type", "searchset")
        total = bundle.integer("total", highest=1)
        matches = [entry for entry in _objects(bundle, "entry") if not _is_outcome(entry)]
        if len(matches) != total:
            raise bundle.fault("entry", f"{total} match, as total says")
        return _read_announcement(matches[0].object("resource"), asked) if matches else None
    except (NotStrictJson, ClaimFault, IdentityFault) as fault:
        raise PeerFault(f"lookup answer: {fault}") from None


def parse_operation_outcome(body: bytes) -> tuple[Code | None, str]:
    """Read an error: the protocol's code, None where there is none or one we do not know, and its text for people.

    The text is made one line of at most `MAX_TEXT` printable characters.

    Raises:
        PeerFault: `peer.misbehaved`: no OperationOutcome.
    """
    try:
        issues = _objects(_read_resource(body, "OperationOutcome"), "issue")
        details = issues[0].object("details") if issues and issues[0].has("details") else Claims({})
        text = details.string("text") if details.has("text") else ""
        return _known_code(details), _printable(text)
    except (NotStrictJson, ClaimFault) as fault:
        raise PeerFault(f"error answer: {fault}") from None


def _read_resource(body: bytes, resource_type: str) -> Claims:
    if len(body) > MAX_BODY_BYTES:
        raise NotStrictJson(f"got {len(body)} bytes, expected at most {MAX_BODY_BYTES}")
    values = read_object(body)
    # Where no escape could hide the name, a look at the bytes is enough.
    if (b"\\" in body or _NAMES_A_CHANGE.search(body)) and _changes_meaning(values):
        raise NotStrictJson("it holds a modifierExtension or implicitRules, of which none is known")
    resource = Claims(values)
    if resource.string("resourceType") != resource_type:
        raise resource.fault("resourceType", resource_type)
    return resource


def _changes_meaning(value: object) -> bool:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if not _CHANGES_MEANING.isdisjoint(item):
                return True
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def _objects(resource: Claims, name: str) -> list[Claims]:
    """Read an array of objects, empty where there is none."""
    items = resource.array(name) if resource.has(name) else []
    if not all(isinstance(item, dict) for item in items):
        raise resource.fault(name, "an array of objects")
    return [Claims(item, name) for item in items]


def _is_outcome(entry: Claims) -> bool:
    """Whether the entry is a remark beside the matches."""
    search = entry.object("search") if entry.has("search") else Claims({})
    return search.has("mode") and search.string("mode") == "outcome"


def _read_announcement(resource: Claims, asked: Ins | None) -> PeerAnnouncement:
    if resource.string("resourceType") != "DocumentReference":
        raise resource.fault("resourceType", "DocumentReference")
    if resource.string("status") != "current":
        raise resource.fault("status", "current")
    _check_subject(resource, asked)
    contents = _objects(resource, "content")
    if len(contents) != 1:
        raise resource.fault("content", "one")
    content = contents[0]
    return PeerAnnouncement(
        id=resource.id("id"),
        last_act_on=Day.parse(resource.object("context").object("period").string("end"), field="last act"),
        updated_at=_read_instant(resource, "date"),
        document_type=_read_type(resource),
        format_code=content.object("format").text("code", longest=_MAX_FORMAT),
        content_type=content.object("attachment").text("contentType"),
        summary=_read_extent(resource) is Extent.SUMMARY,
    )


def _check_subject(resource: Claims, asked: Ins | None) -> None:
    if asked is None:
        if resource.has("subject"):
            raise resource.fault("subject", "nobody: a probe is about no worker")
        return
    identifier = resource.object("subject").object("identifier")
    named = Ins.from_token(f"{identifier.string('system')}|{identifier.string('value')}")
    if named != asked:
        raise resource.fault("subject", "the worker asked about")


def _read_type(resource: Claims) -> Coded:
    """Read the document's type: the first coding, others may say it more finely (documents.md 4.3)."""
    codings = _objects(resource.object("type"), "coding")
    if not codings:
        raise resource.fault("type", "a coding")
    return codings[0].coding()


def _read_instant(resource: Claims, name: str) -> Instant:
    expected = "a FHIR instant with its time zone, from 1970 on"
    text = resource.string(name, expected)
    try:
        seconds = int(datetime.fromisoformat(text).timestamp()) if _FHIR_INSTANT.fullmatch(text) else -1
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LAST_INSTANT:
        raise resource.fault(name, expected)
    return Instant(seconds)


def _read_extent(resource: Claims) -> Extent:
    for extension in _objects(resource, "extension"):
        if extension.has("url") and extension.string("url") == terms.EXTENT_URL:
            return extension.choice("valueCode", Extent)
    return Extent.FULL


def _known_code(details: Claims) -> Code | None:
    for coding in _objects(details, "coding"):
        if coding.has("system") and coding.string("system") == terms.ERROR_SYSTEM:
            text = coding.string("code")
            return Code(text) if text in PEER_CODES else None
    return None


def _printable(text: str) -> str:
    return "".join(char for char in _SPACES.sub(" ", text) if char.isprintable()).strip()[:MAX_TEXT]
