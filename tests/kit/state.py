"""A member's state for tests: a clock that is set by hand, and values of each kind that rooms hand to the store."""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

from connector.core.coded import PHYSICIAN, PURPOSE_CARE, TYPE_DMST
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.evidence import Ack, AckDraft, AckResult, DocumentDigest
from connector.core.fetch import Fetch, FetchEvent
from connector.core.handover import Handover, IssuedAnnouncement
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Proof, Tree
from connector.core.mandate import (
    Auth,
    AuthLevel,
    AuthMeans,
    FollowUp,
    FollowUpBasis,
    Information,
    InformationMeans,
    Practitioner,
    VisitKind,
)
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.ports import UsedMandate
from connector.core.practitioner_id import PractitionerId
from connector.core.records import Announcement, Extent, Trace, TraceAction
from connector.core.states import FetchState, IncomingState
from connector.core.traits import StrictTraits
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate
from connector.ledger.service import OpenState, open_state
from connector.store.files import write_durably
from connector.store.keys import new_master_key
from connector.store.settings import StateSettings

T0 = Instant(1_795_435_200)  # 2026-11-23T12:00:00Z
US = MemberId("318751275100020")
PEER = MemberId("318751275100038")
LEDGER_KEY = PrivateKeySigner("ledger-1", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519))

INS = Ins.parse("1.2.250.1.213.1.4.10", "2 79 03 51 215 189 89")
OTHER_INS = Ins.parse("1.2.250.1.213.1.4.10", "297022A02077878")
TRAITS = StrictTraits.parse(
    birth_name="TCHITCHI", birth_given_names="CATARINA BELLA", sex="F", birth_date="1979-03-00", birth_place="51215"
)
OWNER = "899700366240"

_numbers = count(1)


def an_id() -> str:
    """An id nobody else has."""
    return f"{next(_numbers):032x}"


class HandClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: int = T0) -> None:
        self.at = at

    def now(self) -> Instant:
        """The instant it was set to."""
        return Instant(self.at)

    def monotonic(self) -> float:
        """The same, as seconds."""
        return float(self.at)


class SystemEntropy:
    """Random bytes of the system."""

    def token(self, length: int) -> bytes:
        """Give so many of them."""
        return os.urandom(length)


def settings_in(directory: Path, **changed: int) -> StateSettings:
    """Settings of a state in that directory, with a master key made now if there is none."""
    master_key = directory / "master.key"
    if not master_key.exists():
        directory.mkdir(parents=True, exist_ok=True)
        write_durably(master_key, new_master_key())
    return StateSettings(directory / "state", master_key, **({"min_free_bytes": 0} | changed))


@asynccontextmanager
async def opened(
    directory: Path,
    clock: HandClock | None = None,
    signer: PrivateKeySigner = LEDGER_KEY,
    settings: StateSettings | None = None,
    **named: object,
) -> AsyncIterator[OpenState]:
    """The state in a directory, opened and closed again."""
    state = await open_state(
        settings or settings_in(directory),
        clock=clock or HandClock(),
        entropy=SystemEntropy(),
        signer=signer,
        member=named.pop("member", US),
        **named,
    )
    try:
        yield state
    finally:
        await state.close()


# ---------------------------------------------------------------- values


def an_entry(kind: EntryType = EntryType.ANSWERED, **changed: object) -> EntryDraft:
    """An entry about our worker, at the clock's first instant."""
    values = {
        "type": kind,
        "at": T0,
        "peer": PEER,
        "mandate_sha256": hashlib.sha256(an_id().encode()).digest(),
        "outcome": "withheld",
        "reason": "opposed",
        "ref": an_id(),
        "personal": {"mandate": "header.claims.signature", "name": "CATARINA"},
        "workers": (INS,),
    }
    return EntryDraft(**(values | changed))


