"""docs/directory.md says what the code does: every refusal, role, life, command and size class is in it."""

from pathlib import Path

from connector.cli.federation import command
from connector.core.units import DAY_SECONDS
from connector.directory import layout
from connector.directory.entry import SIZE_CLASSES
from connector.directory.memberships import Standing
from connector.directory.refusal import Refusal

TEXT = (Path(__file__).parents[2] / "docs" / "directory.md").read_text()


def test_every_refusal_is_explained():
    assert [refusal.value for refusal in Refusal if f"| `{refusal}` |" not in TEXT] == []


def test_every_command_is_listed():
    assert [name for name in command.commands if f"`{name}`" not in TEXT] == []


def test_lives_and_announcements_are_those_of_the_code():
    for role, seconds in layout.LIFE.items():
        (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{role}`")]
        assert line.endswith(f"| {seconds // DAY_SECONDS} days |")
    words = "60 days for the root, 30 for targets,\n15 for the snapshot, 3 for the timestamp"
    assert words in TEXT
    assert [layout.WARN_BEFORE[r] // DAY_SECONDS for r in ("root", "targets", "snapshot", "timestamp")] == [
        60,
        30,
        15,
        3,
    ]


def test_standings_and_size_classes_are_named():
    assert [word for word in (*Standing, *SIZE_CLASSES) if f"`{word}`" not in TEXT] == []
