"""Real daemons for the bench: a sandbox federation on the server's core, and signed requests as a peer sends them."""

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.machine import SERVER_CORE, on_core
from connector.core.coded import PHYSICIAN, PURPOSE_CARE, TYPE_DMST
from connector.core.days import Day
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
from connector.core.practitioner_id import PractitionerId
from connector.core.traits import StrictTraits
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, load_private_key, x5t_s256
from connector.daemon.system import SystemClock, SystemEntropy
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
  and (select v.etat from dossier_version v where v.salarie_id = s.id
       order by v.date_dernier_acte desc, v.numero desc limit 1) = 'valide'
  and exists (select 1 from dossier_version v join dossier_pdf p on p.version_id = v.id
              where v.salarie_id = s.id and v.communicable = 1 and v.etat = 'valide')
limit 200
"""


@asynccontextmanager
async def federation(folder: Path, letters: tuple[str, ...], **options: Any) -> AsyncIterator[Federation]:
    """Start services on the server's core; they are the daemons that `make demo` starts."""
    made = Federation.create(folder, letters, databases=folder.parent / "databases", **options)
    for service in made.services.values():
        service.command = on_core(SERVER_CORE, sys.executable, "-m", "connector")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def answerable(service: Service) -> list[QualifiedIdentity]:
    """Give workers about whom the service will announce a record."""
    with sqlite3.connect(service.vendor_database) as database:
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


class Asker:
    """A service's mandates, sealed by its own key as its client would."""

    def __init__(self, requester: Service, holder: Service) -> None:
        self._requester, self._holder = requester, holder
        key = load_private_key((requester.folder / "keys" / "sign.key").read_bytes())
        self._signer = PrivateKeySigner("sign-1", SigningAlgorithm.ES256, key)
        self._x5t = x5t_s256(requester.client.der)
        self._clock, self._entropy = SystemClock(), SystemEntropy()

    def demand(self, kind: Kind, worker: QualifiedIdentity | None, **more: Any) -> MandateDraft:
        """Give a demand as the requester's room makes it."""
        now = self._clock.now()
        asked = kind is not Kind.READ
        return MandateDraft(
            kind=kind,
            issuer=MemberId.parse(self._requester.member_id),
            audience=MemberId.parse(self._holder.member_id),
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
        return sealed.decode() if isinstance(sealed, bytes) else str(sealed)

    def lookups(self, workers: list[QualifiedIdentity], count: int) -> Iterator[dict[str, Any]]:
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


def write_requests(path: Path, requests: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> Path:
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


async def settle(service: Service, seconds: float = 10) -> None:
    """Wait until a service's local side answers promptly again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status, _ = await service.call("GET", "/health/live")
        if status == 200:
            return
        await asyncio.sleep(0.05)
