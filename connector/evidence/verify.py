"""Verifying an evidence file offline: nothing but the file, a trusted root or members list, and an instant.

    files, directories    hashes, then the rules of the directory itself, at the time each was in force
    manifest              the exporter's seal over every part
    entries               leaf, path, checkpoint of the exporter's ledgers
    exchanges             mandate, receipt, acknowledgement, the holder's leaf; each compared with the others
    links, witnesses,     how ledgers went on, and who had seen them by when
    stamps
    signatures            last: what each is worth, given all that

A fault never stops the rest: the reader is told about every part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from connector.core import merkle
from connector.core.directory import KeyUse, Member
from connector.core.errors import ConnectorError, PeerFault
from connector.core.evidence import AckResult
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import Proof
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.crypto.timestamps import Stamp, open_stamp
from connector.directory.refusal import DirectoryRefused
from connector.evidence import form
from connector.evidence.directories import Directories, DirectoryOfTime, KeyLife, unpack
from connector.evidence.exchanges import Exchange, read_exchange
from connector.evidence.findings import EvidenceReport, Findings, Found, Verdict
from connector.evidence.form import EvidenceFile
from connector.evidence.heads import Dating, Heads, Tip
from connector.evidence.keys import instant_text, key_row
from connector.evidence.rows import EntryRow, read_row
from connector.evidence.signatures import Judge, Judged, tip_of
from connector.wire import b64, jose
from connector.wire.ack import TYP as ACK
from connector.wire.claims import ClaimFault, Claims
from connector.wire.cosignature import open_statement, signed_head
from connector.wire.mandate import TYP as MANDATE
from connector.wire.receipt import TYP as RECEIPT


@dataclass(frozen=True, slots=True)
class TrustedList:
    """A members file that the reader trusts: its version, and whom it lists."""

    version: str
    members: Mapping[MemberId, Member]


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader brings: a root of the signed directory, or members files; and authorities' roots for stamps."""

    root: bytes | None = None
    lists: tuple[TrustedList, ...] = ()
    stamp_roots: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A proven entry of the exporter's."""

    row: EntryRow
    tip: Tip
    text: str


def verify_evidence(file: EvidenceFile, trust: Trust, at: Instant) -> EvidenceReport:
    """Say what a file proves, as of an instant.

    Args:
        file: as `form.read_evidence` gave it.
        trust: what the reader believes beforehand.
        at: now; a key that ends later has not ended.
    """
    return _Verification(file, trust, at).run()


