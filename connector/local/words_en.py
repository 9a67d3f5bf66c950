"""The English sentences of `connector.local.words`: what happened, and what to do next."""

from connector.core.codes import Code
from connector.core.fetch import Reply
from connector.core.inspection import FindingKind
from connector.core.states import FetchState
from connector.requester.notes import Note

_OPERATOR = "Call the person who runs the connector."
_THEIR_SIDE = "Ask the other services meanwhile; the persons who run both connectors can find the cause by its code."
_INSI_LATER = "The identity stays as it is: try again in some minutes."
_LATER = "Try again later."

REPLIES: dict[Reply, tuple[str, str]] = {
    Reply.PENDING: ("{member} has not answered yet.", "Please wait."),
    Reply.ANNOUNCED: ("{member} has a record whose newest health act is of {day}.", ""),
    Reply.WITHHELD: (
        "{member} answered: no record it may give. This does not mean that none exists.",
        "The worker, or the service itself by letter or secure mail, can be asked.",
    ),
    Reply.DEFERRED: ("A person at {member} will answer.", "You may leave: the fetch goes on and can be found again."),
    Reply.COULD_NOT_LOOK: ("{member} could not look.", "Its software did not answer. " + _LATER),
    Reply.REFUSED: ("{member} refused the request.", "The reason says what to put right."),
    Reply.LIMITED: (
        "{member} has had too many requests from this service.",
        "Try again tomorrow, or call {member}: it can change the limit.",
    ),
    Reply.UNAVAILABLE: ("{member} cannot answer now.", _LATER),
    Reply.UNREACHABLE: ("{member} could not be reached.", _LATER + " The status page can test this service."),
    Reply.TOO_LATE: ("{member} did not answer in time.", _LATER),
    Reply.MISBEHAVED: ("The answer of {member} could not be verified and was not used.", _THEIR_SIDE),
}

NOT_ASKED = ("{member} has not been asked yet.", "")
NOT_AWAITED: dict[Reply, tuple[str, str]] = {
    Reply.PENDING: ("{member} had not answered.", ""),
    Reply.DEFERRED: (
        "A person at {member} was to answer; this fetch no longer waits for it.",
        "Make a new fetch from this service later.",
    ),
}

STATES: dict[FetchState, tuple[str, str]] = {
    FetchState.PREPARED: ("Prepared; no service has been asked yet.", "A physician, nurse or intern can start it."),
    FetchState.ASKING: ("The services are being asked.", "Please wait."),
    FetchState.WAITING: ("A service will answer later.", "You may leave: the fetch goes on and can be found again."),
    FetchState.CHOOSING: ("The services have answered.", "Choose the record to bring over."),
    FetchState.DOWNLOADING: ("The record is on its way.", "Please wait."),
    FetchState.CHECKING: ("The record has arrived and is being checked.", "Please wait."),
    FetchState.READY: ("The record is here and was verified.", "It can be read, printed or filed."),
    FetchState.FILED: ("The record was filed in your software.", "It can still be read here until it is deleted."),
    FetchState.NO_RECORD_GIVEN: (
        "No service gave a record. This does not mean that none exists.",
        "The worker, or the services themselves by letter or secure mail, can be asked.",
    ),
    FetchState.FAILED: ("The fetch failed.", "The reason says what to do; then start a new one."),
    FetchState.CANCELLED: ("The fetch was cancelled.", "Start a new one when it is needed."),
    FetchState.EXPIRED: ("The fetch has expired.", "Start a new one, after telling the worker again."),
    FetchState.PURGED: ("The copy that was brought over has been deleted.", "Start a new fetch to read it."),
}

