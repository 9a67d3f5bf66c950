"""The conformance kit: silent about a good source, and in words about each way to be wrong."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.contract import AdapterError, AdapterHealth, Counts, Ins, InsOid, Opposition, Problem
from connector.contract.testing import Finding, check_source, examine_source, words
from connector.core.instant import Instant
from tests.contract.vendors import (
    ANNOUNCEMENT,
    IDENTITY,
    INS,
    LOOK,
    NOBODY,
    OTHER_INS,
    PDF,
    TRACE,
    AsyncSource,
    PlainSource,
)


def wrong(source, **more) -> list[Finding]:
    findings = check_source(source, known=[INS], unknown=[OTHER_INS], **more)
    return [finding for finding in findings if finding.ok is False]


def when_known(look):
    return lambda ins: look if ins == INS else NOBODY


@pytest.mark.parametrize("kind", [AsyncSource, PlainSource])
def test_a_good_source_has_nothing_wrong(kind):
    source = kind()

    assert wrong(source, trace=TRACE) == []
    assert source.traces == [TRACE, TRACE]


def test_without_a_trace_nothing_is_written():
    source = AsyncSource()
    check_source(source, known=[INS], unknown=[OTHER_INS])

    assert source.traces == []


async def test_it_runs_inside_a_loop_too():
    assert await examine_source(AsyncSource(), known=[INS], unknown=[OTHER_INS])


def found_for_all(ins: Ins):
    return replace(LOOK, identity=replace(IDENTITY, ins=ins))


def oid_blind(ins: Ins):
    return found_for_all(ins) if ins.matricule == INS.matricule else NOBODY


def fickle():
    looks = [LOOK, replace(LOOK, announcement=replace(ANNOUNCEMENT, version="4"))] * 500
    return lambda ins: looks.pop() if ins == INS else NOBODY


def raising(ins: Ins):
    raise AdapterError(Problem.SCHEMA, "no column matricule_ins")


class Growing(PlainSource):
    """Gives other bytes at each reading."""

    readings = 0

    def document(self, announcement) -> Iterator[bytes]:
        self.readings += 1
        yield b"%PDF-1.7" + bytes(self.readings) + b"%%EOF"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (AsyncSource(said_health=AdapterHealth(ok=False, detail="database down")), "health: database down"),
        (AsyncSource(on_look=lambda ins: NOBODY), "known worker 1: got nobody"),
        (AsyncSource(on_look=found_for_all), "unknown worker 1: got a worker"),
        (AsyncSource(on_look=oid_blind), "the OID is not asked"),
        (AsyncSource(on_look=raising), "not as configured"),
        (
            AsyncSource(on_look=when_known(replace(LOOK, announcement=None))),
            "records: 0 of 1",
        ),
        (
            AsyncSource(on_look=when_known(replace(LOOK, opposition=Opposition.UNKNOWN))),
            "unknown for all",
        ),
        (AsyncSource(on_look=fickle()), "another answer the second time"),
        (AsyncSource(pieces=[b"<html>"]), "no PDF, or a cut one"),
        (AsyncSource(pieces=[PDF[:-8]]), "no PDF, or a cut one"),
        (AsyncSource(pieces=[PDF + bytes(2**20) + b"%%EOF"]), "largest piece"),
        (AsyncSource(pieces=[]), "document.empty"),
        (Growing(), "other bytes the second time"),
        (AsyncSource(said_counts=Counts(workers=0)), "fewer than were found"),
        (
            AsyncSource(on_look=when_known(replace(LOOK, announcement=replace(ANNOUNCEMENT, updated_at=Instant(5))))),
            "last_act_on lies after updated_at",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_way_to_be_wrong_is_told_in_words(source, expected):
    told = words(wrong(source))

    assert expected in told
    assert "WRONG" in told


def test_no_finding_names_a_worker():
    told = words(check_source(AsyncSource(), known=[INS], unknown=[OTHER_INS]))

    assert INS.matricule.value not in told
    assert "PAT-TROIS" not in told
    assert "latency, unknown workers" in told


def test_a_source_without_oppositions_is_only_told():
    source = AsyncSource(
        tells_opposition=False,
        on_look=when_known(replace(LOOK, opposition=Opposition.UNKNOWN)),
    )

    assert wrong(source) == []


def test_a_former_oid_of_the_same_worker_is_not_held_against_the_source():
    demo = Ins(INS.matricule, InsOid.DEMO)
    look = replace(LOOK, identity=replace(IDENTITY, former=(demo,)))

    assert wrong(AsyncSource(on_look=lambda ins: look if ins in {INS, demo} else NOBODY)) == []


def test_both_a_known_and_an_unknown_worker_are_needed():
    with pytest.raises(ValueError, match="at least one of each"):
        check_source(AsyncSource(), known=[], unknown=[OTHER_INS])
