"""A federation for tests, founded with the operators' own tools and real keys, and copies of it over real HTTP."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from securesystemslib.signer import CryptoSigner

from connector.core.directory import Contact, KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from connector.directory import ceremony
from connector.directory.fetch import Source
from connector.directory.joining import make_request, read_request, sign_entry
from connector.directory.keyring import public_key
from connector.directory.layout import OPERATOR_FIELD, member_role
from connector.directory.publishing import publish
from connector.directory.settings import SignedDirectorySettings, open_directory
from connector.directory.workspace import Workspace

NOW = Instant(1_800_000_000)
A, B, C = (MemberId.parse(text) for text in ("318751275100020", "339172288100052", "1750712184"))


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: int = NOW

    def now(self):
        return Instant(self.at)

    def monotonic(self):
        return float(self.at)


class Ears:
    """An observer that keeps what it hears."""

    def __init__(self):
        self.refused, self.parts, self.versions = [], [], []

    def mirror_refused(self, source, refusal, detail):
        self.refused.append((source, refusal.value, detail))

    def part_refused(self, version, finding):
        self.parts.append((finding.subject, finding.refusal.value, finding.detail))

    def accepted(self, version):
        self.versions.append(version)

    def kinds(self):
        return sorted(refusal for _, refusal, _ in self.refused)


def operator_signer(label):
    """Make a labelled key of an operator or a publisher."""
    key = generate(SigningAlgorithm.ED25519)
    signer = CryptoSigner(key)
    signer.public_key.unrecognized_fields[OPERATOR_FIELD] = label
    return signer


@dataclass
class House:
    """One service with its keys."""

    member: Member
    signers: dict
    entry_key: object
    version: int = 1

    def sign(self, now, environment, **changes):
        """Sign the entry's next version; `changes` are fields of the member."""
        self.version += 1
        self.member = replace(self.member, **changes)
        return sign_entry(self.member, self.signers, self.entry_key, environment, version=self.version, now=now)


def house(member_id, *, now=NOW, entry_algorithm=SigningAlgorithm.ED25519, sign=SigningAlgorithm.ES256, **fields):
    """Make a service with fresh keys."""
    keys, signers = [], {}
    for kid, use, algorithm in (("sign-1", KeyUse.SIGN, sign), ("ledger-1", KeyUse.LEDGER, SigningAlgorithm.ED25519)):
        key = generate(algorithm)
        signers[kid] = PrivateKeySigner(kid, algorithm, key)
        der = public_key_to_der(key.public_key())
        keys.append(
            MemberKey(kid, use, algorithm.value, der, Instant(now - DAY_SECONDS), Instant(now + 900 * DAY_SECONDS))
        )
    given = {
        "id": member_id,
        "name": f"SPSTI {member_id.value[-5:]}",
        "status": MemberStatus.ACTIVE,
        "endpoint": f"https://dmst-{member_id.value.lower()}.example:8443",
        "tls": TlsBinding(),
        "keys": tuple(keys),
        "towns": ("Nantes",),
        "departements": ("44",),
        "size_class": "M",
        "mssante": "dmst@spsti.mssante.fr",
        "contacts": (Contact("technical", "support@spsti.example"), Contact("dpo", "dpo-nantes@spsti.example")),
    }
    return House(Member(**given | fields), signers, generate(entry_algorithm))


class Federation:
    """Five operators, two of three for the targets, one publisher, and what they have published."""

    def __init__(self, folder, *, environment=Environment.TEST, now=NOW):
        self.now, self.environment = now, environment
        self.workspace = Workspace(folder)
        self.operators = [operator_signer(f"op-{n}") for n in range(1, 6)]
        self.publisher = operator_signer("publisher-1")
        public = [signer.public_key for signer in self.operators]
        founding = ceremony.Founding(environment, public, 3, public[:3], 2, [self.publisher.public_key])
        ceremony.found(self.workspace, founding, now)
        self.sign_all(3)
        self.publish()

    def sign_all(self, count=2):
        """Let the first operators sign what is pending, one after the other, as with USB keys."""
        for signer in self.operators[:count]:
            self.workspace.sign([signer])

    def publish(self):
        return publish(self.workspace, [self.publisher], self.now)

    def join(self, member_id, **fields):
        """Let a service join by its request."""
        joining = house(member_id, now=self.now, **fields)
        data = make_request(joining.member, joining.signers, joining.entry_key, self.environment, self.now)
        ceremony.add_member(self.workspace, read_request(data, self.now), self.now)
        self.sign_all()
        self.publish()
        return joining

    def update(self, joined, **changes):
        """Let a member publish a new version of its entry."""
        files = joined.sign(self.now, self.environment, **changes)
        self.workspace.put_incoming(member_role(joined.member.id), files)
        return self.publish()

    @property
    def root(self):
        return self.workspace.needs_published().roots[0]

    def files(self):
        """Give a frozen copy of what is published, by path."""
        folder = self.workspace.repository
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def entry_key_of(self, joined):
        return public_key(joined.entry_key, f"member-{joined.member.id.value.lower()}")


class Mirror:
    """A copy over HTTP: files by path, or a function that gives them; it remembers what was asked."""

    def __init__(self, files):
        self.files, self.asked = files, []

    def get(self, path):
        self.asked.append(path)
        files = self.files
        return files(path) if callable(files) else files.get(path)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of readers that hang up, which is what some tests are about."""


@contextmanager
def serve(*mirrors, tls=None):
    """Serve copies on loopback; gives their sources."""
    servers = []
    try:
        for mirror in mirrors:
            server = _Server(("127.0.0.1", 0), _handler(mirror))
            if tls is not None:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
            servers.append(server)
        scheme = "https" if tls else "http"
        yield [f"{scheme}://127.0.0.1:{server.server_address[1]}/directory/" for server in servers]
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(mirror):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            data = mirror.get(self.path.removeprefix("/directory/"))
            if isinstance(data, int):
                self.send_response(data)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200 if data is not None else 404)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *args):
            pass

    return Handler


def published(federation):
    """Serve whatever the federation publishes at the moment."""

    def get(path):
        file = federation.workspace.repository / path
        return file.read_bytes() if file.is_file() else None

    return Mirror(get)


def source(url, context=None):
    return Source(url, url, context)


def directory(tmp_path, federation, urls, *, clock=None, ears=None, name="house", **settings):
    """Open a member's directory on these copies."""
    root = tmp_path / f"{name}-root.json"
    if not root.exists():
        root.write_bytes(federation.root)
    given = SignedDirectorySettings(
        **{
            "root": root,
            "archive": tmp_path / name,
            "environment": federation.environment,
            "own": None,
            "urls": tuple(urls),
            "connect_seconds": 2.0,
            "read_seconds": 2.0,
        }
        | settings
    )
    return open_directory(
        given, clock or Clock(federation.now), ears or Ears(), public_tls=lambda: None, mirror_tls=lambda: None
    )


async def opened(tmp_path, federation, *mirrors, **settings):
    """Open, refresh once, and give the directory and what was heard."""
    ears = settings.pop("ears", Ears())
    with serve(*mirrors) as urls:
        found = directory(tmp_path, federation, urls, ears=ears, **settings)
        await found.refresh()
    return found, ears
