"""A PKCS#11 token for tests: SoftHSM in a folder of its own, which can be pulled out and put back."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DRIVERS = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))
LABEL, PIN = "spsti", "7391-geheim"


class Token:
    """A token with no key yet. SoftHSM reads `SOFTHSM2_CONF` once in the life of a process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder / "tokens", folder / "softhsm2.conf"
        self.folder.mkdir(parents=True)
        self.config.write_text(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.environment = {"SOFTHSM2_CONF": str(self.config)}
        self._tool("softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "00000000")

    @property
    def driver(self) -> str:
        """The shared library."""
        return str(next(path for path in DRIVERS if path.exists()))

    def make_key(self, label: str, kind: str = "EC:prime256v1") -> None:
        """Have the token make a key pair; `kind` is pkcs11-tool's word."""
        self._tool(
            "pkcs11-tool", "--module", self.driver, "--token-label", LABEL, "--login", "--pin", PIN,
            "--keypairgen", "--key-type", kind, "--label", label, "--id", label.encode().hex(),
        )  # fmt: skip

    def drop_public(self, label: str) -> None:
        """Leave the private half of a key alone in the token."""
        self._tool(
            "pkcs11-tool", "--module", self.driver, "--token-label", LABEL, "--login", "--pin", PIN,
            "--delete-object", "--type", "pubkey", "--label", label,
        )  # fmt: skip

    def pull(self) -> None:
        """Pull the token out."""
        self.folder.rename(self.folder.with_name("pulled"))
        self.folder.mkdir()

    def put_back(self) -> None:
        """Put it back."""
        self.folder.rmdir()
        self.folder.with_name("pulled").rename(self.folder)

    def _tool(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, env=os.environ | self.environment, timeout=30)


def needs_softhsm() -> None:
    """Skip a test where the machine has no SoftHSM (scripts/ci-packages)."""
    if not any(path.exists() for path in DRIVERS) or not all(map(shutil.which, ("softhsm2-util", "pkcs11-tool"))):
        pytest.skip("no SoftHSM here: apt install softhsm2 opensc")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
