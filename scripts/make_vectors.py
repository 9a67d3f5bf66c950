"""Write the protocol's test vectors, docs/protocol/vectors/*.json, from fixed keys, times and ids.

    python scripts/make_vectors.py           write them
    python scripts/make_vectors.py --check   only say whether what is there is what this code makes

ECDSA signs deterministically here (RFC 6979), so that the same code gives the same bytes. RSA-PSS cannot: a signature
that is there and still verifies is kept. The keys are public and belong to nobody.
"""

import json
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from connector.core import merkle
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, PURPOSE_PROBE, TYPE_DMST
from connector.core.codes import Code
from connector.core.days import Day
from connector.core.errors import ConnectorError
from connector.core.evidence import AckDraft, AckResult, DocumentDigest, ReceiptDraft
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
    Kind,
    MandateDraft,
    Practitioner,
    VisitKind,
)
from connector.core.matricule import Ins
from connector.core.outcome import Outcome
from connector.core.practitioner_id import PractitionerId
from connector.core.records import Announcement, Extent
from connector.core.traits import StrictTraits
from connector.core.witness import Beginning, HeldHead, Showing
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm
from connector.crypto.notes import NoteSigner
from connector.wire import (
    ack,
    b64,
    checkpoint,
    cosignature,
    entry,
    fhir,
    form,
    handover,
    jose,
    mandate,
    receipt,
    witnessing,
)
from scripts.vector_parties import RSA_KID, Json, Party, Signer, make_party, private_jwk, rsa_key, secret
from scripts.vector_refusals import refused_mandates

VECTORS = Path(__file__).resolve().parent.parent / "docs" / "protocol" / "vectors"
WARNING = "PUBLIC TEST KEYS: everybody has them. A directory that lists one of them is broken."

NOW = Instant(1_795_000_000)
JTI, LOOKUP_ID, ANNOUNCEMENT_ID, HANDOVER_ID = (digit * 32 for digit in "0123")
X5T = b64.encode(sha256(b"DER of the requester's TLS client certificate").digest())
PDF = b"%PDF-1.7 stands for a document"
DOCUMENT = DocumentDigest(sha256(PDF).digest(), len(PDF))
DIRECTORY = "file:" + b64.encode(sha256(b"members.toml").digest())
BASE_URL = "https://holder.example.org:8443/fhir"

# ---------------------------------------------------------------- what the two members say


WORKER = QualifiedIdentity(
    Ins.parse("1.2.250.1.213.1.4.10", "279035121518989"),
    StrictTraits.parse(
        birth_name="PAT-TROIS",
        birth_given_names="DOMINIQUE MARIE-LOUISE",
        sex="F",
        birth_date="1979-03-28",
        birth_place="51215",
    ),
)
PRACTITIONER = Practitioner(
    PractitionerId("810002422979"),
    "Camille DURAND",
    PHYSICIAN,
    Auth(AuthMeans.PSC, AuthLevel.SUBSTANTIAL, Instant(NOW - 600)),
)
ANNOUNCEMENT = Announcement(
    record_ref="never sent",
    version="never sent",
    last_act_on=Day(2026, 10, 1),
    updated_at=Instant(NOW - 86_400),
    document_type=TYPE_DMST,
    extent=Extent.FULL,
)


