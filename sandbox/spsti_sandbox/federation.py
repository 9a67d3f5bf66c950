"""A federation in a box: a PKI, operators and their signed directory, services that join it as newcomers do, and
their vendor databases.

Everything lies in one folder and on loopback. Vendor databases are kept between runs, since making the documents is
what takes time; all else is made anew.
"""

import asyncio
import hashlib
import shutil
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, TypeAlias

from connector.config.newcomer import JOIN_REQUEST, Joining, create
from connector.config.scaffold import AdapterEntry, Answers, ApiKeyEntry, InsiEntry, KeyPairFiles, PractitionerEntry
from connector.core.directory import Contact
from connector.core.instant import Instant
from connector.core.members import luhn_ok
from connector.core.oid import Environment
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text
from spsti_adapter_demo import schema
from spsti_sandbox import cast, dmst_content, dmst_pdf, names, population, vendor_db
from spsti_sandbox.insi_cast import simulated
from spsti_sandbox.insi_simulator import AUTHORISATION, InsiSimulator, client_leaf, server_leaf
from spsti_sandbox.operators import ENTRY_PASSWORD, Operators
from spsti_sandbox.pki import KeyKind, Pki
from spsti_sandbox.ports import HeldPorts
from spsti_sandbox.service import Service, api_key_hash

DirectoryKind: TypeAlias = Literal["signed", "file"]
SEED = 20261123
INSI_UNIT = "10B0000001"
"""The structure identifier in the certificate for INSi."""
TOWNS = {"a": "Dijon", "b": "Besançon", "c": "Lons-le-Saunier", "d": "Vesoul", "e": "Nevers"}
DEPARTEMENTS = {"a": "21", "b": "25", "c": "39", "d": "70", "e": "58"}
CALLS_INSI = "c"
"""The service that calls INSi, where the federation has one."""
PHYSICIAN = PractitionerEntry("899700218896", "Camille DURAND", "physician", "substantial")
NURSE = PractitionerEntry("899700366240", "Dominique MARTIN", "nurse", "substantial")


def member_id(letter: str) -> str:
    """Give the Struct_IdNat of a sandbox service: a SIREN that is never given out, with a true check digit."""
    stem = f"00000000{ord(letter) - ord('a') + 1:02d}001"
    return "3" + next(number for digit in "0123456789" if luhn_ok(number := stem + digit))


def _generator() -> str:
    """Name the code that makes a vendor database, so that one of other code is not taken for its work."""
    digest = hashlib.sha256()
    for module in (cast, dmst_content, dmst_pdf, names, population, schema, vendor_db):
        digest.update(Path(module.__file__ or "").read_bytes())
    return digest.hexdigest()[:12]


