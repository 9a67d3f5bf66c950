"""Sentences for the identity desk, in French and English: what INSi said, where a status stands, what an alert is.

Always with what to do next; never the value of a trait. A worker whose identity cannot be obtained is told of in words
that a medical secretary can follow (reference/ins.md 4.4 and 3.3, [B]).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from connector.core.codes import Code
from connector.core.identity import IdentityStatus
from connector.core.identity_alerts import Alert, AlertKind, AlertState, Meeting
from connector.core.insi import InsiCode, VerificationResult
from connector.local import words
from connector.local.words import Language, Words

_Pair = tuple[tuple[str, str], tuple[str, str]]

_FOUND: Final[_Pair] = (
    (
        "L'INSi connaît une personne avec ces traits.",
        "Comparez ses traits avec une pièce d'identité à haut niveau de confiance avant de qualifier.",
    ),
    (
        "INSi knows one person with these traits.",
        "Compare these traits with a document of high trust before you qualify.",
    ),
)
_FOUND_OTHERWISE: Final[_Pair] = (
    (
        "L'INSi connaît une personne, mais ces traits diffèrent de ceux saisis : {traits}.",
        "Comparez-les avec une pièce d'identité ; n'acceptez que ce qu'elle confirme.",
    ),
    (
        "INSi knows a person, and these traits differ from those entered: {traits}.",
        "Compare them with an identity document; accept only what it bears out.",
    ),
)
_AGREES: Final[_Pair] = (
    ("INSi confirme l'identité.", "Rien à faire."),
    ("INSi bears the identity out.", "Nothing to do."),
)
_DIFFERS: Final[_Pair] = (
    (
        "INSi a une autre identité ; ce qui diffère : {traits}.",
        "Comparez avec une pièce d'identité, corrigez votre logiciel, vérifiez de nouveau. Une alerte est ouverte.",
    ),
    (
        "INSi has another identity; what differs: {traits}.",
        "Compare with an identity document, correct your software, verify again. An alert is open.",
    ),
)
_STATUSES: Final[Mapping[IdentityStatus, _Pair]] = {
    IdentityStatus.PROV: (
        ("Identité provisoire.", "Interrogez INSi par ses traits, et contrôlez une pièce à haut niveau de confiance."),
        ("Provisional identity.", "Ask INSi by its traits, and check a document of high trust."),
    ),
    IdentityStatus.RECUP: (
        (
            "Identité récupérée d'INSi, non contrôlée.",
            "Contrôlez une pièce d'identité à haut niveau de confiance ; d'ici là l'INS ne sort pas.",
        ),
        (
            "Identity recovered from INSi, not checked.",
            "Check an identity document of high trust; until then the INS does not leave.",
        ),
    ),
    IdentityStatus.VALI: (
        ("Identité validée par une pièce, sans INS.", "Interrogez INSi par ses traits."),
        ("Identity validated by a document, without INS.", "Ask INSi by its traits."),
    ),
    IdentityStatus.QUAL: (
        ("Identité qualifiée.", "Rien à faire."),
        ("Qualified identity.", "Nothing to do."),
    ),
}
_KINDS: Final[Mapping[AlertKind, tuple[str, str]]] = {
    AlertKind.TRAIT_DIFFERS: ("Même INS, traits différents : {traits}.", "The same INS, other traits: {traits}."),
    AlertKind.INS_DIFFERS: ("L'INS diffère. {traits}", "The INS differs. {traits}"),
    AlertKind.MATRICULE_CHANGED: (
        "L'INS demandé est un ancien INS de l'autre identité. {traits}",
        "The INS that was asked for is a former one of the other identity. {traits}",
    ),
}
_ALSO: Final = ("Diffèrent aussi : {traits}.", "Also different: {traits}.")
_MEETINGS: Final[Mapping[Meeting, tuple[str, str]]] = {
    Meeting.DESK: ("Saisie et votre logiciel.", "What was entered, and your software."),
    Meeting.INSI: ("Votre identité et INSi.", "Your identity, and INSi."),
    Meeting.PEER: ("Demande d'un autre service et votre logiciel.", "Another service's demand, and your software."),
}
_ALERT_NEXT: Final[Mapping[AlertState, tuple[str, str]]] = {
    AlertState.OPEN: (
        "Prenez l'alerte, comparez le dossier avec une pièce d'identité et avec INSi, corrigez, puis clôturez.",
        "Take the alert, compare the record with an identity document and with INSi, correct, then close it.",
    ),
    AlertState.TAKEN: (
        "Clôturez avec le motif, une fois l'identité vérifiée.",
        "Close it with the reason, once settled.",
    ),
    AlertState.CLOSED: ("Rien à faire.", "Nothing to do."),
}
_UNCONFIRMED: Final = (
    "Votre logiciel n'a pas pu être interrogé : ce statut est celui de la dernière demande.",
    "Your software could not be asked: this is the status at the last demand.",
)


def of_answer(code: InsiCode, differing: Sequence[str], language: Language) -> Words:
    """Tell what a search gave."""
    if code is InsiCode.FOUND:
        return _words(_FOUND_OTHERWISE if differing else _FOUND, differing, language)
    return words.of_code(Code.INSI_NONE if code is InsiCode.NONE else Code.INSI_SEVERAL, language)


def of_verification(result: VerificationResult, differing: Sequence[str], language: Language) -> Words:
    """Tell what a verification gave."""
    if result is VerificationResult.NOT_FOUND:
        return words.of_code(Code.INSI_NONE, language)
    if result is VerificationResult.SEVERAL:
        return words.of_code(Code.INSI_SEVERAL, language)
    return _words(_AGREES if result is VerificationResult.AGREES else _DIFFERS, differing, language)


def of_status(status: IdentityStatus, language: Language, *, confirmed: bool = True) -> Words:
    """Tell where a status stands."""
    told = _words(_STATUSES[status], (), language)
    return told if confirmed else Words(f"{told.text} {_UNCONFIRMED[_column(language)]}", told.next)


def of_alert(alert: Alert, language: Language) -> Words:
    """Tell what was seen, and what is to be done with it."""
    near_miss, column = alert.near_miss, _column(language)
    named = words.of_traits(near_miss.differing, language)
    if named and near_miss.kind is not AlertKind.TRAIT_DIFFERS:
        named = _ALSO[column].format(traits=named)
    seen = _KINDS[near_miss.kind][column].format(traits=named).strip()
    return Words(f"{seen} {_MEETINGS[near_miss.meeting][column]}", _ALERT_NEXT[alert.state][column])


def _words(pair: _Pair, differing: Sequence[str], language: Language) -> Words:
    text, then = pair[_column(language)]
    return Words(text.format(traits=words.of_traits(differing, language)), then)


def _column(language: Language) -> int:
    return 0 if language is Language.FR else 1
