"""What an acceptance report says, in both languages, and the report as people read it."""

# ruff: noqa: E501 (a sentence stands on one line)

from collections.abc import Sequence
from typing import Final

from connector.core.fault_words import Language
from connector.evidence.acceptance import AcceptanceFile, Difference, Result, Sealed, Step, Verdict

_Said = dict[Language, str]

TITLES: Final[dict[str, _Said]] = {
    "identity": {"en": "who we are to each other", "fr": "qui nous sommes l'un pour l'autre"},
    "readiness": {"en": "this service is ready", "fr": "ce service est prêt"},
    "directory": {"en": "the directory of members", "fr": "l'annuaire des membres"},
    "probe": {"en": "the way there and back, about nobody", "fr": "l'aller et retour, au sujet de personne"},
    "clock": {"en": "the two clocks", "fr": "les deux horloges"},
    "fetch": {"en": "one synthetic worker's record", "fr": "le dossier d'un travailleur fictif"},
    "not-informed": {"en": "no mandate without information", "fr": "pas de mandat sans information"},
    "unknown-worker": {"en": "a worker whom nobody knows", "fr": "un travailleur que personne ne connaît"},
    "theirs": {"en": "the other service's own probe", "fr": "le test de l'autre service"},
    "block": {"en": "blocking, and lifting the block", "fr": "bloquer, puis lever le blocage"},
    "journal": {"en": "the journal", "fr": "le journal"},
    "backup": {"en": "a backup", "fr": "une sauvegarde"},
}
RESULTS: Final[dict[Result, _Said]] = {
    Result.PASSED: {"en": "passed", "fr": "réussi"},
    Result.FAILED: {"en": "FAILED", "fr": "ÉCHEC"},
    Result.SKIPPED: {"en": "left out", "fr": "non fait"},
}
VERDICTS: Final[dict[Verdict, _Said]] = {
    Verdict.ACCEPTED: {"en": "Accepted: every step passed.", "fr": "Accepté : toutes les étapes ont réussi."},
    Verdict.PARTIAL: {
        "en": "Nothing failed, but not everything was tried.",
        "fr": "Rien n'a échoué, mais tout n'a pas été essayé.",
    },
    Verdict.REFUSED: {"en": "Not accepted: see what failed.", "fr": "Non accepté : voir ce qui a échoué."},
}
SEALS: Final[dict[Sealed, _Said]] = {
    Sealed.GOOD: {
        "en": "sealed by the key that the list gives to {member}",
        "fr": "scellé par la clé que la liste donne à {member}",
    },
    Sealed.SIGNER_UNKNOWN: {
        "en": "NOT PROVEN: the list that you trust gives {member} no such key",
        "fr": "NON PROUVÉ : la liste à laquelle vous vous fiez ne donne pas cette clé à {member}",
    },
    Sealed.KEY_ENDED: {
        "en": "NOT PROVEN: the key did not count at the time of the seal",
        "fr": "NON PROUVÉ : la clé ne comptait pas au moment du sceau",
    },
    Sealed.SUSPENDED: {
        "en": "NOT PROVEN: the list has {member} as suspended",
        "fr": "NON PROUVÉ : la liste donne {member} pour suspendu",
    },
    Sealed.WRONG: {
        "en": "ALTERED: this is not what {member} sealed",
        "fr": "MODIFIÉ : ce n'est pas ce que {member} a scellé",
    },
}
NOTES: Final[dict[str, _Said]] = {
    "identity.right": {
        "en": "{member} ({name}) with {peer} ({peer_name}), {environment}",
        "fr": "{member} ({name}) avec {peer} ({peer_name}), {environment}",
    },
    "identity.peer": {
        "en": "{peer} is not an active member here, but {status}",
        "fr": "{peer} n'est pas membre actif ici, mais {status}",
    },
    "identity.self": {"en": "{peer} is this service itself", "fr": "{peer} est ce service lui-même"},
    "readiness.right": {
        "en": "every check of the running connector is right",
        "fr": "tous les contrôles du connecteur sont bons",
    },
    "readiness.red": {
        "en": "not ready: {checks} (spsti-connector check)",
        "fr": "pas prêt : {checks} (spsti-connector check)",
    },
    "directory.signed": {
        "en": "version {version}, signed, {freshness}: compare it with the other side",
        "fr": "version {version}, signé, {freshness} : comparez avec l'autre côté",
    },
    "directory.file": {
        "en": "version {version}: a local file, which nobody signed; compare it with the other side",
        "fr": "version {version} : un fichier local, que personne n'a signé ; comparez avec l'autre côté",
    },
    "directory.wrong": {"en": "version {version}: {why}", "fr": "version {version} : {why}"},
    "probe.right": {
        "en": "lookup, handover, document, acknowledgement: {ms} ms, at attempt {attempt}",
        "fr": "question, remise, document, accusé : {ms} ms, à l'essai {attempt}",
    },
    "probe.wrong": {"en": "{step}: {why}", "fr": "{step} : {why}"},
    "clock.right": {
        "en": "{seconds} s between the peer's receipt and our journal",
        "fr": "{seconds} s entre le reçu de l'autre et notre journal",
    },
    "clock.apart": {
        "en": "{seconds} s apart: more than {most} s, set the clocks (NTP)",
        "fr": "{seconds} s d'écart : plus de {most} s, réglez les horloges (NTP)",
    },
    "clock.unknown": {"en": "no receipt came to compare by", "fr": "aucun reçu pour comparer"},
    "fetch.right": {
        "en": "arrived and verified: {size} bytes, newest health act of {day}",
        "fr": "arrivé et vérifié : {size} octets, dernier acte de santé du {day}",
    },
    "fetch.wrong": {"en": "ended as {state}: {why}", "fr": "terminé en {state} : {why}"},
    "left.production": {
        "en": "no synthetic person may be asked about in production",
        "fr": "aucune personne fictive ne peut être demandée en production",
    },
    "left.practitioner": {"en": "no --practitioner was given", "fr": "--practitioner n'a pas été donné"},
    "left.worker": {"en": "no --worker was given", "fr": "--worker n'a pas été donné"},
    "left.probe": {"en": "the probe did not pass", "fr": "le test n'a pas réussi"},
    "left.wish": {"en": "left out on request", "fr": "non fait, à la demande"},
    "not-informed.right": {
        "en": "refused here, and nobody was asked",
        "fr": "refusé ici, et personne n'a été interrogé",
    },
    "not-informed.wrong": {
        "en": "it was not refused as it should be ({why})",
        "fr": "ce n'a pas été refusé comme il faut ({why})",
    },
    "unknown-worker.right": {
        "en": "withheld, as for every other reason to give nothing",
        "fr": "rien n'a été transmis, comme pour toute autre raison",
    },
    "unknown-worker.wrong": {"en": "the answer was {why}", "fr": "la réponse a été {why}"},
    "theirs.right": {"en": "{count} of their probes ended well here", "fr": "{count} de leurs tests ont abouti ici"},
    "theirs.none": {
        "en": "none came within {minutes} minutes: they run the same command",
        "fr": "aucun en {minutes} minutes : ils exécutent la même commande",
    },
    "block.right": {
        "en": "blocked: refused; lifted: the way is open again",
        "fr": "bloqué : refusé ; levé : la voie est de nouveau ouverte",
    },
    "block.already": {
        "en": "there is a block already ({reason}): it was left as it is",
        "fr": "il y a déjà un blocage ({reason}) : il est resté tel quel",
    },
    "block.open": {"en": "the way stayed open under the block", "fr": "la voie est restée ouverte malgré le blocage"},
    "block.left": {
        "en": "the block could not be lifted ({why}): spsti-connector members unblock {peer}",
        "fr": "le blocage n'a pas pu être levé ({why}) : spsti-connector members unblock {peer}",
    },
    "block.closed": {"en": "after lifting, {step}: {why}", "fr": "après la levée, {step} : {why}"},
    "journal.right": {
        "en": "both ledgers hold; {brought} handovers here, {gave} there: acceptance verify compares the two reports",
        "fr": "les deux registres tiennent ; {brought} remises ici, {gave} là-bas : acceptance verify compare les deux rapports",
    },
    "journal.broken": {"en": "the ledgers do not verify: {why}", "fr": "les registres ne se vérifient pas : {why}"},
    "journal.lacks": {
        "en": "the journal lacks what was just done: {why}",
        "fr": "il manque au journal ce qui vient d'être fait : {why}",
    },
    "backup.right": {
        "en": "the last one is {hours} h old; keys {keys}, epoch keys {epochs}",
        "fr": "la dernière a {hours} h ; clés {keys}, clés d'époque {epochs}",
    },
    "backup.none": {"en": "none was taken yet: spsti-connector backup", "fr": "aucune encore : spsti-connector backup"},
    "backup.old": {
        "en": "the last one is {hours} h old: spsti-connector backup",
        "fr": "la dernière a {hours} h : spsti-connector backup",
    },
    "backup.unknown": {
        "en": "the state was not readable from here: give --config, and run as the service's user",
        "fr": "l'état n'était pas lisible d'ici : donnez --config, et exécutez en tant qu'utilisateur du service",
    },
    "call.failed": {"en": "{why}", "fr": "{why}"},
}
ASKED: Final[dict[str, _Said]] = {
    "practitioner": {
        "en": "PS_IdNat in whose name synthetic workers are asked about (empty: leave it out)",
        "fr": "PS_IdNat au nom duquel demander des travailleurs fictifs (vide : ne pas le faire)",
    },
    "worker": {
        "en": "Did they name a synthetic worker of theirs to you?",
        "fr": "Vous ont-ils indiqué un de leurs travailleurs fictifs ?",
    },
}
_HEAD: Final[_Said] = {
    "en": "Acceptance of {member} ({name}) with {peer} ({peer_name}), {environment}\n{started} to {ended}, by {by}; {software}; directory {directory}",
    "fr": "Recette de {member} ({name}) avec {peer} ({peer_name}), {environment}\n{started} à {ended}, par {by} ; {software} ; annuaire {directory}",
}
_SAME: Final[_Said] = {
    "en": "The journals of both sides agree on {count} handovers.",
    "fr": "Les journaux des deux côtés s'accordent sur {count} remises.",
}
NOTHING_COMPARED: Final[_Said] = {
    "en": "The two reports have no handover in common: both run at the same time.",
    "fr": "Les deux rapports n'ont aucune remise en commun : les deux s'exécutent en même temps.",
}
_DIFFERS: Final[_Said] = {
    "en": "The journal of {by} says otherwise of handover {ref}: {what}.",
    "fr": "Le journal de {by} dit autre chose de la remise {ref} : {what}.",
}


