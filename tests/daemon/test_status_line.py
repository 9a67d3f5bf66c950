"""The line of `systemctl status`."""

from connector.core.instant import Instant
from connector.daemon.status_line import status_line
from connector.local.ports import Check

NOW = Instant(1_800_000_000)
GREEN = (Check("state", ok=True), Check("source", ok=True))


def line(checks=GREEN, **changed):
    values = {"members": 41, "connections": 2, "refreshed_at": Instant(NOW - 240), "now": NOW}
    return status_line(checks, **(values | changed))


def test_a_ready_connector_says_peers_and_the_age_of_the_directory():
    assert line() == "ready; 2 connections of peers open; 41 members listed, directory confirmed 4 min ago"


def test_a_connector_that_is_not_ready_says_why_first():
    checks = (*GREEN, Check("crls", ok=False, detail="a revocation list is past its next update", remedy="fetch it"))

    assert line(checks).startswith("NOT READY: crls: a revocation list is past its next update; 2 connections")


def test_what_a_person_should_look_at_is_named_last():
    checks = (*GREEN, Check("attestation", ok=True, detail="nobody has attested it", remedy="set attested_on"))

    assert line(checks).endswith("; look at: attestation")


def test_a_local_list_of_members_has_no_age():
    assert line(refreshed_at=None, members=1, connections=1) == "ready; 1 connection of peers open; 1 member listed"


def test_ages_are_told_in_the_unit_that_a_person_would_choose():
    ages = {30: "30 s", 60: "1 min", 7_199: "119 min", 7_200: "2 h", 172_800: "2 d", -5: "0 s"}

    assert {age: line(refreshed_at=Instant(NOW - age)).rpartition("confirmed ")[2] for age in ages} == {
        age: f"{text} ago" for age, text in ages.items()
    }
