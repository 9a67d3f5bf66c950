"""Against the published schemas and recorded samples, where they are at hand; they may not be copied here."""

import json
import re

import pytest
from lxml import etree

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import InsiFault
from connector.core.insi import InsiCode, InsiOperation, VitaleCard
from connector.core.instant import Instant
from connector.core.matricule import Matricule
from connector.core.oid import InsOid
from connector.insi.answer import Call, read_answer
from connector.insi.order import TraitsQuery
from connector.insi.request import CallHeader, traits_envelope, vitale_envelope
from connector.insi.settings import Software
from connector.insi.transport import Reply
from spsti_sandbox import insi_answers
from spsti_sandbox.insi_identities import PUBLISHED, WRONG_KEY
from tests.insi.conftest import INSTANCE, NO_REFERENCE, REFERENCE

pytestmark = pytest.mark.skipif(not (REFERENCE / "samples").exists(), reason=NO_REFERENCE)

SOAP = "http://www.w3.org/2003/05/soap-envelope"
HEADER = CallHeader(
    message_id="44444444-4444-4444-8444-444444444444",
    lps_id="11111111-1111-4111-8111-111111111111",
    bam_id="33333333-3333-4333-8333-333333333333",
    at=Instant(1768469400),
    emitter="10B0000000",
    software=Software("NUMAUTORISATION", "example", "1.0.0", INSTANCE),
)
ARTAGNAN = TraitsQuery("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN", "M", "2001-06-17", "63220")
CARD = VitaleCard(
    insured=Matricule("279035121518989"),
    individual=Matricule("279035121518989"),
    birth_date=BirthDate("1979-03-28"),
    birth_name="PAT-TROIS",
)
SCHEMAS = {
    "ContexteBAM": "CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
    "ContexteLPS": "CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    "RECSANSVITALE": "ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    "RECVITALE": "ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
    "RESULTAT": "ServiceIdentiteCertifiee/INSi_RESULTAT_INS.xsd",
    "Action": "WSA/ws-addr.xsd",
    "MessageID": "WSA/ws-addr.xsd",
}


def canonical(element):
    """Names with their namespaces, attributes and texts; prefixes and white space between elements do not count."""
    return (
        element.tag,
        tuple(sorted(element.attrib.items())),
        (element.text or "").strip(),
        tuple(canonical(child) for child in element if isinstance(child.tag, str)),
    )


def parts(content):
    root = etree.fromstring(content)
    header, body = root.find(f"{{{SOAP}}}Header"), root.find(f"{{{SOAP}}}Body")
    return [canonical(child) for child in (*(header if header is not None else ()), *body)]


def sample(name):
    return (REFERENCE / "samples" / name).read_bytes()


def assert_valid(element):
    name = etree.QName(element).localname
    schema = etree.XMLSchema(etree.parse(REFERENCE / "wsdl" / "xsd" / SCHEMAS[name]))
    assert schema.validate(element), f"{name}: {schema.error_log}"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (traits_envelope(ARTAGNAN, HEADER), "own_rechercherInsAvecTraitsIdentite_mtls.xml"),
        (vitale_envelope(CARD, HEADER), "own_rechercherInsAvecCarteVitale_mtls.xml"),
    ],
)
def test_request_is_the_sample_and_valid_part_by_part(written, name):
    assert parts(written) == parts(sample(f"requests/{name}"))
    root = etree.fromstring(written)
    for element in (*root[0], *root[1]):
        assert_valid(element)


def test_card_without_a_number_of_its_own_makes_a_valid_request():
    root = etree.fromstring(vitale_envelope(VitaleCard(CARD.insured, BirthDate("1950-00-00"), 2), HEADER))

    for element in (*root[0], *root[1]):
        assert_valid(element)


def test_wsdl_names_the_actions_that_are_sent():
    wsdl = (REFERENCE / "wsdl" / "DESIR_ICIR_EXP_1.5.0.wsdl").read_text()

    for written in (traits_envelope(ARTAGNAN, HEADER), vitale_envelope(CARD, HEADER)):
        action = re.search(rb"<Action[^>]*>([^<]+)<", written)[1].decode()
        assert f'soapAction="{action}"' in wsdl


def read(content, query, operation=InsiOperation.TRAITS, *, is_success=True):
    return read_answer(Reply(content, is_success), Call(operation, Instant(0), "id"), query, frozenset(InsOid))


