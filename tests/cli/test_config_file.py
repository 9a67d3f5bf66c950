"""The configuration that a command is given: one that cannot be read is told as a start tells it, with what to do."""

import subprocess
import sys

import pytest

COMMANDS = ("run", "check --start", "backup data --recipient public.pem")
_PROGRAM = """\
import os, sys
import connector.backup.writing, connector.daemon.run, connector.doctor.examine
from connector.cli import backup, check, run
from connector.cli.main import cli
os.chdir(sys.argv[1])
for words in sys.argv[2:]:
    if not (child := os.fork()):
        os.setuid(65534)
        cli([*words.split(), "--config", "connector.toml"])
    print(words, "ended with", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
# Imported as root, and the file by a relative path: interpreter and folder may lie where nobody else reads.


@pytest.mark.needs_root
def test_one_that_the_services_user_may_not_read_is_told_with_the_rights_it_needs(tmp_path):
    """With status 78: any other, systemd tries again every five seconds, for ever."""
    (tmp_path / "connector.toml").write_text("[state]\n")
    (tmp_path / "connector.toml").chmod(0o600)
    (tmp_path / "public.pem").touch()
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, tmp_path, *COMMANDS], capture_output=True, text=True, check=True
    )

    assert [line for line in done.stdout.splitlines() if " ended with " in line] == [
        f"{command} ended with 78" for command in COMMANDS
    ]
    assert (done.stdout + done.stderr).count("chown root:nobody connector.toml; chmod 640 connector.toml") == 3
