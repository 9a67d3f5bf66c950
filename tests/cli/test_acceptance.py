"""`acceptance` against a local API, and reports read by a members file: exit statuses, and what is refused."""

import json
import stat

import pytest

from connector.directory.members_text import members_text
from connector.evidence import acceptance
from connector.evidence.sealed_file import part_sha256
from tests.kit.acceptance import AT, ROW, THEM, US, a_report
from tests.kit.local_values import STATUS_KEY, A

BY = "Alex Modèle, informatique"


@pytest.fixture
def report(tmp_path):
    """Writes a sealed report of either side."""

    def write(us=US, them=THEM, **changes):
        made = a_report(us, them, **changes)
        digest = part_sha256(made.to_json())
        seal = acceptance.seal(digest, member=us.id, peer=them.id, by=made.by, at=AT, signer=us.signer)
        path = tmp_path / f"{us.id}.json"
        path.write_bytes(acceptance.write_acceptance(made, seal.decode()))
        return path

    return write


@pytest.fixture
def members(tmp_path):
    path = tmp_path / "members.toml"
    path.write_text(members_text([US.member, THEM.member]))
    return path


def test_a_report_is_written_for_its_owner_and_says_what_was_left_out_or_failed(shell, house, tmp_path):
    path = tmp_path / "report.json"
    result = shell("acceptance", "run", "--with", A, "--by", BY, "-o", path, "--wait", "0")
    told = json.loads(path.read_text())["report"]
    found = {step["name"]: step["result"] for step in told["steps"]}

    assert result.exit_code == 1, result.output
    assert list(found) == list(acceptance.STEPS)
    assert (found["probe"], found["fetch"], found["theirs"], found["backup"]) == (
        "passed",
        "skipped",
        "failed",
        "skipped",
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert house.evidence.asked[-1][0] == "seal"
    assert "the way there and back, about nobody" in result.stderr


def test_a_key_that_may_not_seal_is_told_before_anything_is_tried(shell, key_file, house, tmp_path):
    key_file.write_text(STATUS_KEY)
    path = tmp_path / "report.json"
    result = shell("acceptance", "run", "--with", A, "--by", BY, "-o", path, "--wait", "0")
    assert (result.exit_code, path.exists(), house.evidence.asked) == (4, False, [])


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--with", "300000000010017x", "--by", BY], 4),
        (["--with", A, "--by", "x"], 2),
        (["--with", A], 2),
        (["--by", BY], 2),
    ],
)
def test_what_cannot_be_begun_writes_nothing(shell, tmp_path, arguments, status):
    path = tmp_path / "report.json"
    result = shell("acceptance", "run", *arguments, "-o", path, "--wait", "0")
    assert (result.exit_code, path.exists()) == (status, False), result.output


def test_a_file_that_is_there_is_not_replaced(shell, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("mine")
    result = shell("acceptance", "run", "--with", A, "--by", BY, "-o", path)
    assert (result.exit_code, path.read_text()) == (2, "mine")


def test_reports_of_both_sides_are_verified_by_a_members_file(lone_shell, report, members):
    ours, theirs = report(brought=(ROW,)), report(THEM, US, gave=(ROW,))
    result = lone_shell("acceptance", "verify", ours, theirs, "--members", members)
    assert (result.exit_code, "agree on 1 handovers" in result.stdout) == (0, True), result.output

    other = report(THEM, US)
    result = lone_shell("acceptance", "verify", ours, other, "--members", members, "--lang", "fr")
    assert (result.exit_code, "dit autre chose de la remise" in result.stdout) == (1, True), result.output


def test_a_report_that_was_altered_or_is_of_a_stranger_is_told_apart(lone_shell, report, members, tmp_path):
    ours = report()
    altered = tmp_path / "altered.json"
    altered.write_text(ours.read_text().replace("Alex", "Axel"))
    stranger = tmp_path / "others.toml"
    stranger.write_text(members_text([THEM.member]))

    assert lone_shell("acceptance", "verify", ours, "--members", members).exit_code == 0
    assert lone_shell("acceptance", "verify", altered, "--members", members).exit_code == 1
    assert lone_shell("acceptance", "verify", ours, "--members", stranger).exit_code == 6
    assert lone_shell("acceptance", "verify", ours).exit_code == 2
    assert lone_shell("acceptance", "verify", stranger, "--members", members).exit_code == 2
    assert lone_shell("acceptance", "verify", ours, ours, "--members", members).exit_code == 2
    assert lone_shell("acceptance", "verify", ours, ours, ours, "--members", members).exit_code == 2
