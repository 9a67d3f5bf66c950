"""How an identity becomes qualified, in two halves with evidence of their own, and falls back (ins.md 3.1 to 3.3)."""

from dataclasses import replace
from itertools import product

import pytest

from connector.core.codes import Code
from connector.core.days import BirthDate, Day
from connector.core.errors import LocalRefused
from connector.core.identity import IdentityAttribute, IdentityStatus, LocalIdentity
from connector.core.identity_rules import (
    Decision,
    DocumentKind,
    DocumentSeen,
    MoveKind,
    Nationality,
    change_traits,
    check_call_allowed,
    confirm,
    mark,
    recover,
    refresh_matricule,
    unmark,
    validate,
    withdraw,
)
from connector.core.insi import ADVICE, InsiAnswer, InsiCode, InsiIdentity, InsiOperation, verification_of
from connector.core.instant import Instant, parse_rfc3339
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.traits import Sex, StrictTraits

NOW = parse_rfc3339("2026-01-15T09:30:00Z")
TODAY = Day(2026, 1, 15)
BY = Decision("secretary-7", "first visit", NOW)
ACTIVE, FORMER = (Ins.parse(InsOid.NIR, number) for number in ("109076322083489", "209076322083439"))
TRAITS = StrictTraits.parse(
    birth_name="ECETINSI",
    birth_given_names="PIERRE-ALAIN MURIEL FLORIANT",
    sex="M",
    birth_date="1989-07-14",
    birth_place="63220",
)
CARD = DocumentSeen(DocumentKind.IDENTITY_CARD, Nationality.FRENCH, TODAY)
S, A = IdentityStatus, IdentityAttribute


def held(status=S.PROV, attributes=(), traits=TRAITS, ins=ACTIVE):
    return LocalIdentity(ins if status.has_ins else None, traits, status, frozenset(attributes))


def answer(traits=TRAITS, ins=ACTIVE, former=(), code=InsiCode.FOUND):
    identity = InsiIdentity(ins, traits, tuple(former)) if code is InsiCode.FOUND else None
    return InsiAnswer(InsiOperation.TRAITS, code, NOW, "message-1", b"<raw/>", identity)


def assert_refused(code, move):
    with pytest.raises(LocalRefused) as refusal:
        move()
    assert refusal.value.code is code
    assert refusal.value.hint
    assert "ECETINSI" not in str(refusal.value)
    return refusal.value


class TestTwoHalves:
    def test_provisional_identity_is_recovered_then_validated(self):
        recovered = recover(held(), answer(former=[FORMER]), BY)
        qualified = validate(recovered.after, CARD, BY)

        assert (recovered.after.status, recovered.after.ins) == (S.RECUP, ACTIVE)
        assert recovered.after.former == (FORMER,)
        assert recovered.after.verified_on == TODAY
        assert recovered.insi_message_id == "message-1"
        assert qualified.after.is_qualified
        assert (qualified.by, qualified.reason, qualified.at) == ("secretary-7", "first visit", NOW)
        assert qualified.document == CARD
        assert qualified.after.qualified().ins == ACTIVE

    def test_provisional_identity_is_validated_then_recovered(self):
        validated = validate(held(), CARD, BY)
        qualified = recover(validated.after, answer(), BY)

        assert (validated.after.status, validated.after.ins) == (S.VALI, None)
        assert (qualified.after.status, qualified.after.ins) == (S.QUAL, ACTIVE)

    def test_no_single_move_qualifies_a_provisional_identity(self):
        moves = (recover(held(), answer(), BY), validate(held(), CARD, BY), *(mark(held(), a, BY) for a in A))

        assert not [move for move in moves if move.after.is_qualified]

    @pytest.mark.parametrize("status", [S.RECUP, S.QUAL])
    def test_identity_that_bears_insi_s_traits_is_not_recovered_again(self, status):
        assert_refused(Code.IDENTITY_STATUS, lambda: recover(held(status), answer(), BY))

    @pytest.mark.parametrize("status", [S.VALI, S.QUAL])
    def test_validated_identity_is_not_validated_again(self, status):
        assert_refused(Code.IDENTITY_STATUS, lambda: validate(held(status), CARD, BY))

    @pytest.mark.parametrize("code", [InsiCode.NONE, InsiCode.SEVERAL])
    def test_answer_without_a_person_recovers_nothing_and_says_what_to_do(self, code):
        ours = {InsiCode.NONE: Code.INSI_NONE, InsiCode.SEVERAL: Code.INSI_SEVERAL}[code]

        assert_refused(ours, lambda: recover(held(), answer(code=code), BY))
        assert "search again" in ADVICE[code].next_step

    def test_move_shows_nothing(self):
        assert repr(recover(held(), answer(), BY)) == "[redacted]"


