"""`journal witnesses` and `journal succeed`, as IT staff type them."""

from dataclasses import replace

from tests.kit.local_values import A
from tests.local.test_witnesses import all_kinds


def test_witnesses_faults_and_gaps_are_shown_in_words_and_for_programs(shell, house):
    all_kinds(house)

    text = shell("journal", "witnesses")
    status, body = shell.json("journal", "witnesses")

    assert text.exit_code == status == 0
    for word in ("as they were signed", "shortened", "false-head", "exchange/2"):
        assert word in text.stdout
    assert body["statements"][0]["size"] == 9


def test_a_ledger_of_ours_that_is_behind_fails_the_command(shell, house):
    house.witnesses.found = replace(house.witnesses.found, behind="it had 5 entries, and has 2 here")

    found = shell("journal", "witnesses")

    assert found.exit_code == 1
    assert "it had 5 entries, and has 2 here" in found.stdout


def test_what_was_ever_wrong_with_a_services_ledgers_stands_beside_it(shell, house):
    all_kinds(house)

    found = shell("members", "show", A.value)

    assert found.exit_code == 0
    assert "ledger fault" in found.stdout
    assert "ledger gap" in found.stdout


def test_to_begin_a_new_ledger_is_proposed_and_needs_a_second_person(shell, house):
    found = shell("journal", "succeed", "--reason", "disk replaced", "--by", "A. Un, IT")

    assert found.exit_code == 0
    assert "succeed" in found.stdout
    assert "proposals confirm" in found.stderr
