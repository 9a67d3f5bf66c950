"""The house as the local side sees it, in memory, and a real server.

`Served` runs the application on a socket of loopback, in a thread of its own where the test is not asynchronous.
"""

import asyncio
import threading

from aiohttp import web

from connector.core.oid import Environment
from connector.local.keys import ApiKey, KeyRing, Scope, key_hash
from connector.local.ports import (
    LocalPorts,
)
from connector.local.server import build_app, build_runner
from connector.local.settings import LocalSettings
from connector.metrics import Metrics
from tests.kit.evidence_desk import ToldEvidence
from tests.kit.local_desks import Coverage, Journal, Limits, Membership, Prober, Proposals, Status, Witnessed
from tests.kit.local_errands import Errands
from tests.kit.local_values import (
    AUDIT_KEY,
    KEY,
    NURSE_ID,
    OTHER_KEY,
    PHYSICIAN_ID,
    SECOND_KEY,
    STATUS_KEY,
    STRANGER_ID,
    US,
    A,
    B,
    Clock,
    Directory,
    Entropy,
    PractitionerList,
)
from tests.kit.register import a_register
from tests.kit.signin import SignInHouse
from tests.kit.vigilance import Vigilance


class House:
    """Everything behind the local side, and its settings."""

    def __init__(self, **settings):
        self.clock, self.entropy, self.directory = Clock(), Entropy(), Directory()
        self.errands = Errands(self.directory, self.clock, self.entropy)
        self.journal, self.status, self.people = Journal(), Status(), PractitionerList()
        self.evidence = ToldEvidence()
        self.prober = Prober()
        self.register, self.sink = a_register(self.clock, self.entropy)
        self.coverage = Coverage()
        self.vigilance = Vigilance(self.clock, self.entropy)
        self.membership = Membership(self.directory, self.clock)
        self.limits, self.proposals = Limits(self.clock), Proposals(self.clock, self.entropy)
        self.witnesses = Witnessed()
        self.sign_in = SignInHouse(self.clock, self.entropy, self.people)
        everything = frozenset(Scope)
        self.keys = [
            ApiKey("vendor", key_hash(KEY), everything, frozenset({PHYSICIAN_ID, NURSE_ID})),
            ApiKey("other", key_hash(OTHER_KEY), frozenset({Scope.FETCH}), frozenset({STRANGER_ID})),
            ApiKey("watch", key_hash(STATUS_KEY), frozenset({Scope.STATUS})),
            ApiKey("audit", key_hash(AUDIT_KEY), frozenset({Scope.JOURNAL})),
            ApiKey("second", key_hash(SECOND_KEY), frozenset({Scope.OPERATE})),
        ]
        self.ring = KeyRing(self.keys)
        self.settings = LocalSettings(
            member=US,
            member_name="Santé au travail du Rhône",
            environment=Environment.TEST,
            version="0.0.0",
            **settings,
        )

    def ports(self):
        return LocalPorts(
            errands=self.errands,
            directory=self.directory,
            journal=self.journal,
            evidence=self.evidence,
            status=self.status,
            prober=self.prober,
            register=self.register,
            coverage=self.coverage,
            identities=self.vigilance.desk,
            alerts=self.vigilance.alerts,
            membership=self.membership,
            limits=self.limits,
            proposals=self.proposals,
            witnesses=self.witnesses,
            metrics=Metrics("0.0.0"),
            clock=self.clock,
            entropy=self.entropy,
            keys=self.ring,
            practitioners=self.sign_in.staff,
            sign_in=self.sign_in.desk,
        )

    async def serve(self, ssl=None):
        """Start the application on a free port of loopback; gives its runner and its address."""
        runner = build_runner(build_app(self.ports(), self.settings), self.settings)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl)
        await site.start()
        port = runner.addresses[0][1]
        return runner, f"{'https' if ssl else 'http'}://127.0.0.1:{port}"


class Served:
    """The application in a thread of its own, for tests of programs that have their own event loop."""

    def __init__(self, house, ssl=None):
        self.house, self._ssl = house, ssl
        self._started = threading.Event()

    def __enter__(self):
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)
        return self

    async def _run(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner, self.url = await self.house.serve(self._ssl)
        self._started.set()
        await self._stop.wait()
        await runner.cleanup()

    def call(self, function, *arguments):
        """Run a function in the server's thread and give its result."""

        async def run():
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)
        assert not self._thread.is_alive()


def new_fetch(**changes):
    """A body of POST /api/v1/fetches; `changes` replace keys at the top, `worker.sex` and the like below it."""
    body = {
        "worker": {
            "matricule": "279035121518989",
            "birth_name": "PAT-TROIS",
            "birth_given_names": "DOMINIQUE MARIE-LOUISE",
            "sex": "F",
            "birth_date": "1979-03-28",
            "birth_place": "51215",
            "status": "qualified",
            "verified_on": "2026-09-14",
        },
        "practitioner": {
            "id": PHYSICIAN_ID,
            "auth": {"means": "vendor", "level": "low", "at": "2026-11-23T08:30:00Z"},
        },
        "services": [A.value, B.value],
        "information": {
            "at": "2026-11-23T09:50:00+01:00",
            "by": "physician",
            "means": "oral",
            "worker_does_not_object": True,
        },
        "follow_up": {"visit": "initial"},
    }
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = body
        for parent in parents:
            place = place[parent]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return body
