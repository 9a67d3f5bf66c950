"""INSi in a box: a SOAP server with mutual TLS that holds test identities and can be told to go wrong.

`InsiSimulator` runs in threads of the caller's process (tests, demo); `insi_command` makes it a process of its own. It
accepts whoever shows a certificate of its authorities: what the national service refuses with a fault (another CN, an
unknown authorisation number), it refuses with that fault. docs/insi.md says what it proves and what it does not.
"""

import http.server
import ssl
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import click
from cryptography import x509
from cryptography.x509.oid import NameOID

from spsti_sandbox import insi_answers as write
from spsti_sandbox.cast import cast
from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.insi_cast import simulated
from spsti_sandbox.insi_identities import NOT_LOADED, PUBLISHED, SEVERAL, WRONG_KEY, SimulatedIdentity
from spsti_sandbox.insi_requests import Reader, Refused, Search
from spsti_sandbox.pki import Leaf, Pki
from spsti_sandbox.vendor_db import AS_OF

PATH: Final = "/lps"
AUTHORISATION: Final = "SIMULATEUR0001"
SERVER_NAME: Final = "sandbox-insi-simulator"
CLIENT_NAMES: Final = ("INSI-MANU", "INSI-AUTO")
SLOW_SECONDS: Final = 3.0
DRIP_SECONDS: Final = 0.2
MAX_REQUEST: Final = 64 * 1024

_XML = "application/soap+xml; charset=utf-8"
_HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One request as it came, and what was made of it: `refused` is the broken rule, or empty."""

    content: bytes
    common_name: str
    unit: str
    search: Search | None
    refused: str = ""


@dataclass(frozen=True, slots=True)
class _Planned:
    """What goes back."""

    status: int
    content: bytes
    media: str = _XML
    headers: tuple[tuple[str, str], ...] = ()


class InsiSimulator:
    """The server: a context manager that listens on loopback while it is entered.

    `identities` are added to the published ones; `schemas` is a folder of the national XSDs, which are used if given.
    """

    def __init__(
        self,
        server: Leaf,
        trusted: Path,
        *,
        identities: Sequence[SimulatedIdentity] = (),
        authorisations: Sequence[str] = (AUTHORISATION,),
        schemas: Path | None = None,
        port: int = 0,
    ) -> None:
        self.identities = [*PUBLISHED, *WRONG_KEY, *identities]
        self.authorisations = frozenset(authorisations)
        self.calls: list[ReceivedCall] = []
        self._reader = Reader(schemas)
        self._lock = threading.Lock()
        self._behaviour = Behaviour.NORMAL
        self._next: deque[Behaviour] = deque()
        self._stopping = threading.Event()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._context.load_verify_locations(trusted)
        self._context.load_cert_chain(server.cert_pem_path, server.key_pem_path)
        self._server = _Server(("127.0.0.1", port), _handler(self), self._context)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="insi", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Where to call it."""
        return f"https://localhost:{self._server.server_address[1]}{PATH}"

    def behave(self, behaviour: Behaviour) -> None:
        """Answer so from now on."""
        with self._lock:
            self._behaviour = behaviour
            self._next.clear()

    def behave_next(self, *behaviours: Behaviour) -> None:
        """Answer the next calls so, one each, then as before."""
        with self._lock:
            self._next.extend(behaviours)

    def received(self, content: bytes, headers: Any, certificate: bytes) -> tuple[Behaviour, _Planned]:  # noqa: ANN401
        """Read one request and decide what goes back."""
        common_name, unit = _names(certificate)
        with self._lock:
            behaviour = self._next.popleft() if self._next else self._behaviour
            try:
                search = self._reader.read(content, headers, unit)
            except Refused as refusal:
                self.calls.append(ReceivedCall(content, common_name, unit, None, str(refusal)))
                return behaviour, _Planned(500, write.refusal(str(refusal)))
            self.calls.append(ReceivedCall(content, common_name, unit, search))
        return behaviour, self._plan(behaviour, search, common_name)

    def wait(self, seconds: float) -> None:
        """Wait that long, or until the simulator stops."""
        self._stopping.wait(seconds)

    def _plan(self, behaviour: Behaviour, search: Search, common_name: str) -> _Planned:
        if common_name not in CLIENT_NAMES:
            return _Planned(500, write.rights_fault(search.message_id))
        if search.authorisation not in self.authorisations:
            return _Planned(500, write.software_fault(search.message_id))
        if behaviour in _INSTEAD:
            return _INSTEAD[behaviour]()
        right = self._answer(search)
        if behaviour is Behaviour.FAULT_WITH_200:
            return _Planned(200, write.technical_fault())
        if behaviour is Behaviour.ANSWER_WITH_500:
            return _Planned(500, right.content)
        found = self._found(search)
        if len(found) == 1 and right.status == 200:
            return _Planned(200, write.wrong_answer(behaviour, found[0]))
        return right

    def _answer(self, search: Search) -> _Planned:
        asked = (search.birth_name, " ".join(search.given_names), search.sex, search.birth_date)
        if asked in NOT_LOADED:
            return _Planned(500, write.technical_fault())
        found = self._found(search)
        if asked in SEVERAL or len(found) > 1:
            return _Planned(200, write.answer("02"))
        return _Planned(200, write.answer("00", found[0]) if found else write.answer("01"))

    def _found(self, search: Search) -> list[SimulatedIdentity]:
        return [identity for identity in self.identities if _matches(identity, search)]


