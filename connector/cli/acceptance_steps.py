"""The steps of an acceptance, by the local API of the running connector; what they found is a report, not yet sealed.

Nothing real is asked about: the probe is about nobody, and workers are synthetic ones, in a test environment. The two
sides run at the same time: where one blocks the other for a moment, the other's attempt is made again.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from connector import __version__
from connector.cli.acceptance_journal import Trail
from connector.cli.client import Json, LocalApi
from connector.cli.faults import Fault
from connector.core.instant import Instant, rfc3339
from connector.core.mandate import CLOCK_SKEW_SECONDS
from connector.core.matricule import key_of
from connector.evidence.acceptance import STEPS, Report, Result, Step

ATTEMPTS: Final = 4
PAUSE_SECONDS: Final = 2.0
BACKUP_LATE_HOURS: Final = 8 * 24
_FETCH_SECONDS: Final = 120.0
_CLOSED: Final = frozenset({"refused", "unreachable", "unavailable"})
_TEST: Final = "test"
_TEST_OID: Final = "1.2.250.1.213.1.4.10"
_METHODS: Final = {"directory": "_directory_in_force"}
_PASSED, _FAILED, _SKIPPED = Result.PASSED, Result.FAILED, Result.SKIPPED


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run. `practitioner` and `worker` are as a fetch takes them; `tell` hears of each step as it ends."""

    peer: str
    by: str
    config: Path | None
    practitioner: Json | None
    worker: Json | None
    wait_seconds: int
    with_block: bool
    tell: Callable[[Step], None]


