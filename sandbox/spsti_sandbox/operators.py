"""The operators of a sandbox federation: eight keys made on the fly, the ceremony, and the copies that they serve.

The tools are the operators' own (`connector.directory`); only the USB keys are missing. The copies are served over
plain HTTP on loopback, which services of a test federation may be configured with: what they hold is signed.
"""

import ssl
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

from securesystemslib.signer import CryptoSigner

from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.crypto.keys import SigningAlgorithm, generate
from connector.directory import ceremony, suspending
from connector.directory.fetch import Source
from connector.directory.joining import read_request
from connector.directory.layout import OPERATOR_FIELD
from connector.directory.publishing import publish, publisher_round
from connector.directory.suspensions import Reason
from connector.directory.workspace import Workspace
from spsti_sandbox.ports import HeldPorts

COPIES: Final = 2
ENTRY_PASSWORD: Final = b"the sandbox keeps nothing secret"


class Operators:
    """Five root keys of which three sign, three targets keys of which two sign, one publisher, and two copies."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder)
        self._root = [_signer(f"root-{n}") for n in range(1, 6)]
        self._targets = [_signer(f"operator-{n}") for n in range(1, 4)]
        self._publisher = _signer("publisher-1")
        self._servers: list[_Server] = []
        self._ports = HeldPorts(COPIES)
        self.serve()
        founding = ceremony.Founding(
            Environment.TEST,
            [signer.public_key for signer in self._root],
            3,
            [signer.public_key for signer in self._targets],
            2,
            [self._publisher.public_key],
        )
        ceremony.found(self.workspace, founding, _now())
        self._sign(self._root[:3])
        self._sign(self._targets[:2])
        self.publish()

    @property
    def urls(self) -> tuple[str, ...]:
        """Where the copies are: services are configured with them."""
        return tuple(f"http://127.0.0.1:{port}/" for port in self._ports.numbers)

    @property
    def root(self) -> bytes:
        """The root file that a new member is given."""
        return self.workspace.needs_published().roots[-1]

    def join(self, requests: Iterable[bytes]) -> None:
        """Let services in by their join requests."""
        for request in requests:
            ceremony.add_member(self.workspace, read_request(request, _now()), _now())
        self._sign(self._targets[:2])
        self.publish()

    def suspend(self, member: str, reason: Reason = Reason.PRECAUTION) -> None:
        """Suspend a member by one operator alone, and publish it."""
        member_id = MemberId.parse(member, strict=False)
        suspending.suspend(self.workspace, member_id, reason, self._targets[0], _now())
        self.publish()

    def lift(self, member: str) -> None:
        """Lift every suspension of a member by two operators, and publish it."""
        suspending.lift_suspension(self.workspace, MemberId.parse(member, strict=False), _now())
        self._sign(self._targets[:2])
        self.publish()

    def publish(self) -> None:
        """Put in force what is signed."""
        publish(self.workspace, [self._publisher], _now())

    def gather(self, context: ssl.SSLContext) -> tuple[str, ...]:
        """Do a publisher's round: ask the members for what they signed anew; give what was refused of it."""
        reach = lambda member, endpoint: Source(member.value, f"{endpoint}/directory/", context)  # noqa: E731
        return publisher_round(self.workspace, [self._publisher], _now(), members=reach).refused

    def serve(self) -> None:
        """Serve the copies; nothing where they are served already."""
        if self._servers:
            return
        for port in self._ports.numbers:
            server = _Server(("127.0.0.1", port), _handler(self.workspace.repository))
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self._servers.append(server)

    def close(self) -> None:
        """Serve no longer."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def _sign(self, signers: Iterable[CryptoSigner]) -> None:
        """Let operators sign what is pending one after the other, as with USB keys."""
        for signer in signers:
            self.workspace.sign([signer])


def _signer(label: str) -> CryptoSigner:
    signer = CryptoSigner(generate(SigningAlgorithm.ED25519))
    signer.public_key.unrecognized_fields[OPERATOR_FIELD] = label
    return signer


def _now() -> Instant:
    return Instant(int(time.time()))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's signature
        """Say nothing of readers that hang up."""


def _handler(folder: Path) -> type[BaseHTTPRequestHandler]:
    root = folder.resolve()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Give a file of the copy."""
            path = (root / self.path.lstrip("/")).resolve()
            data = path.read_bytes() if path.is_relative_to(root) and path.is_file() else None
            self.send_response(200 if data is not None else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: object) -> None:
            """Write no log."""

    return Handler
