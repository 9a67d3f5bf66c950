"""`directory`, `answering`, `members block` and `next`, as IT staff type them."""

from connector.directory.age import Freshness
from connector.local.ports import RefusedCopy
from tests.kit.local_values import US, A


def test_the_directory_is_shown_in_words_and_for_programs(shell):
    text = shell("directory", "show")
    status, body = shell.json("directory", "show")

    assert text.exit_code == status == 0
    assert "tuf:12.345.abc" in text.stdout
    assert "by a federation" in text.stdout
    assert "3 active, 1 suspended" in text.stdout
    assert body["copies"] == 4


def test_a_refresh_tells_what_is_new_and_which_copies_were_wrong(shell, house):
    house.membership.refused = (RefusedCopy("http://127.0.0.1/", "rollback", "version 3"),)

    first, second = shell("directory", "refresh"), shell("directory", "refresh")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "A newer version is in force." in first.stdout
    assert "rollback" in first.stdout
    assert "No newer version." in second.stdout


def test_a_refresh_that_leaves_no_directory_in_force_fails(shell, house):
    house.membership.freshness = Freshness.CLOSED

    assert shell("directory", "refresh").exit_code == 1


def test_a_refresh_on_this_machine_needs_no_key(shell):
    shell.environment.pop("SPSTI_API_KEY_FILE")

    assert shell("directory", "refresh").exit_code == 0


def test_a_service_is_blocked_with_a_reason_of_the_list_and_unblocked(shell, house):
    blocked = shell("members", "block", A, "--reason", "enumeration")
    again = shell("members", "block", A, "--reason", "precaution")
    listed = shell("directory", "show")
    unblocked = shell("members", "unblock", A)

    assert (blocked.exit_code, again.exit_code, unblocked.exit_code) == (0, 0, 0)
    assert "is blocked here (enumeration)" in blocked.stdout
    assert "as it was since 2026-11-23T09:00:00Z (enumeration)" in again.stdout
    assert "enumeration" in listed.stdout
    assert "no longer blocked" in unblocked.stdout
    assert house.membership.blocks == {}


def test_a_block_without_a_reason_of_the_list_is_not_asked_for(shell, house):
    assert shell("members", "block", A).exit_code == 2
    assert shell("members", "block", A, "--reason", "Mrs X").exit_code == 2
    assert shell("members", "block", US, "--reason", "precaution").exit_code != 0
    assert house.membership.blocks == {}


def test_answering_is_paused_shown_and_resumed(shell, house):
    paused = shell("answering", "pause", "--reason", "incident")
    shown = shell.json("answering", "show")
    resumed = shell("answering", "resume")

    assert "nobody is answered" in paused.stdout
    assert (shown[1]["paused"], shown[1]["reason"]) == (True, "incident")
    assert resumed.stdout == "This service answers.\n"
