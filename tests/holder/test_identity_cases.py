"""The mandate's identity against the local one: each line of the table names the rule that it stands for.

The rules are ours (DESIGN section 4, reference/ins.md 2.4): a look goes by the INS, then the five traits are compared.
"""

from dataclasses import dataclass, replace

import pytest

from connector.core.days import BirthDate
from connector.core.identity import IdentityStatus, LocalIdentity, QualifiedIdentity
from connector.core.identity_alerts import AlertKind, NearMiss, Unqualified
from connector.core.matricule import Ins
from connector.core.outcome import WithheldReason
from connector.core.records import Look, Opposition
from connector.core.traits import Sex, StrictTraits
from connector.holder.extract import extract
from connector.holder.noticing import noticed_in
from tests.kit.holder_fakes import ANNOUNCED
from tests.kit.holder_house import a_house
from tests.kit.state import INS, OTHER_INS, PEER, T0, TRAITS

THIRD_INS = Ins.parse("1.2.250.1.213.1.4.10", "160012B02077713")
JEAN = StrictTraits.parse(
    birth_name="D'ALMEIDA",
    birth_given_names="JEAN-CHRISTOPHE PAUL",
    sex="M",
    birth_date="1977-09-21",
    birth_place="33063",
)
DIFFERS, NOT_QUALIFIED = WithheldReason.IDENTITY_DIFFERS, WithheldReason.IDENTITY_NOT_QUALIFIED
GIVEN = None
"""The record is announced."""


@dataclass(frozen=True)
class Case:
    """One line: the rule, both identities, why nothing is given, and what our own staff learn."""

    rule: str
    asked: QualifiedIdentity
    local: LocalIdentity | None
    withheld: WithheldReason | None
    noticed: AlertKind | type[Unqualified] | None = None
    differing: tuple[str, ...] = ()


def asked(traits=JEAN, ins=INS):
    return QualifiedIdentity(ins, traits)


def held(traits=JEAN, ins=INS, status=IdentityStatus.QUAL, former=(), **more):
    return LocalIdentity(ins, traits, status, former=former, **more)


def with_(**changes):
    return replace(JEAN, **changes)


LUNAR = StrictTraits.parse(**TRAITS.to_json() | {"birth_date": "1979-03-00"})
CASES = (
    Case("the same INS and equal traits are the same person", asked(), held(), GIVEN),
    Case(
        "hyphens and spaces in given names are one",
        asked(),
        held(with_(birth_given_names=("JEAN", "CHRISTOPHE", "PAUL"))),
        GIVEN,
    ),
    Case("apostrophe and space in a birth name are one", asked(), held(with_(birth_name="D ALMEIDA")), GIVEN),
    Case(
        "a shorter list of given names that opens the longer one agrees",
        asked(),
        held(with_(birth_given_names=("JEAN-CHRISTOPHE",))),
        GIVEN,
    ),
    Case("the shorter list may be the mandate's", asked(with_(birth_given_names=("JEAN-CHRISTOPHE",))), held(), GIVEN),
    Case(
        "a lunar date is the day that INSi resolves it to",
        asked(LUNAR),
        held(replace(LUNAR, birth_date=LUNAR.birth_date.resolved())),
        GIVEN,
    ),
    Case("a former INS of ours beside the active one changes nothing", asked(), held(former=(OTHER_INS,)), GIVEN),
    Case("a history that repeats the active INS changes nothing", asked(), held(former=(INS,)), GIVEN),
    Case(
        "another given name does not open the list",
        asked(),
        held(with_(birth_given_names=("PAUL", "JEAN-CHRISTOPHE"))),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_given_names",),
    ),
    Case(
        "part of a compound name is another name",
        asked(with_(birth_given_names=("CHRISTOPHE",))),
        held(),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_given_names",),
    ),
    Case(
        "another birth name under one INS is an alert",
        asked(),
        held(with_(birth_name="ALMEIDA")),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_name",),
    ),
    Case(
        "another sex under one INS is an alert",
        asked(),
        held(with_(sex=Sex.FEMALE)),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("sex",),
    ),
    Case(
        "day and month exchanged are another date",
        asked(),
        held(with_(birth_date=BirthDate.parse("1977-09-12"))),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_date",),
    ),
    Case(
        "another birth place under one INS is an alert",
        asked(),
        held(with_(birth_place="33064")),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_place",),
    ),
    Case(
        "every trait that differs is named",
        asked(),
        held(with_(birth_name="ALMEIDA", sex=Sex.FEMALE)),
        DIFFERS,
        AlertKind.TRAIT_DIFFERS,
        ("birth_name", "sex"),
    ),
    Case(
        "the INS asked for is a former one here: the matricule changed",
        asked(),
        held(ins=OTHER_INS, former=(INS,)),
        DIFFERS,
        AlertKind.MATRICULE_CHANGED,
    ),
    Case(
        "a changed matricule with another trait is an alert all the same",
        asked(),
        held(with_(birth_name="ALMEIDA"), ins=OTHER_INS, former=(INS,)),
        DIFFERS,
        AlertKind.MATRICULE_CHANGED,
        ("birth_name",),
    ),
    Case(
        "the same traits under an INS that names no history are two INS",
        asked(),
        held(ins=OTHER_INS),
        DIFFERS,
        AlertKind.INS_DIFFERS,
    ),
    Case(
        "another former INS than the one asked for is no link",
        asked(),
        held(ins=OTHER_INS, former=(THIRD_INS,)),
        DIFFERS,
        AlertKind.INS_DIFFERS,
    ),
    Case(
        "a recovered identity is not qualified: it waits",
        asked(),
        held(status=IdentityStatus.RECUP),
        NOT_QUALIFIED,
        Unqualified,
    ),
    Case(
        "a provisional identity is not qualified: it waits",
        asked(),
        held(ins=None, status=IdentityStatus.PROV, former=(INS,)),
        NOT_QUALIFIED,
        Unqualified,
    ),
    Case(
        "a validated identity has no INS to be found by, and waits",
        asked(),
        held(ins=None, status=IdentityStatus.VALI, former=(INS,)),
        NOT_QUALIFIED,
        Unqualified,
    ),
    Case(
        "the status comes before the traits: nothing is compared with what is not qualified",
        asked(),
        held(with_(birth_name="ALMEIDA"), status=IdentityStatus.RECUP),
        NOT_QUALIFIED,
        Unqualified,
    ),
    Case("a worker who is not known here is no matter of identity", asked(), None, WithheldReason.NO_LOCAL_WORKER),
)


