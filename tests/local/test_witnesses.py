"""Witnesses, faults and gaps over the API."""

from dataclasses import replace

from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.witness import (
    KnownHead,
    LedgerFault,
    LedgerFaultKind,
    LedgerGap,
    LedgerName,
    SignedHead,
    WitnessStatement,
)
from tests.kit.local_values import AUDIT_KEY, STATUS_KEY, US, A, B
from tests.kit.state import T0

PATH = "/api/v1/journal/witnesses"


def note(ledger, size):
    return f"{ledger}\n{size}\n{'A' * 43}=\n\n— {ledger} AAAAAAAA\n"


def head(member, size, serial=1):
    ledger = LedgerName(member, Tree.EXCHANGE, serial)
    return SignedHead(ledger, size, bytes(32), note(ledger, size))


def all_kinds(house):
    own, other = head(US, 9), head(A, 7)
    known, shown = note(other.ledger, 9), note(other.ledger, 7)
    house.witnesses.found = replace(
        house.witnesses.found,
        answered_at=T0,
        statements=(WitnessStatement(B, Instant(house.clock.now() - 7200), own, "line"),),
        heads=(KnownHead(other, T0),),
        faults=(
            LedgerFault(other.ledger, LedgerFaultKind.SHORTENED, T0, known, shown),
            LedgerFault(own.ledger, LedgerFaultKind.FALSE_HEAD, T0, own.note, own.note, A),
        ),
        gaps=(LedgerGap(T0, other.ledger, shown, head(A, 0, 2).ledger, head(A, 0, 2).note),),
    )


async def test_everything_that_is_known_of_ledgers_is_told_to_whoever_watches(api, house):
    all_kinds(house)

    async with api.get(PATH, headers={"Authorization": f"Bearer {STATUS_KEY}"}) as answer:
        body = await answer.json()

    assert answer.status == 200
    assert (body["statements"][0]["witness"], body["statements"][0]["age_s"]) == (B.value, 7200)
    assert (body["heads"][0]["member"], body["heads"][0]["size"]) == (A.value, 7)
    assert [(f["member"], f["kind"]) for f in body["faults"]] == [(A.value, "shortened"), (A.value, "false-head")]
    assert "had signed 9 entries and shows 7" in body["faults"][0]["text"]
    assert body["gaps"][0]["new"] == f"{A}/exchange/2"


async def test_a_key_without_the_scope_is_told_nothing(api):
    async with api.get(PATH, headers={"Authorization": f"Bearer {AUDIT_KEY}"}) as answer:
        assert answer.status == 403
