"""The real identity desk and alerts over stores in memory, and an INSi that answers as told."""

from dataclasses import replace
from typing import NamedTuple

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.identity_alerts import Alert, AlertKind, Meeting, NearMiss
from connector.core.identity_rules import check_call_allowed
from connector.core.insi import (
    InsiAnswer,
    InsiCode,
    InsiIdentity,
    InsiOperation,
    VitaleCard,
    verification_of,
)
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.vigilance.alerts import Alerts
from connector.vigilance.desk import IdentityDesk
from tests.kit.state import INS, T0, TRAITS

MESSAGE = "8f0c2f7e-4f4e-4a55-9d0c-2d0a6f1a7f11"


def found(ins=INS, traits=TRAITS, at=T0, former=(), differing=()):
    """An answer 00."""
    identity = InsiIdentity(ins, traits, tuple(former))
    return InsiAnswer(InsiOperation.TRAITS, InsiCode.FOUND, Instant(at), MESSAGE, b"<raw/>", identity, differing)


def nobody(code=InsiCode.NONE, at=T0):
    """An answer 01 or 02."""
    return InsiAnswer(InsiOperation.TRAITS, code, Instant(at), MESSAGE, b"<raw/>")


class Kept(NamedTuple):
    """An answer that was kept, to an earlier question."""

    answer: InsiAnswer


class ScriptedInsi:
    """`core.ports_insi.IdentityService` that gives `answers` one after the other, the last one again and again."""

    def __init__(self, *answers):
        self.answers = list(answers or [found()])
        self.asked = []

    def _answer(self, question, by, attributes, fresh):
        check_call_allowed(attributes)
        self.asked.append((question, by, fresh))
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def search_by_traits(self, traits, *, by, attributes=frozenset(), fresh=False):
        return self._answer(traits, by, attributes, fresh)

    async def search_by_vitale(self, card, *, by, attributes=frozenset(), fresh=False):
        assert isinstance(card, VitaleCard)
        return self._answer(card, by, attributes, fresh)

    async def verify(self, identity, *, by, attributes=frozenset(), fresh=False):
        answer = self._answer(identity, by, attributes, fresh)
        if isinstance(answer, Kept):
            return replace(verification_of(identity, answer.answer), is_kept=True)
        return verification_of(identity, answer)


class MemoryAlerts:
    """`core.ports_vigilance.AlertStore` in a dictionary, oldest first; `entries` is what the journal got."""

    def __init__(self):
        self.kept, self.waiting, self.entries = {}, [], []

    async def notice(self, near_miss):
        self.kept[near_miss.id] = Alert(near_miss, near_miss.at)

    async def alert(self, alert_id):
        return self.kept.get(alert_id)

    async def alerts(self, *, state=None, before=None, limit=50):
        rows = list(reversed(self.kept.values()))
        if before is not None:
            if before not in self.kept:
                raise LocalRefused("identity alert: none of this id", code=Code.LOCAL_NOT_FOUND)
            rows = rows[rows.index(self.kept[before]) + 1 :]
        return [row for row in rows if state in {None, row.state}][:limit]

    async def handle(self, alert_id, handling, entry):
        self.kept[alert_id] = self.kept[alert_id].handle(handling)
        self.entries.append(entry)
        return self.kept[alert_id]

    async def to_qualify(self, *, limit=50):
        return self.waiting[:limit]

    async def settled(self, ins):
        self.waiting = [one for one in self.waiting if one.ins != ins]


class MemoryIdentities:
    """`core.ports_vigilance.IdentityStore` in dictionaries."""

    def __init__(self):
        self.kept, self.moved, self.entries = {}, {}, []

    async def add(self, kept, entry):
        self.kept[kept.id], self.moved[kept.id] = kept, []
        self.entries.append(entry)

    async def record(self, entry):
        self.entries.append(entry)

    async def identity(self, identity_id):
        return self.kept.get(identity_id)

    async def of_ins(self, ins):
        return [one for one in self.kept.values() if one.identity.ins == ins]

    async def moves(self, identity_id):
        return self.moved[identity_id]

    async def move(self, identity_id, kept, entry):
        self.kept[identity_id] = replace(self.kept[identity_id], identity=kept.move.after)
        self.moved[identity_id].append(kept)
        self.entries.append(entry)
        return self.kept[identity_id]


class Vigilance:
    """Desk and alerts with everything they stand on."""

    def __init__(self, clock, entropy, source=None, *, identities=None, alerts=None, environment=Environment.TEST):
        self.insi = ScriptedInsi()
        self.alert_store, self.identity_store = alerts or MemoryAlerts(), identities or MemoryIdentities()
        self.desk = IdentityDesk(
            self.identity_store,
            self.alert_store,
            self.insi,
            environment=environment,
            clock=clock,
            entropy=entropy,
        )
        self.alerts = Alerts(self.alert_store, source, clock)


def a_near_miss(alert_id, **changes):
    """A peer's demand whose birth date is another than ours."""
    values = {
        "id": alert_id,
        "kind": AlertKind.TRAIT_DIFFERS,
        "meeting": Meeting.PEER,
        "at": T0,
        "ins": INS,
        "differing": ("birth_date",),
    }
    return NearMiss(**(values | changes))