@dataclass(slots=True)
class Federation:
    """The services by letter, and the authority that issued their certificates."""

    folder: Path
    pki: Pki
    services: dict[str, Service] = field(default_factory=dict)
    insi: InsiSimulator | None = None
    operators: Operators | None = None
    fetches_crls: bool = False

    @classmethod
    def create(
        cls,
        folder: Path,
        letters: Sequence[str] = ("a", "b", "c"),
        *,
        workers: int = 2000,
        key: KeyKind = "p256",
        signing_algorithm: str = "ES256",
        databases: Path | None = None,
        with_insi: bool = False,
        directory: DirectoryKind = "signed",
        crl_base: str = "",
    ) -> "Federation":
        """Make the folder of every service; nothing is started, but the copies of the signed directory are served.

        `databases` is where vendor databases are kept between runs; a copy goes to each service. With `with_insi`,
        service c calls a simulator of INSi, which whoever asked for it enters and leaves. `directory` is `file` for a
        trial without operators, where every service has the same members file. With `crl_base`, certificates name
        where their authorities' revocation lists are, and services fetch them there instead of reading files.
        """
        federation = cls(folder, Pki(folder / "pki", key=key, crl_base=crl_base), fetches_crls=bool(crl_base))
        if with_insi and CALLS_INSI in letters:
            server, people = server_leaf(federation.pki), simulated(cast.cast(vendor_db.AS_OF))
            federation.insi = InsiSimulator(server, federation.pki.ca_path, identities=people)
        if directory == "signed":
            federation.operators = Operators(folder / "operators")
        # Keys are listed since yesterday: a test may set a member's clock back.
        since = Instant(int(time.time()) - 86_400)
        for letter in letters:
            federation._add(letter, since, workers, signing_algorithm, databases)
        federation.admit()
        return federation

    def _add(
        self,
        letter: str,
        since: Instant,
        workers: int,
        signing_algorithm: str,
        databases: Path | None,
    ) -> None:
        identifier, folder, ports = member_id(letter), self.folder / f"service-{letter}", HeldPorts(2)
        peer_port, local_port = ports.numbers
        server, client = self.pki.issue(identifier, "server"), self.pki.issue(identifier, "client")
        api_key = f"demo-{letter}-{api_key_hash(str(folder))[:24]}"
        adapter = AdapterEntry("demo", {"database": "vendor/dmst.sqlite"}, isolation="none")
        answers = Answers(
            member_id=identifier,
            name=f"SPSTI {TOWNS[letter]} (démonstration)",
            environment=Environment.TEST,
            server=KeyPairFiles(str(server.cert_pem_path), str(server.key_pem_path)),
            client=KeyPairFiles(str(client.cert_pem_path), str(client.key_pem_path)),
            decided_on=date(2026, 1, 5),
            decided_by="Direction de démonstration",
            opposition_authority="adapter",
            peer_listen=f"127.0.0.1:{peer_port}",
            local_listen=f"127.0.0.1:{local_port}",
            trusted_cas=(str(self.pki.ca_path),),
            crls=() if self.fetches_crls else tuple(map(str, self.pki.crl_paths)),
            signing_algorithm=signing_algorithm,
            api_keys=(
                ApiKeyEntry(
                    "demo",
                    api_key_hash(api_key),
                    (PHYSICIAN.id, NURSE.id),
                    ("fetch", "status", "journal", "oppositions", "identity", "operate", "people"),
                ),
            ),
            directory_urls=self.operators.urls if self.operators else (),
            practitioners=(PHYSICIAN, NURSE),
            source=adapter,
            sink=adapter,
            insi=self._insi_entry() if letter == CALLS_INSI else None,
        )
        joining = Joining(
            Environment.TEST, ENTRY_PASSWORD, size_class="M", departements=(DEPARTEMENTS[letter],),
            contacts=(Contact("technical", f"support@spsti-{letter}.example"),),
        )  # fmt: skip
        create(
            folder,
            answers,
            endpoint=f"https://127.0.0.1:{peer_port}",
            towns=(TOWNS[letter],),
            now=since,
            joining=joining if self.operators else None,
        )
        service = Service(letter, identifier, answers.name, folder, ports, api_key, server=server, client=client)
        service.configure("sign_in.local", enabled=True)
        service.key_file.touch(mode=0o600)
        service.key_file.write_text(api_key + "\n")
        self._vendor_database(service, workers, databases)
        self.services[letter] = service

    def _insi_entry(self) -> InsiEntry | None:
        if self.insi is None:
            return None
        leaf = client_leaf(self.pki, INSI_UNIT)
        return InsiEntry(
            platform="simulator",
            endpoint=self.insi.url,
            server_name="insi-simulator",
            trusted_cas=(str(self.pki.ca_path),),
            certificate=str(leaf.cert_pem_path),
            key=str(leaf.key_pem_path),
            authorisation=AUTHORISATION,
            software_version="sandbox",
            software_instance=str(uuid.uuid4()),
            emitter=INSI_UNIT,
        )

    def _vendor_database(self, service: Service, workers: int, databases: Path | None) -> None:
        target = service.vendor_database
        target.parent.mkdir(parents=True, exist_ok=True)
        if databases is None:
            vendor_db.generate(target, seed=SEED, service=service.letter, workers=workers)
            return
        databases.mkdir(parents=True, exist_ok=True)
        kept = databases / f"{service.letter}-{workers}-{SEED}-{_generator()}.sqlite"
        if not kept.exists():
            for outdated in databases.glob(f"{service.letter}-{workers}-*"):
                outdated.unlink()
            fresh = kept.with_suffix(".new")
            fresh.unlink(missing_ok=True)
            vendor_db.generate(fresh, seed=SEED, service=service.letter, workers=workers)
            with sqlite3.connect(fresh) as database:
                database.execute("pragma wal_checkpoint(truncate)")
            database.close()
            fresh.rename(kept)
        shutil.copyfile(kept, target)

    def admit(self) -> None:
        """Let every service join: by its request and the root file, or without operators by a common members file."""
        if self.operators is None:
            self._write_members()
            return
        self.operators.join((service.folder / JOIN_REQUEST).read_bytes() for service in self.services.values())
        for service in self.services.values():
            (service.folder / "root.json").write_bytes(self.operators.root)

    def _write_members(self) -> None:
        members = [
            member
            for service in self.services.values()
            for member in MembersFile(service.folder / "my-entry.toml", Environment.TEST).members()
        ]
        text = members_text(members, comment="All the services of this sandbox.")
        for service in self.services.values():
            (service.folder / "members.toml").write_text(text)

    async def start(self, letters: Sequence[str] | None = None) -> None:
        """Start these services, all at once, and return when they are ready."""
        if self.operators is not None:
            self.operators.serve()
        await asyncio.gather(*(self.services[letter].start() for letter in letters or self.services))

    async def stop(self) -> None:
        """Stop every service that runs, and the copies of the directory."""
        await asyncio.gather(*(service.stop() for service in self.services.values()))
        if self.operators is not None:
            self.operators.close()