def _matches(identity: SimulatedIdentity, search: Search) -> bool:
    if search.birth_date != identity.birth_date:
        return False
    if search.number:
        numbers = {identity.matricule, *(old.matricule for old in identity.history)}
        return search.number in numbers and search.birth_name in {"", identity.birth_name}
    listed, asked = identity.given_names.split(" "), list(search.given_names)
    return (
        search.birth_name == identity.birth_name
        and search.sex == identity.sex
        and search.birth_place in {"", identity.birth_place}
        and any(listed[at : at + len(asked)] == asked for at in range(len(listed)))
    )


_INSTEAD: Final[dict[Behaviour, Callable[[], _Planned]]] = {
    Behaviour.DOWN: lambda: _Planned(503, _HTML, "text/html", (("Retry-After", "120"),)),
    Behaviour.BUSY: lambda: _Planned(429, _HTML, "text/html", (("Retry-After", "30"),)),
    Behaviour.REDIRECT: lambda: _Planned(302, b"", "text/html", (("Location", "https://localhost:1/elsewhere"),)),
    Behaviour.FORBIDDEN: lambda: _Planned(403, _HTML, "text/html"),
    Behaviour.HTML_ERROR: lambda: _Planned(500, _HTML, "text/html; charset=utf-8"),
    Behaviour.HTML_FAULT: lambda: _Planned(500, write.html_fault()),
    Behaviour.COMPRESSED: lambda: _Planned(200, b"\x1f\x8b", _XML, (("Content-Encoding", "gzip"),)),
    Behaviour.FAULT_SOFTWARE: lambda: _Planned(500, write.software_fault()),
    Behaviour.FAULT_RIGHTS: lambda: _Planned(500, write.rights_fault()),
    Behaviour.FAULT_TECHNICAL: lambda: _Planned(500, write.technical_fault()),
    Behaviour.FAULT_UNKNOWN_SENDER: lambda: _Planned(500, write.fault("Sender", "siram_12", "insi_1", "?", "?")),
    Behaviour.FAULT_UNKNOWN_RECEIVER: lambda: _Planned(500, write.fault("Receiver", "siram_41", "", "?", "?")),
    Behaviour.FAULT_WITHOUT_CODE: lambda: _Planned(500, write.fault("", "", "", "?", "?")),
}


class _Server(http.server.ThreadingHTTPServer):
    """Does the TLS handshake in the thread of the connection, and says nothing of those that fail."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext
    ) -> None:
        self._tls = context
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's types
        with self._tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Stay silent: a client that breaks off is what the tests are about."""


