"""A vendor's adapter that does what a file says: well, badly, or worst. It runs in processes of its own only."""

import ctypes
import hashlib
import json
import os
import signal
import socket
import sys
import threading
import time
from datetime import date
from pathlib import Path

from pydantic import Field

from connector.contract import (
    TYPE_DMST,
    AdapterError,
    AdapterHealth,
    AdapterOptions,
    Announcement,
    Counts,
    Day,
    Extent,
    IdentityAttribute,
    IdentityStatus,
    Ins,
    InsOid,
    Instant,
    LocalIdentity,
    Look,
    Matricule,
    Opposition,
    Problem,
    Remark,
    Sink,
    Source,
    StrictTraits,
)

SECRET = "DUPONT 279035121518989"
MIB = 1024 * 1024


class Rough:
    contract_version = 1

    class Options(AdapterOptions):
        orders: Path
        level: int = Field(5, le=9)
        password: str = ""
        since: date | None = None

    def __init__(self, options, context):
        self.options, self.context = options, context
        order = self.order()
        if order == "fail to be made":
            raise RuntimeError(SECRET)
        if order == "die while made":
            os._exit(5)
        if order == "hang while made":
            time.sleep(3600)

    def order(self) -> str:
        return (self.context.config_directory / self.options.orders).read_text().strip()

    def health(self):
        return AdapterHealth(ok=True, detail="rough")

    def trace(self, trace):
        self.obey(self.order())
        with (self.context.data_directory / "traces").open("a") as file:
            file.write(trace.trace_id + "\n")

    def obey(self, order: str) -> None:
        match order:
            case "crash":
                os._exit(3)
            case "segfault":
                ctypes.string_at(0)
            case "exit":
                sys.exit(SECRET)
            case "kill group":
                os.killpg(0, signal.SIGKILL)
            case "hang":
                time.sleep(3600)
            case "hog":
                self.kept = [bytes([number % 256]) * (8 * MIB) for number in range(512)]
            case "shout":
                os.write(1, SECRET.encode())
                os.write(2, SECRET.encode())
            case "raise":
                raise ValueError(SECRET)
            case "refuse":
                raise AdapterError(Problem.AMBIGUOUS, SECRET)
            case "tell":
                self.tell()

    def tell(self) -> None:
        """Write down what this process can see of the house."""
        seen = {
            "environment": dict(os.environ),
            "descriptors": [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if _is_open(link.name)],
            "arguments": Path("/proc/self/cmdline").read_text().split("\0"),
            "directory": str(Path.cwd()),
            "modules": sorted(sys.modules),
            "since": str(self.options.since),
            "now": self.context.now(),
            "ways": [self.context.proxy_for(host) for host in ("dmst.example", "elsewhere.test")],
        }
        (self.context.data_directory / "seen.json").write_text(json.dumps(seen))


def _is_open(number: str) -> bool:
    try:
        os.fstat(int(number))
    except OSError:
        return False
    return True


class RoughSource(Rough, Source):
    tells_opposition = False

    def look(self, ins):
        order = self.order()
        self.obey(order)
        if order == "another type":
            return "a look"
        if ins.matricule.value != "279035121518989" or ins.oid is not InsOid.TEST:
            return Look(None, Opposition.UNKNOWN, None)
        traits = StrictTraits.parse(
            birth_name="PAT-TROIS",
            birth_given_names="DOMINIQUE MARIE-LOUISE",
            sex="F",
            birth_date="1979-03-28",
            birth_place="51215",
        )
        identity = LocalIdentity(
            Ins(Matricule("279035121518989"), InsOid.TEST),
            traits,
            IdentityStatus.QUAL,
            former=(Ins(Matricule("277076322082910"), InsOid.TEST),),
            attributes=frozenset({IdentityAttribute.HOMONYME}) if order == "attributes" else frozenset(),
            verified_on=Day(2026, 1, 5),
        )
        day = Day(2030, 1, 1) if order == "future" else Day(2026, 3, 14)
        announcement = Announcement("17", "3", day, Instant(1_773_500_000), TYPE_DMST, Extent.SUMMARY, author="Dr Été")
        return Look(identity, Opposition.NO, announcement)

    def document(self, announcement):
        order = self.order()
        yield b"%PDF-1.7\n"
        if order == "gone":
            raise AdapterError(Problem.DOCUMENT_GONE, SECRET)
        for number in range(40):
            if number == 20:
                self.obey(order)
            yield bytes([number]) * (3 * MIB // 2 if order == "large pieces" else 100_000)
        yield b"%%EOF"

    async def counts(self):
        if self.order() == "block the loop":
            time.sleep(3600)  # noqa: ASYNC251 - what it must not do
        return Counts(workers=3, answerable=2)

    def remarks(self):
        return [Remark(None, "rough")]


class RoughSink(Rough, Sink):
    def file(self, document, content):
        digest = hashlib.sha256()
        for number, piece in enumerate(content):
            if number == 2:
                self.obey(self.order())
            digest.update(piece)
        return f"{document.peer_name} {digest.hexdigest()[:8]}"

    def told(self, told):
        self.obey(self.order())


class ThreadHolder(RoughSource):
    """Leaves a thread behind that would keep a process from ending."""

    def close(self):
        threading.Thread(target=time.sleep, args=(3600,)).start()


class Liar(RoughSource):
    """Finds the socket to the daemon and writes to it."""

    def look(self, ins):
        for number in range(3, 64):
            try:
                with socket.socket(fileno=os.dup(number)) as sock:
                    sock.sendall((self.context.config_directory / "lie").read_bytes())
            except OSError:
                continue
        return super().look(ins)
