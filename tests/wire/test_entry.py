"""What a leaf of the ledgers commits to (PROTOCOL section 6)."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from connector.core.canonical import NotCanonical, canonical
from connector.core.errors import FailedClosed
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.matricule import Ins
from connector.wire import b64, entry
from tests.wire.values import LOOKUP_ID, REQUESTER, WORKER

SALT = bytes(range(32))
DRAFT = EntryDraft(
    type=EntryType.ANSWERED,
    at=Instant(1_795_000_000),
    peer=REQUESTER.id,
    mandate_sha256=sha256(b"mandate").digest(),
    outcome="withheld",
    reason="opposed",
    ref=LOOKUP_ID,
    personal={"mandate": "header.claims.signature", "practitioner": "Élodie"},
    workers=(WORKER.ins, Ins.parse("1.2.250.1.213.1.4.10", "277076322082910")),
)
BARE = EntryDraft(type=EntryType.STARTED, at=Instant(0))


def test_an_entry_has_one_frozen_form():
    assert entry.entry_json(DRAFT, salt=SALT, personal_sha256=b"\1" * 32) == (
        b'{"at":"2026-11-18T11:06:40Z","document_sha256":null,'
        b'"mandate_sha256":"' + b64.encode(sha256(b"mandate").digest()).encode() + b'",'
        b'"outcome":"withheld","peer":"318751275100020","personal_sha256":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",'
        b'"reason":"opposed","salt":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","type":"answered","v":1}'
    )


@pytest.mark.parametrize("draft", [DRAFT, BARE])
def test_an_entry_has_the_ten_members_of_the_protocol_in_canonical_form(draft):
    written = entry.entry_json(draft, salt=SALT, personal_sha256=b"\1" * 32)

    read = json.loads(written)
    assert set(read) == {
        "v", "type", "at", "peer", "mandate_sha256", "outcome", "reason", "document_sha256", "salt", "personal_sha256"
    }  # fmt: skip
    assert canonical(read) == written


def test_the_leaf_commits_to_entry_and_personal_part():
    personal = entry.personal_bytes(DRAFT)
    digest = sha256(SALT + personal).digest()
    written = entry.entry_json(DRAFT, salt=SALT, personal_sha256=digest)

    assert entry.leaf_data(DRAFT, SALT) == sha256(written).digest()
    assert entry.personal_sha256(personal, SALT) == digest


@pytest.mark.parametrize(
    "changes",
    [
        {"type": EntryType.DECIDED},
        {"at": Instant(1)},
        {"peer": None},
        {"mandate_sha256": None},
        {"outcome": "announced"},
        {"reason": None},
        {"document_sha256": b"\0" * 32},
        {"ref": ""},
        {"personal": {}},
        {"workers": ()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_whatever_changes_in_an_entry_changes_its_leaf(changes):
    assert entry.leaf_data(replace(DRAFT, **changes), SALT) != entry.leaf_data(DRAFT, SALT)
    assert entry.leaf_data(DRAFT, SALT[::-1]) != entry.leaf_data(DRAFT, SALT)


def test_how_long_an_entry_is_kept_is_no_part_of_it():
    other = next(retention for retention in type(DRAFT.retention) if retention is not DRAFT.retention)

    assert entry.leaf_data(replace(DRAFT, retention=other), SALT) == entry.leaf_data(DRAFT, SALT)


@pytest.mark.parametrize("draft", [DRAFT, BARE])
def test_the_personal_part_is_read_back_as_written(draft):
    part = entry.read_personal(entry.personal_bytes(draft))

    assert (part.personal, part.ref, part.workers) == (draft.personal, draft.ref, draft.workers)
    assert repr(part) == "[redacted]"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"personal":[],"ref":"","workers":[]}',
        b'{"personal":{},"ref":1,"workers":[]}',
        b'{"personal":{},"ref":"","workers":{}}',
        b'{"personal":{},"ref":"","workers":[1]}',
        b'{"personal":{},"ref":"","workers":["urn:oid:1.2.3|1"]}',
    ],
)
def test_a_personal_part_that_was_not_written_here_says_the_ledger_is_damaged(data):
    with pytest.raises(FailedClosed, match="journal verify"):
        entry.read_personal(data)


def test_a_salt_of_another_length_is_refused():
    for salt in (b"", SALT[:31], SALT + b"\0"):
        with pytest.raises(ValueError, match="32"):
            entry.leaf_data(DRAFT, salt)


def test_a_personal_part_without_canonical_form_is_refused():
    with pytest.raises(NotCanonical):
        entry.leaf_data(replace(DRAFT, personal={"ms": 1.5}), SALT)