def _handler(simulator: InsiSimulator) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if self.path != PATH or not 0 < length <= MAX_REQUEST:
                self.send_error(404)
                return
            content = self.rfile.read(length)
            certificate = self.connection.getpeercert(binary_form=True)
            behaviour, planned = simulator.received(content, self.headers, certificate)
            self.close_connection = True
            self._send(behaviour, planned)

        def _send(self, behaviour: Behaviour, planned: _Planned) -> None:
            if behaviour is Behaviour.HANG:
                simulator.wait(600)
            elif behaviour is Behaviour.SLOW:
                simulator.wait(SLOW_SECONDS)
            if behaviour is Behaviour.CUT:
                return
            if behaviour is Behaviour.NOT_HTTP:
                self.wfile.write(b"SSH-2.0-nothing\r\n\r\n")
                return
            self.send_response(planned.status)
            self.send_header("Content-Type", planned.media)
            longer = 100 if behaviour is Behaviour.SHORT_BODY else 0
            self.send_header("Content-Length", str(len(planned.content) + longer))
            for name, value in planned.headers:
                self.send_header(name, value)
            self.end_headers()
            if behaviour is Behaviour.DRIP:
                for at in range(len(planned.content)):
                    self.wfile.write(planned.content[at : at + 1])
                    simulator.wait(DRIP_SECONDS)
                return
            self.wfile.write(planned.content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - http.server's
            """Keep nothing: lines would hold addresses of callers."""

    return Handler


def _names(der: bytes) -> tuple[str, str]:
    subject = x509.load_der_x509_certificate(der).subject
    names = [
        ",".join(str(attribute.value) for attribute in subject.get_attributes_for_oid(oid))
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    ]
    return names[0], names[1]


def server_leaf(pki: Pki) -> Leaf:
    """Issue the simulator's own certificate, whose CN ends as the platform `simulator` of the client expects."""
    return pki.issue("10B0000000", "server", common_name=SERVER_NAME)


def client_leaf(pki: Pki, unit: str = "10B0000001", common_name: str = "INSI-AUTO") -> Leaf:
    """Issue a certificate to call it with."""
    return pki.issue(unit, "client", common_name=common_name, hosts=())


@click.command("insi")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("insi-simulator"), show_default=True)
@click.option("--port", type=int, default=8490, show_default=True, help="0 takes any free one")
@click.option("--unit", default="10B0000001", show_default=True, help="structure identifier in the client certificate")
@click.option("--behave", type=click.Choice([b.value for b in Behaviour]), default="normal", show_default=True)
@click.option("--schemas", type=click.Path(path_type=Path, exists=True, file_okay=False), default=None)
def insi_command(folder: Path, port: int, unit: str, behave: str, schemas: Path | None) -> None:
    """Simulate INSi on loopback, print the section [insi] to call it with, and take behaviours from standard input."""
    pki = Pki(folder, key="p256")
    leaf = client_leaf(pki, unit)
    workers = simulated(cast(AS_OF))
    with InsiSimulator(server_leaf(pki), pki.ca_path, identities=workers, schemas=schemas, port=port) as simulator:
        simulator.behave(Behaviour(behave))
        click.echo(configuration(simulator.url, pki, leaf))
        click.echo(f"# behaviours to type here: {', '.join(Behaviour)}; end of input or Ctrl-C stops it")
        try:
            for line in sys.stdin:
                _told(simulator, line.strip())
        except KeyboardInterrupt:
            pass


def _told(simulator: InsiSimulator, word: str) -> None:
    if word in {behaviour.value for behaviour in Behaviour}:
        simulator.behave(Behaviour(word))
        click.echo(f"# from now on: {word}")
    elif word:
        click.echo(f"# no such behaviour: {word}")


def configuration(url: str, pki: Pki, leaf: Leaf) -> str:
    """Write the configuration that calls this simulator."""
    return f"""\
[insi]
enabled = true
platform = "simulator"
endpoint = "{url}"
trusted_cas = ["{pki.ca_path}"]
certificate = "{leaf.cert_pem_path}"
key = "{leaf.key_pem_path}"
authorisation = "{AUTHORISATION}"
software_name = "spsti-connector"
software_version = "sandbox"
software_instance = "{uuid.uuid4()}"
"""
