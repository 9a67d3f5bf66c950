"""Both sides of a pair exporting evidence, a third member that witnesses, and readers on "another machine"."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.core.directory import KeyUse, Member
from connector.core.instant import Instant
from connector.core.ledger import Tree
from connector.core.oid import Environment
from connector.core.witness import HeadLink
from connector.directory.members_file import read_members
from connector.directory.members_text import members_text
from connector.evidence.collect import Exporter, export
from connector.evidence.form import read_evidence
from connector.evidence.packing import KeptLists
from connector.evidence.verify import Trust, TrustedList, verify_evidence
from connector.store.evidence import KeptList
from connector.wire.checkpoint import open_of_member
from connector.wire.cosignature import cosign, signed_head
from tests.kit.requester_fakes import a_party

CHECKOUT = Path(__file__).resolve().parents[2]
DAY = 86_400
_OFFLINE = """
import runpy, sys
def refuse(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"the network was touched: {event}")
sys.addaudithook(refuse)
sys.argv = ["spsti-connector", *sys.argv[1:]]
runpy.run_module("connector", run_name="__main__")
"""


@dataclass
class Bench:
    """A pair with a third member, and the members list of its day."""

    pair: object
    third: object = field(default_factory=lambda: a_party("318751275100046", "SPSTI Est"))

    def __post_init__(self) -> None:
        self.us, self.house = self.pair.us, self.pair.holders[0]
        self.holder = self.house.us
        self.members = {party.id: party.member for party in (self.us, self.holder, self.third)}

    @property
    def now(self) -> Instant:
        return self.pair.clock.now()

    def list_text(self, *changed: Member) -> bytes:
        """The members file, with some members as they are now."""
        return members_text((self.members | {m.id: m for m in changed}).values()).encode()

    async def keep_list(self, content: bytes | None = None, at: int = 0) -> None:
        """Let both sides believe a members file from an instant on."""
        content = content or self.list_text()
        _, version = read_members(content, Environment.TEST, "members")
        for state in (self.pair.state, self.house.state):
            await state.evidence.keep_list(KeptList(version, Instant(self.now + at), content))

    def exporter(self, state, party) -> Exporter:
        return Exporter(
            member=party.id,
            environment=Environment.TEST,
            version="0.0.0",
            journal=state.journal,
            store=state.evidence,
            fetches=self.pair.state.requester,
            witness=state.witness,
            directories=KeptLists(state.evidence, Environment.TEST),
            signer=party.signer,
            clock=self.pair.clock,
        )

    async def of_requester(self, ref: str) -> dict:
        return json.loads(await export(self.exporter(self.pair.state, self.us), ref))

    async def of_holder(self, ref: str) -> dict:
        return json.loads(await export(self.exporter(self.house.state, self.holder), ref))

    async def witness(self, party, state, *keepers, later: int = 0) -> None:
        """Let the third member see a ledger's head as it is now, and the keepers learn of it.

        Other members' keepers get the links that lead from every earlier checkpoint of the ledger up to that head.
        """
        note = await state.journal.checkpoint(Tree.EXCHANGE)
        head = signed_head(note, open_of_member(note, party.id, Tree.EXCHANGE, party.member.ledger_keys()))
        said = cosign(head, witness=self.third.id, signer=self.third.ledger_signer, at=Instant(self.now + later))
        for keeper in keepers:
            await keeper.witness.keep_statements([said])
            if keeper is not state:
                await keeper.witness.keep_head(head, await self._links(state, head))

    async def _links(self, state, head) -> list[HeadLink]:
        links = []
        for index in range(head.size):
            proof = await state.journal.prove(Tree.EXCHANGE, index)
            first = open_of_member(proof.checkpoint, head.ledger.member, Tree.EXCHANGE, self._ledger_keys(head))
            if first.size < head.size:
                path = await state.journal.consistency(Tree.EXCHANGE, first.size, head.size)
                links.append(HeadLink(head.ledger, first.size, first.root, head.size, head.root, tuple(path)))
        return links

    def _ledger_keys(self, head):
        return self.members[head.ledger.member].ledger_keys()

    def verify(self, whole: dict, *lists: bytes, at: int | None = None, **trust):
        """Verify as of an instant, trusting the list of the day and those given."""
        texts = lists or (self.list_text(),)
        read = [read_members(text, Environment.TEST, "members") for text in texts]
        given = Trust(lists=tuple(TrustedList(version, members) for members, version in read), **trust)
        return verify_evidence(read_evidence(json.dumps(whole).encode()), given, Instant(at or self.now))

    def with_key(self, party, use: KeyUse, **changes) -> Member:
        """A member with its key of that use changed, or dropped with `drop=True`."""
        drop = changes.pop("drop", False)
        keys = tuple(replace(k, **changes) if k.use is use else k for k in party.member.keys)
        return replace(party.member, keys=tuple(k for k in keys if not (drop and k.use is use)))


def on_another_machine(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run `evidence verify` in an empty home, without a network, with nothing of this house but the program."""
    folder.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(CHECKOUT), "LANG": "en_US.UTF-8"}
    return subprocess.run(
        [sys.executable, "-c", _OFFLINE, "evidence", "verify", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
