"""A year of a large service, and what it costs: start-up, looking up, the end of epochs, and the room on the disk.

100,000 handovers with their journal are a million entries, written by the connector's own code into the state of a
service that then runs. Beside it stands a service that has just begun. Takes some minutes.
"""

import asyncio
import hashlib
import os
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from bench import house, startup
from bench.machine import Row, median
from connector.config.material import Material
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType, Retention, Tree
from connector.core.limits import Counted, Limits
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.merkle import verify_inclusion
from connector.daemon.run import read
from connector.daemon.system import SystemEntropy
from connector.holder.counting import Counting
from connector.ledger.retention import Retention as EpochRetention
from connector.ledger.service import OpenState, open_state
from connector.store.limits import keep_counted
from connector.store.transaction import Transaction
from connector.wire.checkpoint import Checkpoint
from spsti_sandbox.federation import Federation

HANDOVERS: Final = int(os.environ.get("BENCH_HANDOVERS", "100000"))
WORKERS: Final = 60_000
DAY: Final = 86_400
DAYS: Final = int(os.environ.get("BENCH_DAYS", "365"))
"""Over how many days they are spread; with fewer handovers in fewer days the last month is as full as in the year."""

YEAR: Final = 365
AT_ONCE: Final = 200
"""Handovers in one commit, as no service has them: the year is to be written in minutes."""

MANDATE: Final = "eyJ0eXAiOiJtYW5kYXRlK2p3dCIsImFsZyI6IkVTMjU2In0." + "x" * 1400
PEERS: Final = tuple(MemberId(f"3{number:014d}") for number in range(40))
OF_ONE: Final = (
    (EntryType.ANSWERED, "announced", Retention.MONTHLY, True),
    (EntryType.DECIDED, None, Retention.MONTHLY, True),
    (EntryType.RELEASE, None, Retention.MONTHLY, True),
    (EntryType.END, "complete", Retention.MONTHLY, False),
    (EntryType.ACKNOWLEDGED, "verified", Retention.MONTHLY, False),
    (EntryType.SIGNED_IN, "psc/2", Retention.MONTHLY, False),
    (EntryType.SIGNED_OUT, None, Retention.MONTHLY, False),
    (EntryType.ANSWERED, "withheld", Retention.DAILY, True),
    (EntryType.ANSWERED, "withheld", Retention.DAILY, True),
    (EntryType.ANSWERED, "withheld", Retention.DAILY, True),
)
"""What one handover leaves in the journal of its holder, with a login of its own staff and three lookups of nobody."""


class HandClock:
    """Stands where it was put; its two hands move together, as after a year that really passed."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> Instant:
        """Give the instant."""
        return Instant(self.at)

    def monotonic(self) -> float:
        """Give the same, as seconds."""
        return float(self.at)


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Write the year, then measure."""
    del seconds
    made = house.create(work / "growth", ("a", "b", "c"))
    old, new = (read(made.services[letter].config) for letter in ("a", "b"))
    end = int(time.time()) - 3600
    written = await _write_year(old, end)
    await _write_some(new, end)
    over = await _over_after_a_year(old, written)  # as the job did day by day: a start has nothing of it left to do
    found = await asyncio.to_thread(_starts, made, work, max(5, repetitions))
    found += [*await _first_questions(old), *over]
    found += await _look_ups(old, new)
    return found + await _over_at_last(old)


@lru_cache(maxsize=WORKERS)
def ins_of(number: int) -> Ins:
    """Give the test identity of that number."""
    month, commune = number // 999 % 12 + 1, number // 11_988 % 900 + 1
    digits = f"180{month:02d}75{commune:03d}{number % 999 + 1:03d}"
    return Ins.parse("1.2.250.1.213.1.4.10", f"{digits}{97 - int(digits) % 97:02d}")


def drafts(number: int, at: Instant) -> Iterator[EntryDraft]:
    """Give the entries of one handover."""
    ref = hashlib.sha256(b"%d" % number).hexdigest()[:32]
    for place, (kind, outcome, retention, has_mandate) in enumerate(OF_ONE):
        stranger = retention is Retention.DAILY
        yield EntryDraft(
            type=kind,
            at=at,
            peer=PEERS[number % len(PEERS)],
            mandate_sha256=hashlib.sha256(b"%d/%d" % (number, place)).digest(),
            outcome=outcome,
            reason="unknown-worker" if stranger else None,
            ref=ref if not stranger else hashlib.sha256(b"%d-%d" % (number, place)).hexdigest()[:32],
            personal={"mandate": MANDATE} if has_mandate else {"by": "899700366240"},
            workers=(ins_of(WORKERS + number * 3 + place if stranger else number % WORKERS),),
            retention=retention,
        )


