"""What the tests of real processes share: calling by hand, large records, stopped processes, ledgers."""

import asyncio
import hashlib
import os
import signal
import sqlite3
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

from connector.config import load
from connector.config.material import prepare
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, TYPE_DMST
from connector.core.instant import Instant
from connector.core.mandate import (
    Auth,
    AuthLevel,
    AuthMeans,
    FollowUp,
    FollowUpBasis,
    Information,
    InformationMeans,
    Kind,
    MandateDraft,
    Practitioner,
    VisitKind,
)
from connector.core.members import MemberId
from connector.core.practitioner_id import PractitionerId
from connector.crypto.keys import x5t_s256
from connector.peer.tls import client_context
from connector.wire import handover as handover_wire
from connector.wire import jose, mandate, receipt
from connector.wire.fhir_read import parse_bundle
from spsti_sandbox.cast import cast
from spsti_sandbox.federation import PHYSICIAN as CAMILLE
from spsti_sandbox.physician import Physician
from spsti_sandbox.vendor_db import AS_OF
from tests.kit.holder_house import Line
from tests.kit.state import an_id

CAST = cast(AS_OF)
DAEMON = (sys.executable, "-m", "connector")
PAUSING = (sys.executable, "-m", "spsti_sandbox.pause")
_PDF_OF = """
    select v.id, p.contenu from dossier_pdf p join dossier_version v on v.id = p.version_id
    join salarie s on s.id = v.salarie_id where s.ins_matricule = ? and v.etat = 'valide' and v.communicable
    order by v.date_dernier_acte desc, v.numero desc limit 1
"""


def now() -> Instant:
    """The wall clock."""
    return Instant(int(time.time()))