class Maker:
    """Makes every file from the keys; `earlier` are the signatures of a previous run."""

    def __init__(self, stored: Json, earlier: tuple[bytes, ...]) -> None:
        rsa_signer = Signer(RSA_KID, "PS256", rsa_key(stored), earlier)
        self.requester = make_party("318751275100020", "requester", rsa_signer)
        self.holder = make_party("1750000002", "holder")

    def files(self) -> dict[str, Json]:
        """Give each file's content by its name."""
        return {
            "keys.json": self.keys(),
            "mandate.json": self.mandates(),
            "receipt.json": self.receipts(),
            "ack.json": self.acks(),
            "form.json": self.forms(),
            "bundle.json": self.bundles(),
            "handover.json": self.handovers(),
            "entry.json": self.entries(),
            "checkpoint.json": self.checkpoints(),
            "witness.json": self.witnesses(),
        }

    def keys(self) -> Json:
        """The two members as a directory lists them, with the private keys."""
        members = []
        for party in (self.requester, self.holder):
            private = {party.signer.kid: party.signer.key, f"{party.member.keys[1].kid}": party.ledger_key}
            if party.rsa_signer is not None:
                private[party.rsa_signer.kid] = party.rsa_signer.key
            listed = [
                {
                    "kid": key.kid,
                    "use": key.use.value,
                    "algorithm": key.algorithm,
                    "valid_from": key.valid_from,
                    "valid_until": key.valid_until,
                    "jwk": private_jwk(private[key.kid]),
                }
                for key in party.member.keys
            ]
            members.append({"id": party.id.value, "name": party.member.name, "keys": listed})
        return {"warning": WARNING, "members": members}

    # ------------------------------------------------------------ mandate

    def demand(self, kind: Kind, *, is_probe: bool = False) -> MandateDraft:
        """One demand of each kind."""
        is_asking = kind is not Kind.READ
        about_worker = is_asking and not is_probe
        return MandateDraft(
            kind=kind,
            issuer=self.requester.id,
            audience=self.holder.id,
            purpose=PURPOSE_PROBE if is_probe else PURPOSE_CARE,
            document_type=TYPE_DMST,
            fetch_requested_at=Instant(NOW - 5),
            lookup_id=LOOKUP_ID if is_asking else None,
            announcement_id=ANNOUNCEMENT_ID if kind is Kind.HANDOVER else None,
            handover_id=None if is_asking else HANDOVER_ID,
            document_sha256=None if is_asking else DOCUMENT.sha256,
            practitioner=None if is_probe else PRACTITIONER,
            worker=WORKER if about_worker else None,
            information=Information(Instant(NOW - 300), "810002422979", InformationMeans.ORAL)
            if about_worker
            else None,
            follow_up=FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.PERIODIC) if about_worker else None,
        )

    def seal(self, draft: MandateDraft, signer: Signer | None = None) -> bytes:
        """Seal it with the fixed jti, certificate and time."""
        return mandate.seal(draft, x5t=X5T, now=NOW, jti=JTI, signer=signer or self.requester.signer)

    def mandates(self) -> Json:
        """Mandates that hold, and one for each way to be refused."""
        good = {
            f"{'probe-' if is_probe else ''}{kind.value}": self.seal(self.demand(kind, is_probe=is_probe))
            for is_probe in (False, True)
            for kind in Kind
        }
        good["lookup-ps256"] = self.seal(self.demand(Kind.LOOKUP), self.requester.rsa_signer)
        cases = [self.mandate_case(name, compact, compact, None) for name, compact in good.items()]
        lookup = good["lookup"]
        forged = self.seal(self.demand(Kind.LOOKUP), self.stranger())
        for name, code, compact, options in refused_mandates(lookup, forged, self.requester, self.holder):
            cases.append(self.mandate_case(name, compact, lookup, code) | options)
        return {
            "about": "What `audience` says, asked for `kind` at `now` by TLS peer `peer` with certificate `x5t`",
            "cases": cases,
        }

    def mandate_case(self, name: str, compact: bytes, like: bytes, code: Code | None) -> Json:
        """Describe one case; `like` is the mandate whose kind the request is for."""
        case: Json = {
            "name": name,
            "compact": compact.decode("ascii"),
            "peer": self.requester.id.value,
            "audience": self.holder.id.value,
            "kind": jose.read(like, typ=mandate.TYP).claims["kind"],
            "x5t": X5T,
            "now": NOW,
            "code": code.value if code else None,
        }
        if code is None:
            case["claims"] = dict(jose.read(compact, typ=mandate.TYP).claims)
            case["sha256"] = b64.encode(sha256(compact).digest())
        return case

    def stranger(self) -> Signer:
        """A key that nobody lists, under the kid of one that is."""
        return replace(
            self.requester.signer, key=ec.derive_private_key(int.from_bytes(secret("stranger")), ec.SECP256R1())
        )

    # ------------------------------------------------------------ ledger, receipt, ack

    def proof(self, party: Party) -> Proof:
        """The proof of leaf 4 of 7, in a tree whose leaf data are one byte each: 00, 01, … 06."""
        leaves = [merkle.leaf_hash(bytes([number])) for number in range(7)]
        batch = merkle.Frontier().extend(leaves)
        origin = checkpoint.Origin(party.id, Tree.EXCHANGE, 1)
        note = checkpoint.seal(checkpoint.Checkpoint(origin, 7, batch.root), NoteSigner(str(origin), party.ledger_key))
        return Proof(Tree.EXCHANGE, 4, leaves[4], batch.paths[4], 7, note)

    def receipts(self) -> Json:
        """A receipt for each outcome, and what a requester must not use."""
        lookup = self.seal(self.demand(Kind.LOOKUP))
        asked = self.seal(self.demand(Kind.HANDOVER))
        offer = fhir.Offer(ANNOUNCEMENT_ID, ANNOUNCEMENT, WORKER.ins)
        bundle = fhir.search_bundle(self.holder.member, offer, base_url=BASE_URL)
        withheld = fhir.search_bundle(self.holder.member, None, base_url=BASE_URL)
        grant = handover.encode_grant(self.grant())
        refusal = fhir.operation_outcome(Code.PRACTITIONER_PROFESSION, "profession: expected a physician or nurse")
        outcomes: list[tuple[Outcome, bytes, bytes, Json]] = [
            (Outcome.ANNOUNCED, lookup, bundle, {}),
            (Outcome.WITHHELD, lookup, withheld, {}),
            (Outcome.DEFERRED, lookup, b"", {}),
            (Outcome.COULD_NOT_LOOK, lookup, fhir.operation_outcome(None, "ask again later"), {}),
            (Outcome.REFUSED, lookup, refusal, {"code": Code.PRACTITIONER_PROFESSION}),
            (Outcome.RENDERING, asked, b"", {}),
            (Outcome.GRANTED, asked, grant, {"handover_id": HANDOVER_ID, "document": DOCUMENT}),
        ]
        good = [
            self.receipt_case(outcome.value, self.seal_receipt(outcome, token, body, more), token, body, None)
            for outcome, token, body, more in outcomes
        ]
        compact = self.seal_receipt(Outcome.WITHHELD, lookup, withheld, {})
        elsewhere = replace(self.proof(self.holder), index=3)
        moved = self.seal_receipt(Outcome.WITHHELD, lookup, withheld, {}, elsewhere)
        forged = self.seal_receipt(Outcome.WITHHELD, lookup, withheld, {}, signer=self.requester.signer)
        bad = [
            self.receipt_case("other-body", compact, lookup, bundle, Code.RECEIPT_MISMATCH),
            self.receipt_case("other-mandate", compact, asked, withheld, Code.RECEIPT_MISMATCH),
            self.receipt_case("leaf-not-in-the-tree", moved, lookup, withheld, Code.RECEIPT_NOT_IN_LEDGER),
            self.receipt_case("signed-by-another", forged, lookup, withheld, Code.RECEIPT_SIGNATURE),
            self.receipt_case("cut-off", compact[:-1], lookup, withheld, Code.RECEIPT_MALFORMED),
        ]
        return {
            "about": "What the requester, having sent `mandate` and received `body` (UTF-8), says of the header",
            "cases": good + bad,
        }

    def seal_receipt(
        self,
        outcome: Outcome,
        token: bytes,
        body: bytes,
        more: Json,
        proof: Proof | None = None,
        signer: Signer | None = None,
    ) -> bytes:
        """Seal the receipt of one outcome."""
        draft = ReceiptDraft(
            issuer=self.holder.id,
            audience=self.requester.id,
            issued_at=Instant(NOW + 1),
            mandate_sha256=sha256(token).digest(),
            outcome=outcome,
            directory=DIRECTORY,
            lookup_id=LOOKUP_ID,
            **more,
        )
        return receipt.seal(
            draft,
            body_sha256=sha256(body).digest(),
            proof=proof or self.proof(self.holder),
            signer=signer or self.holder.signer,
        )

    def receipt_case(self, name: str, compact: bytes, token: bytes, body: bytes, code: Code | None) -> Json:
        """Describe one case."""
        case: Json = {
            "name": name,
            "compact": compact.decode("ascii"),
            "mandate": token.decode("ascii"),
            "body": body.decode(),
            "holder": self.holder.id.value,
            "audience": self.requester.id.value,
            "lookup_id": LOOKUP_ID,
            "now": NOW + 1,
            "code": code.value if code else None,
        }
        if code is None:
            case["claims"] = dict(jose.read(compact, typ=receipt.TYP).claims)
        return case

    def acks(self) -> Json:
        """An acknowledgement of each result, and what a holder refuses."""
        granted = next(case for case in self.receipts()["cases"] if case["name"] == "granted")
        draft = AckDraft(
            issuer=self.requester.id,
            audience=self.holder.id,
            issued_at=Instant(NOW + 9),
            handover_id=HANDOVER_ID,
            receipt_sha256=sha256(granted["compact"].encode()).digest(),
            result=AckResult.VERIFIED,
            code=None,
            received=DOCUMENT,
        )
        other = DocumentDigest(sha256(PDF[:-1]).digest(), len(PDF) - 1)
        rejected = replace(draft, result=AckResult.REJECTED, code=Code.DOCUMENT_DIGEST, received=other)
        proof, signer = self.proof(self.requester), self.requester.signer
        verified = ack.seal(draft, proof=proof, signer=signer)
        cases = [
            ("verified", verified, None),
            ("rejected", ack.seal(rejected, proof=proof, signer=signer), None),
            ("signed-by-another", ack.seal(draft, proof=proof, signer=self.holder.signer), Code.ACK_SIGNATURE),
            (
                "checkpoint-of-another",
                ack.seal(draft, proof=self.proof(self.holder), signer=signer),
                Code.ACK_SIGNATURE,
            ),
            ("cut-off", verified[:-1], Code.ACK_MALFORMED),
        ]
        return {
            "about": "What the holder says of an acknowledgement that `requester` posts at `now`",
            "cases": [
                {
                    "name": name,
                    "compact": compact.decode("ascii"),
                    "requester": self.requester.id.value,
                    "now": NOW + 9,
                    "code": code.value if code else None,
                }
                | ({} if code else {"claims": dict(jose.read(compact, typ=ack.TYP).claims)})
                for name, compact, code in cases
            ],
        }

    def checkpoints(self) -> Json:
        """One signed note, and the tree under it."""
        proof = self.proof(self.holder)
        opened = checkpoint.open_of_member(
            proof.checkpoint, self.holder.id, Tree.EXCHANGE, self.holder.member.ledger_keys()
        )
        return {
            "about": "Leaf data are the bytes 00 to 06; the note is signed by the holder's ledger key",
            "note": proof.checkpoint,
            "origin": str(opened.origin),
            "size": opened.size,
            "root": b64.encode(opened.root),
            "leaf": {"index": proof.index, "hash": b64.encode(proof.leaf_hash)},
            "path": [b64.encode(step) for step in proof.path],
        }

    def witnesses(self) -> Json:
        """The holder's note shown to the requester, which countersigns it and then holds it."""
        note = self.proof(self.holder).checkpoint
        opened = checkpoint.open_of_member(note, self.holder.id, Tree.EXCHANGE, self.holder.member.ledger_keys())
        head = cosignature.signed_head(note, opened)
        signer = PrivateKeySigner("requester-ledger", SigningAlgorithm.ED25519, self.requester.ledger_key)
        statement = cosignature.cosign(head, witness=self.requester.id, signer=signer, at=NOW)
        return {
            "about": "Shown by the holder, countersigned by the requester's ledger key",
            "request": json.loads(witnessing.encode_showing(Showing(note, 0, ()))),
            "answer": json.loads(witnessing.encode_witnessed(statement.line)),
            "heads": json.loads(witnessing.encode_heads([HeldHead(note, statement.line)])),
            "following": json.loads(witnessing.encode_showing(self.following())),
            "witness": str(statement.witness),
            "at": statement.at,
        }

    def following(self) -> Showing:
        """A ledger that follows another, shown by the holder with its first leaf."""
        salt, origin = secret("salt of a beginning"), checkpoint.Origin(self.holder.id, Tree.EXCHANGE, 2)
        draft = EntryDraft(
            type=EntryType.SUCCEEDED,
            at=NOW,
            outcome="begun",
            reason="2",
            personal={
                "old": {tree.value: f"{self.holder.id}/{tree}/1" for tree in Tree},
                "highest": {"exchange": self.proof(self.holder).checkpoint},
                "reason": "Disque remplacé ; sauvegarde du 3 novembre restaurée",
            },
        )
        personal = entry.personal_bytes(draft)
        opened = entry.entry_json(draft, salt=salt, personal_sha256=entry.personal_sha256(personal, salt))
        leaves = [merkle.leaf_hash(sha256(opened).digest()), merkle.leaf_hash(sha256(b"a second one").digest())]
        root = merkle.Frontier().extend(leaves).root
        signer = NoteSigner(str(origin), self.holder.ledger_key)
        note = checkpoint.seal(checkpoint.Checkpoint(origin, 2, root), signer)
        return Showing(note, 0, (), Beginning(opened, personal, (leaves[1],)))

    def entries(self) -> Json:
        """One ledger entry from its parts to its leaf hash."""
        salt = secret("salt")
        draft = EntryDraft(
            type=EntryType.ANSWERED,
            at=NOW,
            peer=self.requester.id,
            mandate_sha256=sha256(self.seal(self.demand(Kind.LOOKUP))).digest(),
            outcome=Outcome.ANNOUNCED.value,
            ref=LOOKUP_ID,
            personal={"mandate": self.seal(self.demand(Kind.LOOKUP)).decode("ascii")},
            workers=(WORKER.ins,),
        )
        personal = entry.personal_bytes(draft)
        digest = entry.personal_sha256(personal, salt)
        data = entry.leaf_data(draft, salt)
        return {
            "about": "personal_sha256 is over salt and personal part; the leaf data is the SHA-256 of the entry",
            "salt": b64.encode(salt),
            "personal": personal.decode(),
            "personal_sha256": b64.encode(digest),
            "entry": entry.entry_json(draft, salt=salt, personal_sha256=digest).decode(),
            "leaf_data": b64.encode(data),
            "leaf_hash": b64.encode(merkle.leaf_hash(data)),
        }

    # ------------------------------------------------------------ bodies

    def grant(self) -> handover.Grant:
        """What the holder grants."""
        return handover.Grant(HANDOVER_ID, DOCUMENT, "application/pdf", Instant(NOW + 1800))

    def handovers(self) -> Json:
        """The two bodies of a handover."""
        return {
            "request": json.loads(handover.encode_request(ANNOUNCEMENT_ID)),
            "grant": json.loads(handover.encode_grant(self.grant())),
        }

    def bundles(self) -> Json:
        """The exact bodies of a lookup's answers; `announcement` is what a requester reads in them."""
        about_worker = fhir.Offer(ANNOUNCEMENT_ID, ANNOUNCEMENT, WORKER.ins)
        about_nobody = fhir.Offer(ANNOUNCEMENT_ID, ANNOUNCEMENT, None)
        bodies = {
            "announced": fhir.search_bundle(self.holder.member, about_worker, base_url=BASE_URL),
            "withheld": fhir.search_bundle(self.holder.member, None, base_url=BASE_URL),
            "probe": fhir.search_bundle(self.holder.member, about_nobody, base_url=BASE_URL),
            "refused": fhir.operation_outcome(Code.FOLLOW_UP_DECLARED, "follow_up: got declared"),
        }
        return {
            name: {"body": body.decode(), "sha256": b64.encode(sha256(body).digest()), "resource": json.loads(body)}
            for name, body in bodies.items()
        }

    def forms(self) -> Json:
        """Forms, and what is read in them: a token, `probe`, or the code of the refusal."""
        token = WORKER.ins.to_token()
        bodies = [
            form.encode_search(WORKER.ins).decode(),
            form.encode_probe().decode(),
            f"status=current&patient.identifier={token}",
            f"patient.identifier={token}",
            f"patient.identifier={token}&patient.identifier={token}&status=current",
            f"patient.identifier={token},{token}&status=current",
            f"patient.identifier={token}&status=current&_count=1",
            f"patient.identifier={token}&status=superseded",
            f"patient.identifier={token[:-1]}8&status=current",
            "patient.identifier=urn:oid:1.2.250.1.213.1.4.2|279035121518989&status=current",
            "patient.identifier=279035121518989&status=current",
        ]
        return {"content_type": form.CONTENT_TYPE, "cases": [self.form_case(body) for body in bodies]}

    def form_case(self, body: str) -> Json:
        """Describe one form."""
        try:
            ins = form.parse_search(body.encode(), form.CONTENT_TYPE)
        except ConnectorError as refused:
            return {"body": body, "read": None, "code": refused.code.value}
        return {"body": body, "read": ins.to_token() if ins else "probe", "code": None}


def signatures(files: dict[str, str]) -> tuple[bytes, ...]:
    """Collect the signatures of 256 bytes that are there already."""
    cases = json.loads(files.get("mandate.json", '{"cases":[]}'))["cases"]
    parts = (case["compact"].rpartition(".")[2] for case in cases)
    return tuple(b64.decode(part) for part in parts if len(part) == 342)


def make(files: dict[str, str]) -> dict[str, str]:
    """Give the text of every file, out of those that are there."""
    maker = Maker(json.loads(files.get("keys.json", "{}")), signatures(files))
    return {name: json.dumps(content, ensure_ascii=False, indent=1) + "\n" for name, content in maker.files().items()}


def read(folder: Path) -> dict[str, str]:
    """Read the files that are there."""
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.json"))}


def main() -> int:
    """Write or compare the files."""
    there = read(VECTORS)
    made = make(there)
    if "--check" in sys.argv[1:]:
        stale = sorted(name for name in {*there, *made} if there.get(name) != made.get(name))
        print("\n".join(f"{name}: not what this code makes" for name in stale) or "vectors: as this code makes them")
        return 1 if stale else 0
    VECTORS.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        (VECTORS / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
