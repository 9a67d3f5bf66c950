"""The vectors of docs/protocol: what they say is what this code does, and what other people's code finds."""

import base64
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc import jws as oracle
from joserfc.jwk import ECKey, RSAKey
from jwt import PyJWK

from connector.core.canonical import canonical
from connector.core.days import Day
from connector.core.directory import KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.errors import ConnectorError
from connector.core.ledger import Tree
from connector.core.mandate import Kind
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.crypto.keys import public_key_to_der
from connector.wire import ack, b64, checkpoint, fhir_read, form, handover, jose, mandate, receipt, witnessing
from connector.wire.beginning import read_beginning
from connector.wire.cosignature import signed_head
from connector.wire.peer_codes import DOCUMENT_CODES, PEER_CODES
from scripts import make_vectors

DOCS = make_vectors.VECTORS.parent
FILES = make_vectors.read(make_vectors.VECTORS)
VECTORS = {name: json.loads(text) for name, text in FILES.items()}


def listed_member(stored):
    keys = []
    for key in stored["keys"]:
        public = {name: value for name, value in key["jwk"].items() if name in {"kty", "crv", "x", "y", "n", "e"}}
        der = public_key_to_der(PyJWK(public).key)
        keys.append(
            MemberKey(key["kid"], KeyUse(key["use"]), key["algorithm"], der, key["valid_from"], key["valid_until"])
        )
    return Member(
        MemberId.parse(stored["id"]),
        name=stored["name"],
        status=MemberStatus.ACTIVE,
        endpoint="",
        tls=TlsBinding(),
        keys=tuple(keys),
    )


MEMBERS = {stored["id"]: listed_member(stored) for stored in VECTORS["keys.json"]["members"]}
JWKS = {key["kid"]: key["jwk"] for stored in VECTORS["keys.json"]["members"] for key in stored["keys"]}
REQUESTER, HOLDER = MEMBERS.values()


def cases(name):
    return [pytest.param(case, id=case.get("name", case.get("body"))) for case in VECTORS[name]["cases"]]


def code_of(read, *arguments, **options):
    try:
        read(*arguments, **options)
    except ConnectorError as fault:
        return fault.code.value
    return None


def test_the_vectors_are_what_this_code_makes():
    assert make_vectors.make(FILES) == FILES


def test_the_vectors_can_be_made_from_nothing():
    made = make_vectors.make({})

    assert set(made) == set(FILES)
    assert made["entry.json"] == FILES["entry.json"]


def test_the_vectors_keys_say_that_they_are_public():
    assert "PUBLIC TEST KEYS" in VECTORS["keys.json"]["warning"]


def check_mandate(case):
    verified = mandate.open_mandate(case["compact"].encode(), peer=MEMBERS[case["peer"]], now=case["now"])
    return mandate.check_mandate(
        verified, kind=Kind(case["kind"]), audience=MemberId(case["audience"]), x5t=case["x5t"], now=case["now"]
    )


@pytest.mark.parametrize("case", cases("mandate.json"))
def test_a_holder_says_of_each_mandate_what_the_vector_says(case):
    assert code_of(check_mandate, case) == case["code"]
    if case["code"] is None:
        found = check_mandate(case)
        assert b64.encode(found.sha256) == case["sha256"]
        assert jose.read(case["compact"].encode(), typ=mandate.TYP).claims == case["claims"]


def check_receipt(case):
    holder = MEMBERS[case["holder"]]
    found = receipt.open_receipt(case["compact"].encode(), holder=holder, now=case["now"])
    receipt.check_receipt(
        found,
        mandate_sha256=sha256(case["mandate"].encode()).digest(),
        body=case["body"].encode(),
        audience=MemberId(case["audience"]),
        holder=holder,
        lookup_id=case["lookup_id"],
    )


@pytest.mark.parametrize("case", cases("receipt.json"))
def test_a_requester_says_of_each_receipt_what_the_vector_says(case):
    assert code_of(check_receipt, case) == case["code"]


@pytest.mark.parametrize("case", cases("ack.json"))
def test_a_holder_says_of_each_acknowledgement_what_the_vector_says(case):
    compact, requester = case["compact"].encode(), MEMBERS[case["requester"]]

    assert code_of(ack.open_ack, compact, requester=requester, now=case["now"]) == case["code"]


