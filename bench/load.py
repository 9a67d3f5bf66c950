"""A closed-loop load client: C connections, each sends its next request when the last answer is whole.

Run as `python -m bench.load SPEC`: the specification is a JSON file (see `Spec`), the result one JSON object
beside it (`.result`). It is the same client for every server, so that its own cost is the same in every ratio.
"""

import asyncio
import json
import ssl
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop


@dataclass(slots=True)
class Spec:
    """What to send where. `requests` is a file of one JSON object a line: method, path, headers, body."""

    host: str
    port: int
    ca: str
    certificate: str
    key: str
    requests: str
    concurrency: int
    seconds: float
    warm_up: float = 0.5
    pid: int = 0
    """The server's process, whose processor time is wanted."""

    keep_header: str = ""
    """A header of the answers that is kept, such as `DMST-Receipt`."""


@dataclass(slots=True)
class Tally:
    """What came back within the measured time."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    errors: int = 0
    bytes: int = 0
    exhausted: bool = False


class Sender(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._buffer = bytearray()
        self._head = b""
        self._left = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._run.received(len(data))
        if self._left:  # of a body that is counted, not kept
            self._left -= len(data)
            if not self._left:
                self._answered(self._head)
            return
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        self._head = bytes(self._buffer[:end])
        lower = self._head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        self._left = end + 4 + length - len(self._buffer)
        self._buffer.clear()
        if not self._left:
            self._answered(self._head)

    def connection_lost(self, _error: Exception | None) -> None:
        self._run.lost(self)

    def _answered(self, head: bytes) -> None:
        run, now = self._run, time.perf_counter()
        run.all_answers += 1
        if run.begin <= now <= run.end:
            run.tally.latencies.append(now - self._sent_at)
            status = int(head[9:12])
            run.tally.statuses[status] = run.tally.statuses.get(status, 0) + 1
        if run.keep:
            at = head.lower().find(run.keep)
            if at >= 0:
                run.tally.kept.append(head[at + len(run.keep) :].split(b"\r\n", 1)[0].strip().decode())
        self._next()

    def _next(self) -> None:
        if time.perf_counter() >= self._run.end or (request := next(self._run.requests, None)) is None:
            self._run.finished(self)
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


class Run:
    """One run."""

    def __init__(self, spec: Spec) -> None:
        self.spec, self.tally = spec, Tally()
        self.keep = spec.keep_header.lower().encode() + b":" if spec.keep_header else b""
        payloads = [_payload(spec, json.loads(line)) for line in Path(spec.requests).read_text().splitlines()]
        # One request in the file is sent again and again; several are each sent once (mandates are).
        self.requests = iter(payloads) if len(payloads) > 1 else iter(lambda: payloads[0], None)
        self.all_answers = 0
        self._done: set[Sender] = set()

    async def go(self) -> dict[str, Any]:
        """Send until the time is over; give the result."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.spec.ca)
        context.load_cert_chain(self.spec.certificate, self.spec.key)
        self.begin = time.perf_counter() + self.spec.warm_up
        self.end = self.begin + self.spec.seconds
        self._live, self._all_over = self.spec.concurrency, asyncio.Event()
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(
                loop.create_connection(lambda: Sender(self), self.spec.host, self.spec.port, ssl=context)
                for _ in range(self.spec.concurrency)
            )
        )
        await asyncio.wait_for(self._all_over.wait(), self.spec.warm_up + self.spec.seconds + 20)
        tally = self.tally
        latencies = sorted(tally.latencies)
        return {
            "rate": len(latencies) / self.spec.seconds,
            "p50_ms": 1000 * latencies[len(latencies) // 2] if latencies else None,
            "p99_ms": 1000 * latencies[int(len(latencies) * 0.99)] if latencies else None,
            "statuses": tally.statuses,
            "errors": tally.errors,
            "bytes_per_second": tally.bytes / self.spec.seconds,
            "answers": self.all_answers,
            "exhausted": tally.exhausted,
            "kept": tally.kept,
        }

    def received(self, size: int) -> None:
        """Count bytes, heads included."""
        if self.begin <= time.perf_counter() <= self.end:
            self.tally.bytes += size

    def finished(self, sender: Sender) -> None:
        """Note that a connection has nothing more to send."""
        self._done.add(sender)
        self.tally.exhausted |= time.perf_counter() < self.end

    def lost(self, sender: Sender) -> None:
        """Note that a connection ended, by itself or not."""
        self.tally.errors += sender not in self._done
        self._live -= 1
        if not self._live:
            self._all_over.set()


def _payload(spec: Spec, request: dict[str, Any]) -> bytes:
    body: bytes = request.get("body", "").encode()
    headers = {"Host": f"{spec.host}:{spec.port}", **request.get("headers", {}), "Content-Length": str(len(body))}
    lines = [f"{request.get('method', 'POST')} {request['path']} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    given = Path(sys.argv[1])
    given.with_suffix(".result").write_text(json.dumps(uvloop.run(Run(Spec(**json.loads(given.read_text()))).go())))
