"""Exporting evidence: everything this house has of a fetch, a lookup or a handover, in one file (`evidence.form`).

Beginning with the id asked for, entries lead to further ids (a fetch to its lookups and handover, a handover to its
lookup), never the other way: who exports one handover shows that one. What cannot be read any more is left out and said
to be destroyed. The roots and heads that make it verifiable elsewhere come along.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from connector.core.codes import Code
from connector.core.directory import Member
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import EntryType, Tree, number_of
from connector.core.mandate import Kind
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Clock, Signer
from connector.core.ports_witness import WitnessReader
from connector.core.private import Private
from connector.core.witness import LedgerName, Witnessed
from connector.crypto.keys import Switched
from connector.evidence import form
from connector.evidence.keys import key_row
from connector.evidence.rows import write_row
from connector.ledger.disclose import Disclosed
from connector.ledger.service import Journal
from connector.store.evidence import EvidenceStore, TokenKind
from connector.wire import b64, jose
from connector.wire.checkpoint import Checkpoint, Origin
from connector.wire.mandate import TYP as MANDATE
from connector.wire.receipt import TYP as RECEIPT

_MAX_REFS = 100
_HOLDER_TYPES = frozenset({EntryType.ANSWERED, EntryType.DECIDED, EntryType.RELEASE, EntryType.RESUME})


class PackedDirectories(Protocol):
    """The directories that an export takes along."""

    async def pack(self, versions: frozenset[str], at: Sequence[Instant]) -> "Packed":
        """Give the versions named, those in force at the instants, and the newest."""
        ...


@dataclass(frozen=True, slots=True)
class Packed:
    """Directories as rows of a file, their files, and the members they list, for the rows of keys."""

    rows: tuple[dict[str, Any], ...]
    files: Mapping[str, bytes]
    members: tuple[Mapping[MemberId, Member], ...]


class Fetches(Protocol):
    """Where a fetch that still runs is read."""

    async def fetch(self, fetch_id: str) -> Fetch | None:
        """Give a fetch."""
        ...


@dataclass(frozen=True, slots=True)
class Exporter:
    """Who exports, and what from."""

    member: MemberId
    environment: Environment
    version: str
    journal: Journal
    store: EvidenceStore
    fetches: Fetches
    witness: WitnessReader
    directories: PackedDirectories
    signer: Signer
    clock: Clock


@dataclass(slots=True, repr=False)
class _Exchange(Private):
    """Tokens that belong together, as far as they are known."""

    kind: str
    requester: str
    holder: str
    mandate: str | None
    receipt: str | None = None
    ack: str | None = None

    def row(self) -> dict[str, Any]:
        return {
            "kind": self.kind, "requester": self.requester, "holder": self.holder,
            "mandate": self.mandate, "receipt": self.receipt, "ack": self.ack,
        }  # fmt: skip


async def export(exporter: Exporter, ref: str) -> bytes:
    """Give the evidence file of a fetch, a lookup or a handover.

    Raises:
        LocalRefused: `local.not_found`, the journal has nothing of that id.
        FailedClosed: an entry is not what was written, or the state cannot be read.
    """
    gathered = _Gathering(exporter)
    await gathered.follow(ref)
    if not gathered.entries:
        raise LocalRefused(
            "evidence: the journal has nothing of that id",
            code=Code.LOCAL_NOT_FOUND,
            hint="give the id of a fetch, a lookup or a handover: journal list shows them as ref",
        )
    exchanges = gathered.exchanges()
    heads = _Heads(exporter)
    for entry in gathered.entries.values():
        await heads.own(entry)
    for exchange in exchanges:
        await heads.of_receipt(exchange)
    instants = [entry.stored.at for entry in gathered.entries.values()]
    packed = await exporter.directories.pack(frozenset(_versions(exchanges)), instants)
    now = exporter.clock.now()
    parts: dict[str, Any] = {
        "made": {
            "at": rfc3339(now),
            "by": exporter.member.value,
            "environment": exporter.environment.value,
            "ref": ref,
            "software": f"spsti-connector {exporter.version}",
        },
        "exchanges": [exchange.row() for exchange in exchanges],
        "entries": [write_row(entry) for entry in gathered.entries.values()],
        "links": heads.links,
        "witnesses": heads.witnesses,
        "stamps": heads.stamps,
        "directories": list(packed.rows),
        "files": {name: form.to_base64(data) for name, data in sorted(packed.files.items())},
        "keys": _keys(packed, {exporter.member, *_members(exchanges), *heads.members}),
    }
    claims = {"ver": 1, "iss": exporter.member.value, "iat": now}
    # Some megabytes are hashed and written: beside those who are answered. One key signs, whichever follows meanwhile.
    signer = exporter.signer.current if isinstance(exporter.signer, Switched) else exporter.signer
    return await asyncio.to_thread(form.write_evidence, parts, claims=claims, signer=signer)


class _Gathering:
    """Entries and tokens, from one id to the next."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self.entries: dict[tuple[Tree, int], Disclosed] = {}
        self._seen: set[str] = set()
        self._by_mandate: dict[str, _Exchange] = {}
        self._acks: dict[str, str] = {}
        self._receipts: list[str] = []

    async def follow(self, ref: str) -> None:
        """Take the entries of an id, and of those that they lead to."""
        waiting = [ref]
        while waiting and len(self._seen) < _MAX_REFS:
            now = waiting.pop()
            if now in self._seen:
                continue
            self._seen.add(now)
            for entry in await self._exporter.journal.disclosed(now):
                self.entries[entry.stored.tree, entry.stored.index] = entry
                waiting += self._take(entry)
            waiting += await self._running(now)
            for token in await self._exporter.store.tokens(now):
                text = None if token.compact is None else token.compact.decode("ascii")
                if text is not None and token.kind is TokenKind.ACK:
                    self._acks[now] = text
                elif text is not None:
                    self._receipts.append(text)
        ordered = sorted(self.entries.items(), key=lambda item: (item[1].stored.at, item[0][0], item[0][1]))
        self.entries = dict(ordered)

    def _take(self, entry: Disclosed) -> list[str]:
        """Take what an entry of ours holds of the exchange; give the ids that it leads to."""
        if entry.opened is None:
            return []
        personal, peer = entry.opened.part.personal, entry.stored.peer
        found: list[str] = []
        if "mandate" in personal and entry.stored.type in _HOLDER_TYPES and peer is not None:
            found += self._mandate(personal["mandate"], peer.value, self._exporter.member.value)
        if "ack" in personal:
            self._acks[entry.stored.ref] = personal["ack"]
        found += self._services(personal.get("services"))
        handover = personal.get("handover")
        if isinstance(handover, dict) and peer is not None:
            found += self._mandate(handover.get("mandate"), None, peer.value, handover.get("receipt"))
            found.append(str(handover.get("id")))
        found += [str(personal["handover_id"])] if "handover_id" in personal else []
        if entry.stored.type in {EntryType.ASKED, EntryType.ARRIVED, EntryType.SHOWN} and entry.stored.ref:
            found.append(entry.stored.ref)
        return found

    def _services(self, services: object) -> list[str]:
        found: list[str] = []
        for service in services if isinstance(services, list) else ():
            found += self._mandate(service.get("mandate"), None, str(service.get("member")), service.get("receipt"))
            found.append(str(service.get("lookup_id")))
        return found

    async def _running(self, ref: str) -> list[str]:
        """Take the answers that a fetch has had so far, where no entry holds them yet."""
        fetch = await self._exporter.fetches.fetch(ref)
        found: list[str] = []
        for reply in fetch.replies if fetch is not None else ():
            mandate = None if reply.mandate is None else reply.mandate.decode("ascii")
            receipt = None if reply.receipt is None else reply.receipt.decode("ascii")
            found += self._mandate(mandate, None, reply.member.value, receipt)
            found.append(reply.lookup_id)
        return found

    def _mandate(
        self, mandate: str | None, requester: str | None, holder: str, receipt: str | None = None
    ) -> list[str]:
        if mandate is None:
            return []
        claims = _claims(mandate, MANDATE)
        kind = str(claims.get("kind")) if claims else Kind.LOOKUP.value
        known = self._by_mandate.setdefault(
            mandate, _Exchange(kind, requester or self._exporter.member.value, holder, mandate)
        )
        known.receipt = known.receipt or receipt
        return [str(claims["lookup_id"])] if claims and "lookup_id" in claims else []

    def exchanges(self) -> list[_Exchange]:
        """Put receipts and acknowledgements to their mandates."""
        by_hash = {_hash(exchange.mandate or ""): exchange for exchange in self._by_mandate.values()}
        for receipt in self._receipts:
            claims = _claims(receipt, RECEIPT) or {}
            exchange = by_hash.get(str(claims.get("mandate_sha256")))
            if exchange is not None:
                exchange.receipt = receipt
        named = {_hash(e.receipt): e for e in self._by_mandate.values() if e.receipt is not None}
        for ack in self._acks.values():
            exchange = named.get(str((_claims(ack, "ack+jwt") or {}).get("receipt_sha256")))
            if exchange is not None:
                exchange.ack = ack
        return list(self._by_mandate.values())


