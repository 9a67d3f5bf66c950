"""What a vendor's software says of a worker for each reason to withhold, and looking at such an answer."""

import json
from dataclasses import replace

from connector.core.identity import IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.outcome import WithheldReason
from connector.core.records import Look, Opposition
from connector.wire import b64
from tests.kit.holder_fakes import GIVEN, KNOWN, UNKNOWN_HERE
from tests.kit.holder_house import Reply
from tests.kit.state import INS, OTHER_INS, TRAITS

LOOKS = {
    WithheldReason.NO_LOCAL_WORKER: UNKNOWN_HERE,
    WithheldReason.NOTHING_COMMUNICABLE: replace(GIVEN, announcement=None),
    WithheldReason.OPPOSED: replace(GIVEN, opposition=Opposition.YES),
    WithheldReason.OPPOSITION_UNKNOWN: replace(GIVEN, opposition=Opposition.UNKNOWN),
    WithheldReason.IDENTITY_DIFFERS: replace(
        GIVEN, identity=replace(KNOWN, traits=replace(TRAITS, birth_name="TCHITCHO"))
    ),
    WithheldReason.IDENTITY_NOT_QUALIFIED: replace(GIVEN, identity=LocalIdentity(INS, TRAITS, IdentityStatus.RECUP)),
    WithheldReason.ANSWER_UNUSABLE: replace(GIVEN, identity=replace(KNOWN, ins=OTHER_INS)),
}


def look_about(reason: WithheldReason, person: QualifiedIdentity) -> Look:
    """The same about somebody else."""
    look = LOOKS[reason]
    local = look.identity
    if local is None or reason is WithheldReason.ANSWER_UNUSABLE:
        return look
    differs = reason is WithheldReason.IDENTITY_DIFFERS
    traits = replace(person.traits, birth_name="AUTREMENT") if differs else person.traits
    return replace(look, identity=replace(local, ins=person.ins, traits=traits))


def claims_of(reply: Reply) -> dict:
    return json.loads(b64.decode((reply.header("DMST-Receipt") or "").split(".")[1]))


def shape(value: object) -> object:
    """Keys and types, and the width of every text."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return (type(value).__name__, len(value)) if isinstance(value, str) else type(value).__name__
