"""Real daemons for the bench: a sandbox federation on the server's core, and signed requests as a peer sends them."""

import asyncio
import json
import sqlite3
import ssl
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import SERVER_CORE, on_core
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, TYPE_DMST
from connector.core.days import Day
from connector.core.directory import Member
from connector.core.evidence import DocumentDigest
from connector.core.identity import QualifiedIdentity
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
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.practitioner_id import PractitionerId
from connector.core.traits import StrictTraits
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, load_private_key, x5t_s256
from connector.daemon.run import read
from connector.daemon.system import SystemClock, SystemEntropy
from connector.directory.members_file import MembersFile
from connector.peer.client import HttpPeerClient
from connector.peer.connect import PeerClientSettings
from connector.peer.tls import ClientTls
from connector.wire import form, mandate
from spsti_sandbox.federation import PHYSICIAN as ASKING
from spsti_sandbox.federation import Federation
from spsti_sandbox.service import Service

ANSWERABLE = """
select s.ins_matricule, s.ins_oid, s.nom_naissance, s.prenoms_naissance, s.sexe, s.date_naissance, s.lieu_naissance_cog
from salarie s
where s.statut_identite = 'QUAL' and s.attribut_identite is null
  and exists (select 1 from opposition o where o.salarie_id = s.id)
  and not exists (select 1 from opposition o where o.salarie_id = s.id and o.reponse = 's''oppose')
  and (select p.version_id from dossier_version v left join dossier_pdf p on p.version_id = v.id
       where v.salarie_id = s.id and v.communicable = 1 and v.etat = 'valide'
       order by v.date_dernier_acte desc, v.numero desc limit 1) is not null
limit 200
"""
PDF_END = b"\n%%EOF\n"
NEWEST = """
select v.id from dossier_version v join salarie s on s.id = v.salarie_id
where s.ins_matricule = ? and v.communicable = 1 and v.etat = 'valide'
order by v.date_dernier_acte desc, v.numero desc limit 1
"""


def create(folder: Path, letters: tuple[str, ...], *, cores: dict[str, int] | None = None) -> Federation:
    """Make services; each will run on the server's core unless told otherwise."""
    made = Federation.create(folder, letters, databases=folder.parent / "databases", directory="file")
    for letter, service in made.services.items():
        service.raise_limits()
        service.command = on_core((cores or {}).get(letter, SERVER_CORE), sys.executable, "-m", "connector")
    return made


@asynccontextmanager
async def running(made: Federation, letters: tuple[str, ...]) -> AsyncIterator[None]:
    """Run these services as `make demo` does."""
    try:
        await made.start(letters)
        yield
    finally:
        await made.stop()


def pid(service: Service) -> int:
    """Give the daemon's process id, the one behind `taskset` being the same."""
    if service.process is None:
        raise RuntimeError(f"service {service.letter} does not run")
    return service.process.pid


def identity(made: Federation, letter: str) -> dict[str, Any]:
    """Give what a client needs to ask as that service."""
    client = made.services[letter].client
    return {
        "ca": str(made.pki.ca_path),
        "certificate": str(client.cert_pem_path),
        "key": str(client.key_pem_path),
    }


def own(made: Federation, letter: str) -> dict[str, Any]:
    """Give what another server needs to answer with that service's certificate."""
    server = made.services[letter].server
    return {"certificate": server.cert_pem_path, "key": server.key_pem_path, "ca": made.pki.ca_path}


def tls_client(made: Federation, letter: str) -> ssl.SSLContext:
    """Give a bare client's context, with that service's certificate."""
    files = identity(made, letter)
    context = ssl.create_default_context(cafile=files["ca"])
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(files["certificate"], files["key"])
    return context


