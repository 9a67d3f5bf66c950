"""The names inside a certificate for which it may be shown."""

import pytest

from connector.core.errors import ConfigFault
from connector.crypto.names import hosts_of


def test_the_hosts_of_a_certificate_are_its_alternative_names(pki):
    leaf = pki.issue("318751275100020", "server", hosts=("spsti.example", "10.0.0.7"))

    assert hosts_of(leaf.cert_pem_path.read_bytes()) == ("spsti.example", "10.0.0.7")


def test_a_certificate_without_alternative_names_names_no_host(pki):
    assert hosts_of(pki.issue("318751275100020", "sign").cert_pem_path.read_bytes()) == ()


def test_what_is_no_certificate_names_no_host():
    with pytest.raises(ConfigFault, match="not readable"):
        hosts_of(b"no certificate")
