"""Commands against a running local API on a real socket; the house behind it is in memory."""

import io
import json
import logging
import os
import socket

import pytest
from click.testing import CliRunner

from connector import logs
from connector.cli.main import cli
from tests.kit.local_side import House, Served, new_fetch
from tests.kit.local_values import KEY, PHYSICIAN_ID, A, B

INFORMED = ["--informed-by", "physician", "--informed-means", "oral", "--informed-at", "2026-11-23T08:50:00Z"]


class Shell:
    """Runs commands as a person would, with the key in a file."""

    def __init__(self, url, key_file):
        self.url, self.key_file = url, key_file
        self.environment = {"SPSTI_URL": url, "SPSTI_API_KEY_FILE": str(key_file), "LC_ALL": "C.UTF-8"}

    def __call__(self, *arguments, stdin=None, **environment):
        runner = CliRunner()
        return runner.invoke(cli, [*map(str, arguments)], input=stdin, env=self.environment | environment)

    def json(self, *arguments, **options):
        result = self(*arguments, "--json", **options)
        return result.exit_code, json.loads(result.stdout)

    def fetch(self, *arguments, command="fetch", services=(A, B), worker=None, **options):
        stated = worker or new_fetch()["worker"]
        return self(
            command,
            "--worker",
            "-",
            *(part for member in services for part in ("--service", member)),
            "--practitioner",
            PHYSICIAN_ID,
            "--auth-at",
            "2026-11-23T08:30:00Z",
            *INFORMED,
            "--does-not-object",
            *arguments,
            stdin=json.dumps(stated),
            **options,
        )


@pytest.fixture
def house():
    return House(keep_alive_seconds=0.05, drain_seconds=2.0)


@pytest.fixture
def served(house):
    with Served(house) as running:
        yield running


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "api-key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def shell(served, key_file):
    return Shell(served.url, key_file)


@pytest.fixture
def lone_shell(key_file):
    """Commands with no connector behind the address."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Shell(f"http://127.0.0.1:{held.getsockname()[1]}", key_file)


@pytest.fixture(autouse=True)
def log():
    """The log of the connector, which in life is another process's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(form="json", stream=stream)
    yield stream
    logs.unconfigure()
    root.handlers[:], root.level = handlers, level


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith("SPSTI_")]:
        monkeypatch.delenv(name)
