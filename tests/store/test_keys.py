"""The master key as a file, and what is derived from it."""

import pytest

from connector.core.errors import ConfigFault
from connector.core.matricule import Ins
from connector.core.oid import InsOid
from connector.store.files import write_all, write_durably
from connector.store.keys import StateKeys, new_master_key, read_master_key
from tests.kit.state import INS

KEYS = StateKeys.derive(bytes(32))


def test_a_new_master_key_is_read_back_and_never_the_same(tmp_path):
    path = tmp_path / "master.key"
    write_durably(path, new_master_key())

    assert len(read_master_key(path)) == 32
    assert new_master_key() != path.read_bytes()


def test_a_master_key_that_everybody_can_read_is_refused(tmp_path):
    path = tmp_path / "master.key"
    write_durably(path, new_master_key())
    path.chmod(0o604)

    with pytest.raises(ConfigFault) as refused:
        read_master_key(path)

    assert "chmod" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"short", b"A" * 42, b"A" * 44, b"\xff" * 43, b"=" * 43])
def test_a_file_that_is_no_master_key_is_refused_without_its_content(tmp_path, content):
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(ConfigFault) as refused:
        read_master_key(path)

    assert "AAAA" not in str(refused.value)


def test_a_master_key_that_is_missing_is_told(tmp_path):
    with pytest.raises(ConfigFault) as refused:
        read_master_key(tmp_path / "nothing")

    assert "cannot be read" in str(refused.value)


def test_every_purpose_has_a_key_of_its_own():
    assert len({KEYS.rows, KEYS.vault, KEYS.epochs, KEYS.tags.key}) == 4


def test_the_keys_of_a_master_key_never_change():
    # Frozen: a label that changes makes every state that exists unreadable.
    assert KEYS.rows.hex() == "43b49b7d3457ca72a5823a3aeaf5ec225fa285b26ac8aafbcd6706b72822758a"
    assert KEYS.worker_tag(INS).hex() == "703770c7a5f6f6d8fc87a3ae8c163a1d"


def test_keys_do_not_show():
    assert KEYS.rows.hex() not in repr(KEYS)
    assert repr(KEYS.rows) not in repr(KEYS)


def test_a_worker_is_tagged_by_matricule_and_oid():
    elsewhere = Ins(INS.matricule, InsOid.NIR)

    assert len({KEYS.worker_tag(INS), KEYS.worker_tag(elsewhere), KEYS.owner_tag(INS.matricule.value)}) == 3


def test_a_caller_cannot_reach_the_idempotency_key_of_another():
    assert KEYS.idempotency_tag("ab", "c") != KEYS.idempotency_tag("a", "bc")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "there").write_bytes(b"before")

    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "there", b"after")

    assert (tmp_path / "there").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_writing_at_a_place_leaves_the_rest(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"........")
    with path.open("r+b", buffering=0) as file:
        write_all(file.fileno(), b"ab", 2)
        write_all(file.fileno(), b"c")

    assert path.read_bytes() == b"c.ab...."
