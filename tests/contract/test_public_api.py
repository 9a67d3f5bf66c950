"""What vendors may import: a frozen list, documented name by name. A change here is a change of the contract."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector import contract
from connector.contract import testing
from tests.contract.vendors import PDF, RECEIVED

GUIDE = Path(__file__).parents[2] / "docs" / "adapters.md"
FROZEN = {
    "CONTRACT_VERSION",
    "TYPE_DMST",
    "AdapterContext",
    "AdapterError",
    "AdapterHealth",
    "AdapterOptions",
    "Announcement",
    "BirthDate",
    "Coded",
    "Counts",
    "Day",
    "Environment",
    "Extent",
    "IdentityAttribute",
    "IdentityFault",
    "IdentityStatus",
    "Ins",
    "InsOid",
    "Instant",
    "LocalIdentity",
    "Look",
    "Matricule",
    "MemberId",
    "Opposition",
    "Problem",
    "ReceivedDocument",
    "Remark",
    "Sex",
    "Sink",
    "Source",
    "StrictTraits",
    "ToldToWorker",
    "Trace",
    "TraceAction",
    "instant_of",
}
FROZEN_KIT = {"Finding", "KitCase", "Version", "VersionState", "check_source", "examine_source", "words"}
METHODS = {
    contract.Source: {"look", "document", "trace", "health", "counts", "remarks", "start", "close"},
    contract.Sink: {"file", "told", "trace", "health", "start", "close"},
}


def test_the_export_list_is_the_frozen_one():
    assert set(contract.__all__) == FROZEN
    assert set(testing.__all__) == FROZEN_KIT
    assert contract.CONTRACT_VERSION == 1


@pytest.mark.parametrize("half", METHODS)
def test_the_methods_of_each_half_are_the_frozen_ones(half):
    assert {name for name in dir(half) if not name.startswith("_") and callable(getattr(half, name))} - {
        "Options"
    } == METHODS[half]


def test_the_guide_has_a_table_row_for_each_public_name():
    rows = set(re.findall(r"^\| `([A-Za-z_]+)` \|", GUIDE.read_text(), re.MULTILINE))

    assert rows >= FROZEN | FROZEN_KIT | set.union(*METHODS.values())


def test_the_guide_names_every_problem():
    text = GUIDE.read_text()

    assert [problem for problem in contract.Problem if f"`{problem.name}`" not in text] == []


def test_the_examples_of_the_guide_run(tmp_path, monkeypatch):
    """All Python blocks of the guide, in their order, as one program."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks

    program: dict[str, object] = {"__name__": "guide"}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"docs/adapters.md, block {number}", "exec"), program)

    (tmp_path / "inbox").mkdir()
    sink = program["AcmeSink"](program["AcmeSink"].Options(inbox="inbox"), program["context"])
    assert sink.health().ok
    assert (tmp_path / "inbox" / sink.file(RECEIVED, iter([PDF[:9], PDF[9:]]))).read_bytes() == PDF


def test_an_instant_needs_a_time_zone():
    assert contract.instant_of(datetime(2026, 3, 14, tzinfo=UTC)) == 1773446400
    with pytest.raises(ValueError, match="without time zone"):
        contract.instant_of(datetime(2026, 3, 14))  # noqa: DTZ001
