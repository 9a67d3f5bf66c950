"""The two requests of the public WSDL as SOAP 1.2 envelopes, header by header (reference/ins.md 4.2 to 4.4).

In the mode of a legal person the certificate is the proof, so there is no `wsse:Security`: an empty one is not valid
against the schema. `wsa:Action` stands in no header part of the WSDL and is sent by every client. The schemas are not
ours to copy: tests hold what is written here against them where they are at hand.
"""

from dataclasses import dataclass
from typing import Final

from connector.core.insi import InsiOperation, VitaleCard
from connector.core.instant import Instant, rfc3339
from connector.insi.order import TraitsQuery
from connector.insi.settings import Software
from connector.insi.xml import Element, element, envelope

WSA: Final = "http://www.w3.org/2005/08/addressing"
LPS: Final = "urn:siram:lps:ctxlps"
BAM: Final = "urn:siram:bam:ctxbam"
BY_TRAITS: Final = "http://www.cnamts.fr/INSiRecSans"
BY_VITALE: Final = "http://www.cnamts.fr/INSiRecVit"

_SERVICE = "urn:ServiceIdentiteCertifiee:1.0.0:"
ACTIONS: Final = {
    InsiOperation.TRAITS: _SERVICE + "rechercherInsAvecTraitsIdentite",
    InsiOperation.VITALE: _SERVICE + "rechercherInsAvecCarteVitale",
}


@dataclass(frozen=True, slots=True)
class CallHeader:
    """What one call says of itself: three UUIDs that are new each time, the time, and who sends it."""

    message_id: str
    lps_id: str
    bam_id: str
    at: Instant
    emitter: str
    software: Software


def new_uuid(random: bytes) -> str:
    """Write 16 random bytes as a UUID of version 4 (RFC 9562 section 5.4), as INSi wants its ids."""
    value = bytearray(random)
    value[6] = value[6] & 0x0F | 0x40
    value[8] = value[8] & 0x3F | 0x80
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def traits_envelope(query: TraitsQuery, header: CallHeader) -> bytes:
    """Write a search by traits (WS_INS2); several given names stand in one `Prenom`, as recorded clients send them."""
    fields = (
        ("NomNaissance", query.birth_name),
        ("Prenom", query.given_names),
        ("Sexe", query.sex),
        ("DateNaissance", query.birth_date),
        ("LieuNaissance", query.birth_place),
    )
    body = element(
        BY_TRAITS,
        "RECSANSVITALE",
        None,
        *(element(BY_TRAITS, name, value) for name, value in fields if value is not None),
    )
    return envelope(_headers(InsiOperation.TRAITS, header, element(BAM, "COUVERTURE")), body)


def vitale_envelope(card: VitaleCard, header: CallHeader) -> bytes:
    """Write a search with what a Vitale card says (WS_INS1): in the body, and as cover in `ContexteBAM`."""
    number = element(BAM, "Id", None, *_number(BAM, "Num", card.insured.body, card.insured.key))
    person = []
    if card.individual is not None:
        person.append(element(BAM, "Nir", None, *_number(BAM, "Num", card.individual.body, card.individual.key)))
    person += [element(BAM, "DateNai", card.birth_date.value), element(BAM, "Rang", str(card.rank))]
    cover = element(
        BAM, "COUVERTURE", None, element(BAM, "ASSURE", None, number), element(BAM, "BENEFICIAIRE", None, *person)
    )
    fields = []
    for name, matricule in (("MatriculeIndividu", card.individual), ("MatriculeOD", card.insured)):
        if matricule is not None:
            fields.append(
                element(BY_VITALE, name, None, *_number(BY_VITALE, "NumIdentifiant", matricule.body, matricule.key))
            )
    if card.birth_name is not None:
        fields.append(element(BY_VITALE, "NomNaissance", card.birth_name))
    fields += [
        element(BY_VITALE, "DateNaissance", card.birth_date.value),
        element(BY_VITALE, "RangNaissance", str(card.rank)),
    ]
    return envelope(_headers(InsiOperation.VITALE, header, cover), element(BY_VITALE, "RECVITALE", None, *fields))


def _headers(operation: InsiOperation, header: CallHeader, cover: Element) -> tuple[Element, ...]:
    software = header.software
    lps = element(
        LPS,
        "LPS",
        None,
        element(LPS, "IDAM", software.authorisation, R="4"),
        element(LPS, "Version", software.version),
        element(LPS, "Instance", software.instance),
        element(LPS, "Nom", f"urn:lps:{software.name}:{software.version}"),
    )
    return (
        element(
            BAM,
            "ContexteBAM",
            None,
            *_context(BAM, header.bam_id, header),
            cover,
            Nature="CTXBAM",
            Version="01_02",
        ),
        element(LPS, "ContexteLPS", None, *_context(LPS, header.lps_id, header), lps, Nature="CTXLPS", Version="01_00"),
        element(WSA, "Action", ACTIONS[operation]),
        element(WSA, "MessageID", f"uuid:{header.message_id}"),
    )


def _context(namespace: str, own_id: str, header: CallHeader) -> tuple[Element, ...]:
    return (
        element(namespace, "Id", own_id),
        element(namespace, "Temps", rfc3339(header.at)),
        element(namespace, "Emetteur", header.emitter),
    )


def _number(namespace: str, name: str, body: str, key: str) -> tuple[Element, Element]:
    return element(namespace, name, body), element(namespace, "Cle", key)
