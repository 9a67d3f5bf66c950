"""Configuration that disagrees with itself stops the start: platform, endpoint, certificate, environment, software."""

import subprocess
import sys
from dataclasses import replace

import pytest

from connector.core.errors import ConfigFault
from connector.core.oid import Environment, InsOid
from connector.crypto.names import CertificateNames
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsSettings
from tests.insi.conftest import INSTANCE

ISSUER = "AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
SOFTWARE = Software("NUM-1", "spsti-connector", "1.0.0", INSTANCE)


def names(common_name="INSI-AUTO", unit="10B0152872", issuer=ISSUER):
    return CertificateNames((common_name,), (unit,), (issuer,))


def told(platform=InsiPlatform.PRODUCTION, **changed):
    return InsiSettings(platform, TlsSettings((), None), SOFTWARE, **changed)


def faults(settings, environment=Environment.PRODUCTION, of=None):
    with pytest.raises(ConfigFault) as refusal:
        settings.check(environment, of or names())
    return " | ".join(refusal.value.faults)


@pytest.mark.parametrize(
    ("platform", "environment", "issuer"),
    [
        (InsiPlatform.PRODUCTION, Environment.PRODUCTION, ISSUER),
        (InsiPlatform.QUALIFICATION, Environment.TEST, "TEST " + ISSUER),
        (InsiPlatform.SIMULATOR, Environment.TEST, "SANDBOX " + ISSUER),
    ],
)
@pytest.mark.parametrize("common_name", ["INSI-MANU", "INSI-AUTO"])
def test_platform_with_its_own_issuer_and_environment_is_accepted(platform, environment, issuer, common_name):
    assert told(platform).check(environment, names(common_name, issuer=issuer)) == "10B0152872"


def test_only_production_bounds_the_oids_of_answers():
    assert told().oids == {InsOid.NIR, InsOid.NIA}
    assert InsOid.NIR in told(InsiPlatform.QUALIFICATION).oids
    assert InsOid.TEST in told(InsiPlatform.SIMULATOR).oids


@pytest.mark.parametrize("common_name", ["insi-auto", "INSI_AUTO", "INSI-MANUEL", "spsti.example", ""])
def test_certificate_with_another_cn_is_refused(common_name):
    assert "INSI-MANU or INSI-AUTO" in faults(told(), of=names(common_name))


def test_certificate_with_two_cns_is_refused():
    two = CertificateNames(("INSI-AUTO", "INSI-MANU"), ("10B0152872",), (ISSUER,))

    assert "CN" in faults(told(), of=two)


@pytest.mark.parametrize("issuer", ["TEST " + ISSUER, "SANDBOX " + ISSUER, ISSUER + " 2"])
def test_production_refuses_a_certificate_of_another_world(issuer):
    assert "issued by" in faults(told(), of=names(issuer=issuer))


def test_qualification_refuses_a_certificate_of_production():
    assert "issued by" in faults(told(InsiPlatform.QUALIFICATION), Environment.TEST)


@pytest.mark.parametrize(
    ("platform", "environment"),
    [
        (InsiPlatform.PRODUCTION, Environment.TEST),
        (InsiPlatform.QUALIFICATION, Environment.PRODUCTION),
        (InsiPlatform.SIMULATOR, Environment.PRODUCTION),
    ],
)
def test_platform_of_another_environment_is_refused(platform, environment):
    assert "belongs to a connector of" in faults(told(platform), environment)


def test_production_refuses_the_endpoint_of_qualification():
    endpoint = "https://qualiflps-services-ps-tlsm.ameli.fr:443/lps"

    assert "is the one of qualification" in faults(told(endpoint=endpoint))


def test_qualification_refuses_the_endpoint_of_production():
    endpoint = "https://services-ps-tlsm.ameli.fr/lps"

    assert "is the one of production" in faults(told(InsiPlatform.QUALIFICATION, endpoint=endpoint), Environment.TEST)


@pytest.mark.parametrize("endpoint", ["http://services-ps-tlsm.ameli.fr/lps", "https://u@h/lps", "https://", "lps"])
def test_endpoint_of_another_form_is_refused(endpoint):
    assert "endpoint" in faults(told(endpoint=endpoint))


def test_server_name_outside_ameli_is_refused_for_a_platform_of_insi():
    assert "server_name" in faults(told(server_name="example.org"))


def test_emitter_that_is_not_in_the_certificate_is_refused():
    assert "emitter" in faults(told(emitter="10B0000000"))


def test_certificate_with_several_units_needs_an_emitter():
    two = CertificateNames(("INSI-AUTO",), ("10B0152872", "10B0152873"), (ISSUER,))

    assert "set emitter" in faults(told(), of=two)
    assert told(emitter="10B0152873").check(Environment.PRODUCTION, two) == "10B0152873"


@pytest.mark.parametrize(
    ("key", "software"),
    [
        ("authorisation", replace(SOFTWARE, authorisation="")),
        ("authorisation", replace(SOFTWARE, authorisation="with space")),
        ("software_name", replace(SOFTWARE, name="a:b")),
        ("software_version", replace(SOFTWARE, version="")),
        ("software_instance", replace(SOFTWARE, instance="1")),
    ],
)
def test_software_data_of_another_form_are_named(key, software):
    assert key in faults(replace(told(), software=software))


@pytest.mark.parametrize(
    "changed",
    [
        {"call_seconds": 0},
        {"search_seconds": 1000},
        {"retries": 9},
        {"pause_seconds": -1},
        {"max_at_once": 0},
        {"max_answer_bytes": 1},
        {"max_age_hours": -1},
    ],
)
def test_number_out_of_bounds_is_named(changed):
    assert next(iter(changed)) in faults(told(**changed))


def test_all_contradictions_are_told_at_once():
    settings = told(InsiPlatform.QUALIFICATION, endpoint="https://services-ps-tlsm.ameli.fr/lps", retries=9)

    assert faults(settings, of=names("X")).count(" | ") == 4


def test_xml_library_is_not_loaded_before_the_first_call():
    """The daemon's idle memory (under 90 MB) does not pay for INSi."""
    code = (
        "import sys, connector.insi.opening, connector.insi.service, connector.insi.off; "
        "sys.exit('lxml' in sys.modules or 'lxml.etree' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
