"""Sentences for the holder's own staff, in French and English: why nothing was given, what a record lacks, what to do.

Apart from `local.words`, whose sentences may reach a practitioner who asked another service: the reasons here are told
of this service's own workers, to its own people, and as counts.
"""

from collections.abc import Mapping
from typing import Final

from connector.core.coverage import Lack
from connector.core.oppositions import Notice
from connector.core.outcome import WithheldReason
from connector.local.words import Language, Words

_REASONS: Final[Mapping[WithheldReason, tuple[tuple[str, str], tuple[str, str]]]] = {
    WithheldReason.NO_LOCAL_WORKER: (
        (
            "Votre logiciel ne connaît personne sous cet INS.",
            "Rien à faire s'il n'a jamais été suivi ici ; sinon, complétez les INS de vos dossiers (INSi).",
        ),
        (
            "Your software knows nobody under that INS.",
            "Nothing to do if the worker was never followed here; else complete the INS of your records (INSi).",
        ),
    ),
    WithheldReason.NOTHING_COMMUNICABLE: (
        (
            "Le travailleur est connu, aucun document communicable n'existe.",
            "Préparez dans votre logiciel la version communicable ; si elle manque à tous, voyez l'éditeur.",
        ),
        (
            "The worker is known, and there is no document that may be given.",
            "Prepare the version that may be given in your software; if all lack it, ask the vendor.",
        ),
    ),
    WithheldReason.OPPOSED: (
        (
            "Le travailleur s'oppose à la transmission.",
            "Rien à faire : son opposition est respectée. S'il l'a levée, enregistrez-le.",
        ),
        ("The worker objects.", "Nothing to do: it is respected. If they withdrew it, record that."),
    ),
    WithheldReason.OPPOSITION_UNKNOWN: (
        (
            "On ne sait pas si le travailleur s'oppose.",
            "Informez les travailleurs, notez leur réponse ; le responsable peut déclarer le registre complet.",
        ),
        (
            "It is not known whether the worker objects.",
            "Inform workers and note their answer; if the register is complete, the controller can declare it so.",
        ),
    ),
    WithheldReason.IDENTITY_DIFFERS: (
        (
            "Même INS, mais des traits différents.",
            "Vérifiez ces identités auprès d'INSi (identitovigilance) : cherchez ces entrées dans le journal.",
        ),
        (
            "The same INS with other traits.",
            "Check these identities with INSi: the journal has the entries.",
        ),
    ),
    WithheldReason.IDENTITY_NOT_QUALIFIED: (
        (
            "L'identité n'est pas qualifiée dans votre logiciel.",
            "Qualifiez-la : les traits d'INSi, et une pièce d'identité à haut niveau de confiance.",
        ),
        (
            "The identity is not qualified in your software.",
            "Qualify it: INSi's traits, and a document of high trust.",
        ),
    ),
    WithheldReason.ANSWER_UNUSABLE: (
        (
            "Ce que votre logiciel dit de ce travailleur contredit son contrat (autre personne, date future, doublon).",
            "Corrigez le dossier dans votre logiciel, ou montrez le journal des défauts à son éditeur.",
        ),
        (
            "What your software says of this worker breaks its contract (another person, a future date, a duplicate).",
            "Put the record right in your software, or show its vendor the faults in the log.",
        ),
    ),
    WithheldReason.DECLINED: (
        ("Une personne de votre service a refusé.", "Rien à faire ; le motif est au journal."),
        ("A person of your service declined.", "Nothing to do; the journal has it."),
    ),
}

_LACKS: Final[Mapping[Lack, tuple[tuple[str, str], tuple[str, str]]]] = {
    Lack.INS: (
        ("sans INS", "Demandez les INS à INSi depuis votre logiciel."),
        ("without INS", "Ask INSi for them from your software."),
    ),
    Lack.QUALIFIED: (
        ("identité non qualifiée", "Qualifiez-les : les traits d'INSi, et une pièce à haut niveau de confiance."),
        ("identity not qualified", "Qualify them: INSi's traits, and a document of high trust."),
    ),
    Lack.OPPOSITION: (
        ("opposition inconnue", "Informez les travailleurs et notez leur réponse, ou importez le registre."),
        ("opposition unknown", "Inform workers and note their answer, or import the register."),
    ),
    Lack.DOCUMENT: (
        ("sans document communicable", "Préparez la version communicable dans votre logiciel."),
        ("without a document that may be given", "Prepare the version that may be given in your software."),
    ),
}

_NOTICES: Final[Mapping[Notice, tuple[str, str]]] = {
    Notice.OBJECTION: (
        "À saisir dans votre logiciel : le travailleur s'oppose.",
        "To be entered in your software: the worker objects.",
    ),
    Notice.LIFTING: (
        "À saisir dans votre logiciel : le travailleur ne s'oppose plus.",
        "To be entered in your software: the worker no longer objects.",
    ),
}
_STANDS: Final = ("Le travailleur s'oppose.", "The worker objects.")
_LIFTED: Final = ("Le travailleur ne s'oppose plus.", "The worker no longer objects.")


def of_reason(reason: WithheldReason, language: Language) -> Words:
    """Tell why peers were given nothing."""
    return Words(*_REASONS[reason][_column(language)])


def of_lack(lack: Lack, language: Language) -> Words:
    """Tell what a record lacks."""
    return Words(*_LACKS[lack][_column(language)])


def of_entry(language: Language, *, stands: bool, due: Notice | None) -> Words:
    """Tell what an entry of the register means, and what is left to enter by hand."""
    column = _column(language)
    return Words((_STANDS if stands else _LIFTED)[column], _NOTICES[due][column] if due else "")


def _column(language: Language) -> int:
    return 0 if language is Language.FR else 1
