import pytest

from connector.local.keys import ApiKey, KeyRing, Scope, key_hash, key_text

RING = KeyRing(
    [
        ApiKey("first", key_hash("spsti_first"), frozenset({Scope.FETCH})),
        ApiKey("second", key_hash("spsti_second"), frozenset({Scope.STATUS})),
    ]
)


def test_a_key_is_found_by_its_hash():
    assert RING.find("spsti_second").name == "second"


@pytest.mark.parametrize(
    "presented", ["", "spsti_third", "SPSTI_FIRST", key_hash("spsti_first"), "spsti_first ", "é\udcff"]
)
def test_another_text_is_no_key(presented):
    assert RING.find(presented) is None


def test_a_new_key_has_all_of_its_random_bits():
    assert key_text(bytes(32)) == "spsti_" + "A" * 43
    assert len({key_text(bytes([n]) * 32) for n in range(20)}) == 20


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_is_not_made_of_fewer_or_more_bytes(length):
    with pytest.raises(ValueError, match="expected 32"):
        key_text(bytes(length))
