"""From the register's entries and the coverage's counts to what callers are answered."""

from collections.abc import Mapping

from connector.core.codes import Code
from connector.core.coverage import CoverageCount
from connector.core.instant import rfc3339
from connector.core.oppositions import Objection
from connector.core.outcome import WithheldReason
from connector.local import reasons, words
from connector.local.ports import CoverageReport
from connector.local.register_answers import CountOut, CoverageOut, LackOut, LiftedOut, OppositionOut, ReasonOut
from connector.local.words import Language


def opposition_out(objection: Objection, language: Language) -> OppositionOut:
    """Show an entry to those who keep the register: with the INS, which they need to find the worker."""
    told = reasons.of_entry(language, stands=objection.stands, due=objection.due)
    lifted = objection.lifted
    return OppositionOut(
        id=objection.id,
        matricule=objection.ins.matricule.value,
        oid=objection.ins.oid.value,
        kind=objection.kind,
        on=str(objection.on),
        means=objection.means,
        by=objection.by,
        recorded_at=rfc3339(objection.recorded_at),
        recorded_by=objection.recorded_by,
        stands=objection.stands,
        lifted=LiftedOut(on=str(lifted.on), means=lifted.means, by=lifted.by) if lifted else None,
        to_enter=objection.due,
        text=told.text,
        next=told.next,
    )


def coverage_out(report: CoverageReport, language: Language) -> CoverageOut:
    """Show the counts, the most frequent reason first."""
    return CoverageOut(
        last=_count_out(report.last, language) if report.last else None,
        low=report.is_low,
        warn_below=report.warn_below,
        since=rfc3339(report.since),
        withheld=_withheld(report.withheld, language),
        could_not_look=_faults(report.could_not_look, language),
    )


def _count_out(count: CoverageCount, language: Language) -> CountOut:
    counts = count.counts
    lacking = []
    for lack, workers in count.lacking().items():
        told = reasons.of_lack(lack, language)
        lacking.append(LackOut(lack=lack, workers=workers, text=told.text, next=told.next if workers else ""))
    share = count.share
    return CountOut(
        at=rfc3339(count.at),
        workers=counts.workers if counts else None,
        with_ins=counts.with_ins if counts else None,
        qualified=counts.qualified if counts else None,
        opposition_known=counts.opposition_known if counts else None,
        document_available=counts.document_available if counts else None,
        answerable=counts.answerable if counts else None,
        answerable_at_most=count.is_bound,
        share=round(share, 4) if share is not None else None,
        fault=count.fault,
        lacking=lacking,
    )


def _withheld(counted: Mapping[WithheldReason, int], language: Language) -> list[ReasonOut]:
    rows = []
    for reason, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        told = reasons.of_reason(reason, language)
        rows.append(ReasonOut(reason=reason.value, count=count, text=told.text, next=told.next))
    return rows


def _faults(counted: Mapping[Code, int], language: Language) -> list[ReasonOut]:
    rows = []
    for code, count in sorted(counted.items(), key=lambda one: (-one[1], one[0])):
        told = words.of_code(code, language)
        rows.append(ReasonOut(reason=code.value, count=count, text=told.text, next=told.next))
    return rows
