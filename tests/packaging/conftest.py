"""The Debian package of each supported Debian, built there, and its life in a clean one that really boots."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from spsti_sandbox.pki import Pki
from tests.kit import debian_root

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
MEMBER = "318751275100020"
NUMBERS = {"bookworm": "12", "trixie": "13"}
COPIED = ("packaging", "requirements", "connector", "README.md", "CHANGELOG.md", "LICENSE", "config.example.toml")
"""What a package is built from: copied, so that nobody edits it between two builds."""


@dataclass(frozen=True)
class Step:
    """How one step of the script inside ended."""

    status: int
    said: str


@dataclass(frozen=True)
class Workshop:
    """A Debian where packages are built: a root, and what the build is given."""

    root: Path
    checkout: Path
    wheels: Path
    sbom: Path
    date: str

    def build(self, output: Path, checkout: Path, *, at: str = "/checkout", umask: str = "022", **more: str) -> Path:
        """Build the package as `make deb` does, from a checkout that lies at some path."""
        output.mkdir()
        binds = [f"--bind-ro={checkout}:{at}", f"--bind-ro={self.wheels.parent}:{at}-given", f"--bind={output}:/made"]
        given = f"--wheels {at}-given/{self.wheels.name} --sbom {at}-given/{self.sbom.name} --output /made"
        command = f"umask {umask} && exec /usr/bin/python3 {at}/packaging/deb.py {given}"
        debian_root.call(self.root, ("sh", "-c", command), binds, SOURCE_DATE_EPOCH=self.date, **more)
        (built,) = output.glob("*.deb")
        return built


def readme() -> list[str]:
    """The blocks of commands of packaging/README.md, in order."""
    return re.findall(r"^```\n(.*?)^```", (PACKAGING / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)


def run(*command, **environment) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="session", params=NUMBERS)
def suite(request):
    """A Debian that the package is for, where this machine can have one."""
    if lacking := debian_root.unavailable(request.param):
        pytest.skip(lacking)
    return request.param


@pytest.fixture(scope="session")
def workshop(suite, tmp_path_factory):
    """A Debian with no more than what `make deb` is said to need, and lintian."""
    folder = tmp_path_factory.mktemp(f"workshop-{suite}")
    archive = debian_root.archive(suite, "building", debian_root.BUILDING, folder)
    root = debian_root.unpack(archive, folder / "root")
    number = debian_root.call(root, ("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")).strip()
    date = run("git", "log", "-1", "--format=%ct").strip()
    checkout, given = folder / "checkout", folder / "given"
    given.mkdir()
    checkout.mkdir()
    for name in COPIED:
        source = ROOT / name
        shutil.copytree(source, checkout / name) if source.is_dir() else shutil.copy(source, checkout / name)
    run(sys.executable, PACKAGING / "wheels.py", "--python", number, "--output", given / "wheels")
    told = ("--wheels", given / "wheels", "--python", number, "--output", given / "sbom.json")
    run(sys.executable, PACKAGING / "sbom.py", *told, SOURCE_DATE_EPOCH=date)
    yield Workshop(root, checkout, given / "wheels", given / "sbom.json", date)
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def package(suite, request, tmp_path_factory):
    """The package; SPSTI_DEBS names a folder with one that is built already."""
    if (folder := os.environ.get("SPSTI_DEBS")) is not None:
        (given,) = Path(folder).glob(f"*+deb{NUMBERS[suite]}_*.deb")
        return given
    workshop = request.getfixturevalue("workshop")
    return workshop.build(tmp_path_factory.mktemp("deb") / "made", workshop.checkout)


@pytest.fixture(scope="session")
def older(package, suite, tmp_path_factory):
    """The same package as an earlier version, with a file that the later one no longer has."""
    folder = tmp_path_factory.mktemp("older")
    run("dpkg-deb", "-R", package, folder / "tree")
    control = folder / "tree" / "DEBIAN" / "control"
    lines = control.read_text().splitlines()
    version = next(line for line in lines if line.startswith("Version: "))
    control.write_text("\n".join(lines).replace(version, f"Version: 0.0.9+deb{NUMBERS[suite]}") + "\n")
    (folder / "tree" / "usr/lib/spsti-connector/of-the-older-version").write_text("gone with the next\n")
    run("dpkg-deb", "--root-owner-group", "-Znone", "-b", folder / "tree", folder / "old.deb")
    shutil.rmtree(folder / "tree")
    return folder / "old.deb"


@pytest.fixture(scope="session")
def repository(package, tmp_path_factory):
    """What the command of the README makes of the package, with a key that is thrown away."""
    folder = tmp_path_factory.mktemp("repository")
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    environment = {"GNUPGHOME": str(home)}
    made = ("--quick-generate-key", "Throw Away <nobody@example.org>", "ed25519", "sign", "never")
    run("gpg", "--batch", "--passphrase", "", *made, **environment)
    listed = run("gpg", "--batch", "--with-colons", "--list-keys", **environment)
    key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    tree = folder / "tree"
    shutil.copytree(PACKAGING, tree / "packaging")
    shutil.copy(ROOT / "Makefile", tree)
    (tree / "dist").mkdir()
    shutil.copy(package, tree / "dist")
    make, target, _ = shlex.split(readme()[4])
    here = ("-o", "env-dev", f"BIN={Path(sys.executable).parent}")  # these tests' environment, instead of a new one
    run(make, "-C", tree, *here, target, f"KEY={key}", **environment)
    return tree / "dist" / "apt"


@pytest.fixture(scope="session")
def life(package, older, repository, suite, tmp_path_factory):
    """The results of `in_root.sh` in a clean Debian, by the name of the step."""
    folder = tmp_path_factory.mktemp(f"booted-{suite}")
    archive = debian_root.archive(suite, "booted", debian_root.BOOTED, folder)
    root = debian_root.unpack(archive, folder / "root")
    given = root / "root" / "given"
    given.mkdir()
    shutil.copy(older, given / "old.deb")
    shutil.copy(package, given / "new.deb")
    pki = Pki(folder / "pki")
    for use in ("server", "client"):
        leaf = pki.issue(MEMBER, use)
        shutil.copy(leaf.cert_pem_path, given / f"{use}.pem")
        shutil.copy(leaf.key_pem_path, given / f"{use}.key")
    shutil.copy(pki.ca_path, given / "ca.pem")
    for name, path in zip(("root", "issuing"), pki.crl_paths, strict=True):
        shutil.copy(path, given / f"{name}.crl")
    build = ("hatchling", "build", "--target", "wheel", "--directory", str(given))
    subprocess.run([sys.executable, "-m", *build], cwd=ROOT / "adapters" / "demo", check=True, capture_output=True)
    shutil.copytree(repository, root / "srv" / "repository")
    (given / "readme").mkdir()
    for number, block in enumerate(readme(), 1):
        (given / "readme" / str(number)).write_text(block)
    console = debian_root.boot(root, (Path(__file__).parent / "in_root.sh").read_text())
    results = root / "root" / "results"
    assert results.is_dir(), console
    yield {
        path.stem: Step(int(path.with_suffix(".rc").read_text()), path.read_text(errors="replace"))
        for path in sorted(results.glob("*.out"))
        if path.with_suffix(".rc").exists()
    }
    shutil.rmtree(root)