class Software:
    """A source that answers one look, and nobody objects."""

    def __init__(self, local):
        self.local = local

    async def look(self, ins):
        return Look(self.local, Opposition.NO, ANNOUNCED if self.local else None)

    def not_ready(self):
        return None

    async def opposition(self, ins, look):
        return look.opposition


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
async def test_each_case_is_answered_and_noticed_by_its_rule(case):
    software = Software(case.local)

    found = await extract(software, software, case.asked)
    noticed = noticed_in(
        found.withheld, found.asked, found.local, new_alert_id=lambda: "a" * 32, at=T0, peer=PEER, lookup_id="b" * 32
    )

    assert (found.withheld, found.announcement is not None) == (case.withheld, case.withheld is GIVEN)
    if isinstance(noticed, NearMiss):
        assert (noticed.kind, noticed.differing, noticed.ins) == (case.noticed, case.differing, case.asked.ins)
        assert noticed.other == (case.local.ins if case.local.ins != case.asked.ins else None)
    else:
        assert (type(noticed) if noticed else None) == case.noticed


@pytest.mark.parametrize(
    "reason", [WithheldReason.OPPOSED, WithheldReason.OPPOSITION_UNKNOWN, WithheldReason.NOTHING_COMMUNICABLE]
)
def test_a_reason_that_is_no_matter_of_identity_leaves_nothing(reason):
    more = {"new_alert_id": lambda: "a" * 32, "at": T0, "peer": PEER, "lookup_id": "b" * 32}

    assert noticed_in(reason, asked(), held(), **more) is None


# ---------------------------------------------------------------- through the whole holder


def known(**changes):
    local = LocalIdentity(**({"ins": INS, "traits": TRAITS, "status": IdentityStatus.QUAL} | changes))
    return Look(local, Opposition.NO, ANNOUNCED if local.is_qualified else None)


async def asks(house, times=1):
    for _ in range(times):
        demand = house.demand()
        question = house.question(house.seal(demand))
        body = b"patient.identifier=urn%3Aoid%3A1.2.250.1.213.1.4.10%7C279035121518989&status=current"
        await house.holder.lookup(question, body, "application/x-www-form-urlencoded")
    return demand


async def test_a_peers_near_miss_is_kept_with_the_member_and_the_lookup_and_counted(tmp_path):
    async with a_house(tmp_path) as house:
        house.vendor.looks = {INS: known(traits=replace(TRAITS, birth_place="51454"))}
        demand = await asks(house)

        (alert,) = await house.state.alerts.alerts()
        assert (alert.near_miss.peer, alert.near_miss.ref) == (house.asker.id, demand.lookup_id)
        assert alert.near_miss.differing == ("birth_place",)
        await asks(house, 2)

        (alert,) = await house.state.alerts.alerts()
        assert alert.count == 3


async def test_a_record_that_waits_for_a_qualified_identity_is_listed_for_our_staff(tmp_path):
    async with a_house(tmp_path) as house:
        house.vendor.looks = {INS: known(status=IdentityStatus.RECUP)}
        await asks(house, 2)

        (waiting,) = await house.state.alerts.to_qualify()
        assert (waiting.ins, waiting.status, waiting.count) == (INS, IdentityStatus.RECUP, 2)
        assert await house.state.alerts.alerts() == []
