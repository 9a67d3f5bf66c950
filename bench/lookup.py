"""Announced INS lookups a second, every rule on, beside a bare aiohttp echo and Orthanc's `/tools/find`."""

import asyncio
import json
import sys
from base64 import urlsafe_b64decode
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import house, orthanc
from bench.load import Spec
from bench.machine import Row, free_port, load, median, missing, server
from spsti_sandbox.federation import Federation

CONCURRENCY = 16
SPARE = 1.3


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Measure, interleaved: each repetition visits every server once."""
    async with house.federation(work / "lookup", ("a", "c")) as services:
        return await _measure(services, work, repetitions, seconds)


async def _measure(services: Federation, work: Path, repetitions: int, seconds: float) -> list[Row]:
    holder, asker = services.services["a"], house.Asker(services.services["c"], services.services["a"])
    workers = house.answerable(holder)
    identity = {
        "ca": str(services.pki.ca_path),
        "certificate": str(services.services["c"].client.cert_pem_path),
        "key": str(services.services["c"].client.key_pem_path),
    }
    note = missing("Orthanc", "nginx")
    with ExitStack() as stack:
        port = free_port()
        own = {
            "certificate": holder.server.cert_pem_path,
            "key": holder.server.key_pem_path,
            "ca": services.pki.ca_path,
        }
        options = [part for name, value in own.items() for part in (f"--{name}", value)]
        stack.enter_context(
            server(sys.executable, "-m", "bench.bare", "--port", port, *options, port=port, log=work / "bare.log")
        )
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
            finds = house.write_requests(work / "find.jsonl", await orthanc.fill(orthanc_port, identity))
        rates: dict[str, list[float]] = {"ours": [], "bare": [], "orthanc": []}
        kept: list[str] = []
        expected = int(400 * (seconds + 0.5) * SPARE)
        for _ in range(repetitions):
            bare = await _load(Spec("127.0.0.1", port, **identity, requests=str(echoes), **_how(seconds)))
            rates["bare"].append(bare["rate"])
            while True:
                lookups = house.write_requests(work / "lookups.jsonl", asker.lookups(workers, expected))
                ours = await _load(
                    Spec(
                        "127.0.0.1",
                        holder.peer_port,
                        **identity,
                        requests=str(lookups),
                        keep_header="DMST-Receipt",
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
            if finds:
                found = await _load(Spec("127.0.0.1", orthanc_port, **identity, requests=str(finds), **_how(seconds)))
                rates["orthanc"].append(found["rate"])
        checked = _check_leaves(kept, house.leaves_of(holder))
    ratio = median([o / b for o, b in zip(rates["ours"], rates["bare"], strict=True)])
    ours_text = f"{median(rates['ours']):.0f}/s"
    leaves = f"{checked} leaves found in the ledger"
    bare_text = f"bare aiohttp {median(rates['bare']):.0f}/s"
    out = [
        Row("announced lookup, concurrency 16", ours_text, bare_text, ratio, ">= 0.12, aim 0.20", ratio >= 0.12, leaves)
    ]
    if rates["orthanc"]:
        ratio = median([o / b for o, b in zip(rates["ours"], rates["orthanc"], strict=True)])
        beside = f"Orthanc {median(rates['orthanc']):.0f}/s"
        out.append(Row("the same", ours_text, beside, ratio, ">= 1.5, aim 2.5", ratio >= 1.5, "nginx in front of it"))
    else:
        out.append(Row("the same", ours_text, "Orthanc", None, ">= 1.5, aim 2.5", None, f"not installed: {note}"))
    return out


def _how(seconds: float) -> dict[str, Any]:
    return {"concurrency": CONCURRENCY, "seconds": seconds}


async def _load(spec: Spec) -> dict[str, Any]:
    return await asyncio.to_thread(load, spec)


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
