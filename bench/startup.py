"""From exec to the first answer over mutual TLS, and resident memory at rest, beside a bare aiohttp server."""

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

from bench import house
from bench.machine import SERVER_CORE, Row, free_port, median, memory_mb, on_core
from spsti_sandbox.federation import Federation

IDLE_SECONDS = 3.0
TIMES = 3
MOST_MEGABYTES = 90


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Start each server several times, in turn."""
    del seconds
    made = house.create(work / "startup", ("a", "c"))
    async with house.running(made, ("a",)):  # once, so that the state and the compiled modules are there
        pass
    port = free_port()
    files = [part for name, value in house.own(made, "a").items() for part in (f"--{name}", value)]
    bare = [sys.executable, "-m", "bench.bare", "--port", port, *files]
    service = made.services["a"]
    ours = [sys.executable, "-m", "connector", "run", "--config", service.config]
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    rest: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(max(TIMES, repetitions)):
        for name, command, at, path in (
            ("bare", bare, port, "/"),
            ("ours", ours, service.peer_port, "/fhir/metadata"),
        ):
            seconds_taken, megabytes = await asyncio.to_thread(start, command, at, path, made, work)
            took[name].append(seconds_taken)
            rest[name].append(megabytes)
    ratio = median([one / other for one, other in zip(took["ours"], took["bare"], strict=True)])
    idle = median(rest["ours"])
    return [
        Row(
            "start-up to the first answer",
            f"{median(took['ours']):.2f} s",
            f"bare aiohttp {median(took['bare']):.2f} s",
            ratio,
            "<= 5",
            ratio <= 5,
        ),
        Row(
            "resident memory at rest",
            f"{idle:.0f} MB",
            f"bare aiohttp {median(rest['bare']):.0f} MB",
            idle / median(rest["bare"]),
            f"< {MOST_MEGABYTES} MB",
            idle < MOST_MEGABYTES,
        ),
    ]


def start(command: list[object], port: int, path: str, made: Federation, work: Path) -> tuple[float, float]:
    """Start a server, and give the seconds to its first answer and its memory a while later."""
    tls = house.tls_client(made, "c")
    with (work / "startup.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(on_core(SERVER_CORE, *command), stdout=log, stderr=log, env=os.environ)
    try:
        while not _answers(tls, port, path):
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command[2]} did not start: see startup.log")
            time.sleep(0.005)
        taken = time.perf_counter() - began
        time.sleep(IDLE_SECONDS)
        return taken, memory_mb(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _answers(tls: ssl.SSLContext, port: int, path: str) -> bool:
    try:
        with (
            socket.create_connection(("127.0.0.1", port), 10) as raw,
            tls.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            return secure.recv(16).startswith(b"HTTP/1.1 ")
    except OSError:
        return False
