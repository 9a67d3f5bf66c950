"""An acceptance report: what two services found when they tried the way between them, sealed by the one that wrote it.

    format, v    "spsti-acceptance", 1
    report       who with whom, when, each step with its result, and what the journal has of the exchanges made
    seal         the member's signature over the SHA-256 of the report's canonical JSON (`typ` acceptance+jwt)

The report holds no person but the one who ran it. Two reports, one of each side, are compared by what each side's
journal has of the same handovers; the sentences are `evidence.acceptance_words`, running the steps is the command's.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from connector.core.canonical import NotCanonical
from connector.core.directory import Member, MemberStatus
from connector.core.errors import ConnectorError, LocalRefused
from connector.core.instant import Instant, parse_rfc3339
from connector.core.members import MemberId
from connector.core.ports import Signer
from connector.evidence.sealed_file import FileKind, part_sha256
from connector.wire import jose

KIND: Final = FileKind("acceptance report", "acceptance run", "spsti-acceptance", 1, max_bytes=1024 * 1024)
TYP: Final = "acceptance+jwt"
CLOCK_MARGIN_SECONDS: Final = 5
"""Our rule: how far two clocks that NTP keeps may be apart when it is said what came later."""

STEPS: Final = (
    "identity", "readiness", "directory", "probe", "clock", "fetch", "not-informed", "unknown-worker", "theirs",
    "block", "journal", "backup",
)  # fmt: skip
"""In the order in which they are tried."""


class Result(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What all steps come to."""

    ACCEPTED = "accepted"
    PARTIAL = "partial"
    REFUSED = "refused"


class Sealed(StrEnum):
    """What the seal of a report is worth."""

    GOOD = "good"
    SIGNER_UNKNOWN = "signer-unknown"
    KEY_ENDED = "key-ended"
    SUSPENDED = "suspended"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `note` is the key of its sentence, `facts` fill it."""

    name: str
    result: Result
    note: str
    facts: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One handover as one side's journal has it: its id, how it was acknowledged, and the holder's leaf about it."""

    ref: str
    at: str
    outcome: str
    document_sha256: str
    leaf_index: int
    leaf_hash: str


@dataclass(frozen=True, slots=True)
class Report:
    """One side's report. `brought` is what came here from the peer, `gave` what went there, as of `read_at`."""

    member: str
    name: str
    peer: str
    peer_name: str
    environment: str
    started_at: str
    ended_at: str
    by: str
    software: str
    directory: str
    read_at: str
    steps: tuple[Step, ...]
    brought: tuple[Exchanged, ...]
    gave: tuple[Exchanged, ...]

    @property
    def verdict(self) -> Verdict:
        """Refused where a step failed; partial where one was left out."""
        results = {step.result for step in self.steps}
        if Result.FAILED in results or [step.name for step in self.steps] != list(STEPS):
            return Verdict.REFUSED
        return Verdict.PARTIAL if Result.SKIPPED in results else Verdict.ACCEPTED

    def to_json(self) -> dict[str, Any]:
        """Give it as the file holds it."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]  # tuples as lists, words as text


@dataclass(frozen=True, slots=True)
class AcceptanceFile:
    """A file taken apart, and not yet believed."""

    report: Report
    seal: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One handover of which the two sides do not say the same; `what` is the value, or `missing`."""

    ref: str
    what: str
    by: str


def seal(digest: str, *, member: MemberId, peer: MemberId, by: str, at: Instant, signer: Signer) -> bytes:
    """Sign a report's hash as this member, at this instant."""
    claims = {"ver": KIND.version, "iss": member.value, "peer": peer.value, "iat": int(at), "by": by, "report": digest}
    return jose.seal(TYP, claims, signer)


def write_acceptance(report: Report, sealed: str) -> bytes:
    """Give the file."""
    return KIND.write({"report": report.to_json(), "seal": sealed})


def read_acceptance(data: bytes) -> AcceptanceFile:
    """Take a file apart.

    Raises:
        LocalRefused: `local.malformed`, it is no acceptance report, or one of a later version.
    """
    whole = KIND.read(data)
    if whole.keys() != {"report", "seal"} or not isinstance(whole["seal"], str):
        raise KIND.malformed("got other parts than report and seal")
    return AcceptanceFile(_report(whole["report"]), whole["seal"].encode("utf-8", "replace"))


