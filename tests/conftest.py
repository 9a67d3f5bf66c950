"""What holds for every test: properties without deadlines, files in memory, slow files first, and a reason where the
machine lacks what a test needs."""

import os
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two workers share two cores with daemons: the time of one example says nothing. In CI the examples are the same each
# time, so that a failure is the fault of the change; elsewhere they are new ones.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

NEEDS = {
    "needs_faketime": (lambda: shutil.which("faketime") is not None, "faketime is not installed: apt install faketime"),
    "needs_root": (lambda: os.geteuid() == 0, "needs root"),
}
HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 2 << 30
SLOW = (
    "cli/test_adapter.py",
    "system",
    "sandbox",
    "contract/test_isolated.py",
    "pages",
    "local/test_openapi.py",
    "pdf",
    "adapters_sql",
    "tooling",
    "insi",
    "cli",
)
"""What starts processes, waits for them, or makes many requests: the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of `make test` in memory where there is room.

    The stores wait for the disk at each commit, most of the suite's time. That a commit reaches the disk is not what
    these tests can see: a killed process loses nothing that it wrote, flushed or not.
    """
    if "not long" in config.option.markexpr and _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def _has_room(place: Path) -> bool:
    """Say whether files may be kept, and programs among them run, in this place of the machine's memory."""
    if not os.access(place, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(place)
    available = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    room = min(found.f_bavail * found.f_frsize, int(available[1]) * 1024 if available else 0)
    return not found.f_flag & os.ST_NOEXEC and room >= MEMORY_NEEDED


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring the slow files first, so that neither worker begins one when the other has nothing left to do."""
    places = [HERE / name for name in SLOW]

    @cache
    def rank(path: Path) -> int:
        return next((number for number, place in enumerate(places) if path.is_relative_to(place)), len(places))

    items.sort(key=lambda item: rank(item.path))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names something that this machine lacks."""
    for marker, (is_met, reason) in NEEDS.items():
        if item.get_closest_marker(marker) and not is_met():
            pytest.skip(reason)
