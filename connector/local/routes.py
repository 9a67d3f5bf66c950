"""The table of all operations: path, scope, models, faults and examples, from which router and OpenAPI are both made.

An operation that is not in this table does not exist; one that is has its description, or the document would not build.
"""

from collections.abc import Sequence
from typing import Final

from connector.core.codes import Code
from connector.local import coverage, documents, events, fetches, journal, members, oppositions, system
from connector.local.answers import (
    FetchOut,
    FetchPage,
    InsOut,
    JournalEntryOut,
    JournalPage,
    JournalReportOut,
    MemberOut,
    MemberPage,
    PreparedOut,
)
from connector.local.bodies import MAX_QUERY
from connector.local.keys import Scope
from connector.local.operation import (
    EXAMPLE_ID,
    EXAMPLE_MEMBER,
    HOUSE_DOWN,
    ID,
    IN_A_BODY,
    LIMIT,
    Access,
    Operation,
    Parameter,
)
from connector.local.register_answers import CoverageOut, OppositionAddedOut, OppositionOut, OppositionPage
from connector.local.requests import (
    MEMBER_PATTERN,
    ChooseIn,
    HandOnIn,
    InsIn,
    JournalSearchIn,
    LiftIn,
    NewFetchIn,
    ObjectionIn,
    WorkerSearchIn,
)
from connector.local.routes_evidence import EVIDENCE, OF_ENTRIES
from connector.local.routes_identity import IDENTITY
from connector.local.routes_membership import MEMBERSHIP
from connector.local.routes_people import PEOPLE
from connector.local.routes_trust import TRUST
from connector.local.system_answers import LiveOut, ProbeOut, ReadyOut, StatusOut

_FETCH_ID: Final = Parameter("id", "path", "the fetch", ID, EXAMPLE_ID)
_MEMBER_ID: Final = Parameter(
    "id", "path", "Struct_IdNat of the service", {"type": "string", "pattern": MEMBER_PATTERN}, EXAMPLE_MEMBER
)
_DOCUMENT: Final = Parameter(
    "sha256", "query", "`shown_sha256` of the fetch's document, or `sha256`: refused where another is here now",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"},
    "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
)  # fmt: skip
_TEXT: Final = {"type": "string", "maxLength": MAX_QUERY}
_TREE: Final = {"type": "string", "enum": ["exchange", "house"]}
_TREE_PATH: Final = Parameter("tree", "path", "which ledger", _TREE, "exchange")
_INDEX: Final = Parameter("index", "path", "the entry's index", {"type": "integer", "minimum": 0}, 41)
_MOMENT: Final = {"type": "string", "format": "date-time"}
_JOURNAL_FILTERS: Final = (
    Parameter("tree", "query", "which ledger; exchange where not given", _TREE, "exchange"),
    *OF_ENTRIES,
    Parameter("since", "query", "only entries from this instant on", _MOMENT, "2026-11-01T00:00:00Z"),
    Parameter("until", "query", "only entries up to this instant", _MOMENT, "2026-12-01T00:00:00Z"),
    Parameter("before", "query", "cursor: only entries before this index", {"type": "integer", "minimum": 0}, 41),
    LIMIT,
)
_OF_A_FETCH: Final = (Code.LOCAL_NOT_FOUND, *HOUSE_DOWN)
_MOVES: Final = (*_OF_A_FETCH, Code.FETCH_STATE, Code.FETCH_EXPIRED)