class _Heads:
    """What shows that the checkpoints of entries and receipts were seen by others, and how ledgers went on to there."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self.links: list[dict[str, Any]] = []
        self.witnesses: list[dict[str, Any]] = []
        self.stamps: list[dict[str, Any]] = []
        self.members: set[MemberId] = set()
        self._done: set[str] = set()

    async def own(self, entry: Disclosed) -> None:
        """Link an entry's checkpoint to witnessed and stamped heads of our own ledger."""
        note = entry.proof.checkpoint
        if note in self._done:
            return
        self._done.add(note)
        head = _parsed(note)
        origin, tree = head.origin, entry.proof.tree
        for witnessed in await self._exporter.witness.witnessed(_ledger(origin), head.size):
            self._statement(witnessed)
            await self._own_link(tree, head, _parsed(witnessed.statement.head.note))
        stamp = await self._exporter.store.stamp_of(tree, number_of(origin.serial, head.size))
        if stamp is not None:
            row = {"note": stamp.note, "token": form.to_base64(stamp.token)}
            if row not in self.stamps:
                self.stamps.append(row)
            await self._own_link(tree, head, _parsed(stamp.note))

    async def of_receipt(self, exchange: _Exchange) -> None:
        """Take what others witnessed of the holder's ledger after a receipt, with the links kept here."""
        text = (_claims(exchange.receipt, RECEIPT) or {}).get("checkpoint") if exchange.receipt else None
        if not isinstance(text, str) or text in self._done:
            return
        self._done.add(text)
        head = _parsed(text)
        if head.origin.member == self._exporter.member:
            return  # ours: its entries have brought all of it
        for witnessed in await self._exporter.witness.witnessed(_ledger(head.origin), head.size):
            self._statement(witnessed)
            for link in witnessed.links:
                self._add_link(
                    str(link.ledger), (link.first, link.first_root), (link.second, link.second_root), link.path
                )

    def _statement(self, witnessed: Witnessed) -> None:
        said = witnessed.statement
        self.members |= {said.witness, said.head.ledger.member}
        row = {"witness": said.witness.value, "at": int(said.at), "note": said.head.note, "line": said.line}
        if row not in self.witnesses:
            self.witnesses.append(row)

    async def _own_link(self, tree: Tree, first: Checkpoint, second: Checkpoint) -> None:
        if first.size == second.size:
            return
        path = await self._exporter.journal.consistency(tree, first.size, second.size, serial=first.origin.serial)
        self._add_link(str(first.origin), (first.size, first.root), (second.size, second.root), path)

    def _add_link(
        self, origin: str, first: tuple[int, bytes], second: tuple[int, bytes], path: Iterable[bytes]
    ) -> None:
        row = {
            "origin": origin,
            "first": first[0], "first_root": b64.encode(first[1]),
            "second": second[0], "second_root": b64.encode(second[1]),
            "path": [b64.encode(step) for step in path],
        }  # fmt: skip
        if row not in self.links:
            self.links.append(row)


