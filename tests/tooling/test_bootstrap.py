"""scripts/bootstrap.py says in one line what is missing, and deletes nothing that it did not make.

That it makes the environment at all is shown by every run of `make`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

NO_VENV = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "ensurepip" else found(name, package)
"""
TOO_OLD = "import sys; sys.version_info = (3, 9, 2)"


def bootstrap(venv: Path, start_up: str = "") -> subprocess.CompletedProcess[str]:
    """Run the script in a Python that first runs `start_up`."""
    script = ROOT / "scripts" / "bootstrap.py"
    code = f"{start_up}\nimport runpy, sys\nsys.argv = ['bootstrap.py', '--venv', {str(venv)!r}, 'demo']\n"
    code += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("start_up", "remedy"),
    [(NO_VENV, "apt install python3-venv"), (TOO_OLD, "is Python 3.9, 3.11 or newer is needed")],
    ids=["no-ensurepip", "too-old"],
)
def test_unfit_python_is_refused_in_one_line_with_the_remedy(tmp_path, start_up, remedy):
    ended = bootstrap(tmp_path / "venv", start_up)

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert remedy in ended.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_environment_of_someone_else_is_left_alone(tmp_path, kind):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "pyvenv.cfg").write_text("home = /usr/bin\n", encoding="ascii")
    venv = theirs
    if kind == "link":
        (theirs / "made-by-scripts-bootstrap").touch()
        venv = tmp_path / "link"
        venv.symlink_to(theirs)

    ended = bootstrap(venv)

    assert ended.returncode == 1
    assert "was not made by scripts/bootstrap.py" in ended.stderr
    assert (theirs / "pyvenv.cfg").exists()