_FETCHES: Final = (
    Operation(
        "POST", "/api/v1/fetches", "createFetch", "Prepare a fetch, and start it", fetches.create, Scope.FETCH,
        answer=FetchOut, body=NewFetchIn, status=201,
        parameters=(
            Parameter(
                "Idempotency-Key", "header", "the same key with the same body gives the same fetch",
                {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"}, "visit-2026-11-23-0042",
            ),
        ),
        codes=(
            Code.REQUEST_NOT_SUPPORTED, Code.REQUEST_TOO_LARGE, Code.LOCAL_CONFLICT, Code.FETCH_COPY_KEPT,
            Code.IDENTITY_MALFORMED, Code.IDENTITY_OID, Code.IDENTITY_NOT_QUALIFIED, Code.PRACTITIONER_PROFESSION,
            Code.PRACTITIONER_AUTH_LEVEL, Code.MEMBER_UNKNOWN, Code.MEMBER_SUSPENDED, Code.FETCH_TOO_MANY_MEMBERS,
            Code.FETCH_OPPOSED, Code.FETCH_NOT_FOLLOWED, Code.ADAPTER_ABSENT, Code.ADAPTER_FAILED,
            Code.ADAPTER_TIMEOUT, Code.ADAPTER_BUSY, Code.ADAPTER_CONTRACT, Code.VAULT_UNAVAILABLE, *HOUSE_DOWN,
        ),
        description="With `start` false nothing is sent until `startFetch`. Follow it by `followFetch`. No service is "
        "asked while a verified copy that answers it is kept: `fetch.copy_kept` names the fetch that it came by.",
    ),
    Operation(
        "GET", "/api/v1/fetches", "listFetches", "List fetches, newest first", fetches.listing, Scope.FETCH,
        answer=FetchPage,
        parameters=(LIMIT, Parameter("before", "query", "cursor: `next` of the page before", ID, EXAMPLE_ID)),
        codes=_OF_A_FETCH,
        description="Only those of the practitioners that the key speaks for.",
    ),
    Operation(
        "GET", "/api/v1/fetches/{id}", "getFetch", "Read a fetch", fetches.show, Scope.FETCH,
        answer=FetchOut, parameters=(_FETCH_ID,), codes=_OF_A_FETCH, also={304: "not changed (If-None-Match)"},
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/start", "startFetch", "Start a prepared fetch", fetches.start, Scope.FETCH,
        answer=FetchOut, parameters=(_FETCH_ID,), status=202,
        codes=(
            *_MOVES, Code.FETCH_COPY_KEPT, Code.FETCH_OPPOSED, Code.FETCH_NOT_FOLLOWED, Code.PRACTITIONER_PROFESSION,
            Code.VAULT_UNAVAILABLE,
        ),
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/choose", "chooseRecord", "Bring over one of the announced records",
        fetches.choose, Scope.FETCH, answer=FetchOut, body=ChooseIn, parameters=(_FETCH_ID,), status=202,
        codes=(
            *_MOVES, Code.REQUEST_NOT_SUPPORTED, Code.REQUEST_TOO_LARGE, Code.IDENTITY_MALFORMED,
            Code.FETCH_COPY_KEPT, Code.FETCH_NO_DOCUMENT, Code.VAULT_UNAVAILABLE,
        ),
        description="The document that is here stays until the other has come. Where that one fails or is cancelled, "
        "the fetch is `ready` (or `filed`) with the first again: look at `document.member`.",
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/cancel", "cancelFetch", "Cancel a fetch", fetches.cancel, Scope.FETCH,
        answer=FetchOut, parameters=(_FETCH_ID,), codes=_MOVES,
        description="While another record is brought over beside a document that is here, only that is cancelled: the "
        "answer is `ready` (or `filed`) with the document as before, not `cancelled`.",
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/discard", "discardDocument", "Delete the copy that is here, before its time",
        fetches.discard, Scope.FETCH, answer=FetchOut, parameters=(_FETCH_ID,),
        codes=(*_MOVES, Code.VAULT_UNAVAILABLE),
        description="Of the practitioner who asked only; journalled. Colleagues to whom it was handed read it no more.",
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/hand-on", "handOnDocument", "Let a colleague read the document that is here",
        fetches.hand_on, Scope.FETCH, answer=FetchOut, body=HandOnIn, parameters=(_FETCH_ID,),
        codes=(*_MOVES, *IN_A_BODY, Code.FETCH_NO_DOCUMENT),
        description="A physician, intern or nurse of this service's list; journalled, and no service is asked again.",
    ),
    Operation(
        "GET", "/api/v1/worklist", "listPrepared", "List the fetches that wait to be started", fetches.prepared,
        Scope.FETCH, answer=PreparedOut, codes=(*HOUSE_DOWN, Code.IDENTITY_MALFORMED),
        parameters=(Parameter("day", "query", "only those planned for that day",
                              {"type": "string", "format": "date"}, "2026-11-24"),),
    ),
    Operation(
        "POST", "/api/v1/fetches/{id}/file", "fileDocument", "File the document in the service's software",
        fetches.file, Scope.FETCH, answer=FetchOut, parameters=(_FETCH_ID, _DOCUMENT),
        codes=(
            *_MOVES, Code.FETCH_NO_DOCUMENT, Code.DOCUMENT_REPLACED, Code.ADAPTER_ABSENT, Code.ADAPTER_FAILED,
            Code.ADAPTER_TIMEOUT, Code.ADAPTER_BUSY, Code.ADAPTER_CONTRACT, Code.VAULT_UNAVAILABLE, Code.VAULT_DAMAGED,
        ),
    ),
    Operation(
        "GET", "/api/v1/fetches/{id}/events", "followFetch", "Follow a fetch by server-sent events", events.follow,
        Scope.FETCH, content_type="text/event-stream", parameters=(
            _FETCH_ID,
            Parameter("after", "query", "only events after this number", {"type": "integer", "minimum": 0}, 3),
            Parameter(
                "Last-Event-ID", "header", "as `after`; sent by a browser that reconnects",
                {"type": "string"}, "3",
            ),
        ),
        also={204: "the fetch rests, and every event was seen: do not reconnect"},
        codes=(*_OF_A_FETCH, Code.LIMIT_EXCEEDED),
        description="Each event has `id` (a number), `event` (state, service, progress, note) and JSON data as the "
        "schema EventOut says. The stream ends when the fetch can be read or has ended; comments bridge silence.",
    ),
    Operation(
        "GET", "/api/v1/fetches/{id}/document", "readDocument", "Read the PDF", documents.read, Scope.FETCH,
        content_type="application/pdf", parameters=(_FETCH_ID, _DOCUMENT),
        codes=(
            *_OF_A_FETCH, Code.FETCH_NO_DOCUMENT, Code.DOCUMENT_REPLACED, Code.FETCH_STATE, Code.FETCH_EXPIRED,
            Code.VAULT_UNAVAILABLE, Code.VAULT_DAMAGED, Code.LIMIT_EXCEEDED,
        ),
        description="The journal has the access before the first byte. An answer that breaks off is not the document.",
    ),
)  # fmt: skip

_OPPOSITION_ID: Final = Parameter("id", "path", "the entry of the register", ID, EXAMPLE_ID)
_REGISTER: Final = (
    Operation(
        "GET", "/api/v1/oppositions", "listOppositions", "List the register of oppositions, newest first",
        oppositions.listing, Scope.OPPOSITIONS, answer=OppositionPage,
        parameters=(
            Parameter(
                "to_enter", "query", "true: only what your software does not have yet",
                {"type": "string", "enum": ["true", "false"]}, "true",
            ),
            LIMIT,
            Parameter("before", "query", "cursor: `next` of the page before", ID, EXAMPLE_ID),
        ),
        codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "POST", "/api/v1/oppositions", "addOpposition", "Note that a worker objects", oppositions.add,
        Scope.OPPOSITIONS, answer=OppositionAddedOut, body=ObjectionIn, codes=IN_A_BODY,
        description="Counts at once, for what others ask here and what is asked of others. Call it too when a fetch is "
        "refused because the worker objects at the desk. The same objection again changes nothing.",
    ),
    Operation(
        "POST", "/api/v1/oppositions/search", "searchOppositions", "List the entries about one worker",
        oppositions.search, Scope.OPPOSITIONS, answer=OppositionPage, body=WorkerSearchIn, codes=IN_A_BODY,
        description="Also under the other INS by which your software knows the worker.",
    ),
    Operation(
        "GET", "/api/v1/oppositions/{id}", "getOpposition", "Read one entry", oppositions.show, Scope.OPPOSITIONS,
        answer=OppositionOut, parameters=(_OPPOSITION_ID,), codes=_OF_A_FETCH,
    ),
    Operation(
        "POST", "/api/v1/oppositions/{id}/lift", "liftOpposition", "Note that the worker no longer objects",
        oppositions.lift, Scope.OPPOSITIONS, answer=OppositionOut, body=LiftIn, parameters=(_OPPOSITION_ID,),
        codes=(*IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT),
        description="The entry stays, with the day it was lifted.",
    ),
    Operation(
        "POST", "/api/v1/oppositions/{id}/entered", "enteredOpposition", "Note that it was entered by hand",
        oppositions.entered, Scope.OPPOSITIONS, answer=OppositionOut, parameters=(_OPPOSITION_ID,),
        codes=(*_OF_A_FETCH, Code.LOCAL_CONFLICT),
    ),
    Operation(
        "GET", "/api/v1/coverage", "getCoverage", "How many workers could be answered about, and why others were not",
        coverage.show, Scope.STATUS, answer=CoverageOut, codes=HOUSE_DOWN,
        description="Counts, never identities: the last count, and the real reasons of withheld answers of 30 days.",
    ),
    Operation(
        "POST", "/api/v1/coverage", "measureCoverage", "Count them now", coverage.measure, Scope.STATUS,
        answer=CoverageOut, codes=HOUSE_DOWN,
        description="Asks your software, which may take minutes. A count that fails is told in `last.fault`.",
    ),
)  # fmt: skip

_OTHERS: Final = (
    Operation(
        "GET", "/api/v1/members", "searchMembers", "Search services by name, former name or town", members.search,
        Scope.FETCH, answer=MemberPage,
        parameters=(
            Parameter("q", "query", "words, in any order; accents and case do not matter", _TEXT, "sante travail lyon"),
            Parameter("departement", "query", "code of a département", _TEXT, "69"),
            LIMIT,
        ),
    ),
    Operation(
        "GET", "/api/v1/members/{id}", "getMember", "Read one service", members.show, Scope.FETCH,
        answer=MemberOut, parameters=(_MEMBER_ID,), codes=(Code.LOCAL_NOT_FOUND, Code.IDENTITY_MALFORMED),
    ),
    Operation(
        "POST", "/api/v1/members/{id}/probe", "probeMember", "Test a service with the probe document", members.probe,
        Scope.STATUS, answer=ProbeOut, parameters=(_MEMBER_ID,),
        codes=(Code.LOCAL_NOT_FOUND, Code.IDENTITY_MALFORMED, Code.MEMBER_SUSPENDED, *HOUSE_DOWN),
        description="Lookup, handover, document and acknowledgement of a fixed test document, about nobody. A peer "
        "that fails it is answered 200 with `ok` false, cause and remedy.",
    ),
    Operation(
        "POST", "/api/v1/ins/check", "checkIns", "Check a matricule, its key and OID", members.check_identity,
        Scope.FETCH, answer=InsOut, body=InsIn, codes=(Code.REQUEST_NOT_SUPPORTED, Code.REQUEST_TOO_LARGE),
    ),
    Operation(
        "GET", "/api/v1/journal", "listJournal", "List journal entries, newest first", journal.listing, Scope.JOURNAL,
        answer=JournalPage, parameters=_JOURNAL_FILTERS, codes=(*HOUSE_DOWN, Code.IDENTITY_MALFORMED),
    ),
    Operation(
        "POST", "/api/v1/journal/search", "searchJournal", "List the journal entries about one worker",
        journal.search, Scope.JOURNAL, answer=JournalPage, body=JournalSearchIn, parameters=_JOURNAL_FILTERS,
        codes=(
            *HOUSE_DOWN, Code.IDENTITY_MALFORMED, Code.IDENTITY_OID, Code.REQUEST_NOT_SUPPORTED,
            Code.REQUEST_TOO_LARGE,
        ),
    ),
    Operation(
        "GET", "/api/v1/journal/{tree}/{index}", "getJournalEntry", "Read one journal entry, its personal part too",
        journal.show, Scope.JOURNAL, answer=JournalEntryOut, parameters=(_TREE_PATH, _INDEX),
        codes=(Code.LOCAL_NOT_FOUND, *HOUSE_DOWN),
    ),
    Operation(
        "POST", "/api/v1/journal/verify", "verifyJournal", "Verify both ledgers, leaf by leaf", journal.verify,
        Scope.JOURNAL, answer=JournalReportOut, codes=(*HOUSE_DOWN, Code.LIMIT_EXCEEDED),
        description="Takes as long as the ledgers are large; one at a time.",
    ),
    Operation(
        "GET", "/api/v1/status", "getStatus", "Certificates, directory, adapter, ledgers, queues", system.status,
        Scope.STATUS, answer=StatusOut, codes=HOUSE_DOWN,
    ),
    Operation(
        "GET", "/api/openapi.json", "getDescription", "This description", system.description, Access.ANYONE,
    ),
    Operation("GET", "/health/live", "getLive", "Whether the process answers", system.live, Access.LOOPBACK,
              answer=LiveOut),
    Operation(
        "GET", "/health/ready", "getReady", "Whether it can answer and ask, and why not", system.ready,
        Access.LOOPBACK, answer=ReadyOut, also={503: "not ready: the checks say why"},
    ),
    Operation(
        "GET", "/metrics", "getMetrics", "Metrics in Prometheus' text form", system.metrics, Access.LOOPBACK,
        content_type="text/plain",
    ),
)  # fmt: skip

OPERATIONS: Final[Sequence[Operation]] = (
    *_FETCHES, *_REGISTER, *IDENTITY, *MEMBERSHIP, *TRUST, *PEOPLE, *EVIDENCE, *_OTHERS
)  # fmt: skip
