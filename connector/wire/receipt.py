"""The receipt: a holder's signed answer to one mandate, with its place in the holder's ledger (PROTOCOL section 4).

Every claim stands in every receipt, null where it does not apply, so that two receipts of one outcome differ in values
alone. `open_receipt` establishes who signed; `check_receipt` that it answers this mandate with this body and that its
leaf lies in the holder's tree. A requester uses nothing of an answer before both returned.
"""

import hmac
from hashlib import sha256
from typing import Any, Final

from connector.core import merkle
from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import ConfigFault, PeerFault
from connector.core.evidence import DocumentDigest, Receipt, ReceiptDraft
from connector.core.instant import Instant
from connector.core.ledger import Proof, Tree
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.ports import Signer
from connector.wire import b64, checkpoint, jose
from connector.wire.claims import VERSION, ClaimFault, Claims
from connector.wire.ledger_claims import read_proof, write_leaf
from connector.wire.peer_codes import PEER_CODES, read_code, write_code

HEADER: Final = "DMST-Receipt"
TYP: Final = "receipt+jwt"
MAX_DIRECTORY: Final = 100
"""Characters of `directory`: a version number, or `file:` and a SHA-256 (our rule)."""


def seal(draft: ReceiptDraft, *, body_sha256: bytes, proof: Proof, signer: Signer) -> bytes:
    """Sign the answer to one mandate, for the `DMST-Receipt` header.

    Args:
        draft: the answer.
        body_sha256: of the exact body it goes with, of the empty one where there is none.
        proof: of the entry that says what was answered.
        signer: a key the directory lists for `draft.issuer`.

    Raises:
        ValueError: outcome, code and document contradict each other, or the token would exceed 4 kB.
    """
    contradiction = _contradiction(draft)
    if contradiction:
        raise ValueError(f"receipt draft {contradiction}")
    document = draft.document
    claims: dict[str, Any] = {
        "ver": VERSION,
        "iss": draft.issuer.value,
        "aud": draft.audience.value,
        "iat": draft.issued_at,
        "mandate_sha256": b64.encode(draft.mandate_sha256),
        "body_sha256": b64.encode(body_sha256),
        "outcome": draft.outcome.value,
        "code": write_code(draft.code, PEER_CODES),
        "lookup_id": draft.lookup_id,
        "handover_id": draft.handover_id,
        "document": None if document is None else {"sha256": b64.encode(document.sha256), "size": document.size},
        "leaf": write_leaf(proof),
        "path": b64.encode_each(proof.path),
        "checkpoint": proof.checkpoint,
        "directory": draft.directory,
    }
    return jose.seal(TYP, claims, signer)


def open_receipt(compact: bytes, *, holder: Member, now: Instant) -> Receipt:
    """Establish that this holder signed the receipt with a key that is listed for it at `now`, and read it.

    Raises:
        PeerFault: `receipt.malformed`, `receipt.signature`.
    """
    try:
        jws = jose.read(compact, typ=TYP)
    except jose.AlgorithmFault as fault:
        raise _fault(Code.RECEIPT_SIGNATURE, str(fault)) from None
    except jose.TokenFault as fault:
        raise _fault(Code.RECEIPT_MALFORMED, str(fault)) from None
    key = holder.signing_key(jws.kid)
    if key is None or not key.is_valid_at(now) or not jose.verify(jws, key):
        raise _fault(Code.RECEIPT_SIGNATURE, f"does not verify with a signing key listed for {holder.id}")
    claims = Claims(jws.claims)
    try:
        if claims.integer("ver") != VERSION:
            raise claims.fault("ver", str(VERSION))
        if claims.string("iss") != holder.id.value:
            raise claims.fault("iss", "the member whose key signed")
        draft = _read_draft(claims, holder.id)
        contradiction = _contradiction(draft)
        if contradiction:
            raise _fault(Code.RECEIPT_MALFORMED, contradiction)
        path = tuple(_read_hash(claims, step) for step in claims.array("path"))
        proof = read_proof(claims, path)
        return Receipt(draft, claims.sha256("body_sha256"), proof, compact, jws.sha256)
    except ClaimFault as fault:
        raise _fault(Code.RECEIPT_MALFORMED, str(fault)) from None


