"""The simulator checks what it gets, holds what it was given, and starts as a process of its own."""

import asyncio
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from connector.core.days import BirthDate
from connector.core.errors import InsiFault
from connector.core.insi import InsiCode, VitaleCard
from connector.core.instant import Instant
from connector.core.matricule import Matricule, key_of
from connector.core.oid import InsOid
from connector.insi.order import TraitsQuery
from connector.insi.request import ACTIONS, CallHeader, new_uuid, traits_envelope, vitale_envelope
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsSettings
from spsti_sandbox.insi_identities import SimulatedIdentity
from spsti_sandbox.insi_requests import Reader, Refused
from spsti_sandbox.insi_simulator import AUTHORISATION, InsiSimulator, server_leaf
from tests.insi.conftest import BY, INSTANCE, Clock, Entropy, House, traits

UNIT = "10B0000001"
QUERY = TraitsQuery("ADRUN", "ZOE", "F", "1975-12-31", "63220")
CARD = VitaleCard(Matricule("279035121518989"), BirthDate("1979-03-28"), 1, Matricule("279035121518989"), "PAT-TROIS")


def header(**changed):
    ids = [new_uuid(Entropy().token(16)) for _ in range(3)]
    return replace(CallHeader(*ids, Clock().now(), UNIT, Software(AUTHORISATION, "x", "1", INSTANCE)), **changed)


def http_headers(content):
    action = next(action for action in ACTIONS.values() if action.encode() in content)
    return {"Content-Type": "application/soap+xml; charset=utf-8", "SOAPAction": f'"{action}"'}


def refusal(content, headers=None, unit=UNIT):
    with pytest.raises(Refused) as refused:
        Reader().read(content, headers or http_headers(content), unit)
    return str(refused.value)


@pytest.mark.parametrize(("envelope", "asked"), [(traits_envelope, QUERY), (vitale_envelope, CARD)])
def test_right_request_is_accepted_once(envelope, asked):
    reader, content = Reader(), envelope(asked, header())

    assert reader.read(content, http_headers(content), UNIT).authorisation == AUTHORISATION
    with pytest.raises(Refused, match="used before"):
        reader.read(content, http_headers(content), UNIT)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"soap-envelope", b"soap-envelop", "SOAP 1.2"),
        (b"<soap:Body>", b"<soap:Body><a/>", "neither"),
        (b"uuid:", b"urn:uuid:", "begin with uuid:"),
        (b"uuid:", b"uuid:0", "no UUID"),
        (b":rechercherInsAvecTraitsIdentite<", b":rechercherInsAvecCarteVitale<", "wsa:Action"),
        (b'R="4"', b'R="3"', "R=4"),
        (b'Version="01_00"', b'Version="01_01"', "Version"),
        (b'Nature="CTXBAM"', b'Nature="BAM"', "Nature"),
        (b"<COUVERTURE/>", b"<COUVERTURE>x</COUVERTURE>", "not empty"),
        (b"<COUVERTURE/>", b"", "COUVERTURE"),
        (b"urn:lps:", b"lps:", "Nom"),
        (b"<Prenom>ZOE</Prenom>", b"<Prenom>ZOE</Prenom><Prenom>ANNE</Prenom>", "in order"),
        (b"<Prenom>ZOE</Prenom>", b"", "in order"),
        (b"<Prenom>ZOE</Prenom>", "<Prenom>ZOÉ</Prenom>".encode(), "lexical"),
        (b">ADRUN<", b">Adrun<", "lexical"),
        (b">F<", b">I<", "neither M nor F"),
        (b">1975-12-31<", b">31/12/1975<", "another form"),
        (b">63220<", b">632<", "COG"),
        (b"<soap:Header>", b'<soap:Header><w:S xmlns:w="urn:wssecurity"/>', "wsse:Security"),
        (b"?>", b"?><!DOCTYPE x>", "document type"),
        (b"</soap:Envelope>", b"", "no XML"),
    ],
)
def test_request_that_breaks_a_rule_is_refused_in_its_words(old, new, rule):
    content = traits_envelope(QUERY, header())
    assert old in content

    assert rule in refusal(content.replace(old, new, 1), http_headers(content))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"<DateNai>1979-03-28<", b"<DateNai>1979-03-29<", "DateNai"),
        (b"<Rang>1<", b"<Rang>2<", "Rang"),
        (b"<Num>2790351215189<", b"<Num>2790351215180<", "ASSURE"),
    ],
)
def test_card_whose_cover_is_another_than_its_body_is_refused(old, new, rule):
    assert rule in refusal(vitale_envelope(CARD, header()).replace(old, new, 1))


