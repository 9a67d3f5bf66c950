from dataclasses import replace

import pytest

from connector.core import b64
from connector.core.outcome import Outcome
from connector.local.views import fetch_out
from connector.local.words import Language
from connector.wire import receipt
from tests.kit.local_side import new_fetch
from tests.wire.values import DOCUMENT, HANDOVER_ID, HOLDER, prove, receipt_draft


@pytest.fixture
async def fetch(api, house):
    async with api.post("/api/v1/fetches", json=new_fetch()) as answer:
        return house.errands.fetches[(await answer.json())["id"]]


def shown(fetch, compact):
    document = replace(fetch.document, holder_receipt=compact)
    return fetch_out(replace(fetch, document=document), Language.EN).document.receipt


async def test_the_receipt_is_shown_in_short(fetch):
    draft = receipt_draft(outcome=Outcome.GRANTED, handover_id=HANDOVER_ID, document=DOCUMENT)
    proof = prove(HOLDER)
    compact = receipt.seal(draft, body_sha256=bytes(32), proof=proof, signer=HOLDER.signer)
    summary = shown(fetch, compact)
    opened = receipt.open_receipt(compact, holder=HOLDER.member, now=draft.issued_at)
    assert summary.sha256 == b64.encode(opened.sha256)
    assert (summary.issuer, summary.leaf_index) == (HOLDER.member.id.value, proof.index)
    assert (summary.ledger, summary.ledger_size) == (proof.checkpoint.splitlines()[0], proof.size)


@pytest.mark.parametrize("compact", [b"", b"a.b.c", b"\xff" * 10, None])
async def test_a_receipt_of_another_form_is_not_shown(fetch, compact):
    assert shown(fetch, compact) is None