CODES: dict[Code, tuple[str, str]] = {
    Code.MANDATE_MALFORMED: ("The request to the service could not be read there.", _THEIR_SIDE),
    Code.MANDATE_SIGNATURE: ("The signature of this service was not accepted.", _OPERATOR),
    Code.MANDATE_EXPIRED: ("The request arrived too late.", "Try again; if it comes back, the two clocks differ."),
    Code.MANDATE_NOT_YET_VALID: ("The request seems to come from the future.", "The two clocks differ. " + _OPERATOR),
    Code.MANDATE_REPLAYED: ("The same request arrived twice.", "Try again."),
    Code.MANDATE_AUDIENCE: ("The request reached another service than the one it names.", _OPERATOR),
    Code.MANDATE_KIND: ("The request does not fit the step it came at.", _THEIR_SIDE),
    Code.MANDATE_CERTIFICATE: ("The request came over another connection than it was signed for.", _OPERATOR),
    Code.MANDATE_MEMBER: ("The request was signed in the name of another service.", _OPERATOR),
    Code.MANDATE_CLAIM_MISSING: ("The request lacks something the service needs.", _THEIR_SIDE),
    Code.MEMBER_UNKNOWN: ("This service is not in the list of members.", _OPERATOR),
    Code.MEMBER_SUSPENDED: ("This member is suspended for now.", "Call the federation's operators."),
    Code.PRACTITIONER_PROFESSION: (
        "This profession may not read a whole record.",
        "A physician, an intern or a nurse can make the request.",
    ),
    Code.PRACTITIONER_AUTH_LEVEL: (
        "The service asks for a stronger sign-in.",
        "Sign in with Pro Santé Connect or a second factor, then start again.",
    ),
    Code.FOLLOW_UP_DECLARED: (
        "The service answers only about workers who are registered with the asking service.",
        "Register the worker in your software first, then start again.",
    ),
    Code.UNATTENDED_REFUSED: ("The service answers only while the practitioner waits.", "Start again and stay."),
    Code.IDENTITY_MALFORMED: (
        "A part of an identity is not written as it must be.",
        "Correct the field named.",
    ),
    Code.IDENTITY_OID: ("This kind of INS does not belong here.", "Use the INS given by INSi, with its own OID."),
    Code.IDENTITY_NOT_QUALIFIED: (
        "The worker's identity is not qualified.",
        "Recovered: check a document of high trust. Provisional or validated: ask INSi.",
    ),
    Code.PURPOSE_UNKNOWN: ("The service does not take part in this kind of exchange.", _OPERATOR),
    Code.VERSION_UNSUPPORTED: (
        "The two connectors do not speak the same version.",
        "One must be updated. " + _OPERATOR,
    ),
    Code.REQUEST_MALFORMED: ("The request could not be read.", _THEIR_SIDE),
    Code.REQUEST_TOO_LARGE: ("The request is too large.", "Send less; the documentation names the limit."),
    Code.REQUEST_NOT_SUPPORTED: ("The request asks for something that is not offered.", "See the documentation."),
    Code.HANDOVER_NOT_AVAILABLE: ("The record can no longer be given.", "Start a new fetch."),
    Code.DOCUMENT_CHANGED: ("The record changed in the meantime.", "Start a new fetch to have the newer one."),
    Code.LIMIT_EXCEEDED: ("Too many requests.", "Wait as long as the answer says."),
    Code.LEDGER_UNAVAILABLE: ("The journal cannot be written, so nothing is let out.", _OPERATOR),
    Code.PEER_UNREACHABLE: ("The service could not be reached.", _LATER),
    Code.PEER_TIMEOUT: ("The service did not answer in time.", _LATER),
    Code.PEER_TLS: ("The secure connection to the service failed.", _OPERATOR),
    Code.CRL_UNAVAILABLE: ("Certificates cannot be checked here now, so nobody was asked.", _OPERATOR),
    Code.CRL_REFUSED: ("A revocation list that was fetched was not believed.", _OPERATOR),
    Code.SIGNER_UNAVAILABLE: ("The signing key of our service does not answer, so nobody was asked.", _OPERATOR),
    Code.PEER_REFUSED_US: ("The service does not accept the certificate of this one.", _OPERATOR),
    Code.PEER_MISBEHAVED: ("The service did not follow the protocol.", _THEIR_SIDE),
    Code.PEER_UNAVAILABLE: ("The service cannot answer now.", _LATER),
    Code.RECEIPT_MALFORMED: ("The signed answer of the service could not be read.", _THEIR_SIDE),
    Code.RECEIPT_SIGNATURE: ("The signature of the service's answer is not right.", _THEIR_SIDE),
    Code.RECEIPT_MISMATCH: ("The signed answer does not belong to what was asked.", _THEIR_SIDE),
    Code.RECEIPT_NOT_IN_LEDGER: ("The service did not prove that it journalled its answer.", _THEIR_SIDE),
    Code.ACK_MALFORMED: ("The acknowledgement could not be read.", _THEIR_SIDE),
    Code.ACK_SIGNATURE: ("The signature of the acknowledgement is not right.", _THEIR_SIDE),
    Code.ACK_MISMATCH: ("The acknowledgement does not belong to this record.", _THEIR_SIDE),
    Code.DOCUMENT_DIGEST: ("The record that arrived is not the one announced; it is not shown.", "Start a new fetch."),
    Code.DOCUMENT_SIZE: ("The record arrived with another size than announced; it is not shown.", "Start a new fetch."),
    Code.DOCUMENT_EMPTY: ("The record that arrived is empty.", _THEIR_SIDE),
    Code.DOCUMENT_NOT_PDF: ("What arrived is not a PDF; it is not shown.", _THEIR_SIDE),
    Code.DOCUMENT_TOO_LARGE: ("The record is larger than this service accepts.", _OPERATOR),
    Code.DOCUMENT_ACTIVE_CONTENT: ("The PDF holds active content; it is not shown as it is.", _THEIR_SIDE),
    Code.DOCUMENT_ENCRYPTED: ("The PDF opens with a password only; it is not shown.", _THEIR_SIDE),
    Code.DOCUMENT_UNREADABLE: ("The PDF is too damaged to be shown safely.", _THEIR_SIDE),
    Code.DOCUMENT_INSPECTION_FAILED: (
        "The PDF could not be looked into; it is not shown.",
        "Try again. " + _THEIR_SIDE,
    ),
    Code.ADAPTER_ABSENT: ("The connection to your software is not set up.", _OPERATOR),
    Code.ADAPTER_FAILED: (
        "Your software answered with an error.",
        _LATER + " If it stays, call your software's vendor.",
    ),
    Code.ADAPTER_TIMEOUT: ("Your software did not answer in time.", _LATER),
    Code.ADAPTER_BUSY: ("Your software has too much to do.", _LATER),
    Code.ADAPTER_CONTRACT: ("Your software answered in a way that cannot be used.", "Call your software's vendor."),
    Code.VAULT_UNAVAILABLE: ("The store of received documents is not available.", _OPERATOR),
    Code.VAULT_DAMAGED: ("The copy kept here is damaged; it is not shown.", "Start a new fetch. " + _OPERATOR),
    Code.STATE_UNAVAILABLE: ("The connector's database is not available.", _OPERATOR),
    Code.CLOCK_BACKWARDS: ("The clock of this machine went back; nothing is let out.", _OPERATOR),
    Code.ANSWERING_PAUSED: ("This service answers nobody for a while, by its own decision.", _OPERATOR),
    Code.DIRECTORY_UNAVAILABLE: ("The list of members is not available.", _OPERATOR),
    Code.DIRECTORY_EXPIRED: ("The list of members is too old to be relied on.", _OPERATOR),
    Code.DIRECTORY_REFUSED: ("The list of members that was offered is not believed.", _OPERATOR),
    Code.INSI_OFF: ("INSi is not in use here.", "Qualify the identity in your own software."),
    Code.INSI_UNREACHABLE: ("INSi could not be reached.", _INSI_LATER),
    Code.INSI_TIMEOUT: ("INSi did not answer in time.", _INSI_LATER),
    Code.INSI_TLS: ("The secure connection to INSi failed.", _OPERATOR),
    Code.INSI_BUSY: ("INSi asks to be called less often.", _INSI_LATER),
    Code.INSI_UNAVAILABLE: ("INSi is out of order for now.", _INSI_LATER),
    Code.INSI_NOT_AUTHORISED: ("INSi does not admit this service or its software.", _OPERATOR),
    Code.INSI_REQUEST_REFUSED: ("INSi does not accept the search as it was sent.", _OPERATOR),
    Code.INSI_UNREADABLE: ("The answer of INSi could not be read.", _LATER + " If it stays: " + _OPERATOR),
    Code.INSI_ANSWER_INVALID: ("INSi answered with an identity that is no valid one.", _OPERATOR),
    Code.INSI_ANSWER_OID: ("INSi answered with a kind of INS that does not belong here.", _OPERATOR),
    Code.INSI_OTHER_PERSON: (
        "INSi answered about another person than was asked for.",
        "Check the traits; use neither.",
    ),
    Code.INSI_NONE: (
        "INSi knows nobody with these traits.",
        (
            "Compare birth name, given names, sex, date and place with an identity document, correct, search again; "
            "the used name is not the birth name. Until then the identity stays provisional."
        ),
    ),
    Code.INSI_SEVERAL: (
        "INSi knows several persons with these traits.",
        "Add all given names and the birth place of the identity document, search again. Never choose by guess.",
    ),
    Code.IDENTITY_DISCREPANCY: (
        "The identity differs from the one that INSi gives or your software knows.",
        (
            "Compare the traits named with an identity document, correct your software, verify again. "
            "An identity alert is open."
        ),
    ),
    Code.IDENTITY_CALL_FORBIDDEN: ("INSi may not be called for this identity.", "Its attribute must be settled first."),
    Code.IDENTITY_STATUS: ("The identity's status does not allow that.", "Read the identity again, and its status."),
    Code.IDENTITY_EVIDENCE: ("A document of high trust is missing.", "Check one, and state which."),
    Code.DATAMATRIX_MALFORMED: ("The label that was scanned is no INS label.", "Scan it again, or type the identity."),
    Code.DATAMATRIX_AMBIGUOUS: (
        "The label can be read in two ways: the scanner dropped its separators.",
        "Type the identity, or set the scanner to send the separators.",
    ),
    Code.CONFIG_FAULT: ("The configuration cannot be used.", "Run: spsti-connector check"),
    Code.LOCAL_MALFORMED: ("The call could not be understood.", "Correct what the answer names."),
    Code.LOCAL_UNAUTHENTICATED: (
        "The call bears no API key that is known here.",
        "Send: Authorization: Bearer <API key>",
    ),
    Code.LOCAL_FORBIDDEN: (
        "This key or this practitioner may not do that.",
        "The connector's configuration grants it.",
    ),
    Code.LOCAL_NOT_FOUND: ("There is no such thing here, or not for this key.", "Compare the id, then the key."),
    Code.LOCAL_CONFLICT: ("The same Idempotency-Key was used for something else.", "Take a new key for a new request."),
    Code.SIGN_IN_REQUIRED: ("Nobody is signed in here.", "Sign in."),
    Code.SIGN_IN_LOCKED: (
        "The session is locked: it was not used for a while, or the machine's address has changed.",
        "Prove again who you are: fetches that were started go on; a form that was not sent is to be filled in again.",
    ),
    Code.SIGN_IN_OTHER_BROWSER: (
        "This session was opened in another browser: it is closed, and the journal has it.",
        "Sign in again. If it was not you, tell the IT team.",
    ),
    Code.SIGN_IN_WITHDRAWN: (
        "Your access at this service was suspended, or has ended.",
        "Ask whoever keeps the service's list of people.",
    ),
    Code.SIGN_IN_NOT_LISTED: (
        "Your identity is proven, but you are not on this service's list.",
        "Ask whoever keeps the list to add you.",
    ),
    Code.SIGN_IN_ROLE: (
        "This page is not open to your role.",
        "If you need it, ask whoever keeps the list of people for that role.",
    ),
    Code.SIGN_IN_FORGED: (
        "This did not come from a page that was opened here, or the page is too old.",
        "Reload the page and do it again.",
    ),
    Code.SIGN_IN_FAILED: (
        "Login, password or code is not right.",
        "Check all three, and wait for a new code: each is good once.",
    ),
    Code.SIGN_IN_LOCKED_OUT: (
        "Too many failed attempts: signing in is locked for a while.",
        "Wait a quarter of an hour, or call the IT team.",
    ),
    Code.SIGN_IN_ENROLMENT: (
        "This enrolment code does not exist, was used, or has ended.",
        "Ask whoever runs the connector for a new one.",
    ),
    Code.SIGN_IN_PASSWORD: (
        "This password is too easy to find.",
        "Choose twelve characters or more, without your login and without an obvious sequence.",
    ),
    Code.SIGN_IN_INTERRUPTED: (
        "This sign-in was not begun in this browser, or too long ago.",
        "Begin again from the sign-in page.",
    ),
    Code.SIGN_IN_UNPROVEN: (
        "The identity provider's answer cannot be accepted.",
        "Begin again; if it goes on, tell the IT team.",
    ),
    Code.SIGN_IN_NOT_FRESH: (
        "The identity provider does not say that you have just signed in there: nothing was opened.",
        "Begin again and prove at the provider who you are; if it does not ask you, tell the IT team.",
    ),
    Code.SIGN_IN_PROVIDER: ("The identity provider does not answer.", "Try again in a moment, or sign in another way."),
    Code.LAUNCH_MALFORMED: (
        "The call of your software could not be understood.",
        "Open the request by hand, and tell the software's vendor.",
    ),
    Code.LAUNCH_SIGNATURE: (
        "The call does not come from software that this service knows.",
        "Open the request by hand, and tell the IT team.",
    ),
    Code.LAUNCH_EXPIRED: (
        "The call of your software is too old.",
        "Go back to your software and do it again; else compare the clocks of the two machines.",
    ),
    Code.LAUNCH_REPLAYED: ("This call of your software was used already.", "Go back to your software and do it again."),
    Code.LAUNCH_AUDIENCE: (
        "The call of your software is meant for another service.",
        "Tell the software's vendor: the address or the id of the service is wrong.",
    ),
    Code.LAUNCH_PERSON: (
        "The call of your software is made in the name of another professional.",
        "Sign in under that name, or open the request by hand.",
    ),
    Code.FETCH_TOO_MANY_MEMBERS: ("Too many services are named.", "Choose fewer; a person chooses whom to ask."),
    Code.FETCH_OPPOSED: ("The worker objects to this request.", "Their objection is respected: nothing is asked."),
    Code.FETCH_NOT_FOLLOWED: (
        "This worker is not registered in your software.",
        "Register them, or state in words why you follow them.",
    ),
    Code.FETCH_COPY_KEPT: (
        "A verified copy of this record is still kept: no service is asked again.",
        "Read that copy among your fetches; who asked for it may delete it, and then ask again.",
    ),
    Code.FETCH_STATE: ("The fetch is not at a point where this can be done.", "Read the fetch again."),
    Code.FETCH_EXPIRED: ("The fetch has expired.", "Start a new one, after telling the worker again."),
    Code.FETCH_NO_DOCUMENT: ("This fetch has no record to read.", "Its state says why."),
    Code.DOCUMENT_REPLACED: (
        "Another record has been taken for this fetch since: nothing was shown or filed.",
        "Reload the page of the fetch, and see from which service the record is, and its date.",
    ),
    Code.INTERNAL: ("The connector met a fault of its own.", "Give the incident number to the person who runs it."),
}

