"""The security model names tests: each of them must exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_security_model_names_exists():
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", (ROOT / "docs" / "security-model.md").read_text()))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_[a-z0-9_]+)", path.read_text())
    }

    assert named
    assert named - defined == set()
