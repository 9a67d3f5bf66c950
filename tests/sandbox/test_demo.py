"""`spsti-sandbox demo` as a user runs it: a process of its own, in a folder of its own."""

import fcntl
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

COMMAND = (sys.executable, "-c", "from spsti_sandbox.cli import main; main()")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=110, env=os.environ | environment
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The demonstration, once; and the folder in which it was."""
    folder = tmp_path_factory.mktemp("demo")
    return run("demo", "--once", "--folder", str(folder), "--workers", "10"), folder


def test_the_demonstration_ends_well_and_says_so(told) -> None:
    done, _ = told

    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it happened as expected" in done.stdout
    assert done.stderr == ""


def test_its_output_is_plain_where_it_is_no_terminal(told) -> None:
    assert "\x1b" not in told[0].stdout


def test_it_tells_of_each_case_and_of_both_sides(told) -> None:
    text = told[0].stdout
    for words in (
        "The most recent record of a worker known to A and to B",
        "le plus récent de 2 services ayant répondu sur 2",
        "steps:  asking",
        "ledger entries at C, which asked:",
        "ledger entries at B, which holds:",
        "A worker known to no one",
        "A worker who has objected at A and at B",
        "A worker whose birth date differs at A",
        "A worker whose record is at a service that is down",
        "A worker whose INS is first acquired from INSi, by traits",
        "RECUP. Identité récupérée d'INSi, non contrôlée.",
        "A worker whose identity INSi does not bear out",
        "sur : lieu de naissance. Aucun service n'a été interrogé.",
        "An operator of the federation suspends A",
        "two operators lift it",
        "The probe",
        "no name, birth date or INS of these workers in",
    ):
        assert words in text


def test_the_record_is_on_disk_for_its_owner_alone(told) -> None:
    done, _ = told
    path = Path(re.search(r"file: +(\S+\.pdf) ", done.stdout)[1])

    assert path.read_bytes().startswith(b"%PDF-")
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_daemon_outlives_it(told) -> None:
    done, folder = told

    assert len(re.findall(r"https?://127\.0\.0\.1:\d+", done.stdout)) == 6
    running = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert [line for line in running if any(str(folder) in word for word in line)] == []


@pytest.mark.long
def test_services_stay_up_until_ctrl_c_and_end_without_a_traceback(tmp_path) -> None:
    # Started in the background, we ignore SIGINT, and so would this process.
    command = [
        "env",
        "--default-signal=INT",
        *COMMAND,
        "federation",
        "up",
        "--services",
        "2",
        "--folder",
        str(tmp_path),
        "--workers",
        "10",
    ]
    # Lines as they come, though it is no terminal.
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as up:
        lines = []
        for line in up.stdout:
            lines.append(line)
            if "verified with INSi on" in line:
                shown = run("code", "camille", "--folder", str(tmp_path))
                up.send_signal(signal.SIGINT)
        status = up.wait(60)

    text = "".join(lines)
    assert status == 0, text
    assert "Traceback" not in text
    assert "stopping the services" in text
    assert re.search(r"address: +http://127\.0\.0\.1:\d+/ ", text)
    assert re.search(r"camille +demo-[0-9a-f]{12} +Dr Camille DURAND", text)
    assert re.search(r"IS010000000000000000000000S1\d{15}S21\.2\.250\.1\.213\.1\.4\.10S3", text)
    assert re.fullmatch(r"\d{6}\n", shown.stdout), shown.stderr


def test_a_code_for_nobody_is_told_as_such(tmp_path) -> None:
    told = run("code", "nobody", "--folder", str(tmp_path))

    assert told.returncode == 1
    assert "no account of nobody" in told.stderr


def test_a_folder_that_another_demonstration_has_is_refused(tmp_path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run("demo", "--once", "--folder", str(tmp_path))

    assert done.returncode == 1
    assert "another demonstration runs" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_the_sandbox_did_not_make_is_never_removed(tmp_path) -> None:
    precious = tmp_path / "federation" / "thesis.txt"
    precious.parent.mkdir()
    precious.write_text("x")

    done = run("demo", "--once", "--folder", str(tmp_path))

    assert done.returncode == 1
    assert "was not made by the sandbox" in done.stderr
    assert precious.exists()


@pytest.mark.long
def test_a_demonstration_that_differs_from_the_plan_says_what_and_fails(tmp_path) -> None:
    # The plan says that B has the newer record: a vendor's database where it has not makes the story another one.
    folder = str(tmp_path)
    spoil = (
        "import sqlite3, spsti_sandbox.vendor_db as v\n"
        "real = v.generate\n"
        "def worse(path, *, service, **more):\n"
        "    players = real(path, service=service, **more)\n"
        "    if service == 'b':\n"
        "        with sqlite3.connect(path) as db:\n"
        "            db.execute('update dossier_version set communicable = 0')\n"
        "    return players\n"
        "v.generate = worse\n"
        "from spsti_sandbox.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", spoil, "demo", "--once", "--folder", folder, "--workers", "10"],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 1, done.stdout
    assert "NOT AS EXPECTED" in done.stdout
    assert "the newest: got" in done.stdout
    assert "All of it happened" not in done.stdout
    assert "checks differ:" in done.stdout
    assert "Traceback" not in done.stderr
