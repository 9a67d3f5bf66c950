"""`adapter new`: a distribution of its own that installs and passes the kit, to be changed into a vendor's adapter."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

import jinja2

from connector.cli.faults import Exit, Fault
from connector.contract.adapter import CONTRACT_VERSION

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_FILES: Final = {
    "pyproject.toml.j2": "pyproject.toml",
    "README.md.j2": "README.md",
    "init.py.j2": "{package}/__init__.py",
    "database.py.j2": "{package}/database.py",
    "source.py.j2": "{package}/source.py",
    "sink.py.j2": "{package}/sink.py",
    "example.py.j2": "tests/example.py",
    "test_kit.py.j2": "tests/test_kit.py",
}


def write_skeleton(name: str, directory: Path) -> list[Path]:
    """Write the files of a new adapter under a directory that is empty or not there; give their paths.

    Raises:
        Fault: a name that no entry point could have, a directory that holds something, or one that cannot be written.
    """
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise Fault(
            "NAME: expected lower-case letters and digits, parts joined by - or _, a letter first, 40 at most",
            status=Exit.USAGE,
        )
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Fault(f"{directory}: holds something already", do="give an empty or new directory", status=Exit.USAGE)
    words = re.split(r"[-_]", name)
    values = {
        "name": name,
        "package": f"spsti_adapter_{'_'.join(words)}",
        "distribution": f"spsti-adapter-{'-'.join(words)}",
        "prefix": "".join(word.capitalize() for word in words),
        "contract_version": CONTRACT_VERSION,
    }
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python and TOML, not HTML
    )
    folder = resources.files("connector.cli").joinpath("skeleton")
    written = []
    try:
        for template, target in _FILES.items():
            path = directory / target.format(**values)
            path.parent.mkdir(parents=True, exist_ok=True)
            text = environment.from_string(folder.joinpath(template).read_text("utf-8")).render(values)
            path.write_text(text, encoding="utf-8")
            written.append(path)
        (directory / str(values["package"]) / "py.typed").touch()
    except OSError as error:
        raise Fault(f"{error.filename}: cannot be written", why=error.strerror or "") from None
    return written
