"""Writes about a worker that both halves make: who is meant, and the trace of an access."""

import sqlite3
from datetime import UTC, datetime

from connector.contract import AdapterError, Ins, Instant, Problem, Trace
from spsti_adapter_demo.schema import WORKER


def moment(at: Instant) -> str:
    """Give an instant as this vendor writes it: ISO 8601 with its zone."""
    return datetime.fromtimestamp(at, UTC).isoformat()


def worker_id(connection: sqlite3.Connection, ins: Ins) -> int | None:
    """Find the worker by INS, active or former.

    Raises:
        AdapterError: `ambiguous`, two of them.
    """
    found = connection.execute(WORKER, {"matricule": ins.matricule.value, "oid": ins.oid.value}).fetchall()
    if len(found) > 1:
        raise AdapterError(Problem.AMBIGUOUS, "two workers with one INS")
    return int(found[0][0]) if found else None


def known_worker_id(connection: sqlite3.Connection, ins: Ins) -> int:
    """Find the worker in whose DMST something is to be filed.

    Raises:
        AdapterError: `data`: no such worker here, who must be registered first.
    """
    found = worker_id(connection, ins)
    if found is None:
        raise AdapterError(Problem.DATA, "no worker with that INS")
    return found


def write_trace(connection: sqlite3.Connection, trace: Trace) -> None:
    """Write an access; one whose worker is not known here (yet) is kept under the INS. The same one again is none."""
    connection.execute(
        "INSERT INTO acces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (trace_id) DO NOTHING",
        (
            trace.trace_id,
            worker_id(connection, trace.ins),
            trace.ins.matricule.value,
            trace.ins.oid.value,
            moment(trace.at),
            trace.action.value,
            trace.peer.value,
            trace.practitioner_id,
            trace.practitioner_name,
            trace.purpose.system,
            trace.purpose.code,
            trace.outcome,
        ),
    )