class _Verification:
    def __init__(self, file: EvidenceFile, trust: Trust, at: Instant) -> None:
        self._file, self._trust, self._at = file, trust, at
        self._findings = Findings()
        self._heads = Heads()
        self._entries: list[_Entry] = []

    def run(self) -> EvidenceReport:
        self._judge = Judge(self._directories(self._files()), self._heads, self._at)
        self._manifest()
        self._keys()
        entries = [(f"entries[{n}]", row) for n, row in enumerate(self._file.rows("entries"))]
        opened = [(part, self._entry(part, row)) for part, row in entries]
        exchanges = [self._exchange(f"exchanges[{n}]", row) for n, row in enumerate(self._file.rows("exchanges"))]
        self._links()
        self._witnesses()
        self._stamps()
        for part, found in opened:
            if found is not None:
                self._judge_entry(part, *found)
        for part, exchange in exchanges:
            if exchange is not None:
                self._judge_exchange(part, exchange)
        return EvidenceReport(self._file.parts["made"], self._at, tuple(self._findings.rows))

    # ------------------------------------------------------------ directories

    def _files(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for name, text in self._file.parts["files"].items():
            data = form.from_base64(text)
            if data is None or sha256(data).hexdigest() != name:
                self._findings.add(f"files.{name}", Found.PART_ALTERED, Verdict.ALTERED)
            else:
                found[name] = data
        return found

    def _directories(self, files: Mapping[str, bytes]) -> Directories:
        believed: list[DirectoryOfTime] = []
        lists = {listed.version: listed for listed in self._trust.lists}
        named: set[str] = set()
        for number, row in enumerate(self._file.rows("directories")):
            part, version = f"directories[{number}]", str(row.get("version"))
            if version.startswith("file:"):
                listed, since = lists.get(version), _accepted_at(row)
                if listed is None or since is None:
                    self._findings.add(part, Found.DIRECTORY_NOT_TRUSTED, Verdict.NOT_PROVEN, version=version)
                    continue
                named.add(version)  # it may come again: a list that was replaced and came back
                believed.append(DirectoryOfTime(version, since, listed.members))
            elif self._trust.root is None:
                self._findings.add(part, Found.DIRECTORY_NOT_TRUSTED, Verdict.NOT_PROVEN, version=version)
                continue
            else:
                found = self._signed_directory(part, row, files)
                if found is None:
                    continue
                believed.append(found)
            self._findings.add(
                part, Found.DIRECTORY_BELIEVED, Verdict.PROVEN, version=version, since=rfc3339(believed[-1].accepted_at)
            )
        # A list that the reader has beside the file's is what the reader knows now.
        believed += [
            DirectoryOfTime(version, self._at, listed.members)
            for version, listed in lists.items()
            if version not in named
        ]
        return Directories(believed)

    def _signed_directory(
        self, part: str, row: Mapping[str, Any], files: Mapping[str, bytes]
    ) -> DirectoryOfTime | None:
        try:
            environment = Environment(self._file.parts["made"].get("environment"))
            return unpack(row, files, self._trust.root or b"", environment)
        except DirectoryRefused as refused:
            why = str(refused.refusal)
        except (ValueError, TypeError, LookupError):
            why = "malformed"
        self._findings.add(part, Found.DIRECTORY_REFUSED, Verdict.ALTERED, why=why, version=str(row.get("version")))
        return None

    # ------------------------------------------------------------ the exporter's seal

    def _manifest(self) -> None:
        claims = self._sealed()
        if claims is None:
            self._findings.add("manifest", Found.MANIFEST_UNSIGNED, Verdict.ALTERED)
            return
        stated = claims.object("parts")
        altered = [name for name in form.PARTS if not form.part_agrees(self._file.parts[name], _text_of(stated, name))]
        for name in altered:
            self._findings.add(name, Found.PART_ALTERED, Verdict.ALTERED)
        if not altered:
            by = claims.member("iss")
            self._findings.add(
                "manifest", Found.PART_WHOLE, Verdict.PROVEN, by=self._name(by), at=rfc3339(claims.instant("iat"))
            )

    def _sealed(self) -> Claims | None:
        try:
            claims = Claims(jose.read(self._file.manifest, typ=form.TYP).claims)
            by, at = claims.member("iss"), claims.instant("iat")
            claims.object("parts")
        except (ClaimFault, jose.TokenFault):
            return None
        life = self._judge.token_key(self._file.manifest, form.TYP, by, at)
        return claims if life is not None else None

    def _keys(self) -> None:
        for number, row in enumerate(self._file.rows("keys")):
            try:
                member, use = Claims(row).member("member"), Claims(row).choice("use", KeyUse)
            except ClaimFault:
                self._findings.add(f"keys[{number}]", Found.FORM_WRONG, Verdict.ALTERED)
                continue
            known = [key_row(member, key) for key in self._judge.directories.listed(member, use)]
            if row not in known and known:
                self._findings.add(f"keys[{number}]", Found.KEYS_DIFFER, Verdict.ALTERED, member=self._name(member))

    # ------------------------------------------------------------ opening

    def _entry(self, part: str, row: Mapping[str, Any]) -> tuple[EntryRow, KeyLife | None, Tip | None] | None:
        try:
            entry = read_row(row)
        except ValueError:
            self._findings.add(part, Found.FORM_WRONG, Verdict.ALTERED)
            return None
        facts = {"index": entry.index, "origin": entry.origin}
        head = self._judge.head(entry.checkpoint, entry.draft.at)
        if entry.leaf_holds is False:
            self._findings.add(part, Found.ENTRY_ALTERED, Verdict.ALTERED, **facts)
            return None
        if head is None:
            return entry, None, None
        signed, life = head
        in_tree = merkle.verify_inclusion(entry.leaf, entry.index, signed.size, entry.path, signed.root)
        if not in_tree or str(signed.origin) != entry.origin:
            self._findings.add(part, Found.ENTRY_ALTERED, Verdict.ALTERED, **facts)
            return None
        tip = tip_of(signed)
        if entry.leaf_holds:
            self._entries.append(_Entry(entry, tip, str(row.get("personal"))))
        return entry, life, tip

    def _exchange(self, part: str, row: Mapping[str, Any]) -> tuple[str, Exchange | None]:
        try:
            return part, read_exchange(row, self._judge.directories)
        except ValueError:
            self._findings.add(part, Found.FORM_WRONG, Verdict.ALTERED)
            return part, None

    def _links(self) -> None:
        for number, row in enumerate(self._file.rows("links")):
            part = f"links[{number}]"
            try:
                claims = Claims(row)
                origin = claims.string("origin")
                first = (origin, claims.integer("first"), claims.sha256("first_root"))
                second = (origin, claims.integer("second"), claims.sha256("second_root"))
                path = tuple(b64.decode(str(step), size=merkle.HASH_BYTES) for step in claims.array("path"))
            except ValueError:
                self._findings.add(part, Found.FORM_WRONG, Verdict.ALTERED)
                continue
            if not self._heads.link(first, second, path):
                self._findings.add(part, Found.LINK_ALTERED, Verdict.ALTERED, origin=origin)

    def _witnesses(self) -> None:
        for number, row in enumerate(self._file.rows("witnesses")):
            part = f"witnesses[{number}]"
            try:
                claims = Claims(row)
                witness, note, line = claims.member("witness"), claims.string("note"), claims.string("line")
                at = claims.instant("at")
            except ClaimFault:
                self._findings.add(part, Found.FORM_WRONG, Verdict.ALTERED)
                continue
            lives = self._judge.directories.lives(witness, KeyUse.LEDGER, at)
            if not lives:
                self._findings.add(part, Found.WITNESS_UNKNOWN, Verdict.NOTE, witness=witness.value)
                continue
            head = self._judge.head(note, at)
            try:
                if head is None:
                    raise PeerFault("witness: under a checkpoint that nobody signed")
                shown = signed_head(note, head[0])
                keys = [life.key for life in lives if at < life.ended_at]
                said = open_statement(line, shown, witness=witness, keys=keys, latest=self._at)
                if said.at != at:
                    raise PeerFault("witness: of another time")
            except PeerFault:
                self._findings.add(part, Found.WITNESS_WRONG, Verdict.ALTERED, witness=self._name(witness))
                continue
            if witness == shown.ledger.member:
                continue  # a member's word about its own ledger dates nothing
            self._heads.date(tip_of(head[0]), Dating(said.at, self._name(witness), witness))
            facts = {"witness": self._name(witness), "at": rfc3339(said.at), "origin": str(shown.ledger)}
            self._findings.add(part, Found.WITNESSED, Verdict.NOTE, size=shown.size, **facts)

    def _stamps(self) -> None:
        for number, row in enumerate(self._file.rows("stamps")):
            part = f"stamps[{number}]"
            token, note = form.from_base64(row.get("token")), row.get("note")
            head = self._judge.head(note, self._at) if isinstance(note, str) else None
            if token is None or head is None or not isinstance(note, str):
                self._findings.add(part, Found.STAMP_WRONG, Verdict.ALTERED)
                continue
            if not self._trust.stamp_roots:
                self._findings.add(part, Found.STAMP_NOT_TRUSTED, Verdict.NOTE)
                continue
            try:
                stamp: Stamp = open_stamp(token, note.encode(), self._trust.stamp_roots)
            except PeerFault:
                self._findings.add(part, Found.STAMP_WRONG, Verdict.ALTERED)
                continue
            self._heads.date(tip_of(head[0]), Dating(stamp.at, stamp.authority))
            self._findings.add(
                part, Found.STAMPED, Verdict.NOTE, authority=stamp.authority, at=rfc3339(stamp.at),
                origin=str(head[0].origin), size=head[0].size,
            )  # fmt: skip

    # ------------------------------------------------------------ judging

    def _judge_entry(self, part: str, entry: EntryRow, life: KeyLife | None, tip: Tip | None) -> None:
        draft = entry.draft
        member = entry.origin.partition("/")[0]
        parties = frozenset({MemberId(member), *([draft.peer] if draft.peer else [])})
        judged = self._judge.judge(life, draft.at, [tip] if tip else [], parties)
        destroyed = entry.leaf_holds is None
        facts = {
            "index": entry.index, "origin": entry.origin, "type": draft.type.value, "at": rfc3339(draft.at),
            "outcome": draft.outcome, "reason": draft.reason,
        }  # fmt: skip
        if destroyed:
            self._findings.add(part, Found.ENTRY_DESTROYED, Verdict.NOTE, **facts)
        elif judged.verdict is Verdict.PROVEN:
            self._findings.add(part, Found.ENTRY_PROVEN, Verdict.PROVEN, **facts)
        if destroyed or judged.verdict is not Verdict.PROVEN or judged.dating is not None:
            self._signature(f"{part}.checkpoint", judged, MemberId(member), "checkpoint", draft.at)

    def _judge_exchange(self, part: str, exchange: Exchange) -> None:
        for name in exchange.wrong:
            signer = exchange.holder if name == "receipt" else exchange.requester
            known = self._judge.directories.member_at(signer, self._at) is not None
            found = Found.SIGNATURE_WRONG if known else Found.SIGNER_UNKNOWN
            verdict = Verdict.ALTERED if known else Verdict.NOT_PROVEN
            facts = {"what": name, "member": self._name(signer)}
            self._findings.add(f"{part}.{name}", found, verdict, **facts)
        for name in exchange.unequal:
            self._findings.add(f"{part}.{name}", Found.NOT_OF_THIS_EXCHANGE, Verdict.ALTERED, what=name)
        if exchange.mandate_bytes is None:
            self._findings.add(f"{part}.mandate", Found.TOKEN_DESTROYED, Verdict.NOTE, what="mandate")
        leaf = self._holders_leaf(part, exchange)
        self._mandate(part, exchange, leaf)
        self._receipt(part, exchange, leaf)
        self._ack(part, exchange)

    def _holders_leaf(self, part: str, exchange: Exchange) -> list[Tip]:
        """Follow the receipt's path up to the holder's own signed root."""
        if exchange.receipt is None:
            return []
        proof: Proof = exchange.receipt.proof
        head = self._judge.head(proof.checkpoint, exchange.receipt.draft.issued_at)
        if head is None or head[0].origin.member != exchange.holder:
            self._findings.add(f"{part}.receipt", Found.NOT_RECORDED_BY_HOLDER, Verdict.ALTERED)
            return []
        signed = head[0]
        if not merkle.verify_inclusion(proof.leaf_hash, proof.index, signed.size, proof.path, signed.root):
            self._findings.add(f"{part}.receipt", Found.NOT_RECORDED_BY_HOLDER, Verdict.ALTERED)
            return []
        judged = self._judge.judge(head[1], exchange.receipt.draft.issued_at, [tip_of(signed)], exchange.parties)
        self._findings.add(
            f"{part}.receipt", Found.RECORDED_BY_HOLDER, judged.verdict,
            member=self._name(exchange.holder), index=proof.index, origin=str(signed.origin), size=signed.size,
        )  # fmt: skip
        return [tip_of(signed)]

    def _mandate(self, part: str, exchange: Exchange, leaf: Sequence[Tip]) -> None:
        mandate = exchange.mandate
        if mandate is None or exchange.mandate_bytes is None:
            return
        facts = _asked(mandate.claims)
        who = {"requester": self._name(exchange.requester), "holder": self._name(exchange.holder)}
        claimed_at = mandate.iat or Instant(1)
        what = {**who, **facts, "at": rfc3339(claimed_at)}
        life = self._judge.token_key(exchange.mandate_bytes, MANDATE, exchange.requester, claimed_at)
        tips = [*leaf, *self._tips_of(exchange.mandate_bytes)]
        judged = self._judge.judge(life, claimed_at, tips, exchange.parties)
        found = Found.PROBED if exchange.is_probe else Found.ASKED
        self._findings.add(f"{part}.mandate", found, judged.verdict, **what)
        self._signature(f"{part}.mandate", judged, exchange.requester, "mandate", claimed_at)

    def _receipt(self, part: str, exchange: Exchange, leaf: Sequence[Tip]) -> None:
        receipt = exchange.receipt
        if receipt is None:
            return
        draft = receipt.draft
        life = self._judge.token_key(receipt.compact, RECEIPT, exchange.holder, draft.issued_at)
        judged = self._judge.judge(life, draft.issued_at, [*leaf, *self._tips_of(receipt.compact)], exchange.parties)
        facts: dict[str, Any] = {
            "holder": self._name(exchange.holder), "requester": self._name(exchange.requester),
            "at": rfc3339(draft.issued_at), "outcome": draft.outcome.value,
            "code": draft.code.value if draft.code else None, "body_sha256": b64.encode(receipt.body_sha256),
            "directory": draft.directory,
        }  # fmt: skip
        found = Found.ANSWERED
        if draft.document is not None:
            found = Found.HANDED_OVER
            facts |= {"sha256": draft.document.sha256.hex(), "size": draft.document.size}
        self._findings.add(f"{part}.receipt", found, judged.verdict, **facts)
        self._signature(f"{part}.receipt", judged, exchange.holder, "receipt", draft.issued_at)

    def _ack(self, part: str, exchange: Exchange) -> None:
        ack = exchange.ack
        if ack is None:
            return
        draft = ack.draft
        life = self._judge.token_key(ack.compact, ACK, exchange.requester, draft.issued_at)
        judged = self._judge.judge(life, draft.issued_at, self._tips_of(ack.compact, ack.proof), exchange.parties)
        verified = draft.result is AckResult.VERIFIED
        facts = {
            "requester": self._name(exchange.requester), "at": rfc3339(draft.issued_at),
            "sha256": draft.received.sha256.hex(), "size": draft.received.size,
            "code": draft.code.value if draft.code else None,
        }  # fmt: skip
        found = Found.ACKNOWLEDGED if verified else Found.REJECTED
        self._findings.add(f"{part}.ack", found, judged.verdict, **facts)
        self._signature(f"{part}.ack", judged, exchange.requester, "ack", draft.issued_at)

    def _tips_of(self, compact: bytes, proof: Proof | None = None) -> list[Tip]:
        """Give the heads over the exporter's entries that hold this token, or are the leaf that it names."""
        text, digest = compact.decode("ascii", "replace"), sha256(compact).digest()
        return [
            entry.tip
            for entry in self._entries
            if text in entry.text
            or entry.row.draft.mandate_sha256 == digest
            or (proof is not None and entry.row.leaf == proof.leaf_hash)
        ]

    def _signature(self, part: str, judged: Judged, signer: MemberId, what: str, claimed_at: Instant) -> None:
        facts: dict[str, Any] = {"member": self._name(signer), "what": what, "at": rfc3339(claimed_at)}
        if judged.life is not None:
            facts |= {
                "kid": judged.life.key.kid,
                "ended_at": instant_text(judged.life.ended_at),
                "why": judged.life.why,
            }
        if judged.dating is not None:
            facts |= {"seen_at": rfc3339(judged.dating.at), "seen_by": judged.dating.by}
        if judged.found is Found.SIGNATURE_WRONG and not self._judge.directories.lives(signer, KeyUse.SIGN, claimed_at):
            self._findings.add(part, Found.SIGNER_UNKNOWN, Verdict.NOT_PROVEN, **facts)
            return
        self._findings.add(part, judged.found, judged.verdict, **facts)

    def _name(self, member: MemberId) -> str:
        name = self._judge.directories.name_of(member)
        return name if name == member.value else f"{name} ({member.value})"


def _text_of(claims: Claims, name: str) -> str | None:
    return claims.string(name) if claims.has(name) else None


def _accepted_at(row: Mapping[str, Any]) -> Instant | None:
    try:
        return Claims(row).instant("accepted_at")
    except ClaimFault:
        return None


def _asked(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a mandate says, its signature being good; a probe names nobody."""
    facts: dict[str, Any] = {"kind": str(claims.get("kind")), "unattended": bool(claims.get("unattended"))}
    try:
        known = Claims(claims)
        if known.has("practitioner"):
            who = known.object("practitioner")
            facts |= {"practitioner": who.string("name"), "practitioner_id": who.string("id")}
        if known.has("worker"):
            facts["worker"] = dict(claims["worker"])
        if known.has("information"):
            told = known.object("information")
            facts["information"] = {
                "at": rfc3339(told.instant("at")),
                "by": told.string("by"),
                "means": told.string("means"),
            }
        if known.has("follow_up"):
            facts["follow_up"] = dict(claims["follow_up"])
        if known.has("purpose"):
            facts["purpose"] = known.coded("purpose").code
    except (ClaimFault, ConnectorError):
        pass  # signed as it is, and then refused by the holder for what it lacks
    return facts
