"""The operations of the identity desk and of identity alerts, for the table of `local.routes`."""

from typing import Final

from connector.core.codes import Code
from connector.core.identity_alerts import AlertState
from connector.local import identities, identity_alerts
from connector.local.identity_answers import (
    AlertOut,
    AlertPage,
    IdentityOut,
    IdentityPage,
    IdentitySearchOut,
    IdentityVerifyOut,
    LabelReadOut,
    LabelWriteOut,
    ToQualifyPage,
)
from connector.local.identity_requests import (
    AlertCloseIn,
    AlertTakeIn,
    IdentityFindIn,
    IdentityKeepIn,
    IdentityMoveIn,
    IdentitySearchIn,
    IdentityVerifyIn,
    LabelReadIn,
    LabelWriteIn,
)
from connector.local.keys import Scope
from connector.local.operation import EXAMPLE_ID, HOUSE_DOWN, ID, IN_A_BODY, LIMIT, Operation, Parameter

_IDENTITY_ID: Final = Parameter("id", "path", "the identity", ID, EXAMPLE_ID)
_ALERT_ID: Final = Parameter("id", "path", "the alert", ID, EXAMPLE_ID)
_OF_INSI: Final = tuple(
    code for code in Code if code.startswith("insi.") and code not in {Code.INSI_NONE, Code.INSI_SEVERAL}
)
_LABEL: Final = (Code.DATAMATRIX_MALFORMED, Code.DATAMATRIX_AMBIGUOUS)

IDENTITY: Final = (
    Operation(
        "POST", "/api/v1/identity/search", "searchIdentity", "Search INSi by traits or by a Vitale card",
        identities.search, Scope.IDENTITY, answer=IdentitySearchOut, body=IdentitySearchIn,
        codes=(*IN_A_BODY, *_OF_INSI),
        description="An answer qualifies nothing. 01 (none) and 02 (several) are answers, with what to do next.",
    ),
    Operation(
        "POST", "/api/v1/identity/verify", "verifyIdentity", "Hold an identity against INSi", identities.verify,
        Scope.IDENTITY, answer=IdentityVerifyOut, body=IdentityVerifyIn, codes=(*IN_A_BODY, *_OF_INSI),
        description="By search and comparison. A difference names the traits, and opens an identity alert.",
    ),
    Operation(
        "POST", "/api/v1/identity/label/read", "readLabel", "Read an INS label as a scanner types it",
        identities.read_label, Scope.IDENTITY, answer=LabelReadOut, body=LabelReadIn, codes=(*IN_A_BODY, *_LABEL),
        description="What is scanned is not verified by that, and has no status.",
    ),
    Operation(
        "POST", "/api/v1/identity/label/write", "writeLabel", "Write the payload of an INS label",
        identities.write_label, Scope.IDENTITY, answer=LabelWriteOut, body=LabelWriteIn, codes=IN_A_BODY,
        description="Of a qualified identity only.",
    ),
    Operation(
        "GET", "/api/v1/identity/to-qualify", "listToQualify", "List records that wait for a qualified identity",
        identity_alerts.to_qualify, Scope.IDENTITY, answer=ToQualifyPage, parameters=(LIMIT,), codes=HOUSE_DOWN,
        description="Workers of your own service whose record could not be given because their identity is not "
        "qualified here; your software is asked about each, and those who are by now leave the list.",
    ),
    Operation(
        "POST", "/api/v1/identities", "keepIdentity", "Keep a provisional identity", identities.keep, Scope.IDENTITY,
        answer=IdentityOut, body=IdentityKeepIn, status=201, codes=(*IN_A_BODY, Code.IDENTITY_STATUS),
        description="For a software that cannot keep statuses and evidence itself.",
    ),
    Operation(
        "POST", "/api/v1/identities/search", "findIdentities", "List the kept identities that bear an INS",
        identities.find, Scope.IDENTITY, answer=IdentityPage, body=IdentityFindIn, codes=IN_A_BODY,
    ),
    Operation(
        "GET", "/api/v1/identities/{id}", "getIdentity", "Read a kept identity and its moves", identities.show,
        Scope.IDENTITY, answer=IdentityOut, parameters=(_IDENTITY_ID,), codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "POST", "/api/v1/identities/{id}/moves", "moveIdentity", "Move the status of a kept identity",
        identities.move, Scope.IDENTITY, answer=IdentityOut, body=IdentityMoveIn, parameters=(_IDENTITY_ID,),
        codes=(
            *IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT, Code.IDENTITY_STATUS, Code.IDENTITY_EVIDENCE,
            Code.IDENTITY_CALL_FORBIDDEN, Code.IDENTITY_DISCREPANCY, Code.INSI_NONE, Code.INSI_SEVERAL, *_OF_INSI,
        ),
        description="Recover and verify ask INSi now; validate takes the document that was seen. There is no way to "
        "qualified but both.",
    ),
    Operation(
        "GET", "/api/v1/identity-alerts", "listIdentityAlerts", "List identity alerts, newest first",
        identity_alerts.listing, Scope.IDENTITY, answer=AlertPage,
        parameters=(
            Parameter(
                "state", "query", "only alerts of this state",
                {"type": "string", "enum": [state.value for state in AlertState]}, "open",
            ),
            LIMIT,
            Parameter("before", "query", "cursor: `next` of the page before", ID, EXAMPLE_ID),
        ),
        codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "GET", "/api/v1/identity-alerts/{id}", "getIdentityAlert", "Read an identity alert", identity_alerts.show,
        Scope.IDENTITY, answer=AlertOut, parameters=(_ALERT_ID,), codes=(*HOUSE_DOWN, Code.LOCAL_NOT_FOUND),
    ),
    Operation(
        "POST", "/api/v1/identity-alerts/{id}/take", "takeIdentityAlert", "Take an identity alert",
        identity_alerts.take, Scope.IDENTITY, answer=AlertOut, body=AlertTakeIn, parameters=(_ALERT_ID,),
        codes=(*IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT),
    ),
    Operation(
        "POST", "/api/v1/identity-alerts/{id}/close", "closeIdentityAlert", "Close an identity alert with a reason",
        identity_alerts.close, Scope.IDENTITY, answer=AlertOut, body=AlertCloseIn, parameters=(_ALERT_ID,),
        codes=(*IN_A_BODY, Code.LOCAL_NOT_FOUND, Code.LOCAL_CONFLICT),
        description="The same near miss, seen again, is a new alert.",
    ),
)  # fmt: skip