def test_sender_and_time_are_held_against_certificate_and_clock():
    assert "Emetteur" in refusal(traits_envelope(QUERY, header(emitter="10B0000002")))
    assert "far from now" in refusal(traits_envelope(QUERY, header(at=Instant(1_000_000_000))))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": ACTIONS["traits"]},
        {"Content-Type": "application/soap+xml", "SOAPAction": ACTIONS["traits"]},
        {"Content-Type": "application/soap+xml; charset=utf-8", "SOAPAction": ACTIONS["vitale"]},
        {"Content-Type": "application/soap+xml; charset=utf-8"},
    ],
)
def test_http_headers_are_held_against_the_operation(headers):
    assert refusal(traits_envelope(QUERY, header()), headers)


async def test_workers_of_the_demo_can_be_added(pki, own):
    body = "2900521231001"
    worker = SimulatedIdentity("FICTIVE", "ALICE", "F", "1990-05-06", "21231", body + key_of(body), InsOid.TEST.value)
    with InsiSimulator(server_leaf(pki), pki.ca_path, identities=[worker]) as simulator:
        settings = InsiSettings(
            InsiPlatform.SIMULATOR,
            TlsSettings((pki.ca_path,), own.cert_pem_path, own.key_pem_path),
            Software(AUTHORISATION, "x", "1", INSTANCE),
            endpoint=simulator.url,
        )
        answer = await House(settings).insi.search_by_traits(traits("FICTIVE", "ALICE", "F", "1990-05-06"), by=BY)

    assert answer.identity.ins.oid is InsOid.TEST


def test_client_without_a_certificate_gets_no_answer(simulator, pki):
    context = ssl.create_default_context(cafile=pki.ca_path)
    address = ("localhost", urlsplit(simulator.url).port)

    with socket.create_connection(address) as plain, pytest.raises(ssl.SSLError):  # noqa: SIM117
        with context.wrap_socket(plain, server_hostname="localhost") as secured:
            secured.recv(1)


def test_command_starts_a_process_that_can_be_called_and_told_to_go_wrong(tmp_path):
    code = "from spsti_sandbox.insi_simulator import insi_command; insi_command()"
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--port", "0", "--folder", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'sandbox'}", "PYTHONUNBUFFERED": "1"},
    )
    try:
        text = ""
        while "# behaviours" not in text:
            line = process.stdout.readline()
            assert line, text
            text += line
        told = tomllib.loads(text)["insi"]
        settings = InsiSettings(
            InsiPlatform(told["platform"]),
            TlsSettings((Path(told["trusted_cas"][0]),), Path(told["certificate"]), Path(told["key"])),
            Software(told["authorisation"], told["software_name"], told["software_version"], told["software_instance"]),
            endpoint=told["endpoint"],
            retries=0,
        )
        house = House(settings)
        answer = asyncio.run(house.insi.search_by_traits(traits(), by=BY))
        process.stdin.write("fault-technical\n")
        process.stdin.flush()
        assert process.stdout.readline() == "# from now on: fault-technical\n"
        with pytest.raises(InsiFault, match=re.escape("(insi_102)")):
            asyncio.run(house.insi.search_by_traits(traits(), by=BY, fresh=True))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert answer.code is InsiCode.FOUND
    assert process.returncode == 0
