"""The daemon under a service manager: what it is told, sockets that outlive the daemon, and starts that must fail."""

import asyncio
import os
import shutil
import signal
import socket
import ssl
import sys
from collections import Counter
from pathlib import Path

import pytest
import pytest_asyncio

from connector.peer.tls import client_context
from spsti_sandbox.federation import Federation
from tests.cli.english import english_in
from tests.kit import hand_over
from tests.kit.system import DAEMON, Caller, assert_sound, readiness, reload

SECONDS = 60
GET_LIVE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
GET_METADATA = b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Manager:
    """A service manager as the daemon sees it: a socket to tell, and two that it listens on."""

    def __init__(self, folder: Path) -> None:
        self._ears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ears.bind(str(folder / "notify"))
        self._ears.setblocking(False)
        self.address = str(folder / "notify")

    async def hears(self, what: str) -> list[str]:
        """Wait for an assignment; give all that was said up to it.

        Raises:
            TimeoutError: it was not said.
        """
        heard: list[str] = []
        async with asyncio.timeout(SECONDS):
            while not any(line.startswith(what) for line in heard):
                heard += (await asyncio.get_running_loop().sock_recv(self._ears, 4096)).decode().split("\n")
        return heard

    def close(self) -> None:
        """Hear no more."""
        self._ears.close()


@pytest_asyncio.fixture
async def pair(tmp_path):
    """Services a and c, not started, in one local list."""
    made = Federation.create(tmp_path / "federation", "ac", workers=2, directory="file")
    for service in made.services.values():
        service.command = DAEMON
    try:
        yield made
    finally:
        await made.stop()


@pytest.fixture
def manager(tmp_path):
    made = Manager(tmp_path)
    yield made
    made.close()


async def failed_start(service, *, status: int) -> str:
    """Start a daemon that must not come up; give what it said."""
    process = await asyncio.create_subprocess_exec(
        *service.command, "run", "--config", str(service.config),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env=os.environ | service.environment,
    )  # fmt: skip
    async with asyncio.timeout(SECONDS):
        _, said = await process.communicate()
    assert process.returncode == status, said.decode()
    return said.decode()


# ---------------------------------------------------------------- what the manager is told


async def test_the_manager_hears_of_start_life_reload_and_end(pair, manager):
    service = pair.services["a"]
    service.environment |= {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "3000000"}
    await service.start()
    started = await manager.hears("STATUS=")
    service.process.send_signal(signal.SIGHUP)
    reloaded = await manager.hears("READY=1")
    await service.stop()
    ended = await manager.hears("STOPPING=1")

    assert started[0] == "READY=1"
    assert "WATCHDOG=1" in started
    assert started[-1].startswith("STATUS=ready; 0 connections of peers open; 2 members listed")
    assert reloaded.index("RELOADING=1") < reloaded.index("READY=1")
    assert any(line.startswith("MONOTONIC_USEC=") for line in reloaded)
    assert "WATCHDOG=1" not in ended[ended.index("STOPPING=1") :]


async def test_a_reload_is_refused_and_told_in_the_language_of_the_locale(pair):
    service = pair.services["a"]
    text = service.config.read_text()
    service.environment |= {"LC_ALL": "fr_FR.UTF-8"}
    await service.start()
    service.config.write_text(text.replace("[holder]", "[hodler]"))
    await reload(service, "config.refused")
    service.config.write_text(text)
    service.configure("requester", deadline_seconds=5.0)
    await reload(service, "config.reloaded")
    await service.stop()

    said = [line for line in service.log.read_text().splitlines() if line.startswith("spsti-connector: ")]
    assert any("hodler" in line and "vouliez-vous dire « holder » ?" in line for line in said), said
    assert "spsti-connector: [requester] a changé et comptera à partir du prochain redémarrage" in said
    assert english_in("\n".join(said)) == []


# ---------------------------------------------------------------- sockets that outlive the daemon


class Callers:
    """Call one address again and again, and count how each call ended."""

    def __init__(self, port: int, request: bytes, context: ssl.SSLContext | None = None) -> None:
        self._port, self._request, self._context = port, request, context
        self.ended: Counter[str] = Counter()

    async def call(self) -> None:
        """One connection, one request."""
        name = "localhost" if self._context else None
        try:
            async with asyncio.timeout(SECONDS):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self._port, ssl=self._context, server_hostname=name
                )
                try:
                    writer.write(self._request)
                    answer = await reader.read()
                finally:
                    writer.transport.abort()
        except ConnectionRefusedError:
            self.ended["refused"] += 1
        except (ConnectionError, ssl.SSLError, TimeoutError) as error:
            self.ended[type(error).__name__] += 1
        else:
            self.ended[answer[9:12].decode() or "nothing"] += 1

    async def keep_calling(self, until: asyncio.Event) -> None:
        """One call after the other."""
        while not until.is_set():
            await self.call()
            await asyncio.sleep(0.002)  # some other program's turn