class TestTraitsThatInsiHasOtherwise:
    def test_spelling_is_taken_over_from_insi(self):
        other = replace(TRAITS, birth_given_names=("PIERRE", "ALAIN", "MURIEL", "FLORIANT"))

        assert recover(held(traits=other), answer(), BY).after.traits == TRAITS

    def test_shorter_list_of_given_names_is_completed(self):
        assert recover(
            held(S.VALI, traits=replace(TRAITS, birth_given_names=("PIERRE-ALAIN",))), answer(), BY
        ).after.is_qualified

    def test_trait_that_differs_is_taken_over_only_when_it_is_accepted_by_name(self):
        other = held(traits=replace(TRAITS, birth_place="75056"))

        refusal = assert_refused(Code.IDENTITY_EVIDENCE, lambda: recover(other, answer(), BY))
        assert "birth place" in refusal.message
        assert recover(other, answer(), BY, accepting=("birth_place",)).after.traits == TRAITS

    def test_accepting_another_trait_than_the_one_that_differs_is_refused(self):
        other = held(traits=replace(TRAITS, birth_place="75056"))

        assert_refused(Code.IDENTITY_EVIDENCE, lambda: recover(other, answer(), BY, accepting=("sex",)))
        assert_refused(Code.IDENTITY_EVIDENCE, lambda: recover(held(), answer(), BY, accepting=("sex",)))

    def test_local_sex_i_is_a_difference_to_accept(self):
        other = held(traits=replace(TRAITS, sex=Sex.INDETERMINATE))

        assert_refused(Code.IDENTITY_EVIDENCE, lambda: recover(other, answer(), BY))
        assert recover(other, answer(), BY, accepting=("sex",)).after.traits.sex is Sex.MALE

    def test_validated_identity_accepts_no_difference_from_what_its_document_proved(self):
        other = held(S.VALI, traits=replace(TRAITS, birth_place="75056"))

        assert_refused(Code.IDENTITY_EVIDENCE, lambda: recover(other, answer(), BY, accepting=("birth_place",)))


ACCEPTED = {
    Nationality.FRENCH: {"CN", "PA"},
    Nationality.EUROPEAN: {"CN", "PA", "CS"},
    Nationality.OTHER: {"PA", "CS"},
}
ELECTRONIC = {"eCN", "IN", "AV"}


class TestDocuments:
    @pytest.mark.parametrize(("nationality", "kind"), list(product(Nationality, DocumentKind)))
    def test_document_of_an_adult_is_accepted_by_nationality(self, nationality, kind):
        seen = DocumentSeen(kind, nationality, TODAY, "a further proof")

        if kind in ACCEPTED[nationality] | ELECTRONIC:
            assert validate(held(), seen, BY).after.status is S.VALI
        else:
            assert_refused(Code.IDENTITY_EVIDENCE, lambda: validate(held(), seen, BY))

    @pytest.mark.parametrize("code", ["PC", "LEP", "LECV", "ANCV", "CC", "", "permis"])
    def test_driving_licence_and_codes_of_unread_meaning_are_no_documents(self, code):
        with pytest.raises(ValueError, match="not a valid DocumentKind"):
            DocumentKind(code)

    @pytest.mark.parametrize("kind", [DocumentKind.BIRTH_RECORD, DocumentKind.FAMILY_RECORD_BOOK])
    def test_birth_record_is_for_minors_and_with_a_further_proof(self, kind):
        apprentice = held(traits=replace(TRAITS, birth_date=BirthDate("2009-07-14")))
        alone = DocumentSeen(kind, Nationality.FRENCH, TODAY)

        assert_refused(Code.IDENTITY_EVIDENCE, lambda: validate(apprentice, alone, BY))
        assert validate(apprentice, replace(alone, further_proof="a parent's card"), BY).after.status is S.VALI

    @pytest.mark.parametrize(("born", "accepted"), [("2008-01-16", True), ("2008-01-15", False), ("2008-00-00", True)])
    def test_majority_is_counted_to_the_day_the_document_was_seen(self, born, accepted):
        seen = DocumentSeen(DocumentKind.BIRTH_RECORD, Nationality.FRENCH, TODAY, "a parent's card")
        person = held(traits=replace(TRAITS, birth_date=BirthDate(born)))

        if accepted:
            assert validate(person, seen, BY).after.status is S.VALI
        else:
            assert_refused(Code.IDENTITY_EVIDENCE, lambda: validate(person, seen, BY))

    def test_document_of_tomorrow_is_refused(self):
        assert_refused(Code.IDENTITY_EVIDENCE, lambda: validate(held(), replace(CARD, seen_on=Day(2026, 1, 16)), BY))