@pytest.mark.parametrize("case", cases("form.json"))
def test_a_holder_says_of_each_form_what_the_vector_says(case):
    body, content_type = case["body"].encode(), VECTORS["form.json"]["content_type"]

    assert code_of(form.parse_search, body, content_type) == case["code"]
    if case["code"] is None:
        ins = form.parse_search(body, content_type)
        assert (ins.to_token() if ins else "probe") == case["read"]


def test_a_requester_reads_each_bundle():
    bodies = {name: bundle["body"].encode() for name, bundle in VECTORS["bundle.json"].items()}
    asked = Ins.from_token(VECTORS["form.json"]["cases"][0]["read"])

    assert fhir_read.parse_bundle(bodies["announced"], asked=asked).last_act_on == Day(2026, 10, 1)
    assert fhir_read.parse_bundle(bodies["probe"], asked=None).id == "2" * 32
    assert fhir_read.parse_bundle(bodies["withheld"], asked=asked) is None
    assert fhir_read.parse_operation_outcome(bodies["refused"])[0] == "follow_up.declared"
    for bundle in VECTORS["bundle.json"].values():
        assert b64.encode(sha256(bundle["body"].encode()).digest()) == bundle["sha256"]


def test_the_handovers_bodies_are_read():
    request, grant = (json.dumps(VECTORS["handover.json"][name]).encode() for name in ("request", "grant"))

    assert handover.parse_request(request, handover.CONTENT_TYPE) == "2" * 32
    assert handover.parse_grant(grant).handover_id == "3" * 32


# ---------------------------------------------------------------- without the code under test


@pytest.mark.parametrize(
    "case",
    [
        case
        for name in ("mandate.json", "receipt.json", "ack.json")
        for case in cases(name)
        if case.values[0]["code"] is None
    ],
)
def test_joserfc_verifies_each_token_that_holds(case):
    header = json.loads(base64.urlsafe_b64decode(case["compact"].split(".")[0] + "=="))
    kind = RSAKey if header["alg"] == "PS256" else ECKey

    token = oracle.deserialize_compact(
        case["compact"].encode(), kind.import_key(JWKS[header["kid"]]), algorithms=[header["alg"]]
    )

    assert json.loads(token.payload) == case["claims"]


def test_the_checkpoint_is_a_signed_note_by_hand():
    vector = VECTORS["checkpoint.json"]
    text, signature_line = vector["note"].split("\n\n")
    body = text + "\n"
    dash, name, signature = signature_line.strip().split(" ")
    data = base64.b64decode(signature)
    public = base64.urlsafe_b64decode(JWKS["holder-ledger"]["x"] + "=")

    assert (dash, name) == ("\u2014", vector["origin"])
    assert data[:4] == sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    Ed25519PublicKey.from_public_bytes(public).verify(data[4:], body.encode())
    assert body.split("\n")[1:3] == [str(vector["size"]), base64.b64encode(unpadded(vector["root"])).decode()]


def test_the_cosignature_is_one_by_hand():
    vector = VECTORS["witness.json"]
    text = vector["request"]["checkpoint"].split("\n\n")[0] + "\n"
    dash, name, signature = vector["answer"]["cosignature"].split(" ")
    data = base64.b64decode(signature)
    public = base64.urlsafe_b64decode(JWKS["requester-ledger"]["x"] + "=")
    message = f"cosignature/v1\ntime {vector['at']}\n{text}".encode()

    assert (dash, name) == ("\u2014", f"{vector['witness']}/witness")
    assert data[:4] == sha256(name.encode() + b"\n\x04" + public).digest()[:4]
    assert int.from_bytes(data[4:12]) == vector["at"]
    Ed25519PublicKey.from_public_bytes(public).verify(data[12:], message)
    assert vector["heads"]["heads"] == [{"checkpoint": vector["request"]["checkpoint"], **vector["answer"]}]


