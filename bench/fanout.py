"""180 services asked at once, one in ten dead: until the last live answer, beside a bare aiohttp client.

Capacity only: a physician asks five. The holders are `bench.fake_holders`, since the client is what is measured.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import house
from bench.machine import CLIENT_CORE, SERVER_CORE, Row, median, on_core
from connector.core.directory import KeyUse, Member, MemberKey, MemberStatus, TlsBinding
from connector.core.instant import Instant
from connector.core.mandate import Kind
from connector.core.members import MemberId, luhn_ok
from connector.core.oid import Environment
from connector.crypto.keys import SigningAlgorithm, generate, public_key_to_der, to_pem
from connector.daemon.system import SystemClock
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text
from spsti_sandbox.federation import Federation
from spsti_sandbox.ports import HeldPorts

SERVICES = 180
DEAD_ONE_IN = 10
ROUNDS = 4
KEYS = ((KeyUse.SIGN, SigningAlgorithm.ES256), (KeyUse.LEDGER, SigningAlgorithm.ED25519))


async def rows(work: Path, repetitions: int, seconds: float) -> list[Row]:
    """Start the holders on one core, and ask from the other."""
    del seconds
    made = house.create(work / "fanout", ("a", "c"))
    ports = HeldPorts(SERVICES)  # until the holders are gone
    spec = _spec(made, work / "fanout", ports, rounds=ROUNDS * repetitions)
    given = work / "fanout" / "spec.json"
    given.write_text(json.dumps(spec))
    await asyncio.to_thread(_run, given, Path(spec["ready"]), work / "fanout" / "holders.log")
    return [_row(json.loads(given.with_suffix(".result").read_text()))]


def _run(given: Path, ready: Path, log: Path) -> None:
    with log.open("ab") as out:
        holders = subprocess.Popen(
            on_core(SERVER_CORE, sys.executable, "-m", "bench.fake_holders", given), stdout=out, stderr=out
        )
    try:
        while not ready.exists():
            if holders.poll() is not None:
                raise RuntimeError("the holders did not start: see holders.log")
            time.sleep(0.1)
        subprocess.run(on_core(CLIENT_CORE, sys.executable, "-m", "bench.asking", given), check=True, timeout=240)
    finally:
        holders.terminate()
        holders.wait(10)


def _row(times: dict[str, list[float]]) -> Row:
    ratio = median([one / other for one, other in zip(times["ours"], times["bare"], strict=True)])
    return Row(
        f"{SERVICES} services asked at once, warm, 10 % dead: last live answer",
        f"{median(times['ours']):.3f} s",
        f"bare aiohttp {median(times['bare']):.3f} s",
        ratio,
        "<= 2",
        ratio <= 2,
        f"cold {times['ours_cold'][0]:.2f} s, bare {times['bare_cold'][0]:.2f} s; every receipt checked",
    )


def _spec(made: Federation, folder: Path, ports: HeldPorts, *, rounds: int) -> dict[str, Any]:
    requester = made.services["c"]
    now = SystemClock().now()
    members, holders = [], []
    for number, port in enumerate(ports.numbers):
        member, files = _member(folder / "holders", number, port, now)
        leaf = made.pki.issue(member.id.value, "server")
        members.append(member)
        holders.append(
            {
                "member": member.id.value,
                "port": port,
                "dead": number % DEAD_ONE_IN == DEAD_ONE_IN // 2,
                "certificate": str(leaf.cert_pem_path),
                "key": str(leaf.key_pem_path),
                **files,
            }
        )
    listed = requester.folder / "members.toml"
    known = MembersFile(listed, Environment.TEST).members()
    listed.write_text(members_text([*known, *members]))
    asker = house.Asker(requester, made.services["a"])
    worker = house.answerable(made.services["a"])[0]
    return {
        **house.identity(made, "c"),
        "asking": requester.member_id,
        "config": str(requester.config),
        "members": str(listed),
        "database": str(made.services["a"].vendor_database),
        "holders": holders,
        "example": asker.token(asker.demand(Kind.LOOKUP, worker, lookup_id="0" * 32)),
        "ready": str(folder / "ready"),
        "repetitions": rounds,
    }


def _member(folder: Path, number: int, port: int, now: Instant) -> tuple[Member, dict[str, str]]:
    """Make a member with its keys; its SIREN is one that is never given out."""
    folder.mkdir(exist_ok=True)
    stem = f"000001{number:03d}0001"
    siret = next(full for digit in "0123456789" if luhn_ok(full := stem + digit))
    files, keys = {}, []
    for use, algorithm in KEYS:
        key = generate(algorithm)
        path = folder / f"{number}-{use}.key"
        path.write_bytes(to_pem(key, None))
        files[str(use)] = str(path)
        until = Instant(now + 86_400)
        keys.append(
            MemberKey(f"{use}-1", use, str(algorithm), public_key_to_der(key.public_key()), Instant(now - 60), until)
        )
    member = Member(
        id=MemberId.parse("3" + siret),
        name=f"Service {number}",
        status=MemberStatus.ACTIVE,
        endpoint=f"https://127.0.0.1:{port}",
        tls=TlsBinding(),
        keys=tuple(keys),
    )
    return member, files
