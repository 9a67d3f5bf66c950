"""A mandate of the test's requester, taken apart and sealed again with changes."""

import json

from connector.wire import b64, jose


def claims_of(compact: bytes) -> dict:
    return json.loads(b64.decode(compact.split(b".")[1].decode()))


def resealed(house, compact: bytes, *, typ="mandate+jwt", signer=None, drop=(), **changes) -> bytes:
    claims = {k: v for k, v in claims_of(compact).items() if k not in drop}
    return jose.seal(typ, claims | changes, signer or house.asker.signer)
