"""Verification by search and comparison: 00, the same INS and the same traits, or it is not verified (ins.md 4.6)."""

import pytest

from connector.core.errors import InsiFault, LocalRefused
from connector.core.identity import Agreement, IdentityAttribute, QualifiedIdentity
from connector.core.insi import VerificationMethod, VerificationResult
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.traits import StrictTraits
from connector.insi.off import InsiOff
from spsti_sandbox.insi_answers import Behaviour
from tests.insi.conftest import BY, traits

ACTIVE, FORMER, OTHER = (
    Ins.parse(InsOid.NIR, number) for number in ("109076322083489", "209076322083439", "110086322083060")
)


def identity(ins=ACTIVE, **changed):
    return QualifiedIdentity(
        ins,
        StrictTraits.parse(
            **{
                "birth_name": "ECETINSI",
                "birth_given_names": "PIERRE-ALAIN MURIEL FLORIANT",
                "sex": "M",
                "birth_date": "2009-07-14",
                "birth_place": "63220",
                **changed,
            }
        ),
    )


@pytest.mark.parametrize(
    ("asked", "result", "agreement", "differing"),
    [
        (identity(), VerificationResult.AGREES, Agreement.SAME, ()),
        (
            identity(birth_given_names="PIERRE-ALAIN"),
            VerificationResult.AGREES,
            Agreement.GIVEN_NAMES_SHORTER,
            ("birth_given_names",),
        ),
        (
            identity(birth_given_names="PIERRE-ALAIN MURIEL JEAN"),
            VerificationResult.DIFFERS,
            Agreement.TRAIT_DIFFERS,
            ("birth_given_names",),
        ),
        (identity(birth_place="75056"), VerificationResult.DIFFERS, Agreement.TRAIT_DIFFERS, ("birth_place",)),
        (identity(OTHER), VerificationResult.DIFFERS, Agreement.INS_DIFFERS, ("ins",)),
        (identity(FORMER), VerificationResult.DIFFERS, Agreement.MATRICULE_CHANGED, ("ins",)),
        (
            identity(OTHER, birth_place="75056"),
            VerificationResult.DIFFERS,
            Agreement.INS_DIFFERS,
            ("ins", "birth_place"),
        ),
        (
            identity(Ins.parse(InsOid.TEST, "109076322083489")),
            VerificationResult.DIFFERS,
            Agreement.INS_DIFFERS,
            ("ins",),
        ),
        (identity(sex="F"), VerificationResult.NOT_FOUND, None, ()),
        (identity(birth_date="2009-07-15"), VerificationResult.NOT_FOUND, None, ()),
        (identity(birth_name="ECETINS"), VerificationResult.NOT_FOUND, None, ()),
        (
            identity(birth_name="DE VINCI", birth_given_names="LEONARDO", birth_date="2014-02-01"),
            VerificationResult.SEVERAL,
            None,
            (),
        ),
    ],
)
async def test_result_names_what_differs(house, asked, result, agreement, differing):
    verification = await house.insi.verify(asked, by=BY)

    assert (verification.result, verification.agreement, verification.differing) == (result, agreement, differing)
    assert verification.is_verified == (result is VerificationResult.AGREES)
    assert verification.method is VerificationMethod.SEARCH
    assert house.clock.now() - verification.at < 60
    assert "ECETINSI" not in repr(verification)


async def test_an_answer_says_whether_it_was_kept_from_an_earlier_question(house):
    verifications = [await house.insi.verify(identity(), by=BY, fresh=fresh) for fresh in (False, False, True)]

    assert [verification.is_kept for verification in verifications] == [False, True, False]


async def test_known_ins_stands_in_every_entry_of_the_journal(house):
    await house.insi.verify(identity(FORMER), by=BY)

    assert [FORMER in entry.workers for entry in house.ledger.entries] == [True, True]
    assert ACTIVE in house.ledger.entries[-1].workers


@pytest.mark.parametrize(
    "behaviour", [Behaviour.FAULT_TECHNICAL, Behaviour.OTHER_PERSON, Behaviour.WRONG_KEY, Behaviour.HALF]
)
async def test_service_that_fails_verifies_nothing(house, simulator, behaviour):
    simulator.behave(behaviour)

    with pytest.raises(InsiFault):
        await house.insi.verify(identity(), by=BY)


async def test_doubtful_identity_is_not_verified(house):
    with pytest.raises(LocalRefused):
        await house.insi.verify(identity(), by=BY, attributes=frozenset({IdentityAttribute.DOUTEUX}))


async def test_house_without_insi_says_so_to_every_question():
    off = InsiOff()

    with pytest.raises(InsiFault, match="enabled = false"):
        await off.verify(identity(), by=BY)
    with pytest.raises(InsiFault, match="enabled = false"):
        await off.search_by_traits(traits(), by=BY)