@pytest.mark.parametrize(
    ("name", "query", "matricule", "former"),
    [
        ("live_00_ADRTROIS_DOMINIQUE", ("ADRTROIS", "DOMINIQUE", "F", "1997-02-26"), "297022A02077878", 0),
        ("live_00_ADRTROIS_TOUSSAINT", ("ADRTROIS", "TOUSSAINT", "M", "1960-01-01", "2B020"), "160012B02077713", 0),
        ("live_00_TCHITCHI_CATARINA", ("TCHITCHI", "CATARINA", "F", "1936-06-21"), "236066322083656", 0),
        (
            "live_00_ECETINSI_PIERRE-ALAIN_inshisto",
            ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14"),
            "109076322083489",
            1,
        ),
        ("TEST_2.04_cas2", ("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14"), "109076322083489", 2),
        ("TEST_2.05", ("PROVISOIRE", "MATRICULE", "M", "2009-07-01"), "109076322088835", 0),
        ("TEST_2.08_cas1", ("CORSE", "ANTHONY", "M", "1980-03-02"), "180032B02040123", 1),
    ],
)
def test_recorded_answer_is_read(name, query, matricule, former):
    content = sample(f"responses/{name}.xml")

    answer = read(content, TraitsQuery(*query))

    assert answer.identity.ins.matricule.value == matricule
    assert len(answer.identity.former) == former
    assert answer.raw == content


def test_recorded_answer_with_a_wrong_key_is_refused():
    with pytest.raises(InsiFault) as refusal:
        read(sample("responses/TEST_2.08_cas2.xml"), TraitsQuery("HERMANN", "GATIEN", "M", "1981-03-24"))

    assert refusal.value.code is Code.INSI_ANSWER_INVALID


@pytest.mark.parametrize(
    ("name", "code"), [("REP_CR01", InsiCode.NONE), ("live_02_plusieurs_identites", InsiCode.SEVERAL)]
)
def test_recorded_answer_without_identity_is_read(name, code):
    assert read(sample(f"responses/{name}.xml"), ARTAGNAN).code is code


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("live_fault_siram_100_desir_550", Code.INSI_NOT_AUTHORISED, "desir_550"),
        ("live_fault_siram_40_insi_102", Code.INSI_UNAVAILABLE, "insi_102"),
    ],
)
def test_recorded_fault_is_told_in_our_codes(name, code, told):
    with pytest.raises(InsiFault) as refusal:
        read(sample(f"responses/{name}.xml"), ARTAGNAN, is_success=False)

    assert (refusal.value.code, refusal.value.service_code) == (code, told)


@pytest.mark.parametrize(
    ("name", "birth_name", "given_names"),
    [
        ("live_00_ADRTROIS_DOMINIQUE", "ADRTROIS", "DOMINIQUE"),
        ("live_00_ADRTROIS_TOUSSAINT", "ADRTROIS", "TOUSSAINT"),
        ("live_00_TCHITCHI_CATARINA", "TCHITCHI", "CATARINA BELLA"),
        ("TEST_2.05", "PROVISOIRE", "MATRICULE"),
        ("TEST_2.08_cas1", "CORSE", "ANTHONY"),
        ("TEST_2.08_cas2", "HERMANN", "GATIEN"),
    ],
)
def test_simulator_answers_as_was_recorded(name, birth_name, given_names):
    person = next(p for p in (*PUBLISHED, *WRONG_KEY) if (p.birth_name, p.given_names) == (birth_name, given_names))

    assert parts(insi_answers.answer("00", person)) == parts(sample(f"responses/{name}.xml"))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (insi_answers.answer("01"), "REP_CR01"),
        (insi_answers.answer("02"), "live_02_plusieurs_identites"),
        (insi_answers.software_fault("uuid:b3549edd-4ae9-472a-b26f-fd2fb4ef397f"), "live_fault_siram_100_desir_550"),
    ],
)
def test_simulator_answers_without_identity_as_was_recorded(written, name):
    recorded = parts(sample(f"responses/{name}.xml"))

    assert parts(written) == recorded


def test_every_right_answer_of_the_simulator_is_valid():
    for person in (*PUBLISHED, *WRONG_KEY):
        assert_valid(
            etree.fromstring(insi_answers.answer("00", person)).find(
                f".//{{{'http://www.cnamts.fr/INSiResultat'}}}RESULTAT"
            )
        )


def test_simulator_holds_every_published_identity():
    published = json.loads((REFERENCE / "test-identities.json").read_text())

    for group, held in (("valid", PUBLISHED), ("wrong_key", WRONG_KEY)):
        assert {
            (p.birth_name, p.given_names, p.sex, p.birth_date, p.birth_place, p.matricule, p.oid) for p in held
        } == {
            (
                p["birth_name"],
                p["birth_given_names"],
                p["sex"],
                p["birth_date"],
                p["birth_place_cog"],
                p["matricule"],
                p["oid"],
            )
            for p in published[group]
        }
