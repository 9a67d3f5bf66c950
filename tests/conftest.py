"""What holds for every test: properties without deadlines, and a reason where the machine lacks what a test needs."""

import os
import shutil

import pytest
from hypothesis import settings

# Two workers share two cores with daemons: the time of one example says nothing. In CI the examples are the same each
# time, so that a failure is the fault of the change; elsewhere they are new ones.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("house")

NEEDS = {
    "needs_faketime": (lambda: shutil.which("faketime") is not None, "faketime is not installed: apt install faketime"),
    "needs_root": (lambda: os.geteuid() == 0, "needs root"),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names something that this machine lacks."""
    for marker, (is_met, reason) in NEEDS.items():
        if item.get_closest_marker(marker) and not is_met():
            pytest.skip(reason)
