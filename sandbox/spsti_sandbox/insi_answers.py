"""What the INSi simulator writes: answers and faults in the form of the recorded ones, and everything that is wrong.

The envelopes repeat the live answers of the qualification platform, prefixes included (reference/insi/samples); tests
compare them where those are at hand. The wrong ones are the bad input that a client must survive.
"""

from enum import StrEnum
from typing import Final
from xml.sax.saxutils import escape

from spsti_sandbox.insi_identities import SimulatedIdentity

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OPEN: Final = (
    f'<soap:Envelope xmlns:soap="{SOAP}"><env:Body xmlns:S="{SOAP}" xmlns:env="{SOAP}">'
    '<RESULTAT xmlns="http://www.cnamts.fr/INSiResultat" xmlns:ns0="http://www.cnamts.fr/INSiRecVit" '
    'xmlns:ns1="http://www.cnamts.fr/INSiRecSans">'
)
_CLOSE: Final = "</RESULTAT></env:Body></soap:Envelope>"
_LABELS: Final = {"00": "OK", "01": "Aucune identite trouvee", "02": "Plusieurs identites trouvees"}

OTHER_PERSON: Final = SimulatedIdentity("ADRUN", "ZOE", "F", "1975-12-31", "63220", "275126322074974")


class Behaviour(StrEnum):
    """How the simulator answers: as it should, or in one way of going wrong."""

    NORMAL = "normal"
    SLOW = "slow"
    HANG = "hang"
    DRIP = "drip"
    DOWN = "down"
    BUSY = "busy"
    CUT = "cut"
    NOT_HTTP = "not-http"
    REDIRECT = "redirect"
    FORBIDDEN = "forbidden"
    COMPRESSED = "compressed"
    NOT_XML = "not-xml"
    HTML_ERROR = "html-error"
    HTML_FAULT = "html-fault"
    HALF = "half"
    SHORT_BODY = "short-body"
    ENTITY_BOMB = "entity-bomb"
    EXTERNAL_ENTITY = "external-entity"
    HUGE = "huge"
    DEEP = "deep"
    SOAP_1_1 = "soap-1.1"
    EMPTY_BODY = "empty-body"
    TWO_BODIES = "two-bodies"
    OTHER_PERSON = "other-person"
    UNKNOWN_OID = "unknown-oid"
    DEAD_OID = "dead-oid"
    SOCIAL_SECURITY_OID = "social-security-oid"
    WRONG_KEY = "wrong-key"
    WRONG_FORMER_KEY = "wrong-former-key"
    NO_KEY = "no-key"
    NO_PLACE = "no-place"
    SEX_I = "sex-i"
    SMALL_LETTERS = "small-letters"
    TWO_IDENTITIES = "two-identities"
    NO_IDENTITY = "no-identity"
    NONE_WITH_IDENTITY = "none-with-identity"
    UNKNOWN_CODE = "unknown-code"
    ANSWER_WITH_500 = "answer-with-500"
    FAULT_WITH_200 = "fault-with-200"
    FAULT_SOFTWARE = "fault-software"
    FAULT_RIGHTS = "fault-rights"
    FAULT_TECHNICAL = "fault-technical"
    FAULT_UNKNOWN_SENDER = "fault-unknown-sender"
    FAULT_UNKNOWN_RECEIVER = "fault-unknown-receiver"
    FAULT_WITHOUT_CODE = "fault-without-code"


def answer(code: str, identity: SimulatedIdentity | None = None, **changed: str) -> bytes:
    """Write an answer; `changed` replaces parts of the identity by name (`oid`, `key`, `sex`, `place`, `again`)."""
    report = f"<CR><CodeCR>{code}</CodeCR><LibelleCR>{_LABELS.get(code, '?')}</LibelleCR></CR>"
    person = individual(identity, **changed) if identity else ""
    return (_HEAD + _OPEN + report + person + changed.get("again", "") + _CLOSE).encode()


def individual(identity: SimulatedIdentity, **changed: str) -> str:
    """Write `INDIVIDU`."""
    former = "".join(
        f"<INSHISTO>{_ins(old.matricule, old.oid)}{_days(old.begins, old.ends)}</INSHISTO>" for old in identity.history
    )
    active = identity.matricule[:13] + changed.get("key", identity.matricule[13:])
    first = f"<Prenom>{escape(identity.given_names.split(' ')[0])}</Prenom>" if identity.writes_prenom else ""
    place = changed.get("place", f"<LieuNaissance>{escape(identity.birth_place)}</LieuNaissance>")
    name = changed.get("birth_name", identity.birth_name)
    return (
        f"<INDIVIDU><INSACTIF>{_ins(active, changed.get('oid', identity.oid))}</INSACTIF>"
        f"{changed.get('former', former)}<TIQ>"
        f"<NomNaissance>{escape(name)}</NomNaissance>{first}"
        f"<ListePrenom>{escape(identity.given_names)}</ListePrenom><Sexe>{changed.get('sex', identity.sex)}</Sexe>"
        f"<DateNaissance>{identity.birth_date}</DateNaissance>{place}</TIQ></INDIVIDU>"
    )


def fault(
    blamed: str, subcode: str, code: str, reason: str, detail: str, *, severity: str = "erreur", message_id: str = ""
) -> bytes:
    """Write a SOAP fault; reason and detail are markup."""
    origin = f' messageID="{escape(message_id)}"' if message_id else ""
    told = (
        f'<soap:Detail><siram:Erreur code="{code}"{origin} severite="{severity}" xmlns:siram="urn:siram">'
        f"{detail}</siram:Erreur></soap:Detail>"
        if code
        else ""
    )
    return (
        f'{_HEAD}<soap:Envelope xmlns:soap="{SOAP}"><env:Body xmlns:env="{SOAP}"><soap:Fault><soap:Code>'
        f"<soap:Value>soap:{blamed}</soap:Value><soap:Subcode><soap:Value>soap:{subcode}</soap:Value></soap:Subcode>"
        f'</soap:Code><soap:Reason><soap:Text xml:lang="fr">{reason}</soap:Text></soap:Reason>{told}'
        "</soap:Fault></env:Body></soap:Envelope>"
    ).encode()


