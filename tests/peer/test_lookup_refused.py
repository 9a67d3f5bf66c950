"""A lookup that is refused: before a receipt is owed, and with one."""

import hmac
import json
from dataclasses import replace

import pytest

from connector.core.coded import MAY_READ_WHOLE_RECORD, NURSE, Coded
from connector.core.ledger import EntryType
from connector.core.mandate import AuthLevel, FollowUp, FollowUpBasis, VisitKind
from connector.core.matricule import Ins
from connector.core.oid import Environment
from connector.core.policy import HolderPolicy
from connector.wire import b64, form
from tests.kit.holder_asserts import (
    assert_lives_on,
    assert_refused_with_receipt,
    assert_refused_without_receipt,
    house_notes,
)
from tests.kit.holder_fakes import WORKER
from tests.kit.holder_house import LOOKUP_PATH, PRACTITIONER, a_house, a_line
from tests.kit.resealed import claims_of, resealed
from tests.kit.state import INS, OTHER_INS

# ---------------------------------------------------------------- refused before a receipt is owed


@pytest.mark.parametrize(
    ("break_it", "code"),
    [
        (lambda h, c: b"", "mandate.malformed"),
        (lambda h, c: b"a.b", "mandate.malformed"),
        (lambda h, c: c + b"A" * 5000, "mandate.malformed"),
        (lambda h, c: resealed(h, c, typ="receipt+jwt"), "mandate.malformed"),
        (lambda h, c: resealed(h, c, signer=h.other.signer), "mandate.signature"),
        (lambda h, c: c[:-6] + (b"AAAAAA" if c[-6:] != b"AAAAAA" else b"BBBBBB"), "mandate.signature"),
        (lambda h, c: resealed(h, c, iss=str(h.other.id)), "mandate.member"),
        (lambda h, c: resealed(h, c, drop=("iss",)), "mandate.claim_missing"),
    ],
    ids=["none", "two parts", "too long", "receipt's typ", "other key", "altered", "of another member", "no iss"],
)
async def test_a_mandate_that_the_peer_did_not_sign_earns_no_receipt(house, line, break_it, code):
    compact = break_it(house, house.seal(house.demand()))

    reply = await line.lookup(compact=compact) if compact else await line.send("POST", LOOKUP_PATH, {}, b"")

    await assert_refused_without_receipt(house, reply, status=401, code=code)
    assert reply.header("WWW-Authenticate") == "Bearer"
    assert await house.entries() == []
    (note,) = await house_notes(house, EntryType.CONNECTION_REFUSED)
    assert (note.peer, note.reason) == (house.asker.id, code)
    await assert_lives_on(house, line)


def unsigned(house, compact: bytes, header: dict, signature: bytes = b"") -> bytes:
    claims = compact.split(b".")[1]
    return b64.encode(json.dumps(header).encode()).encode() + b"." + claims + b"." + signature


async def test_algorithm_none_is_refused(house, line):
    header = {"typ": "mandate+jwt", "alg": "none", "kid": house.asker.signer.kid}
    compact = unsigned(house, house.seal(house.demand()), header, b"AA")

    await assert_refused_without_receipt(
        house, await line.lookup(compact=compact), status=401, code="mandate.signature"
    )
    await assert_lives_on(house, line)


async def test_a_public_key_used_as_an_hmac_secret_is_refused(house, line):
    header = {"typ": "mandate+jwt", "alg": "HS256", "kid": house.asker.signer.kid}
    signed = unsigned(house, house.seal(house.demand()), header).rstrip(b".")
    key = next(k for k in house.asker.member.keys if k.kid == house.asker.signer.kid).public_der
    tag = b64.encode(hmac.digest(key, signed, "sha256")).encode()

    reply = await line.lookup(compact=signed + b"." + tag)

    await assert_refused_without_receipt(house, reply, status=401, code="mandate.signature")
    await assert_lives_on(house, line)


