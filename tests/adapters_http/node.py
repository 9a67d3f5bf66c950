"""The example of a vendor's side in Node, started as its own process over records that a test writes."""

import asyncio
import json
import shutil
import subprocess
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "vendor-node"
OLDEST = 18


def node():
    """The command, or a skip with the reason."""
    command = shutil.which("node")
    if command is None:
        pytest.skip("node is not here: apt install nodejs (18 or newer)")
    version = subprocess.run([command, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    if int(version.removeprefix("v").split(".")[0]) < OLDEST:
        pytest.skip(f"node is {version.strip()}, {OLDEST} or newer is needed")
    return command


@asynccontextmanager
async def running(folder, workers, **config):
    """Serve these workers; gives the port, None on a Unix socket."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "workers.json").write_text(json.dumps(workers))
    (folder / "config.json").write_text(json.dumps({"port": 0, "base": "/spsti/v1", "data": "data"} | config))
    process = await asyncio.create_subprocess_exec(
        node(), EXAMPLE / "server.mjs", folder / "config.json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        first = await asyncio.wait_for(process.stdout.readline(), 60)
        if not first:
            raise AssertionError((await process.stderr.read()).decode())
        yield json.loads(first)["port"]
    finally:
        process.terminate()
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert errors == b""


def tls(keys, **more):
    """The server's side of mutual TLS."""
    return {
        "certificate": str(keys / "server.pem"),
        "key": str(keys / "server.key"),
        "client_ca": str(keys / "ca.pem"),
    } | more


def bearer(keys, audience, name="bearer", members=("385012345600017",)):
    """The server's side of signed bearers."""
    return {"audience": audience, "members": list(members), "keys": {"1": str(keys / f"{name}.pub.pem")}}


def digest(path):
    """The SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()
