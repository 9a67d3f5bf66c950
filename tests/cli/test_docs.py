"""docs/cli.md says what the commands say of themselves."""

import importlib.util
import json
import re
from pathlib import Path

from connector.cli.faults import Exit
from connector.local.requests import WorkerIn

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_help_of_every_command_stands_in_the_page():
    """When it does not: python scripts/cli_help.py."""
    spec = importlib.util.spec_from_file_location("cli_help", ROOT / "scripts" / "cli_help.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert PAGE.partition(script.BEGIN)[2].partition(script.END)[0] == script.helps()


def test_every_exit_status_is_described():
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(Exit)


def test_the_example_of_a_worker_is_one():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert WorkerIn.model_validate(json.loads(example)).status == "qualified"