async def test_a_mandate_with_duplicate_keys_is_refused(house, line):
    head, claims, signature = house.seal(house.demand()).split(b".")
    text = b64.decode(claims.decode()).replace(b"{", b'{"iss":"x",', 1)

    reply = await line.lookup(compact=b".".join((head, b64.encode(text).encode(), signature)))

    await assert_refused_without_receipt(house, reply, status=401, code="mandate.malformed")
    await assert_lives_on(house, line)


async def test_the_same_refusal_stands_once_an_hour_in_the_house_ledger(house, line):
    for _ in range(3):
        await line.send("POST", LOOKUP_PATH, {}, b"")
    house.clock.at += 3600
    await line.send("POST", LOOKUP_PATH, {}, b"")

    assert len(await house_notes(house, EntryType.CONNECTION_REFUSED)) == 2
    assert len(house.ears.of("refused")) == 4


# ---------------------------------------------------------------- refused with a receipt


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"aud": "318751275100046"}, 401, "mandate.audience"),
        ({"kind": "handover"}, 401, "mandate.kind"),
        ({"ver": 2}, 400, "version.unsupported"),
        ({"cnf": {"x5t#S256": b64.encode(bytes(32))}}, 401, "mandate.certificate"),
        ({"worker": None}, 401, "mandate.claim_missing"),
        ({"practitioner": None}, 401, "mandate.claim_missing"),
        ({"information": None}, 401, "mandate.claim_missing"),
        ({"follow_up": None}, 401, "mandate.claim_missing"),
        ({"jti": None}, 401, "mandate.claim_missing"),
        ({"jti": "short"}, 401, "mandate.malformed"),
        ({"purpose": {"system": "urn:x", "code": "research"}}, 403, "purpose.unknown"),
    ],
)
async def test_a_signed_mandate_that_does_not_hold_here_is_refused_with_a_receipt(house, line, changes, status, code):
    demand = house.demand()
    compact = resealed(house, house.seal(demand), **changes)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=status, code=code)
    assert house.vendor.looked == 0
    await assert_lives_on(house, line)


@pytest.mark.parametrize(
    ("trait", "value", "code"),
    [
        ("matricule", "279035121518988", "identity.malformed"),
        ("oid", "1.2.250.1.213.1.4.2", "identity.oid"),
        ("oid", "1.2.250.1.213.1.4.99", "identity.oid"),
        ("birth_name", None, "mandate.claim_missing"),
        ("sex", "I", "identity.not_qualified"),
        ("birth_place", "512", "identity.malformed"),
    ],
    ids=["wrong key", "INS-C", "unknown OID", "missing trait", "unqualified", "no COG code"],
)
async def test_a_worker_who_cannot_be_is_refused_with_a_receipt(house, line, trait, value, code):
    demand = house.demand()
    compact = house.seal(demand)
    worker = claims_of(compact)["worker"] | {trait: value}
    compact = resealed(house, compact, worker={k: v for k, v in worker.items() if v is not None})

    reply = await line.lookup(demand, compact=compact)

    status = 403 if code == "identity.oid" else 401 if code.startswith("mandate.") else 400
    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=status, code=code)
    await assert_lives_on(house, line)


async def test_a_test_connector_refuses_a_real_identity(house, line):
    real = replace(WORKER, ins=Ins.parse("1.2.250.1.213.1.4.8", INS.matricule.value))
    demand = house.demand(worker=real)
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=403, code="identity.oid")
    assert house.vendor.looked == 0


@pytest.mark.parametrize(
    ("seconds", "code"), [(-400, "mandate.expired"), (61, "mandate.not_yet_valid")], ids=["expired", "from the future"]
)
async def test_a_mandate_of_another_time_is_refused_and_the_answer_bears_our_date(house, line, seconds, code):
    demand = house.demand()
    compact = house.seal(demand, now=house.clock.now() + seconds)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code=code)
    assert reply.header("Date") is not None
    await assert_lives_on(house, line)


