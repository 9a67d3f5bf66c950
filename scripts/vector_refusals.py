"""The mandates among the protocol's test vectors that a holder refuses, one for each way to be wrong."""

import hmac
import json
from collections.abc import Callable

from connector.core.coded import PURPOSE_PROBE
from connector.core.codes import Code
from connector.wire import b64, jose, mandate
from scripts.vector_parties import UNTIL, Json, Party

Refused = tuple[str, Code, bytes, Json]


def refused_mandates(lookup: bytes, forged: bytes, requester: Party, holder: Party) -> list[Refused]:
    """Give name, code and token of each case, and what differs in the request.

    `lookup` is a mandate that holds, `forged` the same signed by a key that nobody lists.
    """
    sign = requester.signer
    public = requester.member.keys[0].public_der
    now = int(jose.read(lookup, typ=mandate.TYP).claims["iat"])
    header, payload, _ = lookup.split(b".")
    claims = dict(jose.read(lookup, typ=mandate.TYP).claims)

    def with_header(changes: Json, sign_it: Callable[[bytes], bytes] = sign.sign) -> bytes:
        changed = json.dumps(json.loads(b64.decode(header.decode())) | changes).encode()
        signing_input = b64.encode(changed).encode() + b"." + payload
        return signing_input + b"." + b64.encode(sign_it(signing_input)).encode()

    def with_claims(**changes: object) -> bytes:
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jose.seal(mandate.TYP, kept, sign)

    def with_text(text: bytes) -> bytes:
        signing_input = header + b"." + b64.encode(text).encode()
        return signing_input + b"." + b64.encode(sign.sign(signing_input)).encode()

    twice = b64.decode(payload.decode()).replace(b'{"ver":1,', b'{"ver":1,"ver":1,')
    worker = claims["worker"]
    return [
        ("alg-none", Code.MANDATE_SIGNATURE, with_header({"alg": "none"}, lambda _: b""), {}),
        (
            "alg-hs256-public-key",
            Code.MANDATE_SIGNATURE,
            with_header({"alg": "HS256"}, lambda data: hmac.digest(public, data, "sha256")),
            {},
        ),
        ("alg-not-listed", Code.MANDATE_SIGNATURE, with_header({"alg": "PS256"}, lambda _: b"s" * 256), {}),
        ("other-key", Code.MANDATE_SIGNATURE, forged, {}),
        ("kid-not-listed", Code.MANDATE_SIGNATURE, with_header({"kid": "unknown"}), {}),
        ("key-ended", Code.MANDATE_SIGNATURE, lookup, {"now": UNTIL}),
        ("typ-of-a-receipt", Code.MANDATE_MALFORMED, with_header({"typ": "receipt+jwt"}), {}),
        ("header-jku", Code.MANDATE_MALFORMED, with_header({"jku": "https://example.org/keys"}), {}),
        ("header-crit", Code.MANDATE_MALFORMED, with_header({"crit": ["exp"]}), {}),
        ("duplicate-key", Code.MANDATE_MALFORMED, with_text(twice), {}),
        ("not-json", Code.MANDATE_MALFORMED, with_text(b"{"), {}),
        ("oversized", Code.MANDATE_MALFORMED, lookup + b"A" * 4096, {}),
        ("iss-not-the-peer", Code.MANDATE_MEMBER, lookup, {"peer": holder.id.value}),
        ("ver-2", Code.VERSION_UNSUPPORTED, with_claims(ver=2), {}),
        ("other-kind", Code.MANDATE_KIND, lookup, {"kind": "read"}),
        ("other-audience", Code.MANDATE_AUDIENCE, lookup, {"audience": requester.id.value}),
        ("other-certificate", Code.MANDATE_CERTIFICATE, lookup, {"x5t": b64.encode(b"\0" * 32)}),
        ("too-long-a-life", Code.MANDATE_MALFORMED, with_claims(exp=now + 301), {}),
        ("expired", Code.MANDATE_EXPIRED, lookup, {"now": now + 180}),
        ("from-the-future", Code.MANDATE_NOT_YET_VALID, lookup, {"now": now - 61}),
        ("no-worker", Code.MANDATE_CLAIM_MISSING, with_claims(worker=None), {}),
        (
            "no-birth-place",
            Code.MANDATE_CLAIM_MISSING,
            with_claims(worker={name: value for name, value in worker.items() if name != "birth_place"}),
            {},
        ),
        ("wrong-key", Code.IDENTITY_MALFORMED, with_claims(worker=worker | {"matricule": "279035121518988"}), {}),
        ("unknown-oid", Code.IDENTITY_OID, with_claims(worker=worker | {"oid": "1.2.250.1.213.1.4.2"}), {}),
        ("not-qualified", Code.IDENTITY_NOT_QUALIFIED, with_claims(worker=worker | {"sex": "I"}), {}),
        ("probe-about-a-worker", Code.MANDATE_MALFORMED, with_claims(purpose=PURPOSE_PROBE.to_json()), {}),
    ]
