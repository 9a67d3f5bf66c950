"""An evidence report as people read it, in French or English, and as programs do."""

from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, Final

from connector.core.instant import rfc3339
from connector.evidence import words_en, words_fr
from connector.evidence.findings import EvidenceReport, Finding

_WORDS: Final[Mapping[str, ModuleType]] = {"fr": words_fr, "en": words_en}


def as_text(report: EvidenceReport, language: str) -> str:
    """Write the report in `fr` or `en`: the result first, then each finding, then what is not proven by any file."""
    words = _WORDS[language]
    made = {name: str(report.made.get(name, "?")) for name in ("by", "at", "ref")}
    lines = [
        words.TITLE,
        "",
        words.MADE.format(now=when(rfc3339(report.at), language), **(made | {"at": when(made["at"], language)})),
        words.VERDICTS[report.verdict] + ". " + words.OVERALL[report.verdict].format(parts=", ".join(report.altered)),
        "",
    ]
    for finding in report.findings:
        lines += [f"[{words.VERDICTS[finding.verdict]}] {sentence(finding, language)}", f"    ({finding.part})"]
    lines += ["", words.LIMITS_TITLE, *(f"- {limit}" for limit in words.LIMITS), ""]
    return "\n".join(lines)


def as_json(report: EvidenceReport, language: str) -> dict[str, Any]:
    """Give the report for programs; each finding with its sentence too."""
    return {
        "verdict": report.verdict.value,
        "made": dict(report.made),
        "at": rfc3339(report.at),
        "altered": list(report.altered),
        "findings": [
            {
                "part": finding.part,
                "found": finding.found.value,
                "verdict": finding.verdict.value,
                "facts": dict(finding.facts),
                "text": sentence(finding, language),
            }
            for finding in report.findings
        ],
        "not_proven": list(_WORDS[language].LIMITS),
    }


def sentence(finding: Finding, language: str) -> str:
    """Write one finding."""
    words, facts = _WORDS[language], finding.facts
    told = {name: when(value, language) if name.endswith("at") or name == "since" else value
            for name, value in facts.items()}  # fmt: skip
    outcome, reason = facts.get("outcome"), facts.get("reason")
    shown: dict[str, Any] = told | {
        "what": words.WHAT.get(str(facts.get("what")), ""),
        "why": words.WHY.get(str(facts.get("why")), facts.get("why")),
        "answer": words.OUTCOMES.get(str(outcome), str(outcome)).format(code=facts.get("code")),
        "seen": words.SEEN.format(by=facts["seen_by"], at=told["seen_at"]) if "seen_by" in facts else "",
        "told": words.TOLD.format(outcome=outcome, reason=f", {reason}" if reason else "") if outcome else "",
        "practitioner": _practitioner(words, facts),
        "worker": _worker(words, facts.get("worker")),
        "information": _information(words, facts.get("information"), language),
    }
    return str(words.SENTENCES[finding.found].format_map(shown))


def when(instant: object, language: str) -> str:
    """Write an RFC 3339 instant as people read it, in UTC; anything else stands as it is."""
    try:
        found = datetime.fromisoformat(str(instant))
    except ValueError:
        return str(instant)
    if language == "fr":
        return f"{found:%d/%m/%Y} à {found:%H:%M:%S} UTC"
    return f"{found:%Y-%m-%d} at {found:%H:%M:%S} UTC"


def _practitioner(words: ModuleType, facts: Mapping[str, Any]) -> str:
    if "practitioner" not in facts:
        return ""
    return str(words.PRACTITIONER.format(name=facts["practitioner"], id=facts["practitioner_id"]))


def _worker(words: ModuleType, worker: object) -> str:
    if not isinstance(worker, dict):
        return ""
    names = ("birth_name", "birth_given_names", "birth_date", "matricule")
    return str(words.WORKER.format(**{name: worker.get(name, "?") for name in names}))


def _information(words: ModuleType, information: object, language: str) -> str:
    if not isinstance(information, dict):
        return ""
    return str(words.INFORMATION.format(at=when(information.get("at"), language), by=information.get("by")))
