import pytest

from tests.kit.pki import Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def own_pki(tmp_path):
    """A PKI that a test may change."""
    return Pki(tmp_path / "own")