def check_receipt(
    receipt: Receipt,
    *,
    mandate_sha256: bytes,
    body: bytes,
    audience: MemberId,
    holder: Member,
    lookup_id: str | None,
) -> None:
    """Refuse a receipt that does not answer this mandate with this body, or whose leaf is not in the holder's tree.

    The checkpoint's serial and growth are for the ledgers to compare with what was seen before.

    Raises:
        PeerFault: `receipt.mismatch`, `receipt.not_in_ledger`.
    """
    draft = receipt.draft
    for what, agrees in (
        ("mandate_sha256", hmac.compare_digest(draft.mandate_sha256, mandate_sha256)),
        ("body_sha256", hmac.compare_digest(receipt.body_sha256, sha256(body).digest())),
        ("aud", draft.audience == audience),
        ("lookup_id", draft.lookup_id == lookup_id),
    ):
        if not agrees:
            raise _fault(Code.RECEIPT_MISMATCH, f"its {what} is not that of this exchange")
    check_leaf(receipt.proof, holder=holder, at=draft.issued_at)


def check_leaf(proof: Proof, *, holder: Member, at: Instant) -> None:
    """Verify the holder's signature under the checkpoint, and the leaf's path up to its root (RFC 9162 2.1.3.2).

    Raises:
        PeerFault: `receipt.not_in_ledger`.
    """
    keys = [key for key in holder.ledger_keys() if key.is_valid_at(at)]
    try:
        signed = checkpoint.open_of_member(proof.checkpoint, holder.id, Tree.EXCHANGE, keys)
    except (PeerFault, ConfigFault) as fault:
        raise _fault(Code.RECEIPT_NOT_IN_LEDGER, f"its checkpoint is not believed ({fault.message})") from None
    if not merkle.verify_inclusion(proof.leaf_hash, proof.index, signed.size, proof.path, signed.root):
        raise _fault(Code.RECEIPT_NOT_IN_LEDGER, "its path does not lead from the leaf to the checkpoint's root")


def _read_draft(claims: Claims, issuer: MemberId) -> ReceiptDraft:
    document = None
    if claims.has("document"):
        inner = claims.object("document")
        document = DocumentDigest(inner.sha256("sha256"), inner.integer("size"))
    return ReceiptDraft(
        issuer=issuer,
        audience=claims.member("aud"),
        issued_at=claims.instant("iat"),
        mandate_sha256=claims.sha256("mandate_sha256"),
        outcome=claims.choice("outcome", Outcome),
        directory=claims.text("directory", longest=MAX_DIRECTORY),
        code=read_code(claims, PEER_CODES),
        lookup_id=claims.id("lookup_id") if claims.has("lookup_id") else None,
        handover_id=claims.id("handover_id") if claims.has("handover_id") else None,
        document=document,
    )


def _read_hash(claims: Claims, step: object) -> bytes:
    try:
        return b64.decode(step if isinstance(step, str) else "", size=merkle.HASH_BYTES)
    except ValueError:
        raise claims.fault("path", "hashes in base64url") from None


def _contradiction(draft: ReceiptDraft) -> str | None:
    """Tell what cannot be together: a refusal has a code and nothing else has, a document is what was granted."""
    if (draft.outcome is Outcome.REFUSED) != (draft.code is not None):
        return f"outcome {draft.outcome}: a code belongs to a refusal and to nothing else"
    granted = draft.outcome is Outcome.GRANTED
    if granted != (draft.document is not None) or (granted and draft.handover_id is None):
        return f"outcome {draft.outcome}: handover and document belong to a grant"
    return None


def _fault(code: Code, message: str) -> PeerFault:
    return PeerFault(f"receipt: {message}", code=code, hint="the answer is not used; tell the other member")