def judge_seal(file: AcceptanceFile, members: Iterable[Member]) -> Sealed:
    """Say what the seal is worth by a list of members that the reader trusts."""
    try:
        jws = jose.read(file.seal, typ=TYP)
        at = Instant(int(jws.claims["iat"]))
        digest = part_sha256(file.report.to_json())
    except (jose.TokenFault, KeyError, TypeError, ValueError, NotCanonical):
        return Sealed.WRONG
    stated = (jws.claims.get("iss"), jws.claims.get("peer"), jws.claims.get("by"), jws.claims.get("report"))
    if stated != (file.report.member, file.report.peer, file.report.by, digest):
        return Sealed.WRONG
    member = next((one for one in members if one.id.value == file.report.member), None)
    key = member.signing_key(jws.kid) if member is not None else None
    if member is None or key is None:
        return Sealed.SIGNER_UNKNOWN
    if not jose.verify(jws, key):
        return Sealed.WRONG
    if not key.is_valid_at(at):
        return Sealed.KEY_ENDED
    return Sealed.GOOD if member.status is MemberStatus.ACTIVE else Sealed.SUSPENDED


def differences(first: Report, second: Report) -> tuple[int, list[Difference]]:
    """Compare what two sides' journals have of the handovers between them: how many were compared, and what differs.

    What came after the other side had read its journal cannot stand in its report, and is not compared.

    Raises:
        LocalRefused: `local.malformed`, they are not the two sides of one acceptance.
    """
    if (first.member, first.peer) != (second.peer, second.member):
        raise LocalRefused(
            "acceptance: the two reports are not of two services with each other",
            hint="give the report of each of the two",
        )
    pairs = [(first, second), (second, first)]
    count = sum(len(_comparable(asker, holder)) for asker, holder in pairs)
    return count, [found for asker, holder in pairs for found in _missing(asker, holder)]


def _comparable(asker: Report, holder: Report) -> list[Exchanged]:
    read_at = parse_rfc3339(holder.read_at) - CLOCK_MARGIN_SECONDS
    known = {row.ref for row in holder.gave}
    return [row for row in asker.brought if row.ref in known or parse_rfc3339(row.at) < read_at]


def _missing(asker: Report, holder: Report) -> Iterable[Difference]:
    """Hold what one side brought against what the other gave."""
    given = {row.ref: row for row in holder.gave}
    for row in _comparable(asker, holder):
        other = given.get(row.ref)
        if other is None:
            yield Difference(row.ref, "missing", holder.member)
            continue
        for name in ("outcome", "document_sha256", "leaf_index", "leaf_hash"):
            if getattr(row, name) != getattr(other, name):
                yield Difference(row.ref, name, holder.member)


def _report(value: object) -> Report:
    texts = [name for name in Report.__slots__ if name not in {"steps", "brought", "gave"}]
    if not isinstance(value, dict) or value.keys() != set(Report.__slots__):
        raise KIND.malformed("report: got other keys than expected")
    if not all(isinstance(value[name], str) for name in texts):
        raise KIND.malformed("report: got a value that is no text")
    try:
        for name in ("started_at", "ended_at", "read_at"):
            parse_rfc3339(value[name])
        return Report(
            **{name: value[name] for name in texts},
            steps=tuple(_step(row) for row in _rows(value["steps"], Step)),
            brought=tuple(_exchanged(row) for row in _rows(value["brought"], Exchanged)),
            gave=tuple(_exchanged(row) for row in _rows(value["gave"], Exchanged)),
        )
    except LocalRefused:
        raise
    except ConnectorError as error:
        raise KIND.malformed(error.message) from None


def _rows(value: object, form: type[Step] | type[Exchanged]) -> list[dict[str, Any]]:
    names = set(form.__slots__)
    if not isinstance(value, list) or not all(isinstance(row, dict) and row.keys() == names for row in value):
        raise KIND.malformed(f"report: a list of {form.__name__.lower()} is not of its form")
    return value


def _step(row: dict[str, Any]) -> Step:
    facts = row["facts"]
    plain = isinstance(facts, dict) and all(type(fact) in {str, int} for fact in facts.values())
    if row["name"] not in STEPS or row["result"] not in list(Result) or not isinstance(row["note"], str) or not plain:
        raise KIND.malformed("report: a step is not of its form")
    return Step(row["name"], Result(row["result"]), row["note"], facts)


def _exchanged(row: dict[str, Any]) -> Exchanged:
    if type(row["leaf_index"]) is not int or not all(isinstance(row[n], str) for n in row if n != "leaf_index"):
        raise KIND.malformed("report: an exchange is not of its form")
    parse_rfc3339(row["at"])
    return Exchanged(**row)