@dataclass(slots=True)
class Acceptance:
    """One side of an acceptance."""

    api: LocalApi
    wanted: Wanted
    _own: Json = field(default_factory=dict)
    _peer: Json = field(default_factory=dict)
    _directory: Json = field(default_factory=dict)
    _handovers: int = 0
    _way_is_open: bool = False
    _trail: Trail = field(init=False)

    async def run(self) -> Report:
        """Go through every step.

        Raises:
            Fault: the connector cannot be reached, or does not let this key see who it is: there is nothing to report.
        """
        await self.api.call(
            "GET", "/api/v1/proposals"
        )  # whether this key may seal is known before half an hour is spent
        started = _now()
        self._own = await self.api.call("GET", "/api/v1/status")
        self._peer = await self.api.call("GET", f"/api/v1/members/{self.wanted.peer}")
        self._directory = await self.api.call("GET", "/api/v1/directory")
        everything = self._own["environment"] == _TEST
        self._trail = Trail(self.api, self.wanted.peer, started, self.wanted.wait_seconds, everything=everything)
        steps = [await self._step(name) for name in STEPS]
        return Report(
            member=self._own["member"],
            name=self._own["name"],
            peer=self.wanted.peer,
            peer_name=self._peer["name"],
            environment=self._own["environment"],
            started_at=rfc3339(started),
            ended_at=rfc3339(_now()),
            by=self.wanted.by,
            software=f"spsti-connector {__version__}",
            directory=self._directory["version"],
            read_at=rfc3339(self._trail.read_at),
            steps=tuple(steps),
            brought=tuple(self._trail.brought),
            gave=tuple(self._trail.gave),
        )

    async def _step(self, name: str) -> Step:
        step: Callable[[], Awaitable[Step]] = getattr(self, _METHODS.get(name, "_" + name.replace("-", "_")))
        try:
            found = await step()
        except Fault as fault:
            found = Step(name, _FAILED, "call.failed", {"why": f"{fault.what}: {fault.why}".removesuffix(": ")})
        self.wanted.tell(found)
        return found

    # ------------------------------------------------------------ who and what

    async def _identity(self) -> Step:
        facts = {
            "member": self._own["member"], "name": self._own["name"], "peer": self._peer["id"],
            "peer_name": self._peer["name"], "environment": self._own["environment"],
        }  # fmt: skip
        if self._peer["id"] == self._own["member"]:
            return Step("identity", _FAILED, "identity.self", {"peer": self._peer["id"]})
        if self._peer["status"] != "active":
            return Step(
                "identity", _FAILED, "identity.peer", {"peer": self._peer["id"], "status": self._peer["status"]}
            )
        return Step("identity", _PASSED, "identity.right", facts)

    async def _readiness(self) -> Step:
        red = [check["name"] for check in self._own["checks"] if not check["ok"]]
        if red or not self._own["ready"]:
            return Step("readiness", _FAILED, "readiness.red", {"checks": ", ".join(red) or "-"})
        return Step("readiness", _PASSED, "readiness.right")

    async def _directory_in_force(self) -> Step:
        found = self._directory
        facts = {"version": found["version"], "freshness": found["freshness"]}
        wrong = [*found["differences"], *([found["message"]] if found["freshness"] not in {"fresh", "stale"} else [])]
        if wrong:
            return Step("directory", _FAILED, "directory.wrong", facts | {"why": "; ".join(wrong)})
        return Step("directory", _PASSED, "directory.signed" if found["signed"] else "directory.file", facts)

    async def _backup(self) -> Step:
        from connector.cli.house import open_house
        from connector.store.backup_note import last_backup

        if self.wanted.config is None:
            return Step("backup", _SKIPPED, "backup.unknown")
        try:
            state = open_house(self.wanted.config).state
        except Fault:
            return Step("backup", _SKIPPED, "backup.unknown")
        last = last_backup(state)
        if last is None:
            return Step("backup", _FAILED, "backup.none")
        hours = max(_now() - last.at, 0) // 3600
        if hours > BACKUP_LATE_HOURS:
            return Step("backup", _FAILED, "backup.old", {"hours": hours})
        keys, epochs = ("+" if has else "-" for has in (last.with_keys, last.with_epochs))
        return Step("backup", _PASSED, "backup.right", {"hours": hours, "keys": keys, "epochs": epochs})

    # ------------------------------------------------------------ the way

    async def _probe(self) -> Step:
        attempt, wrong = await self._until_open()
        if wrong is not None:
            return Step("probe", _FAILED, "probe.wrong", _cause(wrong))
        self._way_is_open = True
        self._handovers += 1
        await self._trail.read_brought()
        ms = sum(step["elapsed_ms"] for step in attempt["steps"])
        return Step("probe", _PASSED, "probe.right", {"ms": ms, "attempt": attempt["attempt"]})

    async def _until_open(self) -> tuple[Json, Json | None]:
        """Probe until it passes: the answer, and the step that failed at the last attempt."""
        attempt = 1
        while True:
            answer = await self._probe_once()
            wrong: Json | None = next((step for step in answer["steps"] if not step["ok"]), None)
            if wrong is None or attempt == ATTEMPTS:
                return {**answer, "attempt": attempt}, wrong
            attempt += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _probe_once(self) -> Json:
        return await self.api.call("POST", f"/api/v1/members/{self.wanted.peer}/probe", long=True)

    async def _clock(self) -> Step:
        if self._trail.clock_apart is None:
            return Step("clock", _SKIPPED, "clock.unknown")
        facts: dict[str, str | int] = {"seconds": self._trail.clock_apart, "most": CLOCK_SKEW_SECONDS}
        if self._trail.clock_apart > CLOCK_SKEW_SECONDS:
            return Step("clock", _FAILED, "clock.apart", facts)
        return Step("clock", _PASSED, "clock.right", facts)

    # ------------------------------------------------------------ synthetic workers

    async def _fetch(self) -> Step:
        left = self._left_out("fetch") or (
            Step("fetch", _SKIPPED, "left.worker") if self.wanted.worker is None else None
        )
        if left is not None:
            return left
        found = await self._settled(self.wanted.worker or {})
        document = found["document"]
        if found["state"] != "ready" or document is None:
            return Step("fetch", _FAILED, "fetch.wrong", {"state": found["state"], "why": _why(found)})
        self._handovers += 1
        await self._trail.read_brought()
        # Nobody needs a synthetic worker's copy, and while it is kept the next acceptance could not ask about them.
        await self.api.call("POST", f"/api/v1/fetches/{found['id']}/discard")
        return Step("fetch", _PASSED, "fetch.right", {"size": document["size"], "day": document["last_act_on"]})

    async def _not_informed(self) -> Step:
        left = self._left_out("not-informed")
        if left is not None:
            return left
        before = await self._trail.count_asked()
        demand = self._demand(_stranger())
        demand["information"]["worker_does_not_object"] = False
        refused = await self.api.call("POST", "/api/v1/fetches", demand, accept=frozenset({400, 422, 403}))
        fields = {str(one.get("field", "")) for one in refused.get("errors", ())}
        if any("worker_does_not_object" in name for name in fields) and await self._trail.count_asked() == before:
            return Step("not-informed", _PASSED, "not-informed.right")
        return Step("not-informed", _FAILED, "not-informed.wrong", {"why": str(refused.get("code", "-"))})

    async def _unknown_worker(self) -> Step:
        left = self._left_out("unknown-worker")
        if left is not None:
            return left
        found = await self._settled(_stranger())
        reply = found["services"][0]["reply"]
        if reply == "withheld" and found["document"] is None:
            return Step("unknown-worker", _PASSED, "unknown-worker.right")
        return Step("unknown-worker", _FAILED, "unknown-worker.wrong", {"why": f"{reply}, {_why(found)}"})

    def _left_out(self, name: str) -> Step | None:
        if self._own["environment"] != _TEST:
            return Step(name, _SKIPPED, "left.production")
        if self.wanted.practitioner is None:
            return Step(name, _SKIPPED, "left.practitioner")
        return None if self._way_is_open else Step(name, _SKIPPED, "left.probe")

    def _demand(self, worker: Json) -> Json:
        return {
            "worker": worker,
            "practitioner": self.wanted.practitioner,
            "services": [self.wanted.peer],
            "information": {"at": rfc3339(_now()), "by": "physician", "means": "oral", "worker_does_not_object": True},
            "follow_up": {"visit": "other", "declared_reason": "acceptance of a new peer, a synthetic worker"},
        }

    async def _settled(self, worker: Json) -> Json:
        """Ask about a worker, and give the fetch as it ended; again where the other side may just have blocked us."""
        attempt = 1
        while True:
            found = await self._asked_about(worker)
            if attempt == ATTEMPTS or not (found["state"] == "failed" or found["services"][0]["reply"] in _CLOSED):
                return found
            attempt += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _asked_about(self, worker: Json) -> Json:
        """Do one fetch, and give it as it stands when it can be read or has ended, or the time is over."""
        path = f"/api/v1/fetches/{(await self.api.call('POST', '/api/v1/fetches', self._demand(worker)))['id']}"
        try:
            async with asyncio.timeout(_FETCH_SECONDS):
                async for _ in self.api.events(f"{path}/events", 0):
                    pass
        except TimeoutError:
            pass  # how it stands then is what the report says
        return await self.api.call("GET", path)

    # ------------------------------------------------------------ the other side, and blocks

    async def _theirs(self) -> Step:
        end = time.monotonic() + self.wanted.wait_seconds
        while not (count := await self._trail.read_gave()):
            if time.monotonic() >= end:
                return Step("theirs", _FAILED, "theirs.none", {"minutes": self.wanted.wait_seconds // 60})
            await asyncio.sleep(PAUSE_SECONDS)
        return Step("theirs", _PASSED, "theirs.right", {"count": count})

    async def _block(self) -> Step:
        if not self.wanted.with_block:
            return Step("block", _SKIPPED, "left.wish")
        if not self._way_is_open:
            return Step("block", _SKIPPED, "left.probe")
        peer, path = self.wanted.peer, f"/api/v1/members/{self.wanted.peer}"
        answer = await self.api.call("POST", f"{path}/block", {"reason": "at-its-request"})
        if answer["result"] != "blocked":
            return Step("block", _FAILED, "block.already", {"reason": answer["block"]["reason"]})
        was_open = False
        try:
            was_open = (await self._probe_once())["ok"]
        except Fault:
            pass
        finally:
            left = await self._unblock(path)
        if left is not None:
            return Step("block", _FAILED, "block.left", {"peer": peer, "why": left.what})
        if was_open:
            return Step("block", _FAILED, "block.open")
        _, wrong = await self._until_open()
        if wrong is not None:
            return Step("block", _FAILED, "block.closed", _cause(wrong))
        self._handovers += 1
        return Step("block", _PASSED, "block.right")

    async def _unblock(self, path: str) -> Fault | None:
        try:
            await self.api.call("POST", f"{path}/unblock")
        except Fault as fault:
            return fault
        return None

    # ------------------------------------------------------------ the journal

    async def _journal(self) -> Step:
        found = await self.api.call("POST", "/api/v1/journal/verify", long=True)
        if not found["ok"]:
            why = "; ".join(fault for tree in found["trees"] for fault in tree["faults"])
            return Step("journal", _FAILED, "journal.broken", {"why": why})
        await self._trail.read_brought()
        await self._trail.read_gave()
        if len(self._trail.brought) < self._handovers:
            why = f"{len(self._trail.brought)} < {self._handovers}"
            return Step("journal", _FAILED, "journal.lacks", {"why": why})
        facts = {"brought": len(self._trail.brought), "gave": len(self._trail.gave)}
        return Step("journal", _PASSED, "journal.right", facts)


def _stranger() -> Json:
    """Make up a synthetic person whom nobody knows: born abroad, of an order that is drawn anew each time."""
    body = f"2{secrets.randbelow(60) + 30:02}1299{secrets.randbelow(990) + 1:03}{secrets.randbelow(999) + 1:03}"
    return {
        "matricule": body + key_of(body),
        "oid": _TEST_OID,
        "birth_name": "RECETTE",
        "birth_given_names": "PERSONNE",
        "sex": "F",
        "birth_date": f"19{body[1:3]}-12-01",
        "birth_place": "99999",
        "status": "qualified",
        "verified_on": rfc3339(_now())[:10],
    }


def _cause(step: Json) -> dict[str, str | int]:
    return {"step": step["name"], "why": step["cause"] or str(step["code"])}


def _why(found: Json) -> str:
    service = found["services"][0]
    return str(found["code"] or service["code"] or service["detail"] or found["detail"] or "-")


def _now() -> Instant:
    return Instant(int(time.time()))
