"""What builds the packages, as far as it can be looked at without building one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


def run(*command, **environment):
    return subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, check=False, env=os.environ | environment
    )


def test_every_command_has_a_manual_page_that_groff_reads(tmp_path):
    done = run(PACKAGING / "man_pages.py", tmp_path, SOURCE_DATE_EPOCH="1795459000", PYTHONPATH=str(PACKAGING.parent))
    page = (tmp_path / "spsti-connector.1").read_text()

    assert done.returncode == 0, done.stderr
    assert '"2026-11-23"' in page.splitlines()[0]
    pages = {path.name for path in tmp_path.iterdir()}
    assert {"spsti-connector-fetch.1", "spsti-connector-check.1", "spsti-connector.toml.5"} <= pages
    for path in tmp_path.iterdir():
        # A line that begins with a dot is a request of roff; none may come from a text.
        first = {line.split()[0] for line in path.read_text().splitlines() if line.startswith((".", "'"))}
        assert first <= {".TH", ".SH", ".TP", ".PP", ".BR", ".B", ".BI", ".I", ".nf", ".fi", ".br"}, (path.name, first)


@pytest.mark.long
def test_wheel_and_source_archive_are_the_same_twice(tmp_path):
    done = run(PACKAGING / "dist.py", "--output", tmp_path)

    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".gz", ".whl"]


@pytest.mark.parametrize("name", ["", "Lyon", "../etc", "a b", "-x", "1lyon", "l" * 21, "lyon\nroot", "é"])
def test_an_instance_is_refused_that_could_name_another_folder(name):
    # As nobody, so that a name let through could still do nothing to the machine of the tests.
    done = subprocess.run(
        [PACKAGING / "instance" / "spsti-connector-instance", "create", name],
        capture_output=True, check=False, user=65534 if os.geteuid() == 0 else None,
    )  # fmt: skip

    assert done.returncode == 2


@pytest.mark.skipif(
    not all(map(shutil.which, ("apt-ftparchive", "gpg", "dpkg-deb"))), reason="apt-utils, gpg or dpkg is not installed"
)
def test_a_package_is_in_the_repository_whatever_its_file_was_called(tmp_path):
    tree, home = tmp_path / "tree", tmp_path / "gnupg"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: spsti-connector\nVersion: 1:2.0+deb12\nArchitecture: amd64\nMaintainer: N <n@example.org>\n"
        "Description: tried\n"
    )
    subprocess.run(["dpkg-deb", "--build", tree, tmp_path / "from-the-mail.deb"], check=True, capture_output=True)
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", home, "--batch")
    made = (*gpg, "--passphrase", "", "--quick-generate-key", "Throw Away <nobody@example.org>", "ed25519", "sign")
    subprocess.run(made, check=True, capture_output=True)
    listed = subprocess.run((*gpg, "--with-colons", "--list-keys"), check=True, capture_output=True, text=True).stdout
    key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    told = (tmp_path / "from-the-mail.deb", "--key", key, "--output", tmp_path / "apt")
    done = run(PACKAGING / "repository.py", *told, GNUPGHOME=str(home))

    assert done.returncode == 0, done.stderr
    index = (tmp_path / "apt" / "dists" / "bookworm" / "main" / "binary-amd64" / "Packages").read_text()
    assert "Filename: pool/bookworm/spsti-connector_2.0+deb12_amd64.deb" in index