def _versions(exchanges: Iterable[_Exchange]) -> Iterable[str]:
    for exchange in exchanges:
        claims = _claims(exchange.receipt, RECEIPT) if exchange.receipt else None
        if claims and isinstance(claims.get("directory"), str):
            yield claims["directory"]


def _members(exchanges: Iterable[_Exchange]) -> set[MemberId]:
    return {MemberId(text) for exchange in exchanges for text in (exchange.requester, exchange.holder)}


def _keys(packed: Packed, members: set[MemberId]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for listed in packed.members:
        for member in sorted(members & listed.keys(), key=str):
            for key in listed[member].keys:
                row = key_row(member, key)
                if row not in rows:
                    rows.append(row)
    return rows


def _claims(compact: str | None, typ: str) -> Mapping[str, Any] | None:
    """Read a token of our own journal; what it says was checked when it was taken in."""
    try:
        return jose.read((compact or "").encode(), typ=typ).claims
    except jose.TokenFault:
        return None


def _hash(compact: str | None) -> str:
    return b64.encode(sha256((compact or "").encode()).digest())


def _parsed(note: str) -> Checkpoint:
    return Checkpoint.parse_body(note.rpartition("\n\n")[0] + "\n")


def _ledger(origin: Origin) -> LedgerName:
    return LedgerName(origin.member, origin.tree, origin.serial)
