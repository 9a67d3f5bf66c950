"""The real register of oppositions over a store in memory, and a sink that does as told."""

from dataclasses import replace

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.oid import Environment
from connector.core.oppositions import OppositionKind, said
from connector.requester.register import Register


class MemoryOppositions:
    """`core.ports.OppositionStore` in a dictionary, oldest first; `entries` is what the journal got."""

    def __init__(self):
        self.kept, self.entries = {}, []

    async def add(self, objection, entry):
        for one in self.kept.values():
            if one.stands and (one.ins, one.kind) == (objection.ins, objection.kind):
                return one
        self.kept[objection.id] = objection
        self.entries.append(entry)
        return objection

    def _require(self, objection_id):
        if objection_id not in self.kept:
            raise LocalRefused("opposition: none of this id", code=Code.LOCAL_NOT_FOUND)
        return self.kept[objection_id]

    async def lift(self, objection_id, lifting, due, entry):
        lifted = replace(self._require(objection_id).lift(lifting), due=due)
        self.kept[objection_id] = lifted
        self.entries.append(entry)
        return lifted

    async def entered(self, objection_id, notice, entry):
        found = self._require(objection_id)
        if found.due is not notice:
            return False
        self.kept[objection_id] = replace(found, due=None)
        self.entries.append(entry)
        return True

    async def find(self, objection_id):
        return self.kept.get(objection_id)

    async def of_worker(self, ins):
        return [one for one in reversed(self.kept.values()) if one.ins in ins]

    async def page(self, *, only_due=False, before=None, limit=50):
        found = list(reversed(self.kept.values()))
        if before is not None:
            found = found[found.index(self._require(before)) + 1 :]
        return [one for one in found if one.due is not None or not only_due][:limit]

    async def opposition(self, ins):
        found = await self.of_worker(ins)
        return said(one.stands for one in found if one.kind is OppositionKind.PEERS)


class TellingSink:
    """Remembers what it was told; `fault` is raised where set."""

    def __init__(self):
        self.told_of, self.fault = [], None

    async def told(self, told):
        if self.fault is not None:
            raise self.fault
        self.told_of.append(told)


def a_register(clock, entropy, *, store=None, source=None, has_sink=True):
    """Give a register and its sink."""
    sink = TellingSink()
    register = Register(
        store or MemoryOppositions(),
        environment=Environment.TEST,
        sink=sink if has_sink else None,
        source=source,
        clock=clock,
        entropy=entropy,
    )
    return register, sink
