"""The acknowledgement: a requester's signature over the bytes it received of one document (PROTOCOL section 4).

It proves receipt of those bytes, not that anyone read them, and names the requester's own leaf for their arrival.
Whether it belongs to the handover it was sent for, and whether another result came before, is the holder's.
"""

from dataclasses import replace
from typing import Any, Final

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import ConfigFault, PeerFault, RequestRefused
from connector.core.evidence import Ack, AckDraft, AckResult, DocumentDigest
from connector.core.instant import Instant
from connector.core.ledger import Proof, Tree
from connector.core.members import MemberId
from connector.core.ports import Signer
from connector.wire import b64, checkpoint, jose
from connector.wire.claims import VERSION, ClaimFault, Claims
from connector.wire.ledger_claims import read_proof, write_leaf
from connector.wire.peer_codes import DOCUMENT_CODES, read_code, write_code

CONTENT_TYPE: Final = "application/jose"
TYP: Final = "ack+jwt"


def seal(draft: AckDraft, *, proof: Proof, signer: Signer) -> bytes:
    """Sign what was received, for the body of `POST /handovers/<id>/ack`.

    Args:
        draft: the result and the digest of the bytes that arrived.
        proof: of the requester's entry *arrived*; its path is not sent.
        signer: a key the directory lists for `draft.issuer`.

    Raises:
        ValueError: result and code contradict each other, or the token would exceed 4 kB.
    """
    if not _is_consistent(draft):
        raise ValueError("acknowledgement draft: a code belongs to a rejection and to nothing else")
    claims: dict[str, Any] = {
        "ver": VERSION,
        "iss": draft.issuer.value,
        "aud": draft.audience.value,
        "iat": draft.issued_at,
        "handover_id": draft.handover_id,
        "receipt_sha256": b64.encode(draft.receipt_sha256),
        "result": draft.result.value,
        "code": write_code(draft.code, DOCUMENT_CODES),
        "sha256": b64.encode(draft.received.sha256),
        "size": draft.received.size,
        "leaf": write_leaf(proof),
        "checkpoint": proof.checkpoint,
    }
    return jose.seal(TYP, claims, signer)


def open_ack(compact: bytes, *, requester: Member, now: Instant) -> Ack:
    """Establish that this requester signed the acknowledgement and the checkpoint in it, and read it.

    Raises:
        RequestRefused: `ack.malformed`, `ack.signature`.
    """
    try:
        jws = jose.read(compact, typ=TYP)
    except jose.AlgorithmFault as fault:
        raise _refused(Code.ACK_SIGNATURE, str(fault)) from None
    except jose.TokenFault as fault:
        raise _refused(Code.ACK_MALFORMED, str(fault)) from None
    key = requester.signing_key(jws.kid)
    if key is None or not key.is_valid_at(now) or not jose.verify(jws, key):
        raise _refused(Code.ACK_SIGNATURE, f"does not verify with a signing key listed for {requester.id}")
    claims = Claims(jws.claims)
    try:
        if claims.integer("ver") != VERSION:
            raise claims.fault("ver", str(VERSION))
        if claims.string("iss") != requester.id.value:
            raise claims.fault("iss", "the member whose key signed")
        draft = _read_draft(claims, requester.id)
        if not _is_consistent(draft):
            raise claims.fault("code", "a code with rejected, null with verified")
        proof = read_proof(claims, path=())
    except ClaimFault as fault:
        raise _refused(Code.ACK_MALFORMED, str(fault)) from None
    _check_checkpoint(proof, requester, draft.issued_at)
    return Ack(draft, proof, compact)


def _read_draft(claims: Claims, issuer: MemberId) -> AckDraft:
    return AckDraft(
        issuer=issuer,
        audience=claims.member("aud"),
        issued_at=claims.instant("iat"),
        handover_id=claims.id("handover_id"),
        receipt_sha256=claims.sha256("receipt_sha256"),
        result=claims.choice("result", AckResult),
        code=read_code(claims, DOCUMENT_CODES),
        received=DocumentDigest(claims.sha256("sha256"), claims.integer("size")),
    )


def _check_checkpoint(proof: Proof, requester: Member, at: Instant) -> None:
    # As old as the entry *arrived*, while the token is sealed anew at each attempt: its key may have ended since.
    keys = [key for key in requester.ledger_keys() if replace(key, valid_until=Instant(at + 1)).is_valid_at(at)]
    try:
        checkpoint.open_of_member(proof.checkpoint, requester.id, Tree.EXCHANGE, keys)
    except (PeerFault, ConfigFault) as fault:
        raise _refused(Code.ACK_SIGNATURE, f"its checkpoint is not believed ({fault.message})") from None


def _is_consistent(draft: AckDraft) -> bool:
    return (draft.result is AckResult.REJECTED) == (draft.code is not None)


def _refused(code: Code, message: str) -> RequestRefused:
    return RequestRefused(f"acknowledgement: {message}", code=code, hint="send it as it was first sealed")
