"""The program's own streams and its end: full, closed and narrow outputs, and Ctrl-C, as a process of its own."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_init_and_check import FLAGS
from tests.cli.test_terminal import INTERRUPTIBLE, PATIENCE, ROOT

PROGRAM = (sys.executable, "-m", "connector")


def run(*arguments, shell="", **more):
    """Run the program; `shell` is a redirection that a shell makes first."""
    command = ["sh", "-c", f'exec "$@" {shell}', "sh"] if shell else []
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT), **more.pop("environment", {})}
    return subprocess.run(
        [*command, *PROGRAM, *map(str, arguments)], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=PATIENCE, check=False, **more,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full_ends_in_words():
    result = run("--help", shell=">/dev/full")

    assert result.returncode == 1
    assert result.stderr.decode().splitlines() == [
        "error: the output cannot be written",
        "why: No space left on device",
        "do: free the disk, or send it elsewhere",
    ]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_a_stream_that_is_closed_is_one_that_nobody_reads(closed, tmp_path):
    result = run("check", "--offline", "--config", tmp_path / "none.toml", shell=closed)

    assert result.returncode == 2
    assert b"Traceback" not in result.stderr


def test_a_character_that_the_terminal_does_not_know_is_printed_as_an_escape():
    result = run("journal", "list", "--help", environment={"PYTHONIOENCODING": "iso-8859-15"})

    assert (result.returncode, result.stderr) == (0, b"")
    assert b"shown\\u2026" in re.sub(rb"\s+", b"", result.stdout)


def test_ctrl_c_ends_a_call_with_the_status_that_is_documented(tmp_path):
    """A connector that takes the call and never answers: the signal comes while it is waited for."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [*INTERRUPTIBLE, *PROGRAM, "status", "--url", url], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
            cwd=ROOT, start_new_session=True,
        )  # fmt: skip
        connection, _ = silent.accept()
        with connection:
            connection.settimeout(PATIENCE)
            assert connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert said.split() == [b"Aborted!"]


def test_init_leaves_nothing_behind_where_the_disk_is_full(tmp_path):
    def small_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # less than the configuration has

    folder = tmp_path / "new"
    full = run("init", "--directory", folder, *FLAGS, preexec_fn=small_disk)
    left = [path for path in folder.rglob("*") if path.is_file()]
    again = run("init", "--directory", folder, *FLAGS)

    assert full.returncode == 1
    assert f"{folder}/connector.toml cannot be written" in full.stderr.decode()
    assert left == []
    assert again.returncode == 0, again.stderr
    assert f"{folder}/keys/master.key" in again.stdout.decode()


def test_init_says_in_words_that_a_folder_cannot_be(tmp_path):
    result = run("init", "--directory", tmp_path / ("n" * 300), *FLAGS)

    assert result.returncode == 1
    assert b"File name too long" in result.stderr
    assert b"Traceback" not in result.stderr
