"""What the INSi simulator demands of a request: every rule of reference/ins.md 4.2 to 4.4 that could be read.

Written apart from the client, so that both cannot share one mistake. The real service checks less here and more there:
docs/insi.md lists what this proves and what it does not. Where the national schemas are at hand (they may not be
copied), the three parts they describe are held against them too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lxml import etree

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
LPS: Final = "urn:siram:lps:ctxlps"
BAM: Final = "urn:siram:bam:ctxbam"
SANS: Final = "http://www.cnamts.fr/INSiRecSans"
VITALE: Final = "http://www.cnamts.fr/INSiRecVit"
ACTIONS: Final = {
    f"{{{SANS}}}RECSANSVITALE": "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite",
    f"{{{VITALE}}}RECVITALE": "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale",
}
MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=10)

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_BIRTH_NAME = re.compile(r"'?[A-Z]+(?:(?:-{1,2}|'| )[A-Z]+)*'?")
_GIVEN_NAMES = re.compile(r"[A-Z]+(?:[-' ][A-Z]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COG = re.compile(r"[A-Za-z0-9]{5}")
_NUMBER = re.compile(r"\d{6}[AB0-9]\d{6}")
_SCHEMAS = {
    f"{{{BAM}}}ContexteBAM": "CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
    f"{{{LPS}}}ContexteLPS": "CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    f"{{{SANS}}}RECSANSVITALE": "ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    f"{{{VITALE}}}RECVITALE": "ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
}

Element = Any


class Refused(Exception):
    """A request that breaks a rule, in the words of the rule."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked: by traits, or by a card's numbers."""

    message_id: str
    authorisation: str
    birth_name: str
    birth_date: str
    given_names: tuple[str, ...] = ()
    sex: str = ""
    birth_place: str = ""
    number: str = ""


@dataclass(slots=True)
class Reader:
    """Reads requests and remembers the MessageIDs that were used. `schemas` is the folder of the national XSDs."""

    schemas: Path | None = None
    _seen: set[str] = field(default_factory=set)
    _loaded: dict[str, Any] = field(default_factory=dict)

    def read(self, content: bytes, headers: Mapping[str, str], unit: str) -> Search:
        """Read one request of the structure `unit`, the OU of its certificate.

        Raises:
            Refused: the first rule that it breaks.
        """
        root = _parse(content)
        header, body = _only(root, SOAP, "Header"), _only(root, SOAP, "Body")
        _demand(len(body) == 1 and body[0].tag in ACTIONS, "the body holds neither RECSANSVITALE nor RECVITALE")
        question = body[0]
        _check_http(headers, ACTIONS[question.tag])
        _demand(_text(header, WSA, "Action") == ACTIONS[question.tag], "wsa:Action is not the one of the operation")
        _demand(
            not any("wssecurity" in child.tag for child in header), "wsse:Security stands in the mode by certificate"
        )
        message_id = _text(header, WSA, "MessageID")
        _demand(message_id.startswith("uuid:"), "wsa:MessageID does not begin with uuid:")
        _demand(bool(_UUID.fullmatch(message_id[5:])), "wsa:MessageID is no UUID")
        _demand(message_id not in self._seen, "wsa:MessageID was used before")
        self._seen.add(message_id)
        lps, bam = _only(header, LPS, "ContexteLPS"), _only(header, BAM, "ContexteBAM")
        _check_context(lps, LPS, "CTXLPS", "01_00", unit)
        _check_context(bam, BAM, "CTXBAM", "01_02", unit)
        for part in (lps, bam, question):
            self._check_schema(part)
        authorisation = _authorisation(lps)
        cover = _only(bam, BAM, "COUVERTURE")
        if question.tag.startswith(f"{{{SANS}}}"):
            _demand(len(cover) == 0 and not cover.text, "COUVERTURE is not empty for a search by traits")
            return _by_traits(question, message_id, authorisation)
        return _by_card(question, cover, message_id, authorisation)

    def _check_schema(self, part: Element) -> None:
        if self.schemas is None:
            return
        name = _SCHEMAS[part.tag]
        if name not in self._loaded:
            self._loaded[name] = etree.XMLSchema(etree.parse(str(self.schemas / name)))
        _demand(self._loaded[name].validate(part), f"{part.tag} is not valid against {name}")


def _parse(content: bytes) -> Element:
    _demand(b"<!DOCTYPE" not in content, "a document type")
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise Refused("no XML") from None
    _demand(root.tag == f"{{{SOAP}}}Envelope", "no envelope of SOAP 1.2")
    return root


def _check_http(headers: Mapping[str, str], action: str) -> None:
    media, *parameters = [part.strip() for part in headers.get("Content-Type", "").split(";")]
    _demand(media == "application/soap+xml", "Content-Type is not application/soap+xml")
    _demand("charset=utf-8" in [parameter.lower() for parameter in parameters], "Content-Type names no charset=utf-8")
    _demand(headers.get("SOAPAction", "").strip('"') == action, "SOAPAction is not the one of the operation")


