"""One service of a sandbox federation: its folder as `init` makes it, its process, and how to reach it.

The daemon is the real one, started as IT staff would start it; nothing here reaches into it. What only a test needs
(pause points, clocks) is added by the launcher that is named in `command`, never by an option of the daemon.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from spsti_sandbox.pki import Leaf
from spsti_sandbox.ports import HeldPorts

START_SECONDS = 60.0


class ServiceDied(RuntimeError):
    """A daemon ended while it was waited for; its last lines of log are in the message."""


@dataclass(slots=True)
class Service:
    """A connector of the sandbox. `api_key` is the local API's, known here because the sandbox made it."""

    letter: str
    member_id: str
    name: str
    folder: Path
    ports: HeldPorts = field(repr=False)
    api_key: str = field(repr=False)
    server: Leaf = field(repr=False)
    client: Leaf = field(repr=False)
    process: asyncio.subprocess.Process | None = None
    command: Sequence[str] = (sys.executable, "-m", "connector")
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def peer_port(self) -> int:
        """The port of loopback that peers call."""
        return self.ports.numbers[0]

    @property
    def local_port(self) -> int:
        """The port of loopback that the physician's side calls."""
        return self.ports.numbers[1]

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "connector.toml"

    @property
    def vendor_database(self) -> Path:
        """The demo vendor's database."""
        return self.folder / "vendor" / "dmst.sqlite"

    @property
    def log(self) -> Path:
        """What the daemon wrote to its standard error."""
        return self.folder / "daemon.log"

    @property
    def peer_url(self) -> str:
        """Where peers call it."""
        return f"https://127.0.0.1:{self.peer_port}"

    @property
    def local_url(self) -> str:
        """Where the physician's side calls it."""
        return f"http://127.0.0.1:{self.local_port}"

    @property
    def key_file(self) -> Path:
        """The file with the local API key, as the CLI takes it."""
        return self.folder / "api-key"

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.returncode is None

    async def start(self, *, ready: bool = True) -> None:
        """Start the process and return once it is ready, or once its local side answers.

        Raises:
            ServiceDied: it ended instead, or was not ready in time.
        """
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                "run",
                "--config",
                str(self.config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        await self.wait_ready(ready=ready)

    async def wait_ready(self, *, ready: bool = True) -> None:
        """Return once `/health/ready` says so, or answers at all."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        async with aiohttp.ClientSession() as session:
            while asyncio.get_running_loop().time() < deadline:
                if not self.is_running:
                    break
                try:
                    async with session.get(f"{self.local_url}/health/ready") as answer:
                        if answer.status == 200 or not ready:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise ServiceDied(f"service {self.letter} is not ready; the end of its log:\n{self.tail()}")

    async def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 60.0) -> int | None:
        """Signal the process, wait for it to end, and give its exit status; SIGKILL after `seconds`."""
        process = self.process
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(how)
            try:
                await asyncio.wait_for(process.wait(), seconds)
            except TimeoutError:
                process.kill()
                await process.wait()
        return process.returncode

    def configure(self, section: str, **settings: str | float) -> None:
        """Set keys of a section of the configuration file; counts from the next start or reload on."""
        lines = self.config.read_text().splitlines()
        begin = lines.index(f"[{section}]") + 1
        end = next((n for n in range(begin, len(lines)) if lines[n].startswith("[")), len(lines))
        kept = [line for line in lines[begin:end] if line.partition("=")[0].strip() not in settings]
        fresh = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        self.config.write_text("\n".join([*lines[:begin], *fresh, *kept, *lines[end:]]) + "\n")

    def raise_limits(self) -> None:
        """Let tests and measurements ask more than a service may; counting stays on."""
        names = (
            "per_minute",
            "per_day",
            "misses_per_day",
            "probes_per_minute",
            "probes_per_day",
            "practitioner_per_day",
        )
        self.configure("limits", others_per_person=1_000, **dict.fromkeys(names, 1_000_000))

    def tail(self, lines: int = 15) -> str:
        """Give the last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Call the local API; give status and decoded JSON, or the bytes of another content type."""
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self.api_key}"}) as session,
            session.request(method, self.local_url + path, json=body, headers=headers) as answer,
        ):
            content = await answer.read()
            kind = answer.content_type
            return answer.status, json.loads(content) if content and kind.endswith("json") else content


def api_key_hash(key: str) -> str:
    """Give the hash of a local API key as the configuration names it."""
    return hashlib.sha256(key.encode()).hexdigest()
