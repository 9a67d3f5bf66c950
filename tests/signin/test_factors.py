"""What a guesser could learn from the time that a password takes."""

import argon2
import pytest
from argon2.exceptions import VerifyMismatchError

from connector.local.sign_in.factors import hash_of_nobody


def test_a_login_that_does_not_exist_costs_a_guesser_as_much_as_one_that_does() -> None:
    hasher = argon2.PasswordHasher()
    nobody = hash_of_nobody(hasher)

    assert argon2.extract_parameters(nobody) == argon2.extract_parameters(hasher.hash("Coquelicot-sous-la-neige"))
    with pytest.raises(VerifyMismatchError):  # it was computed, and not refused for its form
        hasher.verify(nobody, "Coquelicot-sous-la-neige")