def software_fault(message_id: str = "") -> bytes:
    """Write desir_550 as it was recorded."""
    return fault(
        "Sender",
        "siram_100",
        "desir_550",
        "L'accès par ce progiciel au service n'est pas autorisé. Contactez l'éditeur du progiciel ou votre responsable "
        "informatique.",
        "Numéro d'autorisation du logiciel inconnu.",
        message_id=message_id,
    )


def rights_fault(message_id: str = "") -> bytes:
    """Write desir_560; its detail was quoted by an editor, its envelope is our guess."""
    return fault(
        "Sender",
        "siram_100",
        "desir_560",
        "Niveau d'accès insuffisant.",
        "Vous ne disposez pas des droits suffisants pour accéder à ce service",
        message_id=message_id,
    )


def technical_fault() -> bytes:
    """Write insi_102 as it was recorded, with the severity that its schema does not know."""
    return fault(
        "Receiver",
        "siram_40",
        "insi_102",
        "Le service est temporairement inaccessible. Veuillez renouveler votre demande ultérieurement. Si le problème "
        "persiste, contactez l'éditeur du progiciel ou votre responsable informatique.",
        "L'appel au service de recherche avec les traits d'identité renvoie une erreur technique.",
        severity="fatal",
    )


def refusal(rule: str) -> bytes:
    """Write the simulator's own refusal, with a code that no one takes for a national one."""
    return fault("Sender", "siram_100", "simulateur_1", "Requête refusée par le simulateur.", escape(rule))


def wrong_answer(behaviour: Behaviour, identity: SimulatedIdentity) -> bytes:
    """Write an answer 00 for this person that no client may rely on."""
    right = answer("00", identity)
    wrong = {
        Behaviour.HALF: right[: len(right) // 2],
        Behaviour.NOT_XML: b"%PDF-1.7 nothing of XML",
        Behaviour.ENTITY_BOMB: _bomb(),
        Behaviour.EXTERNAL_ENTITY: right.replace(
            b"<soap:Envelope", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><soap:Envelope', 1
        ).replace(b"</NomNaissance>", b"&e;</NomNaissance>"),
        Behaviour.HUGE: right.replace(b"<INDIVIDU>", b"<INDIVIDU>" + b" " * 2_000_000),
        Behaviour.DEEP: right.replace(b"<INDIVIDU>", b"<a>" * 5000 + b"</a>" * 5000 + b"<INDIVIDU>"),
        Behaviour.SOAP_1_1: right.replace(SOAP.encode(), b"http://schemas.xmlsoap.org/soap/envelope/"),
        Behaviour.EMPTY_BODY: f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body/></soap:Envelope>'.encode(),
        Behaviour.TWO_BODIES: right.replace(b"</soap:Envelope>", b"<soap:Body><a/></soap:Body></soap:Envelope>"),
        Behaviour.OTHER_PERSON: answer("00", OTHER_PERSON),
        Behaviour.UNKNOWN_OID: answer("00", identity, oid="1.2.250.1.213.1.4.77"),
        Behaviour.DEAD_OID: answer("00", identity, oid="1.2.250.1.213.1.4.2"),
        Behaviour.SOCIAL_SECURITY_OID: answer("00", identity, oid="1.2.250.1.213.1.4.13"),
        Behaviour.WRONG_KEY: answer("00", identity, key=f"{int(identity.matricule[13:]) % 97 + 1:02}"),
        Behaviour.WRONG_FORMER_KEY: answer(
            "00", identity, former=f"<INSHISTO>{_ins('2090763220834' + '40', identity.oid)}</INSHISTO>"
        ),
        Behaviour.NO_KEY: right.replace(f"<Cle>{identity.matricule[13:]}</Cle>".encode(), b""),
        Behaviour.NO_PLACE: answer("00", identity, place=""),
        Behaviour.SEX_I: answer("00", identity, sex="I"),
        Behaviour.SMALL_LETTERS: answer("00", identity, birth_name=identity.birth_name.lower()),
        Behaviour.TWO_IDENTITIES: answer("00", identity, again=individual(identity)),
        Behaviour.NO_IDENTITY: answer("00"),
        Behaviour.NONE_WITH_IDENTITY: answer("01", identity),
        Behaviour.UNKNOWN_CODE: answer("03"),
    }
    return wrong.get(behaviour, right)


def html_fault() -> bytes:
    """Write a fault whose texts are markup, as a gateway makes them."""
    page = "<html><body><h1>502</h1><script>alert(1)</script></body></html>"
    return fault("Receiver", "siram_40", "insi_102", page, page)


def _ins(matricule: str, oid: str) -> str:
    return (
        f"<IdIndividu><NumIdentifiant>{matricule[:13]}</NumIdentifiant><Cle>{matricule[13:]}</Cle></IdIndividu>"
        f"<OID>{oid}</OID>"
    )


def _days(begins: str, ends: str) -> str:
    return (f"<DateDeb>{begins}</DateDeb>" if begins else "") + (f"<DateFin>{ends}</DateFin>" if ends else "")


def _bomb() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'
        f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body><x>&l9;</x></soap:Body></soap:Envelope>'
    ).encode()
