"""The units: understood by systemd, tight, and the same for one member and for one among several."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from connector.cli.backup import backup
from connector.config.layout import CREDENTIALS
from connector.config.model import LocalSection, PeerSection
from connector.contract.settings import CREDENTIAL_PREFIX

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = PACKAGING / "systemd"
UNIT = UNITS / "spsti-connector.service"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def module(name):
    spec = importlib.util.spec_from_file_location(name, PACKAGING / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def template(name: str) -> str:
    return module("templates").template(name)


def settings(text: str, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)


@pytest.fixture(params=["one", "several"])
def service(request, tmp_path):
    """The unit's file, for one member and for one among several."""
    if request.param == "one":
        return UNIT
    path = tmp_path / "spsti-connector@lyon.service"
    path.write_text(template(UNIT.name))
    return path


@needs_systemd
def test_the_units_exposure_is_at_most_one_and_a_half(service):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--json=short", "--threshold=15", str(service)],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, [
        (row["name"], row["exposure"]) for row in json.loads(done.stdout or b"[]") if not row["set"] and row["exposure"]
    ]


@needs_systemd
@pytest.mark.parametrize("several", [False, True])
def test_the_nightly_backups_exposure_is_at_most_one_and_a_half(several, tmp_path):
    unit = tmp_path / f"spsti-connector-backup{'@lyon' if several else ''}.service"
    name = "spsti-connector-backup.service"
    unit.write_text(template(name) if several else (UNITS / name).read_text())

    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(unit)], capture_output=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_nightly_backup_is_called_as_the_command_takes_it_and_reaches_no_network():
    for text in ((UNITS / "spsti-connector-backup.service").read_text(), template("spsti-connector-backup.service")):
        (called,) = settings(text, "ExecStart")
        program, command, *given = called.split()
        assert (program, command) == ("/usr/bin/spsti-connector", "backup")
        backup.make_context("backup", given)  # every option is there, and has its value
        assert settings(text, "PrivateNetwork") == ["yes"]
        assert settings(text, "ReadWritePaths") == settings(text, "WorkingDirectory")
    assert settings(text, "User") == ["spsti-%i"]
    assert "/var/backups/spsti-connector/" not in text


@needs_systemd
def test_systemd_understands_every_line(tmp_path):
    for unit in UNITS.glob("spsti-connector*.*"):
        if unit.suffix in {".service", ".socket", ".timer"}:
            # Of the program only its name is looked at: it is not installed where the tests run.
            (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/bin/spsti-connector", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert [line for line in done.stderr.splitlines() if "spsti" in line] == []


def test_no_secret_and_no_core_dump(service):
    text = service.read_text()

    assert "LimitCORE=0" in text
    assert "Environment=" not in text


def test_it_tells_systemd_how_it_stands_and_is_watched(service):
    text = service.read_text()

    assert settings(text, "Type") == ["notify"]
    assert settings(text, "NotifyAccess") == ["main"]
    assert settings(text, "WatchdogSec") == ["60"]
    assert settings(text, "RestartPreventExitStatus") == ["78"]
    assert settings(text, "ExecStartPre") == []  # its status would be tried again for ever


def test_the_folder_of_credentials_is_given_to_the_service_whole(service):
    folder = "/etc/spsti-connector-instances/%i" if "@" in service.name else "/etc/spsti-connector"

    assert settings(service.read_text(), "LoadCredential") == [f"{CREDENTIAL_PREFIX[:-1]}:{folder}/{CREDENTIALS}"]


def test_one_member_among_several_shares_nothing_with_the_others():
    text = template(UNIT.name)

    assert settings(text, "User") == settings(text, "Group") == ["spsti-%i"]
    assert settings(text, "StateDirectory") == ["spsti-connector-instances/%i"]
    assert "/etc/spsti-connector/" not in text


@pytest.mark.parametrize(
    ("name", "side", "section"), [("spsti-connector", "peer", "peer"), ("spsti-connector-local", "local", "local")]
)
def test_the_sockets_are_those_that_the_configuration_has_by_default(name, side, section):
    text = (UNITS / f"{name}.socket").read_text()
    default = {"peer": PeerSection, "local": LocalSection}[section].model_fields["listen"].default

    assert settings(text, "FileDescriptorName") == [side]
    assert settings(text, "ListenStream") == [default]
    assert settings(text, "Service") == ["spsti-connector.service"]
    assert settings(template(f"{name}.socket"), "ListenStream") == []
    assert settings(template(f"{name}.socket"), "Service") == ["spsti-connector@%i.service"]