def line(step: Step, language: Language) -> str:
    """Say one step; a note of a later version as its key."""
    said = NOTES.get(step.note)
    try:
        told = said[language].format(**step.facts) if said else step.note
    except (KeyError, IndexError):
        told = step.note
    colon = " :" if language == "fr" else ":"
    return f"[{RESULTS[step.result][language]}] {TITLES[step.name][language]}{colon} {told}"


def as_text(file: AcceptanceFile, language: Language, sealed: Sealed | None = None) -> str:
    """Write a report; with what its seal is worth, where that was looked at."""
    report = file.report
    head = _HEAD[language].format(
        member=report.member, name=report.name, peer=report.peer, peer_name=report.peer_name, by=report.by,
        environment=report.environment, started=report.started_at, ended=report.ended_at, software=report.software,
        directory=report.directory,
    )  # fmt: skip
    lines = [head, "", *(line(step, language) for step in report.steps), "", VERDICTS[report.verdict][language]]
    if sealed is not None:
        lines.append(SEALS[sealed][language].format(member=report.member))
    return "\n".join(lines)


def compared_text(found: Sequence[Difference], count: int, language: Language) -> str:
    """Say how two reports compare; `count` is how many handovers were held against each other."""
    if found:
        return "\n".join(_DIFFERS[language].format(by=one.by, ref=one.ref, what=one.what) for one in found)
    return _SAME[language].format(count=count) if count else NOTHING_COMPARED[language]
