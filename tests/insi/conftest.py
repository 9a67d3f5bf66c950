"""The client against the simulator, over real mutual TLS on loopback."""

import asyncio
import os
import secrets
import time
from dataclasses import replace
from pathlib import Path

import pytest

from connector.core.insi import InsiCaller, SearchTraits
from connector.core.oid import Environment
from connector.insi.opening import open_insi
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsSettings
from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.insi_simulator import AUTHORISATION, InsiSimulator, client_leaf, server_leaf
from spsti_sandbox.pki import Pki

SHARED = Path(os.environ.get("SPSTI_SHARED", Path(__file__).parents[3] / "shared"))
REFERENCE = SHARED / "reference" / "insi"
NO_REFERENCE = "no reference files of INSi (they may not be copied): set SPSTI_SHARED to read them"
BY = InsiCaller("secretary-7", "acquisition")
INSTANCE = "22222222-2222-4222-8222-222222222222"


def traits(birth_name="ADRUN", given_names="ZOE", sex="F", birth_date="1975-12-31", birth_place=None):
    return SearchTraits.parse(
        birth_name=birth_name, given_names=given_names, sex=sex, birth_date=birth_date, birth_place=birth_place
    )


class Clock:
    """The wall clock, moved by so many seconds; the monotonic one untouched."""

    def __init__(self):
        self.moved = 0

    def now(self):
        return int(time.time()) + self.moved

    def monotonic(self):
        return time.monotonic()


class Entropy:
    def token(self, length):
        return secrets.token_bytes(length)


class Ledger:
    """Keeps what it is told, and fails when told to: `fails_at` counts entries from 1."""

    def __init__(self):
        self.entries = []
        self.told_something = asyncio.Event()
        self.fails_at = 0
        self.error = None

    async def record(self, entry):
        if len(self.entries) + 1 == self.fails_at:
            raise self.error
        self.entries.append(entry)
        self.told_something.set()

    def told(self):
        return [(entry.outcome, entry.reason) for entry in self.entries]


class Observer:
    def __init__(self):
        self.heard = []

    def insi_answered(self, operation, code, ms):
        self.heard.append((operation, code))

    def insi_failed(self, operation, code, service_code, ms):
        self.heard.append((operation, code, service_code))


class House:
    """A service with its client of INSi, and what its journal and its observer were told."""

    def __init__(self, settings, environment=Environment.TEST):
        self.clock, self.ledger, self.observer = Clock(), Ledger(), Observer()
        self.settings = settings
        self.insi = open_insi(
            settings, environment, clock=self.clock, entropy=Entropy(), ledger=self.ledger, observer=self.observer
        )


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("insi-pki"))


@pytest.fixture(scope="session")
def running(pki):
    schemas = REFERENCE / "wsdl" / "xsd"
    with InsiSimulator(server_leaf(pki), pki.ca_path, schemas=schemas if schemas.exists() else None) as simulator:
        yield simulator


@pytest.fixture
def simulator(running):
    running.behave(Behaviour.NORMAL)
    running.calls.clear()
    yield running
    running.behave(Behaviour.NORMAL)


@pytest.fixture(scope="session")
def own(pki):
    return client_leaf(pki)


@pytest.fixture
def settings(simulator, pki, own):
    return InsiSettings(
        platform=InsiPlatform.SIMULATOR,
        tls=TlsSettings((pki.ca_path,), own.cert_pem_path, own.key_pem_path),
        software=Software(AUTHORISATION, "spsti-connector", "0.1.0", INSTANCE),
        endpoint=simulator.url,
        call_seconds=30,
        search_seconds=90,
        retries=0,
        pause_seconds=0,
    )


@pytest.fixture
def house(settings):
    return House(settings)


@pytest.fixture
def house_with(settings):
    def make(**changed):
        return House(replace(settings, **changed))

    return make
