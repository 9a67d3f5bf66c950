"""Tokens taken apart and sealed again with changes."""

import json

from connector.wire import b64, jose


def claims_of(compact: bytes) -> dict:
    return json.loads(b64.decode(compact.split(b".")[1].decode()))


def resealed(house, compact: bytes, *, typ="mandate+jwt", signer=None, drop=(), **changes) -> bytes:
    claims = {k: v for k, v in claims_of(compact).items() if k not in drop}
    return jose.seal(typ, claims | changes, signer or house.asker.signer)


ABSENT = object()


def with_claim(compact: bytes, path: str, value, signer) -> bytes:
    """A token with one claim changed, or `ABSENT`: its issuer signs whatever JSON can say."""
    header, payload, _ = compact.split(b".")
    claims = json.loads(b64.decode(payload.decode()))
    *outer, last = path.split("/")
    inner = claims
    for name in outer:
        inner = inner[name]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    signed = header + b"." + b64.encode(json.dumps(claims).encode()).encode()
    return signed + b"." + b64.encode(signer.sign(signed)).encode()
