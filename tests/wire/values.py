"""Two members, their keys and what they say to each other: the material of the tests of `connector.wire`."""

from dataclasses import dataclass
from hashlib import sha256

from connector.core import merkle
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, PURPOSE_PROBE, TYPE_DMST
from connector.core.directory import KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.evidence import AckDraft, AckResult, DocumentDigest, ReceiptDraft
from connector.core.identity import QualifiedIdentity
from connector.core.instant import Instant
from connector.core.ledger import Proof, Tree
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
from connector.core.members import MemberId
from connector.core.outcome import Outcome
from connector.core.practitioner_id import PractitionerId
from connector.core.traits import StrictTraits
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.crypto.notes import NoteSigner
from connector.wire import b64, checkpoint

NOW = Instant(1_795_000_000)
KEYS_FROM, KEYS_UNTIL = Instant(NOW - 1_000_000), Instant(NOW + 1_000_000)
JTI = "0123456789abcdef0123456789abcdef"
LOOKUP_ID = "11111111111111111111111111111111"
ANNOUNCEMENT_ID = "22222222222222222222222222222222"
HANDOVER_ID = "33333333333333333333333333333333"
X5T = b64.encode(sha256(b"the requester's TLS certificate").digest())
DOCUMENT = DocumentDigest(sha256(b"%PDF-1.7 synthetic").digest(), 48_213)
DIRECTORY = "file:" + b64.encode(sha256(b"members.toml").digest())


@dataclass(frozen=True)
class Party:
    """A member with its private keys."""

    member: Member
    signer: PrivateKeySigner
    ledger_key: object

    @property
    def id(self):
        return self.member.id

    def note_signer(self, tree: Tree = Tree.EXCHANGE, serial: int = 1) -> NoteSigner:
        return NoteSigner(f"{self.id}/{tree}/{serial}", self.ledger_key)


def listed(kid, use, algorithm, public_key, **changes) -> MemberKey:
    values = {"kid": kid, "use": use, "algorithm": algorithm, "public_der": public_key_to_der(public_key)}
    return MemberKey(**values | {"valid_from": KEYS_FROM, "valid_until": KEYS_UNTIL} | changes)


def make_party(number: str, name: str, algorithm=SigningAlgorithm.ES256) -> Party:
    key, ledger_key = generate(algorithm), generate(SigningAlgorithm.ED25519)
    kid = f"{number[:4]}-sign-1"
    member = Member(
        id=MemberId(number),
        name=name,
        status=MemberStatus.ACTIVE,
        endpoint="https://spsti.example.org:8443",
        tls=TlsBinding(),
        keys=(
            listed(kid, KeyUse.SIGN, algorithm.value, key.public_key()),
            listed(f"{number[:4]}-ledger-1", KeyUse.LEDGER, "EdDSA", ledger_key.public_key()),
        ),
    )
    return Party(member, PrivateKeySigner(kid, algorithm, key), ledger_key)


REQUESTER = make_party("318751275100020", "Santé au travail du Bocage")
HOLDER = make_party("1750000001", "Prévention Loire")

WORKER = QualifiedIdentity(
    ins=Ins.parse("1.2.250.1.213.1.4.10", "279035121518989"),
    traits=StrictTraits.parse(
        birth_name="PAT-TROIS",
        birth_given_names="DOMINIQUE MARIE-LOUISE",
        sex="F",
        birth_date="1979-03-28",
        birth_place="51215",
    ),
)
PRACTITIONER = Practitioner(
    id=PractitionerId("810002422979"),
    name="Camille DURAND",
    profession=PHYSICIAN,
    auth=Auth(AuthMeans.PSC, AuthLevel.SUBSTANTIAL, Instant(NOW - 600)),
)
INFORMATION = Information(Instant(NOW - 300), "810002422979", InformationMeans.ORAL)
FOLLOW_UP = FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.PERIODIC)

_OF_KIND = {
    Kind.LOOKUP: {"lookup_id": LOOKUP_ID},
    Kind.HANDOVER: {"lookup_id": LOOKUP_ID, "announcement_id": ANNOUNCEMENT_ID},
    Kind.READ: {"handover_id": HANDOVER_ID, "document_sha256": DOCUMENT.sha256},
}


def demand(kind: Kind = Kind.LOOKUP, **changes) -> MandateDraft:
    values = {
        "kind": kind,
        "issuer": REQUESTER.id,
        "audience": HOLDER.id,
        "purpose": PURPOSE_CARE,
        "document_type": TYPE_DMST,
        "fetch_requested_at": Instant(NOW - 5),
        "practitioner": PRACTITIONER,
    } | _OF_KIND[kind]
    if kind is not Kind.READ:
        values |= {"worker": WORKER, "information": INFORMATION, "follow_up": FOLLOW_UP}
    return MandateDraft(**values | changes)


def probe(kind: Kind = Kind.LOOKUP) -> MandateDraft:
    return demand(kind, purpose=PURPOSE_PROBE, practitioner=None, worker=None, information=None, follow_up=None)


def prove(party: Party, *, leaves: int = 7, index: int = 4, tree: Tree = Tree.EXCHANGE, serial: int = 1) -> Proof:
    """The proof of one leaf in a real tree under a signed checkpoint."""
    hashes = [merkle.leaf_hash(bytes([number % 256])) for number in range(leaves)]
    batch = merkle.Frontier().extend(hashes)
    signed = checkpoint.seal(
        checkpoint.Checkpoint(checkpoint.Origin(party.id, tree, serial), leaves, batch.root),
        party.note_signer(tree, serial),
    )
    return Proof(tree, index, hashes[index], batch.paths[index], leaves, signed)


def receipt_draft(**changes) -> ReceiptDraft:
    values = {
        "issuer": HOLDER.id,
        "audience": REQUESTER.id,
        "issued_at": NOW,
        "mandate_sha256": sha256(b"a mandate").digest(),
        "outcome": Outcome.WITHHELD,
        "directory": DIRECTORY,
        "lookup_id": LOOKUP_ID,
    }
    return ReceiptDraft(**values | changes)


def ack_draft(**changes) -> AckDraft:
    values = {
        "issuer": REQUESTER.id,
        "audience": HOLDER.id,
        "issued_at": NOW,
        "handover_id": HANDOVER_ID,
        "receipt_sha256": sha256(b"a receipt").digest(),
        "result": AckResult.VERIFIED,
        "code": None,
        "received": DOCUMENT,
    }
    return AckDraft(**values | changes)
