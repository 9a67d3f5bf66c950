"""INSi goes wrong in every way we know: a clear error with a stable code, journalled, and nothing relied on."""

import threading
from dataclasses import replace

import pytest

from connector.core.codes import Code
from connector.core.days import BirthDate
from connector.core.errors import ConfigFault, InsiFault
from connector.core.insi import InsiCode, InsiOperation, VitaleCard
from connector.core.matricule import Matricule
from connector.insi.cache import MemoryAnswers
from connector.insi.order import TraitsQuery
from connector.insi.request import CallHeader, new_uuid, traits_envelope
from connector.insi.service import InsiService
from connector.insi.settings import Software
from connector.insi.transport import Destination, MutualTls
from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.insi_simulator import client_leaf
from spsti_sandbox.pki import Pki
from tests.insi.conftest import BY, INSTANCE, Clock, Entropy, House, traits

# The person asked for, whose name and matricule no error may repeat.
PERSONAL = ("ECETINSI", "PIERRE-ALAIN", "109076322083489", "1090763220834")

FAULTS = {
    Behaviour.DOWN: (Code.INSI_UNAVAILABLE, ""),
    Behaviour.BUSY: (Code.INSI_BUSY, ""),
    Behaviour.CUT: (Code.INSI_UNREACHABLE, ""),
    Behaviour.NOT_HTTP: (Code.INSI_UNREADABLE, ""),
    Behaviour.REDIRECT: (Code.INSI_UNREADABLE, ""),
    Behaviour.FORBIDDEN: (Code.INSI_NOT_AUTHORISED, ""),
    Behaviour.COMPRESSED: (Code.INSI_UNREADABLE, ""),
    Behaviour.NOT_XML: (Code.INSI_UNREADABLE, ""),
    Behaviour.HTML_ERROR: (Code.INSI_UNREADABLE, ""),
    Behaviour.HTML_FAULT: (Code.INSI_UNAVAILABLE, "insi_102"),
    Behaviour.HALF: (Code.INSI_UNREADABLE, ""),
    Behaviour.SHORT_BODY: (Code.INSI_UNREADABLE, ""),
    Behaviour.ENTITY_BOMB: (Code.INSI_UNREADABLE, ""),
    Behaviour.EXTERNAL_ENTITY: (Code.INSI_UNREADABLE, ""),
    Behaviour.HUGE: (Code.INSI_UNREADABLE, ""),
    Behaviour.DEEP: (Code.INSI_UNREADABLE, ""),
    Behaviour.SOAP_1_1: (Code.INSI_UNREADABLE, ""),
    Behaviour.EMPTY_BODY: (Code.INSI_UNREADABLE, ""),
    Behaviour.TWO_BODIES: (Code.INSI_UNREADABLE, ""),
    Behaviour.ANSWER_WITH_500: (Code.INSI_UNREADABLE, ""),
    Behaviour.OTHER_PERSON: (Code.INSI_OTHER_PERSON, ""),
    Behaviour.UNKNOWN_OID: (Code.INSI_ANSWER_OID, ""),
    Behaviour.DEAD_OID: (Code.INSI_ANSWER_OID, ""),
    Behaviour.SOCIAL_SECURITY_OID: (Code.INSI_ANSWER_OID, ""),
    Behaviour.WRONG_KEY: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.NO_KEY: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.NO_PLACE: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.SEX_I: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.SMALL_LETTERS: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.TWO_IDENTITIES: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.NO_IDENTITY: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.NONE_WITH_IDENTITY: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.UNKNOWN_CODE: (Code.INSI_ANSWER_INVALID, ""),
    Behaviour.FAULT_WITH_200: (Code.INSI_UNAVAILABLE, "insi_102"),
    Behaviour.FAULT_SOFTWARE: (Code.INSI_NOT_AUTHORISED, "desir_550"),
    Behaviour.FAULT_RIGHTS: (Code.INSI_NOT_AUTHORISED, "desir_560"),
    Behaviour.FAULT_TECHNICAL: (Code.INSI_UNAVAILABLE, "insi_102"),
    Behaviour.FAULT_UNKNOWN_SENDER: (Code.INSI_REQUEST_REFUSED, "insi_1"),
    Behaviour.FAULT_UNKNOWN_RECEIVER: (Code.INSI_UNAVAILABLE, "siram_41"),
    Behaviour.FAULT_WITHOUT_CODE: (Code.INSI_UNREADABLE, ""),
}
IN_TIME = {Behaviour.SLOW, Behaviour.HANG, Behaviour.DRIP}
ANSWERED = {Behaviour.NORMAL, Behaviour.WRONG_FORMER_KEY}


