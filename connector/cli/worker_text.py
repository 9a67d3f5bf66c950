"""A worker's record of access in words, French or English, for the screen and for the PDF."""

from typing import Any, Final

from connector.local.pages.texts import TEXTS
from connector.local.words import Language, local_day

_WORDS: Final = {
    "fr": {
        "title": "Accès à votre dossier médical en santé au travail",
        "made": "Établi le {at} par le service {member}, pour l'INS {worker}.",
        "none": "Aucun accès n'est inscrit au journal.",
        "columns": ["quand (UTC)", "quoi", "qui", "service", "pourquoi"],
        "known-locally": "suivi par ce service",
        "declared": "suivi déclaré",
    },
    "en": {
        "title": "Access to your occupational-health record",
        "made": "Made on {at} by the service {member}, for the INS {worker}.",
        "none": "The journal holds no access.",
        "columns": ["when (UTC)", "what", "who", "service", "why"],
        "known-locally": "followed by this service",
        "declared": "follow-up declared",
    },
}


def heading(report: dict[str, Any], language: str) -> tuple[str, list[str], list[str]]:
    """Give title, lines below it, and the names of the columns."""
    words = _WORDS[language]
    made = str(words["made"]).format(
        at=_when(report["made_at"], language), member=report["member"], worker=report["worker"].rpartition("|")[2]
    )
    return str(words["title"]), [made, *([] if report["rows"] else [str(words["none"])])], list(words["columns"])


def as_rows(report: dict[str, Any], language: str) -> list[tuple[str, ...]]:
    """Give one row for each thing that happened."""
    words = _WORDS[language]
    return [
        (
            _when(row["at"], language),
            TEXTS[Language(language)].get(f"access.{row['what']}", row["what"]),
            " ".join(filter(None, (row["who"], f"({row['who_id']})" if row["who_id"] else ""))) or "-",
            row["service"] or "-",
            ", ".join(str(words.get(part, part)) for part in (row["visit"], row["basis"], row["reason"]) if part)
            or "-",
        )
        for row in report["rows"]
    ]


def _when(at: str, language: str) -> str:
    return f"{local_day(at[:10], Language(language))} {at[11:16]}"