async def spawn(service, sockets) -> None:
    """Start a daemon on sockets that stay ours."""
    descriptors = {name: str(sock.fileno()) for name, sock in sockets.items()}
    launcher = (sys.executable, hand_over.__file__, *(f"{name}={number}" for name, number in descriptors.items()), "--")
    with service.log.open("ab") as log:
        service.process = await asyncio.create_subprocess_exec(
            *launcher, *service.command, "run", "--config", str(service.config),
            stdout=log, stderr=log, pass_fds=[sock.fileno() for sock in sockets.values()],
        )  # fmt: skip


@pytest.mark.long
async def test_a_restart_on_sockets_handed_over_refuses_no_connection(pair):
    service, other = pair.services["a"], pair.services["c"]
    service.configure("local", listen=f"127.0.0.1:{service.local_port}")
    ports = {"peer": service.peer_port, "local": service.local_port}
    sockets = {name: socket.create_server(("127.0.0.1", port), backlog=4096) for name, port in ports.items()}
    local = Callers(service.local_port, GET_LIVE)
    peer = Callers(service.peer_port, GET_METADATA, client_context(Caller(other, service).material.client_tls))
    try:
        await spawn(service, sockets)
        await service.wait_ready()
        stop = asyncio.Event()
        callers = [asyncio.create_task(one.keep_calling(stop)) for one in (local, local, peer)]
        for _ in range(2):
            before = peer.ended["200"]
            await service.stop()
            # Nobody accepts now: this call waits in the kernel's queue for the next daemon.
            waiting = asyncio.create_task(Callers.call(local))
            await asyncio.sleep(0)
            await spawn(service, sockets)
            await service.wait_ready()
            await waiting
            async with asyncio.timeout(SECONDS):
                while peer.ended["200"] <= before:  # noqa: ASYNC110 - callers that count
                    await asyncio.sleep(0.01)
        stop.set()
        await asyncio.gather(*callers)
    finally:
        for sock in sockets.values():
            sock.close()

    # On a machine under load, a call that the ending daemon took up last may be cut; none is refused or forgotten.
    for ended in (local.ended, peer.ended):
        assert ended["refused"] == ended["TimeoutError"] == 0, ended
        assert sum(ended.values()) - ended["200"] <= 4, ended
    assert local.ended["200"] > 10


@pytest.mark.long
async def test_a_socket_that_is_not_the_configured_one_stops_the_start(pair):
    service = pair.services["a"]
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        sockets = {"local": elsewhere}
        await spawn(service, sockets)
        async with asyncio.timeout(SECONDS):
            status = await service.process.wait()

    assert status == 78
    assert f"the configuration says 127.0.0.1:{service.local_port}" in service.tail()


# ---------------------------------------------------------------- starts that must fail


@pytest.mark.long
@pytest.mark.parametrize("side", ["peer", "local"])
async def test_a_port_that_is_taken_is_named_with_its_section_and_what_to_do(pair, side):
    service = pair.services["a"]
    port = service.peer_port if side == "peer" else service.local_port
    with socket.create_server(("127.0.0.1", port)):
        said = await failed_start(service, status=69)

    assert f"[{side}] listen = 127.0.0.1:{port}: cannot be listened on (address already in use)" in said
    assert f"ss -ltnp 'sport = :{port}'" in said


@pytest.mark.long
async def test_a_second_daemon_on_one_state_is_refused_and_the_first_goes_on(pair):
    service = pair.services["a"]
    await service.start()
    beside = service.folder / "second.toml"
    text = service.config.read_text().replace(str(service.peer_port), "0").replace(str(service.local_port), "0")
    beside.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *DAEMON, "run", "--config", str(beside), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(SECONDS):
        _, said = await process.communicate()

    assert process.returncode == 69, said.decode()
    assert "is in use by another process" in said.decode()
    assert "stop the other connector" in said.decode()
    assert (await readiness(service))[0] == 200


@pytest.mark.long
@pytest.mark.parametrize(
    ("key", "status", "says"),
    [
        ("keys/master.key", 69, "it was made with another master key"),
        ("keys/sign.key", 78, "sign"),
        ("keys/ledger.key", 78, "ledger"),
    ],
)
async def test_a_key_of_one_instance_does_not_open_another(pair, key, status, says):
    ours, theirs = pair.services["a"], pair.services["c"]
    await ours.start()
    await ours.stop()
    own = (ours.folder / key).read_bytes()
    shutil.copyfile(theirs.folder / key, ours.folder / key)

    said = await failed_start(ours, status=status)
    (ours.folder / key).write_bytes(own)
    await ours.start()

    assert says in said
    await assert_sound(ours)