FINDINGS: dict[FindingKind, str] = {
    FindingKind.SCRIPTS: "scripts",
    FindingKind.LAUNCH: "actions that start programs",
    FindingKind.EMBEDDED_FILES: "attached files",
    FindingKind.EXTERNAL_REFERENCES: "references to the outside",
    FindingKind.MEDIA: "sound, film or 3D",
    FindingKind.XFA: "an XML form",
    FindingKind.ENCRYPTION: "encryption without a password",
    FindingKind.FOREIGN_DATA: "data of another format",
    FindingKind.DAMAGE: "damage, parts may be missing",
}

PROGRESS = "{received} of {size} bytes have arrived."
SOMETHING_HAPPENED = "The fetch moved on."

NOTES: dict[Note, str] = {
    Note.NEWEST: "The most recent record is of {day}; {answered} of {asked} services answered.",
    Note.EQUAL_DAYS: "The most recent records are {count}, all of {day}; {answered} of {asked} services answered.",
    Note.RENDERING: "{member} is preparing the document.",
    Note.RESUMED: "The connection to {member} was cut; the transfer goes on where it stopped.",
    Note.STARTED_OVER: "The transfer from {member} starts again from the beginning.",
    Note.ASKED_AGAIN: "{member} is being asked again.",
    Note.IDENTITY_CHECKED: "The identity is first verified with INSi.",
    Note.IDENTITY_VERIFIED: "INSi bears the identity out.",
    Note.IDENTITY_DIFFERS: "The identity differs from INSi's in: {traits}. No service was asked.",
    Note.RESTARTED: "The connector was restarted; the fetch goes on.",
    Note.COPY_SHOWN: (
        "The PDF of {member} held more than pages ({findings}): a copy without it is shown. "
        "The journal has the digests of both."
    ),
    Note.FOUND_IN_IT: "The PDF of {member} holds more than pages ({findings}); it is shown as it came.",
    Note.CHOSEN_FAILED: (
        "The record of {member} could not be brought over. {count} other record(s) can be chosen; "
        "{answered} of {asked} services answered."
    ),
    Note.COPY_STAYS: "The record of {member} could not be brought over; the one that was here before can be read.",
    Note.CHOICE_CANCELLED: (
        "The record of {member} is no longer being brought over; the one that was here before can be read."
    ),
}

