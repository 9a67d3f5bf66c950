"""An answer of INSi, read whole and held against the question before anything may rely on it.

Elements are found by name, in any order: an answer file that CNDA itself hands out has them in another order than the
schema (reference/insi/README). What matters is checked here: key, OID, the five traits in INSi's own spelling, and that
the person is the one asked for. An answer is taken or refused whole; nothing is repaired.
"""

from dataclasses import dataclass
from typing import Final

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import IdentityFault, InsiFault
from connector.core.insi import InsiAnswer, InsiCode, InsiIdentity, InsiOperation, VitaleCard
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.core.spelling import first_name_agrees, fold
from connector.core.traits import Sex, StrictTraits
from connector.insi.faults import fault_of
from connector.insi.order import TraitsQuery
from connector.insi.transport import Reply
from connector.insi.xml import SOAP, Element, body_of, children, is_named, text_of, unreadable

RESULT: Final = "http://www.cnamts.fr/INSiResultat"

MAX_FORMER: Final = 100
"""Entries of INSHISTO (our rule): the history is limited to ten changes upstream (ins.md 4.5)."""

CARD_NAME_LENGTH: Final = 27
"""From this length on a name on the card may have been cut ([C]): then it need only begin the full one."""

_TRAITS = (
    ("birth_name", "NomNaissance"),
    ("birth_given_names", "ListePrenom"),
    ("sex", "Sexe"),
    ("birth_date", "DateNaissance"),
    ("birth_place", "LieuNaissance"),
)


@dataclass(frozen=True, slots=True)
class Call:
    """What an answer belongs to: the operation, when it came, and the message it answers."""

    operation: InsiOperation
    at: Instant
    message_id: str


def read_answer(reply: Reply, call: Call, query: TraitsQuery | VitaleCard, oids: frozenset[InsOid]) -> InsiAnswer:
    """Read what INSi answered; `oids` are those that this platform may give.

    Raises:
        InsiFault: INSi's own fault; `insi.unreadable`; `insi.answer_invalid`: wrong key, missing or impossible parts,
            parts that contradict the code; `insi.answer_oid`: an OID that is no INS or of another world;
            `insi.other_person`: not the person asked for.
    """
    inside = body_of(reply.content)
    if is_named(inside, SOAP, "Fault"):
        raise fault_of(inside)
    if not reply.is_success or not is_named(inside, RESULT, "RESULTAT"):
        raise unreadable("an envelope with neither RESULTAT nor a fault, or not with the HTTP status of it")
    code = _code(inside)
    people = children(inside, RESULT, "INDIVIDU")
    if len(people) != (1 if code is InsiCode.FOUND else 0):
        raise _invalid(f"code {code} with {len(people)} identities")
    if code is not InsiCode.FOUND:
        return InsiAnswer(call.operation, code, call.at, call.message_id, reply.content)
    identity = _identity(people[0], oids)
    differing = _against_traits(query, identity) if isinstance(query, TraitsQuery) else _against_card(query, identity)
    return InsiAnswer(call.operation, code, call.at, call.message_id, reply.content, identity, differing)


def _code(result: Element) -> InsiCode:
    text = text_of(_one(_one(result, "CR"), "CodeCR"))
    for code in InsiCode:
        if text == code.value:
            return code
    raise _invalid("a return code that is none of 00, 01, 02")


def _identity(person: Element, oids: frozenset[InsOid]) -> InsiIdentity:
    ins = _ins(_one(person, "INSACTIF"), oids)
    former, unreadable_former = [], 0
    history = children(person, RESULT, "INSHISTO")
    if len(history) > MAX_FORMER:
        raise _invalid(f"a history of more than {MAX_FORMER} entries")
    for entry in history:
        try:
            former.append(_ins(entry, oids))
        except InsiFault:
            unreadable_former += 1
    return InsiIdentity(ins, _traits(_one(person, "TIQ")), tuple(former), unreadable_former)


def _ins(holder: Element, oids: frozenset[InsOid]) -> Ins:
    number = _one(holder, "IdIndividu")
    value = text_of(_one(number, "NumIdentifiant")) + text_of(_one(number, "Cle"))
    try:
        ins = Ins.parse(text_of(_one(holder, "OID")), value)
    except IdentityFault as error:
        if error.code is Code.IDENTITY_OID:
            raise _wrong_oid(error.got) from None
        raise _invalid(f"a matricule with {error.got}") from None
    if ins.oid not in oids:
        raise _wrong_oid("an OID of another environment")
    return ins


def _traits(tiq: Element) -> StrictTraits:
    texts = {}
    for name, tag in _TRAITS:
        found = children(tiq, RESULT, tag)
        if tag == "ListePrenom" and not found:
            found = children(tiq, RESULT, "Prenom")
        if len(found) != 1:
            raise _invalid(f"{tag} {len(found)} times")
        texts[name] = text_of(found[0])
    try:
        traits = StrictTraits.from_json(texts)
    except IdentityFault as error:
        raise _invalid(f"{error.field}: {error.got}") from None
    if traits.sex is Sex.INDETERMINATE:
        raise _invalid("sex: the local value I")
    return traits


def _against_traits(query: TraitsQuery, found: InsiIdentity) -> tuple[str, ...]:
    """Refuse another person, and name what else of the question the answer does not bear out."""
    traits = found.traits
    listed = " ".join(traits.birth_given_names)
    asked, words = _words(query.given_names), _words(listed)
    others = {
        "birth name": fold(query.birth_name) == fold(traits.birth_name),
        "sex": query.sex == traits.sex.value,
        "birth date": BirthDate(query.birth_date).resolved() == traits.birth_date.resolved(),
        "given names": any(words[at : at + len(asked)] == asked for at in range(len(words))),
        "birth place": query.birth_place in {None, traits.birth_place},
    }
    _refuse_others(others)
    # INSi also finds by a later given name.
    return () if first_name_agrees(query.given_names, listed) else ("birth_given_names",)


def _against_card(card: VitaleCard, found: InsiIdentity) -> tuple[str, ...]:
    name = fold(found.traits.birth_name)
    own = fold(card.birth_name) if card.birth_name is not None else name
    _refuse_others(
        {
            "birth name": own == name or (len(own) >= CARD_NAME_LENGTH and name.startswith(own)),
            "birth date": card.birth_date.resolved() == found.traits.birth_date.resolved(),
        }
    )
    return ()


def _refuse_others(agreements: dict[str, bool]) -> None:
    differing = [name for name, agrees in agreements.items() if not agrees]
    if differing:
        raise InsiFault(
            f"INSi: the answer is about another person than the one asked for ({', '.join(differing)})",
            code=Code.INSI_OTHER_PERSON,
            hint="nothing was taken over; tell the software's support, with the time of the call",
        )


def _words(text: str) -> list[str]:
    return fold(text).split()


def _one(parent: Element, name: str) -> Element:
    found = children(parent, RESULT, name)
    if len(found) != 1:
        raise _invalid(f"{name} {len(found)} times")
    return found[0]


def _invalid(got: str) -> InsiFault:
    return InsiFault(
        f"INSi: the answer cannot be relied on, it has {got}",
        code=Code.INSI_ANSWER_INVALID,
        hint="nothing was taken over; tell the software's support, with the time of the call",
    )


def _wrong_oid(got: str) -> InsiFault:
    return InsiFault(
        f"INSi: the answer has {got}, expected an OID of an INS that this platform gives",
        code=Code.INSI_ANSWER_OID,
        hint="nothing was taken over; check which platform of INSi is configured",
    )