class Caller:
    """A member that calls another one's daemon by hand, with its own keys: what `holder_house.Line` asks of a house."""

    def __init__(self, us, holder) -> None:
        self.service, self.holder = us, holder
        self.material = prepare(load(us.config), credentials=None, now=now())
        self.x5t = x5t_s256(us.client.der)
        self.clock = SimpleNamespace(now=now)

    def demand(self, kind: Kind = Kind.LOOKUP, member=CAST.only_at_a, **changes) -> MandateDraft:
        """A demand about a member of the cast."""
        login = Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, now())
        values = {
            "kind": kind,
            "issuer": MemberId.parse(self.service.member_id, strict=False),
            "audience": MemberId.parse(self.holder.member_id, strict=False),
            "purpose": PURPOSE_CARE,
            "document_type": TYPE_DMST,
            "fetch_requested_at": now(),
            "lookup_id": an_id(),
            "practitioner": Practitioner(PractitionerId(CAMILLE.id), CAMILLE.name, PHYSICIAN, login),
            "worker": member.asked,
            "information": Information(now(), "physician", InformationMeans.ORAL),
            "follow_up": FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.INITIAL),
        }
        return MandateDraft(**(values | changes))

    def seal(self, demand: MandateDraft, **changes) -> bytes:
        """Sign a demand for our connection."""
        values = {"x5t": self.x5t, "now": now(), "jti": an_id(), "signer": self.material.signer}
        return mandate.seal(demand, **(values | changes))

    @asynccontextmanager
    async def line(self):
        """A connection to the holder."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.holder.peer_port,
            ssl=client_context(self.material.client_tls),
            server_hostname="localhost",
            limit=64 * 1024,
        )
        try:
            yield Line(self, reader, writer)
        finally:
            writer.transport.abort()


def pdf_of(service, member) -> bytes:
    """The PDF of a member's newest communicable record in a vendor's database."""
    with sqlite3.connect(service.vendor_database) as database:
        content = database.execute(_PDF_OF, (member.asked.ins.matricule.value,)).fetchone()[1]
    database.close()
    return content


def enlarge(service, member, size: int) -> None:
    """Make that PDF about so many bytes larger, by comments that leave it the same document."""
    with sqlite3.connect(service.vendor_database) as database:
        version, content = database.execute(_PDF_OF, (member.asked.ins.matricule.value,)).fetchone()
        before, mark, after = content.rpartition(b"startxref")
        comments = b"".join(b"%%%063d\n" % number for number in range(size // 65))
        large = before + comments + mark + after
        database.execute("update dossier_pdf set contenu = ? where version_id = ?", (large, version))
    database.close()


async def is_stopped(service, seconds: float = 60.0) -> None:
    """Return once the process has stopped itself (SIGSTOP).

    Raises:
        TimeoutError: it has not.
        AssertionError: it ended.
    """
    flags = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
    async with asyncio.timeout(seconds):
        while os.waitid(os.P_PID, service.process.pid, flags) is None:  # noqa: ASYNC222 - WNOHANG
            assert service.is_running, service.tail()
            await asyncio.sleep(0.005)


async def eventually(check, seconds: float = 60.0):
    """Give what an asynchronous check gives as soon as it is true; what it gave last when that time is over."""
    end = asyncio.get_running_loop().time() + seconds
    while not (found := await check()) and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)
    return found


async def readiness(service) -> tuple[int, dict[str, str]]:
    """The status of `/health/ready`, and what is wrong by the name of the check."""
    status, answer = await service.call("GET", "/health/ready")
    return status, {check["name"]: check["detail"] for check in answer["checks"] if not check["ok"]}


async def assert_sound(*services) -> None:
    """Both ledgers of each service verify."""
    for service in services:
        report = await Physician(service).call("POST", "/api/v1/journal/verify")
        assert report["ok"], (service.letter, report)


async def assert_ledgers_agree(requester, holders) -> int:
    """Each document that arrived has at its holder the decision whose leaf the receipt names; says how many arrived."""
    asker = Physician(requester)
    entries = [await asker.entry(short) for short in await asker.journal(type="arrived")]
    arrived = [entry for entry in entries if not entry["personal"].get("probe")]
    for entry in arrived:
        told = jose.read(entry["personal"]["handover"]["receipt"].encode(), typ=receipt.TYP).claims
        holder = Physician(holders[entry["peer"]])
        decided = await holder.entry({"tree": "exchange", "index": told["leaf"]["index"]})
        assert (decided["type"], decided["outcome"], decided["ref"]) == ("decided", "granted", entry["ref"])
        assert decided["leaf_hash"] == told["leaf"]["hash"]
        assert decided["document_sha256"] == entry["document_sha256"]
        assert decided["personal"]["mandate"] == entry["personal"]["handover"]["mandate"]
    return len(arrived)


def encrypted_only(service) -> None:
    """Nothing in the vault is a readable PDF, and nothing there is half written."""
    vault: Path = service.folder / "state" / "vault"
    for path in vault.rglob("*"):
        if path.is_file():
            # Seven bytes: four of them came up by chance in some hundred megabytes of ciphertext.
            assert b"%PDF-1." not in path.read_bytes(), path


def digest_of(content: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(content).digest()


async def announce_and_grant(line, caller):
    """Look up the large record and have its handover granted, waiting while it is rendered."""
    demand = caller.demand()
    looked = await line.lookup(demand)
    assert looked.status == 200, looked.body
    offered = parse_bundle(looked.body, asked=demand.worker.ins)
    granted = await line.handover(offered.id)
    while granted.status == 202:
        granted = await line.handover(offered.id)
    assert granted.status == 201, granted.body
    return handover_wire.parse_grant(granted.body)


async def begin_download(line, caller):
    """Have the large document begin, and read its head."""
    grant = await announce_and_grant(line, caller)
    line.ask_document(grant)
    head = await line.read_head()
    assert head.status == 200
    return grant


async def reload(service, word: str) -> None:
    """Send SIGHUP and wait for that event in the log."""
    before = service.log.read_text().count(f'"{word}"')
    service.process.send_signal(signal.SIGHUP)

    async def is_told():
        return service.log.read_text().count(f'"{word}"') > before

    assert await eventually(is_told), service.tail()
