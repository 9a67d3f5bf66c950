"""The steps from a fresh installation to *joined*, which are done, and on whom one waits for the others.

Everything is read from this machine: the join request, the root file that came back, the archive of the last refresh.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.core.directory import MemberStatus
from connector.core.members import MemberId
from connector.core.ports import Clock
from connector.directory.ports import DirectoryObserver
from connector.directory.settings import SignedDirectorySettings, open_directory


class Who(StrEnum):
    """Who must act."""

    YOU = "you"
    OPERATORS = "operators"
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: whether it is done, who does it, and what, in English and French."""

    key: str
    is_done: bool
    who: Who
    text: dict[str, str]


WORDS: Final = {
    "request": (
        Who.YOU,
        "make your join request: spsti-connector init, or federation join-request",
        "préparez votre demande d'adhésion : spsti-connector init, ou federation join-request",
    ),
    "root": (
        Who.OPERATORS,
        "send join-request.json to an operator, read the fingerprint out, put the root file that comes back in place",
        "envoyez join-request.json à un opérateur, lisez l'empreinte, mettez en place le fichier racine reçu en retour",
    ),
    "received": (
        Who.YOU,
        "receive the directory: spsti-connector run; while it runs, directory refresh",
        "recevez l'annuaire : spsti-connector run ; s'il tourne déjà, directory refresh",
    ),
    "listed": (
        Who.OPERATORS,
        "two operators must sign that you join",
        "deux opérateurs doivent signer votre adhésion",
    ),
    "believed": (
        Who.PUBLISHER,
        "a publisher must publish the entry that you signed",
        "un publieur doit publier la fiche que vous avez signée",
    ),
    "joined": (
        Who.OPERATORS,
        "your service must be active in the directory; where it is suspended or has left, ask the operators",
        "votre service doit être actif dans l'annuaire ; s'il est suspendu ou sorti, voyez avec les opérateurs",
    ),
}
"""What each step says, in the order in which they come."""


def steps(
    settings: SignedDirectorySettings, own: MemberId, *, has_request: bool, clock: Clock, observer: DirectoryObserver
) -> tuple[Step, ...]:
    """Give every step, done or not. All done means joined.

    Args:
        settings: where root file and archive are.
        own: this member.
        has_request: whether the join request was made here.
        clock: the time.
        observer: as for the directory.

    Raises:
        ConfigFault: the root file is of another federation than the archive.
        FailedClosed: the archive's disk refuses.
    """
    done = {"request": has_request, "root": settings.root.exists()}
    if done["root"]:
        directory = open_directory(settings, clock, observer, public_tls=lambda: None, mirror_tls=lambda: None)
        member = directory.get(own)
        done["received"] = directory.not_ready() is None
        done["listed"] = directory.has_joined(own)
        done["believed"] = member is not None and bool(member.keys)
        done["joined"] = member is not None and done["believed"] and member.status is MemberStatus.ACTIVE
        # Whoever is listed has asked, though the file may have been sent from elsewhere.
        done["request"] = done["request"] or done["listed"]
    return tuple(
        Step(key, done.get(key, False), who, {"en": english, "fr": french})
        for key, (who, english, french) in WORDS.items()
    )
