"""Real database servers from Debian's packages, each in a folder of its own, never run as root."""

import os
import pwd
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path

from spsti_sandbox.ports import HeldPorts

ADMIN_PASSWORD = "admin-of-the-tests"
TIMEOUT = 90


class Missing(Exception):
    """Says what the machine lacks."""


class Server(ABC):
    """What both servers share: a folder, an unprivileged account, and a port of loopback."""

    accounts: tuple[str, ...] = ("nobody",)

    def __init__(self, kind: str) -> None:
        self.made: set[str] = set()
        """Databases of the example that it holds."""
        self._identity: dict[str, object] = {}
        self.folder = Path(tempfile.mkdtemp(prefix=f"spsti-{kind}-"))
        if os.geteuid() == 0:
            account = next(filter(None, map(account_named, self.accounts)), None)
            if account is None:
                raise Missing(f"no account of {self.accounts} to run it as")
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self._ports = HeldPorts(1)
        (self.port,) = self._ports.numbers

    def run(self, *command: str) -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            env=self.environment,
            check=False,
            **self._identity,
        )
        if done.returncode:
            log = self.folder / "log"
            told = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{command[0]} failed: {done.stdout.decode(errors='replace')[-2000:]}{told}")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder and start."""

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL(Server):
    accounts = ("postgres", "nobody")

    def __init__(self) -> None:
        programs = sorted(
            Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True
        )
        if not programs:
            raise Missing("PostgreSQL is not installed: apt install postgresql")
        super().__init__("postgresql")
        self._programs = programs[0].parent
        self._data = str(self.folder / "data")
        self._is_up = False

    def prepare(self) -> None:
        password = self.folder / "password"
        password.write_text(ADMIN_PASSWORD)
        password.chmod(0o644)
        self.run(
            *(str(self._programs / "initdb"), "-D", self._data, "-U", "admin", "-A", "scram-sha-256"),
            *("--pwfile", str(password), "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"),
        )
        self.start()

    def start(self) -> None:
        settings = f"-p {self.port} -F -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self.run(str(self._programs / "pg_ctl"), "-D", self._data, "-w", "-l", log, "-o", settings, "start")
        self._is_up = True

    def stop(self) -> None:
        if self._is_up:
            self.run(str(self._programs / "pg_ctl"), "-D", self._data, "-w", "-m", "immediate", "stop")
            self._is_up = False


class MariaDB(Server):
    accounts = ("mysql", "nobody")

    def __init__(self) -> None:
        programs = [shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("mariadbd", "mariadb-install-db")]
        if not all(programs):
            raise Missing("MariaDB is not installed: apt install mariadb-server")
        self._program, self._install = map(str, programs)
        super().__init__("mariadb")
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        self.run(
            *(self._install, "--no-defaults", f"--datadir={self.folder / 'data'}", "--skip-test-db"),
            "--auth-root-authentication-method=normal",
        )
        self.start()

    def start(self) -> None:
        socket_path = self.folder / "socket"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._program, "--no-defaults", f"--datadir={self.folder / 'data'}", f"--socket={socket_path}"),
                    *(f"--port={self.port}", "--bind-address=127.0.0.1", f"--pid-file={self.folder / 'pid'}"),
                    *("--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--sync-frm=0"),
                    *("--innodb-buffer-pool-size=256M", "--character-set-server=utf8mb4", f"--tmpdir={self.folder}"),
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                **self._identity,
            )
        self.run(
            *("mariadb-admin", "--no-defaults", f"--socket={socket_path}", "--user=root", "--wait=120"),
            *("--connect-timeout=5", "--silent", "ping"),
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(TIMEOUT)
            self._process = None


def account_named(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