def test_every_behaviour_of_the_simulator_is_met_here():
    assert set(Behaviour) == set(FAULTS) | IN_TIME | ANSWERED


async def refused(house, question=None):
    with pytest.raises(InsiFault) as refusal:
        await house.insi.search_by_traits(question or traits("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14"), by=BY)
    fault = refusal.value
    for text in (str(fault), fault.hint, repr(fault)):
        assert not [personal for personal in PERSONAL if personal in text]
        assert "<" not in text
    return fault


@pytest.mark.parametrize("behaviour", list(FAULTS))
async def test_wrong_answer_is_a_clear_fault_and_journalled(house, simulator, behaviour):
    simulator.behave(behaviour)

    fault = await refused(house)

    code, service_code = FAULTS[behaviour]
    assert (fault.code, fault.service_code) == (code, service_code)
    assert fault.hint
    assert house.ledger.told() == [("calling", None), ("failed", f"{code} {service_code}".strip())]
    assert house.observer.heard == [(InsiOperation.TRAITS, code, service_code)]


@pytest.mark.parametrize("behaviour", sorted(IN_TIME))
async def test_answer_that_does_not_come_ends_by_the_deadline(house_with, simulator, behaviour):
    simulator.behave(behaviour)
    house = house_with(call_seconds=1)

    fault = await refused(house)

    assert fault.code is Code.INSI_TIMEOUT
    assert house.ledger.told() == [("calling", None), ("failed", "insi.timeout")]


async def test_wrong_answer_is_not_kept_for_the_next_search(house, simulator):
    simulator.behave_next(Behaviour.WRONG_KEY)
    await refused(house)

    answer = await house.insi.search_by_traits(traits("ECETINSI", "PIERRE-ALAIN", "M", "2009-07-14"), by=BY)

    assert answer.code is InsiCode.FOUND


@pytest.mark.parametrize(
    "person",
    [
        ("HERMANN", "GATIEN", "M", "1981-03-24"),
        ("DECOURCY", "LEA", "F", "2024-02-28"),
        ("DECOURCY", "RUTH", "F", "2021-04-25"),
        ("DECOURCY", "MARIE", "F", "1976-05-31"),
    ],
)
async def test_identity_that_was_published_with_a_wrong_key_is_refused(house, person):
    fault = await refused(house, traits(*person))

    assert fault.code is Code.INSI_ANSWER_INVALID
    assert "key" in fault.message


@pytest.mark.parametrize("person", [("DE VINCI", "RUTH", "F", "1976-07-14"), ("D'AEION", "COEUR", "M", "1987-01-25")])
async def test_person_who_is_not_loaded_in_qualification_is_an_outage_in_words(house, person):
    fault = await refused(house, traits(*person))

    assert (fault.code, fault.service_code) == (Code.INSI_UNAVAILABLE, "insi_102")


async def test_busy_service_says_when_to_call_again(house, simulator):
    simulator.behave(Behaviour.BUSY)

    assert (await refused(house)).retry_after == 30


class TestTryingAgain:
    @pytest.mark.parametrize("behaviour", [Behaviour.FAULT_TECHNICAL, Behaviour.DOWN, Behaviour.CUT])
    async def test_what_insi_or_the_network_failed_is_sent_again_as_another_message(
        self, house_with, simulator, behaviour
    ):
        simulator.behave_next(behaviour)
        house = house_with(retries=1)

        answer = await house.insi.search_by_traits(traits(), by=BY)

        assert answer.code is InsiCode.FOUND
        first, second = simulator.calls
        assert first.search.message_id != second.search.message_id
        assert [outcome for outcome, _ in house.ledger.told()] == ["calling", "failed", "calling", "found"]

    @pytest.mark.parametrize(
        "behaviour",
        [
            Behaviour.FAULT_SOFTWARE,
            Behaviour.FAULT_RIGHTS,
            Behaviour.FAULT_UNKNOWN_SENDER,
            Behaviour.BUSY,
            Behaviour.WRONG_KEY,
            Behaviour.OTHER_PERSON,
            Behaviour.HALF,
        ],
    )
    async def test_what_insi_refused_or_answered_wrongly_is_not_sent_again(self, house_with, simulator, behaviour):
        simulator.behave(behaviour)

        await refused(house_with(retries=3))

        assert len(simulator.calls) == 1

    async def test_card_search_is_tried_again_alike(self, house_with, simulator):
        simulator.behave_next(Behaviour.DOWN)
        card = VitaleCard(Matricule("109076322083489"), BirthDate("2009-07-14"))

        assert (await house_with(retries=1).insi.search_by_vitale(card, by=BY)).code is InsiCode.FOUND

    async def test_service_that_stays_down_is_called_only_so_often(self, house_with, simulator):
        simulator.behave(Behaviour.FAULT_TECHNICAL)

        await refused(house_with(retries=2))

        assert len(simulator.calls) == 3

    async def test_search_ends_by_its_own_deadline_however_many_calls_are_left(self, house_with, simulator):
        simulator.behave(Behaviour.HANG)
        house = house_with(call_seconds=1, search_seconds=2, retries=3)

        assert (await refused(house)).code is Code.INSI_TIMEOUT
        assert len(simulator.calls) == 1


