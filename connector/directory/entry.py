"""A member's own entry: the file that it signs itself, read and written (version 1 of its schema).

The entry holds what its member decides: addresses, keys, names it is also known by. Who takes part, under which name
and size class, and whether it is suspended, is signed by the operators (`memberships`), so that no member can alter it.
What one entry may say beside another is `roster`'s question; signatures over the file are `verify`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from connector.core.canonical import canonical
from connector.core.departements import DEPARTEMENTS
from connector.core.directory import MAX_PINS, Contact, KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.errors import LocalRefused
from connector.core.instant import rfc3339
from connector.core.oid import Environment
from connector.core.ports import Signer
from connector.directory.fields import Fields, endpoint_fault, read_json
from connector.directory.functional import CONTACT_ROLES, address_fault, mssante_fault, names_a_person, words
from connector.directory.layout import MAX_ENTRY
from connector.directory.proofs import is_proven, prove
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.wire import b64

ENTRY_VERSION: Final = 1
SIZE_CLASSES: Final = ("S", "M", "L", "XL")
"""Workers followed: under 50,000, under 150,000, under 500,000, more (our rule). It scales limits (PROTOCOL 5)."""

_ENTRY: Final = frozenset(
    {
        "v", "id", "name", "former_names", "acronyms", "towns", "departements", "sectors", "successor", "size_class",
        "endpoint", "protocol_versions", "tls", "keys", "mssante", "contacts", "status",
    }
)  # fmt: skip
_KEY: Final = frozenset(
    {"kid", "use", "algorithm", "public", "valid_from", "valid_until", "compromised_since", "proof"}
)
_ALGORITHMS: Final = {KeyUse.SIGN: ("ES256", "PS256"), KeyUse.LEDGER: ("EdDSA",)}
_OWN_STATUSES: Final = (MemberStatus.ACTIVE, MemberStatus.MAIL_ONLY)
_MAX_KEYS: Final = 40


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as it describes itself, with the proof of each key by kid, and what to warn of."""

    member: Member
    proofs: Mapping[str, bytes]
    warnings: tuple[str, ...] = ()


def seal_entry(
    member: Member, signers: Mapping[str, Signer], environment: Environment, kept: Mapping[str, bytes] | None = None
) -> bytes:
    """Give the entry file of a member, each key proven.

    Args:
        member: what to publish; its status must be active or mail-only.
        signers: the private keys by kid.
        environment: production refuses wrong check digits and endpoints on loopback.
        kept: proofs of earlier entries, for keys that can no longer sign.

    Raises:
        LocalRefused: the entry breaks a rule; all faults are in the message.
        ConfigFault: a signer holds another key.
    """
    proofs = dict(kept or {})
    for key in member.keys:
        if key.kid in signers:
            proofs[key.kid] = prove(member.id, key, signers[key.kid])
    data = to_json(Entry(member, proofs))
    try:
        read_entry(data, environment, strict=True)
    except DirectoryRefused as error:
        raise LocalRefused("entry: " + "; ".join(error.faults), hint="correct it and sign again") from None
    return data


def to_json(entry: Entry) -> bytes:
    """Give the canonical JSON of an entry; `read_entry` gives it back."""
    member = entry.member
    tls: dict[str, object] = {"binding": "subject"}
    if member.tls.pins:
        tls = {"binding": "pin", "pins": member.tls.pins}
    return canonical(
        {
            "v": ENTRY_VERSION,
            "id": member.id.value,
            "name": member.name,
            "former_names": member.former_names,
            "acronyms": member.acronyms,
            "towns": member.towns,
            "departements": member.departements,
            "sectors": member.sectors,
            "successor": member.successor.value if member.successor else None,
            "size_class": member.size_class,
            "endpoint": member.endpoint,
            "protocol_versions": member.protocol_versions,
            "tls": tls,
            "keys": [_key_json(key, entry.proofs.get(key.kid, b"")) for key in member.keys],
            "mssante": member.mssante,
            "contacts": [{"role": contact.role, "address": contact.address} for contact in member.contacts],
            "status": member.status.value,
        }
    )


def _key_json(key: MemberKey, proof: bytes) -> dict[str, object]:
    return {
        "kid": key.kid,
        "use": key.use.value,
        "algorithm": key.algorithm,
        "public": b64.encode(key.public_der),
        "valid_from": rfc3339(key.valid_from),
        "valid_until": rfc3339(key.valid_until),
        "compromised_since": None if key.compromised_since is None else rfc3339(key.compromised_since),
        "proof": b64.encode(proof),
    }


def read_entry(data: bytes, environment: Environment, *, strict: bool = False) -> Entry:
    """Read an entry file; `strict` also refuses fields that are not known, as whoever publishes it does.

    Raises:
        DirectoryRefused: `entry`, with all its faults.
    """
    faults: list[str] = []
    warnings: list[str] = []
    entry = None
    if len(data) > MAX_ENTRY:
        faults.append(f"the entry has {len(data)} bytes, expected at most {MAX_ENTRY}")
    else:
        row = read_json(data, ENTRY_VERSION, faults)
        if not faults:
            entry = _entry(row, environment, faults, warnings, strict=strict)
    if entry is None or faults:
        raise DirectoryRefused(Refusal.ENTRY, "entry: " + "; ".join(faults), faults=tuple(faults))
    return entry


