"""Announced INS lookups a second, every rule on, beside a bare aiohttp echo and Orthanc's `/tools/find`."""

import json
from base64 import urlsafe_b64decode
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import house, orthanc
from bench.load import Spec
from bench.machine import Row, a_load, bare_server, free_port, median, missing
from spsti_sandbox.federation import Federation

CONCURRENCY = 16
SPARE = 1.3


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Measure, interleaved: each repetition visits every server once."""
    made = house.create(work / "lookup", ("a", "c"))
    async with house.running(made, ("a",)):
        return await _measure(made, work, repetitions, seconds)


async def _measure(services: Federation, work: Path, repetitions: int, seconds: float) -> list[Row]:
    holder, asker = services.services["a"], house.Asker(services.services["c"], services.services["a"])
    workers = house.answerable(holder)
    identity, persons = house.identity(services, "c"), house.count_workers(holder)
    note = missing("Orthanc", "nginx")
    with ExitStack() as stack:
        port = free_port()
        own = house.own(services, "a")
        bare_process = stack.enter_context(bare_server(work, own, port))
        body = next(iter(asker.lookups(workers, 1)))["body"]
        echo = [
            {
                "method": "POST",
                "path": "/echo",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps({"ins": body, "nonce": "n" * 32}),
            }
        ]
        echoes = house.write_requests(work / "echo.jsonl", echo)
        finds, orthanc_port = None, 0
        if not note:
            orthanc_port = stack.enter_context(orthanc.running(work, own))
            finds = house.write_requests(work / "find.jsonl", await orthanc.fill(orthanc_port, identity, persons))
        rates: dict[str, list[float]] = {"ours": [], "bare": [], "orthanc": []}
        cpu: dict[str, list[float]] = {"ours": [], "bare": []}
        kept: list[str] = []
        expected = int(400 * (seconds + 0.5) * SPARE)
        for _ in range(repetitions):
            bare = await a_load(
                Spec("127.0.0.1", port, **identity, requests=str(echoes), pid=bare_process.pid, **_how(seconds))
            )
            rates["bare"].append(bare["rate"])
            cpu["bare"].append(bare["cpu_us"])
            while True:
                lookups = house.write_requests(work / "lookups.jsonl", asker.lookups(workers, expected))
                ours = await a_load(
                    Spec(
                        "127.0.0.1",
                        holder.peer_port,
                        **identity,
                        requests=str(lookups),
                        keep_header="DMST-Receipt",
                        pid=house.pid(holder),
                        **_how(seconds),
                    )
                )
                kept += ours["kept"]
                if not ours["exhausted"]:
                    break
                expected *= 2
            expected = int(ours["rate"] * (seconds + 0.5) * SPARE) + 100
            if set(ours["statuses"]) != {"200"} or ours["errors"]:
                raise RuntimeError(f"lookups were refused: {ours['statuses']}, {ours['errors']} errors")
            rates["ours"].append(ours["rate"])
            cpu["ours"].append(ours["cpu_us"])
            if finds:
                found = await a_load(Spec("127.0.0.1", orthanc_port, **identity, requests=str(finds), **_how(seconds)))
                rates["orthanc"].append(found["rate"])
        checked = _check_leaves(kept, house.leaves_of(holder))
    ratio = median([o / b for o, b in zip(rates["ours"], rates["bare"], strict=True)])
    ours_text = f"{median(rates['ours']):.0f}/s"
    leaves = (
        f"{median(cpu['ours']):.0f} us of CPU a lookup, bare {median(cpu['bare']):.0f}: "
        f"{median([b / o for o, b in zip(cpu['ours'], cpu['bare'], strict=True)]):.2f}; "
        f"{checked} leaves found in the ledger"
    )
    bare_text = f"bare aiohttp {median(rates['bare']):.0f}/s"
    out = [
        Row("announced lookup, concurrency 16", ours_text, bare_text, ratio, ">= 0.12, aim 0.20", ratio >= 0.12, leaves)
    ]
    if rates["orthanc"]:
        ratio = median([o / b for o, b in zip(rates["ours"], rates["orthanc"], strict=True)])
        beside = f"Orthanc {median(rates['orthanc']):.0f}/s"
        note = f"{persons} persons in each; nginx in front of Orthanc"
        out.append(Row("the same", ours_text, beside, ratio, ">= 1.5, aim 2.5", ratio >= 1.5, note))
    else:
        out.append(Row("the same", ours_text, "Orthanc", None, ">= 1.5, aim 2.5", None, f"not installed: {note}"))
    return out


def _how(seconds: float) -> dict[str, Any]:
    return {"concurrency": CONCURRENCY, "seconds": seconds}


def _check_leaves(receipts: list[str], leaves: dict[int, bytes]) -> int:
    for receipt in receipts:
        payload = receipt.split(".")[1]
        leaf = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["leaf"]
        text = leaf["hash"]
        if leaves.get(leaf["index"]) != urlsafe_b64decode(text + "=" * (-len(text) % 4)):
            raise RuntimeError(f"the leaf {leaf['index']} of a receipt is not in the ledger")
    if not receipts:
        raise RuntimeError("no receipt was kept")
    return len(receipts)
