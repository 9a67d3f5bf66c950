"""Who says whether a worker objects: every combination of what two authorities can say (DESIGN section 5)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connector.contract import Day, Ins, LocalIdentity, Opposition
from connector.contract.opposition import OppositionAuthority
from connector.contract.settings import Authority, OppositionSettings
from tests.contract.vendors import IDENTITY, INS, LOOK, NOBODY, OTHER_INS

YES, NO, UNKNOWN = Opposition.YES, Opposition.NO, Opposition.UNKNOWN
NO_ENTRY = None


class MemoryRegister:
    """Entries by INS; `is_down` makes it unreachable."""

    def __init__(self, *, is_down: bool = False, **_: object) -> None:
        self.entries: dict[Ins, Opposition] = {}
        self.awaiting: set[Ins] = set()
        self.asked: list[tuple[Ins, ...]] = []
        self.is_down = is_down

    async def opposition(self, ins: Sequence[Ins]) -> Opposition | None:
        self.asked.append(tuple(ins))
        if self.is_down:
            raise OSError
        found = {self.entries[one] for one in ins if one in self.entries}
        return YES if YES in found else next(iter(found), None)

    async def awaits_entry(self, ins: Sequence[Ins]) -> bool:
        if self.is_down:
            raise OSError
        return not self.awaiting.isdisjoint(ins)


def authority(kind, register=None, *, complete=False, tells=True, unreachable=None):
    settings = OppositionSettings(kind, Day(2026, 1, 5), "the controller", register_complete=complete)
    return OppositionAuthority(settings, register=register, source_tells=tells, unreachable=unreachable)


def register_saying(entry):
    register = MemoryRegister()
    if entry is not None:
        register.entries[INS] = entry
    return register


@pytest.mark.parametrize("said", list(Opposition))
async def test_the_adapter_alone_is_taken_at_its_word(said):
    assert await authority(Authority.ADAPTER).opposition([INS], replace(LOOK, opposition=said)) is said


@pytest.mark.parametrize(
    ("entry", "complete", "expected"),
    [
        (YES, False, YES),
        (YES, True, YES),
        (NO, False, NO),
        (NO, True, NO),
        (UNKNOWN, True, UNKNOWN),
        (NO_ENTRY, False, UNKNOWN),
        (NO_ENTRY, True, NO),
    ],
)
async def test_the_register_alone_decides_and_the_adapter_is_not_heard(entry, complete, expected):
    oppositions = authority(Authority.REGISTER, register_saying(entry), complete=complete)

    for said in Opposition:
        assert await oppositions.opposition([INS], replace(LOOK, opposition=said)) is expected


@pytest.mark.parametrize(
    ("adapter", "entry", "complete", "expected"),
    [
        (YES, NO, True, YES),
        (NO, YES, True, YES),
        (UNKNOWN, YES, False, YES),
        (YES, NO_ENTRY, False, YES),
        (NO, NO, False, NO),
        (NO, NO_ENTRY, False, NO),
        (NO, NO_ENTRY, True, NO),
        (UNKNOWN, NO, False, NO),
        (UNKNOWN, NO_ENTRY, True, NO),
        (UNKNOWN, NO_ENTRY, False, UNKNOWN),
        (UNKNOWN, UNKNOWN, True, UNKNOWN),
    ],
)
async def test_of_both_one_yes_wins_and_one_no_suffices(adapter, entry, complete, expected):
    oppositions = authority(Authority.BOTH, register_saying(entry), complete=complete)

    assert await oppositions.opposition([INS], replace(LOOK, opposition=adapter)) is expected


@pytest.mark.parametrize("kind", [Authority.REGISTER, Authority.BOTH])
@pytest.mark.parametrize("said", [NO, UNKNOWN])
async def test_a_register_that_cannot_be_reached_never_makes_a_no(kind, said):
    times = []
    oppositions = authority(kind, MemoryRegister(is_down=True), complete=True, unreachable=lambda: times.append(1))

    assert await oppositions.opposition([INS], replace(LOOK, opposition=said)) is UNKNOWN
    assert times == [1]


async def test_a_yes_of_the_adapter_stands_while_the_register_is_down():
    oppositions = authority(Authority.BOTH, MemoryRegister(is_down=True))

    assert await oppositions.opposition([INS], replace(LOOK, opposition=YES)) is YES


async def test_the_register_is_asked_whatever_the_adapter_said():
    register = MemoryRegister()
    oppositions = authority(Authority.BOTH, register)
    for look in (replace(LOOK, opposition=YES), LOOK, NOBODY, None):
        await oppositions.opposition([INS], look)

    assert len(register.asked) == 4


async def test_an_objection_under_a_former_matricule_counts():
    register = MemoryRegister()
    register.entries[OTHER_INS] = YES
    look = replace(LOOK, identity=replace(IDENTITY, former=(OTHER_INS,)))

    answer = await authority(Authority.REGISTER, register).opposition(look.known_as(INS), look)

    assert answer is YES
    assert register.asked == [(INS, OTHER_INS)]


def test_every_matricule_of_a_worker_is_named_once():
    changed = replace(IDENTITY, ins=OTHER_INS, former=(INS, OTHER_INS))
    provisional = LocalIdentity(None, IDENTITY.traits, IDENTITY.status.PROV, former=(INS,))

    assert replace(LOOK, identity=changed).known_as(INS) == (INS, OTHER_INS)
    assert replace(LOOK, identity=provisional).known_as(INS) == (INS,)
    assert NOBODY.known_as(INS) == (INS,)


async def test_without_a_look_the_adapter_says_nothing():
    assert await authority(Authority.ADAPTER).opposition([INS], None) is UNKNOWN


async def test_a_source_that_keeps_no_opposition_is_not_heard_though_it_says_no():
    assert await authority(Authority.ADAPTER, tells=False).opposition([INS], LOOK) is UNKNOWN


@pytest.mark.parametrize(
    ("kind", "register", "tells", "is_ready"),
    [
        (Authority.ADAPTER, None, True, True),
        (Authority.ADAPTER, None, False, False),
        (Authority.REGISTER, None, True, False),
        (Authority.REGISTER, MemoryRegister(), False, True),
        (Authority.BOTH, None, True, False),
        (Authority.BOTH, MemoryRegister(), False, False),
        (Authority.BOTH, MemoryRegister(), True, True),
    ],
)
def test_a_member_that_could_never_tell_is_not_ready(kind, register, tells, is_ready):
    reason = authority(kind, register, tells=tells).not_ready()

    assert (reason is None) == is_ready


async def test_a_register_that_is_missing_never_makes_a_no():
    assert await authority(Authority.REGISTER, None, complete=True).opposition([INS], LOOK) is UNKNOWN


@pytest.mark.parametrize("said", list(Opposition))
async def test_what_was_said_at_the_desk_counts_until_the_software_has_it(said):
    register = MemoryRegister()
    oppositions = authority(Authority.ADAPTER, register)
    look = replace(LOOK, opposition=said)
    register.awaiting.add(INS)

    assert await oppositions.opposition([OTHER_INS, INS], look) is YES

    register.awaiting.clear()
    register.entries[INS] = YES
    assert await oppositions.opposition([INS], look) is said


async def test_the_adapters_no_needs_a_register_that_could_be_reached():
    times = []
    oppositions = authority(Authority.ADAPTER, MemoryRegister(is_down=True), unreachable=lambda: times.append(1))

    assert await oppositions.opposition([INS], LOOK) is UNKNOWN
    assert await oppositions.opposition([INS], replace(LOOK, opposition=YES)) is YES
    assert times == [1, 1]