async def test_a_mandate_is_used_once(house, line):
    demand = house.demand()
    compact = house.seal(demand)
    await line.lookup(demand, compact=compact)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.replayed")
    await assert_lives_on(house, line)


async def test_a_mandate_used_before_a_restart_is_used(house):
    demand = house.demand()
    compact = house.seal(demand)
    async with a_line(house) as line:
        await line.lookup(demand, compact=compact)
    await house.restart()

    async with a_line(house) as line:
        reply = await line.lookup(demand, compact=compact)

        await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.replayed")
        await assert_lives_on(house, line)


async def test_a_refused_mandate_sent_again_stays_refused_for_what_is_wrong_with_it(house, line):
    demand = house.demand()
    compact = resealed(house, house.seal(demand), aud="318751275100046")
    await line.lookup(demand, compact=compact)

    reply = await line.lookup(demand, compact=compact)

    await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=401, code="mandate.audience")


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (form.encode_search(OTHER_INS), form.CONTENT_TYPE, "request.malformed"),
        (form.encode_probe(), form.CONTENT_TYPE, "request.malformed"),
        (form.encode_search(INS) + b"&_count=1", form.CONTENT_TYPE, "request.not_supported"),
        (form.encode_search(INS) + b"&" + form.encode_search(INS), form.CONTENT_TYPE, "request.malformed"),
        (form.encode_search(INS).replace(b"&", b"%2C" + OTHER_INS.to_token().encode() + b"&"), form.CONTENT_TYPE, None),
        (b"", form.CONTENT_TYPE, "request.malformed"),
        (b"%zz", form.CONTENT_TYPE, "request.malformed"),
        (b"status=current", form.CONTENT_TYPE, "request.malformed"),
        (form.encode_search(INS), "application/json", "request.not_supported"),
        (form.encode_search(INS) + b" " * 600, form.CONTENT_TYPE, "request.too_large"),
    ],
    ids=[
        "other worker",
        "probe form",
        "extra field",
        "twice",
        "two workers",
        "empty",
        "broken",
        "no worker",
        "json",
        "long",
    ],
)
async def test_a_form_that_is_not_the_mandates_is_refused_with_a_receipt(house, line, body, content_type, code):
    demand = house.demand()
    compact = house.seal(demand)

    reply = await line.lookup(demand, compact=compact, body=body, **{"Content-Type": content_type})

    await assert_refused_with_receipt(
        house, reply, compact, demand.lookup_id, status=400, code=code or "request.malformed"
    )
    assert house.vendor.looked == 0
    await assert_lives_on(house, line)


STRICT = HolderPolicy(
    Environment.TEST, minimum_auth_level=AuthLevel.HIGH, accept_declared=False, accept_unattended=False
)
LEVEL_HIGH = replace(PRACTITIONER, auth=replace(PRACTITIONER.auth, level=AuthLevel.HIGH))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"practitioner": PRACTITIONER}, "practitioner.auth_level"),
        ({"unattended": True}, "unattended.refused"),
        ({"follow_up": FollowUp(FollowUpBasis.DECLARED, VisitKind.INITIAL)}, "follow_up.declared"),
        (
            {"practitioner": replace(LEVEL_HIGH, profession=Coded(NURSE.system, "21"))},
            "practitioner.profession",
        ),
    ],
)
async def test_what_a_members_policy_refuses_it_says_openly(tmp_path, changes, code):
    async with a_house(tmp_path, policy=STRICT) as house, a_line(house) as line:
        demand = house.demand(**({"practitioner": LEVEL_HIGH} | changes))
        compact = house.seal(demand)

        reply = await line.lookup(demand, compact=compact)

        await assert_refused_with_receipt(house, reply, compact, demand.lookup_id, status=403, code=code)
        assert house.vendor.looked == 0
        await assert_lives_on(house, line)


def test_only_professions_that_may_read_a_whole_record_are_accepted_by_default():
    assert HolderPolicy(Environment.TEST).professions == MAY_READ_WHOLE_RECORD
