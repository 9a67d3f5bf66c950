"""The Debian package on a clean Debian that really boots: built, installed, started, upgraded, removed, purged."""

import os
import shutil
import subprocess

import pytest

from tests.kit import debian_root
from tests.packaging.conftest import NUMBERS

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_root,
    pytest.mark.skipif(bool(debian_root.missing()), reason=debian_root.missing()),
    pytest.mark.timeout(3600),
]


def fine(life, *names) -> None:
    for name in names:
        assert life[name].status == 0, (name, life[name])


def test_it_is_the_same_file_when_built_again_elsewhere_later_and_by_others(package, workshop, tmp_path):
    """From a copy whose files are dated otherwise, with other rights, in another time zone and on one processor."""
    copy = tmp_path / "copy"
    shutil.copytree(workshop.checkout, copy)
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    elsewhere = {"TZ": "Asia/Tokyo", "TMPDIR": "/var/tmp", "PYTHONHASHSEED": "7", "DPKG_DEB_THREADS_MAX": "1"}

    again = workshop.build(tmp_path / "made", copy, at="/home/somebody-else/src", umask="077", **elsewhere)

    if again.read_bytes() != package.read_bytes():
        pytest.fail(f"not reproducible\n{difference(package, again)}")


def difference(one, other) -> str:
    """What diffoscope says, where it is installed."""
    if shutil.which("diffoscope") is None:
        return "diffoscope is not installed"
    command = ["diffoscope", "--max-report-size", "20000", one, other]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def test_lintian_finds_nothing(package, workshop):
    command = ("lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning")

    debian_root.call(workshop.root, (*command, f"/package/{package.name}"), [f"--bind-ro={package.parent}:/package"])


def test_installing_starts_and_enables_nothing_and_says_the_next_command(life):
    fine(life, "install-old", "start-empty")

    assert "spsti-connector init --system" in life["install-old"].said
    assert life["enabled"].said.strip() == "disabled"
    assert life["state-empty"].said.strip() == "inactive"


def test_the_folders_belong_to_whom_they_should(life):
    assert life["rights"].said.splitlines() == [
        "/etc/spsti-connector root:spsti-connector 2750",
        "/etc/spsti-connector/credentials root:root 700",
        "/var/lib/spsti-connector spsti-connector:spsti-connector 700",
    ]


def test_a_start_without_a_key_fails_for_good_and_says_where_to_put_it(life):
    fine(life, "init")
    said = life["journal-keyless"].said

    assert life["start-keyless"].status != 0
    assert life["state-keyless"].said.strip() == "failed"  # and not "activating", about to be tried again
    assert "signing: credential:sign-key: it is not there" in said
    assert "put it into /etc/spsti-connector/credentials/sign-key" in said


def test_check_finds_nothing_critical_in_what_the_package_laid_out(life):
    for name in ("check", "check-running", "check-stopped", "instance-check"):
        assert life[name].status == 1, life[name]  # warnings: nobody's software is connected
        assert "CRITICAL " not in life[name].said.replace("CRITICAL 0,", ""), life[name]


def test_the_service_starts_as_its_own_user_and_tells_systemd_how_it_stands(life):
    fine(life, "start", "live", "reload")

    assert life["state"].said.strip() == "active"
    assert life["status"].said.startswith(("ready; ", "NOT READY: source: "))
    assert life["process"].said.split()[0] == "spsti-connector"
    assert life["limits"].said.split()[4:6] == ["0", "0"]
    assert life["state-reloaded"].said.strip() == "active"


def test_the_nightly_backup_is_taken_beside_the_running_service_and_opens(life):
    fine(life, "backup", "rehearse")
    assert life["backup-timer"].said.strip() == "active"

    assert life["backup-rights"].said.splitlines() == [
        f"/var/backups/spsti-connector/{part} spsti-connector 600" for part in ("data", "keys", "epochs")
    ]


def test_it_runs_on_sockets_that_systemd_hands_over(life):
    fine(life, "sockets", "live-sockets")

    assert life["status-sockets"].said.count("active (running)") == 2


def test_an_upgrade_from_the_signed_repository_restarts_it_and_keeps_everything(life, suite):
    fine(life, "upgrade", "version")
    assert life["version"].said.endswith(f"+deb{NUMBERS[suite]}")
    assert not life["version"].said.startswith("0.0.9")

    fine(life, "sockets-upgraded", "live-upgraded", "restarted", "kept-upgrade", "left-over")
    assert life["state-upgraded"].said.strip() == "active"


def test_the_files_are_whole_and_the_manual_is_there(life):
    fine(life, "man", "files")

    assert len(life["man"].said.split()) == 4


def test_the_shell_completes_its_commands(life):
    fine(life, "completion")

    assert life["completion"].said.split() == ["backup"]


def test_an_instance_runs_as_a_user_and_in_folders_of_its_own_and_through_an_upgrade(life):
    fine(life, "instance", "instance-rights", "instance-init", "instance-start", "instance-live")
    fine(life, "instance-upgraded", "instance-restarted")

    assert "spsti-connector init --instance lyon" in life["instance"].said
    assert life["instance-rights"].said.splitlines() == [
        "/etc/spsti-connector-instances/lyon root:spsti-lyon 2750",
        "/var/lib/spsti-connector-instances/lyon spsti-lyon:spsti-lyon 700",
    ]
    assert life["instance-process"].said.split()[0] == "spsti-lyon"


def test_removing_stops_it_and_keeps_configuration_state_and_adapters(life):
    fine(life, "adapter", "remove", "kept-remove", "state-kept", "reinstall", "start-again", "live-again")

    assert life["state-removed"].said.strip() == "inactive"
    assert life["instance-removed"].said.strip() == "inactive"


def test_purging_takes_its_folders_and_leaves_what_lies_behind_a_link(life):
    fine(life, "purge", "elsewhere", "backups-kept")

    assert life["gone"].said.count("No such file") == 5
    assert life["links"].said == ""
    assert "/var/lib/spsti-connector-instances is a link" in life["purge"].said
