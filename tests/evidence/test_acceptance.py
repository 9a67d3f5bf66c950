"""An acceptance report: its form, its seal, and what two of them say of each other."""

import json
import string
from dataclasses import replace

import pytest

from connector.core.directory import KeyUse, MemberStatus
from connector.core.errors import LocalRefused
from connector.evidence import acceptance
from connector.evidence.acceptance import STEPS, Result, Sealed, Step, Verdict
from connector.evidence.acceptance_words import NOTES, RESULTS, TITLES, as_text, compared_text
from connector.evidence.sealed_file import part_sha256
from tests.kit.acceptance import AT, ROW, TEXT, THEM, US, a_report, sealed

STEP = Step("backup", Result.PASSED, "backup.right", {"hours": 3, "keys": "+", "epochs": "-"})


def test_a_report_comes_back_as_it_was_written():
    report = a_report(steps=(STEP,), brought=(ROW,), gave=(replace(ROW, ref="b" * 32),))
    assert sealed(report).report == report
    assert acceptance.judge_seal(sealed(report), [US.member, THEM.member]) is Sealed.GOOD


@pytest.mark.parametrize(
    "changes",
    [
        {"peer": "318751275100038"},
        {"by": "Somebody else"},
        {"member": "318751275100038"},
        {"ended_at": "2026-09-21T13:33:21Z"},
        {"steps": (replace(STEP, result=Result.FAILED),)},
        {"gave": (ROW,)},
    ],
)
def test_what_was_changed_after_the_seal_is_altered(changes):
    file = sealed(a_report())
    assert acceptance.judge_seal(replace(file, report=replace(file.report, **changes)), [US.member]) is Sealed.WRONG


def test_a_seal_by_another_member_or_about_another_report_is_wrong():
    report = a_report()
    other = acceptance.seal(part_sha256(report.to_json()), member=US.id, peer=THEM.id, by=report.by, at=AT,
                            signer=THEM.signer)  # fmt: skip
    forged = acceptance.AcceptanceFile(report, other)
    assert acceptance.judge_seal(forged, [US.member, THEM.member]) in {Sealed.WRONG, Sealed.SIGNER_UNKNOWN}
    assert acceptance.judge_seal(sealed(report, digest="A" * 43), [US.member]) is Sealed.WRONG
    assert acceptance.judge_seal(acceptance.AcceptanceFile(report, b"no.token"), [US.member]) is Sealed.WRONG


def test_a_seal_counts_by_the_readers_list_alone():
    report = a_report()
    suspended = replace(US.member, status=MemberStatus.SUSPENDED)
    stolen = replace(
        US.member,
        keys=tuple(replace(k, compromised_since=AT) if k.use is KeyUse.SIGN else k for k in US.member.keys),
    )
    assert acceptance.judge_seal(sealed(report), [THEM.member]) is Sealed.SIGNER_UNKNOWN
    assert acceptance.judge_seal(sealed(report), [replace(US.member, keys=())]) is Sealed.SIGNER_UNKNOWN
    assert acceptance.judge_seal(sealed(report), [suspended]) is Sealed.SUSPENDED
    assert acceptance.judge_seal(sealed(report), [stolen]) is Sealed.KEY_ENDED


def test_a_step_that_failed_or_is_missing_refuses_and_one_left_out_is_told():
    report = a_report()
    failed, left = (replace(report.steps[0], result=result) for result in (Result.FAILED, Result.SKIPPED))
    assert report.verdict is Verdict.ACCEPTED
    assert replace(report, steps=(left, *report.steps[1:])).verdict is Verdict.PARTIAL
    assert replace(report, steps=(failed, *report.steps[1:])).verdict is Verdict.REFUSED
    assert replace(report, steps=report.steps[1:]).verdict is Verdict.REFUSED
    assert replace(report, steps=(*report.steps, report.steps[0])).verdict is Verdict.REFUSED


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"outcome": "rejected"}, "outcome"),
        ({"document_sha256": "E" * 43}, "document_sha256"),
        ({"leaf_hash": "M" * 43}, "leaf_hash"),
        ({"leaf_index": 8}, "leaf_index"),
        ({"ref": "b" * 32}, "missing"),
    ],
)
def test_each_way_in_which_two_journals_differ_is_named(given, what):
    ours, theirs = a_report(brought=(ROW,)), a_report(THEM, US, gave=(replace(ROW, **given),))
    for pair in ((ours, theirs), (theirs, ours)):
        count, found = acceptance.differences(*pair)
        assert (count, [(one.ref, one.what, one.by) for one in found]) == (1, [(ROW.ref, what, THEM.id.value)])


def test_journals_that_agree_agree_and_what_came_later_is_not_compared():
    ours, theirs = a_report(brought=(ROW,)), a_report(THEM, US, gave=(ROW,))
    assert acceptance.differences(ours, theirs) == (1, [])
    early = a_report(THEM, US, read_at=TEXT)
    assert acceptance.differences(ours, early) == (0, [])
    assert "no handover in common" in compared_text([], 0, "en")


def test_reports_of_other_pairs_are_not_compared():
    with pytest.raises(LocalRefused):
        acceptance.differences(a_report(), a_report())


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.update(format="spsti-evidence"),
        lambda w: w.update(v=2),
        lambda w: w.update(more=1),
        lambda w: w.update(seal=1),
        lambda w: w.pop("seal"),
        lambda w: w.update(report=[]),
        lambda w: w["report"].pop("by"),
        lambda w: w["report"].update(by=1),
        lambda w: w["report"].update(more=1),
        lambda w: w["report"].update(started_at="yesterday"),
        lambda w: w["report"].update(steps={}),
        lambda w: w["report"]["steps"].append("probe"),
        lambda w: w["report"]["steps"][0].update(name="other"),
        lambda w: w["report"]["steps"][0].update(result="maybe"),
        lambda w: w["report"]["steps"][0].update(result=[]),
        lambda w: w["report"]["steps"][0].update(facts={"why": None}),
        lambda w: w["report"]["brought"][0].update(leaf_index="7"),
        lambda w: w["report"]["brought"][0].update(leaf_index=True),
        lambda w: w["report"]["brought"][0].update(at="then"),
        lambda w: w["report"]["brought"][0].pop("ref"),
    ],
)
def test_a_file_of_another_form_is_refused(change):
    report = a_report(brought=(ROW,))
    whole = json.loads(acceptance.write_acceptance(report, "a.b.c"))
    change(whole)
    with pytest.raises(LocalRefused, match="acceptance report: "):
        acceptance.read_acceptance(json.dumps(whole).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 100_000, b" " * (2 * 1024 * 1024)])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(LocalRefused):
        acceptance.read_acceptance(data)


def test_every_note_is_said_in_both_languages_with_the_same_facts():
    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for said in (*NOTES.values(), *TITLES.values(), *RESULTS.values()):
        assert fields(said["fr"]) == fields(said["en"])
    assert set(TITLES) == set(STEPS)


def test_a_report_is_read_in_both_languages_also_with_a_note_of_a_later_version():
    later = Step("probe", Result.FAILED, "probe.otherwise", {"x": 1})
    lacking = Step("probe", Result.FAILED, "probe.wrong", {})
    file = sealed(a_report(steps=(STEP, later, lacking)))
    assert "la dernière a 3 h" in as_text(file, "fr", Sealed.GOOD)
    assert "probe.otherwise" in as_text(file, "en")
