"""The conformance kit: silent about a good source, and in words about each way to be wrong."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.contract import AdapterError, AdapterHealth, Counts, Day, Ins, InsOid, Opposition, Problem, Remark, Sex
from connector.contract.examination import Depth, Examination
from connector.contract.measures import Latency, floor_ms
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
        (AsyncSource(said_health=AdapterHealth(ok=False, detail="database down")), 'own words: "database down"'),
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


class HoldsWhole(PlainSource):
    """Reads the document into memory before it gives the first piece."""

    def document(self, announcement) -> Iterator[bytes]:
        whole = b"%PDF-1.7" + b"x" * (24 * 2**20) + b"%%EOF"
        for start in range(0, len(whole), 2**20):
            yield whole[start : start + 2**20]


class Streams(PlainSource):
    """Gives as many bytes, one piece at a time."""

    def document(self, announcement) -> Iterator[bytes]:
        yield b"%PDF-1.7"
        for _ in range(48):
            yield b"x" * 2**19
        yield b"%%EOF"


@pytest.mark.parametrize(("source", "is_wrong"), [(HoldsWhole(), True), (Streams(), False)])
def test_a_large_document_that_is_held_whole_is_found_by_the_memory_it_takes(source, is_wrong):
    told = words(wrong(source))

    assert ("it is held whole" in told) == is_wrong


class Leaking(PlainSource):
    """Keeps a place for each reading that is given up."""

    places = 10

    def document(self, announcement) -> Iterator[bytes]:
        if self.places <= 0:
            raise AdapterError(Problem.BUSY)
        try:
            yield from [PDF] * 20
        except GeneratorExit:
            self.places -= 1
            raise


def test_readings_that_are_given_up_must_not_use_up_the_software():
    assert "readings broken off" in words(wrong(Leaking()))


def told_of(source, **depth) -> str:
    examination = Examination(source, [INS], [OTHER_INS], Depth(**depth))
    asyncio.run(examination.run(None))
    return words(examination.findings)


def test_the_newest_record_is_compared_with_what_a_person_sees():
    assert "note   newest record of known worker 1: newest act of 2026-03-14, full: compare" in told_of(AsyncSource())
    assert "right  newest record" in told_of(AsyncSource(), newest={1: Day(2026, 3, 14)})
    assert "another version was chosen" in told_of(AsyncSource(), newest={1: Day(2026, 3, 15)})
    none = AsyncSource(on_look=when_known(replace(LOOK, announcement=None)))
    assert "none may be given, expected one of 2026-03-14" in told_of(none, newest={1: Day(2026, 3, 14)})


def test_the_time_floor_follows_the_looks():
    assert [floor_ms(p99) for p99 in (0.2, 74.0, 76.0, 401.0)] == [150, 150, 160, 810]
    assert "right  time floor" in told_of(AsyncSource(), floor_ms=3_600_000)
    assert re.search(r"note   time floor: .* should be \d+ at least, it is 20", told_of(AsyncSource(), floor_ms=20))
    assert Latency.of(range(1, 101)) == Latency(51, 99)


class Talking(PlainSource):
    """Says how it is set up."""

    said = ()

    def remarks(self):
        return self.said


def test_what_an_adapter_says_of_how_it_is_set_up_is_shown():
    source = Talking()
    source.said = [Remark(ok=False, text="look: reads the whole of worker"), Remark(None, f"for {INS.matricule.value}")]
    told = told_of(source)

    assert 'WRONG  set up: in the adapter\'s own words: "look: reads the whole of worker"' in told
    assert 'own words: "for [number]"' in told


@pytest.mark.parametrize(
    "said", ["a text", ["a text"], [Remark("yes", "x")], [Remark(True, 3)], 3, [Remark(True, "")] * 51]
)
def test_remarks_that_are_none_are_refused(said):
    source = Talking()
    source.said = said

    assert "WRONG  set up: adapter under test, remarks: " in told_of(source)


def test_traits_that_insi_never_gives_are_found():
    identity = replace(IDENTITY, traits=replace(IDENTITY.traits, sex=Sex.INDETERMINATE))
    source = AsyncSource(on_look=when_known(replace(LOOK, identity=identity)))

    assert "WRONG  traits of known worker 1" in words(wrong(source))


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