MOST_RECENT = "most recent of the {answered} services that answered, of {asked} asked"
MOST_RECENT_OF_ONE = "most recent of the {answered} service that answered, of {asked} asked"
MOST_RECENT_SHARED = "most recent, {count} of the same day, of the {answered} services that answered, of {asked} asked"
NO_OFFER = "{answered} of {asked} services answered"

LABELS: dict[str, str] = {
    "service": "Service",
    "answer": "Answer",
    "newest_act": "Newest act",
    "time": "Time",
    "state": "State",
    "record": "Record",
    "from": "From",
    "updated": "PDF updated",
    "arrived": "Arrived",
    "kept_until": "Kept until",
    "size": "Size",
    "written_to": "Written to",
    "receipt": "Receipt",
    "found": "Found in it",
    "copy_shown": "Shown is a copy without it",
    "next": "What to do",
    "reason": "Reason",
    "fetch": "Fetch",
    "choose": "Which record? Give its number",
    "goes_on": "The fetch goes on. Find it again with:",
    "matricule": "INS, 15 characters with its key",
    "birth_name": "Birth name",
    "birth_given_names": "Birth given names, all, separated by spaces",
    "sex": "Sex (M or F)",
    "birth_date": "Birth date (YYYY-MM-DD)",
    "birth_place": "Birth place (COG code)",
    "ins": "the INS",
    "trait_birth_name": "birth name",
    "trait_birth_given_names": "birth given names",
    "trait_sex": "sex",
    "trait_birth_date": "birth date",
    "trait_birth_place": "birth place",
    "verified_on": "Verified with INSi on (YYYY-MM-DD)",
    "is_qualified": "Is this identity qualified?",
    "informed_by": "Informed by (role or PS_IdNat)",
    "informed_means": "Informed how",
    "informed_at": "Informed when (RFC 3339, or now)",
    "does_not_object": "The worker was informed and does not object. Is that so?",
}