def test_the_first_leaf_of_a_ledger_that_follows_another_is_one_by_hand():
    showing = VECTORS["witness.json"]["following"]
    shown = showing["beginning"]
    opened, personal = unpadded(shown["entry"]), unpadded(shown["personal"])
    entry, told = json.loads(opened), json.loads(personal)["personal"]
    leaf = sha256(b"\0" + sha256(opened).digest()).digest()
    [sibling] = map(unpadded, shown["path"])
    origin, size, root = showing["checkpoint"].split("\n")[:3]

    assert unpadded(entry["personal_sha256"]) == sha256(unpadded(entry["salt"]) + personal).digest()
    assert (entry["type"], entry["outcome"], entry["reason"]) == ("succeeded", "begun", "2")
    assert sha256(b"\1" + leaf + sibling).digest() == base64.b64decode(root)
    assert (origin, size) == (f"{HOLDER.id}/exchange/2", "2")
    assert set(told) == {"old", "highest", "reason"}
    assert told["highest"]["exchange"] == VECTORS["checkpoint.json"]["note"]
    note = checkpoint.open_of_member(showing["checkpoint"], HOLDER.id, Tree.EXCHANGE, HOLDER.ledger_keys())
    read = witnessing.parse_showing(json.dumps(showing).encode())
    assert read_beginning(read.beginning, signed_head(showing["checkpoint"], note)).reason == told["reason"]


def test_the_path_leads_to_the_root_by_hand():
    vector = VECTORS["checkpoint.json"]
    leaf, path = unpadded(vector["leaf"]["hash"]), [unpadded(step) for step in vector["path"]]

    assert leaf == sha256(b"\0" + bytes([4])).digest()
    # Leaf 4 of 7: its sibling 5, then leaf 6 alone, then the four on the left.
    pair = sha256(b"\1" + leaf + path[0]).digest()
    right = sha256(b"\1" + pair + path[1]).digest()
    assert sha256(b"\1" + path[2] + right).digest() == unpadded(vector["root"])
    assert checkpoint.open_of_member(vector["note"], HOLDER.id, Tree.EXCHANGE, HOLDER.ledger_keys()).size == 7


def test_the_entrys_leaf_is_computed_by_hand():
    vector = VECTORS["entry.json"]
    written = json.loads(vector["entry"])

    assert (
        unpadded(vector["personal_sha256"]) == sha256(unpadded(vector["salt"]) + vector["personal"].encode()).digest()
    )
    assert (written["salt"], written["personal_sha256"]) == (vector["salt"], vector["personal_sha256"])
    assert unpadded(vector["leaf_data"]) == sha256(vector["entry"].encode()).digest()
    assert unpadded(vector["leaf_hash"]) == sha256(b"\0" + unpadded(vector["leaf_data"])).digest()
    assert canonical(written).decode() == vector["entry"]


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ---------------------------------------------------------------- the page beside them


PAGE = (DOCS / "README.md").read_text("utf-8")


def test_each_example_of_the_page_is_a_vector():
    examples = re.findall(r"<!-- vector: (\S+) -->\n```json\n(.*?)```", PAGE, re.DOTALL)

    assert len(examples) >= 5
    for pointer, example in examples:
        value = VECTORS
        for step in pointer.split("/"):
            value = next(c for c in value if c["name"] == step) if isinstance(value, list) else value[step]
        assert json.loads(example) == value, pointer


def test_the_page_names_each_file_code_and_claim():
    claims = {
        name
        for file in ("mandate.json", "receipt.json", "ack.json")
        for case in VECTORS[file]["cases"]
        for name in case.get("claims", {})
    }
    for word in {*FILES, *PEER_CODES, *DOCUMENT_CODES, *claims}:
        assert f"`{word}`" in PAGE, word


def test_no_vector_names_a_real_person():
    for text in FILES.values():
        assert "1.2.250.1.213.1.4.8" not in text
        assert "1.2.250.1.213.1.4.9" not in text


def test_the_script_tells_stale_vectors(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_vectors, "VECTORS", tmp_path / "vectors")
    monkeypatch.setattr("sys.argv", ["make_vectors.py"])
    assert make_vectors.main() == 0
    monkeypatch.setattr("sys.argv", ["make_vectors.py", "--check"])
    assert make_vectors.main() == 0

    Path(tmp_path / "vectors" / "ack.json").write_text("{}", "utf-8")

    assert make_vectors.main() == 1
    assert "ack.json: not what this code makes" in capsys.readouterr().out
