"""The section [insi]: off is complete, on is checked whole before anything is sent, each fault at its key."""

import datetime as dt
import re
from dataclasses import replace
from datetime import date

import pytest

from connector.config import load
from connector.config.material import prepare
from connector.config.newcomer import create
from connector.config.scaffold import Answers, InsiEntry, KeyPairFiles
from connector.core.errors import ConfigFault
from connector.core.instant import Instant
from connector.insi.settings import InsiPlatform
from spsti_sandbox.insi_simulator import client_leaf
from spsti_sandbox.pki import Pki

MEMBER, UNIT = "318751275100020", "10B0000001"
NOW = Instant(int(dt.datetime.now(dt.UTC).timestamp()))


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def configured(tmp_path, pki):
    def make(leaf=None, **changes):
        leaf = leaf or client_leaf(pki, UNIT)
        server, client = pki.issue(MEMBER, "server"), pki.issue(MEMBER, "client")
        entry = InsiEntry(
            platform="simulator",
            endpoint="https://localhost:8490/lps",
            server_name="insi-simulator",
            trusted_cas=(str(pki.ca_path),),
            certificate=str(leaf.cert_pem_path),
            key=str(leaf.key_pem_path),
            authorisation="SIMULATEUR0001",
            software_version="1.0.0",
            software_instance="8f0c2f7e-4f4e-4a55-9d0c-2d0a6f1a7f11",
            emitter=UNIT,
        )
        answers = Answers(
            member_id=MEMBER,
            name="SPSTI Exemple",
            environment="test",
            server=KeyPairFiles(str(server.cert_pem_path), str(server.key_pem_path)),
            client=KeyPairFiles(str(client.cert_pem_path), str(client.key_pem_path)),
            decided_on=date(2026, 1, 5),
            decided_by="Dr Exemple",
            opposition_authority="adapter",
            trusted_cas=(str(pki.ca_path),),
            insi=replace(entry, **changes),
        )
        made = create(tmp_path / "m", answers, endpoint="https://127.0.0.1:8443", towns=(), now=Instant(NOW - 60))
        return made.config

    return make


def material(config):
    return prepare(load(config), credentials=None, now=NOW)


def faults(config):
    with pytest.raises(ConfigFault) as caught:
        material(config)
    return caught.value.faults


def changed(config, pattern, text):
    config.write_text(re.sub(pattern, text, config.read_text(), flags=re.MULTILINE))
    return config


def test_insi_is_called_where_everything_belongs_together(configured):
    insi = material(configured()).insi

    assert (insi.settings.platform, insi.settings.emitter) == (InsiPlatform.SIMULATOR, UNIT)
    assert insi.settings.max_age_hours == 24
    assert insi.certificate.is_valid_at(NOW)


@pytest.mark.parametrize("how", ["enabled = false", "# no section"])
def test_insi_that_is_off_is_complete_and_reads_no_file(configured, how):
    config = configured(certificate="/nowhere.pem", key="/nowhere.key")
    if how.startswith("#"):
        text = config.read_text()
        begin = text.index("[insi]")
        config.write_text(text[:begin] + text[text.index("# ----", begin) :])
    else:
        changed(config, r"^enabled = true", how)

    assert material(config).insi is None


def test_insi_that_is_on_names_everything_that_is_missing(configured):
    config = configured()
    changed(config, r"^(authorisation|platform|software_instance) = .*\n", "")

    (fault,) = faults(config)

    assert "insi" in fault
    assert "without platform, authorisation, software_instance" in fault


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"platform": "production"}, "belongs to a connector of production"),
        ({"platform": "qualification"}, "issued by SANDBOX AC IGC-SANTE"),
        ({"endpoint": "https://services-ps-tlsm.ameli.fr/lps"}, "its host is the one of production"),
        ({"endpoint": "http://localhost/lps"}, "expected https://"),
        ({"emitter": "99999999"}, "not the structure identifier in the certificate"),
        ({"software_instance": "not-a-uuid"}, "software_instance: got another form"),
        ({"certificate": "absent.pem", "key": "absent.key"}, "absent"),
    ],
)
def test_a_section_that_disagrees_with_itself_stops_the_start_at_its_key(configured, changes, words):
    said = faults(configured(**changes))

    assert any(words in line and ": insi" in line and "connector.toml:" in line for line in said), said


def test_a_certificate_with_another_name_stops_the_start(configured, pki):
    said = faults(configured(leaf=client_leaf(pki, UNIT, common_name="OUR-SERVER")))

    assert any("its CN is OUR-SERVER" in line and "INSI-AUTO" in line for line in said)


def test_a_certificate_that_has_ended_stops_the_start(configured, pki):
    begin = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
    ended = pki.issue(
        UNIT, "client", common_name="INSI-AUTO", hosts=(), not_before=begin, not_after=begin + dt.timedelta(days=10)
    )

    assert any("not valid now" in line for line in faults(configured(leaf=ended)))


def test_a_number_out_of_bounds_is_told_by_its_key(configured):
    config = changed(configured(), r"^# max_age_hours = 24", "max_age_hours = 745")

    assert any("insi.max_age_hours" in line for line in faults(config))