def _check_context(context: Element, namespace: str, nature: str, version: str, unit: str) -> None:
    _demand(context.get("Nature") == nature, f"Nature is not {nature}")
    _demand(context.get("Version") == version, f"Version of {nature} is not {version}")
    _demand(bool(_UUID.fullmatch(_text(context, namespace, "Id"))), f"Id of {nature} is no UUID")
    _demand(_text(context, namespace, "Emetteur") == unit, "Emetteur is not the OU of the certificate")
    try:
        at = datetime.strptime(_text(context, namespace, "Temps"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refused(f"Temps of {nature} is no instant in UTC") from None
    _demand(abs(datetime.now(UTC) - at) < MAX_CLOCK_DIFFERENCE, f"Temps of {nature} is far from now")


def _authorisation(lps: Element) -> str:
    software = _only(lps, LPS, "LPS")
    _demand(_only(software, LPS, "IDAM").get("R") == "4", "IDAM has not R=4")
    version = _text(software, LPS, "Version")
    _demand(bool(_UUID.fullmatch(_text(software, LPS, "Instance"))), "Instance is no UUID")
    name = _text(software, LPS, "Nom")
    _demand(name.startswith("urn:lps:") and name.endswith(f":{version}"), "Nom is not urn:lps:<name>:<version>")
    return _text(software, LPS, "IDAM")


def _by_traits(question: Element, message_id: str, authorisation: str) -> Search:
    names = [child.tag.rpartition("}")[2] for child in question]
    order = ["NomNaissance", "Prenom", "Sexe", "DateNaissance", "LieuNaissance"]
    _demand(names in (order, order[:-1]), "the traits are not name, one Prenom, sex, date, and perhaps place, in order")
    birth_name, given_names = _text(question, SANS, "NomNaissance"), _text(question, SANS, "Prenom")
    _demand(bool(_BIRTH_NAME.fullmatch(birth_name)), "NomNaissance breaks the lexical rules")
    _demand(bool(_GIVEN_NAMES.fullmatch(given_names)), "Prenom breaks the lexical rules")
    sex, birth_date = _text(question, SANS, "Sexe"), _text(question, SANS, "DateNaissance")
    _demand(sex in {"M", "F"}, "Sexe is neither M nor F")
    _demand(bool(_DATE.fullmatch(birth_date)), "DateNaissance has another form")
    place = _text(question, SANS, "LieuNaissance") if len(question) == len(order) else ""
    _demand(not place or bool(_COG.fullmatch(place)), "LieuNaissance is no COG")
    return Search(message_id, authorisation, birth_name, birth_date, tuple(given_names.split(" ")), sex, place)


def _by_card(question: Element, cover: Element, message_id: str, authorisation: str) -> Search:
    insured, person = _only(cover, BAM, "ASSURE"), _only(cover, BAM, "BENEFICIAIRE")
    insured_number = _card_number(_only(question, VITALE, "MatriculeOD"))
    _demand(_text(_only(insured, BAM, "Id"), BAM, "Num") == insured_number[:13], "ASSURE is not MatriculeOD")
    own = question.findall(f"{{{VITALE}}}MatriculeIndividu")
    number = _card_number(own[0]) if own else insured_number
    birth_date = _text(question, VITALE, "DateNaissance")
    _demand(bool(_DATE.fullmatch(birth_date)), "DateNaissance has another form")
    _demand(_text(person, BAM, "DateNai") == birth_date, "DateNai of the cover is not DateNaissance")
    _demand(_text(person, BAM, "Rang") == _text(question, VITALE, "RangNaissance"), "Rang is not RangNaissance")
    if own:
        _demand(_text(_only(person, BAM, "Nir"), BAM, "Num") == number[:13], "Nir is not MatriculeIndividu")
    names = question.findall(f"{{{VITALE}}}NomNaissance")
    return Search(message_id, authorisation, names[0].text if names else "", birth_date, number=number)


def _card_number(holder: Element) -> str:
    number = _text(holder, VITALE, "NumIdentifiant")
    _demand(bool(_NUMBER.fullmatch(number)), "NumIdentifiant has another form")
    return number + _text(holder, VITALE, "Cle")


def _only(parent: Element, namespace: str, name: str) -> Element:
    found = parent.findall(f"{{{namespace}}}{name}")
    _demand(len(found) == 1, f"{name} stands there {len(found)} times")
    return found[0]


def _text(parent: Element, namespace: str, name: str) -> str:
    found = _only(parent, namespace, name)
    _demand(len(found) == 0 and bool(found.text), f"{name} is empty")
    return str(found.text)


def _demand(holds: bool, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise Refused(rule)