class TestFallingBack:
    @pytest.mark.parametrize("status", list(S))
    def test_changed_trait_makes_any_identity_provisional_and_gives_up_its_ins(self, status):
        move = change_traits(held(status), replace(TRAITS, birth_place="75056"), BY)

        assert (move.after.status, move.after.ins, move.after.former, move.after.verified_on) == (
            S.PROV,
            None,
            (),
            None,
        )
        assert move.given_up == (ACTIVE if status.has_ins else None)
        assert move.kind is MoveKind.TRAITS_CHANGED

    def test_traits_that_do_not_change_move_nothing(self):
        assert_refused(Code.IDENTITY_STATUS, lambda: change_traits(held(S.QUAL), TRAITS, BY))

    @pytest.mark.parametrize(("status", "attribute"), list(product(S, [A.DOUTEUX, A.FICTIF])))
    def test_doubtful_or_fictitious_identity_is_provisional_and_forbids_calls(self, status, attribute):
        move = mark(held(status), attribute, BY)

        assert (move.after.status, move.after.ins) == (S.PROV, None)
        assert_refused(Code.IDENTITY_CALL_FORBIDDEN, lambda: check_call_allowed(move.after.attributes))
        assert_refused(Code.IDENTITY_CALL_FORBIDDEN, lambda: recover(move.after, answer(), BY))
        assert_refused(Code.IDENTITY_STATUS, lambda: validate(move.after, CARD, BY))

    @pytest.mark.parametrize("status", list(S))
    def test_homonym_keeps_its_status_and_may_be_asked_about(self, status):
        move = mark(held(status), A.HOMONYME, BY)

        assert (move.after.status, move.after.ins) == (status, held(status).ins)
        check_call_allowed(move.after.attributes)

    def test_doubtful_and_homonym_go_together_and_fictitious_stands_alone(self):
        assert mark(held(attributes=[A.HOMONYME]), A.DOUTEUX, BY).after.attributes == {A.HOMONYME, A.DOUTEUX}
        for first, second in ((A.FICTIF, A.HOMONYME), (A.HOMONYME, A.FICTIF), (A.DOUTEUX, A.FICTIF)):
            assert_refused(Code.IDENTITY_STATUS, lambda f=first, s=second: mark(held(attributes=[f]), s, BY))

    def test_removed_mark_does_not_give_back_what_was_invalidated(self):
        marked = mark(held(S.QUAL), A.DOUTEUX, BY).after

        assert unmark(marked, A.DOUTEUX, BY).after == held(S.PROV)
        assert_refused(Code.IDENTITY_STATUS, lambda: unmark(held(), A.DOUTEUX, BY))
        assert_refused(Code.IDENTITY_STATUS, lambda: mark(marked, A.DOUTEUX, BY))

    def test_identity_is_withdrawn_by_a_person(self):
        move = withdraw(held(S.QUAL), BY)

        assert (move.after.status, move.given_up, move.kind) == (S.PROV, ACTIVE, MoveKind.WITHDRAWN)
        assert_refused(Code.IDENTITY_STATUS, lambda: withdraw(held(), BY))


class TestVerifiedAgain:
    def test_verified_identity_keeps_its_status_and_renews_its_day(self):
        identity = replace(held(S.QUAL), verified_on=Day(2020, 1, 1))

        move = confirm(identity, verification_of(identity.qualified(), answer(former=[FORMER])), BY)

        assert move.after == replace(identity, verified_on=TODAY, former=(FORMER,))

    def test_identity_that_insi_does_not_bear_out_is_not_confirmed(self):
        identity = held(S.QUAL)
        for found in (
            answer(code=InsiCode.NONE),
            answer(code=InsiCode.SEVERAL),
            answer(replace(TRAITS, birth_place="75056")),
        ):
            verification = verification_of(identity.qualified(), found)
            assert_refused(Code.IDENTITY_EVIDENCE, lambda v=verification: confirm(identity, v, BY))

    def test_verification_of_another_identity_confirms_nothing(self):
        other = replace(TRAITS, birth_given_names=("JEAN",))
        verification = verification_of(held(S.QUAL, traits=other).qualified(), answer(other))

        assert_refused(Code.IDENTITY_EVIDENCE, lambda: confirm(held(S.QUAL), verification, BY))
        assert_refused(Code.IDENTITY_STATUS, lambda: confirm(held(), verification, BY))

    def test_changed_matricule_is_refreshed_where_insi_names_the_old_one(self):
        move = refresh_matricule(held(S.QUAL, ins=FORMER), answer(former=[FORMER]), BY)

        assert (move.after.ins, move.after.status, move.given_up) == (ACTIVE, S.QUAL, FORMER)

    @pytest.mark.parametrize(
        "found",
        [
            answer(),
            answer(ins=FORMER, former=[FORMER]),
            answer(code=InsiCode.NONE),
            answer(replace(TRAITS, birth_place="75056"), former=[FORMER]),
        ],
    )
    def test_matricule_is_not_refreshed_on_less(self, found):
        assert_refused(Code.IDENTITY_EVIDENCE, lambda: refresh_matricule(held(S.QUAL, ins=FORMER), found, BY))

    def test_identity_without_ins_has_none_to_refresh(self):
        assert_refused(Code.IDENTITY_STATUS, lambda: refresh_matricule(held(), answer(), BY))


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("who", ""), ("who", "  "), ("who", "x" * 501)])
def test_move_without_person_or_reason_is_refused(by, reason):
    assert_refused(Code.IDENTITY_STATUS, lambda: Decision(by, reason, Instant(0)))


def test_answer_and_its_code_agree():
    with pytest.raises(ValueError, match="00 has an identity"):
        InsiAnswer(InsiOperation.TRAITS, InsiCode.FOUND, NOW, "m", b"")
