"""Every log event and metric is documented, and nothing is documented that does not exist."""

import re
from pathlib import Path

from connector import logs
from connector.metrics import Metrics

DOCUMENT = (Path(__file__).parents[2] / "docs" / "observability.md").read_text()


def section(title):
    return DOCUMENT.partition(f"## {title}")[2].partition("\n## ")[0]


def rows(text):
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def test_every_log_event_is_documented_and_no_other():
    events = {value for name, value in vars(logs).items() if name.isupper() and isinstance(value, str)}

    assert rows(section("Logs")) == events


def test_every_metric_is_documented_and_no_other():
    exposed = set(re.findall(r"^# HELP (\S+)", Metrics("0").render().decode(), re.MULTILINE))
    exposed = {name for name in exposed if not name.endswith("_created")}

    assert rows(section("Metrics")) == exposed
