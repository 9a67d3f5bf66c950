"""A document of 20 MB out of the encrypted vault, beside nginx serving it as a file over the same mutual TLS."""

from pathlib import Path
from typing import Any

from bench import house, orthanc
from bench.load import Spec
from bench.machine import Row, a_load, median, missing
from spsti_sandbox.federation import Federation

MEGABYTES = 20
WHAT = f"document of {MEGABYTES} MB out of the vault"
REACH = ">= 0.75"
MOST_A_SECOND = 60


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Measure, interleaved, one connection at a time."""
    lacking = missing("nginx")
    if lacking:
        return [Row(WHAT, "-", "nginx", None, REACH, None, f"not installed: {lacking}")]
    made = house.create(work / "document", ("a", "c"))
    (worker,) = house.answerable(made.services["a"])[:1]
    house.enlarge(made.services["a"], [worker], MEGABYTES)
    async with house.running(made, ("a",)):
        return [await _measure(made, work, worker, repetitions, seconds)]


async def _measure(made: Federation, work: Path, worker: Any, repetitions: int, seconds: float) -> Row:
    holder, asker = made.services["a"], house.Asker(made.services["c"], made.services["a"])
    grant = await asker.granted(worker)
    plain = work / "document" / "plain"
    plain.mkdir()
    (plain / "document.pdf").write_bytes(house.padded(b"%PDF-1.7\n", MEGABYTES))
    identity = house.identity(made, "c")
    get = [{"method": "GET", "path": "/document.pdf"}]
    gets = house.write_requests(work / "gets.jsonl", get)
    speeds: dict[str, list[float]] = {"ours": [], "nginx": []}
    cpu: dict[str, list[float]] = {"ours": [], "nginx": []}
    sent = 0
    with orthanc.nginx(work, house.own(made, "a"), f"location / {{ root {plain}; }}") as (port, pid):
        for _ in range(repetitions):  # both in each, so that a busy moment meets both
            reads = house.write_requests(
                work / "reads.jsonl", (asker.read(grant) for _ in range(int(MOST_A_SECOND * (seconds + 1))))
            )
            for name, spec in (
                ("nginx", Spec("127.0.0.1", port, **identity, requests=str(gets), concurrency=1, seconds=seconds)),
                (
                    "ours",
                    Spec(
                        "127.0.0.1",
                        holder.peer_port,
                        **identity,
                        requests=str(reads),
                        concurrency=1,
                        seconds=seconds,
                        pid=house.pid(holder),
                    ),
                ),
            ):
                result = await a_load(spec)
                if set(result["statuses"]) != {"200"}:
                    raise RuntimeError(f"{name} answered {result['statuses']}, {result['errors']} errors")
                speeds[name].append(result["bytes_per_second"] / 1e6)
                if "cpu_us" in result:
                    cpu[name].append(result["cpu_us"] / 1000 / MEGABYTES)
                if name == "ours":
                    sent += result["answers"]
        del pid
    await house.check_sends(holder, sent)
    ratio = median([one / other for one, other in zip(speeds["ours"], speeds["nginx"], strict=True)])
    note = f"{median(cpu['ours']):.2f} ms of CPU per MB; {sent} transfers found in the ledger"
    ours, beside = f"{median(speeds['ours']):.0f} MB/s", f"nginx {median(speeds['nginx']):.0f} MB/s"
    return Row(WHAT, ours, beside, ratio, REACH, ratio >= 0.75, note)
