"""What the local side asks of evidence and reports, answered with the examples of the API; it remembers who asked."""

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.local import evidence_answers as answers
from connector.local.evidence_examples import EVIDENCE_EXAMPLES

LINE = b'{"tree":"exchange","index":0}\n'


class ToldEvidence:
    """`local.ports.Evidence`; `fault` is raised where set."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.fault: Exception | None = None

    async def prove(self, tree, index):
        self._hear("prove", tree, index)
        if index > 41:
            raise LocalRefused("journal: no such entry", code=Code.LOCAL_NOT_FOUND)
        return EVIDENCE_EXAMPLES[answers.ProofOut]

    async def export(self, ref, caller):
        self._hear("export", ref, caller)
        return b'{"format": "spsti-evidence"}\n'

    async def worker(self, ins, caller):
        self._hear("worker", ins, caller)
        return EVIDENCE_EXAMPLES[answers.WorkerReportOut]

    async def peer(self, member, since, caller):
        self._hear("peer", member, since, caller)
        return EVIDENCE_EXAMPLES[answers.PeerReportOut]

    async def review(self, month, caller):
        self._hear("review", month, caller)
        return EVIDENCE_EXAMPLES[answers.ReviewOut]

    async def sign(self, month, by, caller):
        self._hear("sign", month, by, caller)
        return EVIDENCE_EXAMPLES[answers.ReviewOut]

    async def seal(self, report_sha256, peer, by, caller):
        self._hear("seal", report_sha256, peer, by, caller)
        return "eyJ0eXAiOiJhY2NlcHRhbmNlK2p3dCJ9.e30.AAAA"

    async def lines(self, wanted, caller):
        self._hear("lines", wanted, caller)
        for _ in range(3):
            yield LINE

    def _hear(self, *what: object) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise self.fault
