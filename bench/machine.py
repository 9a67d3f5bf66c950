"""Processes on given cores, their memory, ports, medians, and the table at the end."""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.load import Spec

SERVER_CORE, CLIENT_CORE = 0, min(1, (os.cpu_count() or 1) - 1)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a ratio measured in one run, and the bounds of the issue."""

    what: str
    ours: str
    beside: str
    ratio: float | None
    reach: str
    is_reached: bool | None
    note: str = ""


def on_core(core: int, *command: object) -> list[str]:
    """Give the command bound to one core."""
    return ["taskset", "-c", str(core), *map(str, command)]


@contextmanager
def server(*command: object, port: int, log: Path, core: int = SERVER_CORE) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on the server's core until the block ends; the block begins when it listens."""
    with log.open("ab") as out:
        process = subprocess.Popen(on_core(core, *command), stdout=out, stderr=out, start_new_session=True)
    try:
        wait_for_port(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def bare_server(work: Path, own: dict[str, Path], port: int, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run the bare aiohttp server with a service's certificate."""
    options = [part for name, value in {**own, **more}.items() for part in (f"--{name}", value)]
    with server(
        sys.executable, "-m", "bench.bare", "--port", port, *options, port=port, log=work / "bare.log"
    ) as process:
        yield process


def wait_for_port(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 30) -> None:
    """Return once something listens there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    message = f"nothing listens on port {port}"
    raise RuntimeError(message)


def free_port() -> int:
    """Give a port nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """Give the processor time a process has taken: the steadiest figure on a machine that others use too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(spec: Spec) -> dict[str, Any]:
    """Run the load client on the client's core.

    Where the specification has the server's pid, the result has `cpu_us`, its processor time per answer.
    """
    before = cpu_seconds(spec.pid) if spec.pid else 0.0
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "spec.json"
        given.write_text(json.dumps(asdict(spec)))
        subprocess.run(
            on_core(CLIENT_CORE, sys.executable, "-m", "bench.load", given),
            check=True,
            timeout=spec.seconds + 120,
        )
        result: dict[str, Any] = json.loads(given.with_suffix(".result").read_text())
    if spec.pid and result["answers"]:
        result["cpu_us"] = 1e6 * (cpu_seconds(spec.pid) - before) / result["answers"]
    return result


async def a_load(spec: Spec) -> dict[str, Any]:
    """Run the load client without holding up the event loop."""
    return await asyncio.to_thread(load, spec)


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Give a process' resident memory: VmRSS now, VmHWM at its peak."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def reset_peak(pid: int) -> None:
    """Let VmHWM begin again at what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def median(values: Sequence[float]) -> float:
    """Give the median."""
    return statistics.median(values)


def missing(*programs: str) -> str:
    """Say which of the programs are not installed, empty when all are."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    return ", ".join(program for program in programs if not shutil.which(program, path=path))


def program(name: str) -> str:
    """Give the path of an installed program."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") or name


def print_table(rows: Sequence[Row]) -> None:
    """Print the rows as a Markdown table."""
    print("| what | ours | beside | ratio | reach | reached |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        reached = {True: "yes", False: "**no**", None: "skipped"}[row.is_reached]
        note = f" ({row.note})" if row.note else ""
        print(f"| {row.what} | {row.ours} | {row.beside} | {ratio} | {row.reach} | {reached}{note} |")


def spin_ms() -> float:
    """Time a fixed piece of work: it tells how fast this machine is just now."""
    began, total = time.perf_counter(), 0
    for number in range(1_000_000):
        total += number
    return 1000 * (time.perf_counter() - began)