@asynccontextmanager
async def _opened(material: Material, clock: HandClock) -> AsyncIterator[OpenState]:
    state = await open_state(
        material.state,
        clock=clock,
        entropy=SystemEntropy(),
        signer=material.ledger_signer,
        member=material.member.id,
    )
    try:
        yield state
    finally:
        await state.close()


async def _write_year(material: Material, end: int) -> float:
    began, clock = time.monotonic(), HandClock(end - DAYS * DAY)
    async with _opened(material, clock) as state:
        for first in range(0, HANDOVERS, AT_ONCE):
            clock.at = end - DAYS * DAY + first * DAYS * DAY // HANDOVERS
            await state.writer.do(_writing(state, first, Instant(clock.at), counts=clock.at > end - 30 * DAY))
        await state.tidy()
    return time.monotonic() - began


def _writing(state: OpenState, first: int, at: Instant, *, counts: bool) -> Callable[[Transaction], None]:
    def operation(transaction: Transaction) -> None:
        for number in range(first, min(first + AT_ONCE, HANDOVERS)):
            for place, draft in enumerate(drafts(number, at)):
                transaction.append(draft)
                if counts and draft.type is EntryType.ANSWERED and draft.peer:
                    tags = [hashlib.sha256(b"%d/%d/%d" % (number, place, part)).digest()[:16] for part in range(3)]
                    counted = Counted(draft.peer, at, draft.outcome == "announced", *tags)
                    keep_counted(transaction, state.parts.epochs, counted)

    return operation


async def _write_some(material: Material, end: int) -> None:
    """The service beside it has one worker's entries, and nothing else."""
    async with _opened(material, HandClock(end)) as state:
        await state.requester.append(list(drafts(7, Instant(end))))


def _starts(made: Federation, work: Path, times: int) -> list[Row]:
    took: dict[str, list[float]] = {"a": [], "b": []}
    rest: dict[str, list[float]] = {"a": [], "b": []}
    for _ in range(times + 1):
        for letter in ("b", "a"):
            service = made.services[letter]
            command = [sys.executable, "-m", "connector", "run", "--config", service.config]
            taken, megabytes = startup.start(command, service.peer_port, "/fhir/metadata", made, work)
            took[letter].append(taken)
            rest[letter].append(megabytes)
    a, b = median(took["a"][1:]), median(took["b"][1:])
    mine, other = median(rest["a"][1:]), median(rest["b"][1:])
    return [
        Row("start-up with a year behind it", f"{a:.2f} s", f"new service {b:.2f} s", a / b, "<= 1.3", a / b <= 1.3),
        Row(
            "memory at rest with a year behind it",
            f"{mine:.0f} MB",
            f"new service {other:.0f} MB",
            mine / other,
            "<= 1.3",
            mine / other <= 1.3,
        ),
    ]


async def _first_questions(material: Material) -> list[Row]:
    """What a start no longer waits for: what was counted of each member, read when it first asks."""
    now, took, persons, counts = Instant(int(time.time())), [], 0, 0
    async with _opened(material, HandClock(now)) as state:
        tracemalloc.start()
        counting = Counting(Limits(), state.limits.tag)
        for peer in PEERS:
            counted = await state.limits.counted_of(peer, Instant(now - 30 * DAY))
            counting.recall_pairs(peer, counted)
            counting.recall_today(peer, counted, now)
            persons, counts = persons + len({one.traits for one in counted if one.traits}), counts + len(counted)
            del counted
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        for peer in PEERS:
            began = time.perf_counter()
            counted = await state.limits.counted_of(peer, Instant(now - 30 * DAY))
            again = Counting(Limits(), state.limits.tag)
            again.recall_pairs(peer, counted)
            again.recall_today(peer, counted, now)
            took.append((time.perf_counter() - began) * 1e3)
    each = f"{counts:,} lookups of {len(PEERS)} members; {median(took) / counts * len(PEERS) * 1e3:.0f} µs each"
    return [
        Row("a member's first question, in addition", f"{median(took):.1f} ms", "-", None, "-", None, each),
        Row(
            "memory once all members have asked",
            f"{held / 1e6:.1f} MB",
            "-",
            None,
            "-",
            None,
            f"{held / max(1, persons):.0f} bytes a person",
        ),
    ]