def _entry(
    row: Mapping[str, object], environment: Environment, faults: list[str], warnings: list[str], *, strict: bool
) -> Entry | None:
    fields = Fields("", row, faults, _ENTRY, strict=strict)
    member_id = fields.member("id", environment, warnings)
    if member_id is None:
        fields.fault("id", "expected Struct_IdNat: 3 + SIRET, or 1 + FINESS")
        return None
    endpoint = fields.text("endpoint", needed=False)
    status = fields.choice("status", MemberStatus, "active, mail-only")
    if status is not None and status not in _OWN_STATUSES:
        fields.fault("status", "only the operators say suspended or left; expected active or mail-only")
    fault = endpoint_fault(endpoint, environment) if endpoint or status is MemberStatus.ACTIVE else None
    if fault:
        fields.fault("endpoint", fault)
    proven = [
        _key(Fields(f"key {n}", key, faults, _KEY, strict=strict)) for n, key in enumerate(fields.rows("keys"), 1)
    ]
    keys = tuple(key for key, _ in filter(None, proven))
    proofs = {key.kid: proof for key, proof in filter(None, proven)}
    member = Member(
        id=member_id,
        name=fields.text("name"),
        status=status or MemberStatus.ACTIVE,
        endpoint=endpoint,
        tls=_tls(fields, faults, strict=strict),
        keys=keys,
        former_names=fields.texts("former_names"),
        towns=fields.texts("towns"),
        departements=fields.texts("departements"),
        protocol_versions=fields.integers("protocol_versions"),
        size_class=fields.text("size_class", needed=False),
        acronyms=fields.texts("acronyms"),
        sectors=fields.texts("sectors"),
        successor=fields.member("successor", environment),
        mssante=fields.text("mssante", needed=False),
        contacts=_contacts(fields, faults, strict=strict),
    )
    if not faults:
        _check(fields, member, proofs)
        faults.extend(person_faults(member))
    contact = next((c.address for c in member.contacts if c.role == "technical"), "")
    return Entry(replace(member, contact=contact), proofs, tuple(warnings))


def _key(fields: Fields) -> tuple[MemberKey, bytes] | None:
    before = len(fields.faults)
    use = fields.choice("use", KeyUse, "sign, ledger")
    algorithm = fields.text("algorithm")
    if use is not None and algorithm not in _ALGORITHMS[use]:
        fields.fault("algorithm", f"expected {' or '.join(_ALGORITHMS[use])} to {use}")
    public, proof = _bytes(fields, "public"), _bytes(fields, "proof")
    kid, starts = fields.text("kid", longest=64), fields.needed_instant("valid_from")
    ends, stolen = fields.needed_instant("valid_until"), fields.instant("compromised_since")
    if starts >= ends:
        fields.fault("valid_until", "expected an instant after valid_from")
    if len(fields.faults) > before or use is None:
        return None
    return MemberKey(kid, use, algorithm, public, starts, ends, stolen), proof


def _bytes(fields: Fields, key: str) -> bytes:
    try:
        return b64.decode(fields.text(key, longest=4096))
    except ValueError:
        fields.fault(key, "expected unpadded base64url")
        return b""


def _tls(fields: Fields, faults: list[str], *, strict: bool) -> TlsBinding:
    tls = Fields("tls", fields.row("tls"), faults, frozenset({"binding", "pins"}), strict=strict)
    binding, pins = tls.text("binding"), tls.texts("pins")
    if binding not in {"subject", "pin"} or (binding == "pin") != bool(pins) or len(pins) > MAX_PINS:
        tls.fault("binding", f"expected subject, or pin with 1 to {MAX_PINS} pins")
    for pin in pins:
        try:
            b64.decode(pin, size=32)
        except ValueError:
            tls.fault("pins", "expected the SHA-256 of a SubjectPublicKeyInfo, 43 base64url characters")
    return TlsBinding(pins)


def _contacts(fields: Fields, faults: list[str], *, strict: bool) -> tuple[Contact, ...]:
    found = []
    for number, row in enumerate(fields.rows("contacts"), 1):
        item = Fields(f"contact {number}", row, faults, frozenset({"role", "address"}), strict=strict)
        role = item.text("role")
        if role not in CONTACT_ROLES:
            item.fault("role", f"expected one of {', '.join(CONTACT_ROLES)}")
        found.append(Contact(role, item.text("address")))
    return tuple(found)


def _check(fields: Fields, member: Member, proofs: Mapping[str, bytes]) -> None:
    if member.size_class and member.size_class not in SIZE_CLASSES:
        fields.fault("size_class", f"expected one of {', '.join(SIZE_CLASSES)}")
    if unknown := set(member.departements) - DEPARTEMENTS.keys():
        fields.fault("departements", f"{len(unknown)} are no code of a département, such as 44, 2A or 974")
    if len(proofs) != len(member.keys) or len(member.keys) > _MAX_KEYS:
        fields.fault("keys", f"expected at most {_MAX_KEYS}, no kid twice")
    if len({key.public_der for key in member.keys}) != len(member.keys):
        fields.fault("keys", "the same key stands under two kids")
    if member.status is MemberStatus.ACTIVE and {key.use for key in member.keys} != set(KeyUse):
        fields.fault("keys", "an active member lists at least one signing key and one ledger key")
    for key in member.keys:
        if not is_proven(member.id, key, proofs.get(key.kid, b"")):
            fields.fault("keys", f"{key.kid}: its proof of possession is not by that key")


def person_faults(member: Member) -> list[str]:
    """Say where an entry, or an operator's description, would name a person."""
    faults = [
        "a name of the service carries a civility or a title: the directory names no person"
        for name in (member.name, *member.former_names, *member.acronyms)
        if names_a_person(name)
    ]
    own = words((member.name, *member.former_names, *member.acronyms, *member.towns))
    faults += [f"contact {c.role}: {fault}" for c in member.contacts if (fault := address_fault(c.address, own))]
    if member.mssante and (fault := mssante_fault(member.mssante, own)):
        faults.append(f"mssante: {fault}")
    return faults