def a_used_mandate(**changed: object) -> UsedMandate:
    """A mandate with a jti of its own, that ends in two minutes."""
    return UsedMandate(**({"issuer": PEER, "jti": an_id(), "expires_at": Instant(T0 + 120)} | changed))


def an_announcement(**changed: object) -> IssuedAnnouncement:
    """An announcement of a whole record."""
    values = {
        "id": an_id(),
        "requester": PEER,
        "lookup_id": an_id(),
        "ins": INS,
        "announcement": Announcement(
            record_ref="dossier 17",
            version="3",
            last_act_on=Day(2026, 11, 3),
            updated_at=T0,
            document_type=TYPE_DMST,
            extent=Extent.FULL,
            author="Dr Simone Ajout",
        ),
        "issued_at": T0,
        "expires_at": Instant(T0 + 1800),
    }
    return IssuedAnnouncement(**(values | changed))


def a_trace(**changed: object) -> Trace:
    """A trace of a lookup."""
    values = {
        "trace_id": an_id(),
        "at": T0,
        "action": TraceAction.LOOKED_UP,
        "ins": INS,
        "peer": PEER,
        "practitioner_id": OWNER,
        "practitioner_name": "Claire Lefèvre",
        "purpose": PURPOSE_CARE,
        "outcome": "announced",
    }
    return Trace(**(values | changed))


def a_handover(**changed: object) -> Handover:
    """A handover whose document is being rendered."""
    values = {
        "id": an_id(),
        "announcement_id": an_id(),
        "requester": PEER,
        "lookup_id": an_id(),
        "ins": INS,
        "state": IncomingState.RENDERING,
        "created_at": T0,
        "expires_at": Instant(T0 + 1800),
    }
    return Handover(**(values | changed))


def a_digest(data: bytes = b"%PDF-1.7 fiche") -> DocumentDigest:
    """The digest of some bytes."""
    return DocumentDigest(hashlib.sha256(data).digest(), len(data))


def an_ack_draft(handover_id: str, receipt_sha256: bytes, **changed: object) -> AckDraft:
    """An acknowledgement of a document that was verified."""
    values = {
        "issuer": PEER,
        "audience": US,
        "issued_at": T0,
        "handover_id": handover_id,
        "receipt_sha256": receipt_sha256,
        "result": AckResult.VERIFIED,
        "code": None,
        "received": a_digest(),
    }
    return AckDraft(**(values | changed))


def an_ack(draft: AckDraft) -> Ack:
    """That acknowledgement as opened; its own leaf plays no part here."""
    return Ack(draft, Proof(Tree.EXCHANGE, 0, bytes(32), (), 1, "note"), b"compact")


def a_rejection(draft: AckDraft) -> AckDraft:
    """The same acknowledgement with the other result."""
    return replace(draft, result=AckResult.REJECTED, code=Code.DOCUMENT_DIGEST)


def a_fetch(state: FetchState = FetchState.PREPARED, **changed: object) -> Fetch:
    """A fetch of our practitioner about our worker."""
    values = {
        "id": an_id(),
        "state": state,
        "created_at": T0,
        "expires_at": Instant(T0 + 86_400),
        "owner": OWNER,
        "practitioner": Practitioner(
            id=PractitionerId.parse(OWNER),
            name="Claire Lefèvre",
            profession=PHYSICIAN,
            auth=Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, T0),
        ),
        "worker": QualifiedIdentity(INS, TRAITS, Day(2026, 10, 1)),
        "information": Information(T0, OWNER, InformationMeans.ORAL),
        "follow_up": FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.INITIAL),
        "follow_up_reason": "",
        "purpose": PURPOSE_CARE,
        "document_type": TYPE_DMST,
        "replies": (),
        "requested_by": "desk",
    }
    return Fetch(**(values | changed))


def an_event(fetch: Fetch, number: int = 1, kind: str = "fetch.prepared", **data: object) -> FetchEvent:
    """An event of that fetch."""
    return FetchEvent(fetch.id, number, T0, kind, data)