async def _look_ups(old: Material, new: Material) -> list[Row]:
    found = []
    clock = HandClock(int(time.time()))
    async with _opened(old, clock) as large, _opened(new, clock) as small:
        for what, ask in _QUESTIONS.items():
            a, b = await _milliseconds(lambda: ask(large)), await _milliseconds(lambda: ask(small))  # noqa: B023 (awaited)
            limit = max(3 * b, b + 2.0)
            found.append(Row(what, f"{a:.2f} ms", f"new service {b:.2f} ms", a / b, f"<= {limit:.1f} ms", a <= limit))
    return found


_QUESTIONS: Final[dict[str, Callable[[OpenState], Awaitable[object]]]] = {
    "journal of a worker": lambda state: state.journal.entries(Tree.EXCHANGE, worker=ins_of(7)),
    "journal of a lookup": lambda state: state.journal.entries(
        Tree.EXCHANGE, ref=hashlib.sha256(b"7").hexdigest()[:32]
    ),
    "newest entries with a peer": lambda state: state.journal.entries(Tree.EXCHANGE, peer=PEERS[7], limit=10),
    "proof of the first entry": lambda state: state.journal.prove(Tree.EXCHANGE, 0),
    "tidy": lambda state: state.tidy(),
}


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> float:
    took = []
    for _ in range(12):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1e3)
    return median(took[2:])


async def _over_after_a_year(material: Material, written: float) -> list[Row]:
    """What the job would have ended day by day, at once."""
    count, clock = HANDOVERS * len(OF_ONE), HandClock(int(time.time()))
    each = f"{written / count * 1e6:.0f} µs each"
    size = f"{material.state.database.stat().st_size / 1e6:,.0f} MB"
    async with _opened(material, clock) as state:
        retention = EpochRetention(state.writer, state.parts, clock, state.give_back)
        return [
            Row(f"{count:,} entries written", f"{written:.0f} s", each, None, "-", None, size),
            await _over("30 days", state, retention, material),
        ]


async def _over_at_last(material: Material) -> list[Row]:
    """One erasure, then the end of all that is left."""
    clock = HandClock(int(time.time()))
    async with _opened(material, clock) as state:
        retention = EpochRetention(state.writer, state.parts, clock, state.give_back)
        erased = await _erase(retention)
        clock.at += 4 * YEAR * DAY
        return [erased, await _over("3 years", state, retention, material), await _proofs(state)]


async def _over(what: str, state: OpenState, retention: EpochRetention, material: Material) -> Row:
    database = material.state.database
    before, began = database.stat().st_size, time.monotonic()
    epochs, pages = await retention.run(), await state.give_back()
    took = time.monotonic() - began
    await state.parts.readers.run(lambda db: db.execute("pragma wal_checkpoint(truncate)").fetchall())
    after = database.stat().st_size
    return Row(
        f"database once {what} are over",
        f"{after / 1e6:,.0f} MB",
        f"before {before / 1e6:,.0f} MB",
        after / before,
        "<= 0.85",
        after / before <= 0.85,
        f"{epochs} epochs, {pages:,} pages given back, {took:.0f} s",
    )


async def _erase(retention: EpochRetention) -> Row:
    began = time.monotonic()
    await retention.erase(Tree.EXCHANGE, HANDOVERS // 2 * 7, "bench", ("one", "two"))
    took = time.monotonic() - began
    return Row("one entry erased, its month sealed anew", f"{took:.1f} s", "-", None, "<= 60 s", took <= 60)


async def _proofs(state: OpenState) -> Row:
    held = 0
    for index in range(0, HANDOVERS * 7, max(1, HANDOVERS * 7 // 100)):
        proof = await state.journal.prove(Tree.EXCHANGE, index)
        root = Checkpoint.parse_body(proof.checkpoint.partition("\n\n")[0] + "\n").root
        held += verify_inclusion(proof.leaf_hash, index, proof.size, proof.path, root)
    return Row("proofs of what was destroyed", f"{held} hold", "of 100", None, "all", held >= 100)
