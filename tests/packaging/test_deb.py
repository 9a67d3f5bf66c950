"""The Debian package on a clean Debian that really boots: installed, configured, started, upgraded, removed, purged."""

import os
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
DEBIAN_PYTHON = "/usr/bin/python3"

pytestmark = [
    pytest.mark.long,
    pytest.mark.needs_root,
    pytest.mark.skipif(bool(debian_root.missing()), reason=debian_root.missing()),
    pytest.mark.timeout(3600),
]


@dataclass(frozen=True)
class Step:
    """How one step of the script inside ended."""

    status: int
    said: str


def run(*command, **environment) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=ROOT, env=os.environ | environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def python_of_debian() -> str:
    return run(DEBIAN_PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The package as `make deb` builds it; SPSTI_DEB names one that is built already."""
    if (given := os.environ.get("SPSTI_DEB")) is not None:
        return Path(given)
    folder, number = tmp_path_factory.mktemp("deb"), python_of_debian()
    date = run("git", "log", "-1", "--format=%ct").strip()
    run(sys.executable, PACKAGING / "wheels.py", "--python", number, "--output", folder / "wheels")
    sbom = folder / "sbom.json"
    told = ("--wheels", folder / "wheels", "--python", number, "--output", sbom)
    run(sys.executable, PACKAGING / "sbom.py", *told, SOURCE_DATE_EPOCH=date)
    told = ("--wheels", folder / "wheels", "--sbom", sbom, "--output", folder)
    run(DEBIAN_PYTHON, PACKAGING / "deb.py", *told, SOURCE_DATE_EPOCH=date)
    (built,) = folder.glob("*.deb")
    return built


@pytest.fixture(scope="session")
def older(package, tmp_path_factory):
    """The same package as an earlier version, with a file that the later one no longer has."""
    folder = tmp_path_factory.mktemp("older")
    run("dpkg-deb", "-R", package, folder / "tree")
    control = folder / "tree" / "DEBIAN" / "control"
    lines = control.read_text().splitlines()
    version = next(line for line in lines if line.startswith("Version: "))
    control.write_text("\n".join(lines).replace(version, "Version: 0.0.9+deb12") + "\n")
    (folder / "tree" / "usr/lib/spsti-connector/of-the-older-version").write_text("gone with the next\n")
    run("dpkg-deb", "--root-owner-group", "-Znone", "-b", folder / "tree", folder / "old.deb")
    shutil.rmtree(folder / "tree")
    return folder / "old.deb"


@pytest.fixture(scope="session")
def repository(package, tmp_path_factory):
    """A repository signed with a key that is thrown away."""
    folder = tmp_path_factory.mktemp("repository")
    home = folder / "gnupg"
    home.mkdir(mode=0o700)
    environment = {"GNUPGHOME": str(home)}
    made = ("--quick-generate-key", "Throw Away <nobody@example.org>", "ed25519", "sign", "never")
    run("gpg", "--batch", "--passphrase", "", *made, **environment)
    listed = run("gpg", "--batch", "--with-colons", "--list-keys", **environment)
    key = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    output = folder / "out"
    run(sys.executable, PACKAGING / "repository.py", package, "--key", key, "--output", output, **environment)
    return output


@pytest.fixture(scope="session")
def life(package, older, repository, tmp_path_factory):
    """The results of `in_root.sh` in a clean Debian, by the name of the step."""
    folder = tmp_path_factory.mktemp("root")
    archive = Path(os.environ.get("SPSTI_DEBIAN_ROOT") or folder / "root.tar")
    if not archive.exists():
        debian_root.make("bookworm", archive)
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
    (given / "sources").mkdir()
    (given / "sources" / "spsti.sources").write_text(
        "Types: deb\nURIs: file:/srv/repository\nSuites: bookworm\nComponents: main\n"
        "Signed-By: /srv/repository/spsti-connector.gpg\n"
    )
    console = debian_root.boot(root, (Path(__file__).parent / "in_root.sh").read_text())
    results = root / "root" / "results"
    assert results.is_dir(), console
    yield {
        path.stem: Step(int(path.with_suffix(".rc").read_text()), path.read_text(errors="replace"))
        for path in sorted(results.glob("*.out"))
        if path.with_suffix(".rc").exists()
    }
    shutil.rmtree(root)


def fine(life, *names) -> None:
    for name in names:
        assert life[name].status == 0, (name, life[name])


def test_lintian_finds_nothing(package):
    if shutil.which("lintian") is None:
        pytest.skip("lintian is not installed")
    said = subprocess.run(
        ["lintian", "--allow-root", "--tag-display-limit", "0", "--fail-on", "error,warning", str(package)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert said.returncode == 0, said.stdout


def test_installing_starts_and_enables_nothing_and_says_the_next_command(life):
    fine(life, "install-old", "start-empty")

    assert "spsti-connector init --system" in life["install-old"].said
    assert life["enabled"].said.strip() == "disabled"
    assert life["state-empty"].said.strip() == "inactive"


def test_the_folders_belong_to_whom_they_should(life):
    assert life["rights"].said.splitlines() == [
        "/etc/spsti-connector root:spsti-connector 2750",
        "/etc/spsti-connector/credentials root:root 700",
        "/var/lib/spsti-connector spsti-connector:spsti-connector 700",
    ]


def test_a_start_without_a_key_fails_for_good_and_says_where_to_put_it(life):
    fine(life, "init")
    said = life["journal-keyless"].said

    assert life["start-keyless"].status != 0
    assert life["state-keyless"].said.strip() == "failed"  # and not "activating", about to be tried again
    assert "signing: credential:sign-key: it is not there" in said
    assert "put it into /etc/spsti-connector/credentials/sign-key" in said


def test_the_service_starts_as_its_own_user_and_tells_systemd_how_it_stands(life):
    fine(life, "start", "live", "reload")

    assert life["state"].said.strip() == "active"
    assert life["status"].said.startswith(("ready; ", "NOT READY: source: "))
    assert life["process"].said.split()[0] == "spsti-connector"
    assert life["limits"].said.split()[4:6] == ["0", "0"]
    assert life["state-reloaded"].said.strip() == "active"


def test_the_nightly_backup_is_taken_beside_the_running_service_and_opens(life):
    fine(life, "backup", "backup-timer", "rehearse")

    assert life["backup-rights"].said.splitlines() == [
        f"/var/backups/spsti-connector/{part} spsti-connector 600" for part in ("data", "keys", "epochs")
    ]


def test_it_runs_on_sockets_that_systemd_hands_over(life):
    fine(life, "sockets", "live-sockets")

    assert life["status-sockets"].said.count("active (running)") == 2


def test_an_upgrade_from_the_signed_repository_restarts_it_and_keeps_everything(life):
    fine(life, "repository", "upgrade", "version")
    assert life["version"].said.endswith("+deb12")
    assert not life["version"].said.startswith("0.0.9")

    fine(life, "sockets-upgraded", "live-upgraded", "restarted", "kept-upgrade", "left-over")
    assert life["state-upgraded"].said.strip() == "active"


def test_the_files_are_whole_and_the_manual_is_there(life):
    fine(life, "man", "files")

    assert len(life["man"].said.split()) == 4


def test_an_instance_has_a_user_and_folders_of_its_own(life):
    fine(life, "instance")

    assert "/var/lib/spsti-connector-instances/lyon spsti-lyon:spsti-lyon 700" in life["instance"].said
    assert "spsti-connector init --instance lyon" in life["instance"].said


def test_removing_stops_it_and_keeps_configuration_state_and_adapters(life):
    fine(life, "adapter", "remove", "kept-remove", "state-kept", "reinstall", "start-again", "live-again")

    assert life["state-removed"].said.strip() == "inactive"


def test_purging_takes_its_folders_and_leaves_what_lies_behind_a_link(life):
    fine(life, "purge", "elsewhere")

    assert life["gone"].said.count("No such file") == 5
    assert "/var/lib/spsti-connector-instances is a link" in life["purge"].said