class Stuck:
    """An exchange whose thread nothing can interrupt, as when the name server does not answer."""

    def __init__(self):
        self.released = threading.Event()

    def post(self, content, action, seconds):
        self.released.wait(60)
        raise InsiFault("too late for anyone")


class TestConnection:
    async def test_caller_gets_its_fault_in_time_even_where_the_thread_is_stuck(self, settings):
        stuck, house = Stuck(), House(settings)
        insi = InsiService(
            replace(settings, call_seconds=1),
            "10B0000001",
            stuck,
            clock=house.clock,
            entropy=Entropy(),
            ledger=house.ledger,
            cache=MemoryAnswers(),
            observer=house.observer,
        )
        try:
            with pytest.raises(InsiFault) as refusal:
                await insi.search_by_traits(traits(), by=BY)
        finally:
            stuck.released.set()

        assert refusal.value.code is Code.INSI_TIMEOUT
        assert house.ledger.told() == [("calling", None), ("failed", "insi.timeout")]

    async def test_nobody_listening_is_said_so(self, settings):
        house = House(replace(settings, endpoint="https://localhost:1/lps"))

        assert (await refused(house)).code is Code.INSI_UNREACHABLE

    async def test_server_of_another_authority_gets_no_request(self, settings, simulator, tmp_path_factory):
        other = Pki(tmp_path_factory.mktemp("other"))
        house = House(replace(settings, tls=replace(settings.tls, trusted_cas=(other.ca_path,))))

        assert (await refused(house)).code is Code.INSI_TLS
        assert simulator.calls == []

    async def test_server_whose_name_is_not_insi_s_gets_no_request(self, house_with, simulator):
        house = house_with(server_name="services-ps-tlsm.ameli.fr")

        fault = await refused(house)

        assert fault.code is Code.INSI_TLS
        assert "nothing was sent" in fault.hint
        assert simulator.calls == []

    async def test_certificate_of_another_authority_is_refused_by_the_server(
        self, settings, simulator, tmp_path_factory
    ):
        foreign = client_leaf(Pki(tmp_path_factory.mktemp("foreign")))
        tls = replace(settings.tls, certificate=foreign.cert_pem_path, key=foreign.key_pem_path)

        fault = await refused(House(replace(settings, tls=tls)))

        assert fault.code is Code.INSI_TLS
        assert simulator.calls == []

    async def test_certificate_with_another_cn_is_refused_before_anything_is_sent(self, settings, pki, simulator):
        leaf = pki.issue("10B0000001", "client", common_name="spsti-connector", hosts=())
        tls = replace(settings.tls, certificate=leaf.cert_pem_path, key=leaf.key_pem_path)

        with pytest.raises(ConfigFault, match="INSI-MANU or INSI-AUTO"):
            House(replace(settings, tls=tls))

    def test_insi_itself_refuses_a_certificate_with_another_cn(self, settings, pki, simulator):
        """The simulator's desir_560, past our own check: what the national service would say."""
        leaf = pki.issue("10B0000001", "client", common_name="Padoa", hosts=())
        material = replace(settings.tls, certificate=leaf.cert_pem_path, key=leaf.key_pem_path).read()
        exchange = MutualTls(Destination(simulator.url, "simulator", 65536), material)

        reply = exchange.post(envelope(), "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite", 5)

        assert not reply.is_success
        assert b"desir_560" in reply.content

    async def test_unknown_authorisation_number_is_the_administrator_s_to_settle(self, settings):
        house = House(replace(settings, software=replace(settings.software, authorisation="ANOTHER")))

        fault = await refused(house)

        assert (fault.code, fault.service_code) == (Code.INSI_NOT_AUTHORISED, "desir_550")
        assert "administrator" in fault.hint


def envelope():
    ids = [new_uuid(Entropy().token(16)) for _ in range(3)]
    header = CallHeader(*ids, Clock().now(), "10B0000001", Software("X", "spsti-connector", "1", INSTANCE))
    return traits_envelope(TraitsQuery("ADRUN", "ZOE", "F", "1975-12-31"), header)