def padded(page: bytes, megabytes: float) -> bytes:
    """Give a PDF with comments behind it, so that it has that size."""
    room = int(megabytes * 1e6) - len(page) - len(PDF_END)
    line = b"%" + b"0123456789abcdef" * 4 + b"\n"
    return page + (line * (room // len(line) + 1))[: room - 1] + PDF_END


def enlarge(service: Service, workers: Sequence[QualifiedIdentity], megabytes: float) -> None:
    """Give each worker's newest record in the vendor's database a document of that size."""
    with sqlite3.connect(service.vendor_database) as database:
        for worker in workers:
            (version,) = database.execute(NEWEST, (worker.ins.matricule.value,)).fetchone()
            ((page,),) = database.execute("select contenu from dossier_pdf where version_id = ?", (version,))
            database.execute(
                "update dossier_pdf set contenu = ? where version_id = ?", (padded(page, megabytes), version)
            )
    database.close()


def answerable(service: Service) -> list[QualifiedIdentity]:
    """Give workers about whom the service will announce a record."""
    return answerable_in(service.vendor_database)


def count_workers(service: Service) -> int:
    """Give the number of workers whom a service's software knows."""
    with sqlite3.connect(service.vendor_database) as database:
        (count,) = database.execute("select count(*) from salarie").fetchone()
    database.close()
    return int(count)


def fetchable(holder: Service, requester: Service) -> list[QualifiedIdentity]:
    """Give those of them whom the requester's own software does not know: it then declares the follow-up."""
    with sqlite3.connect(requester.vendor_database) as database:
        known = {matricule for (matricule,) in database.execute("select ins_matricule from salarie")}
        known |= {matricule for (matricule,) in database.execute("select matricule from ins_historique")}
    database.close()
    return [worker for worker in answerable(holder) if worker.ins.matricule.value not in known]


def answerable_in(vendor_database: Path) -> list[QualifiedIdentity]:
    """Give workers about whom a service with that database will announce a record."""
    with sqlite3.connect(vendor_database) as database:
        rows = database.execute(ANSWERABLE).fetchall()
    database.close()
    verified_on = Day.parse("2026-11-01")
    return [
        QualifiedIdentity(
            Ins.parse(oid, matricule),
            StrictTraits.parse(birth_name=name, birth_given_names=given, sex=sex, birth_date=born, birth_place=place),
            verified_on,
        )
        for matricule, oid, name, given, sex, born, place in rows
    ]


class Granted(NamedTuple):
    """A document that lies ready at a holder."""

    handover_id: str
    document: DocumentDigest


def demand(
    issuer: MemberId, audience: MemberId, kind: Kind, worker: QualifiedIdentity | None, **more: Any
) -> MandateDraft:
    """Give a demand as the requester's room makes it."""
    now = SystemClock().now()
    asked = kind is not Kind.READ
    return MandateDraft(
        kind=kind,
        issuer=issuer,
        audience=audience,
        purpose=PURPOSE_CARE,
        document_type=TYPE_DMST,
        fetch_requested_at=now,
        practitioner=Practitioner(
            PractitionerId.parse(ASKING.id),
            ASKING.name,
            PHYSICIAN,
            Auth(AuthMeans.OWN, AuthLevel.SUBSTANTIAL, Instant(now - 600)),
        ),
        worker=worker if asked else None,
        information=Information(Instant(now - 300), "physician", InformationMeans.ORAL) if asked else None,
        follow_up=FollowUp(FollowUpBasis.KNOWN_LOCALLY, VisitKind.INITIAL) if asked else None,
        **more,
    )


class Asker:
    """A service's mandates, sealed by its own key as its client would."""

    def __init__(self, requester: Service, holder: Service) -> None:
        self._requester, self._holder = requester, holder
        key = load_private_key((requester.folder / "keys" / "sign.key").read_bytes())
        self._signer = PrivateKeySigner("sign-1", SigningAlgorithm.ES256, key)
        self._x5t = x5t_s256(requester.client.der)
        self._clock, self._entropy = SystemClock(), SystemEntropy()
        self._issuer, self._audience = MemberId.parse(requester.member_id), MemberId.parse(holder.member_id)

    def demand(self, kind: Kind, worker: QualifiedIdentity | None, **more: Any) -> MandateDraft:
        """Give a demand of this requester to this holder."""
        return demand(self._issuer, self._audience, kind, worker, **more)

    def token(self, draft: MandateDraft) -> str:
        """Seal a demand for one attempt."""
        sealed = mandate.seal(
            draft,
            x5t=self._x5t,
            now=self._clock.now(),
            jti=self._entropy.token(16).hex(),
            signer=self._signer,
            life=300,
        )
        return sealed.decode()

    def read(self, grant: Granted) -> dict[str, Any]:
        """Give a request for a granted document; it may be sent once."""
        draft = self.demand(Kind.READ, None, handover_id=grant.handover_id, document_sha256=grant.document.sha256)
        return {
            "method": "GET",
            "path": f"/fhir/Binary/{grant.handover_id}",
            "headers": {"Authorization": f"Bearer {self.token(draft)}", "Accept": "application/pdf"},
        }

    async def granted(self, worker: QualifiedIdentity) -> Granted:
        """Ask for a worker's record by the connector's own client, until its document lies ready."""
        async with Asking.of(self._requester, [self._holder]) as asking:
            (holder,) = asking.holders
            return await asking.granted(holder, worker, await asking.lookup(holder, worker))

    def lookups(self, workers: list[QualifiedIdentity], count: int) -> Iterable[dict[str, Any]]:
        """Give lookups that may each be sent once."""
        for number in range(count):
            worker = workers[number % len(workers)]
            draft = self.demand(Kind.LOOKUP, worker, lookup_id=self._entropy.token(16).hex())
            yield {
                "method": "POST",
                "path": "/fhir/DocumentReference/_search",
                "headers": {
                    "Authorization": f"Bearer {self.token(draft)}",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/fhir+json",
                },
                "body": form.encode_search(worker.ins).decode(),
            }


class Announced(NamedTuple):
    """A record that was announced: under which lookup, and as what."""

    lookup_id: str
    announcement_id: str


class Asking:
    """The connector's own peer client as a requester has it, without the requester."""

    def __init__(self, client: HttpPeerClient, issuer: MemberId, holders: Sequence[Member]) -> None:
        self._client, self._issuer, self.holders = client, issuer, holders

    @classmethod
    @asynccontextmanager
    async def of(cls, requester: Service, holders: Sequence[Service]) -> AsyncIterator["Asking"]:
        """Ask these holders in the name of that requester."""
        material = read(requester.config)
        directory = MembersFile(requester.folder / "members.toml", Environment.TEST)
        listed = [directory.get(MemberId.parse(holder.member_id)) for holder in holders]
        members = [member for member in listed if member is not None]
        if len(members) != len(holders):
            raise RuntimeError("a holder is not in the members file")
        tls, settings = ClientTls(material.client_tls), PeerClientSettings()
        async with HttpPeerClient(directory, material.signer, tls, SystemClock(), SystemEntropy(), settings) as client:
            yield cls(client, MemberId.parse(requester.member_id), members)

    async def lookup(self, holder: Member, worker: QualifiedIdentity) -> Announced:
        """Ask one holder; it announces a record."""
        lookup_id = SystemEntropy().token(16).hex()
        asked = demand(self._issuer, holder.id, Kind.LOOKUP, worker, lookup_id=lookup_id)
        found = await self._client.lookup(holder, asked)
        if found.announcement is None:
            raise RuntimeError(f"the lookup ended as {found.outcome}")
        return Announced(lookup_id, found.announcement.id)

    async def granted(self, holder: Member, worker: QualifiedIdentity, announced: Announced) -> Granted:
        """Ask for the document until it lies ready."""
        asked = demand(self._issuer, holder.id, Kind.HANDOVER, worker, **announced._asdict())
        while True:
            answer = await self._client.handover(holder, asked)
            if answer.handover_id and answer.document:
                return Granted(answer.handover_id, answer.document)
            await asyncio.sleep(answer.retry_after or 1)

    async def document(self, holder: Member, worker: QualifiedIdentity, announced: Announced) -> bytes:
        """Have the document, its digest checked."""
        grant = await self.granted(holder, worker, announced)
        digest = grant.document.sha256
        asked = demand(self._issuer, holder.id, Kind.READ, None, handover_id=grant.handover_id, document_sha256=digest)
        async with self._client.document(holder, asked, size=grant.document.size) as pieces:
            content = b"".join([piece async for piece in pieces])
        if sha256(content).digest() != digest:
            raise RuntimeError("the document is not the one that was promised")
        return content


def write_requests(path: Path, requests: Iterable[dict[str, Any]]) -> Path:
    """Write requests as the load client reads them."""
    path.write_text("\n".join(json.dumps(request) for request in requests))
    return path


def leaves_of(service: Service) -> dict[int, bytes]:
    """Give the leaf hashes of a service's exchange ledger by index."""
    database = sqlite3.connect(f"file:{service.folder / 'state' / 'state.db'}?mode=ro", uri=True)
    try:
        rows = database.execute("select idx, leaf_hash from entries where tree = 'exchange'").fetchall()
    finally:
        database.close()
    return dict(rows)


def entries_of(service: Service, *types: str) -> int:
    """Count the entries of these types in a service's exchange ledger."""
    database = sqlite3.connect(f"file:{service.folder / 'state' / 'state.db'}?mode=ro", uri=True)
    try:
        found = database.execute("select type from entries where tree = 'exchange'").fetchall()
        count = sum(type_ in types for (type_,) in found)
    finally:
        database.close()
    return count


async def check_sends(service: Service, expected: int) -> None:
    """See that each transfer has its release and its end in the ledger.

    Raises:
        RuntimeError: it has not.
    """
    begun = ended = 0
    for _ in range(100):  # the last end is recorded while its last bytes are read
        begun, ended = entries_of(service, "release", "resume"), entries_of(service, "end")
        if begun == ended == expected:
            return
        await asyncio.sleep(0.05)
    raise RuntimeError(f"{expected} transfers, but {begun} beginnings and {ended} ends in the ledger")
