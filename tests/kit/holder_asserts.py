"""What every answer of a holder must be, whatever the test is about."""

import json

from connector.core.ledger import EntryType, Tree
from tests.kit.holder_house import House, Line, Reply, opened_receipt

ERROR_SYSTEM = "urn:spsti-connector:error"
NEVER = ("TCHITCHI", "CATARINA", "279035121518989", "LEFEVRE", "899700366240", "dossier 17", "Traceback")


def assert_outcome(reply: Reply, status: int, code: str | None) -> str:
    """The one shape of every error: an OperationOutcome with the code, that quotes nobody. Gives its text."""
    assert reply.status == status, reply.body
    assert reply.header("Content-Type") == "application/fhir+json; fhirVersion=4.0"
    assert reply.header("Server") is None
    outcome = json.loads(reply.body)
    assert outcome["resourceType"] == "OperationOutcome"
    (issue,) = outcome["issue"]
    assert issue["severity"] == "error"
    codings = issue["details"].get("coding", [])
    assert [(c["system"], c["code"]) for c in codings] == ([(ERROR_SYSTEM, code)] if code else [])
    text = issue["details"]["text"]
    assert not [word for word in NEVER if word in reply.body.decode()]
    return text


async def assert_refused_with_receipt(
    house: House, reply: Reply, compact: bytes, lookup_id: str | None, *, status: int, code: str, reason: str = ""
) -> None:
    """Refused openly: the error, a receipt that holds, the leaf with the reason."""
    assert_outcome(reply, status, code)
    receipt = opened_receipt(house, reply, compact, lookup_id)
    assert (receipt.draft.outcome, receipt.draft.code) == ("refused", code)
    entry = await house.last()
    assert (entry.outcome, entry.reason) == ("refused", reason or code)
    assert receipt.proof.index == entry.index
    assert house.ears.of("refused")[-1][0] == code


async def assert_refused_without_receipt(house: House, reply: Reply, *, status: int, code: str) -> None:
    """Refused before a receipt was owed: the error, the log event, and no leaf."""
    assert_outcome(reply, status, code)
    assert reply.header("DMST-Receipt") is None
    assert house.ears.of("refused")[-1][0] == code


async def assert_lives_on(house: House, line: Line) -> None:
    """The next good request on the same connection is served."""
    reply = await line.lookup(house.probe())
    assert reply.status == 200, reply.body
    assert (await house.last()).outcome == "announced"


async def house_notes(house: House, kind: EntryType) -> list:
    """Entries of the house ledger of that type."""
    return await house.entries(Tree.HOUSE, kind)
