"""Two services and the acceptance reports that they write and seal."""

from dataclasses import replace

from connector.core.instant import Instant
from connector.evidence import acceptance
from connector.evidence.acceptance import STEPS, Exchanged, Report, Result, Step
from connector.evidence.sealed_file import part_sha256
from tests.kit.requester_fakes import a_party

US, THEM = a_party("318751275100046", "SPSTI Est"), a_party("318751275100020", "SPSTI Ouest")
AT = Instant(1_790_000_000)
TEXT = "2026-09-21T13:33:20Z"
ROW = Exchanged("a" * 32, TEXT, "verified", "D" * 43, 7, "L" * 43)


def a_report(us=US, them=THEM, **changes):
    steps = tuple(Step(name, Result.PASSED, "readiness.right") for name in STEPS)
    whole = Report(
        us.id.value, "Nous", them.id.value, "Eux", "test", TEXT, TEXT, "Alex Modèle, RSI", "spsti-connector 0",
        "file:x", "2026-09-21T14:00:00Z", steps, (), (),
    )  # fmt: skip
    return replace(whole, **changes)


def sealed(report, us=US, *, digest=None, at=AT, **claimed):
    stated = {"member": us.id, "peer": THEM.id, "by": report.by} | claimed
    digest = digest or part_sha256(report.to_json())
    seal = acceptance.seal(digest, at=at, signer=us.signer, **stated)
    return acceptance.read_acceptance(acceptance.write_acceptance(report, seal.decode()))
