"""The operations on evidence and reports, for the table of `local.routes`."""

from typing import Final

from connector.core.codes import Code
from connector.local import evidence
from connector.local.bodies import MAX_QUERY
from connector.local.evidence_answers import PeerReportOut, ProofOut, ReviewOut, SealOut, WorkerReportOut
from connector.local.evidence_requests import SealIn, SignReviewIn
from connector.local.keys import Scope
from connector.local.operation import (
    EXAMPLE_ID,
    EXAMPLE_MEMBER,
    HOUSE_DOWN,
    ID,
    IN_A_BODY,
    Operation,
    Parameter,
)
from connector.local.requests import MEMBER_PATTERN, JournalSearchIn

_TREE: Final = {"type": "string", "enum": ["exchange", "house"]}
_MOMENT: Final = {"type": "string", "maxLength": MAX_QUERY, "format": "date-time"}
_MONTH: Final = Parameter(
    "month", "path", "the month, YYYY-MM", {"type": "string", "pattern": evidence.MONTH}, "2026-10"
)
_TEXT: Final = {"type": "string", "maxLength": MAX_QUERY}
OF_ENTRIES: Final = (
    Parameter("type", "query", "only entries of this type", _TEXT, "answered"),
    Parameter("peer", "query", "only entries about this member", _TEXT, EXAMPLE_MEMBER),
    Parameter("outcome", "query", "only entries with this outcome", _TEXT, "withheld"),
    Parameter("ref", "query", "only entries of this lookup, handover or fetch", _TEXT, EXAMPLE_ID),
)
_SINCE: Final = Parameter("since", "query", "from this instant on", _MOMENT, "2026-11-01T00:00:00Z")

EVIDENCE: Final = (
    Operation(
        "GET", "/api/v1/journal/export", "exportJournal", "Export the journal, line by line", evidence.lines,
        Scope.JOURNAL, content_type=evidence.NDJSON,
        parameters=(
            Parameter(
                "format", "query", "ndjson: entries; fhir: AuditEvents (IHE BALP)",
                {"type": "string", "enum": ["ndjson", "fhir"], "default": "ndjson"}, "fhir",
            ),
            Parameter("tree", "query", "only this ledger", _TREE, "exchange"),
            _SINCE,
            Parameter("until", "query", "up to this instant", _MOMENT, "2026-11-30T00:00:00Z"),
            *OF_ENTRIES,
        ),
        codes=(*HOUSE_DOWN, Code.VAULT_DAMAGED, Code.LIMIT_EXCEEDED, Code.IDENTITY_MALFORMED),
        description="Newest first, with personal parts: as confidential as the journal, and journalled itself. An "
        "answer that breaks off is not whole.",
    ),
    Operation(
        "GET", "/api/v1/journal/{tree}/{index}/proof", "proveJournalEntry", "Prove an entry's place in its ledger",
        evidence.prove, Scope.JOURNAL, answer=ProofOut,
        parameters=(
            Parameter("tree", "path", "which ledger", _TREE, "exchange"),
            Parameter("index", "path", "the entry's index", {"type": "integer", "minimum": 0}, 41),
        ),
        codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND, Code.VAULT_DAMAGED),
    ),
    Operation(
        "GET", "/api/v1/evidence/{id}", "exportEvidence", "Export evidence of a fetch, a lookup or a handover",
        evidence.export, Scope.JOURNAL,
        parameters=(Parameter("id", "path", "the fetch, lookup or handover", ID, EXAMPLE_ID),),
        codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND, Code.VAULT_DAMAGED, Code.DIRECTORY_UNAVAILABLE),
        description="One file that anybody verifies offline: `spsti-connector evidence verify`. It names the worker, "
        "and is journalled itself. Its form is in docs/evidence.md.",
    ),
    Operation(
        "POST", "/api/v1/reports/worker", "reportWorker", "Tell who asked for and read a worker's record",
        evidence.worker, Scope.JOURNAL, answer=WorkerReportOut, body=JournalSearchIn,
        codes=(*IN_A_BODY, Code.VAULT_DAMAGED),
        description="Under every INS by which the worker is known. Journalled itself.",
    ),
    Operation(
        "GET", "/api/v1/reports/peers/{id}", "reportPeer", "Tell what went to a service and what came from it",
        evidence.peer, Scope.JOURNAL, answer=PeerReportOut,
        parameters=(
            Parameter(
                "id", "path", "Struct_IdNat of the service", {"type": "string", "pattern": MEMBER_PATTERN},
                EXAMPLE_MEMBER,
            ),
            _SINCE,
        ),
        codes=(*HOUSE_DOWN, Code.IDENTITY_MALFORMED, Code.VAULT_DAMAGED),
        description="For a service that was compromised. Journalled itself.",
    ),
    Operation(
        "GET", "/api/v1/reports/reviews/{month}", "getReview", "Read a month's review", evidence.review, Scope.JOURNAL,
        answer=ReviewOut, parameters=(_MONTH,), codes=(*HOUSE_DOWN, Code.VAULT_DAMAGED),
    ),
    Operation(
        "POST", "/api/v1/reports/reviews/{month}/sign", "signReview", "Sign a month's review off",
        evidence.sign_review, Scope.JOURNAL, answer=ReviewOut, body=SignReviewIn, parameters=(_MONTH,),
        codes=(*IN_A_BODY, Code.LOCAL_CONFLICT, Code.VAULT_DAMAGED),
        description="Once the month is over; with name and function, in the journal.",
    ),
    Operation(
        "POST", "/api/v1/acceptance", "sealAcceptance", "Seal the report of an acceptance", evidence.seal,
        Scope.OPERATE, answer=SealOut, body=SealIn, codes=(*IN_A_BODY, Code.SIGNER_UNAVAILABLE),
        description="Signed as this service, at its own time. What the report says is its writer's word: "
        "`spsti-connector acceptance run` writes it. Journalled.",
    ),
)  # fmt: skip
