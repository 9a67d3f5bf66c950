"""What a holder stands between, for tests: a vendor's software that does as told, a members list, ears for the logs."""

import asyncio
from collections import defaultdict
from dataclasses import replace

from connector.contract.adapter import Adapter, Source
from connector.core.coded import TYPE_DMST
from connector.core.days import Day
from connector.core.directory import KeyUse, Member, MemberChange, MemberKey, MemberStatus, TlsBinding
from connector.core.identity import IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.instant import Instant
from connector.core.matricule import Ins
from connector.core.members import MemberId
from connector.core.records import AdapterHealth, Announcement, Extent, Look, Opposition
from connector.crypto.keys import PrivateKeySigner, SigningAlgorithm, generate, public_key_to_der
from tests.kit.state import INS, OTHER_INS, T0, TRAITS

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
WORKER = QualifiedIdentity(INS, TRAITS)
STRANGER = QualifiedIdentity(OTHER_INS, TRAITS)

ANNOUNCED = Announcement(
    record_ref="dossier 17",
    version="3",
    last_act_on=Day(2026, 11, 3),
    updated_at=T0,
    document_type=TYPE_DMST,
    extent=Extent.FULL,
    author="Dr Simone Ajout",
)
KNOWN = LocalIdentity(INS, TRAITS, IdentityStatus.QUAL, verified_on=Day(2026, 10, 1))
GIVEN = Look(KNOWN, Opposition.NO, ANNOUNCED)
UNKNOWN_HERE = Look(None, Opposition.UNKNOWN, None)


class Vendor(Source):
    """A vendor's software: `looks` by INS, `pieces` of the one document. What is set to an exception is raised."""

    contract_version = 1

    def __init__(self) -> None:
        self.looks: dict[Ins, Look | Exception] = {INS: GIVEN}
        self.pieces: list[bytes | Exception] = [PDF[:3], PDF[3:]]
        self.looked = 0
        self.rendered = 0
        self.look_gate: asyncio.Event | None = None
        self.gate: asyncio.Event | None = None
        """Where set, the document waits for it before its first piece: a rendering that takes long."""
        self.looks_begun: asyncio.Queue[Ins] = asyncio.Queue()
        self.renderings_begun: asyncio.Queue[Announcement] = asyncio.Queue()

    def __repr__(self) -> str:
        return "Vendor()"

    async def health(self) -> AdapterHealth:
        return AdapterHealth(ok=True)

    async def trace(self, trace) -> None:
        """Not asked here: traces wait in the outbox."""

    async def look(self, ins: Ins) -> Look:
        self.looked += 1
        self.looks_begun.put_nowait(ins)
        if self.look_gate is not None:
            await self.look_gate.wait()
        answer = self.looks.get(ins, UNKNOWN_HERE)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def document(self, announcement: Announcement):
        self.rendered += 1
        self.renderings_begun.put_nowait(announcement)
        if self.gate is not None:
            await self.gate.wait()
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


assert issubclass(Vendor, Adapter)


class Party:
    """A member with its private keys."""

    def __init__(self, number: str, name: str, ledger_signer: PrivateKeySigner | None = None) -> None:
        self.id = MemberId(number)
        self.signer = PrivateKeySigner(f"sign-{number}", SigningAlgorithm.ES256, generate(SigningAlgorithm.ES256))
        self.ledger_signer = ledger_signer or PrivateKeySigner(
            f"ledger-{number}", SigningAlgorithm.ED25519, generate(SigningAlgorithm.ED25519)
        )
        keys = (self._listed(self.signer, KeyUse.SIGN), self._listed(self.ledger_signer, KeyUse.LEDGER))
        self.member = Member(self.id, name, MemberStatus.ACTIVE, "https://localhost:8443", TlsBinding(), keys)

    @staticmethod
    def _listed(signer: PrivateKeySigner, use: KeyUse) -> MemberKey:
        public = public_key_to_der(signer.public_key)
        return MemberKey(
            signer.kid, use, signer.algorithm.value, public, Instant(T0 - 10_000_000), Instant(T0 + 10_000_000)
        )


class ListedMembers:
    """The members list, changed by hand; `changes` tells whoever follows."""

    def __init__(self, *parties: Party) -> None:
        self._members = {party.id: party.member for party in parties}
        self._number = 1
        self._followers: list[asyncio.Queue[MemberChange]] = []

    @property
    def version(self) -> str:
        return f"test-{self._number:06}"

    def get(self, member: MemberId) -> Member | None:
        return self._members.get(member)

    def members(self) -> tuple[Member, ...]:
        return tuple(self._members.values())

    def by_certificate(self, spki_sha256: str, subject_ous: tuple[str, ...]) -> Member | None:
        return next((m for m in self._members.values() if m.id.value in subject_ous), None)

    async def changes(self):
        queue: asyncio.Queue[MemberChange] = asyncio.Queue()
        self._followers.append(queue)
        while True:
            yield await queue.get()

    def change(self, member: MemberId, *, tell: bool = True, by_time: bool = False, **changes) -> None:
        """List a member otherwise from now on; what time alone does has no version of its own."""
        self._members[member] = replace(self._members[member], **changes)
        self._number -= by_time
        self._tell(member, tell)

    def remove(self, member: MemberId, *, tell: bool = True) -> None:
        """Strike a member off."""
        del self._members[member]
        self._tell(member, tell)

    def _tell(self, member: MemberId, tell: bool) -> None:
        self._number += 1
        listed = self._members.get(member)
        for queue in self._followers if tell else ():
            queue.put_nowait(MemberChange(member, listed.status if listed else None))


class Ears:
    """An observer that remembers, and lets a test wait for what it is about to hear."""

    def __init__(self) -> None:
        self.heard: list[tuple] = []
        self._queues: dict[str, asyncio.Queue[tuple]] = defaultdict(asyncio.Queue)

    def refused(self, code, member, exchange) -> None:
        self._hear("refused", code.value, member, exchange)

    def answered(self, outcome, member, lookup_id, ms) -> None:
        self._hear("answered", outcome.value, member, lookup_id)

    def handover_ended(self, handover_id, member, sent, ms, *, complete) -> None:
        self._hear("handover_ended", handover_id, member, sent, complete)

    def acknowledged(self, handover_id, member, *, verified) -> None:
        self._hear("acknowledged", handover_id, member, verified)

    def adapter_failed(self, code) -> None:
        self._hear("adapter_failed", code.value)

    def ledger_failed(self, code) -> None:
        self._hear("ledger_failed", code.value)

    def handshake_failed(self, reason) -> None:
        self._hear("handshake_failed", reason)

    def limit_met(self, rule, member, *, blocked) -> None:
        self._hear("limit_met", rule.value, member, blocked)

    def bug(self, incident, error) -> None:
        self._hear("bug", incident, error)

    def of(self, kind: str) -> list[tuple]:
        """Everything heard of one kind."""
        return [rest for first, *rest in self.heard if first == kind]

    async def next(self, kind: str) -> tuple:
        """Wait for the next thing of a kind."""
        return await self._queues[kind].get()

    def _hear(self, kind: str, *what: object) -> None:
        self.heard.append((kind, *what))
        self._queues[kind].put_nowait(what)
