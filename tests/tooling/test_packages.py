"""What is built and what is locked: the wheel ships the connector alone, the locks name no host and miss no hash."""

import runpy
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = runpy.run_path(str(ROOT / "scripts" / "check_locks.py"))


def build(project: Path, target: Path) -> list[str]:
    """Build the wheel of a distribution and list what is in it, metadata apart."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=project, check=True, capture_output=True, timeout=60)
    (wheel,) = target.glob("*.whl")
    return [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]


def test_production_wheel_holds_the_connector_and_nothing_else(tmp_path):
    names = build(ROOT, tmp_path)

    assert "connector/py.typed" in names
    assert [name for name in names if not name.startswith("connector/")] == []


@pytest.mark.parametrize(
    ("project", "package"),
    [
        ("adapters/demo", "spsti_adapter_demo"),
        ("adapters/folder", "spsti_adapter_folder"),
        ("adapters/http", "spsti_adapter_http"),
        ("adapters/sql", "spsti_adapter_sql"),
        ("sandbox", "spsti_sandbox"),
    ],
    ids=["demo", "folder", "http", "sql", "sandbox"],
)
def test_other_distributions_hold_their_own_package(tmp_path, project, package):
    names = build(ROOT / project, tmp_path)

    assert names
    assert [name for name in names if not name.startswith(f"{package}/")] == []


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.lock")), ids=lambda path: path.stem)
def test_lock_names_no_host_and_misses_no_hash(lock):
    assert CHECK["text_faults"](lock) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url pypi.example",
        "--find-links wheels",
        "# from https://pypi.example/simple",
        "click @ file:wheels/click.whl \\\n    --hash=sha256:00",
        "    # from /srv/wheels",
        "click==8.5.1",
        "click==8.5.1 \\\n    # via rich",
    ],
)
def test_host_path_or_missing_hash_is_found(tmp_path, line):
    lock = tmp_path / "bad.lock"
    lock.write_text(f"rich==15.0.0 \\\n    --hash=sha256:00\n{line}\n", encoding="ascii")

    assert CHECK["text_faults"](lock) != []


def test_every_dependency_of_the_daemon_is_locked_within_its_bounds():
    locked = CHECK["pins"](ROOT / "requirements" / "runtime.lock")

    assert "pip" in locked  # sqlite-utils imports it
    assert CHECK["bound_faults"]("pyproject.toml", "runtime", locked) == []
    assert CHECK["bound_faults"]("pyproject.toml", "runtime", {}) != []


def test_extras_of_the_connector_keep_their_bounds_in_its_lock():
    locked = CHECK["pins"](ROOT / "requirements" / "runtime.lock")
    without = {name: version for name, version in locked.items() if name != "lxml"}

    assert CHECK["bound_faults"]("pyproject.toml", "runtime", locked, with_extras=True) == []
    (fault,) = CHECK["bound_faults"]("pyproject.toml", "runtime", without, with_extras=True)
    assert "lxml is None" in fault
