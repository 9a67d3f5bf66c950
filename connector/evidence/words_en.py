"""The English sentences of an evidence report."""

from connector.evidence.findings import Found, Verdict

TITLE = "What this evidence file proves"
MADE = "Exported by {by} on {at}, for {ref}. Verified as of {now}."
VERDICTS: dict[Verdict, str] = {
    Verdict.PROVEN: "PROVEN",
    Verdict.TIME_NOT_PROVEN: "SIGNATURE GOOD, TIME NOT PROVEN",
    Verdict.NOT_PROVEN: "NOT PROVEN",
    Verdict.ALTERED: "ALTERED",
    Verdict.NOTE: "NOTE",
}
OVERALL: dict[Verdict, str] = {
    Verdict.PROVEN: "All that the file says is proven.",
    Verdict.TIME_NOT_PROVEN: "All signatures are good. Of some, nothing shows that they were made before their key "
    "ended.",
    Verdict.NOT_PROVEN: "Something in the file is not proven; it is named below.",
    Verdict.ALTERED: "The file is not as it was signed and recorded. Altered parts: {parts}.",
    Verdict.NOTE: "The file holds nothing to prove.",
}
WHY = {"expired": "it expired", "stolen": "it was declared stolen", "withdrawn": "its member withdrew it"}
WHAT = {
    "mandate": "the mandate",
    "receipt": "the receipt",
    "ack": "the acknowledgement",
    "checkpoint": "the checkpoint of the journal",
}
OUTCOMES = {
    "announced": "it announced a record that may be given",
    "withheld": "there is no record it may give",
    "deferred": "a person there will decide",
    "could_not_look": "it could not look",
    "refused": "it refused ({code})",
    "rendering": "it was preparing the document",
    "granted": "it gave the document",
}
SENTENCES: dict[Found, str] = {
    Found.PART_WHOLE: "{by} sealed the file on {at}; every part is as it was sealed.",
    Found.PART_ALTERED: "This part is not the one that was sealed.",
    Found.MANIFEST_UNSIGNED: "The exporter's seal does not verify.",
    Found.DIRECTORY_BELIEVED: "The member directory {version}, in force since {since}, is genuine by your root of "
    "trust.",
    Found.DIRECTORY_REFUSED: "The member directory {version} is not genuine by your root of trust ({why}).",
    Found.DIRECTORY_NOT_TRUSTED: "The member directory {version} is not one that you said you trust: give --root or "
    "--members.",
    Found.KEYS_DIFFER: "This row of keys is not as the directory lists {member}.",
    Found.ASKED: "On {at}, {requester} asked {holder} ({kind}){practitioner}{worker}{information}.",
    Found.PROBED: "On {at}, {requester} sent {holder} a test request ({kind}) about no person.",
    Found.ANSWERED: "On {at}, {holder} answered {requester}: {answer}.",
    Found.HANDED_OVER: "On {at}, {holder} undertook to hand {requester} the document of {size} bytes whose SHA-256 is "
    "{sha256}.",
    Found.ACKNOWLEDGED: "On {at}, {requester} acknowledged having received {size} bytes whose SHA-256 is {sha256}.",
    Found.REJECTED: "On {at}, {requester} acknowledged {size} bytes whose SHA-256 is {sha256}, and rejected them "
    "({code}).",
    Found.SIGNATURE_GOOD: "{member} signed {what} with its key {kid}, which has not ended.{seen}",
    Found.SIGNATURE_IN_TIME: "{member} signed {what} with its key {kid}. The key ended on {ended_at} ({why}); the "
    "signature is older.{seen}",
    Found.SIGNATURE_TIME_NOT_PROVEN: "{member}'s key {kid} signed {what}: the signature is good, its time is not "
    "proven. "
    "The key ended on {ended_at} ({why}), and no third party saw the signature before.{seen}",
    Found.SIGNATURE_AFTER_END: "{member}'s key {kid} signed {what}, which says it is of {at}; at that time the key did "
    "not count (its end: {ended_at}, {why}).",
    Found.SIGNATURE_WRONG: "No key that the directory lists for {member} signed {what} as it stands here.",
    Found.SIGNER_UNKNOWN: "No directory that you trust lists a key of {member}: who signed {what} is not proven.",
    Found.NOT_OF_THIS_EXCHANGE: "Here {what} does not belong to the rest of this exchange.",
    Found.RECORDED_BY_HOLDER: "{member} recorded this answer in its own journal ({origin}, entry {index} of {size}), "
    "which it signed.",
    Found.NOT_RECORDED_BY_HOLDER: "The receipt does not lead to a journal that the holder signed.",
    Found.ENTRY_PROVEN: 'The exporter\'s journal ({origin}) holds entry {index}, "{type}" of {at}{told}; what is shown '
    "of it is what was recorded.",
    Found.ENTRY_DESTROYED: "The exporter's journal ({origin}) holds entry {index}. What it said of persons was "
    "destroyed, "
    "as planned: only its place can be verified, and what stands beside it here is not proven by it.",
    Found.ENTRY_ALTERED: "Entry {index} of {origin} is not what was recorded.",
    Found.LINK_ALTERED: "This is no proof that the journal {origin} only grew.",
    Found.WITNESSED: "{witness} signed on {at} that it had seen the journal {origin} with {size} entries.",
    Found.WITNESS_WRONG: "{witness} did not sign this statement under this journal.",
    Found.WITNESS_UNKNOWN: "No directory that you trust lists {witness}: its statement is not used.",
    Found.STAMPED: "The time-stamping authority {authority} stamped the journal {origin} with {size} entries on {at}.",
    Found.STAMP_WRONG: "The time stamp does not verify by the authority that you trust.",
    Found.STAMP_NOT_TRUSTED: "A time stamp is there. It is not used: give the authority's root with --tsa-ca.",
    Found.TOKEN_DESTROYED: "Here {what} was destroyed as planned, or never kept.",
    Found.FORM_WRONG: "This part has not the form of one.",
}
PRACTITIONER = " for {name} ({id})"
WORKER = ", about the worker {birth_name} {birth_given_names}, born {birth_date}, INS {matricule}"
INFORMATION = "; it stated that the worker was informed on {at} by {by} and did not object"
TOLD = " ({outcome}{reason})"
SEEN = " A third party, {by}, had seen it by {at}."
LIMITS_TITLE = "What this does not prove"
LIMITS = (
    "That anyone read the document: an acknowledgement is of bytes received.",
    (
        "That the practitioner, the information of the worker and the login are as stated: the asking service states "
        "them, under its own signature and responsibility."
    ),
    "The time to the second: a time stands by its signer's own clock, and by a third party where one is named.",
    "That nothing else was exchanged: a file proves what is in it.",
)
